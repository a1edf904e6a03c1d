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
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from machine import line, machine
from shopper_hearing import Exact, Judged, Wordings, against, excess, judged
from shopper_policy import SHOWN, TURNS, Cards, Message, Shopper

from genrec import Recommender
from genrec.data import Catalog, Interactions
from genrec.decode.requests import Request
from genrec.evaluate.metrics import interval


@dataclass
class Dialogue:
    """What a system may know of one conversation. meant: for those alone that hear exactly."""

    history: list[str]
    messages: list[dict[str, str]] = field(default_factory=list)
    shown: list[list[int]] = field(default_factory=list)
    meant: list[Message] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """items: item indices, the first `SHOWN` count. asks: the text is a question back. heard: constraints, if any."""

    items: list[int]
    text: str = ""
    asks: bool = False
    heard: Any = None


System = Callable[[Sequence[Dialogue]], list[Answer]]


@dataclass(frozen=True)
class Told:
    """One whole conversation: found in turn 1 to 5 or, 0, not at all; what was heard of every message."""

    shopper: Shopper
    found: int
    judged: list[Judged]
    heard: Any
    asked: int


def told(system: System, shoppers: Sequence[Shopper], histories: Sequence[list[str]]) -> list[Told]:
    """Everybody's conversation with `system`. histories: item ids, oldest first."""
    dialogues = [Dialogue(list(history)) for history in histories]
    found, asked = [0] * len(shoppers), [0] * len(shoppers)
    heard: list[list[Any]] = [[None] for _ in shoppers]
    last: list[Answer] = [Answer([]) for _ in shoppers]
    for turn in range(1, TURNS + 1):
        going = [n for n, at in enumerate(found) if not at]
        for n in going:
            message = shoppers[n].speak(last[n].items, last[n].text if last[n].asks else None)
            dialogues[n].meant.append(message)
            dialogues[n].messages.append({"role": "user", "content": message.text})
        for n, answer in zip(going, system([dialogues[n] for n in going]), strict=True):
            last[n] = Answer(answer.items[:SHOWN], answer.text, answer.asks, answer.heard)
            dialogues[n].messages.append({"role": "assistant", "content": answer.text})
            dialogues[n].shown.append(last[n].items)
            heard[n].append(answer.heard)
            asked[n] += answer.asks
            if shoppers[n].found(last[n].items):
                found[n] = turn
    return [
        Told(
            shopper,
            found[n],
            [judged(heard[n][t], heard[n][t + 1], message) for t, message in enumerate(dialogues[n].meant)],
            heard[n][-1],
            asked[n],
        )
        for n, shopper in enumerate(shoppers)
    ]


# ---------------------------------------------------------------------- systems


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


# ---------------------------------------------------------------------- who wants what


@dataclass(frozen=True)
class Person:
    """history: item ids, oldest first. targets: item index by setting."""

    history: list[str]
    targets: dict[str, int]


def people(run: Path, count: int, seed: int) -> list[Person]:
    """`count` users that no other seed has: all but the last item, the last item, and one drawn by their taste."""
    catalog = Catalog.read(run / "data" / "catalog.parquet")
    sequences = Interactions.read(run / "data" / "interactions.parquet").sequences(catalog)
    users = np.flatnonzero(sequences.lengths >= 3)
    order = np.random.default_rng(0).permutation(users)[seed * count : (seed + 1) * count]
    if len(order) < count:
        raise SystemExit(f"{run}: {len(users)} users are too few for {count} shoppers with seed {seed}")
    tastes = drawn_by_taste(run, sequences, order, seed)
    ids = catalog.ids
    return [
        Person([ids[item] for item in sequences[user][:-1]], {"next": int(sequences[user][-1]), "taste": int(taste)})
        for user, taste in zip(order.tolist(), tastes, strict=True)
    ]


