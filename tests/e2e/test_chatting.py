"""Conversations with a trained run: reasons that hold, a catalogue that changes, shoppers with a wish."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from genrec import Recommender
from genrec.errors import UserError
from genrec.explain.checker import Checker
from genrec.model.tasks.facts import Facts

HISTORY = ["F00003", "F00017", "F00200"]


@pytest.fixture(scope="module")
def recommender(fashion: Path) -> Recommender:
    return Recommender.from_pretrained(fashion, beam=20)


def talk(recommender: Recommender, *said: str, history: Any = HISTORY, **options: Any) -> list[Any]:
    messages: list[dict[str, str]] = []
    replies = []
    for one in said:
        messages.append({"role": "user", "content": one})
        replies.append(recommender.chat(messages, history, **options))
        messages.append({"role": "assistant", "content": replies[-1].text})
    return replies


def test_a_conversation_from_history_to_reasons(recommender: Recommender) -> None:
    first, second, why = talk(recommender, "shoes or a bag, not black", "cheaper", "why the first one?")
    table, index = recommender.catalog.table, recommender.catalog.index
    for reply in (first, second):
        rows = [table.row(index[one.item_id], named=True) for one in reply.items]
        assert rows and all(row["category"] in ("shoes", "bag") and row["colour"] != "black" for row in rows)
        assert set(reply.reasons) == {one.item_id for one in reply.items}
    assert not {one.item_id for one in first.items} & {one.item_id for one in second.items}
    bound = second.constraints.bounds["price"].below
    assert all(table["price"][index[one.item_id]] < bound for one in second.items)
    assert why.reasons[second.items[0].item_id].text in why.text


def test_the_checker_holds_what_reasons_say(recommender: Recommender) -> None:
    catalog, now = recommender.catalog, recommender.snapshot
    checker = Checker(catalog, Facts(catalog), now.ids)
    history = [catalog.index[one] for one in HISTORY]
    checked = 0
    for said in ("something red", "jackets", "a hat for summer", "anything under 60", "more like F00005"):
        [reply] = talk(recommender, said)
        for item_id, reason in reply.reasons.items():
            read = checker.check(reason.text, history, catalog.index[item_id])
            assert read and all(one.kept for one in read), reason.text
            line = next(line for line in reply.text.splitlines() if f"({item_id})" in line)
            read = checker.check(line.rpartition(" – ")[2], history, catalog.index[item_id])
            assert all(one.kept for one in read), line
            checked += 1
    assert checked > 15


def test_without_a_history_and_without_reasons(recommender: Recommender) -> None:
    [cold] = talk(recommender, "a jacket", history=[])
    assert cold.items and not cold.reasons and "you bought" not in cold.text
    [quick] = talk(recommender, "a jacket", explain=False)
    assert quick.items and not quick.reasons
    with pytest.raises(UserError, match="no item 'nothing'"):
        recommender.explain(["nothing"], "F00001")
    assert talk(recommender, "a jacket", history=["nothing", "F00003"])[
        0
    ].items  # what is gone from the shop is passed over


def test_a_model_may_hear_and_write(recommender: Recommender) -> None:
    answers = ['{"intent": "recommend", "wanted": {"category": ["hat"]}}']
    [reply] = talk(recommender, "etwas für den Kopf", write=lambda messages: answers[0], explain=False)
    table, index = recommender.catalog.table, recommender.catalog.index
    assert {table["category"][index[one.item_id]] for one in reply.items} == {"hat"}
    [reply] = talk(recommender, "jackets", write=lambda messages: "You bought a titanium spoon.")
    assert {table["category"][index[one.item_id]] for one in reply.items} == {"jacket"}
    assert "titanium" not in reply.text


def test_the_catalogue_changes_under_a_conversation(copy: Callable[..., Path]) -> None:
    recommender = Recommender.from_pretrained(copy(), beam=20)
    row = recommender.catalog.table.row(0, named=True)
    [before] = talk(recommender, "a velvet cloak")
    recommender.add_items([{**row, "item_id": "new", "title": "Moonbeam Cloak", "text": "Moonbeam Cloak.",
                            "category": "cloak", "material": "velvet"}])  # fmt: skip
    [found] = talk(recommender, "a velvet cloak")
    assert found.constraints.wanted == {"category": ("cloak",), "material": ("velvet",)} != before.constraints.wanted
    assert [one.item_id for one in found.items] == ["new"]
    shown = [one.item_id for one in talk(recommender, "jackets")[0].items]
    recommender.withdraw(["new", *shown])
    assert not {one.item_id for one in talk(recommender, "jackets")[0].items} & {*shown, "new"}
    assert not talk(recommender, "a velvet cloak", where={"category": "cloak"})[0].items
    recommender.rollback(0)
    assert "new" not in {one.item_id for one in talk(recommender, "a velvet cloak")[0].items}


COLUMNS = ("category", "colour", "season", "style", "material", "pattern")
PLACES = ("first", "second", "third", "fourth", "fifth")


class Shopper:
    """Wants one item; says what of it a turn, answers some questions, and judges what it is shown."""

    def __init__(self, recommender: Recommender, target: dict[str, Any], seed: int) -> None:
        self.table, self.index = recommender.catalog.table, recommender.catalog.index
        self.target, self.chance = target, random.Random(seed)

    def begins(self) -> str:
        column = self.chance.choice(COLUMNS[:4])
        return f"I would like something {'for ' if column == 'season' else ''}{self.target[column]}"

    def goes_on(self, reply: Any) -> str:
        if reply.asks in self.target and self.chance.random() < 0.6:
            return self.chance.choice(["{}", "{} please", "{} I think"]).format(self.target[reply.asks])
        if not reply.items:
            return "show me more"
        rows = [self.table.row(self.index[one.item_id], named=True) for one in reply.items]
        alike = [sum(row[column] == self.target[column] for column in COLUMNS) for row in rows]
        best = max(range(len(rows)), key=lambda place: alike[place])
        wrong = [column for column in COLUMNS[1:] if rows[0][column] != self.target[column]]
        said = [f"more like the {PLACES[best]} one", f"more like the {PLACES[best]} but in {self.target['colour']}"]
        said += [f"not that {column}" for column in wrong]
        if all(row["price"] > self.target["price"] for row in rows):
            said.append("cheaper")
        return self.chance.choice(said)


def test_shoppers_find_what_they_want(recommender: Recommender, fashion: Path) -> None:
    events = pl.read_parquet(fashion / "data" / "interactions.parquet").sort("timestamp", maintain_order=True)
    people = events.group_by("user_id", maintain_order=True).agg("item_id").filter(pl.col("item_id").list.len() > 3)
    talked = paged = asked = 0
    for seed, ids in enumerate(people["item_id"].to_list()[:60]):
        history, target = ids[:-1], ids[-1]
        if target in history:
            continue
        asked += 1
        paged += target in [one.item_id for one in recommender.recommend(history, k=25)]
        shopper = Shopper(
            recommender, recommender.catalog.table.row(recommender.catalog.index[target], named=True), seed
        )
        messages: list[dict[str, str]] = [{"role": "user", "content": shopper.begins()}]
        for _ in range(5):
            reply = recommender.chat(messages, history, explain=False)
            if target in [one.item_id for one in reply.items]:
                talked += 1
                break
            messages.append({"role": "assistant", "content": reply.text})
            messages.append({"role": "user", "content": shopper.goes_on(reply)})
    assert talked >= 0.8 * asked and talked - paged >= 0.25 * asked, (talked, paged, asked)
