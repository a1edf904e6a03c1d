"""The language model as a recommender: the next item, an item in words, an item changed; all by the codes it writes.

Everything is a question in the model's own chat form that ends in <|sid_begin|>, so an answer is an item and nothing
else: the search under the trie sees to the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genrec import progress
from genrec.data.catalog import Catalog
from genrec.data.interactions import Sequences
from genrec.decode.causal_generator import CausalGenerator, Engine, Prompted
from genrec.decode.columns import ColumnIndex
from genrec.decode.lm_engines import Opened, open_lm
from genrec.decode.trie import Trie
from genrec.decode.wishes import Wishes
from genrec.errors import UserError
from genrec.evaluate.interface import TopK
from genrec.model import prompts
from genrec.model.tasks.wording import CHANGES
from genrec.model.vocabulary import SidVocabulary, text
from genrec.sid.codes import SemanticIds

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from genrec.decode.text_score import TextScore

ITEM = "{item}"
"""Where the item stands in a change that says so itself."""


class LmGenerator(CausalGenerator):
    """A language model that knows the words of `ids`, behind the evaluator's interface and two more.

    engine: of that model, over the trie of `ids`: a `CausalEngine`, or one inside vLLM, whose `answer` further takes
    `adapter=`; all methods here pass such options on, `defaults` are those that hold where a call names none. window:
    tokens that the model reads, prompt and answer together. max_items: of a history, the latest; what does not fit the
    window is dropped, oldest first, and said once. text_score: for `search` and `refine`: item scores that know words,
    beside the codes; None for codes alone.
    """

    def __init__(
        self,
        engine: Engine,
        tokenizer: PreTrainedTokenizerBase,
        vocabulary: SidVocabulary,
        ids: SemanticIds,
        *,
        window: int,
        max_items: int = 50,
        index: ColumnIndex | None = None,
        available: np.ndarray | None = None,
        text_score: TextScore | None = None,
        defaults: Mapping[str, Any] | None = None,
        name: str = "genrec-lm",
    ) -> None:
        super().__init__(engine, self._after, name=name, index=index, available=available, defaults=defaults)
        self.tokenizer, self.vocabulary, self.ids = tokenizer, vocabulary, ids
        self.window, self.max_items, self.text_score = window, max_items, text_score
        self._said = False

    @classmethod
    def of(
        cls,
        opened: Opened,
        ids: SemanticIds,
        *,
        index: ColumnIndex | None = None,
        available: np.ndarray | None = None,
        text_score: TextScore | None = None,
    ) -> LmGenerator:
        """An opened folder's model, as it was trained to be asked."""
        return cls(
            opened.engine, opened.tokenizer, opened.vocabulary, ids, window=opened.about["window"],
            max_items=opened.about["max_items"], index=index, available=available, text_score=text_score,
            defaults=opened.options,
        )  # fmt: skip

    @classmethod
    def read(
        cls, run: Path, stage: str = "lm", *, engine: str = "torch", beam: int = 50, catalog: Catalog | None = None
    ) -> LmGenerator:
        """The language model that `stage` of a workspace holds, codes alone. catalog: for filters over its columns."""
        ids = SemanticIds.load(run / "sid" / "sids.safetensors")
        trie = Trie.load(run / "sid" / "trie.safetensors")
        index = None if catalog is None else ColumnIndex(catalog.table, trie.order)
        return cls.of(open_lm(run / stage, ids, trie, engine=engine, beam=beam), ids, index=index)

    def search(self, queries: Sequence[str], k: int, *, wishes: Wishes | None = None, **options: Any) -> TopK:
        """The k items that each query asks for, in words: «a red dress for summer»."""
        for query in queries:
            if not query.strip():
                raise UserError("the search is empty: say in words what is looked for")
        return self._meant(queries, None, k, wishes, options)

    def refine(
        self,
        items: Sequence[int],
        changes: Sequence[str],
        k: int,
        *,
        wishes: Wishes | None = None,
        **options: Any,
    ) -> TopK:
        """The k items like each of `items` (indices), but changed; never the item itself.

        changes: what stands behind «but»: «in red»; or a whole sentence with {item} where the item belongs.
        """
        if len(items) != len(changes):
            raise ValueError(f"{len(items)} items and {len(changes)} changes: give one change for each item")
        asked = []
        for item, change in zip(items, changes, strict=True):
            if not change.strip():
                raise UserError("the change is empty: say what shall be other, for example «in red»")
            said = text(self.ids.codes[item])
            asked.append(change.replace(ITEM, said) if ITEM in change else CHANGES[1].format(item=said, new=change))
        return self._meant(asked, Sequences.from_lists([[item] for item in items]), k, wishes, options)

    def _meant(
        self, queries: Sequence[str], closed: Sequences | None, k: int, wishes: Wishes | None, options: dict[str, Any]
    ) -> TopK:
        prompted = self.asked(queries)
        if self.text_score is None:
            return self.answer(prompted, closed, k, wishes, **options)
        return self.text_score.rank(self, prompted, queries, closed, k, wishes or Wishes(), options)

    def _after(self, histories: Sequences) -> Prompted:
        made = prompts.next_item(
            self.tokenizer, self.vocabulary, self.ids.codes, histories, window=self.window, max_items=self.max_items
        )
        over = int((made.dropped > 0).sum())
        if over and not self._said:
            self._said = True
            progress.say(
                f"{over:,} of {len(histories):,} histories are longer than the model reads (window {self.window}, "
                f"{self.max_items} items): their oldest items are left out"
            )
        return made.tokens, made.lengths

    def fits(self, question: str) -> bool:
        """Whether the model can read the question and answer."""
        return len(self._prompt(question)) <= self.window - self.ids.levels

    def _prompt(self, question: str) -> list[int]:
        return prompts.prompt(self.tokenizer, [{"role": "user", "content": question}], item=True)

    def asked(self, questions: Sequence[str]) -> Prompted:
        """Prompts of single questions."""
        rows = [self._prompt(question) for question in questions]
        lengths = np.fromiter((len(row) for row in rows), np.int64, len(rows))
        room = self.window - self.ids.levels
        if len(rows) and lengths.max() > room:
            longest = int(lengths.argmax())
            raise UserError(
                f"the question {questions[longest][:60]!r} … takes {lengths[longest]} tokens with what stands around "
                f"it, the model reads {room}: say it in fewer words"
            )
        tokens = np.zeros((len(rows), int(lengths.max(initial=1))), np.int64)
        for row, (made, length) in enumerate(zip(rows, lengths.tolist(), strict=True)):
            tokens[row, :length] = made
        return tokens, lengths
