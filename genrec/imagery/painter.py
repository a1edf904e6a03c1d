"""The one interface of everything that draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from PIL import Image

from genrec.imagery.commission import Commission, Kind


class Cancelled(Exception):
    """Whoever asked for the pictures does not want them any more."""


class Painter(Protocol):
    """Draws commissions.

    name: what metadata and lists call the model. licence: of its weights, as its model card or recipe names it. kinds:
    what it can draw. size: width and height of what it draws, in pixels. worded: it is told of a taste in words too,
    not by its vector alone. fingerprint: of all that decides its pictures beside the commission: weights, adapters, a
    scheduler; equal for painters that draw alike, and for no others.
    """

    name: str
    licence: str
    kinds: frozenset[Kind]
    size: tuple[int, int]
    worded: bool

    @property
    def fingerprint(self) -> str: ...

    def draw(
        self,
        commissions: Sequence[Commission],
        *,
        steps: int | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> list[Image.Image]:
        """One RGB picture per commission, in their order; batches are the painter's business.

        steps: denoising steps; null: the painter's own. progress: called with the share that is done, 0 to 1, between
        steps; it may raise `Cancelled`, which passes through. A preview (tryon, room) comes in its scene's size, equal
        to it outside the mask. Equal commissions give equal pictures, whoever else is in the batch.

        Raises UserError if a kind cannot be drawn, or memory does not suffice for even one picture.
        """
        ...
