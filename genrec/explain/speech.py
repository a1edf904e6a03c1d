"""A language model as the writer of explanations: transformers' `generate`, under the mask that lets it name real
items only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import torch

from genrec.decode.hf_logits import SidLogitsProcessor
from genrec.decode.sid_slots import Ask
from genrec.decode.stock import Stock
from genrec.decode.trie import Trie
from genrec.model import lm, prompts
from genrec.model.lm import LanguageModel
from genrec.sid.codes import SemanticIds

TOKENS = 120


class Speech:
    """`write` for `Explainer.explain`. stock: what may be named. tokens: of an answer, at most. batch:
    conversations per pass of `many`. Whoever asks while it writes waits."""

    def __init__(self, language: LanguageModel, stock: Stock, *, tokens: int = TOKENS, batch: int = 32) -> None:
        self.language, self.stock, self.tokens, self.batch = language, stock, tokens, batch
        self._lock = Lock()

    @classmethod
    def read(cls, run: Path, ids: SemanticIds, stage: str = "lm") -> Speech:
        """The model that `stage` of a workspace holds. It may name every item, also one that nobody gets any more: it
        may stand in a history. UserError where there is no such model, or it was trained on other semantic IDs."""
        language = lm.load(run / stage, ids=ids)
        return cls(language, Stock(Trie.build(ids), language.vocabulary))

    def __call__(self, messages: list[dict[str, str]]) -> str:
        return self.many([messages])[0]

    def many(self, conversations: Sequence[list[dict[str, str]]]) -> list[str]:
        """The most likely answer to each, word by word."""
        said: list[str] = []
        with self._lock:
            for begin in range(0, len(conversations), self.batch):
                said += self._answers(conversations[begin : begin + self.batch])
        return said

    @torch.no_grad()
    def _answers(self, conversations: Sequence[list[dict[str, str]]]) -> list[str]:
        model, tokenizer = self.language.model, self.language.tokenizer
        rows = [prompts.prompt(tokenizer, messages, item=False) for messages in conversations]
        longest = max(map(len, rows))
        tokens = torch.zeros(len(rows), longest, dtype=torch.long)
        mask = torch.zeros_like(tokens)
        for row, prompt in enumerate(rows):  # on the left: answers begin behind what was asked
            tokens[row, longest - len(prompt) :] = torch.tensor(prompt)
            mask[row, longest - len(prompt) :] = 1
        stop = model.generation_config.eos_token_id
        limits = SidLogitsProcessor(self.stock, longest, [Ask()] * len(rows), stop, model.device)
        written = model.generate(  # type: ignore[operator]
            input_ids=tokens.to(model.device), attention_mask=mask.to(model.device), max_new_tokens=self.tokens,
            do_sample=False, logits_processor=[limits], pad_token_id=tokenizer.pad_token_id,
        )  # fmt: skip
        answers: list[str] = tokenizer.batch_decode(written[:, longest:], skip_special_tokens=True)
        ends = [mark for mark in (tokenizer.eos_token, tokenizer.pad_token) if mark]
        return [min((answer.partition(end)[0] for end in ends), key=len).strip() for answer in answers]
