"""Shoppers who chat: is what they have in mind found within five turns, five items a turn?

    python benchmarks/shoppers.py runs/demo --json shoppers.json

RUN is a trained run on the fashion world of at least 2,000 items. A shopper is a user of the run with all of the
history but the last item; hidden is either that last item («next») or an item drawn by the user's true taste («taste»,
the world's own formula, which no system sees). How they shop stands in `shopper_policy.py`, how they speak in
`shopper_phrasings.py`. Beside the chat stand, for the same people and the same targets:

    paging             the same engine from the history alone, 25 items in five pages, no chat
    no history         the chat without the history
    exact hearing      the engine with a filter that holds exactly what was meant so far: the bound for any parser
    … , no history     the same without the history
    … , any of them    any item that this filter leaves: what the words alone are worth, without a ranking
    any item           guessing

Nobody is shown an item twice but by the chat, if it wishes. A question without items costs a turn like any other.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from machine import machine
from shopper_figures import figures_of, markdown
from shopper_hearing import Exact, Wordings
from shopper_people import Person, people
from shopper_policy import SHOWN, TURNS, Cards, Shopper
from shopper_talk import Answer, Dialogue, System, Told, told

from genrec import Recommender
from genrec.decode.requests import Request


def chat(recommender: Recommender, cards: Cards, history: bool = True) -> System:
    def answer(dialogue: Dialogue) -> Answer:
        known = dialogue.history if history else []
        reply = recommender.chat(dialogue.messages, known, k=SHOWN, explain=False)
        items = [cards.index[item.item_id] for item in reply.items]
        return Answer(items, reply.text, reply.intent == "clarify", reply.constraints)

    return lambda dialogues: [answer(one) for one in dialogues]


def exact(recommender: Recommender, cards: Cards, history: bool = True) -> System:
    def answer(dialogues: Sequence[Dialogue]) -> list[Answer]:
        asked = []
        for one in dialogues:
            known = Exact.of(one.meant, cards)
            seen = [cards.ids[item] for items in one.shown for item in items]
            asked.append(Request(one.history if history else [], known.where(), deny=seen))
        found = recommender.recommend_many(asked, SHOWN) if asked else []
        return [Answer([cards.index[item.item_id] for item in items]) for items in found]

    return answer


def guessing(cards: Cards, seed: int, hearing: bool) -> System:
    random = Random(seed)

    def answer(dialogue: Dialogue) -> Answer:
        left = Exact.of(dialogue.meant, cards).allowed(cards) if hearing else range(len(cards.ids))
        seen = {item for items in dialogue.shown for item in items}
        left = [item for item in left if item not in seen]
        return Answer(random.sample(left, min(SHOWN, len(left))))

    return lambda dialogues: [answer(one) for one in dialogues]


def paging(
    recommender: Recommender, cards: Cards, shoppers: Sequence[Shopper], histories: Sequence[list[str]]
) -> list[int]:
    """The page, 1 to 5, on which each finds what is wanted; 0 where it is not among the 25."""
    pages = []
    for shopper, items in zip(shoppers, recommender.recommend_many(histories, SHOWN * TURNS), strict=True):
        shown = [cards.index[item.item_id] for item in items]
        pages.append(next((t + 1 for t in range(TURNS) if shopper.found(shown[t * SHOWN : (t + 1) * SHOWN])), 0))
    return pages


def measured(
    recommender: Recommender, run: Path, count: int, seeds: Sequence[int], *, chats: bool = True
) -> dict[str, Any]:
    """Everything, for both settings. chats: leave the chat out where it is only asked what could be reached."""
    cards = Cards.read(run)
    wordings = Wordings(cards)
    groups = {seed: people(run, count, seed) for seed in seeds}
    result: dict[str, Any] = {"items": len(cards.ids), "shoppers": count * len(seeds), "seeds": list(seeds)}
    for setting in ("next", "taste"):
        found: dict[str, dict[int, list[int]]] = {}
        spoken: dict[str, list[Told]] = {}
        started: dict[str, float] = {}
        for seed, group in groups.items():
            histories = [one.history for one in group]

            def fresh(group: Sequence[Person] = group, seed: int = seed, setting: str = setting) -> list[Shopper]:
                return [Shopper(cards, one.targets[setting], seed, n) for n, one in enumerate(group)]

            found.setdefault("paging", {})[seed] = paging(recommender, cards, fresh(), histories)
            systems: dict[str, System] = {
                "exact hearing": exact(recommender, cards),
                "exact hearing, no history": exact(recommender, cards, history=False),
                "exact hearing, any of them": guessing(cards, seed, hearing=True),
                "any item": guessing(cards, seed, hearing=False),
            }
            if chats:
                systems = {
                    "chat": chat(recommender, cards),
                    "chat, no history": chat(recommender, cards, False),
                } | systems
            for name, system in systems.items():
                start = time.perf_counter()
                many = told(system, fresh(), histories)
                started[name] = started.get(name, 0.0) + time.perf_counter() - start
                spoken.setdefault(name, []).extend(many)
                found.setdefault(name, {})[seed] = [one.found for one in many]
        result[setting] = figures_of(found, spoken, started, wordings)
    return result


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a trained run on the fashion world")
    parser.add_argument("--shoppers", type=int, default=200, help="shoppers of each seed")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured here as well")
    asked = parser.parse_args(arguments)
    recommender = Recommender.from_pretrained(asked.run)
    found = {"run": asked.run.name} | measured(recommender, asked.run, asked.shoppers, asked.seeds)
    found["machine"] = machine()
    print(markdown(found))
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
