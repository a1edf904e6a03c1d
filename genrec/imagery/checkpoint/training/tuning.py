"""Tuning, from a recipe and examples to a folder that the painter takes.

The loop is the library's own (`genrec.loop`: Accelerate, exact resume, early stopping); its score is minus the loss on
held-out items at fixed noise.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from genrec import loop, progress
from genrec.errors import UserError
from genrec.imagery.checkpoint import memory, trained
from genrec.imagery.checkpoint.families import Family, denoiser_of, family_of
from genrec.imagery.checkpoint.image_prompt import ImagePrompt
from genrec.imagery.checkpoint.loading import Opened, open_checkpoint
from genrec.imagery.checkpoint.training.examples import Example, checked, fingerprint
from genrec.imagery.checkpoint.training.lesson import Lesson
from genrec.loop.checkpoint import POINTER
from genrec.recipes import ImageryLoraRecipe

SCHEMA = 1
CHECKPOINTS = "checkpoints"


def tune(
    recipe: ImageryLoraRecipe, examples: Sequence[Example], folder: Path, *, device: str | None = None
) -> dict[str, Any]:
    """Tune the recipe's checkpoint and write `folder`; returns what its training.json says.

    The folder holds LoRA weights in diffusers' layout (if rank is not 0) and the image prompt (if tokens is not 0):
    name it in a `CheckpointRecipe` under `loras` and `image_prompt`. A killed run goes on from its last checkpoint in
    there and ends with the same weights. Raises UserError for what cannot be learned from, another family, a folder of
    another training, memory that does not suffice for one picture.
    """
    checked(examples, pairs=recipe.task == "pairs", vectors=recipe.tokens > 0)
    mark = {"recipe": recipe.model_dump(mode="json"), "data": fingerprint(examples)}
    _claim(folder, mark)
    opened = open_checkpoint(recipe.checkpoint, device)
    family = family_of(opened.pipe)
    if family is None:
        name = type(opened.pipe).__name__
        raise UserError(f"training knows Stable Diffusion 1.5, XL and 3, and FLUX; {recipe.checkpoint.model} is {name}")
    lesson, prompt = _lesson(opened, family, recipe, examples)
    rest, held = _split(examples, recipe)
    record = _fit(lesson, rest, held, recipe, folder / CHECKPOINTS, opened.device)
    said = {
        "schema": SCHEMA,
        "model": recipe.checkpoint.model if not Path(recipe.checkpoint.model).exists() else
        Path(recipe.checkpoint.model).resolve().name,
        "licence": opened.licence, "task": recipe.task, "loss": lesson.noise.kind, "size": list(lesson.size),
        "examples": len(rest), "held_out": len(held), "best_epoch": record.best_epoch,
        "epochs": [
            {"epoch": row["epoch"], "loss": row["loss"], "validation": None if row["score"] is None else -row["score"]}
            for row in record.epochs
        ],
        "trained_parameters": sum(one.numel() for one in lesson.parameters() if one.requires_grad),
    }  # fmt: skip
    said |= mark
    if recipe.rank:
        _save_lora(opened.pipe, folder)
    if prompt is not None:
        prompt.save(folder)
    (folder / trained.ABOUT).write_text(json.dumps(said, indent=1))
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    return said


def _claim(folder: Path, mark: dict[str, Any]) -> None:
    """Checkpoints of another recipe or of other examples would be gone on from, and end as neither."""
    path = folder / CHECKPOINTS / "of.json"
    begun = (folder / CHECKPOINTS / POINTER).exists()  # not so where a mistake in the recipe was found before
    if begun and path.exists() and json.loads(path.read_text()) != mark:
        raise UserError(
            f"{folder} holds checkpoints of another training (another recipe, or other pictures): remove it, or give "
            "another folder"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(mark))


def _lesson(
    opened: Opened, family: Family, recipe: ImageryLoraRecipe, examples: Sequence[Example]
) -> tuple[Lesson, ImagePrompt | None]:
    """The denoiser with what is trained of it, on the device; everything else frozen."""
    torch.manual_seed(recipe.seed)
    pipe = opened.pipe
    for component in pipe.components.values():
        if isinstance(component, torch.nn.Module):
            component.requires_grad_(False)
            component.to(opened.device)
    pipe.vae.to(torch.float32)  # some overflow in half precision
    denoiser = denoiser_of(pipe)
    prompt = opened.prompt
    if recipe.tokens and prompt is None:
        dim = next(one.vector.size for one in examples if one.vector is not None)
        prompt = ImagePrompt(pipe, dim, recipe.tokens, taste_known=any(one.taste is not None for one in examples))
    if prompt is not None:
        prompt.set_scales(1.0, 1.0)
        prompt.to(torch.float32)
        for _, module in prompt.modules():
            module.requires_grad_(recipe.tokens > 0)
    if recipe.rank:
        _add_lora(denoiser, recipe)
    if recipe.gradient_checkpointing:
        denoiser.enable_gradient_checkpointing()
    return Lesson(pipe, family, prompt, recipe, _size(pipe, recipe)), prompt


def _add_lora(denoiser: Any, recipe: ImageryLoraRecipe) -> None:
    try:
        from peft import LoraConfig
    except ImportError:
        raise UserError("LoRA needs PEFT: pip install 'genrec[lm]'") from None
    config = LoraConfig(
        r=recipe.rank, lora_alpha=recipe.alpha, target_modules=recipe.targets, init_lora_weights="gaussian"
    )
    try:
        denoiser.add_adapter(config)
    except ValueError as error:
        raise UserError(
            f"targets {recipe.targets}: {type(denoiser).__name__} has no such layers ({error}); "
            "to_q, to_k, to_v and to_out.0 are the attention's"
        ) from None
    for name, parameter in denoiser.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.float()


def _size(pipe: Any, recipe: ImageryLoraRecipe) -> tuple[int, int]:
    """(width, height) in training, in multiples of what latents can hold."""
    sample = getattr(pipe, "default_sample_size", None) or denoiser_of(pipe).config.get("sample_size") or 64
    side = int(sample if isinstance(sample, int) else sample[0]) * int(pipe.vae_scale_factor)
    width, height = recipe.width or side, recipe.height or side
    multiple = 2 * int(pipe.vae_scale_factor)
    if width % multiple or height % multiple:
        raise UserError(f"width = {width}, height = {height}: this checkpoint takes multiples of {multiple}")
    return width, height


def _split(examples: Sequence[Example], recipe: ImageryLoraRecipe) -> tuple[list[Example], list[Example]]:
    """To learn from, and held out: by items, so that no picture of a held-out item is learned from."""
    items = sorted({one.item_id for one in examples})
    count = min(int(len(items) * recipe.held_out), len(items) - 1)
    chosen = np.random.default_rng(recipe.seed).permutation(len(items))[:count]
    held = {items[row] for row in chosen.tolist()}
    return [one for one in examples if one.item_id not in held], [one for one in examples if one.item_id in held]


def _fit(
    lesson: Lesson,
    examples: Sequence[Example],
    held: Sequence[Example],
    recipe: ImageryLoraRecipe,
    folder: Path,
    device: str,
) -> loop.Record:
    """With as many pictures at once as memory takes: a step stays the recipe's, in more pieces."""
    at_once = recipe.batch
    start = {name: one.detach().clone() for name, one in lesson.named_parameters() if one.requires_grad}

    def validate(_: torch.nn.Module) -> float:
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(recipe.seed)
            total = 0.0
            for begin in range(0, len(held), at_once):
                some = held[begin : begin + at_once]
                # Every noise level has its turn, the same one for the same picture in every epoch.
                places = (torch.arange(begin, begin + len(some)) + 0.5) / len(held)
                total += float(lesson(some, places)) * len(some)
        return -total / len(held)

    while True:
        config = loop.LoopConfig(
            epochs=recipe.epochs, learning_rate=recipe.learning_rate, weight_decay=recipe.weight_decay,
            patience=recipe.patience, seed=recipe.seed, accumulate=recipe.batch // at_once,
            checkpoint_every=recipe.checkpoint_every,
        )  # fmt: skip
        size = at_once

        def batches(epoch: int, size: int = size) -> list[list[Example]]:
            rows = loop.shuffled(len(examples), size, recipe.seed, epoch)
            return [[examples[row] for row in some.tolist()] for some in rows]

        try:
            return loop.train(
                lesson, batches, lambda module, some: module(some), config, weight=len,
                validate=validate if held else None, folder=folder, description="Tuning the checkpoint", device=device,
            )  # fmt: skip
        except (MemoryError, RuntimeError) as error:
            if not memory.exhausted(error):
                raise
            why = str(error).splitlines()[0] if str(error) else "out of memory"
        lesson.zero_grad()
        memory.release()
        if at_once == 1:
            raise UserError(
                f"memory does not suffice to learn from one picture of {lesson.size[0]} × {lesson.size[1]} ({why}): "
                "try gradient_checkpointing: true, a smaller width and height, a smaller rank, or precision bfloat16"
            )
        at_once = max(part for part in range(1, at_once // 2 + 1) if recipe.batch % part == 0)
        progress.say(f"Memory does not suffice: {at_once} pictures at once from here on, steps stay as they are")
        with torch.no_grad():  # the loop goes on from its last checkpoint, or from here
            for name, one in lesson.named_parameters():
                if one.requires_grad:
                    one.copy_(start[name])


def _save_lora(pipe: Any, folder: Path) -> None:
    """As `load_lora_weights` of diffusers reads it, alpha included."""
    from diffusers.utils.state_dict_utils import convert_state_dict_to_diffusers
    from peft.utils import get_peft_model_state_dict

    denoiser = denoiser_of(pipe)
    part = "unet" if getattr(pipe, "unet", None) is not None else "transformer"
    state = {name: one.detach().float() for name, one in get_peft_model_state_dict(denoiser).items()}
    if part == "unet":
        state = convert_state_dict_to_diffusers(state)
    pipe.save_lora_weights(
        str(folder),
        **{f"{part}_lora_layers": state, f"{part}_lora_adapter_metadata": denoiser.peft_config["default"].to_dict()},
    )
