"""S3-Rec folders: a small one made here, and the real ones."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from genrec.data import read_s3rec
from genrec.errors import UserError

ITEMS = """{"id": 1, "asin": "A1", "short_title": "red hat", "brand": "Dr. Who&#39;s", "categories": ["Hats", "Red"]}
{"id": 2, "asin": "A2", "short_title": "", "brand": "Unknown", "categories": ["Coats"]}
{"id": 3, "asin": "A3", "short_title": "rope", "brand": null, "categories": []}
"""


def write(folder: Path, sequences: str, items: str = ITEMS) -> Path:
    (folder / "items.jsonl").write_text(items)
    (folder / "sequences.txt").write_text(sequences)
    return folder


def test_a_small_folder(tmp_path: Path) -> None:
    catalog, events, bad_rows = read_s3rec(write(tmp_path, "10 3 1 1\n9 2 3\n"))
    assert bad_rows.count == 0
    assert catalog.ids == ["1", "2", "3"]
    assert catalog.table["asin"].to_list() == ["A1", "A2", "A3"]
    assert catalog.table["title"].to_list() == ["red hat", None, "rope"]
    assert catalog.table["text"].to_list() == ["red hat. Dr. Who's. Hats, Red", "Coats", "rope"]
    assert events.table.rows() == [("10", "3", 0), ("10", "1", 1), ("10", "1", 2), ("9", "2", 0), ("9", "3", 1)]


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ("1 1 2\n2\n", "row 2: a user without items"),
        ("1 1 2\n\n1 3\n", "row 3: user 1 has a line already"),
        ("1 1 2 77\n", "row 1: item_id '77' is not in the catalogue"),
    ],
)
def test_bad_rows(tmp_path: Path, sequences: str, message: str) -> None:
    write(tmp_path, sequences)
    with pytest.raises(UserError, match=message):
        read_s3rec(tmp_path)
    found = read_s3rec(tmp_path, skip_bad_rows=True)
    assert found.bad_rows.count == 1 and len(found.interactions) == 2


@pytest.mark.parametrize("sequences", ["", "  \n\n"])
def test_no_sequences(tmp_path: Path, sequences: str) -> None:
    with pytest.raises(UserError, match=r"sequences\.txt"):
        read_s3rec(write(tmp_path, sequences))


@pytest.mark.parametrize(
    ("name", "users", "items", "events"),
    [("amazon14_beauty", 22363, 12101, 198502), ("amazon14_sports", 35598, 18357, 296337)],
)
def test_amazon(real_data: Path, name: str, users: int, items: int, events: int) -> None:
    begin = time.perf_counter()
    catalog, interactions, bad_rows = read_s3rec(real_data / name)
    seconds = time.perf_counter() - begin
    histories = interactions.sequences(catalog)
    assert (len(histories), len(catalog), len(interactions), bad_rows.count) == (users, items, events, 0)
    assert catalog.table["text"].null_count() == 0
    assert histories.lengths.min() >= 5
    first = (real_data / name / "sequences.txt").read_text().split("\n", 1)[0].split()
    assert [catalog.ids[item] for item in histories[histories.users.index(first[0])]] == first[1:]
    assert seconds < 10  # 0.5 s on a quiet machine
