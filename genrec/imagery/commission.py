"""What a picture is asked for: the item, the taste, the scene it stands in. Knows no model and no catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from PIL import Image

from genrec.errors import UserError

Kind = Literal["cover", "tryon", "room"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, eq=False)
class Subject:
    """The item, as far as it is known.

    item_id: for messages and the picture's metadata. vector: float32 (d,), its row among the run's item vectors.
    text: what its row says. picture: its own picture, RGB; only read where a commission allows `reference`, or where
    the kind is a preview.
    """

    item_id: str
    vector: np.ndarray | None = None
    text: str = ""
    picture: Image.Image | None = None

    def __post_init__(self) -> None:
        if self.vector is None and not self.text and self.picture is None:
            raise UserError(f"item {self.item_id}: nothing to draw it from; it needs a vector, a text or a picture")


@dataclass(frozen=True, eq=False)
class Taste:
    """What somebody likes: vector, float32 (d,) in the space of the items' vectors; keywords, the strongest first."""

    vector: np.ndarray | None = None
    keywords: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.vector is None and not self.keywords:
            raise UserError("an empty taste: give a history of at least one known item, or keywords")


@dataclass(frozen=True, eq=False)
class Scene:
    """Where a preview puts the item: picture, RGB; mask, bool (height, width), true where the item may be drawn.

    Raises UserError if the mask has another size than the picture, is empty, or covers everything.
    """

    picture: Image.Image
    mask: np.ndarray
    name: str = "scene"

    def __post_init__(self) -> None:
        width, height = self.picture.size
        if self.mask.ndim != 2 or self.mask.dtype != np.bool_:
            raise UserError(f"{self.name}: the mask must be one channel of black and white")
        if self.mask.shape != (height, width):
            found = f"{self.mask.shape[1]} × {self.mask.shape[0]}"
            raise UserError(f"{self.name}: the mask is {found}, its picture {width} × {height}: give one of equal size")
        if not self.mask.any():
            raise UserError(f"{self.name}: the mask is empty: paint white where the item may be drawn")
        if self.mask.all():
            raise UserError(f"{self.name}: the mask covers the whole picture: leave black what must stay as it is")


@dataclass(frozen=True, eq=False)
class Commission:
    """One picture that is wanted.

    love: the slider, 0 (the item as it is) to 1 (as this person would love it); above 0 it needs a taste.
    item_guidance, taste_guidance: how strongly item and taste are followed (classifier-free guidance, Ho & Salimans
    2021, with two conditions as in Brooks et al. 2023, section 3.2.1); null: the painter's own. reference: the item's
    own picture may be looked at; without it a cover is drawn from vector and text alone. prompt, style, negative: words
    beside the item's. seed: equal seeds give equal pictures on the same machine.
    """

    kind: Kind
    subject: Subject
    taste: Taste | None = None
    scene: Scene | None = None
    love: float = 0.0
    item_guidance: float | None = None
    taste_guidance: float | None = None
    reference: bool = False
    prompt: str = ""
    style: str = ""
    negative: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UserError(f"kind {self.kind!r}: one of {', '.join(KINDS)}")
        checked_love(self.love, self.taste is not None)
        for name in ("item_guidance", "taste_guidance"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 30:
                raise UserError(f"{name} = {value}: from 0 (not followed) to 30")
        if self.kind == "cover" and self.scene is not None:
            raise UserError("a cover has no scene: take kind tryon or room")
        if self.kind != "cover" and self.scene is None:
            raise UserError(f"kind {self.kind} needs a scene: a picture and a mask of where the item may be drawn")
        if self.reference and self.subject.picture is None:
            raise UserError(f"item {self.subject.item_id} has no picture to refer to: leave reference off")


def checked_love(love: float, known: bool) -> None:
    """UserError for a slider out of its range, or above 0 where no taste is known."""
    if not 0 <= love <= 1:
        raise UserError(f"love = {love}: from 0 (the item as it is) to 1 (as this person would love it)")
    if love > 0 and not known:
        raise UserError(f"love = {love} needs a taste: name a user with a history, or leave it at 0")
