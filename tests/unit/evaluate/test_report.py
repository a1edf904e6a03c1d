"""The report: complete, safe with any text, and whole without what is optional."""

from __future__ import annotations

import datetime
import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from genrec.data.catalog import Catalog
from genrec.data.interactions import Sequences
from genrec.data.splits import Split, leave_one_out
from genrec.errors import UserError
from genrec.evaluate import figures, protocol
from genrec.evaluate.baselines.itemknn import ItemKNN
from genrec.evaluate.baselines.popularity import Popularity
from genrec.evaluate.report import Example, ReportInput, write_report
from genrec.evaluate.report_tables import Tables, duration

N_ITEMS, N_USERS = 40, 60
EVIL = '<script>alert("x")</script> & "quoted" onerror=\'y\''
VOID = {"meta", "link", "img", "br", "line", "polyline", "circle", "path", "rect"}


class Page(HTMLParser):
    """Tags with their attributes, the text, and the ids; tags that close wrongly raise."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def split() -> Split:
    draw = np.random.default_rng(3)
    histories = [(start + np.arange(length)) % N_ITEMS for start, length in draw.integers(3, 12, (N_USERS, 2))]
    return leave_one_out(Sequences.from_lists(histories, [f"user-{u}" for u in range(N_USERS)]), N_ITEMS)


@pytest.fixture(scope="module")
def results(split: Split) -> list[protocol.Result]:
    models = [ItemKNN().fit(split.train, N_ITEMS), Popularity().fit(split.train, N_ITEMS)]
    return [
        protocol.evaluate(
            model, split.test, train=split.train, n_items=N_ITEMS, dataset="toys", split=split.name, seed=5
        )
        for model in models
    ]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Item 0 has an evil title, 1 none, 2 no picture, 3 a broken one; kinds of items are an attribute."""
    root = tmp_path_factory.mktemp("catalogue")
    noise = np.random.default_rng(0).integers(0, 255, (N_ITEMS, 300, 200, 3), dtype=np.uint8)
    for item in range(N_ITEMS):
        Image.fromarray(noise[item]).save(root / f"{item}.png")
    (root / "3.png").write_bytes(b"not a picture")
    titles: list[str | None] = [f"Toy {item}" for item in range(N_ITEMS)]
    titles[0], titles[1] = EVIL, None
    table = {
        "item_id": [f"id{item}" for item in range(N_ITEMS)],
        "title": titles,
        "image": [None if item == 2 else f"{item}.png" for item in range(N_ITEMS)],
        "kind": ["wooden" if item < 8 else "plush" for item in range(N_ITEMS)],
    }
    return Catalog(pl.DataFrame(table), root)


