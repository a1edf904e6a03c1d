"""A conversation over one version of a catalogue. It holds no state: what was said before is read from the messages.

turn = conversation.hear(messages, history=…)    what is wanted, and what to ask the engine for
found = the engine's answer to turn.ask          anybody's: a batch, another process
shown = conversation.pick(turn, found)           the few that are shown
reply = conversation.reply(turn, shown, reasons)
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from genrec.chat import asking, taste
from genrec.chat.constraints import Constraints, Intent
from genrec.chat.listing import listed
from genrec.chat.shelves import Shelves
from genrec.chat.state import Heard, State, Understanding, mask_of
from genrec.chat.titles import Titles
from genrec.chat.understanding import GazetteerUnderstanding
from genrec.chat.vocabulary import Vocabulary
from genrec.decode.requests import Recommendation, Recommendations, Request
from genrec.explain.gazetteer import Synonyms

if TYPE_CHECKING:
    from genrec.decode.living import Snapshot
    from genrec.explain.writer import Explanation

POOL = 50
"""Answers asked of the engine, of which a few are shown."""
MESSAGES = 200
"""The last messages that are read; what was said before them is forgotten."""
REMEMBERED = 512
"""Beginnings of conversations whose state is not folded again: some 10 kB each, and a message is folded in 2 ms."""
ENOUGH = 1
"""Times k: with more than so many left, an answer ends with a question."""


@dataclass(frozen=True)
class Ask:
    """What to ask the engine for: `recommend_many([request], k)`. text: what no column says, for a search."""

    request: Request
    k: int
    text: str | None = None


@dataclass(frozen=True)
class Turn:
    """One message, understood in its conversation. ask: None where nothing is to be recommended. about: item ids that
    the answer is about. heard: the message by itself. state: of the whole conversation. k: items to show. left: how
    many there are to choose from. settled: columns that need not be asked for. again: shown ones come again, for
    nothing else is left."""

    intent: Intent
    constraints: Constraints
    ask: Ask | None
    about: tuple[str, ...]
    question: str | None
    heard: Heard
    state: State
    k: int
    left: int = 0
    asks: str = ""
    settled: tuple[str, ...] = ()
    again: bool = False


@dataclass(frozen=True)
class Reply:
    """text: what people read. items: those recommended, as it lists them. heard: what was heard, in words; where: the
    same as the engine's filter, None where there is none. reasons: by item id. asks: the column that the question at
    the end asks for, or the word whose sense it asks for; empty without one."""

    text: str
    items: tuple[Recommendation, ...]
    reasons: Mapping[str, Explanation]
    heard: tuple[str, ...]
    where: dict[str, Any] | None
    intent: Intent
    constraints: Constraints
    asks: str = ""


class Conversation:
    """Over one snapshot. former: of the snapshot before; what did not change is taken over, so that a live catalogue
    costs what its changes cost. understanding: another than the gazetteer's, see `ModelUnderstanding`."""

    def __init__(self, now: Snapshot, synonyms: Synonyms | None = None, *, former: Conversation | None = None) -> None:
        self.now = now
        available = None if bool(now.available.all()) else now.available
        self.shelves = Shelves(now.catalog, now.generator.index, available)
        known = None if former is None else former.vocabulary
        if former is not None:
            self.shelves.take(former.shelves)
        self.vocabulary: Vocabulary = Vocabulary.of(self.shelves, synonyms, known)
        self.titles: Titles = Titles(now.catalog, None if former is None else former.titles)
        self.gazetteer = GazetteerUnderstanding(self.shelves, self.vocabulary, self.titles)
        self._folded: OrderedDict[bytes, State] = OrderedDict()
        self._lock = threading.Lock()

    def hear(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        history: Sequence[str] = (),
        disliked: Sequence[str] = (),
        k: int = 5,
        where: Any = None,
        understanding: Understanding | None = None,
    ) -> Turn:
        """messages: role (user, assistant; others are passed over) and content, oldest first, the last one the user's.

        history, disliked: item ids that are known of the person. k: items to show, unless the message says how many.
        where: a filter that holds whatever is said. understanding: hears the last message in the gazetteer's place.
        """
        base = None if where is None else self.shelves.left(where)
        state = self.fold(messages, base=base, key=repr(where), understanding=understanding)
        return self._turn(state, history, disliked, k, where, base)

    # ------------------------------------------------------------------ the fold

    def fold(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        base: np.ndarray | None = None,
        key: str = "",
        understanding: Understanding | None = None,
    ) -> State:
        """The state after all messages. Beginnings that were folded lately are not folded again."""
        messages = [one for one in messages if one.get("role") in ("user", "assistant")][-MESSAGES:]
        # Who understands what was said before understood it then; where that is forgotten, the gazetteer reads it.
        who = "" if understanding is None else type(understanding).__name__
        digest = hashlib.blake2b(f"{who}\0{key}".encode(), digest_size=16).digest()
        digests = []
        for one in messages:
            said = f"{one.get('role')}\0{_content(one)}\0{_structured(one)}"
            digest = hashlib.blake2b(digest + said.encode("utf-8", "replace"), digest_size=16).digest()
            digests.append(digest)
        begin, state = 0, State()
        with self._lock:
            for place in range(len(digests) - 1, -1, -1):
                last = place == len(digests) - 1 and understanding is not None
                if not last and digests[place] in self._folded:
                    begin, state = place + 1, self._folded[digests[place]]
                    self._folded.move_to_end(digests[place])
                    break
        for place in range(begin, len(messages)):
            last = place == len(messages) - 1 and understanding is not None
            state = self._after(state, messages[place], base, understanding if last else None)
            with self._lock:
                self._folded[digests[place]] = state
                while len(self._folded) > REMEMBERED:
                    self._folded.popitem(last=False)
        return state

    def _after(
        self, state: State, message: Mapping[str, Any], base: np.ndarray | None, understanding: Understanding | None
    ) -> State:
        text = _content(message)
        if message.get("role") == "assistant":
            items = listed(text[:40_000], self.now.catalog.index) or _structured(message, self.now.catalog.index)
            return state.answered(items, asking.asked_for(text[-4_000:], self.shelves))
        heard = (understanding or self.gazetteer).hear(text, state)
        state = state.after(heard, self.shelves)
        if not state.order:
            return state
        return state.relaxed_by(lambda one: bool(mask_of(self.shelves, one, base).any()), self.shelves)

    # ------------------------------------------------------------------ one turn

    def _turn(
        self, state: State, history: Sequence[str], disliked: Sequence[str], k: int, where: Any, base: np.ndarray | None
    ) -> Turn:
        heard = state.heard or Heard(intent="smalltalk")
        constraints, k = state.constraints, min(state.count or k, POOL)
        settled = (*constraints.wanted, *state.loose, *state.asked)
        turn = Turn(heard.intent, constraints, None, heard.about, None, heard, state, k, settled=settled)
        if heard.intent in ("explain", "compare", "question", "smalltalk"):
            return turn
        if heard.intent == "clarify" and not heard.says and not heard.unclear:
            return turn
        if heard.intent == "clarify" and not heard.says:
            return replace(turn, question=heard.unclear[0], asks=asking.asked_for(heard.unclear[0], self.shelves))
        known = self.now.catalog.index
        gone = tuple(one for one in dict.fromkeys((*disliked, *constraints.disliked)) if one in known)
        mask = mask_of(self.shelves, constraints, base)
        mask[[known[one] for one in gone]] = False
        fresh = mask.copy()
        fresh[[known[one] for one in state.shown]] = False
        again = not fresh.any() and bool(mask.any())
        mask = mask if again else fresh
        past = [one for one in history if one in known]
        given = [*past, *(one for one in constraints.liked if one in known and one not in past)]
        down = tuple(one for one in constraints.disliked if one in known)
        filters = [one for one in (where, self.shelves.filter(constraints)) if one is not None]
        request = Request(
            given,
            None if not filters else filters[0] if len(filters) == 1 else {"all": filters},
            deny=sorted({*gone, *(() if again else state.shown)}) or None,
            boosts=taste.boosts(self.shelves, mask, constraints.liked, down, constraints.words),
        )
        pool = min(max(POOL, k), len(self.now.catalog))
        ask = Ask(request, pool, constraints.words or None)
        left = int(mask.sum())
        question, asks = (
            (heard.unclear[0], asking.asked_for(heard.unclear[0], self.shelves)) if heard.unclear else (None, "")
        )
        if question is None and left > ENOUGH * k and (found := asking.question(self.shelves, mask, settled)):
            asks, question = found
        return replace(turn, ask=ask, question=question, left=left, asks=asks, again=again)

    def pick(self, turn: Turn, found: Recommendations | None) -> Recommendations:
        """The answers that are shown, best first: good ones that differ where nothing was said."""
        known = Recommendations(one for one in found or () if one.item_id in self.now.catalog.index)
        columns = taste.open_columns(self.shelves, turn.settled)
        places = taste.pick(self.shelves, [one.item_id for one in known], [one.score for one in known], turn.k, columns)
        return Recommendations(known[place] for place in places)

    def reply(
        self, turn: Turn, shown: Recommendations | None, reasons: Mapping[str, Explanation], found: int | None = None
    ) -> Reply:
        """The answer. shown: what `pick` gave. reasons: explanations by item id, of `shown` and `turn.about`."""
        from genrec.chat.telling import Teller

        items = tuple(shown or ())
        text = Teller(self.shelves).tell(turn, items, reasons)
        constraints = turn.constraints
        own = {one.item_id for one in items} | set(turn.about)
        kept = {item_id: one for item_id, one in reasons.items() if item_id in own}
        return Reply(text, items, kept, constraints.said(), constraints.where(), turn.intent, constraints, turn.asks)

    def seen(self, found: Recommendations, change: str = "") -> Reply:
        """The answer to a picture. found: what looks like it, changed as `change` says. Later messages can point at
        what it lists."""
        from genrec.chat.telling import Teller

        text = Teller(self.shelves).seen(found, change)
        heard = (f"like your picture, but {change}" if change else "like your picture",)
        return Reply(text, tuple(found), {}, heard, None, "search", Constraints())


def _content(message: Mapping[str, Any]) -> str:
    """Of a message, also where it comes in parts."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence):
        parts = [one.get("text") for one in content if isinstance(one, Mapping)]
        return "\n".join(part for part in parts if isinstance(part, str))
    return ""


def _structured(message: Mapping[str, Any], index: Mapping[str, int] | None = None) -> tuple[str, ...]:
    """Item ids of the recommendations that a message carries beside its text, if it does."""
    rows = message.get("recommendations")
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        return ()
    ids = [one.get("item_id") for one in rows if isinstance(one, Mapping)]
    return tuple(dict.fromkeys(one for one in ids if isinstance(one, str) and (index is None or one in index)))
