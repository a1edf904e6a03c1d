"""Gumbel noise for stochastic beam search (Kool, van Hoof & Welling 2019, arXiv 1903.06059, §4.1).

A leaf's log-probability plus Gumbel noise is the key by which a sample without replacement is drawn: the k largest keys
are the sample. Drawn top down, a prefix's key is the largest of the keys below it, so children are given noise of their
own and then shifted so that their largest key is the parent's. The noise of a node is a function of the request's seed
and the node alone, so neither batch nor beam changes a sample that the beam is wide enough for.
"""

from __future__ import annotations

import torch
from torch import Tensor

CLOSED = float("-inf")


def gumbel(seeds: Tensor, level: int, nodes: Tensor) -> Tensor:
    """Standard Gumbel noise float32 (B, W, M) for nodes (B, W, M) of level `level` + 1, seeds int64 (B,)."""
    bits = _mixed(_mixed(seeds + level * 0x632BE59B)[:, None, None] + nodes)
    # 24 bits, the middle of their interval: never 0, never 1.
    uniform = (((bits >> 40) & 0xFFFFFF).double() + 0.5) / 2**24
    return -(-uniform.log()).log().float()


def perturb(parents: Tensor, scores: Tensor, grown: Tensor, noise: Tensor) -> Tensor:
    """The children's keys (B, W, M) from their parents' (B, W).

    scores: the parents' log p (B, W). grown: the children's log p (B, W, M), -inf where there is none; noise (B, W, M).
    """
    keys = grown + noise
    top = keys.max(dim=-1, keepdim=True).values
    dead = (top == CLOSED) | (scores == CLOSED)[..., None]
    # Keys conditioned on their maximum being the parent's key (Kool et al., appendix B.3, stable form).
    shift = parents[..., None] - keys + torch.log1p(-(keys - top).clamp(max=0).exp().clamp(max=1.0))
    shifted = parents[..., None] - shift.clamp(min=0) - shift.abs().neg().exp().log1p()
    return torch.where((grown == CLOSED) | dead, CLOSED, torch.where(keys == top, parents[..., None], shifted))


def _mixed(bits: Tensor) -> Tensor:
    """A bijection of int64 that leaves no visible order (the finaliser of SplitMix64, Steele et al. 2014, §4)."""
    for shift, factor in ((30, -0x40A7B892E31B1A47), (27, -0x6B2FB644ECCEEE15)):
        bits = (bits ^ ((bits >> shift) & ((1 << (64 - shift)) - 1))) * factor
    return bits ^ ((bits >> 31) & ((1 << 33) - 1))
