"""For tests of whatever draws: the smallest painter, trained for seconds, that draws nothing like anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from genrec.recipes.models import ImageryRecipe

TINY = ImageryRecipe(
    worlds=2, items=60, users=40, previews=16, word_epochs=2, autoencoder_steps=4, autoencoder_batch=8, sketch_steps=3,
    sketch_batch=8, fit_widths=[8, 8, 8], fit_steps=6, fit_batch=8, steps=6, batch=8, widths=[16, 16, 16], hidden=16,
    token_width=32, width=24, buckets=256,
)  # fmt: skip


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished training."""
    pytest.importorskip("diffusers")
    from genrec.imagery.small.training import fit

    folder = tmp_path_factory.mktemp("imagery")
    fit(TINY, folder)
    return folder


@pytest.fixture(scope="session")
def tiny_painter(studio: Path) -> Path:
    """The folder of its pipeline."""
    return studio / "pipeline"
