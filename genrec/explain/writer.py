"""From a recommendation to a text that says why: evidence, the model's words, their check, and the template.

Whoever writes is a function from messages to text: a language model by Hugging Face's generate, one in vLLM, a person.
It is asked to put the evidence into words, and is not trusted: only sentences that hold remain, and only if one of them
cites a thing that the score needs. Otherwise the template says it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from genrec.data.catalog import Catalog, moved_rows
from genrec.data.interactions import Sequences
from genrec.explain.checker import Checker, Sentence
from genrec.explain.evidence import Citation, Evidence, cite, gather_all
from genrec.explain.gazetteer import PRICES, Synonyms, called
from genrec.explain.scorers import Scorer
from genrec.explain.template import names, sentence, the_one
from genrec.model.tasks.explanation import RECENT
from genrec.model.tasks.facts import Facts, replaced
from genrec.model.tasks.wording import WHY, WHY_GIVEN, listed
from genrec.model.vocabulary import BEGIN
from genrec.model.vocabulary import text as sid_text
from genrec.sid.codes import SemanticIds

Write = Callable[[list[dict[str, str]]], str]
"""The model's answer to a conversation, as text in which items are semantic IDs or titles."""
SENTENCES = 3
"""Of a model's text, at most so many that hold are kept."""


@dataclass(frozen=True)
class Explanation:
    """In the user's own ids.

    text: what people read, items by their titles. source: who wrote it. cited: the things of the history it names,
    reason: what they share with the item, as (column, value); both are empty where it rests on no single thing. claims:
    what the text says, as (item, attribute, value). dropped: sentences of the model that did not hold. evidence: all
    that is known, by item index.
    """

    item_id: str
    text: str
    source: Literal["model", "template"]
    cited: tuple[str, ...]
    reason: tuple[str, str] | None
    claims: tuple[tuple[str, str, str], ...]
    dropped: tuple[str, ...]
    evidence: Evidence


