"""Explanations of a run's recommendations: does what they cite matter, is it the true cause, is what was written true?

    python benchmarks/explanations.py runs/demo --users 500 --lm lm --json explanations.json

*Deletion.* Of each user's first recommendation the score is taken again without the things that its explanation cites:
the first of them, all of them. Its fall is compared with that without as many other things of the history, drawn at
random, and without the newest, where these are not what is cited. Equal falls count as half; histories without enough
other things are left out and counted. «ranking» is what the run ranks by, «codes» the log-probability of the semantic
ID alone.

*Causes* (fashion). The world knows which likenesses raised its own weight for an item
(genrec/data/synthetic/causes.py). A cited value is a true cause where that likeness raised the weight of the
recommended item, for that person's hidden taste at that time, by a quarter or more; of a series, if a cited thing is
one of the last two, from which alone a series goes on. Beside it what a draw among the shared values would reach, and
one among all values of the item.

*Check* (fashion). True and false sentences of `phrasings.py` about real histories: how many false ones are dropped,
how many true ones too.

*Writing.* What the run's language model writes, asked as `genrec.explain.writer` asks; how much of it stays.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from machine import line, machine  # isort: skip
import numpy as np
from claims import STRANGE, Cases
from phrasings import DEVELOPMENT, FIFTH, FOURTH, HELD_OUT, SECOND, SIXTH, THIRD

from genrec.data.catalog import Catalog
from genrec.data.interactions import Interactions, Sequences
from genrec.data.synthetic.causes import Causes
from genrec.data.synthetic.dynamics import live, season_of
from genrec.data.synthetic.fashion_shop import open_shop
from genrec.data.synthetic.synonyms import synonyms
from genrec.data.synthetic.wardrobe import garments
from genrec.data.synthetic.world import popularity
from genrec.explain.evidence import Citation, Evidence, cite, gather, without
from genrec.explain.scorers import CompactScorer, Scorer
from genrec.explain.speech import Speech
from genrec.explain.writer import Explainer, Explanation
from genrec.recommender import load_generator
from genrec.sid import SemanticIds
from genrec.workspace import Workspace

DRAWS = 10
"""Random things, or sets of them, that each cited one is compared with."""
RAISED = 1.25
"""By what factor a likeness must have raised the weight to be a cause."""
AGAINST = ("against random", "against newest", "not below newest")
BANKS = {
    "development": DEVELOPMENT,
    "second": SECOND,
    "third": THIRD,
    "fourth": FOURTH,
    "fifth": FIFTH,
    "sixth": SIXTH,
    "held out": HELD_OUT,
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--users", type=int, default=500)
    parser.add_argument("--lm", help="the stage of a language model that writes: lm, or lm-NAME")
    parser.add_argument("--sentences", type=int, default=20, help="true and false ones for each phrasing")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--examples", type=int, default=0, help="explanations to print")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    measured = measure(asked)
    print(markdown(measured))
    for text in measured["examples"]:
        print(f"\n> {text}")
    print(f"\n{line(machine())}")
    if asked.json:
        asked.json.write_text(json.dumps({"machine": machine(), **measured}, indent=1))


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    run: Path = asked.run
    catalog = Catalog.read(run / "data" / "catalog.parquet")
    ids = SemanticIds.load(run / "sid" / "sids.safetensors")
    whole = Interactions.read(run / "data" / "interactions.parquet").sequences(catalog)
    random = np.random.default_rng(asked.seed)
    users = np.flatnonzero(whole.lengths > 1)
    users = np.sort(random.permutation(users)[: asked.users])
    histories = whole.take(users)
    histories = histories.clip(np.zeros(len(users), np.int64), histories.lengths - 1)
    world = fashion(run, catalog)
    measured: dict[str, Any] = {"run": run.name, "users": len(users), "deletion": {}, "causes": {}, "examples": []}
    for name, plain in (("ranking", False), ("codes", True)):
        generator = load_generator(run, beam=50, plain=plain)
        items = generator.recommend(histories, 1, exclude_seen=True).items[:, 0]
        scorer = CompactScorer(generator)
        explainer = Explainer(catalog, ids, scorer, synonyms=synonyms(catalog.table) if world else None)
        found = [gather(scorer, explainer.facts, ids, histories, row, int(item)) for row, item in enumerate(items)]
        cited = [cite(evidence) for evidence in found]
        measured["deletion"][name] = deletion(scorer, histories, found, cited, random)
        if world:
            measured["causes"][name] = causes(explainer, world, users, found, cited)
        if name == "ranking":
            measured["writing"] = writing(explainer, run, asked.lm, histories, found, cited)
            measured["examples"] = measured["writing"].pop("texts")[: asked.examples]
            if world:
                measured["check"] = check(explainer, histories, items, asked.sentences, random)
    return measured


# ---------------------------------------------------------------------- deletion


def deletion(
    scorer: Scorer, histories: Sequences, found: list[Evidence], cited: list[Citation], random: np.random.Generator
) -> dict[str, Any]:
    """Shares of comparisons that the cited things win, and how many users each rests on."""
    wins: dict[str, list[float]] = defaultdict(list)
    left_out: Counter[str] = Counter()
    for row, (evidence, citation) in enumerate(zip(found, cited, strict=True)):
        if not citation.items:
            left_out["nothing cited"] += 1
            continue
        own = histories.take(np.array([row]))
        things = list(dict.fromkeys(evidence.history))
        for name, chosen in (("one", citation.items[:1]), ("all", citation.items)):
            others = [thing for thing in things if thing not in citation.items]
            if len(others) < len(chosen):
                left_out[f"{name}: too few other things"] += 1
                continue
            newest = list(dict.fromkeys(reversed(evidence.history)))[: len(chosen)]
            drawn = [random.choice(others, len(chosen), replace=False).tolist() for _ in range(DRAWS)]
            groups = [list(chosen), newest, *drawn]
            left = scorer.score(without(own, groups), np.full((len(groups), 1), evidence.item))[:, 0]
            fall = evidence.score - left
            wins[f"{name} against random"].append(float(np.mean([_beats(fall[0], other) for other in fall[2:]])))
            wins[f"{name} not below newest"].append(float(fall[0] >= fall[1]))
            if set(newest) == set(chosen):
                left_out[f"{name}: the newest is cited"] += 1
            else:
                wins[f"{name} against newest"].append(_beats(fall[0], fall[1]))
    shares = {name: {"share": float(np.mean(values)), "users": len(values)} for name, values in wins.items()}
    return {**shares, "left out": dict(left_out), "cited": float(np.mean([len(one.items) for one in cited]))}


def _beats(one: float, other: float) -> float:
    return 1.0 if one > other else 0.5 if one == other else 0.0


# ---------------------------------------------------------------------- causes


def fashion(run: Path, catalog: Catalog) -> tuple[Causes, Any] | None:
    """The world that the run's catalogue is of, made again from its recipe; None where it is real data."""
    recipe = (Workspace(run).recall() or {}).get("data", {})
    if recipe.get("kind") != "fashion":
        return None
    made = garments(recipe["n_items"], recipe["seed"])
    if catalog.table["style"].to_list() != [garment.style for garment in made]:
        raise SystemExit(f"{run}: the catalogue is not what its recipe makes now")
    shop = open_shop(made, popularity(recipe["n_items"], recipe["seed"]))
    return Causes.of(made, shop), live(shop, recipe["n_users"], recipe["seed"])


