"""Offline batches with a real painter: an index that says it all, and nothing drawn twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from genrec.errors import UserError
from genrec.imagery import Subject, Taste
from genrec.imagery.batches import INDEX, SCHEMA, Order, draw_batch, file_name, read_index
from genrec.imagery.checkpoint import CheckpointPainter
from genrec.imagery.painter import Cancelled
from genrec.imagery.pictures import read_provenance
from tests.unit.imagery.checkpoint.conftest import Painting, Wanted, apart, noise, vector


class Counting:
    """The painter, and how many pictures it drew."""

    def __init__(self, painter: CheckpointPainter) -> None:
        self.painter, self.drawn, self.until = painter, 0, 10**6

    def __getattr__(self, name: str) -> Any:
        return getattr(self.painter, name)

    def draw(self, commissions: Any, **options: Any) -> list[Image.Image]:
        if self.drawn >= self.until:
            raise Cancelled
        self.drawn += len(commissions)
        return self.painter.draw(commissions, **options)


@pytest.fixture
def painter(painting: Painting) -> Counting:
    return Counting(painting("flux", licence="ours"))


@pytest.fixture
def orders(wanted: Wanted) -> list[Order]:
    listed = [Order(wanted(seed=seed, love=0.5), f"user-{seed}") for seed in range(5)]
    return [*listed, Order(wanted("tryon"), "user-0"), Order(wanted(seed=0, love=0.5), "user-9")]


def test_a_row_for_every_order(painter: Counting, orders: list[Order], tmp_path: Path) -> None:
    shares: list[float] = []
    index = draw_batch(painter, orders, tmp_path, catalogue="3", at_once=2, progress=shares.append)
    assert painter.drawn == 6  # the last is the first, for somebody else
    assert shares[0] == 0 and shares == sorted(shares) and shares[-1] == 1
    assert index.equals(read_index(tmp_path)) and dict(index.schema) == SCHEMA
    assert index["user_id"].to_list() == [order.user_id for order in orders]
    assert index["path"][0] == index["path"][6] and index["path"].n_unique() == 6
    for row, order in zip(index.iter_rows(named=True), orders, strict=True):
        said = read_provenance(tmp_path / row["path"])
        assert said is not None and json.loads(row["metadata"])["seed"] == said.seed == order.commission.seed
        assert (said.item_id, said.kind, said.model, said.licence) == ("d-1", order.commission.kind, "flux", "ours")
        assert (row["kind"], row["love"], row["catalogue"]) == (said.kind, said.love, "3")
        with Image.open(tmp_path / row["path"]) as opened:
            assert apart(opened.convert("RGB"), painter.painter.draw([order.commission])[0]) == 0
    for path in tmp_path.glob("*.png"):
        assert b"user-" not in path.read_bytes() and "user" not in path.name


def test_what_is_finished_is_not_drawn_again(painter: Counting, orders: list[Order], tmp_path: Path) -> None:
    painter.until = 4
    with pytest.raises(Cancelled):
        draw_batch(painter, orders, tmp_path, catalogue="3", at_once=2)
    assert painter.drawn == 4 and read_index(tmp_path).height == 5  # the shared one counts for both
    times = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.png")}
    (tmp_path / INDEX).unlink()  # a kill would not have written it
    (tmp_path / f"{next(iter(times))}.999.part").write_bytes(b"half")  # nor tidied up
    painter.until = 10**6
    index = draw_batch(painter, orders, tmp_path, catalogue="3", at_once=2)
    assert painter.drawn == 6 and index.height == 7
    assert all((tmp_path / name).stat().st_mtime_ns == when for name, when in times.items())
    draw_batch(painter, orders, tmp_path, catalogue="3")
    assert painter.drawn == 6
    # Another batch adds to the index; a row whose picture is gone leaves it.
    (tmp_path / index["path"][1]).unlink()
    more = draw_batch(painter, orders[:1], tmp_path, catalogue="4")
    assert more.height == 1 + 6 and index["path"][1] not in more["path"].to_list()


def test_names_follow_from_what_is_drawn(painting: Painting, wanted: Wanted) -> None:
    painter = painting("flux")
    vectors = {"vector": vector(1), "text": "red dress"}
    changes: list[dict[str, Any]] = [
        {}, {"seed": 6}, {"love": 0.5}, {"prompt": "x"}, {"style": "x"}, {"negative": "x"}, {"reference": True},
        {"item_guidance": 2.0}, {"taste_guidance": 2.0}, {"taste": Taste(vector=vector(2))},
        {"taste": Taste(vector=vector(3), keywords=("floral", "cotton"))},
        {"subject": Subject("d-1", vector(2), "red dress", noise(30, 30, 3))},
        {"subject": Subject("d-2", **vectors, picture=noise(30, 30, 3))},
        {"subject": Subject("d-1", vector(1), "blue dress", noise(30, 30, 3))},
        {"reference": True, "subject": Subject("d-1", **vectors, picture=noise(30, 30, 4))},
    ]  # fmt: skip
    names = [file_name(painter, wanted(**change), catalogue="1") for change in changes]
    names += [file_name(painter, wanted(), catalogue="2"), file_name(painter, wanted(), catalogue="1", steps=9)]
    names += [file_name(painting("flux", scheduler="flow-match-euler"), wanted(), catalogue="1")]
    names += [
        file_name(painter, wanted(), catalogue="1", label=True),
        file_name(painter, wanted("room"), catalogue="1"),
    ]
    assert len(set(names)) == len(names)
    unread = wanted(subject=Subject("d-1", **vectors, picture=noise(30, 30, 4)))  # not looked at
    assert file_name(painter, unread, catalogue="1") == names[0]
    odd = file_name(painter, wanted(subject=Subject("../../etc/pässword", text="x")), catalogue="1")
    assert "/" not in odd and not odd.startswith(".")


def test_refused_pictures_say_so(painting: Painting, wanted: Wanted, tmp_path: Path) -> None:
    painter = painting("flux", check=lambda pictures: ["a rule"] * len(pictures))
    index = draw_batch(painter, [Order(wanted())], tmp_path, catalogue="1", label=True)
    said = read_provenance(tmp_path / index["path"][0])
    assert said is not None and said.refused == "a rule" and index["user_id"][0] is None


def test_an_index_that_is_none(painter: Counting, orders: list[Order], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="draw a batch first"):
        read_index(tmp_path)
    (tmp_path / INDEX).write_bytes(b"PAR1 not really")
    with pytest.raises(UserError, match="no index"):
        read_index(tmp_path)
    pl.DataFrame({"path": np.arange(3)}).write_parquet(tmp_path / INDEX)
    with pytest.raises(UserError, match="no index"):
        draw_batch(painter, orders[:1], tmp_path, catalogue="1")
