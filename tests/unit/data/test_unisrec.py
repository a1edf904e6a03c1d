"""UniSRec folders: a small one made here, and the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from genrec.data import leave_one_out, read_unisrec
from genrec.errors import UserError


def write(folder: Path, **changed: str) -> Path:
    files = {
        "item2index": "B\t0\nA\t1\nC\t2\nD\t3\n",
        "user2index": "zoe\t0\nabe\t1\nkim\t2\n",
        "text": "item_id:token\ttext:token_seq\n"
        "A\tRed hat. Hats. Acme. \nB\tBlue coat\nC\tA 1.5 m rope. Ropes.\nD\tdrum\n",
        "test.inter": "user_id:token\titem_id_list:token_seq\titem_id:token\n0\t0 1 2\t3\n1\t2 2\t1\n",
        "valid.inter": "user_id:token\titem_id_list:token_seq\titem_id:token\n0\t0 1\t2\n1\t2\t2\n",
        "train.inter": "user_id:token\titem_id_list:token_seq\titem_id:token\n0\t0\t1\n2\t3\t0\n2\t3 0\t1\n",
    }
    for name, content in (files | {name.replace("_inter", ".inter"): text for name, text in changed.items()}).items():
        (folder / f"Tiny.{name}").write_text(content)
    return folder


def test_a_small_folder(tmp_path: Path) -> None:
    catalog, events, bad_rows = read_unisrec(write(tmp_path))
    assert bad_rows.count == 0
    assert catalog.ids == ["B", "A", "C", "D"]
    assert catalog.table["title"].to_list() == ["Blue coat", "Red hat", "A 1.5 m rope", "drum"]
    assert catalog.table["text"][1] == "Red hat. Hats. Acme."
    histories = events.sequences(catalog)
    assert dict(zip(histories.users, [h.tolist() for h in histories], strict=True)) == {
        "abe": [2, 2, 1],
        "kim": [3, 0, 1],
        "zoe": [0, 1, 2, 3],
    }


HEADER = "user_id:token\titem_id_list:token_seq\titem_id:token\n"


@pytest.mark.parametrize(
    ("changed", "message", "listed", "events"),
    [
        ({"test_inter": HEADER + "0\t0 9\t3\n1\t2\t1\n"}, "Tiny.test.inter, row 1: item 9 is not in item2index", 1, 7),
        ({"test_inter": HEADER + "0\t0\t3\n7\t2\t1\n"}, "Tiny.test.inter, row 2: user 7 is not in user2index", 1, 7),
        ({"test_inter": HEADER + "0\t0\t3\n0\t2\t1\n"}, "Tiny.test.inter, row 2: user 0 has a row already", 1, 7),
        (
            {"text": "item_id\ttext\nA\thats\nB\tcoat\nC\trope\nD\t\n"},
            "Tiny.item2index, row 4: item D has no text",
            3,
            8,
        ),
    ],
)
def test_bad_rows(tmp_path: Path, changed: dict[str, str], message: str, listed: int, events: int) -> None:
    write(tmp_path, **changed)
    with pytest.raises(UserError, match=message):
        read_unisrec(tmp_path)
    found = read_unisrec(tmp_path, skip_bad_rows=True)
    assert found.bad_rows.count == listed
    assert len(found.interactions) == events


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"must hold one NAME\.text file"):
        read_unisrec(tmp_path)
    write(tmp_path)
    (tmp_path / "Tiny.valid.inter").unlink()
    with pytest.raises(UserError, match=r"no file .*Tiny\.valid\.inter"):
        read_unisrec(tmp_path)


def test_scientific_and_its_own_split(real_data: Path) -> None:
    folder = real_data / "unisrec_scientific"
    catalog, events, bad_rows = read_unisrec(folder)
    histories = events.sequences(catalog)
    assert (len(histories), len(catalog), len(events), bad_rows.count) == (8442, 4385, 59384, 0)
    assert catalog.table["text"].null_count() == 0

    names = dict(reversed(line.split("\t")) for line in (folder / "Scientific.user2index").read_text().splitlines())
    asked: dict[str, set[tuple[str, tuple[int, ...], int]]] = {}
    for part in ("train", "valid", "test"):
        lines = (folder / f"Scientific.{part}.inter").read_text().splitlines()[1:]
        rows = [line.split("\t") for line in lines]
        asked[part] = {(names[u], tuple(map(int, history.split())), int(target)) for u, history, target in rows}

    split = leave_one_out(histories, len(catalog))
    ours = {"valid": set(), "test": set(), "train": set()}
    for part, evaluation in (("valid", split.validation), ("test", split.test)):
        for user, history, target in zip(
            evaluation.histories.users, evaluation.histories, evaluation.targets, strict=True
        ):
            ours[part].add((user, tuple(history.tolist()), int(target)))
    for user, history in zip(split.train.users, split.train, strict=True):
        own = history.tolist()
        ours["train"] |= {(user, tuple(own[:end]), own[end]) for end in range(1, len(own))}

    assert ours["test"] == asked["test"]
    # Three users' rows were cut at 50 when the files were made: their other rows reach further back than the test row.
    full = [{user for user, history, _ in asked[part] if len(history) == 50} for part in ("valid", "test")]
    cut = full[0] & full[1]
    assert len(cut) == 3
    for part in ("train", "valid"):
        assert {q for q in ours[part] if q[0] not in cut} == {q for q in asked[part] if q[0] not in cut}
    assert {(u, t) for u, _, t in ours["valid"]} == {(u, t) for u, _, t in asked["valid"]}