def causes(
    explainer: Explainer,
    world: tuple[Causes, Any],
    users: np.ndarray,
    found: list[Evidence],
    cited: list[Citation],
) -> dict[str, Any]:
    """The share of cited values that are true causes, by column too, and what chance would reach."""
    oracle, lived = world
    hits: dict[str, list[float]] = defaultdict(list)
    facts = explainer.facts
    for user, evidence, citation in zip(users, found, cited, strict=True):
        step = len(evidence.history)
        anchors = np.array([*evidence.history[::-1][:2], -1, -1])[:2]
        season = season_of(lived.days[user, step : step + 1])[0]
        raised = oracle.raised(int(lived.states[user, step]), int(season), anchors, evidence.item)

        def cause(
            attribute: str, things: Sequence[int], least: float = RAISED, raised=raised, anchors=anchors
        ) -> float:
            goes_on = attribute != "series" or bool(set(things) & set(anchors.tolist()))
            return float(raised.get(attribute, 1.0) >= least and goes_on)

        if citation.reason is None:
            continue
        hits["cited"].append(cause(citation.reason.attribute, citation.items))
        hits[f"cited: {citation.reason.attribute}"].append(hits["cited"][-1])
        hits["cited, raised at all"].append(cause(citation.reason.attribute, citation.items, 1.0 + 1e-9))
        hits["cited, doubled"].append(cause(citation.reason.attribute, citation.items, 2.0))
        hits["any shared value"].append(float(np.mean([cause(one.attribute, one.items) for one in evidence.reasons])))
        names = [facts.facts[fact].attribute for fact in facts.of(evidence.item)]
        hits["any value of the item"].append(float(np.mean([cause(name, evidence.history) for name in names])))
    return {name: {"share": float(np.mean(values)), "users": len(values)} for name, values in hits.items()}


# ---------------------------------------------------------------------- the check


def check(
    explainer: Explainer, histories: Sequences, items: np.ndarray, count: int, random: np.random.Generator
) -> dict[str, Any]:
    """By bank of phrasings: false sentences found, true ones lost, and the false ones by what is wrong in them."""
    made = Cases(explainer.catalog, explainer.ids, [history.tolist() for history in histories], items.tolist())
    table: dict[str, Any] = {}
    for name, bank in BANKS.items():
        kept: dict[str, list[bool]] = defaultdict(list)
        for pattern in bank:
            for wrong in [False, True] * count:
                case = made.false(pattern, random) if wrong else made.true(pattern, random)
                if case is not None:
                    read = explainer.checker.check(case.text, case.history, case.item)
                    kept[_kind(case.wrong)].append(all(one.kept for one in read))
        false = [one for kind, values in kept.items() if kind != "true" for one in values]
        table[name] = {
            "phrasings": len(bank),
            "true": len(kept["true"]),
            "false rejections": 1 - float(np.mean(kept["true"])),
            "false": len(false),
            "recall": 1 - float(np.mean(false)),
            "recall by kind": {k: 1 - float(np.mean(v)) for k, v in sorted(kept.items()) if k != "true"},
        }
    return table


