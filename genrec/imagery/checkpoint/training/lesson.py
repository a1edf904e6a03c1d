"""The loss of a batch: encode, add noise, ask the denoiser, compare. A module of what is trained, for the loop.

Text encoders and autoencoder are frozen and stay outside of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from genrec.imagery.checkpoint.families import Family, Words, denoiser_of, encode
from genrec.imagery.checkpoint.image_prompt import ImagePrompt
from genrec.imagery.checkpoint.roads import MADE_FOR_INPAINTING
from genrec.imagery.checkpoint.training.examples import Example, pixels
from genrec.imagery.checkpoint.training.noise import Noise, Noised
from genrec.imagery.checkpoint.words import Reader, cut
from genrec.recipes import ImageryLoraRecipe

GUIDANCE = 3.5
"""What a FLUX denoiser with embedded guidance is told in training: what its pipeline draws with."""


class Lesson(nn.Module):
    def __init__(
        self, pipe: Any, family: Family, prompt: ImagePrompt | None, recipe: ImageryLoraRecipe, size: tuple[int, int]
    ) -> None:
        super().__init__()
        self.denoiser: Any = denoiser_of(pipe)
        if prompt is not None and not prompt.decoupled:
            self.projection = prompt.projection
        # Not a module's children: pipeline and prompt are not trained, and not saved with it.
        self._others = {"pipe": pipe, "prompt": prompt}
        self.family, self.recipe, self.size = family, recipe, size
        self.pairs = recipe.task == "pairs"
        self.noise = Noise(pipe.scheduler, recipe.snr_gamma)
        self._reader = Reader(pipe)

    def forward(self, examples: Sequence[Example], places: Tensor | None = None) -> Tensor:
        """The batch's mean loss.

        places: (B,) in 0 to 1, how much noise each picture gets, and then nothing is hidden; None draws both.
        """
        pipe, prompt = self._others["pipe"], self._others["prompt"]
        device = next(self.denoiser.parameters()).device
        given = pixels(examples, self.size, pairs=self.pairs)
        with torch.no_grad():
            pictures = given.pictures.to(device)
            clean = self._encoded(pictures)
            mask = None if given.masks is None else given.masks.to(device)
            hidden = self._hidden(len(examples), places is None)
            said = [self._words(pipe, one, hide) for one, hide in zip(examples, hidden[0], strict=True)]
            uniform = torch.rand(len(examples)) if places is None else places
            noised = self.noise.add(clean, uniform.to(device), torch.randn_like(clean))
        images, tokens = None, None
        if prompt is not None:
            items = prompt.batch([None if hide else e.vector for e, hide in zip(examples, hidden[1], strict=True)])
            tastes = prompt.batch([None if hide else e.taste for e, hide in zip(examples, hidden[2], strict=True)])
            images, tokens = prompt.conditions(items.to(device), tastes.to(device))
        low = next(self.denoiser.parameters()).dtype
        with torch.autocast(device.type, dtype=low) if low != torch.float32 else nullcontext():
            predicted = self._asked(pipe, noised, said, images, tokens, pictures, mask)
        error = (predicted.float() - noised.target.float()) ** 2
        if mask is not None:  # the rest of a scene is given, in training as in drawing
            shown = nn.functional.interpolate(mask, size=error.shape[-2:], mode="area")
            per_example = (error * shown).sum(dim=(1, 2, 3)) / (shown.sum(dim=(1, 2, 3)) * error.shape[1]).clamp(min=1)
        else:
            per_example = error.mean(dim=(1, 2, 3))
        return (per_example * noised.weights).mean()

    def _encoded(self, pictures: Tensor) -> Tensor:
        """Latents of (B, 3, h, w), as the denoiser knows them."""
        vae = self._others["pipe"].vae
        latents = vae.encode(pictures.to(vae.dtype)).latent_dist.sample()
        scaled: Tensor = (latents - (vae.config.get("shift_factor") or 0.0)) * vae.config.scaling_factor
        return scaled.float()

    def _hidden(self, count: int, training: bool) -> list[list[bool]]:
        """Whose words, item and taste are hidden."""
        if not training:
            return [[False] * count] * 3
        shares = (self.recipe.drop_words, self.recipe.drop_vectors, self.recipe.drop_vectors)
        return [(torch.rand(count) < share).tolist() for share in shares]

    def _words(self, pipe: Any, example: Example, hide: bool) -> Words:
        return encode(pipe, self.family, "" if hide else cut(example.text, self._reader.fits), negative=hide)

    def _asked(
        self,
        pipe: Any,
        noised: Noised,
        said: Sequence[Words],
        images: list[Tensor] | None,
        tokens: Tensor | None,
        pictures: Tensor,
        mask: Tensor | None,
    ) -> Tensor:
        """The denoiser's prediction, (B, C, h, w), asked as the family's pipeline asks it."""
        device = noised.latents.device
        states = torch.cat([one.states for one in said]).to(device)
        if tokens is not None:
            states = torch.cat([states, tokens.to(states)], dim=1)
        pooled = [one.pooled for one in said if one.pooled is not None]
        pool = torch.cat(pooled).to(device) if pooled else None
        low = next(self.denoiser.parameters()).dtype
        latents, states = noised.latents.to(low), states.to(low)
        batch, channels, height, width = latents.shape
        if self.family in ("sd", "sdxl"):
            added: dict[str, Any] = {}
            if self.family == "sdxl":
                sides = [pictures.shape[2], pictures.shape[3]]
                added["text_embeds"] = pool
                added["time_ids"] = torch.tensor([[*sides, 0, 0, *sides]] * batch, device=device, dtype=low)
            if images is not None:
                added["image_embeds"] = [one.to(low) for one in images]
            if self.denoiser.config.in_channels == MADE_FOR_INPAINTING:
                latents = torch.cat([latents, *self._around(pictures, mask, (height, width), low)], dim=1)
            asked: Tensor = self.denoiser(
                latents, noised.timesteps, encoder_hidden_states=states, added_cond_kwargs=added, return_dict=False
            )[0]
            return asked
        if self.family == "sd3":
            told: Tensor = self.denoiser(
                hidden_states=latents, timestep=noised.timesteps, encoder_hidden_states=states,
                pooled_projections=None if pool is None else pool.to(low), return_dict=False,
            )[0]  # fmt: skip
            return told
        guidance = torch.full((batch,), GUIDANCE, device=device) if self.denoiser.config.guidance_embeds else None
        packed = self.denoiser(
            hidden_states=pipe._pack_latents(latents, batch, channels, height, width),
            timestep=noised.timesteps / 1000, guidance=guidance,
            pooled_projections=None if pool is None else pool.to(low),
            encoder_hidden_states=states, txt_ids=torch.zeros(states.shape[1], 3, device=device, dtype=low),
            img_ids=pipe._prepare_latent_image_ids(batch, height // 2, width // 2, device, low), return_dict=False,
        )[0]  # fmt: skip
        unpacked: Tensor = pipe._unpack_latents(packed, *pictures.shape[2:], pipe.vae_scale_factor)
        return unpacked

    def _around(self, pictures: Tensor, mask: Tensor | None, size: tuple[int, int], low: torch.dtype) -> list[Tensor]:
        """What a UNet made for inpainting reads beside the noise: the mask and the picture without what is in it.

        A whole picture to be learned is one that is masked all over.
        """
        covered = torch.ones_like(pictures[:, :1]) if mask is None else mask
        with torch.no_grad():
            seen = self._encoded(pictures * (covered < 0.5))
        return [nn.functional.interpolate(covered, size=size).to(low), seen.to(low)]