class Explainer:
    """Of one catalogue and one scorer. synonyms: see `genrec.explain.gazetteer`; only models' texts need them."""

    def __init__(
        self,
        catalog: Catalog,
        ids: SemanticIds,
        scorer: Scorer,
        *,
        facts: Facts | None = None,
        synonyms: Synonyms | None = None,
    ) -> None:
        self.catalog, self.ids, self.scorer, self.synonyms = catalog, ids, scorer, synonyms
        self.facts = facts or Facts(catalog)
        self.titles = called(catalog)

    def after(self, catalog: Catalog, ids: SemanticIds, scorer: Scorer) -> Explainer | None:
        """Of a later version of the catalogue, at the cost of the rows that differ. What is known of the others is
        shared, and so are the words that titles taught (see `Facts.after`). None where it is no later version: items
        are gone or have other semantic IDs."""
        n = len(self.ids)
        columns = ["item_id", "title", "text", *(name for name in self.catalog.table.columns if self._reads(name))]
        table = catalog.table.select(columns) if set(columns) <= set(catalog.table.columns) else catalog.table
        moved = moved_rows(self.catalog.table.select(columns), table)
        if moved is None or not np.array_equal(ids.codes[:n], self.ids.codes):
            return None
        new = copy(self)
        new.catalog, new.ids, new.scorer = catalog, ids, scorer
        rows = np.concatenate([moved, np.arange(n, len(catalog))])
        if not len(rows):
            return new
        new.facts = self.facts.after(catalog, rows)
        now = dict(zip(rows.tolist(), called(catalog, rows), strict=True))
        other = {item: title for item, title in now.items() if item >= n or self.titles[item] != title}
        new.titles = replaced(self.titles, list(now), list(now.values()))
        if "checker" in self.__dict__:
            before = {item: self.titles[item] for item in other if item < n}
            new.__dict__["checker"] = self.checker.after(catalog, new.facts, ids, rows, before, other)
        return new

    def _reads(self, column: str) -> bool:
        return column in self.facts.attributes or column in PRICES

    @cached_property
    def checker(self) -> Checker:
        return Checker(self.catalog, self.facts, self.ids, self.synonyms)

    def explain(self, histories: Sequences, row: int, item: int, write: Write | None = None) -> Explanation:
        """Why `item` after the history in row `row`. write: None for the template alone."""
        return self.explain_all(histories, row, [item], write)[0]

    def explain_all(
        self, histories: Sequences, row: int, items: Sequence[int], write: Write | None = None
    ) -> list[Explanation]:
        """`explain` for several items after one history, at little more than the cost of one."""
        found = gather_all(self.scorer, self.facts, self.ids, histories, row, items)
        return [self.tell(evidence, write) for evidence in found]

    def tell(self, evidence: Evidence, write: Write | None = None) -> Explanation:
        """The explanation that this evidence makes."""
        citation, item = cite(evidence), evidence.item
        dropped: tuple[str, ...] = ()
        if write is not None and citation.items:
            read = self.checker.check(write(self.messages(evidence, citation)), evidence.history, item)
            dropped = tuple(self.shown(one.text) for one in read if not one.kept)
            kept = _first(read)
            if any(cites(one, evidence) for one in kept):
                return self._told(evidence, kept, "model", dropped)
        said = sentence(evidence, citation, self.names([item, *citation.items]))
        return self._told(evidence, self.checker.check(said, evidence.history, item), "template", dropped)

    def messages(self, evidence: Evidence, citation: Citation) -> list[dict[str, str]]:
        """What the writer is asked: the evidence as the task «explanation» gives it, items as semantic IDs.

        Of the history it is shown the newest things, and those that it shall cite.
        """
        newest = evidence.history[-RECENT:]
        shown = [*(thing for thing in citation.items if thing not in newest), *newest]
        names = [sid_text(codes) for codes in self.ids.codes[[evidence.item, *shown]]]
        asking = {"item": names[0], "history": "".join(names[1:])}
        if citation.reason is None:
            return [{"role": "user", "content": WHY[0].format(**asking)}]
        cited = listed([sid_text(self.ids.codes[thing]) for thing in citation.items])
        likeness = {"attribute": citation.reason.attribute, "value": citation.reason.value, "cited": cited}
        return [{"role": "user", "content": WHY_GIVEN.format(**asking, **likeness)}]

    def names(self, items: Iterable[int]) -> dict[int, str]:
        """As one text calls them."""
        return names({item: self.titles[item] for item in items})

    def shown(self, text: str) -> str:
        """A text with titles in the place of semantic IDs; what is no item's stays."""
        marks = [mark for mark in self.checker.gazetteer.marks(text) if mark.kind == "item"]
        said = self.names([mark.items[0] for mark in marks])
        for mark in reversed(marks):
            if mark.text.startswith(BEGIN):
                text = f"{text[: mark.begin]}{the_one(said[mark.items[0]])}{text[mark.end :]}"
        return text[:1].upper() + text[1:]

    def _told(
        self,
        evidence: Evidence,
        read: Sequence[Sentence],
        source: Literal["model", "template"],
        dropped: tuple[str, ...],
    ) -> Explanation:
        world = self.checker.world(evidence.history, evidence.item)
        claims = tuple(claim.triple(world) for one in read for claim in one.claims)
        cited = [thing for one in read for thing in one.things if thing in evidence.history]
        shared = [
            reason
            for reason in evidence.reasons
            if any(reason.fact in one.facts_of(evidence.item) and set(one.things) & set(reason.items) for one in read)
        ]
        reason = (shared[0].attribute, shared[0].value) if shared else None
        return Explanation(
            self.catalog.ids[evidence.item],
            " ".join(self.shown(one.text) for one in read),
            source,
            tuple(self.catalog.ids[thing] for thing in dict.fromkeys(cited)),
            reason,
            claims,
            dropped,
            evidence,
        )


def cites(one: Sentence, evidence: Evidence) -> bool:
    """Whether a sentence holds and names a thing without which the item's score falls."""
    return one.kept and bool(set(one.things) & set(evidence.supporting))


def _first(read: Sequence[Sentence]) -> list[Sentence]:
    """What holds, once each, and not more than people read."""
    kept = {one.text: one for one in read if one.kept}
    return list(kept.values())[:SENTENCES]
