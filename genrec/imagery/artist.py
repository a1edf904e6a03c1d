"""From a run's ids to commissions: what is known of an item, what a history says of a taste, where things stand.

One `Artist` is over one version of the catalogue and one painter. Items are told by the run's own vectors, so whatever
the run's encoders read (text, pictures, columns) is in them; rows without a vector are told by their text.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from genrec.errors import UserError, nearest
from genrec.imagery.commission import Commission, Kind, Scene, Subject, Taste
from genrec.imagery.painter import Painter
from genrec.imagery.pictures import Provenance, labelled, write_picture

if TYPE_CHECKING:
    from genrec.decode.living import Snapshot
    from genrec.imagery.small.domains import Domain

RECENT = 20
"""Items of a history that a taste is read from, the latest."""
KEYWORDS = 6
"""Values that stand out in a history, for painters that are told in words."""
FITTED = 20_000
"""Rows that the map from the run's vectors to the small painter's words is fitted on, at most."""
WEIGHTS = Path(__file__).parent / "weights"
"""Small painters that come with GenRec, one folder a domain."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """A finished picture, and how it came about."""

    picture: Image.Image
    provenance: Provenance

    def save(self, path: str | Path, *, label: bool = False) -> None:
        """As a PNG whose metadata say what it is. label: draw «generated» into a corner as well."""
        write_picture(Path(path), self.picture, self.provenance, label=label)

    def labelled(self) -> Image.Image:
        """A copy with «generated» in a corner."""
        return labelled(self.picture)


class Artist:
    """painter: what draws. domain: the synthetic world whose scenes previews may stand in; None: they are brought."""

    def __init__(self, path: Path, now: Snapshot, painter: Painter, domain: Domain | None) -> None:
        self.now, self.painter, self.domain = now, painter, domain
        self._vectors, self._present = vectors_of(path, now)

    @classmethod
    def of(cls, path: Path, now: Snapshot, painter: str | Path | Painter | None = None) -> Artist:
        """painter: None for the one that comes with GenRec, where the run is of a world that it knows; the folder of a
        small painter; a checkpoint's recipe, hub id or folder; or any `Painter`."""
        kind = kind_of(path)
        return cls(path, now, opened(path, now, painter, kind), _domain(kind))

    def subject(self, item: int, *, picture: bool = False) -> Subject:
        """What is known of the item. picture: with its own picture, if it has one."""
        row = self.now.catalog.table.row(item, named=True)
        vector = self._vectors[item] if self._present[item] else None
        shown = None
        place = self.now.catalog.image_path(item) if picture else None
        if place is not None:
            from genrec.imagery.reading import read_picture

            shown = read_picture(place)
        return Subject(self.now.catalog.ids[item], vector, str(row.get("text") or row.get("title") or ""), shown)

    def taste(self, history: Sequence[int], *, without: int | None = None) -> Taste | None:
        """Of the items' indices, oldest first; None where nothing in them says anything. without: the item to be drawn,
        which is no news about itself."""
        recent = [item for item in dict.fromkeys(reversed(history)) if item != without][:RECENT]
        known = [item for item in recent if self._present[item]]
        vector = self._vectors[known].mean(axis=0).astype(np.float32) if known else None
        words = self._keywords(recent) if vector is None or self.painter.worded else ()
        return None if vector is None and not words else Taste(vector, words)

    def scene(self, kind: Kind, item: int, name: str | None = None) -> Scene:
        """A scene of the domain's own, with the mask of where a thing like this item may be."""
        domain = self.domain
        if domain is None or domain.place_in is None or domain.preview != kind:
            raise UserError(f"kind {kind}: this run has no scenes of its own for it: give a picture and a mask")
        number = 0 if name is None else list(domain.scenes).index(name) if name in domain.scenes else -1
        if number < 0:
            raise UserError(f"there is no scene {name!r}: {nearest(str(name), list(domain.scenes))}")
        row = self.now.catalog.table.row(item, named=True)
        if not set(domain.identity) <= row.keys() or any(row[column] is None for column in domain.identity):
            raise UserError(f"item {row['item_id']}: its row does not say {' and '.join(domain.identity)}")
        preview = domain.place_in(row, number)
        return Scene(preview.scene, preview.region, domain.scenes[number])

    def commission(
        self, item_id: str, history: Sequence[str] = (), *, kind: Kind = "cover", love: float = 0.5,
        scene: Scene | str | None = None, reference: bool = False, **wishes: Any,
    ) -> Commission:  # fmt: skip
        """One picture of an item for whoever has this history (item ids, oldest first). wishes: see `Commission`.

        Where love is above 0 and the history says nothing, UserError.
        """
        catalog = self.now.catalog
        item, *_ = self.now.items([item_id])
        liked = [catalog.index[one] for one in history if one in catalog.index]
        taste = self.taste(liked, without=int(item))
        if kind != "cover" and not isinstance(scene, Scene):
            scene = self.scene(kind, int(item), scene)
        if isinstance(scene, str):
            raise UserError("a cover has no scene: take kind tryon or room")
        subject = self.subject(int(item), picture=reference or kind != "cover")
        return Commission(
            kind, subject, taste=taste if love > 0 else None, scene=scene, love=love, reference=reference, **wishes
        )

    def draw(
        self,
        commissions: Sequence[Commission],
        *,
        steps: int | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> list[Drawing]:
        """See `Painter.draw`."""
        pictures = self.painter.draw(commissions, steps=steps, progress=progress)
        return [
            Drawing(
                picture,
                Provenance.of(
                    one, model=self.painter.name, licence=self.painter.licence, catalogue=str(self.now.version),
                    refused=str(picture.info.get("refused", "")),
                ),
            )
            for one, picture in zip(commissions, pictures, strict=True)
        ]  # fmt: skip

    def _keywords(self, items: Sequence[int]) -> tuple[str, ...]:
        from genrec.model.tasks.taste import dominant

        facts = self._facts
        return tuple(facts.facts[fact].value for fact in dominant(facts, items)[:KEYWORDS])

    @cached_property
    def _facts(self) -> Any:
        from genrec.model.tasks.facts import Facts

        return Facts(self.now.catalog)


def vectors_of(path: Path, now: Snapshot) -> tuple[np.ndarray, np.ndarray]:
    """The items' content at unit length: float32 (N, d), and bool (N,), which rows have any."""
    if now.generator.leaf is not None:
        content = now.generator.leaf.content
        return content.vectors, content.present
    from genrec.embed import vectors
    from genrec.evaluate.baselines.contentknn import normalised

    fused, _ = vectors.load(path / "embed", "fused")
    unit, present = normalised(np.asarray(fused))
    grown = len(now.catalog) - len(unit)
    return np.pad(unit, ((0, grown), (0, 0))), np.pad(present, (0, grown))


def require_diffusers() -> None:
    """UserError where diffusers is not installed."""
    if importlib.util.find_spec("diffusers") is None:
        raise UserError("drawing needs diffusers: pip install 'genrec[imagery]'")


def kind_of(path: Path) -> str | None:
    """Which synthetic world a run is of, if any: an updated run says so in its recipe alone, a saved one in its data's
    manifest alone."""
    for file, key in (("experiment.json", "data"), ("data/manifest.json", "recipe")):
        if (path / file).exists():
            said = json.loads((path / file).read_text(encoding="utf-8"))[key].get("kind")
            if said is not None:
                return str(said)
    return None


def opened(path: Path, now: Snapshot, painter: str | Path | Painter | None, kind: str | None) -> Painter:
    """See `Artist.of`."""
    if painter is not None and not isinstance(painter, str | Path):
        return painter
    folder = WEIGHTS / str(kind) if painter is None else Path(painter)
    if painter is None and not (folder / "model_index.json").exists():
        raise UserError(
            "GenRec's own painters draw the synthetic worlds alone: name another by --painter, a checkpoint of "
            "diffusers or a recipe of one (docs/imagery-checkpoints.md)"
        )
    require_diffusers()
    if painter is None:
        from genrec.imagery.small.card import verify

        verify(folder)
    if _is_small(folder):
        from genrec.imagery.small.painter import SmallPainter
        from genrec.imagery.small.projection import Projection

        small = SmallPainter.from_pretrained(folder)
        vectors, present = vectors_of(path, now)
        rows = np.flatnonzero(present)
        some = np.sort(np.random.default_rng(0).permutation(rows)[:FITTED])
        chosen = now.catalog.table[some]
        small.projection = Projection.of_run(
            small.pipeline.conditioner, chosen, vectors[some], np.ones(len(some), bool)
        )
        return small
    from genrec.imagery.checkpoint import CheckpointPainter
    from genrec.recipes import CheckpointRecipe, load

    named = str(painter)
    recipe = load(named, CheckpointRecipe) if named.endswith((".yaml", ".yml")) else CheckpointRecipe(model=named)
    return CheckpointPainter(recipe)


def _is_small(folder: Path) -> bool:
    index = folder / "model_index.json"
    return index.exists() and "SmallPipeline" in index.read_text(encoding="utf-8")


def _domain(kind: str | None) -> Domain | None:
    from genrec.imagery.small.domains import DOMAINS

    return DOMAINS.get(kind) if kind is not None else None
