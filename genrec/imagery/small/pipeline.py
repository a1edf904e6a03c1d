"""The painter as a diffusers pipeline: `save_pretrained`, `from_pretrained`, its own folder of components."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import torch
from diffusers.models.autoencoders.autoencoder_dc import AutoencoderDC
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler
from torch import Tensor

from genrec.imagery.small.autoencoding import packed, unpacked
from genrec.imagery.small.conditioner import Conditioner
from genrec.imagery.small.fitter import Fitter
from genrec.imagery.small.learning import guessed
from genrec.imagery.small.sampling import times_of, velocity

STEPS, PREVIEW_STEPS = 4, 1
"""A preview begins with the fitted picture: more steps bring more of their own errors than they mend."""


@dataclass(frozen=True, eq=False)
class Asked:
    """B pictures, as the network is asked for them.

    item, taste, words, negative: meanings (B, width). felt: bool (B, 2), see `Leaning.forward`. level, item_guidance,
    taste_guidance: (B,). given: bool (B, 5): item, taste, negative, whether it is a preview, whether its own picture is
    shown. scene, own: (B, C, h, w), in latent units, zero where there is none; in a preview own is the fitted picture.
    mask: (B, 1, 2h, 2w). noise: (B, C, h, w), where the drawing starts. haze: (B, C, h, w), what the own picture is
    noised with, as far as level says. luck: (B, columns), see `Leaning.forward`.
    """

    item: Tensor
    taste: Tensor
    words: Tensor
    felt: Tensor
    negative: Tensor
    level: Tensor
    item_guidance: Tensor
    taste_guidance: Tensor
    given: Tensor
    scene: Tensor
    mask: Tensor
    own: Tensor
    noise: Tensor
    haze: Tensor
    luck: Tensor


class SmallPipeline(DiffusionPipeline):
    """vae: pixels to latents. conditioner: words, vectors, tastes. unet: the network. scheduler: of flow matching.

    fitter: puts a thing into a scene; None where the domain has no previews.

    latents: {"mean": C numbers, "std": C numbers}, of each packed channel. domain: what it learned to draw. trained:
    the recipe it was trained by.
    """

    vae: AutoencoderDC
    unet: UNet2DConditionModel
    conditioner: Conditioner
    scheduler: FlowMatchEulerDiscreteScheduler
    fitter: Fitter | None

    model_cpu_offload_seq: Any = "fitter->conditioner->unet->vae"
    _optional_components: Any = ["fitter"]  # noqa: RUF012 -- diffusers' own way

    def __init__(
        self,
        vae: AutoencoderDC,
        unet: UNet2DConditionModel,
        conditioner: Conditioner,
        scheduler: FlowMatchEulerDiscreteScheduler,
        latents: dict[str, list[float]] | None = None,
        domain: str = "",
        trained: dict[str, Any] | None = None,
        fitter: Fitter | None = None,
    ) -> None:
        super().__init__()
        self.register_modules(vae=vae, unet=unet, conditioner=conditioner, scheduler=scheduler, fitter=fitter)
        self.register_to_config(latents=latents or {"mean": [0.0], "std": [1.0]}, domain=domain, trained=trained or {})

    @property
    def models(self) -> list[torch.nn.Module]:
        """What has weights."""
        parts = (self.vae, self.unet, self.conditioner, self.fitter)
        return [part for part in parts if part is not None]

    @property
    def side(self) -> int:
        """Pixels of a picture's side."""
        return int(self.unet.config["sample_size"]) * 4

    @property
    def latent_shape(self) -> tuple[int, int, int]:
        """(C, h, w), packed."""
        size = int(self.unet.config["sample_size"]) // 2
        return 4 * int(self.unet.config["out_channels"]), size, size

    def _unit(self) -> tuple[Tensor, Tensor]:
        shape = (1, -1, 1, 1)
        return (
            torch.tensor(self.config["latents"]["mean"], device=self.device).view(shape),
            torch.tensor(self.config["latents"]["std"], device=self.device).view(shape),
        )

    @torch.no_grad()
    def fitted(self, own: Tensor, apart: Tensor, scene: Tensor, mask: Tensor) -> Tensor:
        """The scene with the thing, (B, 3, H, W) in [-1, 1]; see `Fitter.forward`."""
        assert self.fitter is not None
        asked = (part.to(self.device, self.fitter.dtype) for part in (own, apart, scene, mask))
        shown: Tensor = self.fitter(*asked).shown
        return shown.float()

    @torch.no_grad()
    def encode(self, shown: Tensor) -> Tensor:
        """float32 (B, 3, H, W) in [-1, 1] → latents of unit size."""
        mean, std = self._unit()
        seen = self.vae.encode(shown.to(self.device, self.vae.dtype)).latent.float()
        return (packed(seen) - mean) / std

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """The way back, float32 (B, 3, H, W)."""
        mean, std = self._unit()
        return self.vae.decode(unpacked(latents * std + mean).to(self.vae.dtype)).sample.float()

    def changed(self, begun: Tensor, own: Tensor, latents: Tensor) -> Tensor:
        """Pixels that the drawing began with, (B, 3, H, W), and their latents `own`, to those of `latents`: by the
        difference of the two decoded, so that what latents cannot hold of a print is not lost."""
        return begun.to(self.device) + self.decode(latents) - self.decode(own)

    @torch.no_grad()
    def __call__(
        self, asked: Asked, *, steps: int | None = None, progress: Callable[[float], None] | None = None
    ) -> Tensor:
        """Latents of unit size, (B, C, h, w). progress: called after every step with the share that is done."""
        steps = steps or (PREVIEW_STEPS if bool(asked.given[:, 3].all()) else STEPS)
        self.scheduler.set_timesteps(sigmas=times_of(steps).tolist(), device=self.device)
        views = self._views(asked)
        latents = asked.noise
        own = (1 - asked.level)[:, None, None, None] * asked.own + asked.level[:, None, None, None] * asked.haze
        own = own * asked.given[:, 4, None, None, None]
        count = len(latents)
        preview = asked.given[:, 3]
        for number, time in enumerate(self.scheduler.timesteps):
            t = (time / self.scheduler.config["num_train_timesteps"]).float()
            guess: Tensor | None = None
            for told, weight, bare in views:
                shown = torch.zeros_like(own) if bare else own
                found = guessed(self.unet, latents, asked.scene, asked.mask, shown, told, preview, t.expand(count))
                part = found * weight[:, None, None, None]
                guess = part if guess is None else guess + part
            assert guess is not None
            latents = cast(Any, self.scheduler).step(velocity(latents, guess, t), time, latents, return_dict=False)[0]
            if progress is not None:
                progress((number + 1) / steps)
        return latents

    def _views(self, asked: Asked) -> list[tuple[tuple[Tensor, Tensor, Tensor], Tensor, bool]]:
        """What the network is asked in each step, and what each answer counts: (what the conditioner tells,
        weight, bare).

        With g and h the guidances of item and taste, x(·) the network's guess:

            x(∅) + g·(x(item) - x(∅)) + h·(x(item, taste) - x(item))

        (Brooks et al. 2023, section 3.2.1, of guesses where they have scores); negative words stand in for ∅. What
        counts nothing is not asked for: at g = h = 1, one answer is enough.
        """
        has_item, has_taste, has_negative, preview, referred = asked.given.unbind(dim=1)
        g = asked.item_guidance
        h = torch.where(has_taste, asked.taste_guidance, torch.zeros_like(g))
        none = torch.zeros_like(has_item)
        leant = self.conditioner.leant(asked.item, asked.taste, asked.words, asked.felt, asked.level, asked.luck)
        views = []
        for weight, item, what, bare in (
            (h, has_item, leant, False),
            (g - h, has_item, asked.item, False),
            (1 - g, has_negative, asked.negative, True),
        ):
            # Asked for all or for nobody: another number of rows may be computed in another order, to other last bits.
            if not weight.abs().gt(1e-6).any():
                continue
            level = torch.zeros_like(asked.level) if bare else asked.level
            shown = none if bare else referred
            views.append((self.conditioner(what, item, level * shown, preview, shown), weight, bare))
        return views
