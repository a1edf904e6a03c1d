"""The small pipeline as a `Painter`: commissions in, pictures out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import torch
from diffusers.utils import logging
from PIL import Image
from torch import Tensor
from torch.nn import functional

from genrec.errors import UserError
from genrec.imagery.commission import Commission, Kind, Subject, Taste
from genrec.imagery.small.autoencoding import pictures, pixels
from genrec.imagery.small.domains import DOMAINS
from genrec.imagery.small.fitter import shares
from genrec.imagery.small.pipeline import Asked, SmallPipeline
from genrec.imagery.small.projection import Projection
from genrec.imagery.small.scenes import Square, around, cover, laid, put_back
from genrec.imagery.small.words import text_words

BATCH = 16
"""Pictures drawn at once. Every batch has this size, the last one filled up: what a picture looks like to the last bit
may depend on how many are computed together, and must not depend on who asked for the others."""
ITEM_GUIDANCE, TASTE_GUIDANCE, NEGATIVE_GUIDANCE = 1.0, 1.0, 2.0
PROMPT = 2.0
"""What a word of a prompt counts beside one of the item's own."""


class SmallPainter:
    """Draws covers and previews of one domain.

    projection: from the run's item vectors; without it items are drawn from their texts, tastes from their keywords.
    """

    def __init__(self, pipeline: SmallPipeline, projection: Projection | None = None) -> None:
        self.pipeline, self.projection = pipeline, projection
        learned = str(pipeline.config["domain"])
        preview = DOMAINS[learned].preview if learned in DOMAINS and pipeline.fitter is not None else None
        self.name = f"genrec-small-{learned}"
        # Whose pictures it learned from decides, and a run does not say.
        self.licence = "that of its pictures" if pipeline.config["trained"].get("run") else "Apache-2.0"
        self.kinds: frozenset[Kind] = frozenset(("cover",) if preview is None else ("cover", preview))
        self.size = (pipeline.side, pipeline.side)
        self.worded = False  # the mean of a history's vectors says more than its most frequent words

    @property
    def fingerprint(self) -> str:
        """Of the weights and of the projection."""
        digest = hashlib.sha256(self._weights)
        if self.projection is not None:
            for part in (self.projection.centre, self.projection.weights, self.projection.offset):
                digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()[:16]

    @cached_property
    def _weights(self) -> bytes:
        digest = hashlib.sha256()
        for model in self.pipeline.models:
            for name, tensor in model.state_dict().items():
                digest.update(name.encode() + tensor.detach().float().cpu().contiguous().numpy().tobytes())
        return digest.digest()

    @classmethod
    def from_pretrained(cls, folder: Path, projection: Projection | None = None, device: str | None = None) -> Self:
        """A folder that `genrec.imagery.small.training` wrote. UserError where there is none."""
        if not (folder / "model_index.json").exists():
            raise UserError(f"there is no picture generator in {folder}: train one, or name a folder that holds one")
        logging.disable_progress_bar()
        # Kept in half precision, loaded in full: CPUs are faster so.
        pipeline = SmallPipeline.from_pretrained(folder)
        return cls(pipeline.to(device or ("cuda" if torch.cuda.is_available() else "cpu")), projection)

    def draw(
        self,
        commissions: Sequence[Commission],
        *,
        steps: int | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> list[Image.Image]:
        """See `Painter.draw`."""
        for one in commissions:
            if one.kind not in self.kinds:
                able = ", ".join(sorted(self.kinds))
                raise UserError(f"{self.name} cannot draw the kind {one.kind!r}: it draws {able}")
        # A preview shows a picture of the thing. Where that shall be another than its own, it is drawn first.
        previews = [n for n, one in enumerate(commissions) if one.kind != "cover"]
        covered = [n for n in previews if _needs_cover(commissions[n])]
        others = [n for n, one in enumerate(commissions) if one.kind == "cover"]
        covers = [commissions[n] for n in others] + [_as_cover(commissions[n]) for n in covered]
        total = -(-len(covers) // BATCH) + -(-len(previews) // BATCH)

        def drawn(asked: Sequence[Commission], before: int) -> list[Image.Image]:
            """Of one sort, covers or previews. before: batches that are done."""
            made: list[Image.Image] = []
            for begin in range(0, len(asked), BATCH):

                def share(done: float, number: int = before + begin // BATCH) -> None:
                    if progress is not None:
                        progress((number + done) / total)

                made += self._batch(asked[begin : begin + BATCH], steps, share)
            return made

        found = dict(zip([*others, *covered], drawn(covers, 0), strict=True))
        shown = [_showing(commissions[n], found.get(n)) for n in previews]
        found |= dict(zip(previews, drawn(shown, total - -(-len(previews) // BATCH)), strict=True))
        return [found[n] for n in range(len(commissions))]

    def _batch(
        self, commissions: Sequence[Commission], steps: int | None, progress: Callable[[float], None]
    ) -> list[Image.Image]:
        """Covers alone, or previews alone."""
        filled = [*commissions, *[commissions[-1]] * (BATCH - len(commissions))]
        squares = [None if one.scene is None else around(one.scene.mask) for one in filled]
        try:
            looks, asked = self._asked(filled, squares)
            latents = self.pipeline(asked, steps=steps, progress=progress)
            if commissions[0].kind != "cover":
                begun = pixels(np.stack([np.asarray(look) for look in looks]))
                drawn = self.pipeline.changed(begun, asked.own, latents)
            else:
                drawn = self.pipeline.decode(latents)
            shown = pictures(drawn)
        except (torch.OutOfMemoryError, MemoryError):
            raise UserError(f"memory does not suffice for {BATCH} pictures of 64 × 64: free some") from None
        done = []
        for one, square, array in zip(commissions, squares, shown, strict=False):
            picture = Image.fromarray(array)
            if one.scene is not None and square is not None:
                picture = put_back(one.scene.picture.convert("RGB"), one.scene.mask, square, picture)
            done.append(picture)
        return done

    def _asked(
        self, commissions: Sequence[Commission], squares: Sequence[Square | None]
    ) -> tuple[list[Image.Image | None], Asked]:
        """What is seen of the items' own pictures, and all that the network is asked."""
        where = self.pipeline.device
        count, shape = len(commissions), self.pipeline.latent_shape
        width = int(self.pipeline.conditioner.config["width"])
        noise, haze = torch.empty(count, *shape), torch.empty(count, *shape)
        luck = torch.empty(count, len(self.pipeline.conditioner.leaning.columns))
        for row, one in enumerate(commissions):
            own = torch.Generator().manual_seed(one.seed)
            noise[row], haze[row] = torch.randn(shape, generator=own), torch.randn(shape, generator=own)
            luck[row] = torch.rand(luck.shape[1], generator=own)
        items = [self._item(one) for one in commissions]
        tastes = [self._taste(one.taste) if one.taste is not None and one.love > 0 else None for one in commissions]
        felt = torch.tensor(
            [[False, False] if taste is None else [part is not None for part in taste] for taste in tastes]
        )
        for one, item, taste in zip(commissions, items, tastes, strict=True):
            if item is None and taste is not None:
                wanting = "vector" if one.subject.vector is None else "projection of its vector"
                raise UserError(
                    f"item {one.subject.item_id}: known by its picture alone, it cannot be drawn to a taste: give its "
                    f"{wanting} or its text, or leave love at 0"
                )
        negatives = [self._words(one.negative) if one.negative.strip() else None for one in commissions]
        cuts, mask = self._cuts(commissions, squares)
        looks = self._looks(commissions, cuts, mask)
        given = [
            [item is not None, taste is not None, no is not None, one.scene is not None, look is not None]
            for one, item, taste, no, look in zip(commissions, items, tastes, negatives, looks, strict=True)
        ]
        item_guidance = [
            one.item_guidance if one.item_guidance is not None else NEGATIVE_GUIDANCE if one.negative else ITEM_GUIDANCE
            for one in commissions
        ]
        taste_guidance = [TASTE_GUIDANCE if one.taste_guidance is None else one.taste_guidance for one in commissions]
        asked = Asked(
            item=_stacked(items, width),
            taste=_stacked([None if taste is None else taste[0] for taste in tastes], width),
            words=_stacked([None if taste is None else taste[1] for taste in tastes], width),
            felt=felt,
            negative=_stacked(negatives, width),
            level=torch.tensor([one.love for one in commissions], dtype=torch.float32),
            item_guidance=torch.tensor(item_guidance, dtype=torch.float32),
            taste_guidance=torch.tensor(taste_guidance, dtype=torch.float32),
            given=torch.tensor(given, dtype=torch.bool),
            scene=self._encoded(cuts),
            mask=functional.avg_pool2d(mask, 4),
            own=self._encoded(looks),
            noise=noise,
            haze=haze,
            luck=luck,
        )
        return looks, Asked(**{name: value.to(where) for name, value in vars(asked).items()})

    def _looks(
        self, commissions: Sequence[Commission], cuts: Sequence[Image.Image | None], mask: Tensor
    ) -> list[Image.Image | None]:
        """What is seen of the items' own pictures: for a cover the picture, for a preview the scene with it."""
        looks: list[Image.Image | None] = [None] * len(commissions)
        own, apart = np.zeros((len(looks), *self.size, 3), np.uint8), np.zeros((len(looks), *self.size), np.uint8)
        for row, one in enumerate(commissions):
            if one.subject.picture is None or not (one.reference or one.kind != "cover"):
                continue
            small = one.subject.picture.convert("RGB").resize(self.size, Image.Resampling.BOX)
            looks[row] = small
            if cuts[row] is not None:
                own[row], apart[row] = laid(np.asarray(small), mask[row, 0].numpy())
        placed = [row for row, cut in enumerate(cuts) if cut is not None]
        if placed:
            scenes = np.stack([np.asarray(cut or Image.new("RGB", self.size)) for cut in cuts])
            shown = pictures(self.pipeline.fitted(pixels(own), shares(apart), pixels(scenes), mask))
            for row in placed:
                looks[row] = Image.fromarray(shown[row])
        return looks

    def _item(self, one: Commission) -> Tensor | None:
        """What is known of the item by vector or words, with the prompt's words."""
        known: Tensor | None = None
        if one.subject.vector is not None and self.projection is not None:
            known = torch.from_numpy(self.projection(one.subject.vector))
        elif one.subject.text.strip():
            known = self._words(one.subject.text)
        elif one.subject.picture is None:
            raise UserError(
                f"item {one.subject.item_id}: it has a vector alone, and this painter no projection of the run's "
                "vectors: fit one, or give the item's text"
            )
        wanted = f"{one.prompt} {one.style}".strip()
        if wanted:
            said = PROMPT * self._words(wanted)
            known = said if known is None else known + said
        return known

    def _taste(self, taste: Taste) -> tuple[Tensor | None, Tensor | None]:
        """The meanings of its vector and of its keywords."""
        vector, words = None, None
        if taste.vector is not None and self.projection is not None:
            vector = torch.from_numpy(self.projection(taste.vector))
        if taste.keywords:
            words = self.pipeline.conditioner.middle.cpu() + self._words(" ".join(taste.keywords))
        if vector is None and words is None:
            raise UserError("a taste of a vector alone needs the run's projection: fit it, or give keywords")
        return vector, words

    @torch.no_grad()
    def _words(self, text: str) -> Tensor:
        said: Tensor = self.pipeline.conditioner.meaning([text_words(text)])[0]
        return said.float().cpu()

    def _cuts(
        self, commissions: Sequence[Commission], squares: Sequence[Square | None]
    ) -> tuple[list[Image.Image | None], Tensor]:
        """Of each preview the part of the scene that is drawn anew, and of all the masks (B, 1, s, s) in [0, 1]."""
        cuts: list[Image.Image | None] = [None] * len(commissions)
        masks = torch.zeros(len(commissions), 1, self.pipeline.side, self.pipeline.side)
        for row, (one, square) in enumerate(zip(commissions, squares, strict=True)):
            if one.scene is not None and square is not None:
                cuts[row] = square.cut(one.scene.picture.convert("RGB"), self.pipeline.side)
                masks[row, 0] = torch.from_numpy(cover(one.scene.mask, square, self.pipeline.side))
        return cuts, masks

    def _encoded(self, shown: Sequence[Image.Image | None]) -> Tensor:
        """Latents of pictures, (B, C, h, w); zero where there is none."""
        found = torch.zeros(len(shown), *self.pipeline.latent_shape)
        if all(picture is None for picture in shown):
            return found
        blank = Image.new("RGB", self.size)
        small = [(picture or blank).convert("RGB").resize(self.size, Image.Resampling.BOX) for picture in shown]
        there = torch.tensor([picture is not None for picture in shown])
        found = self.pipeline.encode(pixels(np.stack([np.asarray(one) for one in small]))).cpu()
        return found * there[:, None, None, None]


def _stacked(rows: Sequence[Tensor | None], width: int) -> Tensor:
    return torch.stack([torch.zeros(width) if row is None else row for row in rows])


def _needs_cover(preview: Commission) -> bool:
    """Whether the thing shall look otherwise than on its own picture, or has none."""
    words = preview.prompt + preview.style + preview.negative
    loved = preview.taste is not None and preview.love > 0
    return preview.subject.picture is None or loved or bool(words.strip()) or preview.item_guidance is not None


def _as_cover(preview: Commission) -> Commission:
    """The thing alone, as the preview shall show it."""
    return replace(preview, kind="cover", scene=None, reference=preview.subject.picture is not None)


def _showing(preview: Commission, cover: Image.Image | None) -> Commission:
    """With nothing but a picture of the thing, its own or the cover that was drawn: that says all."""
    subject = Subject(preview.subject.item_id, picture=cover or preview.subject.picture)
    return Commission(preview.kind, subject, scene=preview.scene, seed=preview.seed)
