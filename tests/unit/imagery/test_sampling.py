"""Flow matching with a guess of the clean latents: the schedule's steps lead from noise to what is guessed."""

from __future__ import annotations

import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from genrec.imagery.small.sampling import noised, times_of, velocity


def test_the_velocity_is_the_derivative_of_the_path() -> None:
    clean, noise = torch.randn(2, 3, 4, 4), torch.randn(2, 3, 4, 4)
    t, step = 0.6, 1e-3
    here, there = (noised(clean, noise, torch.full((2,), at)) for at in (t, t + step))
    torch.testing.assert_close((there - here) / step, velocity(here, clean, torch.tensor(t)), atol=2e-3, rtol=0)


def test_a_right_guess_is_reached_in_any_number_of_steps() -> None:
    clean = torch.randn(1, 3, 4, 4)
    for steps in (1, 5, 12):
        scheduler = FlowMatchEulerDiscreteScheduler()
        scheduler.set_timesteps(sigmas=times_of(steps))
        latents = torch.randn(1, 3, 4, 4)
        for time in scheduler.timesteps:
            at = time / scheduler.config.num_train_timesteps
            latents = scheduler.step(velocity(latents, clean, at), time, latents, return_dict=False)[0]
        torch.testing.assert_close(latents, clean, atol=1e-4, rtol=0)
