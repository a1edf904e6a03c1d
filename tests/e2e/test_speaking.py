"""A run's language model at work: its row, everybody's next items, searches in words, a catalogue that changes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from starlette.testclient import TestClient

from genrec import Recommender
from genrec.chat.tuned import TunedUnderstanding
from genrec.data import Interactions
from genrec.errors import UserError
from genrec.explain.speech import Speech
from genrec.model.towers import QueryReader, WordTowers
from genrec.serve import settings
from genrec.serve.app import create_app
from genrec.serve.running import listener, open_service, open_store
from genrec.serve.safety.keys import Keys
from genrec.serve.safety.stack import protect
from genrec.serve.settings import Secrets
from genrec.serve.talking import Talking

TINY_BASE = ("width=48", "layers=1", "heads=2", "key_heads=1", "head_width=32", "inner=96", "epochs=1", "pieces=512")
TINY_LM = (
    "epochs=1",
    "rank=4",
    "validation_users=20",
    "words=3000",
    "tasks={next_item: 1.0, search: 1.0, change: 0.5, hearing: 0.5}",
)


ROOT = Path(__file__).parents[2]


def sets(changes: tuple[str, ...]) -> list[str]:
    return [word for change in changes for word in ("--set", change)]


@pytest.fixture(scope="module")
def spoken(fashion: Path, cli: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished run with a language model, hardly trained at all: what it says is allowed, not wise."""
    path = tmp_path_factory.mktemp("spoken") / "run"
    shutil.copytree(fashion, path)
    cli("lm", "pretrain", path, *sets(TINY_BASE)).ok()
    cli("lm", "train", path, *sets(TINY_LM)).ok()
    cli("lm", "evaluate", path).ok()
    return path


@pytest.fixture(scope="module")
def recommender(spoken: Path) -> Recommender:
    return Recommender.from_pretrained(spoken, beam=20)


