"""Beams over vLLM's public API alone: one request of one token for every beam, all users' requests of a level together.

Where the worker cannot run beams itself, this gives the same answers, slower. A request asks for the log-probabilities
of the codes that may come next; the beam core does the rest.

The KV cache shares whole blocks, so a beam's request finds its prompt's whole blocks there and reads the rest again, at
most a block less one token (31 tokens on a CPU). Filling prompts up to whole blocks would save that, but a model sees
what they are filled with: the answers would be other ones.
"""

from __future__ import annotations

import torch
from torch import Tensor

from genrec.decode.beams import Beams, search
from genrec.decode.constraints import Constraints
from genrec.decode.trie import Trie
from genrec.decode.vllm.lines import Line

MOST = 128
"""Log-probabilities of named tokens that vLLM gives to one request."""


def drive(
    line: Line, trie: Trie, tokens: list[Tensor], prompts: list[list[int]], constraints: Constraints, *,
    width: int, k: int, normalise: str, adapter: object,
) -> Beams:  # fmt: skip
    """k items for each prompt (token ids). tokens: per level int64, the token of every code."""
    step = _Requests(line, trie, tokens, prompts, normalise, adapter)
    return search(step, trie, constraints, width=width, k=k, normalise=normalise)


class _Requests:
    """The beam core's step: see `genrec.decode.beams.Step`. A beam is known by the tokens it has written."""

    def __init__(
        self, line: Line, trie: Trie, tokens: list[Tensor], prompts: list[list[int]], normalise: str, adapter: object
    ) -> None:
        self.line, self.trie, self.tokens, self.adapter = line, trie, tokens, adapter
        self.prompts, self.whole = prompts, normalise == "vocabulary"
        self.paths = torch.empty(len(prompts), 1, 0, dtype=torch.long)
        self.nodes = torch.zeros(len(prompts), 1, dtype=torch.long)

    def __call__(self, level: int, parents: Tensor | None, codes: Tensor | None, needed: Tensor | None) -> Tensor:
        if parents is not None and codes is not None:
            self.nodes = self.trie.follow(level - 1, self.nodes.gather(1, parents), codes)
            former = self.paths.gather(1, parents[..., None].expand(-1, -1, self.paths.shape[2]))
            self.paths = torch.cat([former, self.tokens[level - 1][codes][..., None]], dim=2)
        chosen = torch.ones_like(self.nodes, dtype=torch.bool) if needed is None else needed
        logits = torch.zeros(int(chosen.sum()), len(self.tokens[level]))
        users, places = chosen.nonzero(as_tuple=True)
        prompts, wanted, rows = [], [], []
        nodes = self.nodes[users, places].clamp(min=0)[:, None]
        _, below, exists = self.trie.children(level, nodes)
        every = torch.arange(logits.shape[1])
        for row, (user, path) in enumerate(zip(users.tolist(), self.paths[users, places].tolist(), strict=True)):
            asked = every if self.whole else below[row, 0][exists[row, 0]]
            for part in asked.split(MOST):
                prompts.append(self.prompts[user] + path)
                wanted.append(part)
                rows.append(row)
        for row, part, found in zip(rows, wanted, self._ask(level, prompts, wanted), strict=True):
            logits[row, part] = found
        return logits.view(*chosen.shape, -1) if needed is None else logits

    def _ask(self, level: int, prompts: list[list[int]], wanted: list[Tensor]) -> list[Tensor]:
        """Log-probabilities of the wanted codes after every prompt."""
        from vllm import SamplingParams

        ids = [self.tokens[level][part].tolist() for part in wanted]
        asked = [
            SamplingParams(
                max_tokens=1, temperature=0.0, detokenize=False, ignore_eos=True, flat_logprobs=True,
                logprob_token_ids=some, skip_clone=True,
            )
            for some in ids
        ]  # fmt: skip
        answers = self.line.generate(prompts, asked, self.adapter) if prompts else []
        found = []
        for some, answer in zip(ids, answers, strict=True):
            told = answer.outputs[0].logprobs
            # The sampled token comes first; those that were asked for follow in their order.
            if told.token_ids[1 : len(some) + 1] != some:
                raise RuntimeError("vLLM gave log-probabilities of other tokens than it was asked for")
            found.append(torch.tensor(told.logprobs[1 : len(some) + 1]))
        return found
