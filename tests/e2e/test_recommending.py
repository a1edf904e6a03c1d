"""What a trained run answers: on the command line, in Python, and for all users at once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from genrec import Recommender
from genrec.data import Catalog, Interactions
from genrec.decode.requests import Request
from genrec.errors import UserError


@pytest.fixture(scope="module")
def recommender(fashion: Path) -> Recommender:
    return Recommender.from_pretrained(fashion, beam=20)


def test_recommend_on_the_command_line(fashion: Path, cli: Callable) -> None:
    said = cli("recommend", fashion, "F00001", "F00002", "--k", "4").ok()
    found = [line.split()[:2] for line in said.out.splitlines()[1:] if line.strip()]
    best = Recommender.from_pretrained(fashion).recommend(["F00001", "F00002"], k=4)
    assert [item for _, item in found if item.startswith("F0")] == [one.item_id for one in best]


def test_a_filter_on_the_command_line(fashion: Path, cli: Callable) -> None:
    table = Catalog.read(fashion / "data/catalog.parquet").table
    bags = table.filter(pl.col("category") == "bag")["item_id"].to_list()
    said = cli("recommend", fashion, "F00001", "--k", "200", "--where", '{"category": "bag"}').ok()
    found = [word for word in said.out.split() if word.startswith("F0") and word[1:].isdigit()]
    assert set(found) == set(bags) - {"F00001"} and f"{len(bags)} items with category = 'bag'" in said.out
    assert "not JSON" in cli("recommend", fashion, "F00001", "--where", "category=bag").err
    assert "catagory" in cli("recommend", fashion, "F00001", "--where", '{"catagory": "bag"}').err


def test_answers_are_distinct_unseen_items_in_order(recommender: Recommender) -> None:
    history = ["F00003", "F00017", "F00200"]
    answer = recommender.recommend(history, k=20)
    assert len({one.item_id for one in answer} - set(history)) == 20
    assert [one.score for one in answer] == sorted((one.score for one in answer), reverse=True)
    assert all(
        one.title == recommender.catalog.table["title"][recommender.catalog.index[one.item_id]] for one in answer
    )


def test_all_items_can_be_asked_for(recommender: Recommender) -> None:
    everything = set(recommender.catalog.ids)
    for history in (["F00003", "F00017"], []):
        seen_too = recommender.recommend(history, k=300, exclude_seen=False)
        assert {one.item_id for one in seen_too} == everything
    assert {one.item_id for one in recommender.recommend(["F00003"], k=300)} == everything - {"F00003"}


def test_many_at_once_get_what_each_gets_alone(recommender: Recommender) -> None:
    histories = [["F00001"], [], ["F00002", "F00003", "F00004"], ["F00001"]]
    together = recommender.recommend_many(histories, k=5)
    for history, answer in zip(histories, together, strict=True):
        alone = recommender.recommend(history, k=5)
        assert [one.item_id for one in answer] == [one.item_id for one in alone]
        assert [one.score for one in answer] == pytest.approx([one.score for one in alone], abs=1e-4)
    assert together[0] == together[3]


def test_cold_users_get_what_is_popular(recommender: Recommender, fashion: Path) -> None:
    answer = recommender.recommend([], k=7)
    counts = dict(pl.read_parquet(fashion / "data/interactions.parquet")["item_id"].value_counts().iter_rows())
    assert len(answer) == 7 and min(counts[one.item_id] for one in answer) > sum(counts.values()) / 300


def test_a_saved_recommender_answers_the_same(recommender: Recommender, tmp_path: Path) -> None:
    recommender.save_pretrained(tmp_path / "saved")
    assert not list((tmp_path / "saved").rglob("interactions*"))
    again = Recommender.from_pretrained(tmp_path / "saved", beam=20)
    histories = [["F00001", "F00050"], ["F00007"], []]
    assert again.recommend_many(histories, k=15) == recommender.recommend_many(histories, k=15)
    with pytest.raises(UserError, match="not empty: save to a new folder"):
        again.save_pretrained(tmp_path / "saved")


@pytest.mark.parametrize("k", [0, 301])
def test_k_beyond_the_catalogue(recommender: Recommender, k: int) -> None:
    with pytest.raises(UserError, match=f"k = {k}: ask for 1 to 300 items"):
        recommender.recommend([], k=k)


def test_an_unknown_item_and_its_nearest(recommender: Recommender, fashion: Path, cli: Callable) -> None:
    with pytest.raises(UserError, match=r"no item 'F0042': did you mean 'F00.*42'"):
        recommender.recommend(["F00001", "F0042"])
    with pytest.raises(UserError, match="no item '%': its ids look like 'F00000'"):
        recommender.recommend(["%"])
    with pytest.raises(UserError, match="a history is a list of item ids, not the text 'F00001'"):
        recommender.recommend("F00001")
    said = cli("recommend", fashion, "f00042")
    assert said.code == 2 and "did you mean 'F00042'?" in said.err


def test_a_run_without_a_model(copy: Callable, cli: Callable) -> None:
    run = copy("model", "evaluate")
    said = cli("recommend", run)
    assert said.code == 2 and f"run `genrec run {run}`" in said.err


# ---------------------------------------------------------------------- generate


def shards(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((run / "generate").glob("*.parquet"))}


def check_everyone(run: Path, k: int) -> None:
    """Every user once, k different items of the catalogue each, none of which the user has."""
    table = pl.read_parquet(run / "generate" / "*.parquet")
    catalog = Catalog.read(run / "data" / "catalog.parquet")
    events = Interactions.read(run / "data" / "interactions.parquet").table
    assert table.columns == ["user_id", "rank", "item_id", "score"]
    assert table.group_by("user_id", maintain_order=True).agg("rank")["rank"].to_list() == [list(range(1, k + 1))] * 400
    assert set(table["user_id"]) == set(events["user_id"])
    assert table.select("user_id", "item_id").is_unique().all()
    assert set(table["item_id"]) <= set(catalog.ids)
    assert not len(table.join(events, on=["user_id", "item_id"], how="semi"))
    assert (table["score"].diff() <= 0).filter(table["rank"] > 1).all()


def test_generate_covers_everybody(copy: Callable, cli: Callable) -> None:
    run = copy()
    said = cli("generate", run, "--k", "8", "--beam", "10", "--shard", "150").ok()
    assert said.out == f"{run}/generate\n"
    assert list(shards(run)) == ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"]
    check_everyone(run, 8)
    before = shards(run)
    assert "generate: up to date" in cli("generate", run, "--k", "8", "--beam", "10", "--shard", "150").ok().err
    assert shards(run) == before
    cli("generate", run, "--k", "3", "--beam", "10").ok()
    assert list(shards(run)) == ["part-00000.parquet"]
    check_everyone(run, 3)


def test_generate_agrees_with_recommend(copy: Callable, cli: Callable) -> None:
    run = copy()
    cli("generate", run, "--k", "5", "--beam", "20").ok()
    table = pl.read_parquet(run / "generate" / "*.parquet")
    catalog = Catalog.read(run / "data" / "catalog.parquet")
    sequences = Interactions.read(run / "data" / "interactions.parquet").sequences(catalog)
    recommender = Recommender.from_pretrained(run, beam=20)
    for row in (0, 57, 399):
        answer = recommender.recommend([catalog.ids[item] for item in sequences[row]], k=5)
        assert [one.item_id for one in answer] == table.filter(user_id=sequences.users[row])["item_id"].to_list()


def test_a_killed_generate_repeats_and_loses_nothing(copy: Callable, genrec: Callable, launch: Callable) -> None:
    straight, broken = copy(), copy()
    asked = ["--k", "5", "--beam", "10", "--shard", "20"]
    unbroken = launch("generate", straight, *asked)
    process = launch("generate", broken, *asked)
    scratch = broken / "generate.part" / "scratch"
    while process.poll() is None and len(list(scratch.glob("*.parquet"))) < 5:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    done = {path.name: os.stat(path).st_ino for path in scratch.glob("*.parquet")}
    assert 5 <= len(done) < 20 and not (broken / "generate").exists()

    assert "generate: going on where it was stopped" in genrec("generate", broken, *asked).ok().err
    assert unbroken.wait() == 0
    assert shards(broken) == shards(straight) and len(shards(broken)) == 20
    check_everyone(broken, 5)
    assert {name: os.stat(broken / "generate" / name).st_ino for name in done} == done


# ---------------------------------------------------------------------- what a request may get


def rows_of(recommender: Recommender, answer: list) -> pl.DataFrame:
    table = recommender.catalog.table
    return table[[recommender.catalog.index[one.item_id] for one in answer]]


@pytest.mark.parametrize("history", [["F00003", "F00017"], []], ids=["warm", "cold"])
def test_a_filter_gives_what_it_leaves_and_all_of_it(recommender: Recommender, history: list[str]) -> None:
    table = recommender.catalog.table
    where = {"category": ["dress", "shoes"], "price": {"max": 120}, "not": {"colour": "black"}}
    expression = pl.col("category").is_in(["dress", "shoes"]) & (pl.col("price") <= 120) & (pl.col("colour") != "black")
    allowed = set(table.filter(expression)["item_id"]) - set(history)
    answer = recommender.recommend(history, k=300, where=where)
    assert 0 < len(allowed) < 300 and {one.item_id for one in answer} == allowed and len(answer) == len(allowed)
    assert answer.reason is not None and f"{len(allowed)} item" in answer.reason
    some = recommender.recommend(history, k=3, where=expression)
    assert [one.item_id for one in some] == [one.item_id for one in answer[:3]] and some.reason is None


def test_everybody_in_a_batch_has_limits_of_their_own(recommender: Recommender) -> None:
    requests = [
        Request(["F00001"], where={"category": "bag"}),
        Request(["F00001"], allow=["F00005", "F00001", "F00009"]),
        Request([], deny=[one.item_id for one in recommender.recommend([], k=3)]),
        Request(["F00004", "F00002"]),
    ]
    bags, listed, others, plain = recommender.recommend_many(requests, k=5)
    assert set(rows_of(recommender, bags)["category"]) == {"bag"}
    assert {one.item_id for one in listed} == {"F00005", "F00009"} and listed.reason is not None
    assert [one.item_id for one in others] == [one.item_id for one in recommender.recommend([], k=8)[3:]]
    alone = recommender.recommend(["F00004", "F00002"], k=5)
    assert [one.item_id for one in plain] == [one.item_id for one in alone]


def test_nothing_left_says_why(recommender: Recommender) -> None:
    empty = recommender.recommend(["F00001"], where={"price": {"max": 0.5}})
    assert empty == [] and empty.reason == "no item has price ≤ 0.5"
    seen = recommender.recommend(["F00001"], allow=["F00001"])
    assert seen == [] and "in the history" in str(seen.reason)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"where": {"colr": "red"}}, "'colr'.*colour"),
        ({"where": {"category": {"min": 3}}}, "category"),
        ({"where": {"price": "cheap"}}, "price"),
        ({"allow": ["F00002"], "deny": ["F00002"]}, "allow and deny both name 'F00002'"),
        ({"deny": ["F9"]}, "no item 'F9'"),
        ({"boosts": {"F00002": float("nan")}}, "F00002.*nan"),
    ],
)
def test_what_cannot_be_asked_is_named(recommender: Recommender, limits: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        recommender.recommend_many([Request(["F00001"], **limits)])


def test_boosts_lift_items_and_sponsored_ones_are_flagged(recommender: Recommender) -> None:
    history = ["F00003", "F00017"]
    last = recommender.recommend(history, k=298)[-1].item_id
    for name in ("boosts", "sponsored"):
        request = Request(history, **{name: {last: 50.0}})
        answer = recommender.recommend_many([request, Request(history)], k=5)
        assert answer[0][0].item_id == last and answer[0][0].sponsored == (name == "sponsored")
        plain = recommender.recommend(history, k=5)
        assert [one.item_id for one in answer[1]] == [one.item_id for one in plain]
        assert not any(one.sponsored for one in answer[1])
    everybody = recommender.offsets({last: 50.0})
    assert recommender.recommend_many([[]], k=1, offsets=everybody)[0][0].item_id == last


def test_spread_and_samples(recommender: Recommender) -> None:
    history = ["F00003", "F00017"]
    first = dict(zip(recommender.catalog.ids, recommender.snapshot.ids.codes[:, 0].tolist(), strict=True))
    spread = recommender.recommend(history, k=8, spread=1)
    assert len({first[one.item_id] for one in spread}) == 8
    samples = {tuple(one.item_id for one in recommender.recommend(history, k=8, seed=seed)) for seed in range(6)}
    assert len(samples) == 6 and all(len(set(sample)) == 8 for sample in samples)
    again = recommender.recommend(history, k=8, seed=3)
    assert tuple(one.item_id for one in again) in samples
