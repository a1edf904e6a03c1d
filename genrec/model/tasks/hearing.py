"""Hearing: what a shopper's message says, as a line of `genrec.model.tasks.lines`. Made from the catalogue alone.

A message is drawn from the frames of `genrec.model.tasks.messages`, with values of an item as its columns or titles
call them, and asked with what holds so far: the wishes, how many items are listed, what the last answer asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from genrec.model.tasks import messages as said
from genrec.model.tasks import wishes
from genrec.model.tasks.drafts import Draft
from genrec.model.tasks.interface import Example, Material, asked
from genrec.model.tasks.lines import Line, Part
from genrec.model.tasks.lines import said as parts_said
from genrec.model.tasks.spoken import Spoken, pick

HEAR = "Hear: {message}"
SO_FAR, SHOWN, ASKED = "So far: {wishes}", "Shown: {count}", "Asked: {column}"
MOST = 6
"""Wishes that hold so far, of which a model is told: the latest."""


def asking(message: str, so_far: Sequence[Part] = (), shown: int = 0, waiting: str = "") -> str:
    """The question that a model is asked. so_far: wishes that hold. shown: items in the list shown last. waiting: the
    column that the last answer asked for. The message is one line, whatever it holds, so it cannot write the others."""
    rows = [SO_FAR.format(wishes=parts_said(so_far[-MOST:]))] if so_far else []
    rows += [SHOWN.format(count=shown)] if shown else []
    rows += [ASKED.format(column=waiting)] if waiting else []
    return "\n".join([*rows, HEAR.format(message=" ".join(message.split()))])


class Hearing:
    """One message and its line. No two values of it, and of what holds so far, are held out (`wishes.held_out`)."""

    name: ClassVar[str] = "hearing"

    def __init__(self, material: Material) -> None:
        self.material, self.spoken = material, Spoken(material)
        self.items = [item for item in range(len(material.catalog)) if self.spoken.of(item)]

    def __len__(self) -> int:
        return len(self.items)

    def example(self, index: int, random: np.random.Generator) -> Example:
        message, so_far, shown, waiting, line = self.turn(index, random)
        return asked(self.name, asking(message, so_far, shown, waiting), str(line))

    def turn(self, index: int, random: np.random.Generator) -> tuple[str, tuple[Part, ...], int, str, Line]:
        """A message, what it is said after (see `asking`), and what it says."""
        for _ in range(wishes.TRIES):
            draft = Draft(self.spoken, self.items[index], random)
            if random.random() < 0.4:
                message, line = _first(draft)
            else:
                _before(draft)
                message, line = _later(draft)
            if not wishes.held_out(self.material.facts, sorted(draft.facts)):
                return _around(message, random), tuple(draft.so_far), draft.shown, draft.waiting, line
        draft = Draft(self.spoken, self.items[index], random)
        return draft.wish(1), (), 0, "", Line("recommend", tuple(draft.parts))


def _before(draft: Draft) -> None:
    """What holds when the message comes."""
    random = draft.random
    draft.shown = int(random.integers(1, 11)) if random.random() < 0.3 else 5
    if random.random() < 0.85:
        draft.hold(int(random.integers(1, 4)))
    if random.random() < 0.2:
        draft.waiting = str(random.choice(draft.spoken.columns))


def _first(draft: Draft) -> tuple[str, Line]:
    """A conversation's beginning."""
    random, chance = draft.random, draft.random.random()
    if chance < 0.05:
        return pick(said.SMALLTALK, random), Line("smalltalk")
    if chance < 0.08:
        return pick(said.PLAIN, random), Line("recommend")
    if chance < 0.13 and (word := draft.word()):
        return pick(said.WORDS, random).format(word=word), Line("search", (Part("words", values=(word,)),))
    pieces = [_wish(draft)]
    for clause, share in ((draft.unwanted, 0.35), (draft.bound, 0.35), (draft.level, 0.1), (draft.rare, 0.05)):
        if random.random() < share and (made := clause()):
            pieces.append(made)
    if len(pieces) > 1 and random.random() < 0.25:
        pieces.pop(0)  # and what is wanted is not said at all
        draft.drop_wish()
    return draft.join(pieces), Line("recommend", draft.ordered())