def _kind(wrong: str | None) -> str:
    if wrong is None:
        return "true"
    hole, _, filled = wrong.partition(" = ")
    if hole == "if":
        return "relation"
    inner = hole.strip("{}").partition(":")[0]
    if inner in ("A", "B", "C", "R"):
        return "item"
    if inner in ("n", "N"):
        return "count"
    if inner.endswith("price"):
        return "price"
    return "unknown word" if any(filled in words for words in STRANGE.values()) else "value"


# ---------------------------------------------------------------------- writing


def writing(
    explainer: Explainer,
    run: Path,
    stage: str | None,
    histories: Sequences,
    found: list[Evidence],
    cited: list[Citation],
) -> dict[str, Any]:
    """Explanations of everybody: by the model where there is one and it can cite something, else by the template."""
    written: dict[int, str] = {}
    if stage is not None:
        speech = Speech.read(run, explainer.ids, stage)
        rows = [row for row, citation in enumerate(cited) if citation.items]
        answers = speech.many([explainer.messages(found[row], cited[row]) for row in rows])
        written = dict(zip(rows, answers, strict=True))
    told = [
        explainer.tell(evidence, (lambda _, text=written[row]: text) if row in written else None)
        for row, evidence in enumerate(found)
    ]
    sources = {source: [one for one in told if one.source == source] for source in ("model", "template")}
    sentences = sum(len(explainer.checker.gazetteer.sentences(text)) for text in written.values())
    return {
        "asked of the model": len(written),
        "kept": len(sources["model"]) / len(written) if written else None,
        "sentences": sentences,
        "sentences dropped": sum(len(one.dropped) for one in told),
        **{
            f"{source}: correct citation": float(np.mean([correct(explainer, one) for one in some])) if some else None
            for source, some in sources.items()
        },
        "model": len(sources["model"]),
        "template": len(sources["template"]),
        "texts": [one.text for one in told],
    }


def correct(explainer: Explainer, told: Explanation) -> bool:
    """Whether it names things of the history and, where it says what they share with the item, they do: looked up in
    the catalogue's table, not by the checker."""
    table, index = explainer.catalog.table, explainer.catalog.index
    things = [index[item_id] for item_id in told.cited]
    if not things or not set(things) <= set(told.evidence.history):
        return False
    if told.reason is None or told.reason[0] not in table.columns:
        return True
    column, value = told.reason
    return all(table[column][item] == value for item in (told.evidence.item, *things))


# ---------------------------------------------------------------------- tables


def markdown(measured: dict[str, Any]) -> str:
    def share(value: float | None) -> str:
        return "–" if value is None else f"{value:.1%}"

    lines = [
        f"{measured['run']}, {measured['users']} users",
        "",
        "| deletion | ranking | codes |",
        "| --- | --- | --- |",
    ]
    for name in (f"{one} {what}" for what in AGAINST for one in ("one", "all")):
        cells = [measured["deletion"][score].get(name) for score in ("ranking", "codes")]
        lines.append(
            f"| {name} | " + " | ".join(f"{share(c['share'])} of {c['users']}" if c else "–" for c in cells) + " |"
        )
    for score, parts in measured["deletion"].items():
        left = ", ".join(f"{name} {count}" for name, count in parts["left out"].items()) or "none"
        lines.append(f"\nLeft out ({score}): {left}; {parts['cited']:.2f} things cited on average.")
    if measured["causes"]:
        lines += ["", "| true cause | ranking | codes |", "| --- | --- | --- |"]
        for name in dict.fromkeys(name for parts in measured["causes"].values() for name in parts):
            cells = [measured["causes"][score].get(name) for score in ("ranking", "codes")]
            lines.append(
                f"| {name} | " + " | ".join(f"{share(c['share'])} of {c['users']}" if c else "–" for c in cells) + " |"
            )
    if "check" in measured:
        lines += ["", "| phrasings | n | true | rejected | false | found |", "| --- | --- | --- | --- | --- | --- |"]
        for name, one in measured["check"].items():
            lines.append(
                f"| {name} | {one['phrasings']} | {one['true']} | {share(one['false rejections'])} | {one['false']} | "
                f"{share(one['recall'])} |"
            )
        kinds = measured["check"]["held out"]["recall by kind"]
        lines.append("\nHeld out, by what is wrong: " + ", ".join(f"{k} {share(v)}" for k, v in kinds.items()) + ".")
    told = measured["writing"]
    lines += ["", "| written by | explanations | correct citation |", "| --- | --- | --- |"]
    for source in ("model", "template"):
        lines.append(f"| {source} | {told[source]} | {share(told[f'{source}: correct citation'])} |")
    if told["asked of the model"]:
        lines.append(
            f"\nOf {told['asked of the model']} texts by the model {share(told['kept'])} were kept; of its "
            f"{told['sentences']} sentences {told['sentences dropped']} were dropped."
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
