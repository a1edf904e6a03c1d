"""How pictures are noised in training, and what the denoiser should say of them: by the checkpoint's own scheduler.

Two kinds: a Markov chain of noise (Ho et al. 2020) whose network predicts the noise, or v (Salimans & Ho 2022, section
3), or the picture; and a straight flow (Lipman et al. 2023; Esser et al. 2024, section 3.1) whose network predicts the
velocity noise − picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genrec.errors import UserError
from genrec.imagery.checkpoint.schedulers import is_flow

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Noised:
    """latents, target: (B, C, h, w). timesteps: (B,), 0 to 1000, as the denoiser takes them (FLUX: a thousandth of it).
    weights: (B,), what each example's mean squared error counts."""

    latents: Tensor
    target: Tensor
    timesteps: Tensor
    weights: Tensor


class Noise:
    """gamma: of min-SNR weights (Hang et al. 2023, section 3.4), for noise and v predictions; None weighs all alike."""

    def __init__(self, scheduler: Any, gamma: float | None) -> None:
        from diffusers import DDPMScheduler

        self.flow = is_flow(scheduler)
        self.gamma = gamma
        self.kind = "flow"
        if self.flow:
            config = scheduler.config
            # Where the shift follows the size, its base stands for all: training has one size.
            self.shift = 1.0 if config.get("use_dynamic_shifting") else float(config.get("shift") or 1.0)
            return
        self.chain: Any = DDPMScheduler.from_config(scheduler.config)
        self.kind = str(self.chain.config.prediction_type)
        if self.kind not in ("epsilon", "v_prediction", "sample"):
            raise UserError(f"training knows epsilon, v_prediction and flow; this checkpoint predicts {self.kind!r}")

    def add(self, clean: Tensor, uniform: Tensor, noise: Tensor) -> Noised:
        """clean, noise: (B, C, h, w). uniform: (B,) in 0 to 1, each picture's place in the order of noise levels."""
        import torch

        if self.flow:
            # Times from a logit-normal distribution: the middle more often (Esser et al. 2024, section 3.1), then the
            # shift towards noise that the scheduler draws with (section 5.3.2).
            sigma = torch.sigmoid(torch.special.ndtri(uniform.clamp(1e-4, 1 - 1e-4)))
            sigma = self.shift * sigma / (1 + (self.shift - 1) * sigma)
            wide = sigma.view(-1, 1, 1, 1)
            return Noised((1 - wide) * clean + wide * noise, noise - clean, sigma * 1000, torch.ones_like(sigma))
        count = self.chain.config.num_train_timesteps
        timesteps = (uniform * count).long().clamp(0, count - 1)
        latents = self.chain.add_noise(clean, noise, timesteps)
        targets = {"epsilon": lambda: noise, "sample": lambda: clean}
        target = targets.get(self.kind, lambda: self.chain.get_velocity(clean, noise, timesteps))()
        return Noised(latents, target, timesteps, self.weights(timesteps))

    def weights(self, timesteps: Tensor) -> Tensor:
        """min(SNR, γ) of the picture's error, in terms of what is predicted."""
        import torch

        if self.gamma is None:
            return torch.ones_like(timesteps, dtype=torch.float32)
        alphas = self.chain.alphas_cumprod.to(timesteps.device)[timesteps].double()
        # SNR 0, at the last step of schedules rescaled to end in pure noise, must not divide.
        snr = (alphas / (1 - alphas)).clamp(min=1e-8)
        least = snr.clamp(max=self.gamma)
        per = {"epsilon": snr, "v_prediction": snr + 1, "sample": torch.ones_like(snr)}[self.kind]
        return (least / per).float()