def _wish(draft: Draft) -> str:
    random = draft.random
    if random.random() < 0.2:
        return draft.either()
    if random.random() < 0.06:
        count = draft.count()
        wish = draft.wish(int(random.integers(1, 3)))
        return pick(said.COUNT_WISH, random).format(count=count, wish=wish)
    return pick(said.WISHES, random).format(wish=draft.wish(int(random.integers(1, 5))))


def _later(draft: Draft) -> tuple[str, Line]:
    """What follows a list of items."""
    makers = (
        (0.28, _changed), (0.07, _unwanted), (0.08, _limits), (0.08, _compared), (0.06, _also), (0.06, _forget),
        (0.03, _anew), (0.06, _more), (0.09, _judged), (0.06, _pointed), (0.06, _explain), (0.05, _compare),
        (0.08, _ask), (0.04, _smalltalk),
    )  # fmt: skip
    shares = np.array([share for share, _ in makers])
    made = makers[int(draft.random.choice(len(makers), p=shares / shares.sum()))][1](draft)
    return made if made is not None else _changed(draft)


def _refined(draft: Draft, pieces: Sequence[str], intent: str = "refine") -> tuple[str, Line]:
    return draft.join(pieces), Line(intent, draft.ordered())


def _changed(draft: Draft) -> tuple[str, Line]:
    random, chance = draft.random, draft.random.random()
    if draft.waiting and chance < 0.5:
        if random.random() < 0.4:
            draft.parts.append(Part("forget", draft.waiting))
            return _refined(draft, [pick(said.UNSURE, random)])
        return _refined(draft, [pick(said.CHANGED[:8], random).format(x=draft.value(column=draft.waiting))])
    if chance < 0.12:
        value = draft.value(heads=True)
        draft.parts.append(Part("keep"))
        return _refined(draft, [pick(said.KEEP, random).format(x=value)])
    if chance < 0.3:
        return _refined(draft, [_wish(draft)])
    if chance < 0.4:
        like = pick(said.LIKE, random).format(one=draft.ref("like"))
        return _refined(draft, [like, f"but {draft.changed()}" if random.random() < 0.6 else f"in {draft.value()}"])
    pieces = [pick(said.CHANGED, random).format(x=draft.changed())]
    for clause in (draft.unwanted, draft.bound, draft.changed):
        if random.random() < 0.15 and (made := clause()):
            pieces.append(made)
    return _refined(draft, pieces)


def _unwanted(draft: Draft) -> tuple[str, Line]:
    return _refined(draft, [draft.unwanted() or draft.changed()])


def _limits(draft: Draft) -> tuple[str, Line] | None:
    if (draft.random.random() < 0.4 and (made := draft.new_limit())) or (made := draft.bound()):
        return _refined(draft, [made])
    return None


def _compared(draft: Draft) -> tuple[str, Line] | None:
    made = draft.compared()
    return None if made is None else _refined(draft, [made])


def _also(draft: Draft) -> tuple[str, Line]:
    draft.parts.append(Part("also"))
    return _refined(draft, [pick(said.ALSO, draft.random).format(x=draft.value())])


def _forget(draft: Draft) -> tuple[str, Line]:
    column = draft.column()
    draft.parts.append(Part("forget", column))
    pieces = [pick(said.FORGET, draft.random).format(col=draft.spoken.called(column, draft.random))]
    if draft.random.random() < 0.15:
        pieces.append(pick(said.CHANGED, draft.random).format(x=draft.value(without=(column,))))
    return _refined(draft, pieces)


def _anew(draft: Draft) -> tuple[str, Line]:
    draft.parts.append(Part("anew"))
    pieces = [pick(said.ANEW, draft.random)]
    if draft.random.random() < 0.4:
        pieces.append(_wish(draft))
    return _refined(draft, pieces, "recommend")


def _more(draft: Draft) -> tuple[str, Line]:
    draft.parts.append(Part("others"))
    chance = draft.random.random()
    if chance < 0.7:
        return _refined(draft, [pick(said.OTHERS, draft.random)])
    if chance < 0.85:
        return _refined(draft, [pick(said.COUNT_OTHERS, draft.random).format(count=draft.count())])
    draft.parts.clear()
    return _refined(draft, [pick(said.COUNT, draft.random).format(count=draft.count())])


