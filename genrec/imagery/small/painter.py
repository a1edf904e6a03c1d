"""The small pipeline as a `Painter`: commissions in, pictures out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from genrec.imagery.small.scenes import Square, around, cover, put_back
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
        self.licence = "Apache-2.0"
        self.kinds: frozenset[Kind] = frozenset(("cover",) if preview is None else ("cover", preview))
        self.size = (pipeline.side, pipeline.side)

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
        noise, blur, haze = torch.empty(count, *shape), torch.empty(count, width), torch.empty(count, *shape)
        for row, one in enumerate(commissions):
            own = torch.Generator().manual_seed(one.seed)
            noise[row] = torch.randn(shape, generator=own)
            blur[row], haze[row] = torch.randn(width, generator=own), torch.randn(shape, generator=own)
        items = [self._item(one) for one in commissions]
        tastes = [self._taste(one.taste) if one.taste is not None and one.love > 0 else None for one in commissions]
        negatives = [self._words(one.negative) if one.negative.strip() else None for one in commissions]
        looks = [one.subject.picture if one.reference or one.kind != "cover" else None for one in commissions]
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
            taste=_stacked(tastes, width),
            negative=_stacked(negatives, width),
            level=torch.tensor([one.love for one in commissions], dtype=torch.float32),
            item_guidance=torch.tensor(item_guidance, dtype=torch.float32),
            taste_guidance=torch.tensor(taste_guidance, dtype=torch.float32),
            given=torch.tensor(given, dtype=torch.bool),
            scene=scene,
            mask=mask,
            own=self._encoded(looks),
            noise=noise,
            blur=blur,
            haze=haze,
        )
        return Asked(**{name: value.to(where) for name, value in vars(asked).items()})

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

    def _taste(self, taste: Taste) -> Tensor:
        parts = []
        if taste.vector is not None and self.projection is not None:
            parts.append(torch.from_numpy(self.projection(taste.vector)))
        if taste.keywords:
            parts.append(self._words(" ".join(taste.keywords)))
        if not parts:
            raise UserError("a taste of a vector alone needs the run's projection: fit it, or give keywords")
        return torch.stack(parts).mean(dim=0)

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
        return self._encoded(cuts), functional.adaptive_avg_pool2d(masks, self.pipeline.latent_shape[1:])

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
