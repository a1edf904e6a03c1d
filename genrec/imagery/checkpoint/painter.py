"""Draws commissions with a diffusers checkpoint, through its own pipeline classes.

A batch holds commissions of one road and one size; everything else is each commission's own: words, strengths of item
and taste, the generator that its noise comes from. So equal commissions give equal pictures whoever else is in the
batch, up to the rounding of sums, which depends on how many are computed at once: on a CPU, where batches win little,
pictures are drawn one by one, and so exactly equal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from genrec import progress as telling
from genrec.errors import UserError
from genrec.imagery.checkpoint import memory, previews, safety
from genrec.imagery.checkpoint.conditions import Conditions
from genrec.imagery.checkpoint.families import denoiser_of
from genrec.imagery.checkpoint.loading import Opened, open_checkpoint
from genrec.imagery.checkpoint.roads import Road, Roads
from genrec.imagery.checkpoint.trained import trained_about
from genrec.imagery.commission import KINDS, Commission, Kind
from genrec.recipes import CheckpointRecipe


@dataclass(frozen=True)
class Job:
    """What a batch has in common. strength: share of the noise, for picture to picture; guidance: of checkpoints that
    are steered through their own arguments alone; beside: the item's picture stands next to the scene."""

    road: Road
    size: tuple[int, int]
    strength: float
    guidance: float | None
    beside: bool


