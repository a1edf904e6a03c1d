"""The small pipeline as a `Painter`: commissions in, pictures out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
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
from genrec.imagery.commission import Commission, Kind, Taste
from genrec.imagery.small.autoencoding import pictures, pixels
from genrec.imagery.small.domains import DOMAINS
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
        preview = DOMAINS[learned].preview if learned in DOMAINS else None
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
        for model in (self.pipeline.vae, self.pipeline.unet, self.pipeline.conditioner):
            for name, tensor in model.state_dict().items():
                digest.update(name.encode() + tensor.detach().float().cpu().contiguous().numpy().tobytes())
        return digest.digest()

    @classmethod
    def from_pretrained(cls, folder: Path, projection: Projection | None = None, device: str | None = None) -> Self:
        """A folder that `genrec.imagery.small.training` wrote. UserError where there is none."""
        if not (folder / "model_index.json").exists():
            raise UserError(f"there is no picture generator in {folder}: train one, or name a folder that holds one")
        logging.disable_progress_bar()
        # Kept in half precision, computed in full: CPUs are faster so.
        pipeline = SmallPipeline.from_pretrained(folder).to(torch.float32)
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
        drawn: list[Image.Image] = []
        parts = [commissions[begin : begin + BATCH] for begin in range(0, len(commissions), BATCH)]
        for number, part in enumerate(parts):

            def share(done: float, number: int = number) -> None:
                if progress is not None:
                    progress((number + done) / len(parts))

            drawn.extend(self._batch(part, steps, share))
        return drawn

    def _batch(
        self, commissions: Sequence[Commission], steps: int | None, progress: Callable[[float], None]
    ) -> list[Image.Image]:
        filled = [*commissions, *[commissions[-1]] * (BATCH - len(commissions))]
        squares = [None if one.scene is None else around(one.scene.mask) for one in filled]
        try:
            asked = self._asked(filled, squares)
            latents = self.pipeline(asked, steps=steps, progress=progress)
            shown = pictures(self.pipeline.decode(latents))
        except (torch.OutOfMemoryError, MemoryError):
            raise UserError(f"memory does not suffice for {BATCH} pictures of 64 × 64: free some") from None
        done = []
        for one, square, array in zip(commissions, squares, shown, strict=False):
            picture = Image.fromarray(array)
            if one.scene is not None and square is not None:
                picture = put_back(one.scene.picture.convert("RGB"), one.scene.mask, square, picture)
            done.append(picture)
        return done

    def _asked(self, commissions: Sequence[Commission], squares: Sequence[Square | None]) -> Asked:
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
                raise UserError(
                    f"item {one.subject.item_id}: known by its picture alone, it cannot be drawn to a taste: give its "
                    "vector or text, or leave love at 0"
                )
        negatives = [self._words(one.negative) if one.negative.strip() else None for one in commissions]
        looks = [self._look(one, square) for one, square in zip(commissions, squares, strict=True)]
        scene, mask = self._scenes(commissions, squares)
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
            scene=scene,
            mask=mask,
            own=self._encoded(looks),
            noise=noise,
            haze=haze,
            luck=luck,
        )
        return Asked(**{name: value.to(where) for name, value in vars(asked).items()})

    def _look(self, one: Commission, square: Square | None) -> Image.Image | None:
        """What is seen of the item's own picture; for a preview it is laid into the mask's box."""
        if one.subject.picture is None or not (one.reference or one.kind != "cover"):
            return None
        small = one.subject.picture.convert("RGB").resize(self.size, Image.Resampling.BOX)
        if one.scene is None or square is None:
            return small
        return Image.fromarray(laid(np.asarray(small), cover(one.scene.mask, square, self.pipeline.side)))

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

    def _scenes(self, commissions: Sequence[Commission], squares: Sequence[Square | None]) -> tuple[Tensor, Tensor]:
        """Latents of the scenes (B, C, h, w) and the masks (B, 1, h, w)."""
        cuts: list[Image.Image | None] = []
        masks = torch.zeros(len(commissions), 1, self.pipeline.side, self.pipeline.side)
        for row, (one, square) in enumerate(zip(commissions, squares, strict=True)):
            if one.scene is None or square is None:
                cuts.append(None)
                continue
            cuts.append(square.cut(one.scene.picture.convert("RGB"), self.pipeline.side))
            masks[row, 0] = torch.from_numpy(cover(one.scene.mask, square, self.pipeline.side))
        return self._encoded(cuts), functional.avg_pool2d(masks, 4)

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
