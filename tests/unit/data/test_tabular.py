"""Items and events from CSV, TSV, Parquet and JSON lines: what is read, and what each mistake is told."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from genrec.data import read_tabular
from genrec.data.catalog import Catalog
from genrec.data.readers import BadRows, read_events, read_items
from genrec.errors import UserError

ITEMS = 'item_id,title,brand,price,code\n007,Red hat,Acme,1.5,007\n8,"Coat, blue",,2,010\n'
EVENTS = "user_id,item_id,timestamp\nann,007,5\nbob,8,4\nann,8,3\n"


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_csv(tmp_path: Path) -> None:
    catalog, events, bad_rows = read_tabular(put(tmp_path, "e.csv", EVENTS), put(tmp_path, "i.csv", ITEMS))
    assert bad_rows.count == 0
    assert catalog.ids == ["007", "8"]
    assert catalog.table["title"].to_list() == ["Red hat", "Coat, blue"]
    assert catalog.table["text"].to_list() == ["Red hat. Acme", "Coat, blue"]
    assert catalog.table["price"].to_list() == [1.5, 2.0]
    assert catalog.table["code"].to_list() == ["007", "010"]
    assert events.table.rows() == [("ann", "007", 5), ("bob", "8", 4), ("ann", "8", 3)]


def test_every_format_gives_the_same(tmp_path: Path) -> None:
    table = pl.read_csv(EVENTS.encode(), schema_overrides={"item_id": pl.String})
    table.write_parquet(tmp_path / "e.parquet")
    table.write_ndjson(tmp_path / "e.jsonl")
    table.write_csv(tmp_path / "e.tsv", separator="\t")
    put(tmp_path, "e.csv.gz", gzip.compress(EVENTS.encode()))
    put(tmp_path, "bom.csv", b"\xef\xbb\xbf" + EVENTS.replace("\n", "\r\n").encode())
    for path in tmp_path.iterdir():
        assert read_events(path, None).table.rows() == table.rows(), path


@pytest.mark.parametrize(
    "header",
    ["uid,movie_id,ts", "User ID,ASIN,Date", "customer_id,product_id,time", "user,item,unix_timestamp",
     "user_id:token,item_id:token,timestamp:float"],
)  # fmt: skip
def test_common_names_are_recognised(tmp_path: Path, header: str) -> None:
    path = put(tmp_path, "e.csv", EVENTS.replace("user_id,item_id,timestamp", header))
    assert read_events(path, None).table.rows()[0] == ("ann", "007", 5)


def test_mapping(tmp_path: Path) -> None:
    events = put(tmp_path, "e.csv", "who,what,when\nann,a,2024-01-01\n")
    items = put(tmp_path, "i.csv", "what,label,plot,mood\na,Alien,Far away,tense\n")
    catalog, interactions, _ = read_tabular(
        events,
        items,
        event_columns={"user_id": "who", "item_id": "what", "timestamp": "when"},
        item_columns={"item_id": "what", "title": "label", "text": ["label", "mood", "plot"]},
    )
    assert catalog.table.rows() == [("a", "Alien", "Alien. tense. Far away", None, "Far away", "tense")]
    assert interactions.table.rows() == [("ann", "a", 1_704_067_200_000)]


def test_row_order_as_time(tmp_path: Path) -> None:
    path = put(tmp_path, "e.csv", "user,item\nann,a\n\nbob,b\n")
    assert read_events(path, None, {"timestamp": "row order"}).table["timestamp"].to_list() == [1, 3]


def test_events_alone_make_a_catalogue_of_ids(tmp_path: Path) -> None:
    catalog, events, _ = read_tabular(put(tmp_path, "e.csv", EVENTS), None)
    assert catalog.ids == ["007", "8"] and len(events) == 3
    assert catalog.table["text"].null_count() == 2


def test_lists_entities_and_an_own_text_column(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "name": "A &amp; B", "categories": [["x", "y"], ["z"]], "description": ["one ", None, "two\n three"]},
        {"id": 2, "name": " ", "categories": [], "description": None, "brand": "Unknown", "extra": {"k": 1}},
        {"id": 3, "name": "C.", "categories": None, "description": [], "brand": "D"},
    ]
    lines = "\n".join(json.dumps(row) for row in rows)
    path = put(tmp_path, "i.jsonl", lines)
    with pytest.raises(UserError, match="row 2: item_id '2' has neither text nor image"):
        read_items(path)
    catalog = read_items(path, bad_rows=BadRows(skip=True))
    assert catalog.table["text"].to_list() == ["A & B. x, y, z. one , two three", "C. D"]
    own = put(tmp_path, "j.jsonl", '{"id": 1, "title": "T", "text": "all there is to say.", "brand": "B"}\n')
    assert read_items(own).table["text"].to_list() == ["all there is to say."]


def test_integers_with_gaps_keep_their_names(tmp_path: Path) -> None:
    table = pl.DataFrame({"user": [1.0, None, 3.0], "item": [10, 20, 30], "time": [1, 2, 3]})
    table.write_parquet(tmp_path / "e.parquet")
    bad_rows = BadRows(skip=True)
    events = read_events(tmp_path / "e.parquet", None, bad_rows=bad_rows)
    assert events.table.rows() == [("1", "10", 1), ("3", "30", 3)]
    assert bad_rows.table().rows() == [(str(tmp_path / "e.parquet"), 2, "no user_id in column 'user'")]


# --- mistakes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message", "left"),
    [
        ("user,item,time\nann,a,1\n,a,2\n", "e.csv, row 2: no user_id in column 'user'", 1),
        ("user,item,time\nann,a,1\nann, ,2\n", "e.csv, row 2: no item_id in column 'item'", 1),
        ("user,item,time\nann,a,1\nann,zz,2\nann,yy,2\n", r"row 2: item_id 'zz' is not in the cat.*1 more such", 1),
        ("user,item,time\nann,a,1\nann,b,soon\nann,b,3\n", "row 2: cannot read the time 'soon' in column 'time'", 2),
        ("user,item,time\nann,a,1\nann,b\nann,b,3\n", "row 2: cannot read the time ''", 2),
        ("user,item,time\nann,a,1\nann,b,2,x\nann,b,3\n", r"row 2: 4 fields where the header has 3 \(line 3\)", 2),
        (
            'user,item,time\nann,a,1\n"a\nb",b,2\n"ann,b,3\nann,b,4\n',
            r"row 3: a quote is opened .* \(lines 5 to 6\)",
            2,
        ),
        ('user,item,time\nann,a,1\nann,b,"2\nann,b,4\n', "row 2: a quote is opened and never closed", 1),
    ],
)
def test_bad_events(tmp_path: Path, content: str, message: str, left: int) -> None:
    path, catalog = put(tmp_path, "e.csv", content), Catalog(pl.DataFrame({"item_id": ["a", "b"]}))
    with pytest.raises(UserError, match=message) as raised:
        read_events(path, catalog)
    assert "--skip-bad-rows" in str(raised.value)
    bad_rows = BadRows(skip=True)
    assert len(read_events(path, catalog, bad_rows=bad_rows)) == left
    assert 1 <= bad_rows.count <= 2
    bad_rows.write(tmp_path / "bad.json")
    said = json.loads((tmp_path / "bad.json").read_text())
    assert said["count"] == bad_rows.count == len(said["rows"])
    assert said["rows"][0]["file"] == str(path) and said["rows"][0]["row"] in (2, 3)


@pytest.mark.parametrize(
    ("content", "message", "left"),
    [
        ("id,title\n1,a\n,b\n", "row 2: no item id in column 'id'", ["1"]),
        ("id,title\n1,a\n2,b\n1,c\n", "row 3: item_id '1' stands in row 1 already", ["1", "2"]),
        ("id,title\n1,a\n2,\n", "row 2: item_id '2' has neither text nor image", ["1"]),
    ],
)
def test_bad_items(tmp_path: Path, content: str, message: str, left: list[str]) -> None:
    path = put(tmp_path, "i.csv", content)
    with pytest.raises(UserError, match=message):
        read_items(path)
    bad_rows = BadRows(skip=True)
    assert read_items(path, bad_rows=bad_rows).ids == left
    assert bad_rows.count == 1


def test_duplicates_only_when_asked(tmp_path: Path) -> None:
    path, bad_rows = put(tmp_path, "i.csv", "id,title\n1,a\n2,b\n1,c\n1,d\n"), BadRows()
    catalog = read_items(path, bad_rows=bad_rows, on_duplicate="first")
    assert catalog.table["title"].to_list() == ["a", "b"]
    assert bad_rows.table()["row"].to_list() == [3, 4]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("e.csv", "", "is empty"),
        ("e.csv", "user,item,time\n", "but no rows"),
        ("e.csv", "user,item,time\n,,\n", "but no rows"),
        ("e.jsonl", "\n", "no rows"),
        ("e.csv", "person,item,time\na,b,1\n", r"no column for user_id. It has person, item, time"),
        ("e.csv", "user,thing,time\na,b,1\n", r"no column for item_id"),
        (
            "e.csv",
            "user,item\na,b\n",
            r"no column for timestamp.*--set data.event_columns.timestamp=THEIR_NAME.*'row order'",
        ),
        ("e.csv", b"user,item,time\na,b,1\nb\xe9,c,1\n", "line 3: byte 0xe9 is not UTF-8"),
        ("e.xlsx", "x", "cannot tell its format"),
        ("e.parquet", "no parquet at all", "not a readable Parquet file"),
        ("e.csv.gz", b"\x1f\x8b\x08broken", "cannot be read"),
        ("e.csv", "user,item,time\na,b,x\n", "row 1: cannot read the time 'x'"),
        ("e.csv", "user,user,item,time,x\na,b,c,1\na,b,c,1,2,3,4\n", "'user' stands in the header twice"),
    ],
)
def test_unusable_files(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_events(put(tmp_path, name, content), None)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no file"):
        read_events(tmp_path / "e.csv", None)


def test_nothing_left_after_skipping_is_an_error(tmp_path: Path) -> None:
    path = put(tmp_path, "e.csv", "user,item,time\na,b,x\n")
    with pytest.raises(UserError, match=r"no usable event is left, 1 bad row"):
        read_events(path, None, bad_rows=BadRows(skip=True))


def test_mistakes_in_the_mapping(tmp_path: Path) -> None:
    events, items = put(tmp_path, "e.csv", EVENTS), put(tmp_path, "i.csv", ITEMS)
    with pytest.raises(UserError, match="unknown key 'usr_id', did you mean 'user_id'"):
        read_events(events, None, {"usr_id": "user_id"})
    with pytest.raises(UserError, match=r"no column 'userid' .*did you mean 'user_id'.*It has user_id, item_id"):
        read_events(events, None, {"user_id": "userid"})
    with pytest.raises(UserError, match="no column 'plot'"):
        read_items(items, {"text": ["title", "plot"]})
    with pytest.raises(UserError, match="no column for title, text or image"):
        read_items(put(tmp_path, "j.csv", "item_id,price\na,1\n"))
    with pytest.raises(UserError, match="holds lists or objects"):
        read_items(put(tmp_path, "k.jsonl", '{"id": [1], "title": "x"}\n'))


def test_broken_json_lines(tmp_path: Path) -> None:
    path = put(
        tmp_path,
        "e.jsonl",
        '{"user": 1, "item": "a", "time": 1}\n{"user": 2,\n\n[1]\n{"user": "x", "item": "b", "time": 2, "m": [1]}\n',
    )
    with pytest.raises(UserError, match=r"row 2: not a JSON object: .*1 more such row"):
        read_events(path, None)
    bad_rows = BadRows(skip=True)
    events = read_events(path, None, bad_rows=bad_rows)
    assert events.table.rows() == [("1", "a", 1), ("x", "b", 2)]
    assert bad_rows.table()["row"].to_list() == [2, 3]


def test_stray_quotes_are_read_as_they_stand(tmp_path: Path) -> None:
    catalog = read_items(put(tmp_path, "i.csv", 'id,title\n1,5" screen\n2,"6"" screen"\n3,7\n'))
    assert catalog.table["title"].to_list() == ['5" screen', '6" screen', "7"]


# --- images ---------------------------------------------------------------------------------------------------------


def picture(path: Path, kind: str = "JPEG") -> None:
    path.parent.mkdir(exist_ok=True)
    Image.effect_noise((64, 64), 80).convert("RGB").save(path, kind)


def test_image_column(tmp_path: Path) -> None:
    picture(tmp_path / "pics/a.jpg")
    picture(tmp_path / "pics/b.png", "PNG")
    path = put(tmp_path, "i.csv", "id,title,image\n1,x,pics/a.jpg\n2,,pics/b.png\n3,y,\n")
    catalog = read_items(path)
    assert [catalog.image_path(i) for i in range(3)] == [tmp_path / "pics/a.jpg", tmp_path / "pics/b.png", None]
    bare = put(tmp_path, "j.csv", "id,title,image\n1,x,a.jpg\n2,,b.png\n3,y,\n")
    assert read_items(bare, image_folder=tmp_path / "pics").image_path(1) == tmp_path / "pics/b.png"


@pytest.mark.parametrize("fault", ["truncated", "text", "absent"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_broken_images(tmp_path: Path, fault: str, kind: str) -> None:
    for name in ("a", "b", "c"):
        picture(tmp_path / name, kind)
    for name in ("b", "c"):
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2] if fault == "truncated" else b"no picture")
        if fault == "absent":
            (tmp_path / name).unlink()
    path = put(tmp_path, "i.csv", "id,title,img\n1,x,a\n2,y,b\n3,,c\n")
    message = "no such file" if fault == "absent" else "cannot be decoded"
    with pytest.raises(UserError, match=f"i.csv, row 2: image b in .*{message}"):
        read_items(path)
    bad_rows = BadRows(skip=True)
    catalog = read_items(path, bad_rows=bad_rows)
    assert catalog.ids == ["1", "2"] and catalog.table["image"].to_list() == ["a", None]
    assert bad_rows.table()["row"].to_list() == [2, 3, 3]


def test_image_template(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture(tmp_path / "posters/1-x.jpg")
    path = put(tmp_path, "i.csv", "movie_id,title,kind\n1,a,x\n2,b,y\n3,c,\n")
    catalog = read_items(path, {"image": "posters/{movie_id}-{kind}.jpg"})
    assert catalog.table["image"].to_list() == ["posters/1-x.jpg", None, None]
    assert "2 of 3 items have no image" in " ".join(capsys.readouterr().err.split())
    with pytest.raises(UserError, match=r"not one of its 3 images is there, .*elsewhere/1\.jpg"):
        read_items(path, {"image": "elsewhere/{movie_id}.jpg"})
    with pytest.raises(UserError, match=r"no column 'movie', .*did you mean 'movie_id'"):
        read_items(path, {"image": "posters/{movie}.jpg"})


def test_web_addresses_are_no_images(tmp_path: Path) -> None:
    path = put(tmp_path, "i.csv", "id,title,image\n1,a,https://example.org/1.jpg\n")
    assert read_items(path).table["image"].to_list() == [None]


def test_movielens_with_posters(real_data: Path) -> None:
    folder = real_data / "ml100k_posters" / "data"
    columns = {"image": "posters/{movie_id}.jpg", "text": ["title", "overview"]}
    with pytest.raises(UserError, match="row 57: item_id '56' stands in row 56 already"):
        read_items(folder / "items.csv", columns)
    catalog, events, bad_rows = read_tabular(
        folder / "ratings.csv", folder / "items.csv", item_columns=columns, on_duplicate="first"
    )
    assert len(catalog) == 1682 and bad_rows.count == 64 and len(events) == 99_815
    assert catalog.table["image"].null_count() == 19
    assert events.table["timestamp"].is_between(874_000_000, 894_000_000).all()