class CheckpointPainter:
    """A `Painter` over the checkpoint that a recipe names. Loading it is what takes time and memory.

    check: a safety check of one's own, beside the checkpoint's; what it refuses is replaced by a plain card, whose
    `info["refused"]` says why. device: null takes a GPU where there is one. opened: a checkpoint that is open already.
    """

    def __init__(
        self,
        recipe: CheckpointRecipe,
        *,
        device: str | None = None,
        check: safety.SafetyCheck | None = None,
        opened: Opened | None = None,
    ) -> None:
        self._recipe, self._check = recipe, check
        found = open_checkpoint(recipe, device) if opened is None else opened
        self._roads = Roads(found.pipe, recipe, found.device)
        self._conditions = Conditions(found.pipe, self._roads.family, found.prompt, recipe)
        self._batch = recipe.batch or (1 if found.device == "cpu" else 4)
        self._told: set[str] = set()
        adapters = [Path(one.path).name for one in recipe.loras]
        self.name = "+".join([_short(recipe.model), *adapters])
        self.licence = found.licence
        self.worded = True
        self.fingerprint = _fingerprint(recipe)
        self._multiple = _multiple(found.pipe)
        self.size = self._size(found.pipe)
        self._beside = any(trained_about(Path(one.path)).get("task") == "pairs" for one in recipe.loras)
        if recipe.beside is not None:
            self._beside = recipe.beside
        kinds: list[Kind] = [] if self._roads.inpainting_only else ["cover"]
        if self._roads.has("mask"):
            kinds += [kind for kind in KINDS if kind != "cover"]
        self.kinds = frozenset(kinds)

    def draw(
        self,
        commissions: Sequence[Commission],
        *,
        steps: int | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> list[Image.Image]:
        """See `Painter.draw`. `item_guidance` null is the pipeline's own; `love` scales the taste's."""
        steps = self._recipe.steps if steps is None else steps
        if steps < 1:
            raise UserError(f"steps = {steps}: at least 1")
        jobs: dict[Job, list[int]] = {}
        for row, commission in enumerate(commissions):
            jobs.setdefault(self._job(commission, steps), []).append(row)
        drawn: dict[int, Image.Image] = {}
        for job, rows in jobs.items():

            def work(some: Sequence[int], job: Job = job) -> list[Image.Image]:
                def share(done: float) -> None:
                    if progress is not None:
                        progress(min(1.0, (len(drawn) + done * len(some)) / len(commissions)))

                made = self._draw(job, [commissions[row] for row in some], steps, share)
                drawn.update(zip(some, made, strict=True))
                return made

            _, self._batch = memory.in_batches(rows, self._batch, work, advice=self._advice(job))
        if progress is not None:
            progress(1.0)
        return [drawn[row] for row in range(len(commissions))]

    def _job(self, commission: Commission, steps: int) -> Job:
        guidance = self._conditions.plain_guidance(commission)
        if commission.kind == "cover":
            if not commission.reference:
                self._roads.pipeline("words")
                return Job("words", self.size, 1.0, guidance, False)
            self._roads.pipeline("picture")
            closest, freest = self._recipe.closest, self._recipe.freest
            strength = max(closest + commission.love * (freest - closest), 1 / steps)
            return Job("picture", self.size, strength, guidance, False)
        assert commission.scene is not None
        self._roads.pipeline("mask")
        size = previews.working_size(commission.scene.picture.size, self.size, self._multiple)
        picture = commission.subject.picture
        if picture is None and (self._beside or self._recipe.ip_adapter is not None):
            item = commission.subject.item_id
            self._tell(f"item {item} has no picture: it is drawn into the scene from words and vector alone")
        return Job("mask", size, 1.0, guidance, self._beside and picture is not None)

    def _draw(
        self, job: Job, some: Sequence[Commission], steps: int, share: Callable[[float], None]
    ) -> list[Image.Image]:
        """Pictures of one batch."""
        import torch

        pipe = self._roads.take(job.road)
        total = max(1, int(steps * job.strength))

        def at_step(_: Any, step: int, __: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            share(min(1.0, (step + 1) / total))
            return tensors

        width, height = job.size[0] * (2 if job.beside else 1), job.size[1]
        arguments: dict[str, Any] = {
            "num_inference_steps": steps, "width": width, "height": height, "callback_on_step_end": at_step,
            "generator": [torch.Generator("cpu").manual_seed(one.seed) for one in some],
        }  # fmt: skip
        if job.road == "picture":
            pictures = [one.subject.picture for one in some]
            arguments["image"] = [
                ImageOps.pad(one.convert("RGB"), job.size, color="white") for one in pictures if one is not None
            ]
            arguments["strength"] = job.strength
        elif job.road == "mask":
            scenes = [one.scene for one in some]
            pairs = [
                previews.canvas(scene, job.size, one.subject.picture if job.beside else None)
                for scene, one in zip(scenes, some, strict=True)
                if scene is not None
            ]
            arguments |= {"image": [pair[0] for pair in pairs], "mask_image": [pair[1] for pair in pairs]}
            arguments["strength"] = 1.0
        with self._conditions.applied(pipe, some, job.guidance, self._tell) as more, torch.no_grad():
            try:
                result = pipe(**_known(pipe, arguments | more))
            finally:
                pipe.maybe_free_model_hooks()
        made = [_fitted(one.convert("RGB"), (width, height)) for one in result.images]
        flagged = getattr(result, "nsfw_content_detected", None)
        made = safety.checked(made, flagged, self._check)
        return [self._finished(picture, one, job) for picture, one in zip(made, some, strict=True)]

    def _finished(self, picture: Image.Image, commission: Commission, job: Job) -> Image.Image:
        if commission.scene is None:
            return picture
        whole = previews.back(commission.scene, picture, job.size)
        if "refused" in picture.info:
            whole.info["refused"] = picture.info["refused"]
        return whole

    def _size(self, pipe: Any) -> tuple[int, int]:
        """The recipe's, else what the checkpoint was made for."""
        made_for = getattr(pipe, "default_sample_size", None)
        if made_for is None:
            sample = denoiser_of(pipe).config.get("sample_size") or 64
            made_for = sample if isinstance(sample, int) else sample[0]
        side = int(made_for) * int(getattr(pipe, "vae_scale_factor", 8))
        width, height = self._recipe.width or side, self._recipe.height or side
        for name, value in (("width", width), ("height", height)):
            if value % self._multiple:
                near = max(1, round(value / self._multiple)) * self._multiple
                raise UserError(f"{name} = {value}: {self.name} draws multiples of {self._multiple}: take {near}")
        return width, height

    def _advice(self, job: Job) -> str:
        """What would fit, of what is not done yet."""
        half = [max(1, side // 2 // self._multiple) * self._multiple for side in job.size]
        ways = [f"width {half[0]} and height {half[1]} (a quarter of the pixels)"]
        if self._recipe.precision in ("auto", "float32") and self._roads.device == "cpu":
            ways.append("precision bfloat16 (half the weights)")
        elif self._recipe.precision == "float32":
            ways.append("precision float16 (half the weights)")
        if self._roads.device != "cpu" and self._recipe.offload != "sequential":
            ways.append(f"offload {'model' if self._recipe.offload == 'none' else 'sequential'}")
        return f"it has {job.size[0]} × {job.size[1]} pixels; try " + ", or ".join(ways)

    def _tell(self, message: str) -> None:
        """Once each."""
        if message not in self._told:
            self._told.add(message)
            telling.say(message)


def _fingerprint(recipe: CheckpointRecipe) -> str:
    """Of the recipe, and of the files on this disk that it names: one trained anew is another painter."""
    digest = hashlib.sha256(recipe.model_dump_json().encode())
    for named in (recipe.model, recipe.image_prompt, *(one.path for one in recipe.loras)):
        if named is None:
            continue
        root = Path(named)
        for path in sorted([root] if root.is_file() else root.rglob("*")):
            if path.is_file():
                digest.update(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}".encode())
    return digest.hexdigest()[:16]


def _known(pipe: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """Those that the pipeline's call knows: few know all, and size is the picture's own where it is not asked for."""
    import inspect

    names = inspect.signature(type(pipe).__call__).parameters
    return {name: value for name, value in arguments.items() if name in names}


def _fitted(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Some pipelines draw the next size they know; flags and pixels stay."""
    if picture.size == size:
        return picture
    return picture.resize(size, Image.Resampling.LANCZOS)


def _multiple(pipe: Any) -> int:
    """Pixels in a side must be a multiple of it: latents, in patches of two."""
    return int(getattr(pipe, "vae_scale_factor", 8)) * 2


def _short(model: str) -> str:
    """A hub id as it is, of a folder the last name: paths of this machine do not belong into pictures."""
    return Path(model).resolve().name if Path(model).exists() else model
