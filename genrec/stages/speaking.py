"""The trained language model at work over a workspace; `language` makes it.

lm evaluate    evaluate-lm/   its row, in the protocol of `genrec evaluate`
generate                      next items of all users, `--engine torch` or `--engine vllm`
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from genrec.data import Catalog, Sequences
from genrec.recipes import Experiment
from genrec.stages import asked, split_of
from genrec.stages.language import stage_name
from genrec.workspace import Stage, Workspace

if TYPE_CHECKING:
    import polars as pl

    from genrec.decode.lm_generator import LmGenerator


def evaluate(
    workspace: Workspace, experiment: Experiment, name: str | None = None, *, engine: str = "torch"
) -> list[dict[str, Any]]:
    """Ask the language model what `genrec evaluate` asked all others. Returns those rows, as far as there are any, and
    its own."""
    trained = stage_name(name)
    target = f"evaluate-{trained}"

    def work(stage: Stage) -> None:
        from genrec.evaluate import protocol

        catalog, split = split_of(stage.input("data"), experiment.data)
        beam = experiment.evaluate.beam
        with generator_of(workspace, trained, engine=engine, beam=beam) as (generator, _):
            generator.name = f"genrec-{trained}"
            result = protocol.evaluate(
                generator, split.test, train=split.train, n_items=len(catalog), dataset=experiment.data.label,
                split=split.name, seed=stage.seed, exclude_seen=experiment.data.exclude_seen,
            )  # fmt: skip
            stage.output("rows.json").write_text(json.dumps([result.row], indent=1))
            stage.metrics |= {name: result[name] for name in ("recall@10", "ndcg@10")}
            stage.metrics |= {"users_per_second": round(len(split.test) / result.seconds, 1)}

    plan = {"beam": experiment.evaluate.beam, "engine": engine} | asked(experiment.data, "exclude_seen", "name")
    workspace.run(target, work, recipe=plan, inputs=["data", "sid", trained], seed=experiment.seed)
    rows: list[dict[str, Any]] = json.loads((workspace.folder(target) / "rows.json").read_text())
    others = workspace.path / "evaluate" / "rows.json"
    return (json.loads(others.read_text()) if others.exists() else []) + rows


@contextmanager
def generator_of(
    workspace: Workspace, trained: str, *, engine: str, beam: int
) -> Iterator[tuple[LmGenerator, Catalog]]:
    """The language model of the stage `trained`, over the catalogue as it stands, changes in live/ included."""
    from genrec.decode.lm_engines import open_lm
    from genrec.decode.lm_generator import LmGenerator
    from genrec.recommender import LIVE, Recommender

    folder = workspace.folder(trained)
    if (workspace.path / LIVE).exists():
        now = Recommender.from_pretrained(workspace.path).snapshot
        opened = open_lm(folder, now.ids, now.generator.engine.trie, engine=engine, beam=beam)
        available = None if now.available.all() else now.available
        catalog, generator = (
            now.catalog,
            LmGenerator.of(opened, now.ids, index=now.generator.index, available=available),
        )
    else:
        catalog = Catalog.read(workspace.folder("data") / "catalog.parquet")
        generator = LmGenerator.read(workspace.path, trained, engine=engine, beam=beam, catalog=catalog)
    try:
        yield generator, catalog
    finally:
        close = getattr(generator.engine, "close", None)
        if close is not None:
            close()


@contextmanager
def answers(
    workspace: Workspace, recipe: Mapping[str, Any], beam: int
) -> Iterator[Callable[[Sequences], pl.DataFrame]]:
    """From histories to the table of their next items, by the generator that the recipe of `generate` names."""
    from genrec.decode.requests import table_of
    from genrec.recommender import Recommender

    k, exclude_seen = recipe["k"], recipe["exclude_seen"]
    if "lm" not in recipe:
        recommender = Recommender.from_pretrained(workspace.path, beam=beam)
        yield lambda some: recommender.recommend_table(some, k, exclude_seen=exclude_seen)
        return
    with generator_of(workspace, recipe["lm"], engine=recipe["engine"], beam=beam) as (generator, catalog):
        yield lambda some: table_of(generator.recommend(some, k, exclude_seen=exclude_seen), some, catalog)
