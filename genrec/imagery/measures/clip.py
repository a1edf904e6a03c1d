"""What a CLIP model says of pictures: for catalogues whose attributes no judge was ever taught."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from PIL import Image

from genrec.errors import UserError
from genrec.imagery.measures.intervals import frechet, mean_and_interval

BATCH = 32


class Clip:
    """model, processor: of transformers."""

    def __init__(self, model: Any, processor: Any) -> None:
        self.model, self.processor = model.eval(), processor

    @classmethod
    def from_pretrained(cls, named: str) -> Self:
        """A hub id or a folder. UserError where there is none."""
        from transformers import CLIPModel, CLIPProcessor

        try:
            return cls(CLIPModel.from_pretrained(named), CLIPProcessor.from_pretrained(named))
        except (OSError, ValueError) as error:
            raise UserError(f"--clip {named}: no CLIP model that this machine has or can fetch ({error})") from None

    @torch.inference_mode()
    def seen(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        """float32 (N, d), of unit length."""
        parts = []
        for begin in range(0, len(pictures), BATCH):
            some = [one.convert("RGB") for one in pictures[begin : begin + BATCH]]
            pixels = self.processor(images=some, return_tensors="pt")["pixel_values"]
            parts.append(self.model.visual_projection(self.model.vision_model(pixel_values=pixels).pooler_output))
        return _unit(torch.cat(parts))

    @torch.inference_mode()
    def read(self, texts: Sequence[str]) -> np.ndarray:
        """float32 (N, d), of unit length; of a long text as much as the model reads."""
        parts = []
        for begin in range(0, len(texts), BATCH):
            some = list(texts[begin : begin + BATCH])
            tokens = self.processor(text=some, return_tensors="pt", padding=True, truncation=True)
            told = self.model.text_model(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"])
            parts.append(self.model.text_projection(told.pooler_output))
        return _unit(torch.cat(parts))


def clip_figures(
    clip: Clip, texts: Sequence[str], drawn: Sequence[Image.Image], real: Sequence[Image.Image]
) -> dict[str, Any]:
    """score: a hundred times the cosine of text and picture (CLIPScore, Hessel et al. 2021, unscaled), of the drawn
    pictures and of the catalogue's own. likeness: the cosine of both pictures. frechet: of the pictures' features
    (Heusel et al. 2017); biased upwards for fewer pictures than the features have dimensions, which `pictures` tells.
    """
    told, made, true = clip.read(texts), clip.seen(drawn), clip.seen(real)
    return {
        "pictures": len(drawn),
        "dimensions": made.shape[1],
        "score": mean_and_interval(100 * (told * made).sum(axis=1)),
        "score_of_real": mean_and_interval(100 * (told * true).sum(axis=1)),
        "likeness": mean_and_interval((made * true).sum(axis=1)),
        "frechet": frechet(made, true),
    }


def _unit(rows: torch.Tensor) -> np.ndarray:
    found: np.ndarray = torch.nn.functional.normalize(rows.float(), dim=1).numpy()
    return found