@pytest.fixture
def said(catalog: Catalog, split: Split, results: list[protocol.Result]) -> ReportInput:
    codes = np.stack([np.arange(N_ITEMS) // 8, np.arange(N_ITEMS) % 8], axis=1).astype(np.uint16)
    asked = split.test.histories
    return ReportInput(
        dataset="toys",
        counts={"users": N_USERS, "items": N_ITEMS, "events": 12_345},
        split=split.name,
        seed=5,
        results=results,
        catalog=catalog,
        oracles={
            "users": N_USERS,
            "history": {"recall@10": 0.9, "ndcg@10": 0.8},
            "informed": {"recall@10": 0.95, "ndcg@10": 0.9},
        },
        comparisons=[protocol.compare(results[0], results[1], metric) for metric in ("ndcg@10", "recall@10")],
        curves={
            "sasrec": [
                {
                    "epoch": epoch,
                    "loss": 3.0 / (epoch + 1),
                    "score": None if epoch == 0 else 0.1 * epoch,
                    "seconds": 40.0,
                }
                for epoch in range(3)
            ],
            "tokenizer": [{"epoch": 0, "loss": 1.0, "score": None, "seconds": 1.0}],
        },
        tokenizer={
            "items": N_ITEMS,
            "levels": [{"size": 8, "used": 5, "perplexity": 5.0}, {"size": 16, "used": 8, "perplexity": 8.0}],
            "r2": 0.71,
            "r2_held_out": None,
            "held_out_items": 0,
            "collisions_before": {"shared": 0.25, "groups": 4, "largest": 3},
            "collisions_after": {"shared": 0.0, "groups": 0, "largest": 1},
            "neighbours_kept@10": 0.62,
            "first_code_lift": 2.4,
        },
        code_groups=[("0, *", list(range(8))), ("1, *", list(range(8, 16)))],
        examples=[
            Example(
                asked.users[q],
                asked[q].tolist(),
                int(split.test.targets[q]),
                {result.row["model"]: result.items[q][:10].tolist() for result in results},
                {"itemknn": np.linspace(1, 0, 10).tolist()},
            )
            for q in (1, 4, 9)
        ],
        tuning={"itemknn": {"best": {"decay": 0.7, "neighbours": None}, "trials": 36, "seconds": 83.0}},
        leaf_weights={"codes": 1.1, "popularity": -0.4},
        codes=codes,
        environment={"processor": "an abacus"},
        date=datetime.date(2026, 11, 21),
    )


def render(tmp_path: Path, said: ReportInput) -> tuple[str, Page]:
    write_report(tmp_path / "sub" / "report.html", said)
    assert [file.name for file in (tmp_path / "sub").iterdir()] == ["report.html"]
    html = (tmp_path / "sub" / "report.html").read_text(encoding="utf-8")
    return html, Page(html)


def words(page: Page) -> str:
    return re.sub(r"\s+", " ", " ".join(page.text))


def test_one_file_without_requests_or_scripts(tmp_path: Path, said: ReportInput) -> None:
    html, page = render(tmp_path, said)
    assert not re.search(r"https?://|url\(|@import|javascript:", html)
    assert not page.named("script") and not page.named("iframe")
    for tag, attrs in page.tags:
        for key in ("src", "href", "srcset", "action", "data"):
            target = attrs.get(key)
            assert target is None or target.startswith(("data:", "#")), (tag, target)
        assert not [key for key in attrs if key.startswith("on")]
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["href"] for attrs in page.named("a")} <= {f"#{name}" for name in ids}


def test_everything_is_told(tmp_path: Path, said: ReportInput) -> None:
    _, page = render(tmp_path, said)
    told = words(page)
    for result in said.results:
        assert result.row["model"] in told
        for metric in ("recall@5", "ndcg@10", "mrr@20"):
            assert f"{result[metric]:.4f}" in told
        row = result.row["metrics"]
        assert f"{row['ndcg@10_low']:.4f}–{row['ndcg@10_high']:.4f}" in told
    for example in said.examples:
        assert example.user in told
    for fact in ("12,345 events", "2026-11-21", "seed 5", "an abacus", "decay = 0.7", "neighbours = all", "1 min 23 s"):
        assert fact in told
    for figure in (
        "0.710",
        "62 %",
        "2.40×",
        "25.0 %",
        "5 of 8 codes used",
        "-0.400",
        "+1.100",
        "oracle: history",
        "0.8000",
    ):
        assert figure in told
    assert "kind wooden 100 %" in told  # what the first group has in common
    assert "best score 0.2000 in epoch 3" in told


def test_hits_and_pictures(tmp_path: Path, said: ReportInput) -> None:
    history, target = [1, 2, 3, 4, 5, 6, 7, 8], 9
    example = Example("ann", history, target, {"itemknn": [5, 9, 2, -1, -1], "popularity": [1, 2, 3, 4, 5]})
    _, page = render(tmp_path, replace(said, examples=[example], code_groups=[]))
    told = words(page)
    assert "right at place 2" in told and "not among its 5" in told
    assert told.count("✓ came next") == 1 and told.count("in the history") == 2 + 5
    assert "2 older items not shown" in told
    pictures = page.named("img")
    # Six of the history, the answer, 3 + 5 answers; items 2 and 3 have none, in the history only 3 is shown.
    assert len(pictures) == (6 - 1) + 1 + (3 - 1) + (5 - 2)
    assert all(img["src"].startswith("data:image/webp;base64,") and img["alt"] for img in pictures)


def test_titles_are_data(tmp_path: Path, said: ReportInput) -> None:
    evil = Example(f"{EVIL}u", [0, 0], 0, {"itemknn": [0, 1, 2]})
    parts: dict[str, Any] = {"dataset": f"{EVIL}d", "examples": [evil], "code_groups": [(f"{EVIL}c", [0, 1])]}
    parts |= {"tuning": {f"{EVIL}t": {"best": {EVIL: EVIL}, "trials": 1, "seconds": 1.0}}, "environment": {EVIL: EVIL}}
    html, page = render(tmp_path, replace(said, **parts, curves={EVIL: said.curves["sasrec"]}))
    assert "<script" not in html
    assert not [attrs for _, attrs in page.tags if any(key.startswith("on") for key in attrs)]
    assert EVIL in [img["alt"] for img in page.named("img")]
    assert "".join(page.text).count(EVIL) > 10
    assert any((attrs.get("aria-label") or "").startswith(EVIL) for attrs in page.named("svg"))
    assert "id1" in words(page)  # an item without a title goes by its id


def test_only_results(tmp_path: Path, said: ReportInput) -> None:
    bare = ReportInput(
        dataset="toys",
        counts={},
        split=said.split,
        seed=0,
        results=said.results[1:],
        catalog=Catalog(said.catalog.table.select("item_id")),
        examples=[Example("bob", [], 3, {"popularity": [-1, -1]})],
    )
    _, page = render(tmp_path, bare)
    told = words(page)
    assert not page.named("img")
    assert "oracle" not in told and "Tokenizer" not in told and "Paired" not in told
    assert "no history" in told and "no answer" in told and "popularity: NDCG@10" in told
    assert "torch" in told  # the environment is found where none is given


def test_nothing_to_report(tmp_path: Path, said: ReportInput) -> None:
    with pytest.raises(UserError, match="genrec evaluate"):
        write_report(tmp_path / "report.html", replace(said, results=[]))
    assert not list(tmp_path.iterdir())


def test_size_stays_small(tmp_path: Path, said: ReportInput) -> None:
    """Pictures of pure noise, the hardest to compress, at three times the size shown: still bounded."""
    html, page = render(tmp_path, said)
    assert len(html) / len(page.named("img")) < 12_000
    assert len(html) < 1_000_000


def test_accessible(tmp_path: Path, said: ReportInput) -> None:
    _, page = render(tmp_path, said)
    assert page.named("html")[0]["lang"] == "en"
    assert all(attrs.get("scope") or not attrs for attrs in page.named("th"))
    for attrs in page.named("svg"):
        assert attrs.get("aria-label") or attrs.get("aria-hidden")
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_best_leader_and_summary(said: ReportInput) -> None:
    ours = replace(said.results[0], row=said.results[0].row | {"model": "genrec-compact"})
    other, oracle = said.results[1], {"history": {"ndcg@10": 2 * ours["ndcg@10"]}}
    compared = [protocol.compare(ours, other)]
    tables = Tables([other, ours], oracle, compared)
    assert (tables.leader, tables.rival) == ("genrec-compact", "popularity")
    ratio = compared[0]
    assert tables.summary == (
        f"genrec-compact: NDCG@10 {ours['ndcg@10']:.4f}, {ratio['ratio']:.2f}× the best neighbour method "
        f"(popularity, 95 % interval {ratio['ratio_low']:.2f}–{ratio['ratio_high']:.2f}), "
        f"50 % of what the history alone allows (oracle: {2 * ours['ndcg@10']:.4f})."
    )
    for column in range(9):
        cells = [row["cells"][column] for row in tables.accuracy if row["role"] != "oracle"]
        top = max(float(cell["text"]) for cell in cells)
        assert all(float(cell["text"]) == top for cell in cells if cell["best"])
        assert any(cell["best"] for cell in cells)
    # Models that were asked different questions are not compared.
    seen = replace(other, row=other.row | {"exclude_seen": True})
    assert not any(cell["best"] for row in Tables([seen, ours], None, []).accuracy for cell in row["cells"])


def test_slices_and_forest(said: ReportInput) -> None:
    tables = Tables(said.results, None, said.comparisons)
    for table, by in zip(tables.slices, ("history", "popularity"), strict=True):
        assert table["by"] == by and table["empty"]
        assert sum(bucket["questions"] for bucket in table["buckets"]) == len(said.results[0].ranks)
        assert all(0 <= cell["width"] <= 100 for row in table["rows"] for cell in row["cells"])
    for forest, comparison in zip(tables.forests, said.comparisons, strict=True):
        row = forest["rows"][0]
        assert 0 <= row["from"] <= row["at"] <= row["to"] <= 100
        assert (row["at"] > forest["one"]) == (comparison["ratio"] > 1)
        assert row["verdict"] == ("better" if comparison["difference_low"] > 0 else "level")


def test_a_comparison_without_ratio(tmp_path: Path, said: ReportInput) -> None:
    nothing = {"ratio": None, "ratio_low": None, "ratio_high": None, "b": 0.0}
    _, page = render(tmp_path, replace(said, comparisons=[dict(said.comparisons[0]) | nothing]))
    assert "itemknn against popularity" in words(page)


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.317), (0.0411, 0.0412), (-3.0, 12.5), (5.0, 5.0), (0.0, 0.0)])
def test_ticks_are_few_round_and_cover(low: float, high: float) -> None:
    marks = figures.ticks(low, high)
    assert 2 <= len(marks) <= 8
    assert marks[0] <= low + 1e-12 and marks[-1] >= high - 1e-12
    assert np.allclose(np.diff(marks), marks[1] - marks[0])


def test_line_chart_leaves_out_what_is_no_number() -> None:
    svg = figures.line_chart([(1, 0.5), (2, float("nan")), (3, 0.25), (4, float("inf"))], "a <b>")
    assert svg.count('class="dot"') == 2 and "nan" not in svg and "inf" not in svg and "a &lt;b&gt;" in svg
    assert "<svg" not in figures.line_chart([(1, float("nan"))], "nothing")
    places = re.findall(r"c[xy]=\"([\d.]+)\"", figures.line_chart([(7, 2.0)], "one epoch"))
    assert len(places) == 2 and all(0 <= float(place) <= figures.WIDTH for place in places)


def test_usage_bars_draw_used_codes_only() -> None:
    svg = figures.usage_bars(np.array([0, 3, 1, 0]), "use")
    assert svg.count("M") == 2
    assert figures.usage_bars(np.arange(5000), "use").count("M") <= figures.BARS


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.25, "0.2 s"), (42.4, "42 s"), (83.0, "1 min 23 s"), (3900, "1 h 5 min")]
)
def test_duration(seconds: float, told: str) -> None:
    assert duration(seconds) == told