def test_the_demo_makes_one_too(spoken: Path, tmp_path: Path, cli: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    """With recipes of one's own in the place of its three, which would take an hour."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(spoken, tmp_path / "run")
    own = {"demo": json.loads((spoken / "experiment.json").read_text())}
    for name, recipe, changes in (("demo-base", "pretrain", TINY_BASE), ("demo-lm", "lora", TINY_LM)):
        own[name] = yaml.safe_load((ROOT / "train" / f"{recipe}.yaml").read_text())
        own[name] |= {key: yaml.safe_load(value) for key, value in (change.split("=", 1) for change in changes)}
    (tmp_path / "train").mkdir()
    for name, recipe in own.items():
        (tmp_path / "train" / f"{name}.yaml").write_text(yaml.safe_dump(recipe))
    said = cli("demo", "--lm", "--workspace", "run").ok()
    # All of it was there already; the table has the model's row, and a search follows.
    assert "lm: up to date, skipped" in said.err and "genrec-lm" in said.err
    assert "5  F" in said.out and said.out.endswith("report.html\n")


def test_its_row_stands_beside_the_others(spoken: Path, cli: Callable) -> None:
    rows = json.loads(cli("lm", "evaluate", spoken, "--json").ok().out)
    others = json.loads((spoken / "evaluate" / "rows.json").read_text())
    assert rows[:-1] == others and rows[-1]["model"] == "genrec-lm"
    assert rows[-1].keys() == others[0].keys() and rows[-1]["metrics"].keys() == others[0]["metrics"].keys()
    assert rows[-1]["metrics"]["filled@20"] == 1.0
    words = json.loads((spoken / "lm" / "manifest.json").read_text())["metrics"]["words"]
    # On the questions it is learned from, a weight is never worse than none.
    assert words["weight"] >= 0 and words["precision@10"] >= words["codes"]


def test_next_items_for_everybody(spoken: Path, cli: Callable) -> None:
    out = cli("generate", spoken, "--k", "5", "--beam", "10", "--engine", "torch", "--shard", "150").ok().out
    table = pl.read_parquet(f"{out.strip()}/*.parquet")
    manifest = json.loads((spoken / "generate" / "manifest.json").read_text())
    assert manifest["recipe"]["engine"] == "torch" and manifest["recipe"]["lm"] == "lm"
    events = Interactions.read(spoken / "data" / "interactions.parquet").table
    assert table.height == 5 * events["user_id"].n_unique()
    assert table.join(events, on=["user_id", "item_id"]).height == 0
    # The language model needs no compact generator, and asks nobody for one.
    assert set(manifest["inputs"]) == {"data", "sid", "lm"}


def test_items_in_words(recommender: Recommender, spoken: Path, cli: Callable) -> None:
    found = recommender.search("a red dress", k=8)
    assert len({one.item_id for one in found}) == 8 and found.reason is None
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    bags = recommender.search("something", k=300, where={"category": "bag"})
    assert {recommender.catalog.table["category"][recommender.catalog.index[one.item_id]] for one in bags} == {"bag"}
    assert bags.reason is not None and "category = 'bag'" in bags.reason
    text = cli("search", spoken, "a red dress", "--k", "8").ok().out
    assert [line.split()[1] for line in text.splitlines()[1:] if line.strip()] == [
        one.item_id for one in Recommender.from_pretrained(spoken).search("a red dress", k=8)
    ]
    like = recommender.refine("F00007", "in red", k=300)
    assert len(like) == 299 and "F00007" not in {one.item_id for one in like}


def test_with_words_what_is_asked_for_comes_first(spoken: Path, tmp_path: Path) -> None:
    """With a weight so large that only the words count."""
    path = tmp_path / "run"
    shutil.copytree(spoken, path)
    towers, _ = WordTowers.from_pretrained(path / "lm" / "words")
    towers.save(path / "lm" / "words", weight=1e4)
    recommender = Recommender.from_pretrained(path, beam=20)
    table = recommender.catalog.table
    right = []
    for category in ("bag", "dress", "shirt"):
        found = recommender.search(f"show me a {category}", k=5)
        right += [table["category"][recommender.catalog.index[one.item_id]] == category for one in found]
    assert np.mean(right) > 0.7
    reader = QueryReader(towers, recommender.catalog, recommender.snapshot.ids)
    scores = reader.encode(["something navy"]) @ towers.items(table).T
    assert recommender.search("something navy", k=1)[0].item_id == recommender.catalog.ids[int(scores.argmax())]


def test_a_catalogue_that_changes(spoken: Path, tmp_path: Path, cli: Callable) -> None:
    path = tmp_path / "run"
    shutil.copytree(spoken, path)
    recommender = Recommender.from_pretrained(path, beam=20)
    before = recommender.search("a red dress", k=5)
    recommender.withdraw([before[0].item_id])
    after = recommender.search("a red dress", k=300)
    assert len(after) == 299 and before[0].item_id not in {one.item_id for one in after}
    old = recommender.catalog.table.row(3, named=True)
    recommender.add_items(
        [{"item_id": "new-1", "title": "A red dress", "text": "A red dress", "category": old["category"]}]
    )
    for words in (False, True):
        assert "new-1" in {one.item_id for one in recommender.search("a red dress", k=300, words=words)}
    out = cli("generate", path, "--k", "5", "--beam", "10", "--engine", "torch").ok().out
    assert before[0].item_id not in set(pl.read_parquet(f"{out.strip()}/*.parquet")["item_id"])
    recommender.save_pretrained(tmp_path / "saved")
    saved = Recommender.from_pretrained(tmp_path / "saved", beam=20)
    assert saved.search("a red dress", k=7) == recommender.search("a red dress", k=7)


def test_words_follow_what_changes(spoken: Path, tmp_path: Path) -> None:
    """A changed row, and a newcomer in the place of one that was rolled back, are found by their own words."""
    path = tmp_path / "run"
    shutil.copytree(spoken, path)
    towers, _ = WordTowers.from_pretrained(path / "lm" / "words")
    towers.save(path / "lm" / "words", weight=1e4)
    recommender = Recommender.from_pretrained(path, beam=20)

    def expected(query: str) -> str:
        now = recommender.snapshot
        scores = QueryReader(towers, now.catalog, now.ids).encode([query]) @ towers.items(now.catalog.table).T
        return str(now.catalog.ids[int(scores.argmax())])

    def first(query: str) -> str:
        return recommender.search(query, k=1)[0].item_id

    row = {"title": "Navy Bag", "text": "Navy Bag", "category": "bag", "colour": "navy"}
    before = recommender.snapshot.version
    recommender.add_items([{"item_id": "new-1"} | row])
    assert first("a navy bag") == expected("a navy bag")
    recommender.rollback(before)
    other = {"title": "Red Dress", "text": "Red Dress", "category": "dress", "colour": "red"}
    recommender.add_items([{"item_id": "new-2"} | other])
    for query in ("a navy bag", "a red dress"):
        assert first(query) == expected(query)
    recommender.change_items([{"item_id": recommender.catalog.ids[5]} | other])
    assert first("a red dress") == expected("a red dress")


def test_it_hears_messages(spoken: Path, recommender: Recommender, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was hardly taught to, so what it says seldom holds; what is heard always does."""
    curves = json.loads((spoken / "lm" / "curves.json").read_text())
    assert 0 < curves[-1]["loss of hearing"] < 10
    asked: list[str] = []
    write = Speech.__call__

    def noted(self: Speech, messages: list[dict[str, str]]) -> str:
        asked.append(messages[-1]["content"])
        return write(self, messages)

    monkeypatch.setattr(Speech, "__call__", noted)
    messages = [{"role": "user", "content": "a red dress under 90"}]
    reply = recommender.chat(messages, k=3, understanding="lm")
    assert asked == ["Hear: a red dress under 90"] and len(reply.items) == 3
    for column, values in reply.constraints.wanted.items():
        assert {("colour", ("red",)), ("category", ("dress",))} >= {(column, values)}
    messages += [{"role": "assistant", "content": reply.text}, {"role": "user", "content": "why the second?"}]
    recommender.chat(messages, k=3, understanding="lm")
    assert asked[1].splitlines()[-1] == "Hear: why the second?" and "Shown: 3" in asked[1]
    recommender.chat(messages, k=3)
    recommender.chat(messages, k=3, understanding="gazetteer")
    assert len(asked) == 2


def test_a_server_hears_by_it(spoken: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    shutil.copytree(spoken, path)
    wanted = settings.load(changes=["chat.understand=lm"])
    service = open_service(path, wanted, open_store(path, wanted, Secrets()))
    understand = listener(wanted, Secrets(), service)
    assert understand is not None
    made = understand(service.recommender.conversation().gazetteer)
    assert isinstance(made, TunedUnderstanding) and isinstance(made.write, Speech)
    app = protect(create_app(service, Talking(service, understand=understand)), Keys(), wanted.policy())
    with TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 50000)) as client:
        body = {"model": "genrec", "messages": [{"role": "user", "content": "a red dress, please"}]}
        said = client.post("/v1/chat/completions", json=body)
        assert said.status_code == 200 and said.json()["choices"][0]["message"]["content"]


