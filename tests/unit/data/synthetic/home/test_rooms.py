"""Rooms, and pieces in them: masks that hold what they promise, to the pixel."""

from __future__ import annotations

import hashlib
from dataclasses import asdict

import numpy as np
import pytest

from genrec.data.synthetic.home.attributes import CATEGORIES, ROOMS
from genrec.data.synthetic.home.furnishing import pieces
from genrec.data.synthetic.home.placing import space, stand
from genrec.data.synthetic.home.rooms import empty, masks, room
from genrec.data.synthetic.rendering import SIZE

PIECES = [asdict(one) for one in pieces(400, 3)]
BY_PLACE = {
    place: [one for one in PIECES if CATEGORIES[one["category"]].place == place]
    for place in ("floor", "wall", "ceiling", "window")
}


def test_rooms_are_of_every_kind_and_all_different() -> None:
    assert [room(number).kind for number in range(5)] == list(ROOMS)
    pictures = {empty(number).tobytes() for number in range(40)}
    assert len(pictures) == 40
    drawn = [room(number) for number in range(40)]
    assert len({one.wall for one in drawn}) > 6 and len({one.laid for one in drawn}) == 3
    assert {one.mirrored for one in drawn} == {True, False}


@pytest.mark.parametrize("number", range(0, 30, 3))
def test_floor_and_wall_share_nothing(number: int) -> None:
    floor, wall = masks(number)
    assert floor.shape == wall.shape == (SIZE, SIZE) and floor.dtype == wall.dtype == bool
    assert not (floor & wall).any()
    assert floor.mean() > 0.2 and wall.mean() > 0.3
    assert not wall[-20:].any() and not floor[:80].any()


@pytest.mark.parametrize("number", range(0, 45, 4))
def test_outside_the_mask_the_room_is_as_it_was(number: int) -> None:
    """Exactly: edges and shadows are inside."""
    bare = np.asarray(empty(number))
    for one in PIECES[number::40]:
        image, mask = stand(one, number)
        full = np.asarray(image)
        assert mask.shape == (SIZE, SIZE) and mask.dtype == bool
        assert (full[~mask] == bare[~mask]).all()
        assert (full[mask] != bare[mask]).any(axis=1).mean() > 0.8
        assert 40 < mask.sum() < 0.5 * SIZE * SIZE
        assert not mask[:, [0, -1]].any() or one["category"] == "curtain"


@pytest.mark.parametrize("number", range(25))
def test_pieces_are_where_such_pieces_belong(number: int) -> None:
    for one in BY_PLACE["floor"][number::50]:
        mask = stand(one, number)[1]
        rows = np.flatnonzero(mask.any(axis=1))
        feet = mask.copy()
        feet[: rows[-1] - 2] = False
        floor = space(one["category"], number)
        assert (feet & ~floor).sum() == 0, one["category"]
        assert one["category"] != "rug" or (mask & ~floor).sum() == 0
    for place in ("wall", "ceiling", "window"):
        for one in BY_PLACE[place][number::30]:
            outside = stand(one, number)[1] & ~space(one["category"], number)
            # A pendant's rose touches the ceiling; curtains reach the skirting board.
            assert outside.sum() <= (0 if place == "wall" else 0.12 * stand(one, number)[1].sum()), one["category"]


def test_the_same_room_with_two_pieces_differs_only_there() -> None:
    sofa = next(one for one in PIECES if one["category"] == "sofa")
    blue, red = sofa | {"colour": "navy"}, sofa | {"colour": "red"}
    (one, mask), (other, same) = stand(blue, 8), stand(red, 8)
    assert (mask == same).all()
    changed = (np.asarray(one) != np.asarray(other)).any(axis=2)
    assert not (changed & ~mask).any() and changed[mask].mean() > 0.5


def test_rooms_are_the_same_on_every_machine() -> None:
    digest = hashlib.sha256()
    for number, one in enumerate(PIECES[:20]):
        image, mask = stand(one, number)
        digest.update(image.tobytes() + mask.tobytes() + empty(number).tobytes())
    assert digest.hexdigest()[:16] == "961d681e63aaa261"
