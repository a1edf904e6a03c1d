"""From a recipe to a pipeline: the checkpoint, its precision, scheduler, adapters; and whatever is wrong with them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genrec.errors import UserError
from genrec.imagery.checkpoint import schedulers
from genrec.imagery.checkpoint.families import denoiser_of, family_of
from genrec.imagery.checkpoint.image_prompt import ImagePrompt
from genrec.imagery.checkpoint.licences import licence_of
from genrec.imagery.checkpoint.trained import trained_about
from genrec.recipes import CheckpointRecipe, LoraRecipe

if TYPE_CHECKING:
    import torch


@dataclass(eq=False)
class Opened:
    """pipe: the text-to-image pipeline, on no device yet. licence: of all weights in it."""

    pipe: Any
    licence: str
    prompt: ImagePrompt | None
    device: str
    dtype: torch.dtype


def open_checkpoint(recipe: CheckpointRecipe, device: str | None = None) -> Opened:
    """The checkpoint with everything that the recipe puts into it.

    Raises UserError for a hub id or folder that is no text-to-image checkpoint, adapters of another architecture, a
    scheduler that does not fit, non-commercial weights whose licence the recipe does not name.
    """
    import torch

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    dtype = precision(recipe.precision, device)
    licences = [licence_of(recipe.model, recipe.licence)]
    pipe = open_pipeline(recipe, dtype)
    if recipe.scheduler is not None:
        pipe.scheduler = schedulers.exchanged(pipe, recipe.scheduler)
    prompt = None
    if recipe.image_prompt is not None:
        prompt = ImagePrompt.load(pipe, Path(recipe.image_prompt))
        prompt.to(dtype)
        prompt.set_scales(recipe.item_scale, recipe.taste_scale)
    if recipe.ip_adapter is not None:
        licences.append(licence_of(recipe.ip_adapter.path, recipe.ip_adapter.licence, "the IP-Adapter"))
        _load_ip_adapter(pipe, recipe)
    for number, lora in enumerate(recipe.loras):
        if not trained_about(Path(lora.path)):  # what we trained ourselves is as free as what it was trained on
            licences.append(licence_of(lora.path, lora.licence, "the LoRA"))
        _load_lora(pipe, lora, f"lora{number}")
    if recipe.loras:
        pipe.set_adapters([f"lora{number}" for number in range(len(recipe.loras))], [one.scale for one in recipe.loras])
    return Opened(pipe, " + ".join(dict.fromkeys(licences)), prompt, device, dtype)


def precision(name: str, device: str) -> torch.dtype:
    """What the weights are loaded as."""
    import torch

    if name != "auto":
        found: torch.dtype = getattr(torch, name)
        return found
    if device == "cpu":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else torch.float16


def open_pipeline(recipe: CheckpointRecipe, dtype: torch.dtype) -> Any:
    """The bare text-to-image pipeline."""
    quiet()
    from diffusers import AutoPipelineForText2Image

    folder = Path(recipe.model)
    if folder.is_dir() and not (folder / "model_index.json").exists():
        raise UserError(
            f"{recipe.model} is no pipeline: it has no model_index.json; give a folder that `save_pretrained` of a "
            "diffusers pipeline wrote"
        )
    options: dict[str, Any] = {"torch_dtype": dtype, "revision": recipe.revision, "variant": recipe.variant}
    options["use_safetensors"] = True  # the other format can hold code
    if recipe.safety == "none":
        options |= {"safety_checker": None, "requires_safety_checker": False}
    with _explained(f"checkpoint {recipe.model!r}"):
        # Only pipelines that have a safety checker know the word.
        names = _arguments(recipe)
        options = {name: value for name, value in options.items() if "safety" not in name or name in names}
        with warnings.catch_warnings():
            # Newer versions call it `dtype`, which older ones do not know.
            warnings.filterwarnings("ignore", message=".*torch_dtype.*")
            pipe = AutoPipelineForText2Image.from_pretrained(recipe.model, **options)
    pipe.set_progress_bar_config(disable=True)
    if denoiser_of(pipe) is None:
        raise UserError(f"checkpoint {recipe.model!r}: {type(pipe).__name__} has neither a UNet nor a transformer")
    vae = getattr(pipe, "vae", None)
    if vae is not None and hasattr(vae, "enable_slicing"):
        vae.enable_slicing()  # decodes picture by picture: the same pixels, a batch's share of the memory
    return pipe


def _arguments(recipe: CheckpointRecipe) -> set[str]:
    """What the checkpoint's own pipeline class is made of."""
    from diffusers import DiffusionPipeline

    said = DiffusionPipeline.load_config(recipe.model, revision=recipe.revision)
    return set(said) | ({"requires_safety_checker"} if "safety_checker" in said else set())


@contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except UserError:
        raise
    except (OSError, ValueError, ImportError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        from genrec.imagery.checkpoint.memory import exhausted

        if exhausted(error):
            raise
        first = (str(error) or repr(error)).strip().splitlines()[0]
        raise UserError(
            f"{what} cannot be loaded ({first}): give a hub id that this machine can reach, or a folder in diffusers' "
            "layout, of a text-to-image pipeline"
        ) from error


def _load_lora(pipe: Any, lora: LoraRecipe, name: str) -> None:
    if not hasattr(pipe, "load_lora_weights"):
        raise UserError(f"{type(pipe).__name__} takes no LoRA weights: leave `loras` out")
    try:
        import peft  # noqa: F401
    except ImportError:
        raise UserError("LoRA weights need PEFT: pip install 'genrec[lm]'") from None
    options: dict[str, Any] = {"weight_name": lora.weight_name} if lora.weight_name else {}
    path = Path(lora.path)
    if path.is_file():
        path, options = path.parent, {"weight_name": path.name}
    elif not path.exists() and (path.is_absolute() or lora.path.startswith(".")):
        raise UserError(f"LoRA {lora.path}: there is no such file or folder")
    try:
        pipe.load_lora_weights(
            str(path) if path.exists() else lora.path, adapter_name=name, use_safetensors=True, **options
        )
    except Exception as error:  # what a stranger's file lacks shows as errors of many kinds
        first = (str(error) or repr(error)).strip().splitlines()[0]
        raise UserError(
            f"LoRA {lora.path} does not go with {type(pipe).__name__} ({first}): it was trained on another "
            "architecture, or is no LoRA"
        ) from error
    # A file of another architecture is only warned of, and changes nothing.
    if not any(name in found for found in pipe.get_list_adapters().values()):
        raise UserError(
            f"LoRA {lora.path} holds nothing for {type(pipe).__name__}: it was trained on another architecture"
        )


def _load_ip_adapter(pipe: Any, recipe: CheckpointRecipe) -> None:
    wanted = recipe.ip_adapter
    assert wanted is not None
    if not wanted.weight_name.endswith(".safetensors"):
        raise UserError(f"ip_adapter: weight_name {wanted.weight_name} can hold code: take a .safetensors file")
    if family_of(pipe) not in ("sd", "sdxl"):
        raise UserError(f"ip_adapter: only for SD 1.5 and XL; {type(pipe).__name__} takes an image_prompt")
    options: dict[str, Any] = {"subfolder": wanted.subfolder, "weight_name": wanted.weight_name}
    if wanted.image_encoder is not None:
        options["image_encoder_folder"] = wanted.image_encoder
    try:
        pipe.load_ip_adapter(wanted.path, **options)
    except Exception as error:
        first = (str(error) or repr(error)).strip().splitlines()[0]
        raise UserError(
            f"IP-Adapter {wanted.path} does not go with {type(pipe).__name__} ({first}): it was trained on another "
            "architecture, or path, subfolder or weight_name are wrong"
        ) from error
    pipe.set_ip_adapter_scale(wanted.scale)


def quiet() -> None:
    """diffusers' and transformers' bars and remarks are not for users; errors stay."""
    try:
        import diffusers
    except ImportError:
        raise UserError("pictures need diffusers: pip install 'genrec[imagery]'") from None
    from transformers.utils import logging as transformers_logging

    diffusers.utils.logging.disable_progress_bar()
    diffusers.utils.logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
