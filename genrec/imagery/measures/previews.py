"""Previews: is outside untouched, is inside the thing, is the seam where the truth has none?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from genrec.imagery.commission import Commission, Scene
from genrec.imagery.measures.intervals import mean_and_interval
from genrec.imagery.measures.judging import Gate, Trial, crop
from genrec.imagery.measures.paste import WAYS, pasted
from genrec.imagery.small.domains import Preview
from genrec.imagery.small.scenes import dilated

MASKS = ("region", "tight")
"""region: where anything of the item's sort may be, which tells nothing of its cut. tight: two pixels around the truth,
which is the paste's best case, and tells the cut."""


def previews(
    trial: Trial, items: np.ndarray, seeds: Sequence[int], allowed: Gate, *, masks: str = "region"
) -> dict[str, Any]:
    """The painter beside the pasted picture, of held-out items in every scene kept for this; intervals over items.

    allowed: what the judge of previews may judge.
    """
    assert trial.domain.place_in is not None and trial.domain.preview is not None and trial.placed is not None
    rows = trial.catalog.table.to_dicts()
    scenes = [(int(item), place) for item in items for place in range(len(trial.domain.scenes))]
    made = [trial.domain.place_in(rows[item], place) for item, place in scenes]
    areas = [one.region if masks == "region" else dilated(one.tight, 2) for one in made]
    truth = trial.truth([item for item, _ in scenes])
    found: dict[str, Any] = {}
    drawn: list[list[Image.Image]] = []
    for seed in seeds:
        asked = [
            Commission(
                trial.domain.preview,
                trial.subject(item, picture=True),
                scene=Scene(one.scene, area),
                seed=seed + 1000 * n,
            )
            for n, ((item, _), one, area) in enumerate(zip(scenes, made, areas, strict=True))
        ]
        drawn.append(trial.painter.draw(asked, steps=trial.steps))
    found["painter"] = _figures(trial, made, areas, truth, drawn, allowed)
    for way in WAYS:
        laid = [
            pasted(one.scene, area, Image.open(trial.path(item)), way)
            for (item, _), one, area in zip(scenes, made, areas, strict=True)
        ]
        found[f"paste, {way}"] = _figures(trial, made, areas, truth, [laid], allowed)
    return found | {"items": len(items), "scenes": list(trial.domain.scenes), "mask": masks, "seeds": len(seeds)}


def _figures(
    trial: Trial,
    made: Sequence[Preview],
    areas: Sequence[np.ndarray],
    truth: dict[str, list[str]],
    drawn: Sequence[Sequence[Image.Image]],
    allowed: Gate,
) -> dict[str, Any]:
    assert trial.placed is not None
    per = len(trial.domain.scenes)
    kinds = truth[trial.domain.identity[0]]
    right: dict[str, list[np.ndarray]] = {name: [] for name in truth}
    outside, inside, seam = [], [], []
    for pictures in drawn:
        seen = np.stack([crop(picture, one) for picture, one in zip(pictures, made, strict=True)])
        for name, found in trial.placed.right(seen, truth).items():
            right[name].append(found)
        parts = [_apart(picture, one, area) for picture, one, area in zip(pictures, made, areas, strict=True)]
        outside.append([part[0] for part in parts])
        inside.append([part[1] for part in parts])
        seam.append([part[2] for part in parts])

    def over_items(values: Sequence[Any], kept: np.ndarray | None = None) -> dict[str, float]:
        array = np.asarray(values, dtype=np.float64)  # (seeds, items · scenes)
        array = array if kept is None else array[:, kept]
        return mean_and_interval(array.T.reshape(-1, per * len(array)))

    counted = {name: allowed.seen(name, kinds) for name in right}
    return {
        **{name: over_items(found, counted[name]) for name, found in right.items() if counted[name].any()},
        "outside_mae": over_items(outside),
        "inside_mae": over_items(inside),
        "seam_mae": over_items(seam),
    }


def _apart(picture: Image.Image, one: Preview, area: np.ndarray) -> tuple[float, float, float]:
    """Mean absolute differences, of 255: outside the mask to the scene; inside it, and along its edge, to the truth."""
    shown, true = (np.asarray(each.convert("RGB"), dtype=np.float64) for each in (picture, one.placed))
    before = np.asarray(one.scene, dtype=np.float64)
    grown = np.asarray(Image.fromarray(area.astype(np.uint8) * 255).filter(ImageFilter.MaxFilter(3))) > 0
    kept = np.asarray(Image.fromarray(area.astype(np.uint8) * 255).filter(ImageFilter.MinFilter(3))) > 0
    edge = area & ~kept if (area & ~kept).any() else grown
    return (
        float(np.abs(shown - before)[~area].mean()),
        float(np.abs(shown - true)[area].mean()),
        float(np.abs(shown - true)[edge].mean()),
    )
