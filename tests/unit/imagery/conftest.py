"""The smallest painter, by every road."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from genrec.imagery.small.painter import SmallPainter


@pytest.fixture(scope="session")
def painter(studio: Path) -> SmallPainter:
    pytest.importorskip("diffusers")
    from genrec.imagery.small.painter import SmallPainter

    return SmallPainter.from_pretrained(studio / "pipeline", device="cpu")
