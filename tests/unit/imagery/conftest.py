"""A painter of the smallest kind, trained for seconds: it draws nothing that is like anything, by every road."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("diffusers")

from genrec.imagery.small.painter import SmallPainter
from genrec.recipes.models import ImageryRecipe

TINY = ImageryRecipe(
    worlds=2, items=60, users=40, previews=16, word_epochs=2, autoencoder_steps=4, autoencoder_batch=8, steps=6,
    batch=8, widths=[16, 16], hidden=16, token_width=32, width=24, buckets=256,
)  # fmt: skip


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished training."""
    from genrec.imagery.small.training import fit

    folder = tmp_path_factory.mktemp("imagery")
    fit(TINY, folder)
    return folder


@pytest.fixture(scope="session")
def painter(studio: Path) -> SmallPainter:
    return SmallPainter.from_pretrained(studio / "pipeline", device="cpu")
