"""What the engine's thread does: batches of one kind of question, each answered or given its own error."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genrec.decode.requests import Recommendations, Request

if TYPE_CHECKING:
    from PIL import Image

    from genrec.decode.living import Snapshot
    from genrec.explain.writer import Explanation, Write
    from genrec.recommender import Recommender

RECOMMEND, FIND, EXPLAIN = "recommend", "find", "explain"


@dataclass(frozen=True)
class Recommend:
    """One person's next items. seed: a sample instead of the best. language: by the run's language model, with an
    adapter of it."""

    request: Request
    k: int
    exclude_seen: bool = True
    spread: int | None = None
    seed: int | None = None
    language: bool = False
    adapter: str | None = None

    @property
    def kind(self) -> Hashable:
        """What one call of the engine can answer together, so that no answer depends on who else asks: k may widen the
        beam, and a sample and the best are different searches."""
        return RECOMMEND, self.k, self.exclude_seen, self.spread, self.seed is not None, self.language, self.adapter


@dataclass(frozen=True)
class Find:
    """Items for words, for a picture, or for an item or picture that shall be other; filters as in `Request`."""

    k: int
    text: str | None = None
    picture: Image.Image | None = None
    item_id: str | None = None
    change: str | None = None
    where: Any = None
    allow: Sequence[str] | None = None
    deny: Sequence[str] = ()
    kind: Hashable = FIND


@dataclass(frozen=True)
class Explain:
    """Why each of these items comes after this history, in the template's words."""

    history: Sequence[str]
    items: Sequence[str]
    kind: Hashable = EXPLAIN


Question = Recommend | Find | Explain


@dataclass(frozen=True)
class Found:
    """Answers, and the version of the catalogue that they are of."""

    items: Recommendations
    now: Snapshot

    @classmethod
    def of(cls, items: Recommendations) -> Found:
        """As the recommender gave them."""
        assert items.now is not None
        return cls(items, items.now)


class Backend:
    """Over one `Recommender`. write: puts evidence into words; None for the template.

    language: recommendations are the language model's, where nobody asks for a spread or a sample, which it has not.
    """

    def __init__(self, recommender: Recommender, *, write: Write | None = None, language: bool = False) -> None:
        self.recommender, self.write, self.language = recommender, write, language

    def answer(self, kind: Hashable, questions: list[Any]) -> Sequence[Any]:
        """One answer a question, in order, or the error that it is to blame for."""
        if isinstance(kind, tuple) and kind[0] == RECOMMEND:
            try:
                return self._recommend(questions)
            except Exception:  # somebody's: everybody gets their own answer
                return [_tried(self._recommend_one, question) for question in questions]
        one: Callable[[Any], Any] = self._find if kind == FIND else self._explain
        return [_tried(one, question) for question in questions]

    def _recommend(self, questions: Sequence[Recommend]) -> list[Found]:
        first, requests = questions[0], [question.request for question in questions]
        k = min(first.k, len(self.recommender.catalog))
        if first.language:
            found = self.recommender.recommend_by_language(
                requests, k, exclude_seen=first.exclude_seen, adapter=first.adapter
            )
        else:
            found = self.recommender.recommend_many(
                requests,
                k,
                exclude_seen=first.exclude_seen,
                spread=first.spread,
                seeds=None if first.seed is None else [question.seed or 0 for question in questions],
            )
        return [Found.of(items) for items in found]

    def _recommend_one(self, question: Recommend) -> Found:
        return self._recommend([question])[0]

    def _find(self, question: Find) -> Found:
        limits: dict[str, Any] = {"where": question.where, "allow": question.allow, "deny": list(question.deny)}
        k = min(question.k, len(self.recommender.catalog))
        if question.text is not None:
            items = self.recommender.search(question.text, k, **limits)
        elif question.item_id is not None:
            items = self.recommender.refine(question.item_id, question.change or "", k, **limits)
        else:
            assert question.picture is not None
            items = self.recommender.search_picture(question.picture, k, change=question.change, **limits)
        return Found.of(items)

    def _explain(self, question: Explain) -> Mapping[str, Explanation]:
        told = self.recommender.explain_many(question.history, question.items)
        return dict(zip(question.items, told, strict=True))

    def explained(self, history: Sequence[str], item: str) -> Explanation:
        """Why one item comes after a history, in the words of `write`."""
        return self.recommender.explain(history, item, write=self.write)


def _tried(work: Callable[[Any], Any], question: Any) -> Any:
    try:
        return work(question)
    except Exception as error:  # this question's alone, whatever it is
        return error
