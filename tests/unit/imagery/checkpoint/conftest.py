"""Tiny checkpoints, made once for all tests, and commissions to draw with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from genrec.imagery import Commission, Scene, Subject, Taste
from genrec.imagery.checkpoint import CheckpointPainter
from genrec.recipes import CheckpointRecipe
from tests.unit.imagery.checkpoint import tiny

DIM = 12

Folder = Callable[..., str]
Painting = Callable[..., CheckpointPainter]
Wanted = Callable[..., Commission]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """(family, **how) → the folder of such a checkpoint; see `tiny.pipeline`."""
    where = tmp_path_factory.mktemp("checkpoints")
    made: dict[str, str] = {}

    def find(family: str, **how: Any) -> str:
        key = f"{family}{sorted(how.items())}"
        if key not in made:
            made[key] = str(tiny.folder(family, where, **how))
        return made[key]

    return find


@pytest.fixture(scope="session")
def painting(folder: Folder) -> Painting:
    """(family or folder, **recipe) → a painter of 32 × 32 pixels in three steps."""

    def paint(name: str, *, check: Any = None, **recipe: Any) -> CheckpointPainter:
        model = folder(name) if name in (*tiny.FAMILIES, "pixart") else name
        size = {} if name == "pixart" else {"width": tiny.SIDE, "height": tiny.SIDE}
        return CheckpointPainter(CheckpointRecipe(model=model, **{"steps": 3} | size | recipe), check=check)

    return paint


def noise(width: int, height: int, seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def vector(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=DIM).astype(np.float32)


@pytest.fixture(scope="session")
def scene() -> Scene:
    mask = np.zeros((48, 40), dtype=bool)
    mask[8:36, 6:30] = True
    return Scene(noise(40, 48, 7), mask)


@pytest.fixture(scope="session")
def wanted(scene: Scene) -> Wanted:
    """(kind, **changes) → a commission of a red dress for somebody who likes floral cotton."""

    def want(kind: Any = "cover", *, liked: bool = True, **changes: Any) -> Commission:
        subject = Subject("d-1", vector=vector(1), text="red dress", picture=noise(30, 30, 3))
        taste = Taste(vector=vector(2), keywords=("floral", "cotton")) if liked else None
        given = {"subject": subject, "taste": taste, "scene": None if kind == "cover" else scene, "seed": 5}
        return Commission(kind, **given | changes)

    return want


def apart(one: Image.Image, other: Image.Image) -> int:
    """The largest difference of two pictures of one size, in grey levels."""
    assert one.size == other.size
    return int(np.abs(np.asarray(one).astype(int) - np.asarray(other).astype(int)).max())


@pytest.fixture
def prompted(folder: Folder, tmp_path: Path) -> Callable[..., str]:
    """(family) → the folder of an untrained image prompt, with seeded random weights, that knows tastes."""

    def make(family: str, *, dim: int = DIM) -> str:
        import torch

        from genrec.imagery.checkpoint.image_prompt import ImagePrompt
        from genrec.imagery.checkpoint.loading import open_pipeline

        torch.manual_seed(1)
        pipe = open_pipeline(CheckpointRecipe(model=folder(family)), torch.float32)
        prompt = ImagePrompt(pipe, dim, 4, taste_known=True)
        prompt.save(tmp_path / f"prompt-{family}")
        return str(tmp_path / f"prompt-{family}")

    return make