def drawn_by_taste(run: Path, sequences: Any, users: np.ndarray, seed: int) -> np.ndarray:
    """An item index for each user, drawn by p_taste of the world's formula (dynamics.py), from what is not owned.

    The world is made again from the run's recipe, and must give the events that the run has.
    """
    from genrec.data.synthetic.dynamics import live, open_shop, season_of
    from genrec.data.synthetic.wardrobe import garments, popularity

    recipe = json.loads((run / "data" / "manifest.json").read_text(encoding="utf-8"))["recipe"]
    n, world = recipe["n_items"], recipe["seed"]
    shop = open_shop(garments(n, world), popularity(n, world))
    lived = live(shop, recipe["n_users"], world)
    rows = [int(sequences.users[user][1:]) for user in users]
    random = np.random.default_rng([seed, 1])
    drawn = []
    for user, row in zip(users.tolist(), rows, strict=True):
        items, last = lived.items[row, : lived.lengths[row]], lived.lengths[row] - 1
        if items.tolist() != sequences[user].tolist():
            raise SystemExit(f"{run}: user {sequences.users[user]} did not live in the world of the run's recipe")
        chance = shop.base[lived.states[row, last], season_of(lived.days[row, last : last + 1])[0]].copy()
        chance[items[:-1]] = 0
        drawn.append(random.choice(len(chance), p=chance / chance.sum()))
    return np.array(drawn)


# ---------------------------------------------------------------------- figures


def share(found: Sequence[int]) -> dict[str, Any]:
    """Found within 1 … 5 turns, and the 95 % interval (bootstrap over shoppers) of the last."""
    turns = np.array(found)
    within = [float(((turns > 0) & (turns <= t)).mean()) for t in range(1, TURNS + 1)]
    low, high = interval((turns > 0).astype(np.float64), seed=0)
    return {"within": within, "low": low, "high": high, "shoppers": len(turns)}


def hearing(many: Sequence[Told], wordings: Wordings) -> dict[str, Any]:
    """Messages heard exactly; slot recall and precision; recall by act, column and where the word comes from."""
    judged = [one for each in many for one in each.judged]
    slots = [
        (one.message.act, slot, heard, words)
        for one in judged
        for (slot, heard), words in zip(
            zip(one.message.slots, one.heard, strict=True), _words_of(one.message, wordings), strict=True
        )
    ]

    def by(key: Callable[[Any], str]) -> dict[str, Any]:
        groups: dict[str, list[bool]] = {}
        for one in slots:
            groups.setdefault(key(one), []).append(one[2])
        return {name: {"slots": len(all_), "recall": float(np.mean(all_))} for name, all_ in sorted(groups.items())}

    meant = [one for one in judged if one.message.slots]
    return {
        "messages": len(judged),
        "exactly": float(np.mean([one.right for one in judged])),
        "recall": float(np.mean([heard for _, _, heard, _ in slots])),
        "precision": excess(meant),
        "empty_kept_empty": float(np.mean([not one.extra for one in judged if not one.message.slots] or [1.0])),
        "by_act": by(lambda one: one[0]),
        "by_kind": by(lambda one: f"{one[1].kind} {one[1].column}".strip()),
        "by_word": by(lambda one: one[3]),
        "extra": dict(Counter(f"{key[0]} {key[1]}".strip() for one in judged for key in one.extra).most_common()),
    }


def _words_of(message: Message, wordings: Wordings) -> list[str]:
    """For each slot where its word comes from, «other» for what is not a wanted value."""
    words = list(message.words)
    kinds = []
    for slot in message.slots:
        own = words.pop(0) if words and slot.kind != "liked" and not slot.relative else None
        kinds.append(wordings.kind(own, slot, message.text) if own else "other")
    return kinds


def failures(many: Sequence[Told], wordings: Wordings) -> dict[str, Any]:
    """Of those who found nothing: what kept the target out, what of theirs was not heard, or that it ranked too low."""
    why: Counter[str] = Counter()
    columns: Counter[str] = Counter()
    lost = [one for one in many if not one.found]
    for one in lost:
        out = against(one.heard, one.shopper.target)
        if out:
            why["heard what keeps the target out"] += 1
            columns.update(out)
        elif not all(heard for each in one.judged for heard in each.heard):
            why["something was not heard"] += 1
        else:
            why["all heard, ranked too low"] += 1
    return {"not_found": len(lost), "why": dict(why), "kept_out_by": dict(columns.most_common())}


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
        result[setting] = _figures(found, spoken, started, wordings)
    return result