def test_a_run_that_cannot_hear_says_what_to_do(fashion: Path, spoken: Path, tmp_path: Path) -> None:
    hello = [{"role": "user", "content": "hello"}]
    with pytest.raises(UserError, match="lm train"):
        Recommender.from_pretrained(fashion).chat(hello, understanding="lm")
    path = tmp_path / "run"
    shutil.copytree(spoken, path)
    about = json.loads((path / "lm" / "lm.json").read_text())
    del about["tasks"]["hearing"]
    (path / "lm" / "lm.json").write_text(json.dumps(about))
    with pytest.raises(UserError, match=r"not taught to hear.*lm train"):
        Recommender.from_pretrained(path).chat(hello, understanding="lm")
    with pytest.raises(UserError, match="no understanding 'llm'"):
        Recommender.from_pretrained(path).chat(hello, understanding="llm")  # type: ignore[arg-type]


def test_bad_input(fashion: Path, spoken: Path, recommender: Recommender, cli: Callable, copy: Callable) -> None:
    with pytest.raises(UserError, match="genrec lm train"):
        Recommender.from_pretrained(fashion).speech()
    for call in (lambda: recommender.search(""), lambda: recommender.refine("F00001", " ")):
        with pytest.raises(UserError, match="empty"):
            call()
    with pytest.raises(UserError, match="k = 301"):
        recommender.search("hat", k=301)
    with pytest.raises(UserError, match="no item 'F9'"):
        recommender.refine("F9", "in red")
    bare = copy()
    assert "lm train" in cli("generate", bare, "--engine", "torch").err
    assert "add --engine" in cli("generate", bare, "--lm", "tenant").err
    assert "no engine 'tourch'" in cli("generate", spoken, "--engine", "tourch").err


def test_without_words_the_codes_decide(spoken: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    shutil.copytree(spoken, path)
    shutil.rmtree(path / "lm" / "words")
    by_codes, found = (
        Recommender.from_pretrained(spoken, beam=20).search("a red hat", 5, words=False),
        Recommender.from_pretrained(path, beam=20).search("a red hat", 5),
    )
    assert [one.item_id for one in found] == [one.item_id for one in by_codes]
