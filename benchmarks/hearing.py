"""How well messages are understood: the gazetteer beside the run's language model, on the same messages.

    python benchmarks/hearing.py RUN --lm lm-hearing

The messages are those of `hearing_phrasings.py`, filled with values of the catalogue; no understanding was written or
trained with their phrases. Each says what it means, slot by slot. A slot is right if its column and its value are; of
bounds, the end and the number. The language model is also asked without the check that a message supports what it says.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hearing_phrasings import ASKED, FIRST, LATER
from machine import line, machine

from genrec import Recommender
from genrec.chat.conversation import Conversation
from genrec.chat.state import Heard, State, Understanding
from genrec.chat.support import Support
from genrec.chat.tuned import TunedUnderstanding
from genrec.chat.vocabulary import QUIET, stems
from genrec.model.tasks import lines
from genrec.model.tasks.messages import ORDINALS
from genrec.model.tasks.spoken import misspelt

SHOWN = 5
WISH = ("recommend", "refine", "search", "feedback")
"""Intents that differ by what came before, or by slots that are counted by themselves."""
KINDS = (
    "intent",
    "wanted",
    "unwanted",
    "bounds",
    "compared",
    "forgotten",
    "judged",
    "spoken of",
    "asked",
    "words",
    "act",
)


@dataclass(frozen=True)
class Said:
    """One message: what was said before, what it says, and what it means."""

    message: str
    so_far: State
    meant: Heard
    compares: bool


class Unchecked(TunedUnderstanding):
    """Believes all that the catalogue has."""

    def support(self, message: str) -> Support:
        found = super().support(message)
        found.value = found.column = found.amount = found.place = found.words = lambda *_: True  # type: ignore[assignment,method-assign]
        return found


def said(talk: Conversation, times: int, seed: int) -> Iterator[Said]:
    """Every phrase, `times` times with other values."""
    random = np.random.default_rng(seed)
    for group, frames in (("first", FIRST), ("later", LATER), ("asked", ASKED)):
        for frame, meaning in frames:
            for _ in range(times):
                yield _one(talk, group, frame, meaning, random)


def _one(talk: Conversation, group: str, frame: str, meaning: str, random: np.random.Generator) -> Said:
    shelves = talk.shelves
    item = int(random.integers(len(shelves.catalog)))
    so_far, last = State(), tuple(shelves.catalog.ids[int(n)] for n in random.permutation(len(shelves.catalog))[:SHOWN])
    words, values = _filled(talk, item, frame, random)
    if group != "first":
        held = {column: (str(shelves.table[column][item]),) for column in ("category", "season")}
        begun = Heard(intent="recommend", wanted=held, bounds={"price": {"max": 120.0}})
        so_far = so_far.after(begun, shelves).answered(last, "style" if group == "asked" else "")
    read = lines.read(_fill(meaning, values))
    assert read is not None, meaning
    # Read with everything believed: what it means in this catalogue and after this list.
    meant = Unchecked(talk.gazetteer, lambda _: "").heard(read, "", so_far)
    assert meant is not None, meaning
    compares = any(part.verb in (*lines.COMPARED, *lines.EXTREMES) for part in read.parts)
    return Said(_fill(frame, words), so_far, meant, compares)


def _filled(
    talk: Conversation, item: int, frame: str, random: np.random.Generator
) -> tuple[dict[str, str], dict[str, str]]:
    """By slot: what the message says, and what it means."""
    facts, shelves = talk.shelves.facts, talk.shelves
    said_so = Counter(way.lower() for ways in facts.words for way in ways)
    several = {way for way, times in said_so.items() if times > 1}  # every cap is a hat, but «cap» says the cap
    first, other = random.permutation(SHOWN)[:2].tolist()
    low = int(random.integers(3, 9)) * 10
    amount = str(int(random.integers(4, 30)) * 5)
    words = {"first": ORDINALS[first], "other": ORDINALS[other], "place": str(first + 1), "low": str(low)}
    values = {"first": str(first + 1), "other": str(other + 1), "place": str(first + 1), "low": str(low)}
    high = str(low + int(random.integers(1, 9)) * 5)
    units = ("{}", "{}", "{} euros", "€{}")
    words |= {"high": high, "n": str(random.choice(units)).format(amount)}
    values |= {"high": high, "n": amount}
    known = talk.vocabulary.ways
    rare = sorted(
        word
        for word in talk.vocabulary.written
        if len(word) > 4 and word not in QUIET and stems(word) == (word,) and (word,) not in known
    )
    words["word"] = values["word"] = str(random.choice(rare))
    for slot in dict.fromkeys(re.findall(r"\{([a-z]+\d?)~?\}", frame)):
        if slot in words:
            continue
        column = slot.rstrip("2")
        taken = values.get(column)
        own = [n for n, fact in enumerate(facts.facts) if fact.attribute == column and fact.value != taken]
        mine = [n for n in facts.of(item) if n in own]
        fact = mine[0] if mine else int(random.choice(own))
        values[slot] = facts.facts[fact].value
        ways = [facts.words[fact][0], *(way for way in facts.words[fact][1:] if way not in several)]
        words[slot] = ways[0] if len(ways) == 1 or random.random() < 0.5 else str(random.choice(ways[1:]))
        words[f"{slot}~"] = misspelt(words[slot], random)
    assert shelves.price == "price"
    return words, values


def _fill(frame: str, slots: dict[str, str]) -> str:
    return re.sub(r"\{([a-z]+\d?~?)\}", lambda found: slots[found[1]], frame)


# ---------------------------------------------------------------- what is right


def slots(heard: Heard, one: Said) -> set[tuple[str, ...]]:
    """What was heard in a message, one slot each; the first says of which kind."""
    kind = "wish" if heard.intent in WISH else heard.intent
    found = {("intent", kind)}
    found |= {("wanted", column, str(one)) for column, values in heard.wanted.items() for one in values}
    found |= {("unwanted", column, str(one)) for column, values in heard.unwanted.items() for one in values}
    for column, bounds in heard.bounds.items():
        ends = {"low": bounds.low, "high": bounds.high}
        name = "compared" if one.compares else "bounds"
        found |= {(name, column, end, f"{float(value):.2f}") for end, value in ends.items() if value is not None}
    found |= {("forgotten", column) for column in heard.loose}
    found |= {("judged", "like", one) for one in heard.liked} | {("judged", "dislike", one) for one in heard.disliked}
    if kind in ("explain", "compare", "question"):
        found |= {("spoken of", one) for one in heard.about}
        found |= {("asked", column, str(one)) for column, values in heard.asked.items() for one in values}
        if heard.aspect and not heard.asked:
            found.add(("asked", heard.aspect))
    found |= {("words", word) for word in heard.words.split()}
    also = heard.also and bool(heard.wanted) and bool(one.so_far.constraints.wanted)  # beside nothing it says nothing
    flags = {"reset": heard.reset, "more": heard.more, "again": heard.again, "also": also}
    found |= {("act", name) for name, there in flags.items() if there}
    return found | ({("act", "count", str(heard.count))} if heard.count else set())


def measured(understanding: Understanding, messages: list[Said], misses: int) -> dict[str, Any]:
    """Precision and recall by kind of slot, messages that are right in all, seconds a message."""
    right, heard_, meant_ = Counter[str](), Counter[str](), Counter[str]()
    exact, filters, begun = 0, 0, time.perf_counter()
    missed: list[str] = []
    for one in messages:
        heard, meant = slots(understanding.hear(one.message, one.so_far), one), slots(one.meant, one)
        exact += heard == meant
        filters += {slot for slot in heard ^ meant if slot[0] != "words"} == set()
        if heard != meant and len(missed) < misses:
            missed.append(f"{one.message}\n    missed {sorted(meant - heard)}, invented {sorted(heard - meant)}")
        for kind in KINDS:
            ours, theirs = ({slot for slot in one_ if slot[0] == kind} for one_ in (heard, meant))
            right[kind] += len(ours & theirs)
            heard_[kind] += len(ours)
            meant_[kind] += len(theirs)
    seconds = (time.perf_counter() - begun) / len(messages)
    figures: dict[str, Any] = {
        "exact": exact / len(messages),
        "exact but for words": filters / len(messages),
        "seconds": seconds,
        "missed": missed,
    }
    for kind in (*KINDS, "all"):
        counts = [sum(one.values()) if kind == "all" else one[kind] for one in (right, heard_, meant_)]
        figures[kind] = {"precision": counts[0] / max(counts[1], 1), "recall": counts[0] / max(counts[2], 1),
                         "slots": counts[2], "heard": counts[1]}  # fmt: skip
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--lm", default="lm", help="the stage that holds the language model")
    parser.add_argument("--times", type=int, default=5, help="messages of each phrase")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--misses", type=int, default=0, help="messages to print that were not understood, of each")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()

    from genrec.explain.speech import Speech

    recommender = Recommender.from_pretrained(given.run)
    talk = recommender.conversation()
    write = Speech.read(given.run, recommender.snapshot.ids, given.lm)
    messages = list(said(talk, given.times, given.seed))
    kept: dict[str, str] = {}

    def remembered(asked: list[dict[str, str]]) -> str:
        """So that what is checked and what is not are the same answers."""
        content = asked[-1]["content"]
        if content not in kept:
            kept[content] = write(asked)
        return kept[content]

    understandings: dict[str, Understanding] = {
        "gazetteer": talk.gazetteer,
        "language model": TunedUnderstanding(talk.gazetteer, remembered),
        "… unchecked": Unchecked(talk.gazetteer, remembered),
    }
    found = {name: measured(one, messages, given.misses) for name, one in understandings.items()}
    print(f"{len(messages)} messages of {len(FIRST) + len(LATER) + len(ASKED)} phrases. Precision / recall by slot.\n")
    print(f"| | slots | {' | '.join(found)} |\n|---|---|{'---|' * len(found)}")
    for kind in (*KINDS, "all"):
        cells = (f"{one[kind]['precision']:.3f} / {one[kind]['recall']:.3f}" for one in found.values())
        print(f"| {kind} | {next(iter(found.values()))[kind]['slots']} | {' | '.join(cells)} |")
    for name, key in (("all slots of a message right", "exact"), ("… but for words", "exact but for words")):
        print(f"| {name} | | {' | '.join(format(one[key], '.3f') for one in found.values())} |")
    print(f"\n{line(machine())}")
    for name, one in found.items():
        for missed in one["missed"]:
            print(f"[{name}] {missed}")
    if given.json:
        given.json.write_text(json.dumps({"machine": machine(), "figures": found}, indent=1))


if __name__ == "__main__":
    main()
