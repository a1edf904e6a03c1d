"""Every domain: its world has what the painter is told of it, and its scenes keep what a preview promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genrec.imagery.commission import Commission, Scene, Subject, Taste
from genrec.imagery.measures.judging import Trial, judges
from genrec.imagery.small.domains import DOMAINS, Domain
from genrec.imagery.small.lessons import Lessons, framed, held_out
from genrec.recipes import ImageryRecipe, load

PREVIEWED = [domain for domain in DOMAINS.values() if domain.place_in is not None]


@pytest.mark.parametrize("domain", DOMAINS.values(), ids=lambda domain: domain.name)
def test_its_world_has_pictures_histories_and_the_judged_columns(domain: Domain, tmp_path: Path) -> None:
    catalog, interactions = domain.build(tmp_path, 60, 12, 5)
    assert set(domain.identity) < set(domain.judged) <= set(catalog.table.columns)
    assert all(catalog.image_path(item) is not None for item in range(60))
    assert len(interactions.table) > 12
    assert load(f"imagery_{domain.name}", ImageryRecipe).domain == domain.name


@pytest.mark.parametrize("domain", PREVIEWED, ids=lambda domain: domain.name)
def test_its_previews_differ_from_their_scene_inside_the_region_alone(domain: Domain, tmp_path: Path) -> None:
    assert domain.place is not None and domain.place_in is not None
    catalog, _ = domain.build(tmp_path, 60, 12, 5)
    rng = np.random.default_rng(0)
    assert len(set(domain.scenes)) == len(domain.scenes) >= 5
    for number, row in enumerate(catalog.table.to_dicts()):
        for one in (domain.place(row, rng), domain.place_in(row, number % len(domain.scenes))):
            apart = (np.asarray(one.scene) != np.asarray(one.placed)).any(axis=2)
            assert apart.any() and one.tight.any()
            assert (one.region | ~one.tight).all() and not (apart & ~one.region).any()
            assert not one.region.all()
            scene, placed, mask = framed(one, rng)
            assert scene.shape == placed.shape == (64, 64, 3) and mask.max() > 128


@pytest.mark.slow
@pytest.mark.parametrize("name", ["home", "music"])
def test_a_tiny_painter_of_it_is_trained_draws_and_is_judged(name: str, tmp_path: Path) -> None:
    pytest.importorskip("diffusers")
    from genrec.imagery.small.painter import SmallPainter
    from genrec.imagery.small.training import fit
    from tests.painters import TINY

    domain = DOMAINS[name]
    fit(TINY.model_copy(update={"domain": name}), tmp_path)
    painter = SmallPainter.from_pretrained(tmp_path / "pipeline")
    assert painter.name == f"genrec-small-{name}"
    assert painter.kinds == ({"cover"} if domain.preview is None else {"cover", domain.preview})
    catalog, interactions = domain.build(tmp_path / "data", 80, 30, 9)
    thing = Subject("x", text=catalog.table["text"][0])
    asked = [Commission("cover", thing), Commission("cover", thing, Taste(keywords=("dark", "navy")), love=1.0)]
    if domain.place_in is not None and domain.preview is not None:
        made = domain.place_in(catalog.table.row(0, named=True), 1)
        asked.append(Commission(domain.preview, thing, scene=Scene(made.scene, made.region)))
    drawn = painter.draw(asked, steps=1)
    assert drawn[0].size == (64, 64)
    if domain.preview is not None:
        shown, before = np.asarray(drawn[-1]), np.asarray(made.scene)
        assert (shown[~made.region] == before[~made.region]).all()
    flat, placed = judges(Lessons.read(tmp_path / "lessons"), domain, tmp_path / "judges", epochs=1, count=30)
    assert (placed is None) == (domain.preview is None)
    vectors = np.zeros((80, 3), np.float32)
    trial = Trial(
        painter, domain, catalog, vectors, np.ones(80, bool), list(interactions.sequences(catalog)), flat, placed
    )
    assert trial.held.tolist() == np.flatnonzero(held_out(catalog.table, domain.judged)).tolist()