def _figures(
    found: dict[str, dict[int, list[int]]], spoken: dict[str, list[Told]], seconds: dict[str, float], wordings: Wordings
) -> dict[str, Any]:
    figures: dict[str, Any] = {"systems": {}}
    pages = np.array([page for one in found["paging"].values() for page in one]) > 0
    for name, by_seed in found.items():
        every = [turn for one in by_seed.values() for turn in one]
        gain = (np.array(every) > 0).astype(np.float64) - pages
        low, high = interval(gain, seed=0)
        row = share(every) | {
            "by_seed": {str(seed): float((np.array(one) > 0).mean()) for seed, one in by_seed.items()}
        }
        row["over_paging"] = {"mean": float(gain.mean()), "low": low, "high": high}
        if name in spoken:
            messages = sum(len(one.judged) for one in spoken[name])
            row |= {"messages": messages, "ms_a_message": seconds[name] / messages * 1000}
            voices: dict[str, list[int]] = {}
            for one in spoken[name]:
                voices.setdefault(one.shopper.voice, []).append(one.found)
            row["by_voice"] = {voice: share(turns) for voice, turns in sorted(voices.items())}
        if name.startswith("chat"):
            row["hearing"] = hearing(spoken[name], wordings)
            row["failures"] = failures(spoken[name], wordings)
            row["asked_back"] = sum(one.asked for one in spoken[name]) / row["messages"]
        figures["systems"][name] = row
    return figures


def markdown(found: dict[str, Any]) -> str:
    """The table of both settings, then the chat by voice and what it heard."""
    parts = [f"**{found['run']}**, {found['items']:,} items, {found['shoppers']} shoppers, seeds {found['seeds']}"]
    for setting, title in (("next", "the item bought next"), ("taste", "an item drawn by true taste")):
        systems = found[setting]["systems"]
        head = ["in mind: " + title, *(f"{t} turn{'s' * (t > 1)}" for t in range(1, TURNS + 1)), "95 %", "over paging"]
        rows = [head, ["---"] * len(head)]
        for name, row in systems.items():
            gain = row["over_paging"]
            rows.append(
                [name, *(f"{one:.1%}" for one in row["within"]), f"{row['low']:.1%} to {row['high']:.1%}"]
                + [
                    ""
                    if name == "paging"
                    else f"{gain['mean'] * 100:+.1f} ({gain['low'] * 100:+.1f} to {gain['high'] * 100:+.1f})"
                ]
            )
        parts.append("\n".join("| " + " | ".join(row) + " |" for row in rows))
        if "chat" in systems:
            parts.append(_heard(systems["chat"]))
    return "\n\n".join([*parts, line(found["machine"])])


def _heard(row: dict[str, Any]) -> str:
    heard, lost = row["hearing"], row["failures"]
    voices = ", ".join(f"{voice} {one['within'][-1]:.0%}" for voice, one in row["by_voice"].items())
    lines = [
        f"By voice: {voices}.",
        f"Heard: {heard['exactly']:.1%} of {heard['messages']} messages exactly; slots: recall {heard['recall']:.1%}, "
        f"precision {heard['precision']:.1%}; {row['ms_a_message']:.0f} ms a message; asked back {row['asked_back']:.1%}.",
    ]
    for title, key in (("act", "by_act"), ("slot", "by_kind"), ("where the word stands", "by_word")):
        said = ", ".join(f"{name} {one['recall']:.0%} of {one['slots']}" for name, one in heard[key].items())
        lines.append(f"Recall by {title}: {said}.")
    lines.append(
        f"Not found {lost['not_found']}: {_counted(lost['why'])}; kept out by {_counted(lost['kept_out_by'])}."
    )
    return "\n".join(lines)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "nothing"


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
