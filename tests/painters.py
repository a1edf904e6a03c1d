"""For tests of whatever draws: the smallest painter, trained for seconds, that draws nothing like anything."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_painter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of its pipeline."""
    pytest.importorskip("diffusers")
    from genrec.imagery.small.training import fit
    from genrec.recipes.models import ImageryRecipe

    recipe = ImageryRecipe(
        worlds=2, items=60, users=40, previews=16, word_epochs=2, autoencoder_steps=4, autoencoder_batch=8, steps=6,
        batch=8, widths=[16, 16], hidden=16, token_width=32, width=24, buckets=256,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("painter")
    fit(recipe, folder)
    return folder / "pipeline"
