"""What every measure is given: a painter, a catalogue with vectors and histories, judges that passed their gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from genrec.data.catalog import Catalog
from genrec.imagery.commission import Commission, Subject, Taste
from genrec.imagery.measures.classifier import GATE, AttributeClassifier
from genrec.imagery.painter import Painter
from genrec.imagery.small.domains import Domain, Preview
from genrec.imagery.small.lessons import SIZE, Lessons, held_out, thumbnail
from genrec.imagery.small.scenes import around
from genrec.progress import bar


@dataclass(frozen=True, eq=False)
class Trial:
    """painter: what is measured. catalog: N items with pictures. vectors: float32 (N, d), the run's; mask: bool (N,).
    histories: of U people the indices of their items, in order. held: int64, the rows that nothing was learned from.
    flat, placed: the judges of covers and of things in scenes; placed is None where the domain has no previews.
    lessons: whose held-out pictures the judge of covers is tested on too."""

    painter: Painter
    domain: Domain
    catalog: Catalog
    vectors: np.ndarray
    mask: np.ndarray
    histories: Sequence[np.ndarray]
    flat: AttributeClassifier
    placed: AttributeClassifier | None
    steps: int | None = None
    lessons: Lessons | None = None

    @property
    def held(self) -> np.ndarray:
        return np.flatnonzero(held_out(self.catalog.table, self.domain.held_by) & self.mask)

    def subject(self, item: int, *, picture: bool = False) -> Subject:
        """By its vector alone, or with its picture."""
        shown = Image.open(self.path(item)).convert("RGB") if picture else None
        return Subject(self.catalog.ids[item], np.asarray(self.vectors[item]), "", shown)

    def path(self, item: int) -> Path:
        path = self.catalog.image_path(item)
        assert path is not None
        return path

    def truth(self, items: Sequence[int] | np.ndarray) -> dict[str, list[str]]:
        table = self.catalog.table[np.asarray(items)]
        return {name: [str(value) for value in table[name].to_list()] for name in self.domain.judged}

    def pictures(self, items: Sequence[int] | np.ndarray) -> np.ndarray:
        return np.stack([thumbnail(self.path(int(item))) for item in items])

    def taste(self, items: np.ndarray) -> Taste:
        """Of a history: the mean of its items' vectors."""
        return Taste(np.asarray(self.vectors[items], dtype=np.float32).mean(axis=0))

    def drawn(self, commissions: Sequence[Commission]) -> np.ndarray:
        """uint8 (B, 64, 64, 3)"""
        return as_array(self.painter.draw(commissions, steps=self.steps))


def as_array(pictures: Sequence[Image.Image]) -> np.ndarray:
    small = [one.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BOX) for one in pictures]
    return np.stack([np.asarray(one) for one in small])


def crop(picture: Image.Image, preview: Preview) -> np.ndarray:
    """uint8 (64, 64, 3): the square around the region, what the judge of previews looks at."""
    return np.asarray(around(preview.region).cut(picture, SIZE))


@dataclass(frozen=True)
class Gate:
    """What a judge may judge. right: column → how often it was right about `count` real pictures, those of `unseen`
    left out. unseen: column → kinds of things on whose real pictures it is not, say a print on a bag of nine pixels;
    what is drawn of them is left out of that column's figures too. void: columns it may not judge at all."""

    count: int
    right: dict[str, float]
    unseen: dict[str, list[str]] = field(default_factory=dict)

    @property
    def void(self) -> list[str]:
        return [name for name, share in self.right.items() if share < GATE]

    def seen(self, column: str, kinds: Sequence[str]) -> np.ndarray:
        """bool (n,): which of things of these kinds count in the column's figures."""
        return ~np.isin(np.array(kinds, dtype=object), self.unseen.get(column, []))

    def said(self) -> dict[str, Any]:
        return {"pictures": self.count, "right": self.right, "needed": GATE, "void": self.void, "unseen": self.unseen}


def gate(
    judge: AttributeClassifier, pictures: np.ndarray, truth: Mapping[str, Sequence[str]], kind: str | None = None
) -> Gate:
    """The judge on real pictures that it was not taught with. kind: the column that says what sort of thing it is;
    where a column misses the gate, the sorts on which it does are left out."""
    right = judge.right(pictures, truth)
    shares, unseen = {}, {}
    for name, found in right.items():
        shares[name] = float(found.mean())
        if kind is None or name == kind or shares[name] >= GATE:
            continue
        kinds = np.array(truth[kind], dtype=object)
        poor = [str(value) for value in sorted(set(kinds)) if found[kinds == value].mean() < GATE]
        rest = found[~np.isin(kinds, poor)]
        if len(rest) >= len(found) / 2:
            shares[name], unseen[name] = float(rest.mean()), poor
    return Gate(len(pictures), shares, unseen)


def judges(
    lessons: Lessons, domain: Domain, folder: Path, *, epochs: int = 20, count: int = 20_000, seed: int = 0
) -> tuple[AttributeClassifier, AttributeClassifier | None]:
    """Fit on the lessons' things (never on what is held out), or loaded: the judges of covers and of things in scenes.

    The second sees `count` things in the scenes that are kept for measures: a painter must do without them, its judge
    must know them.
    """
    labels = {name: [str(value) for value in lessons.table[name].to_list()] for name in domain.judged}
    free = np.flatnonzero(~np.asarray(lessons.held))

    def fitted(
        name: str, pictures: np.ndarray, of: np.ndarray, like: AttributeClassifier | None = None
    ) -> AttributeClassifier:
        told = {column: [values[i] for i in of] for column, values in labels.items()}
        judge = AttributeClassifier.fit(
            pictures, told, epochs=epochs, seed=seed, folder=folder / name / "training", like=like
        )
        judge.save(folder / name)
        return judge

    def ready(name: str) -> bool:
        return (folder / name / "model.safetensors").exists()

    if not ready("flat"):
        fitted("flat", np.asarray(lessons.pictures[free]), free)
    if domain.place_in is not None and not ready("placed"):
        of = np.random.default_rng([seed, 4]).choice(free, count)
        fitted("placed", _placed(domain, lessons, of), of, AttributeClassifier.load(folder / "flat"))
    placed = AttributeClassifier.load(folder / "placed") if domain.place_in is not None else None
    return AttributeClassifier.load(folder / "flat"), placed


def _placed(domain: Domain, lessons: Lessons, of: np.ndarray) -> np.ndarray:
    """uint8 (n, 64, 64, 3): things in the scenes of the measures, in turn, cut as the judge will see them."""
    assert domain.place_in is not None
    rows = lessons.table.to_dicts()
    shown = np.empty((len(of), SIZE, SIZE, 3), np.uint8)
    with bar("scenes for the judge", len(of), "scene") as progress:
        for place, item in enumerate(of.tolist()):
            one = domain.place_in(rows[item], place % len(domain.scenes))
            shown[place] = crop(one.placed, one)
            progress.advance()
    return shown
