"""Everything at once: what `genrec evaluate imagery` prints, writes and shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from genrec.imagery.commission import Commission, Scene
from genrec.imagery.measures import gallery
from genrec.imagery.measures.covers import LOVES, diversity, fidelity, people, taste
from genrec.imagery.measures.judging import Gate, Trial, crop, gate
from genrec.imagery.measures.paste import pasted
from genrec.imagery.measures.previews import MASKS, previews


def evaluate(
    trial: Trial,
    folder: Path | None = None,
    *,
    items: int = 200,
    persons: int = 120,
    placed: int = 40,
    seeds: Sequence[int] = (0, 1, 2),
    told: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """All figures of one painter over held-out rows of one catalogue; with `folder`, also written there with sheets.

    items, persons, placed: how many held-out things are drawn as covers, people asked, things put into scenes.
    Columns on which a judge misses its gate are listed under "void": figures about them say nothing.
    """
    say = told or (lambda _: None)
    held = trial.held
    rng = np.random.default_rng(5)
    some = np.sort(rng.permutation(held)[:items])
    figures: dict[str, Any] = {"painter": trial.painter.name, "held_out": len(held)}
    figures["judge of covers"] = _flat_gate(trial, held).said()
    say("embedding-only covers")
    figures["embedding-only"] = fidelity(trial, some, seeds, reference=False)
    say("reference covers")
    figures["reference"] = fidelity(trial, some, seeds, reference=True)
    say("tastes")
    figures["taste"] = taste(trial, persons, seeds)
    figures["diversity"] = diversity(trial, some[:8], 12, list(range(12)))
    if trial.domain.preview is not None and trial.placed is not None:
        few = np.sort(rng.permutation(held)[:placed])
        allowed = _placed_gate(trial, held)
        figures["judge of previews"] = allowed.said()
        for mask in MASKS:
            say(f"previews, {mask} mask")
            figures[f"previews, {mask} mask"] = previews(trial, few, seeds[:1], allowed, masks=mask)
    if folder is not None:
        say("sheets")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "imagery.json").write_text(json.dumps(figures, indent=1))
        gallery.write(sheets(trial), folder, f"What {trial.painter.name} drew")
    return figures


def _flat_gate(trial: Trial, items: np.ndarray) -> Gate:
    """The judge of covers on all real pictures that nobody learned from: the catalogue's and the lessons' own."""
    pictures, truth = trial.pictures(items), trial.truth(items)
    if trial.lessons is not None:
        rows = np.flatnonzero(trial.lessons.held)
        pictures = np.concatenate([pictures, np.asarray(trial.lessons.pictures[rows])])
        for name, values in truth.items():
            values += [str(value) for value in trial.lessons.table[rows][name].to_list()]
    return gate(trial.flat, pictures, truth)


def _placed_gate(trial: Trial, items: np.ndarray) -> Gate:
    """The judge of previews on real ones, of held-out things in the scenes kept for measures."""
    assert trial.domain.place_in is not None and trial.placed is not None
    rows = trial.catalog.table.to_dicts()
    of = [(int(item), place) for item in items for place in range(len(trial.domain.scenes))]
    made = [trial.domain.place_in(rows[item], place) for item, place in of]
    seen = np.stack([crop(one.placed, one) for one in made])
    return gate(trial.placed, seen, trial.truth([item for item, _ in of]), trial.domain.identity[0])


def sheets(trial: Trial, rows: int = 8) -> list[gallery.Sheet]:
    """Held-out things as covers; the slider for three people; previews beside paste and truth."""
    held = trial.held
    rng = np.random.default_rng(6)
    some = [int(item) for item in rng.permutation(held)[:rows]]
    names = [" ".join(values) for values in zip(*trial.truth(some).values(), strict=True)]
    drawn = trial.painter.draw(
        [Commission("cover", trial.subject(item), seed=seed) for item in some for seed in (0, 1, 2)]
        + [Commission("cover", trial.subject(item, picture=True), reference=True, seed=0) for item in some],
        steps=trial.steps,
    )
    own = [Image.open(trial.path(item)).convert("RGB") for item in some]
    made = [
        gallery.Sheet(
            "Held-out things: the catalogue's picture, drawn from the vector alone (three seeds), by its picture",
            ("own", "seed 0", "seed 1", "seed 2", "reference"),
            [(name, [own[n], *drawn[3 * n : 3 * n + 3], drawn[3 * rows + n]]) for n, name in enumerate(names)],
        )
    ]
    asked = people(trial, 6, 2)
    lines = []
    for n, (known, liked, item) in enumerate(asked):
        ready = trial.taste(known)
        steps = trial.painter.draw(
            [Commission("cover", trial.subject(item), ready, love=love, seed=n) for love in LOVES], steps=trial.steps
        )
        shown = [Image.open(trial.path(int(one))).convert("RGB") for one in liked[:4]]
        lines.append((f"person {n + 1}", [*steps, *shown]))
    heads = (*(f"love {love:g}" for love in LOVES), *(f"liked later {n + 1}" for n in range(4)))
    made.append(gallery.Sheet("From the thing as it is to the thing as somebody would love it", heads, lines))
    if trial.domain.place_in is not None and trial.domain.preview is not None:
        table = trial.catalog.table.to_dicts()
        lines = []
        for n, item in enumerate(some):
            one = trial.domain.place_in(table[item], n % len(trial.domain.scenes))
            subject = trial.subject(item, picture=True)
            result = trial.painter.draw(
                [Commission(trial.domain.preview, subject, scene=Scene(one.scene, one.region), seed=0)],
                steps=trial.steps,
            )[0]
            laid = pasted(one.scene, one.region, own[n], "whole")
            close = Image.fromarray(crop(result, one))
            lines.append((names[n], [own[n], one.scene, result, close, laid, one.placed]))
        made.append(gallery.Sheet("In a scene", ("own", "scene", "drawn", "drawn, near", "pasted", "truth"), lines))
    return made
