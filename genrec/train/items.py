"""What a language model thinks of items, with gradients: the training side of constrained decoding.

The search lets only codes stand that the catalogue has after a prefix, and compares items by probabilities normalised
over those; these are the same scores. Of the output layer only a level's rows are computed.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from genrec.decode.trie import Trie
from genrec.model.vocabulary import SidVocabulary


class ItemScores:
    """Log-probabilities of items, normalised over the codes that the catalogue has at each place.

    vocabulary: where the codes' tokens are. trie: of the items that may be right or wrong answers.
    """

    def __init__(self, vocabulary: SidVocabulary, trie: Trie, device: str | torch.device = "cpu") -> None:
        self.trie = trie.to(device)
        self.tables = [torch.from_numpy(table).to(device) for table in vocabulary.tables]

    def item_logprobs(self, model: PreTrainedModel, prompts: Tensor, lengths: Tensor, items: Tensor) -> Tensor:
        """log p(item | prompt), float32 (B, G), as `CausalEngine.search` scores it.

        prompts: int64 (B, T) padded on the right, each ending where an item's first code comes next. lengths: int64
        (B,). items: int64 (B, G), item indices. A prompt is read once: its G items stand behind it in the same row, and
        a mask keeps each from seeing the others.
        """
        batch, width = prompts.shape
        groups, tail = items.shape[1], self.trie.levels - 1
        paths = [path.to(items.device)[items] for path in self.trie.paths()]
        codes = [self.trie.codes_at(level + 1, path).long() for level, path in enumerate(paths)]
        device = prompts.device
        lengths = lengths.to(device)
        tokens, positions = prompts, torch.arange(width, device=device).expand(batch, -1)
        visible = torch.ones(width, width, dtype=torch.bool, device=device).tril().expand(batch, -1, -1)
        if tail:
            written = [table[code] for table, code in zip(self.tables[:-1], codes[:-1], strict=True)]
            tokens = torch.cat([prompts, torch.stack(written, dim=2).flatten(1)], dim=1)
            steps = lengths[:, None] + torch.arange(tail, device=device).repeat(groups)
            positions = torch.cat([positions, steps], dim=1)
            visible = _visible(lengths, width, groups, tail)
        closed = torch.finfo(model.dtype).min
        mask = torch.zeros(visible.shape, dtype=model.dtype, device=device).masked_fill(~visible, closed)
        out = model.base_model(
            input_ids=tokens, position_ids=positions, attention_mask=mask[:, None], use_cache=False
        ).last_hidden_state
        head = model.get_output_embeddings()
        states = out[torch.arange(batch, device=device), lengths - 1][:, None].expand(-1, groups, -1)
        total = torch.zeros(items.shape, device=device)
        behind = out[:, width:].view(batch, groups, tail, out.shape[-1])
        nodes = torch.zeros_like(items)
        for level, table in enumerate(self.tables):
            logits = level_logits(head, states, table)
            norm = logits.masked_fill(~self.trie.mask(level, nodes), -torch.inf).logsumexp(-1)
            total = total + logits.gather(-1, codes[level][..., None])[..., 0] - norm
            nodes = paths[level]
            if level < tail:
                states = behind[:, :, level]
        return total


def level_logits(head: nn.Module, hidden: Tensor, table: Tensor) -> Tensor:
    """The logits of a level's codes alone: hidden (…, d) → float32 (…, codebook size)."""
    assert isinstance(head, nn.Linear)
    weight, bias = head.weight[table], head.bias
    return nn.functional.linear(hidden, weight, None if bias is None else bias[table]).float()


def _visible(lengths: Tensor, width: int, groups: int, tail: int) -> Tensor:
    """Who may look at whom, bool (B, S, S): at the prompt, and at what one's own item has so far."""
    device, batch = lengths.device, len(lengths)
    whole = width + groups * tail
    visible = torch.zeros(batch, whole, whole, dtype=torch.bool, device=device)
    visible[:, :width, :width] = torch.ones(width, width, dtype=torch.bool, device=device).tril()
    visible[:, width:, :width] = (torch.arange(width, device=device) < lengths[:, None])[:, None]
    own = torch.ones(tail, tail, dtype=torch.bool, device=device).tril()
    visible[:, width:, width:] = torch.block_diag(*[own] * groups).bool()
    return visible
