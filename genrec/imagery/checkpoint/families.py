"""What differs between the families of checkpoints: how they take words, and what their denoiser is called.

Four are known by their pipelines' classes. Every other text-to-image pipeline is drawn with through its own arguments
alone (`None` here): words, one guidance, no image prompt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from torch import Tensor

Family = Literal["sd", "sdxl", "sd3", "flux"]
_CLASSES: dict[str, Family] = {
    "StableDiffusionPipeline": "sd",
    "StableDiffusionXLPipeline": "sdxl",
    "StableDiffusion3Pipeline": "sd3",
    "FluxPipeline": "flux",
}


def family_of(pipe: Any) -> Family | None:
    """By the class of the text-to-image pipeline; SD 1.5 and 2 are one family, SD 3 and 3.5 as well."""
    return _CLASSES.get(type(pipe).__name__)


def denoiser_of(pipe: Any) -> Any:
    """The network that is asked at every step."""
    unet = getattr(pipe, "unet", None)
    return unet if unet is not None else getattr(pipe, "transformer", None)


@dataclass(frozen=True, eq=False)
class Words:
    """A text as the denoiser reads it. states: (1, L, d). pooled: (1, p), of families that read that too."""

    states: Tensor
    pooled: Tensor | None


def encode(pipe: Any, family: Family, text: str, *, negative: bool = False) -> Words:
    """One text through the pipeline's own `encode_prompt`. negative: what the picture is steered away from.

    SDXL reads no negative text at all as zeros, not as the empty text (its `force_zeros_for_empty_prompt`).
    """
    import torch

    common: dict[str, Any] = {"device": pipe._execution_device, "num_images_per_prompt": 1}
    with torch.no_grad():
        if family == "flux":
            states, pooled, _ = pipe.encode_prompt(prompt=text, prompt_2=None, **common)
            return Words(states, pooled)
        if family == "sd":
            states, _ = pipe.encode_prompt(prompt=text, do_classifier_free_guidance=False, **common)
            return Words(states, None)
        more: dict[str, Any] = {"prompt_2": None} if family == "sdxl" else {"prompt_2": None, "prompt_3": None}
        states, _, pooled, _ = pipe.encode_prompt(prompt=text, do_classifier_free_guidance=False, **more, **common)
        if family == "sdxl" and negative and not text and pipe.config.get("force_zeros_for_empty_prompt"):
            return Words(torch.zeros_like(states), torch.zeros_like(pooled))
        return Words(states, pooled)
