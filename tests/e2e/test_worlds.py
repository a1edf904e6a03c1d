"""The recipes `music` and `home`, made small: from nothing to a table, and an answer in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from genrec.recommender import Recommender

SIZES = {"data.n_items": 120, "data.n_users": 150}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("world", "asked", "wanted"),
    [
        (
            "music",
            "a mellow jazz track with a sax",
            {"mood": ("calm",), "genre": ("jazz",), "instrument": ("saxophone",)},
        ),
        ("home", "a navy blue couch", {"colour": ("navy",), "category": ("sofa",)}),
    ],
)
def test_a_run_of_every_world(
    world: str,
    asked: str,
    wanted: dict[str, tuple[str, ...]],
    tmp_path: Path,
    genrec: Callable,
    small_recipe: list[str],
) -> None:
    path = tmp_path / world
    sizes = [word for key, value in SIZES.items() for word in ("--set", f"{key}={value}")]
    genrec("run", path, "--recipe", world, *small_recipe[2:], *sizes).ok()
    assert {row["model"] for row in json.loads((path / "evaluate" / "rows.json").read_text())} >= {"genrec-compact"}
    oracles = json.loads((path / "data" / "oracles.json").read_text())
    assert oracles["users"] == 150 and oracles["history"]["recall@10"] > 0.3
    engine = Recommender.from_pretrained(path)
    catalog = engine.catalog
    assert catalog.image_path(5).exists() and (catalog.audio_path(5) is not None) == (world == "music")  # type: ignore[union-attr]
    words = import_module(f"genrec.data.synthetic.{world}.synonyms").synonyms(catalog.table)
    heard = engine.conversation(words).hear([{"role": "user", "content": asked}]).heard
    assert heard.wanted == wanted
    found = engine.recommend(catalog.ids[:3], k=5)
    assert len({one.item_id for one in found}) == 5
    assert engine.explain(catalog.ids[:3], found[0].item_id).text
