"""The three roads of a checkpoint (words to picture, picture to picture, into a mask), loaded once.

diffusers' `from_pipe` makes a second pipeline of the first one's components, so all three share their weights.
"""

from __future__ import annotations

from typing import Any, Literal

from genrec import progress
from genrec.errors import UserError
from genrec.imagery.checkpoint.families import denoiser_of, family_of
from genrec.recipes import CheckpointRecipe

Road = Literal["words", "picture", "mask"]
MADE_FOR_INPAINTING = 9
"""Input channels of a UNet that reads mask and masked picture beside the noise."""


class Roads:
    """device: where it computes. UserError names the fix where a checkpoint lacks a road."""

    def __init__(self, pipe: Any, recipe: CheckpointRecipe, device: str) -> None:
        self.words, self.family, self.device = pipe, family_of(pipe), device
        self._name, self._offload = recipe.model, recipe.offload
        self._made: dict[Road, Any] = {"words": pipe}
        self._placed: Any = None
        if self._offload != "none" and device == "cpu":
            progress.say("offload: there is no accelerator, so all weights are in main memory as it is")
        denoiser = denoiser_of(pipe)
        self.inpainting_only = (
            self.family in ("sd", "sdxl") and denoiser.config.get("in_channels") == MADE_FOR_INPAINTING
        )

    def has(self, road: Road) -> bool:
        """Whether diffusers has a pipeline for it, and the denoiser is made for it."""
        try:
            self.pipeline(road)
        except UserError:
            return False
        return True

    def take(self, road: Road) -> Any:
        """The road's pipeline, ready to run."""
        pipe = self.pipeline(road)
        if self._placed is not pipe:
            # Which model leaves for which is each pipeline's own; which layer comes when, the layers' own.
            if self._offload == "model":
                pipe.enable_model_cpu_offload(device=self.device)
            elif self._placed is None and self._offload == "sequential" and self.device != "cpu":
                pipe.enable_sequential_cpu_offload(device=self.device)
            elif self._placed is None:
                pipe.to(self.device)
            self._placed = pipe
        return pipe

    def pipeline(self, road: Road) -> Any:
        """The road's pipeline, wherever its weights are."""
        if self.inpainting_only and road != "mask":
            raise UserError(
                f"{self._name} was made for inpainting and draws into scenes alone (tryon, room): take its plain "
                "sibling for covers"
            )
        if road not in self._made:
            from diffusers import AutoPipelineForImage2Image, AutoPipelineForInpainting

            try:
                maker = AutoPipelineForImage2Image if road == "picture" else AutoPipelineForInpainting
                pipe = maker.from_pipe(self.words)
            except ValueError:
                kind = type(self.words).__name__
                raise UserError(
                    f"{self._name}: diffusers has no inpainting for {kind}, which tryon and room need: take a "
                    "checkpoint of Stable Diffusion 1.5, XL or 3, or FLUX"
                    if road == "mask"
                    else f"{self._name}: diffusers has no image-to-image for {kind}: leave the reference off"
                ) from None
            pipe.set_progress_bar_config(disable=True)
            self._made[road] = pipe
        return self._made[road]