def _judged(draft: Draft) -> tuple[str, Line]:
    random, chance = draft.random, draft.random.random()
    if chance < 0.3 and draft.shown > 1:
        turned = random.random() < 0.25
        verbs = ("dislike", "like") if turned else ("like", "dislike")
        one, two = (draft.ref(verb, plain=True) for verb in verbs)
        return _refined(
            draft, [pick(said.TURNED if turned else said.BOTH, random).format(one=one, two=two)], "feedback"
        )
    if chance < 0.5:
        return _refined(draft, [pick(said.LIKE, random).format(one=draft.ref("like"))])
    frames, verb = (said.BLAME, "dislike") if chance < 0.8 else (said.PRAISE, "like")
    return _refined(draft, [pick(frames, random).format(one=draft.ref(verb))], "feedback")


def _pointed(draft: Draft) -> tuple[str, Line]:
    random, column = draft.random, draft.column(words=True)
    same = random.random() < 0.5
    verb, called = "same" if same else "other", draft.spoken.called(column, draft.random)
    if random.random() < 0.4:
        draft.parts.append(Part(verb, column))
        return _refined(draft, [pick(said.SAME_IT if same else said.OTHER_IT, random).format(col=called)])
    place, one = draft.place()
    draft.parts.append(Part(verb, column, refs=(place,)))
    return _refined(draft, [pick(said.SAME if same else said.OTHER, random).format(col=called, one=one)])


def _explain(draft: Draft) -> tuple[str, Line]:
    if draft.random.random() < 0.3:
        draft.parts.append(Part("about", refs=("all",)))
        return _refined(draft, [pick(said.EXPLAIN_ALL, draft.random)], "explain")
    return _refined(draft, [pick(said.EXPLAIN, draft.random).format(one=draft.ref("about"))], "explain")


def _compare(draft: Draft) -> tuple[str, Line]:
    if draft.shown < 2 or draft.random.random() < 0.25:
        draft.parts.append(Part("about", refs=("all",)))
        return _refined(draft, [pick(said.COMPARE_ALL, draft.random)], "compare")
    one, two = draft.two()
    draft.parts.append(Part("about", refs=(one[0], two[0])))
    return _refined(draft, [pick(said.COMPARE, draft.random).format(one=one[1], two=two[1])], "compare")


def _ask(draft: Draft) -> tuple[str, Line]:
    random = draft.random
    one = draft.ref("about")
    if random.random() < 0.4:
        frame = pick(said.ASK_IS, random)
        fact = draft.fact()
        part = Part("ask", draft.spoken.facts.facts[fact].attribute, (draft.spoken.written(fact),))
        draft.parts.append(part)
        return _refined(draft, [frame.format(one=one, x=draft.spoken.word(fact, random))], "question")
    column = draft.column()
    draft.parts.append(Part("ask", column))
    own = [*said.ASK]
    own += [*said.ASK_PRICE, *said.ASK_PRICE] if column == draft.spoken.price else []
    own += said.ASK_MADE if "material" in column.lower() or "fabric" in column.lower() else ()
    own += said.ASK_WHO if "brand" in column.lower() or "maker" in column.lower() else ()
    return _refined(draft, [pick(own, random).format(one=one, col=draft.spoken.called(column, random))], "question")


def _smalltalk(draft: Draft) -> tuple[str, Line]:
    return pick(said.SMALLTALK, draft.random), Line("smalltalk")


def _around(message: str, random: np.random.Generator) -> str:
    """As people write: with words before and after it, with or without capitals and points."""
    if random.random() < 0.2:
        message = f"{pick(said.FIRST_WORDS, random)} {message}"
    if random.random() < 0.15:
        message = f"{message.rstrip('.?!')} {pick(said.LAST_WORDS, random)}"
    chance = random.random()
    if chance < 0.3:
        message = message[:1].upper() + message[1:]
    elif chance < 0.45:
        message = message.lower()
    if random.random() < 0.2 and message[-1:].isalnum():
        message += str(random.choice([".", "!", "…", "?"]))
    elif random.random() < 0.2:
        message = message.rstrip(".?!")
    return re.sub(r"\s+", " ", message)
