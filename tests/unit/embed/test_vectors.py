from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from genrec.embed import checked, load, read_own, save
from genrec.errors import UserError

IDS = ["a", "b", "c"]


def test_what_is_saved_is_loaded_as_a_memory_map(tmp_path: Path) -> None:
    vectors, mask = np.arange(6, dtype=np.float32).reshape(3, 2), np.array([True, False, True])
    save(tmp_path / "vectors", "text", vectors, mask)
    found, found_mask = load(tmp_path / "vectors", "text")
    assert isinstance(found, np.memmap) and found.dtype == np.float32
    assert np.array_equal(found, vectors) and np.array_equal(found_mask, mask)
    assert sorted(path.name for path in (tmp_path / "vectors").iterdir()) == ["text.mask.npy", "text.npy"]


def test_load_says_what_is_missing_or_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"image\.npy does not exist"):
        load(tmp_path, "image")
    save(tmp_path, "image", np.ones((3, 2)), np.ones(3, bool))
    np.save(tmp_path / "image.mask.npy", np.ones(2, bool))
    with pytest.raises(UserError, match="do not belong together"):
        load(tmp_path, "image")
    (tmp_path / "image.npy").write_bytes(b"no array")
    with pytest.raises(UserError, match=r"image\.npy: not a readable"):
        load(tmp_path, "image")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_a_bad_number_names_its_item(value: float) -> None:
    vectors = np.ones((3, 2))
    vectors[1, 1] = value
    with pytest.raises(UserError, match="some encoder: the vector of item 'b'"):
        checked(vectors, np.ones(3, bool), source="some encoder", ids=IDS)


def test_a_missing_row_may_hold_anything_and_comes_back_zero_without_touching_the_input() -> None:
    vectors = np.array([[1.0, 2.0], [np.nan, 3.0]], np.float32)
    found, mask = checked(vectors, np.array([True, False]), source="x")
    assert np.array_equal(found, [[1.0, 2.0], [0.0, 0.0]]) and mask.tolist() == [True, False]
    assert np.isnan(vectors[1, 0])


def test_own_vectors(tmp_path: Path) -> None:
    path = tmp_path / "mine.npy"
    with pytest.raises(UserError, match="no such file"):
        read_own(path, IDS)
    np.save(path, np.ones((2, 4)))
    with pytest.raises(UserError, match="has 2 rows, the catalogue 3"):
        read_own(path, IDS)
    np.save(path, np.array(["x", "y", "z"]))
    with pytest.raises(UserError, match="need numbers of shape"):
        read_own(path, IDS)
    vectors = np.ones((3, 4))
    vectors[2] = np.nan
    np.save(path, vectors)
    with pytest.raises(UserError, match=r"mine\.npy: the vector of item 'c'"):
        read_own(path, IDS)
    np.save(tmp_path / "mine.mask.npy", np.array([True, True, False]))
    found, mask = read_own(path, IDS)
    assert found.dtype == np.float32 and mask.tolist() == [True, True, False] and np.isfinite(found).all()
    np.save(tmp_path / "mine.mask.npy", np.array([1, 1]))
    with pytest.raises(UserError, match=r"mine\.mask\.npy: need 3 booleans"):
        read_own(path, IDS)


def test_pickled_arrays_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "mine.npy", np.array([{"a": 1}, None, None], dtype=object), allow_pickle=True)
    with pytest.raises(UserError, match="not a readable"):
        read_own(tmp_path / "mine.npy", IDS)


def test_importing_the_room_imports_no_torch() -> None:
    code = "import sys, genrec.embed; assert not {'torch', 'sklearn', 'transformers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
