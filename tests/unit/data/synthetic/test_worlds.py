"""What all synthetic worlds promise: the same seed gives the same world, everywhere; weights are exact."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from genrec.data.synthetic import fashion, home, music
from genrec.data.synthetic.fashion_shop import open_shop
from genrec.data.synthetic.home import shop as home_shop
from genrec.data.synthetic.home.furnishing import pieces
from genrec.data.synthetic.music import shop as music_shop
from genrec.data.synthetic.music.tracks import tracks
from genrec.data.synthetic.stock import series_name
from genrec.data.synthetic.wardrobe import garments
from genrec.data.synthetic.world import World, popularity
from genrec.errors import UserError

WORLDS: dict[str, Callable[..., World]] = {"fashion": fashion.build, "music": music.build, "home": home.build}


def tables(world: World) -> str:
    digest = hashlib.sha256()
    for row in [*world.catalog.table.iter_rows(), *world.interactions.table.iter_rows()]:
        digest.update(repr(row).encode())
    return digest.hexdigest()[:16]


def files(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.mark.parametrize(
    ("name", "digest"), [("fashion", "932a0b6f93b49470"), ("music", "f36b38f4abe94cd0"), ("home", "69be82f02347e373")]
)
def test_the_same_world_twice_and_on_every_machine(name: str, digest: str, tmp_path: Path) -> None:
    one = WORLDS[name](tmp_path / "one", items=60, users=50, seed=11)
    two = WORLDS[name](tmp_path / "two", items=60, users=50, seed=11)
    assert tables(one) == tables(two) == digest
    assert one.oracles == two.oracles and one.oracles["users"] == 50
    assert files(tmp_path / "one") == files(tmp_path / "two")
    other = WORLDS[name](tmp_path / "other", items=60, users=50, seed=12)
    assert not set(other.catalog.table["text"]) & set(one.catalog.table["text"])


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize(("items", "users"), [(19, 10), (100, 0)])
def test_worlds_too_small_are_refused(name: str, items: int, users: int, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="at least"):
        WORLDS[name](tmp_path, items=items, users=users)


@pytest.mark.parametrize("name", WORLDS)
def test_the_smallest_world_works(name: str, tmp_path: Path) -> None:
    small = WORLDS[name](tmp_path, items=20, users=3, seed=0)
    assert len(small.catalog) == 20 and len(small.interactions) >= 15


def test_weights_are_exact() -> None:
    """Whole numbers below 2^53: not even the order of a sum can change what somebody takes."""
    wanted = popularity(300, 1)
    for shop in (
        open_shop(garments(300, 1), wanted),
        music_shop.open_shop(tracks(300, 1), wanted),
        home_shop.open_shop(pieces(300, 1), wanted),
    ):
        total = shop.complement_sum
        assert (total == np.rint(total)).all() and total.max() < 2**53
        assert (shop.base_sum == np.rint(shop.base_sum)).all()
        np.testing.assert_allclose(shop.drift.sum(axis=1), 1.0, rtol=1e-12)


def test_series_have_names_of_their_own() -> None:
    first, last = ("A", "B"), ("X", "Y", "Z")
    assert len({series_name(number, first, last) for number in range(30)}) == 30
