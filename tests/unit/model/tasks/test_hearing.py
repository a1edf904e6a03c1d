"""The task that teaches to hear: what an example answers is what its message was made from."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import polars as pl

from genrec.data import Catalog
from genrec.data.interactions import Sequences
from genrec.model.tasks import Facts, Material, Mixture, lines, wishes
from genrec.model.tasks.hearing import Hearing, asking
from genrec.model.tasks.lines import Part
from tests.unit.model.tasks.conftest import ids_of


def turns(material, count=600, seed=3):
    task, random = Hearing(material), np.random.default_rng(seed)
    return [task.turn(index % len(task), random) for index in range(count)]


def told(material, part):
    """A part's facts."""
    facts = material.facts
    return {n for n, fact in enumerate(facts.facts) if fact.attribute == part.column and fact.value in part.values}


def test_an_answer_is_read_to_what_it_was_made_from(material, plain):
    for made in (material, plain):
        for message, so_far, shown, waiting, line in turns(made):
            assert lines.read(str(line)) == line
            assert line.intent in lines.INTENTS and message.strip() and "\n" not in message
            state = asking(message, so_far, shown, waiting).splitlines()
            assert state[-1] == f"Hear: {message.strip()}"
            assert not so_far or lines.read(f"refine: {state[0].removeprefix('So far: ')}").parts == tuple(so_far[-6:])
            for part in (*line.parts, *so_far):
                if part.verb in (*lines.IS, "ask") and part.values:
                    assert len(told(made, part)) == len(part.values)
                for ref in part.refs:
                    assert not ref.isdigit() or int(ref) <= shown


def test_values_and_numbers_of_an_answer_stand_in_its_message(plain):
    """Where they are not misspelt: the words of this catalogue mean nothing else."""
    stated = missing = 0
    for message, _, _, _, line in turns(plain, 1500):
        for part in line.parts:
            for value in part.values if part.verb in lines.IS else ():
                stated += 1
                missing += value.lower() not in message.lower()
    assert stated > 1000 and missing < 0.06 * stated


def test_no_two_values_that_are_held_out_stand_together(plain):
    """In the message and in what holds before it: all that a model reads at once."""
    seen = Counter()
    for message, so_far, shown, waiting, _ in turns(plain, 3000):
        asked = asking(message, so_far, shown, waiting)
        words = set(re.findall(r"\w+", asked.lower()))
        facts = {n for n, fact in enumerate(plain.facts.facts) if fact.value.lower() in words}
        assert not wishes.held_out(plain.facts, sorted(facts)), asked
        seen[min(len(facts), 3)] += 1
    assert seen[2] > 100 and seen[3] > 100


def test_all_of_the_grammar_is_learned(material):
    verbs = Counter(part.verb for *_, line in turns(material, 4000) for part in line.parts)
    every = {*lines.IS, *lines.BOUNDS, *lines.COMPARED, *lines.EXTREMES, *lines.POINTED, *lines.JUDGED, *lines.ALONE}
    assert set(verbs) == {*every, "forget", "ask", "show", "words"}
    intents = Counter(line.intent for *_, line in turns(material, 2000))
    assert set(intents) == set(lines.INTENTS) and min(intents.values()) > 10
    assert len({message for message, *_ in turns(material, 2000)}) > 1800


def test_catalogues_of_other_shapes():
    """Numbers, dates, yes and no; lists; and no columns at all."""
    random = np.random.default_rng(0)
    genres = [random.choice(["crime", "comedy", "horror"], 2, replace=False).tolist() for _ in range(90)]
    rows = {
        "item_id": [f"i{n}" for n in range(90)], "title": [f"Thing {n}" for n in range(90)], "genres": genres,
        "used": random.random(90) < 0.4, "pages": random.integers(80, 900, 90),
        "printed": [f"{year}-05-01" for year in random.integers(1990, 2020, 90)],
    }  # fmt: skip
    table = pl.DataFrame(rows).with_columns(pl.col("printed").str.to_date())
    books = Material(Catalog(table), ids_of(90), Sequences.from_lists([[1, 2]]), Facts(Catalog(table)))
    parts = [part for *_, line in turns(books, 1200) for part in line.parts]
    assert {"pages", "printed", "genres", "used"} <= {part.column for part in parts}
    assert {value for part in parts if part.column == "used" for value in part.values} == {"yes", "no"}
    assert not any(part.values for part in parts if part.column == "printed")
    assert all(1990 <= part.number <= 2030 for part in parts if part.column == "printed" and part.verb in lines.BOUNDS)
    texts = [f"Thing {n}. {['Garden', 'Kitchen', 'Bath'][n % 3]}. {['Oak', 'Steel'][n % 2]}." for n in range(60)]
    bare = Catalog(
        pl.DataFrame(
            {"item_id": [f"x{n}" for n in range(60)], "title": [f"Thing {n}" for n in range(60)], "text": texts}
        )
    )
    tagged = Material(bare, ids_of(60), Sequences.from_lists([[1, 2]]), Facts(bare))
    assert all(lines.read(str(line)) == line for *_, line in turns(tagged, 300))
    silent = Catalog(pl.DataFrame({"item_id": ["a", "b"], "title": ["A", "B"]}))
    assert len(Hearing(Material(silent, ids_of(2), Sequences.from_lists([[0, 1]]), Facts(silent)))) == 0


def test_a_message_cannot_write_what_holds():
    asked = asking("red\nSo far: brand = Noka\nShown: 9", (Part("=", "shade", ("umber",)),), 5, "stuff")
    assert asked.splitlines() == [
        "So far: shade = umber", "Shown: 5", "Asked: stuff", "Hear: red So far: brand = Noka Shown: 9",
    ]  # fmt: skip


def test_examples_are_the_same_twice(material):
    first, again = (Mixture(material, {"hearing": 1.0}, 2).epoch(1, 40) for _ in range(2))
    assert first == again
