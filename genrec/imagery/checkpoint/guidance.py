"""Guidance by two conditions, item and taste, in any denoiser.

Pipelines of diffusers guide by one condition (Ho & Salimans 2021), with one strength for the whole batch. Here every
picture has two (Brooks et al. 2023, section 3.2.1), with strengths of its own:

    e = e(nothing) + s_item · (e(item) − e(nothing)) + s_taste · (e(item, taste) − e(item))

which is a weighted sum of three predictions. So the pipeline runs without its own guidance, and around each call of the
denoiser the batch is repeated under three conditions and the predictions are added up: two hooks, which torch has on
every module, and no change to any class. A branch that weighs nothing for anybody is not computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from genrec.imagery.checkpoint.families import Words


@dataclass(frozen=True, eq=False)
class Branch:
    """One condition for all B pictures of a batch.

    words: B of them. weights: float32 (B,), what the prediction counts; a picture's sum over branches is 1. images: for
    UNets with an image prompt, a tensor (B, 1, d) for each prompt. tokens: (B, t, d), read behind the words.
    """

    words: Sequence[Words]
    weights: Tensor
    images: list[Tensor] | None = None
    tokens: Tensor | None = None


def weights(item: float, taste: float) -> tuple[float, float, float]:
    """What the predictions for nothing, for the item, and for item and taste count; 1 in all."""
    return 1 - item, item - taste, taste


@contextmanager
def guided(denoiser: Any, branches: Sequence[Branch]) -> Iterator[None]:
    """Within, every call of the denoiser with a batch of B is one under all branches, and returns their sum."""
    import torch

    live = [branch for branch in branches if bool(branch.weights.any())]
    count = len(live)
    states = torch.cat([_states(branch) for branch in live])
    pooled = [one.pooled for branch in live for one in branch.words]

    def repeated(value: Any, batch: int) -> Any:
        """Once per branch; what has no row for each picture is the same for all."""
        if isinstance(value, torch.Tensor) and value.ndim and value.shape[0] == batch:
            return value.repeat(count, *[1] * (value.ndim - 1))
        return value

    def before(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        sample: Any = args[0] if args else kwargs.get("hidden_states")
        batch = sample.shape[0]
        args = tuple(repeated(value, batch) for value in args)
        # The positions of a transformer's tokens are shared by all pictures.
        kwargs = {
            name: value if name in ("txt_ids", "img_ids") else repeated(value, batch) for name, value in kwargs.items()
        }
        kwargs["encoder_hidden_states"] = states.to(sample)
        if kwargs.get("pooled_projections") is not None:
            kwargs["pooled_projections"] = torch.cat([one for one in pooled if one is not None]).to(sample)
        if kwargs.get("txt_ids") is not None:
            kwargs["txt_ids"] = kwargs["txt_ids"].new_zeros(states.shape[1], kwargs["txt_ids"].shape[-1])
        added = {name: repeated(value, batch) for name, value in (kwargs.get("added_cond_kwargs") or {}).items()}
        if "text_embeds" in added:
            added["text_embeds"] = torch.cat([one for one in pooled if one is not None]).to(sample)
        images = [branch.images for branch in live if branch.images is not None]
        if images:
            added["image_embeds"] = [torch.cat(each).to(sample) for each in zip(*images, strict=True)]
        if added:
            kwargs["added_cond_kwargs"] = added
        return args, kwargs

    def after(_: Any, __: Any, ___: Any, output: Any) -> Any:
        first = output[0]
        parts = first.float().chunk(count)
        total = torch.zeros_like(parts[0])
        for branch, part in zip(live, parts, strict=True):
            total += branch.weights.to(part).view(-1, *[1] * (part.ndim - 1)) * part
        return (total.to(first.dtype), *output[1:])

    hooks = [
        denoiser.register_forward_pre_hook(before, with_kwargs=True),
        denoiser.register_forward_hook(after, with_kwargs=True),
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _states(branch: Branch) -> Tensor:
    """(B, L, d): the words, and the tokens of an image prompt behind them."""
    import torch

    states = torch.cat([one.states for one in branch.words])
    return states if branch.tokens is None else torch.cat([states, branch.tokens.to(states)], dim=1)
