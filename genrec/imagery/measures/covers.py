"""Covers: is the thing in the picture the item, and is it the more to a person's liking the more it should be?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from genrec.imagery.commission import Commission
from genrec.imagery.measures.intervals import frechet, mean_and_interval
from genrec.imagery.measures.judging import Trial

LOVES = (0.0, 0.25, 0.5, 0.75, 1.0)


def fidelity(trial: Trial, items: np.ndarray, seeds: Sequence[int], *, reference: bool) -> dict[str, Any]:
    """Column → how often the judge sees in what was drawn what is true of the item; intervals over items.

    reference: the item's picture is looked at; else it is drawn from its vector alone.
    """
    truth = trial.truth(items)
    found: dict[str, list[np.ndarray]] = {name: [] for name in trial.domain.judged}
    features = []
    for seed in seeds:
        asked = [
            Commission("cover", trial.subject(int(item), picture=reference), reference=reference, seed=seed + 1000 * n)
            for n, item in enumerate(items)
        ]
        shown = trial.drawn(asked)
        features.append(trial.flat.features(shown))
        for name, right in trial.flat.right(shown, truth).items():
            found[name].append(right)
    real = trial.flat.features(trial.pictures(items))
    columns = {name: mean_and_interval(np.stack(right, axis=1)) for name, right in found.items()}
    drawn = np.concatenate(features)
    return {"columns": columns, "classifier_frechet": frechet(drawn, real), "seeds": len(seeds)}


def people(trial: Trial, count: int, seed: int) -> list[tuple[np.ndarray, np.ndarray, int]]:
    """(what is known of them, what is kept of their later purchases, the item to draw), of people with eight or more.

    The last third of a history is kept. The item is one of the held-out rows that they do not have.
    """
    rng = np.random.default_rng([seed, 3])
    long = [history for history in trial.histories if len(history) >= 8]
    chosen = rng.permutation(len(long))[:count]
    held = trial.held
    found = []
    for number in chosen:
        history = np.asarray(long[number], dtype=np.int64)
        cut = len(history) - max(3, len(history) // 3)
        strange = held[~np.isin(held, history)]
        found.append((history[:cut], history[cut:], int(rng.choice(strange))))
    return found


def alignment(trial: Trial, chances: dict[str, np.ndarray], row: int, liked: np.ndarray) -> float:
    """How likely the picture has what a liked item has: mean over the liked ones and the columns a taste may change."""
    columns = [name for name in trial.domain.judged if name not in trial.domain.identity]
    truth = trial.truth(liked)
    shares = []
    for name in columns:
        known = {value: place for place, value in enumerate(trial.flat.values[name])}
        shares += [float(chances[name][row, known[value]]) if value in known else 0.0 for value in truth[name]]
    return float(np.mean(shares))


def taste(trial: Trial, count: int, seeds: Sequence[int]) -> dict[str, Any]:
    """The slider, step by step, and what a person's own taste is worth against none and against another's.

    Alignment is to purchases that the taste knows nothing of, of the very same item and noise; intervals over people.
    """
    asked = people(trial, count, 0)
    others = np.roll(np.arange(len(asked)), 1)  # another person, for everybody
    aligned = np.zeros((len(LOVES), len(asked), len(seeds)))
    swapped, wrong = np.zeros((len(asked), len(seeds))), np.zeros((len(asked), len(seeds)))
    same = {name: np.zeros((len(LOVES), len(asked), len(seeds))) for name in trial.domain.judged}
    ready = [trial.taste(known) for known, _, _ in asked]
    truth = trial.truth([item for _, _, item in asked])
    last: list[np.ndarray] = []
    for s, seed in enumerate(seeds):
        for step, love in enumerate(LOVES):
            shown = trial.drawn(
                [
                    Commission("cover", trial.subject(item), taste=ready[n], love=love, seed=seed + 1000 * n)
                    for n, (_, _, item) in enumerate(asked)
                ]
            )
            chances = trial.flat.chances(shown)
            for n, (_, liked, _) in enumerate(asked):
                aligned[step, n, s] = alignment(trial, chances, n, liked)
                if love == 1:
                    wrong[n, s] = alignment(trial, chances, n, asked[others[n]][1])
            for name, right in trial.flat.right(shown, truth).items():
                same[name][step, :, s] = right
        last.append(trial.flat.features(shown))
        foreign = trial.drawn(
            [
                Commission("cover", trial.subject(item), taste=ready[others[n]], love=1.0, seed=seed + 1000 * n)
                for n, (_, _, item) in enumerate(asked)
            ]
        )
        chances = trial.flat.chances(foreign)
        for n, (_, liked, _) in enumerate(asked):
            swapped[n, s] = alignment(trial, chances, n, liked)
    slider = [
        {
            "love": love,
            "alignment": mean_and_interval(aligned[step]),
            **{name: float(same[name][step].mean()) for name in trial.domain.judged},
        }
        for step, love in enumerate(LOVES)
    ]
    curve = aligned.mean(axis=(1, 2))
    return {
        "people": len(asked),
        "seeds": len(seeds),
        "slider": slider,
        "monotone": bool((np.diff(curve) > 0).all()),
        "personalised_minus_plain": mean_and_interval(aligned[-1] - aligned[0]),
        "own_minus_anothers_taste": mean_and_interval(aligned[-1] - swapped),
        "own_minus_random_persons_likes": mean_and_interval(aligned[-1] - wrong),
        "among_seeds": _spread(np.stack(last)),
    }


def _spread(features: np.ndarray) -> float:
    """Mean cosine distance of what different seeds drew for the same commission; features (S, B, d)."""
    if len(features) < 2:
        return 0.0
    unit = features / np.maximum(np.linalg.norm(features, axis=2, keepdims=True), 1e-9)
    pairs = [1 - (unit[a] * unit[b]).sum(axis=1).mean() for a in range(len(unit)) for b in range(a)]
    return float(np.mean(pairs))


def diversity(trial: Trial, items: np.ndarray, persons: int, seeds: Sequence[int]) -> dict[str, float]:
    """Mean cosine distance in the judge's features of what is drawn of the same item, love 1: for several people with
    one seed, and for one person with several seeds."""
    asked = people(trial, persons, 1)
    among_people, among_seeds = [], []
    for n, item in enumerate(items):
        one = [
            Commission("cover", trial.subject(int(item)), trial.taste(known), love=1.0, seed=n) for known, _, _ in asked
        ]
        among_people.append(trial.flat.features(trial.drawn(one)))
        known = asked[n % len(asked)][0]
        again = [
            Commission("cover", trial.subject(int(item)), trial.taste(known), love=1.0, seed=seed) for seed in seeds
        ]
        among_seeds.append(trial.flat.features(trial.drawn(again)))
    return {
        "among_people": _spread(np.stack(among_people, axis=1)),
        "among_seeds": _spread(np.stack(among_seeds, axis=1)),
    }
