"""Every task: what it says is true, and nothing of it comes from what is held out."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from itertools import combinations, pairwise, product

import numpy as np
import polars as pl
import pytest

from genrec.data.catalog import Catalog
from genrec.data.interactions import Sequences
from genrec.data.splits import leave_one_out
from genrec.model import prompts
from genrec.model.tasks import TASKS, Facts, Material, Mixture, wishes
from genrec.model.tasks.facts import Fact
from genrec.model.tasks.search import Titles
from genrec.model.tasks.wording import CHANGES_HELD_OUT, SEARCHES_HELD_OUT
from genrec.model.vocabulary import words
from tests.unit.model import bases
from tests.unit.model.tasks.conftest import SIZES, ids_of

ITEM = re.compile(r"<\|sid_begin\|>.*?<\|sid_end\|>")
CLAIM = re.compile(r"(.+?) (?:has|share) (\S+) (.+?)\.(?: |$)")


def examples(material, task, count=300, epoch=0):
    return Mixture(material, {task: 1.0}, seed=4).epoch(epoch, count)


def items(material, text):
    """The items that stand in a text, in order."""
    codes = [re.findall(r"<\|sid_\d_(\d+)\|>", said) for said in ITEM.findall(text)]
    return material.ids.lookup(np.array(codes, np.int64).reshape(-1, 4)).tolist()


def parts(example):
    question, answer = (message["content"] for message in example.messages)
    return question, answer


# ---------------------------------------------------------------- what is held out


@pytest.mark.parametrize("task", TASKS)
def test_held_out_events_change_nothing(world, task):
    """Other last events, the same examples to the last token; other training events, other examples."""
    catalog, sequences = world
    tokenizer = bases.byte_level(bases.TEMPLATES["chatml"])
    tokenizer.add_tokens(words(SIZES))
    random = np.random.default_rng(8)
    ends = np.repeat(sequences.offsets[1:], sequences.lengths)
    from_end = ends - np.arange(len(sequences.items))
    long = np.repeat(sequences.lengths >= 3, sequences.lengths)

    def rendered(places):
        items_ = sequences.items.copy()
        items_[places] = random.integers(0, len(catalog), places.sum())
        other = Sequences(sequences.users, sequences.offsets, items_, sequences.times)
        train = leave_one_out(other, len(catalog)).train
        material = Material(catalog, ids_of(len(catalog)), train, facts, max_items=12)
        return [prompts.render(tokenizer, example.messages).tokens for example in examples(material, task, 60)]

    facts = Facts(catalog)
    as_it_was = rendered(np.zeros(len(sequences.items), bool))
    assert rendered((from_end <= 2) & long) == as_it_was
    if task in ("next_item", "next_item_titles", "taste", "explanation"):
        assert rendered((from_end > 2) & long) != as_it_was


def test_a_wish_is_held_out_by_any_two_of_its_values(plain):
    facts = plain.facts

    def apart(one, other):
        names = sorted(f"{facts.facts[n].attribute}={facts.facts[n].value}" for n in (one, other))
        a, b = (set(facts.items([n]).tolist()) for n in (one, other))
        return zlib.crc32("|".join(names).encode()) % 10 == 0 and not (a <= b or b <= a)

    pairs = list(combinations(range(len(facts)), 2))
    held_out = {pair for pair in pairs if wishes.held_out(facts, pair)}
    assert held_out == {pair for pair in pairs if apart(*pair)} and 0 < len(held_out) < len(pairs) / 4
    for wish in combinations(range(len(facts)), 3):
        assert wishes.held_out(facts, wish[::-1]) == any(pair in held_out for pair in combinations(wish, 2))
        assert not wishes.held_out(facts, wish[:1])


def test_a_change_where_there_is_nothing_else_to_keep():
    rows = [(("dress", "shirt", "hat")[n % 3], ("red", "blue", "green", "rust")[n % 4]) for n in range(60)]
    table = {name: [f"{n}" for n in range(len(rows))] for name in ("item_id", "title", "text", "image")}
    catalog = Catalog(pl.DataFrame(table | {"category": [row[0] for row in rows], "colour": [row[1] for row in rows]}))
    material = Material(catalog, ids_of(60), Sequences.from_lists([[1, 2]]), Facts(catalog))
    for example in examples(material, "change", 100):
        question, answer = parts(example)
        (item,) = items(material, question)
        found = items(material, answer)
        assert item not in found and len({rows[one] for one in found}) <= 4 and found
        assert all(sum(map(str.__eq__, rows[one], rows[item])) <= 1 for one in found)


def test_a_value_that_implies_another_is_never_held_out_beside_it():
    """Every wrap is a dress: whoever asks for a wrap dress asks for a wrap."""
    shapes = [f"shape {n}" for n in range(40)]
    rows = [(shape, ("dress", "shirt")[n % 2], ("red", "blue", "green")[n % 3]) for n, shape in enumerate(shapes * 3)]
    columns = {name: [row[at] for row in rows] for at, name in enumerate(("shape", "category", "colour"))}
    plain = {name: [f"{n}" for n in range(len(rows))] for name in ("item_id", "title", "text", "image")}
    facts = Facts(Catalog(pl.DataFrame(plain | columns)))
    for one, other in combinations(range(len(facts)), 2):
        names = {facts.facts[one].attribute, facts.facts[other].attribute}
        if names == {"shape", "category"} and len(facts.items((one, other))):
            assert facts.implied(one, other) and not wishes.held_out(facts, (one, other))
    assert any(wishes.held_out(facts, pair) for pair in combinations(range(len(facts)), 2))


@pytest.mark.parametrize("task", ["search", "change", "chat", "title_search", "find"])
def test_no_held_out_values_and_no_held_out_sentence_are_in_training(plain, material, task):
    """All that a request states together: values in words, and of an item that is to be changed those that stay."""
    made = material if task == "title_search" else plain  # titles of several words; values of one word
    facts = made.facts
    for epoch in range(4):
        for example in examples(made, task, 400, epoch):
            asked = " ".join(m["content"] for m in example.messages if m["role"] == "user")
            if task == "find" and any(title in asked for title in plain.titles):
                continue  # what an item is called must be known
            stated = said_facts(facts, asked) if made is plain else set(facts.stated(re.findall(r"[\w'-]+", asked)))
            if task == "change":
                (item,) = items(plain, asked)
                (new,), changed = stated, {facts.facts[n].attribute for n in stated}
                others = [n for n in facts.of(item) if facts.facts[n].attribute not in changed]
                assert not any(wishes.held_out(facts, (new, n)) for n in others)
                stated |= {n for n in others if facts.facts[n].attribute in named(asked)}
            assert not wishes.held_out(facts, sorted(stated))
            for pattern in (*SEARCHES_HELD_OUT, *CHANGES_HELD_OUT):
                around = [re.escape(part) for part in re.split(r"\{\w+\}", pattern)]
                assert not re.fullmatch(".+".join(around), asked)


def test_no_held_out_words_of_a_title_are_in_training():
    titles = Titles(["Red Hat", "Old Red Hat of Wool", "Hat", None, "Blue Hat", "Green Hat", "Big Lamp, red"])
    random = np.random.default_rng(0)
    drawn = {True: set(), False: set()}
    for _ in range(300):
        for item, held_out in product(titles.long_enough.tolist(), drawn):
            words = titles.draw(item, random, held_out=held_out)
            assert item in titles.having(words) if words else held_out
            if len(words) > 1:
                drawn[held_out].add(" ".join(sorted(word.lower() for word in words)))
    assert len(drawn[True]) > 1 and len(drawn[False]) > 10
    for held_out, sets in drawn.items():
        assert all((zlib.crc32(words.encode()) % 10 == 0) == held_out for words in sets)


def said_facts(facts, text):
    found = re.findall(r"\w+", text)
    return {n for n, fact in enumerate(facts.facts) if fact.value in found}


def named(change):
    """The columns that a change says shall stay."""
    stays = re.search(r"(?:Keep the ([\w ]+)|The ([\w ]+) should stay|Same ([\w ]+))\.$", change)
    return set() if stays is None else set(re.findall(r"\w+", next(filter(None, stays.groups())))) - {"and"}


# ---------------------------------------------------------------- what is true


def test_the_next_items_are_how_a_history_went_on(material):
    runs = {tuple(history.tolist()) for history in material.train}
    seen = Counter()
    for example in examples(material, "next_item"):
        before, after = (items(material, text) for text in parts(example))
        together = tuple(before + after)
        assert before and after and len(together) <= material.max_items
        (whole,) = [run for run in runs if any(run[at : at + len(together)] == together for at in range(len(run)))]
        ends = whole[-len(after) :] == tuple(after)
        assert ends or len(together) == material.max_items
        seen[len(before) > 1, len(after) > 1] += 1
    assert len(seen) >= 3


def test_titles_ask_for_the_same(material):
    following = {(int(a), int(b)) for run in material.train for a, b in pairwise(run)}
    for example in examples(material, "next_item_titles"):
        question, answer = parts(example)
        (target,) = items(material, answer)
        last = question.splitlines()[-1].removeprefix("- ")
        assert any(material.titles[a] == last for a, b in following if b == target)


def test_descriptions_are_the_items_own(material):
    facts = material.facts
    seen = Counter()
    for example in examples(material, "describe"):
        question, answer = parts(example)
        (item,) = items(material, question)
        said = [facts.facts[n] for n in facts.of(item)]
        column = re.search(rf"\b({'|'.join(facts.attributes)})\b", question)
        if "attributes?" in question:
            assert answer == ", ".join(f"{fact.attribute} {fact.value}" for fact in said)
        elif column:
            assert Fact(column[1], answer) in said
        else:
            assert answer == material.titles[item]
        seen[bool(column), "attributes?" in question] += 1
    assert len(seen) == 3


def test_what_is_described_is_found(material):
    for example in examples(material, "find"):
        question, answer = parts(example)
        (item,) = items(material, answer)
        facts = [material.facts.facts[n] for n in material.facts.of(item)]
        said = [fact for fact in facts if f"{fact.attribute} {fact.value}" in question]
        assert material.titles[item] in question or len(said) > 2


def test_a_search_is_answered_by_items_that_meet_all_of_it(plain):
    sizes = Counter()
    for example in examples(plain, "search", 800):
        question, answer = parts(example)
        wish = said_facts(plain.facts, question)
        meets, found = set(plain.facts.items(wish).tolist()), items(plain, answer)
        assert wish and set(found) <= meets and len(found) == len(set(found)) == min(len(meets), 10)
        sizes[len(wish)] += 1
    assert set(sizes) == {1, 2, 3}


def test_every_relevant_item_comes_first_sometimes(plain):
    """Over the epochs the answers are any of the items that meet a wish, as often one as another."""
    first: dict[frozenset[int], Counter[int]] = {}
    for epoch in range(60):
        for example in examples(plain, "search", 200, epoch):
            question, answer = parts(example)
            wish = frozenset(said_facts(plain.facts, question))
            first.setdefault(wish, Counter())[items(plain, answer)[0]] += 1
    often = [(wish, counts) for wish, counts in first.items() if counts.total() > 100]
    assert len(often) > 10
    for wish, counts in often:
        relevant = len(plain.facts.items(wish))
        expected = counts.total() / relevant
        chi = sum((counts[item] - expected) ** 2 / expected for item in plain.facts.items(wish).tolist())
        # Six standard deviations of a chi-square with that many degrees of freedom.
        assert chi < relevant + 6 * np.sqrt(2 * relevant)


def test_words_of_a_title_find_every_title_that_has_them(material):
    own = [set(re.findall(r"[\w/.'-]*\w", title.lower())) for title in material.titles]
    for example in examples(material, "title_search"):
        question, answer = parts(example)
        found = items(material, answer)
        shared = set.intersection(*(own[item] for item in found))
        stated = shared & set(re.findall(r"[\w/.'-]*\w", question.lower()))
        having = {item for item in range(len(own)) if stated <= own[item]}
        assert len(stated) >= 2 and set(found) <= having and len(found) == min(len(having), 10)


def test_a_change_keeps_what_is_named_or_most_of_the_rest(plain):
    facts = plain.facts
    seen = Counter()
    for example in examples(plain, "change", 600):
        question, answer = parts(example)
        (item,) = items(plain, question)
        (new,) = said_facts(facts, question)
        own = {facts.facts[n].attribute: n for n in facts.of(item)}
        changed = facts.facts[new].attribute
        assert own[changed] != new
        if stays := named(question):
            assert changed not in stays
            meets = {n for n in range(200) if {new, *(own[name] for name in stays)} <= set(facts.of(n))}
            meets = {n for n in meets - {item} if changed == "category" or own["category"] in facts.of(n)}
        else:
            # Of that kind, the ten that keep most of the rest, and those that keep as much.
            meets = set(facts.items([new]).tolist()) - {item}
            meets &= {n for n in meets if changed == "category" or own["category"] in facts.of(n)}
            rest = {fact for name, fact in own.items() if name not in (changed, "category")}
            kept = {n: len(rest & set(facts.of(n))) for n in meets}
            tenth = sorted(kept.values(), reverse=True)[:10][-1]
            meets = {n for n in meets if kept[n] >= tenth}
        found = items(plain, answer)
        assert set(found) <= meets and len(found) == min(10, len(meets))
        seen[bool(stays), changed == "category"] += 1
    assert len(seen) == 4


@pytest.mark.parametrize("task", ["taste", "explanation"])
def test_claims_are_true_and_cite_what_was_shown(material, task):
    facts = material.facts
    for example in examples(material, task):
        question, answer = parts(example)
        shown = items(material, question)
        claims = CLAIM.findall(answer)
        assert claims and "".join(f"{a} share {b} {c}. " for a, b, c in claims).strip() == answer
        for who, attribute, value in claims:
            cited = items(material, who)
            assert len(cited) > 1 and set(cited) <= set(shown)
            assert all(facts.number[Fact(attribute, value)] in facts.of(item) for item in cited)
            if task == "explanation":
                target = shown[0] if question.startswith("Why") else shown[-1]
                assert target == cited[-1] and target not in cited[:-1]


def test_an_explained_item_is_one_that_was_taken_next(material):
    following = {(int(a), int(b)) for run in material.train for a, b in pairwise(run)}
    for example in examples(material, "explanation"):
        shown = items(material, parts(example)[0])
        history, target = (shown[1:], shown[0]) if parts(example)[0].startswith("Why") else (shown[:-1], shown[-1])
        assert (history[-1], target) in following


def test_a_talk_narrows_the_wish_and_every_suggestion_meets_it(plain):
    facts = plain.facts
    lengths = Counter()
    for example in examples(plain, "chat", 400):
        assert [message["role"] for message in example.messages] == ["user", "assistant"] * (len(example.messages) // 2)
        lengths[len(example.messages)] += 1
        wish: set[int] = set()
        for place, message in enumerate(example.messages):
            text = message["content"]
            if message["role"] == "user":
                assert len(said_facts(facts, text)) == 1
                wish |= said_facts(facts, text)
            elif place == 1:
                (column,) = {facts.facts[n].attribute for n in said_facts(facts, text)}
                assert column in text and not items(plain, text)
                assert column not in {facts.facts[n].attribute for n in wish}
                # What it names is there to be had.
                assert all(len(facts.items([*wish, n])) for n in said_facts(facts, text))
            else:
                (item,) = items(plain, text)
                assert wish <= set(facts.of(item))
    assert set(lengths) == {2, 4, 6}


def test_a_catalogue_with_one_attribute_has_no_changes_to_offer():
    import polars as pl

    from genrec.data import Catalog

    catalog = Catalog(
        pl.DataFrame({"item_id": list("abcdef"), "title": list("abcdef"), "shade": ["umber", "ecru"] * 3})
    )
    one = Material(catalog, ids_of(6), Sequences.from_lists([[0, 1, 2]]), Facts(catalog))
    mixture = Mixture(one, {"change": 1, "chat": 1, "search": 1}, seed=0)
    assert mixture.without == ("change", "chat") and mixture.shares == {"search": 1.0}
