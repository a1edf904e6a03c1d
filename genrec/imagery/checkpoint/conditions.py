"""From commissions to what steers a pipeline: words, image prompts, two guidances."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from genrec.errors import UserError
from genrec.imagery.checkpoint import guidance, words
from genrec.imagery.checkpoint.families import Family, Words, denoiser_of, encode
from genrec.imagery.checkpoint.image_prompt import ImagePrompt
from genrec.imagery.commission import Commission
from genrec.recipes import CheckpointRecipe

if TYPE_CHECKING:
    from torch import Tensor

Tell = Callable[[str], None]


class Conditions:
    """One checkpoint's way to follow item and taste.

    Of the four known families every commission has its own two guidances. Other pipelines are steered through their own
    arguments: the taste by its keywords alone, one guidance for a batch.
    """

    def __init__(self, pipe: Any, family: Family | None, prompt: ImagePrompt | None, recipe: CheckpointRecipe) -> None:
        self._family, self._prompt, self._recipe = family, prompt, recipe
        self._reader = words.Reader(pipe)
        self._name = recipe.model
        parameters = inspect.signature(type(pipe).__call__).parameters
        own = parameters.get("guidance_scale")
        self._own_guidance = 7.5 if own is None else float(own.default)
        if family == "flux":
            # Its guidance_scale is an input of the network, which was taught to answer as if guided: nothing to add.
            self._own_guidance = 1.0

    def plain_guidance(self, commission: Commission) -> float | None:
        """What a batch must have in common where the pipeline guides; None where each has its own."""
        if self._family is not None:
            return None
        if commission.item_guidance is not None:
            return commission.item_guidance
        return self._own_guidance if self._recipe.item_guidance is None else self._recipe.item_guidance

    @contextmanager
    def applied(
        self, pipe: Any, some: Sequence[Commission], plain: float | None, tell: Tell
    ) -> Iterator[dict[str, Any]]:
        """Within, the pipeline follows these commissions when it is called with the arguments that are yielded."""
        said = [self._said(one, tell) for one in some]
        if self._family is None:
            if any(one.love > 0 for one in some):
                tell(f"{self._name}: {type(pipe).__name__} follows a taste by its keywords alone")
            negative = [one.negative for one in said]
            more: dict[str, Any] = {"prompt": [one.taste for one in said], "guidance_scale": plain}
            yield more | ({"negative_prompt": negative} if any(negative) else {})
            return
        read: dict[tuple[str, bool], Words] = {}

        def encoded(text: str, negative: bool = False) -> Words:
            if (text, negative) not in read:
                assert self._family is not None
                read[text, negative] = encode(pipe, self._family, text, negative=negative)
            return read[text, negative]

        branches = self._branches(
            pipe, some,
            [encoded(one.negative, True) for one in said],
            [encoded(one.item) for one in said],
            [encoded(one.taste) for one in said],
        )  # fmt: skip
        import torch

        both = branches[2].words
        arguments: dict[str, Any] = {"prompt_embeds": torch.cat([one.states for one in both])}
        pooled = [one.pooled for one in both if one.pooled is not None]
        if pooled:
            arguments["pooled_prompt_embeds"] = torch.cat(pooled)
        if self._family != "flux":
            arguments["guidance_scale"] = 1.0  # the pipeline's own guidance is off; ours is around the denoiser
        with guidance.guided(denoiser_of(pipe), branches):
            yield arguments

    def _branches(
        self, pipe: Any, some: Sequence[Commission], negative: list[Words], item: list[Words], taste: list[Words]
    ) -> list[guidance.Branch]:
        """For nothing, for the item, for item and taste."""
        import torch

        weights = torch.tensor([guidance.weights(*self._strengths(one)) for one in some])
        images: list[list[Tensor] | None] = [None] * 3
        tokens: list[Tensor | None] = [None] * 3
        if self._prompt is not None:
            items = self._prompt.batch([one.subject.vector for one in some])
            liked = [one.taste.vector if one.taste is not None and one.love > 0 else None for one in some]
            tastes = self._prompt.batch(liked if self._prompt.taste_known else [None] * len(some))
            nothing = torch.zeros_like(items)
            with torch.no_grad():
                for number, pair in enumerate([(nothing, nothing), (items, nothing), (items, tastes)]):
                    images[number], tokens[number] = self._prompt.conditions(*pair)
        elif self._recipe.ip_adapter is not None:
            empty, seen = self._looked_at(pipe, some)
            images = [[empty], [seen], [seen]]
        return [
            guidance.Branch(words, weights[:, number], images[number], tokens[number])
            for number, words in enumerate([negative, item, taste])
        ]

    def _looked_at(self, pipe: Any, some: Sequence[Commission]) -> tuple[Tensor, Tensor]:
        """What the checkpoint's IP-Adapter reads: for no picture, and for each item's, where it may be looked at."""
        import torch
        from PIL import Image

        empty, seen = [], []
        for one in some:
            allowed = one.reference or one.kind != "cover"
            picture = one.subject.picture if allowed else None
            shown = Image.new("RGB", (8, 8)) if picture is None else picture.convert("RGB")
            with torch.no_grad():
                (both,) = pipe.prepare_ip_adapter_image_embeds([shown], None, pipe._execution_device, 1, True)
            nothing, something = both.chunk(2)
            empty.append(nothing)
            seen.append(nothing if picture is None else something)
        return torch.cat(empty), torch.cat(seen)

    def _strengths(self, commission: Commission) -> tuple[float, float]:
        """(item's, taste's guidance); the taste's is scaled by love."""
        recipe = self._recipe
        own = self._own_guidance if recipe.item_guidance is None else recipe.item_guidance
        item = own if commission.item_guidance is None else commission.item_guidance
        taste = recipe.taste_guidance if commission.taste_guidance is None else commission.taste_guidance
        return item, taste * commission.love

    def _said(self, commission: Commission, tell: Tell) -> words.Said:
        subject = commission.subject
        by_vector = self._prompt is not None and subject.vector is not None
        by_picture = subject.picture is not None and (commission.reference or commission.kind != "cover")
        if not (subject.text or commission.prompt or by_vector or by_picture):
            raise UserError(
                f"item {subject.item_id} has no text, and {self._name} reads no vectors: give it a text or a prompt, "
                "or train an image prompt (`image_prompt`)"
            )
        said = words.compose(commission, self._reader.fits)
        if said.left_out:
            tell(
                f"{self._name} reads {self._reader.tokens} tokens: of item {subject.item_id} {said.left_out} words are "
                "left out, and of others what is too long as well; shorten text or prompt"
            )
        return said
