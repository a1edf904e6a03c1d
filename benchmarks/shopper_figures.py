"""Figures of many conversations, and their table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from machine import line
from shopper_hearing import Wordings, against, excess
from shopper_policy import TURNS, Message
from shopper_talk import Told

from genrec.evaluate.metrics import interval


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
        "empty_kept_empty": float(np.mean([not one.extra for one in judged if not one.message.slots] or [True])),
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


def figures_of(
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
            over = f"{gain['mean'] * 100:+.1f} ({gain['low'] * 100:+.1f} to {gain['high'] * 100:+.1f})"
            within = [f"{one:.1%}" for one in row["within"]]
            spread = f"{row['low']:.1%} to {row['high']:.1%}"
            rows.append([name, *within, spread, "" if name == "paging" else over])
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
        f"precision {heard['precision']:.1%}; asked back {row['asked_back']:.1%}; {row['ms_a_message']:.0f} ms each.",
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
