"""The language model over a workspace, one function per verb, as `stages` has them for the compact generator.

    lm pretrain    base/       a small base with a tokenizer of its own, from the catalogue's rows alone
    lm train       lm/         a base taught the tasks (lm-NAME/ with a name): base folder, adapter, lm.json
    lm export      anywhere    base and adapter merged into one checkpoint
    tasks preview              examples as the model would read them

Training by several processes: this one starts them and waits; they leave checkpoints where it finds the finished run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genrec import progress
from genrec.data import Split
from genrec.errors import UserError, nearest
from genrec.recipes import DataRecipe, Experiment, LmRecipe, PretrainRecipe
from genrec.stages import asked, split_of
from genrec.workspace import Stage, Workspace

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from genrec.loop import Record
    from genrec.model.tasks import Material
    from genrec.train.lm import Tuning

BASE, LM = "base", "lm"
WEIGHED = 400
"""Questions that the weight of words is learned on."""
NAMES = re.compile(r"[a-z0-9][a-z0-9-]*")


# ---------------------------------------------------------------------- pretrain


def pretrain(workspace: Workspace, experiment: Experiment, recipe: PretrainRecipe) -> None:
    """A tokenizer and a small model of one's own."""

    def work(stage: Stage) -> None:
        from genrec.data import Catalog
        from genrec.model import lm
        from genrec.sid import SemanticIds
        from genrec.train import pretrain as room

        catalog = Catalog.read(stage.input("data") / "catalog.parquet")
        ids = SemanticIds.load(stage.input("sid") / "sids.safetensors")
        tokenizer, model, record = room.pretrain(
            catalog, ids, codebooks_of(stage.input("sid"), ids.levels), recipe,
            seed=stage.seed, folder=stage.scratch / "loop",
        )  # fmt: skip
        lm.write(tokenizer, model, stage.output("model/config.json").parent)
        stage.output("curves.json").write_text(json.dumps(record.epochs))
        parameters = sum(parameter.numel() for parameter in model.parameters())
        stage.metrics |= {"parameters": parameters, "words": len(tokenizer), "loss": record.epochs[-1]["loss"]}
        progress.say(f"{BASE}: {parameters / 1e6:.1f} M parameters, {len(tokenizer):,} words")

    workspace.run(BASE, work, recipe=recipe.model_dump(), inputs=["data", "sid"], seed=experiment.seed)


def codebooks_of(sid: Path, levels: int) -> list[np.ndarray | None]:
    """Per level of the semantic IDs, what its codes mean, float (codes, d); None for the collision level."""
    from genrec.sid import load_tokenizer

    books: list[np.ndarray | None] = [np.asarray(book) for book in load_tokenizer(sid / "tokenizer").codebooks]
    return (books + [None] * levels)[:levels]


# ---------------------------------------------------------------------- train


@dataclass(frozen=True)
class Job:
    """A training, as plain values that travel to other processes. data, sid: folders of those stages."""

    data: str
    sid: str
    base: str
    split: dict[str, Any]
    recipe: dict[str, Any]
    seed: int
    scratch: str

    def begin(self) -> Tuning:
        from genrec.sid import SemanticIds
        from genrec.train import lm

        ids = SemanticIds.load(Path(self.sid) / "sids.safetensors")
        books = codebooks_of(Path(self.sid), ids.levels)
        return lm.begin(self.base, ids, books, LmRecipe.model_validate(self.recipe), self.seed)

    def fit(self, tuning: Tuning) -> Record:
        from genrec.decode.trie import Trie
        from genrec.train import lm

        recipe, data = LmRecipe.model_validate(self.recipe), DataRecipe.model_validate(self.split)
        material, split = material_of(Path(self.data), Path(self.sid), data, recipe, tuning.tokenizer)
        return lm.fit(
            tuning, material, split.validation, Trie.load(Path(self.sid) / "trie.safetensors"), recipe,
            exclude_seen=data.exclude_seen, seed=self.seed, folder=Path(self.scratch) / "loop",
        )  # fmt: skip


def tune(workspace: Workspace, experiment: Experiment, recipe: LmRecipe, name: str | None = None) -> None:
    """Teach a base the tasks; write base, adapter and lm.json."""
    target = stage_name(name)
    base, inputs = base_of(workspace, recipe)

    def work(stage: Stage) -> None:
        from genrec.sid import SemanticIds
        from genrec.train import lm

        ids = SemanticIds.load(stage.input("sid") / "sids.safetensors")
        job = Job(
            str(stage.input("data")), str(stage.input("sid")), base,
            experiment.data.model_dump(), recipe.model_dump(), stage.seed, str(stage.scratch),
        )  # fmt: skip
        clock = lm.Clock()
        if recipe.processes > 1 and recipe.method != "none":
            in_processes(job, recipe.processes)
        tuning = job.begin()
        record = job.fit(tuning) if recipe.method != "none" else None
        curves = [] if record is None else record.epochs
        stage.output("curves.json").write_text(json.dumps(curves))
        figures: dict[str, Any] = clock.read() | {"epochs": len(curves)}
        if record is not None and record.best_epoch >= 0:
            figures |= {"best_epoch": record.best_epoch, "validation_ndcg@10": record.best_score}
        said = lm.export(
            tuning, recipe, ids, stage.output("lm.json").parent,
            figures | {"base": recipe.base or BASE, "name": name},
        )  # fmt: skip
        stage.metrics |= figures | {"parameters": said["parameters"]}
        sizes = tuning.sizes
        del tuning  # its memory is wanted for the exported model
        stage.metrics |= learn_words(job, recipe, stage.output("lm.json").parent)
        progress.say(
            f"{target}: {recipe.method}, {sizes.trained:,} of {sizes.total:,} parameters trained ({sizes.share:.1%}), "
            f"and {sizes.rows:,} in rows of semantic IDs"
        )

    plan = recipe.model_dump(exclude={"processes", "seed"}) | asked(experiment.data, "exclude_seen")
    seed = experiment.seed if recipe.seed is None else recipe.seed
    workspace.run(target, work, recipe=plan, inputs=inputs, seed=seed)


def learn_words(job: Job, recipe: LmRecipe, folder: Path) -> dict[str, Any]:
    """What words are worth beside codes, for a model that learns to search: its towers in `folder`, and figures."""
    from genrec.train import towers as room

    if not recipe.words or not any(recipe.tasks.get(kind.name) for kind in room.SHARES):
        return {}
    from genrec.decode.lm_engines import open_lm
    from genrec.decode.lm_generator import LmGenerator
    from genrec.decode.text_score import WORDS, TextScore
    from genrec.decode.trie import Trie
    from genrec.model.towers import QueryReader
    from genrec.sid import SemanticIds

    data, sid = Path(job.data), Path(job.sid)
    ids, trie = SemanticIds.load(sid / "sids.safetensors"), Trie.load(sid / "trie.safetensors")
    opened = open_lm(folder, ids, trie, beam=recipe.beam)
    split = DataRecipe.model_validate(job.split)
    material, _ = material_of(data, sid, split, recipe, opened.tokenizer)
    towers = room.fit(material, recipe.words, seed=job.seed, folder=Path(job.scratch) / WORDS)
    if towers is None:
        return {}
    reader = QueryReader(towers, material.catalog, ids)
    score = TextScore(reader, towers.items(material.catalog.table))
    generator = LmGenerator.of(opened, ids, text_score=score)
    figures = room.fit_weight(generator, room.questions(material, WEIGHED, job.seed + 1, apart=True))
    towers.save(folder / WORDS, weight=figures["weight"])
    return {"words": figures}


def stage_name(name: str | None) -> str:
    """`lm`, or `lm-NAME`."""
    if name is not None and not NAMES.fullmatch(name):
        raise UserError(f"--name {name}: a name has small letters, digits and hyphens: --name tenant-a")
    return LM if name is None else f"{LM}-{name}"


def base_of(workspace: Workspace, recipe: LmRecipe) -> tuple[str, list[str | Path]]:
    """The base's hub id or folder, and what the stage is made from. The run's own base where none is named."""
    if recipe.base is None:
        if BASE not in workspace.stages():
            raise UserError(
                f"{workspace.path} has no base to train: `genrec lm pretrain {workspace.path}` makes a small one, "
                "--set base=NAME takes any causal language model by hub id or folder"
            )
        return str(workspace.path / BASE / "model"), ["data", "sid", BASE]
    inputs: list[str | Path] = ["data", "sid"]
    return recipe.base, [*inputs, Path(recipe.base)] if Path(recipe.base).is_dir() else inputs


def material_of(
    data: Path, sid: Path, wanted: DataRecipe, recipe: LmRecipe, tokenizer: PreTrainedTokenizerBase
) -> tuple[Material, Split]:
    """What tasks are made of: the catalogue and training histories, nothing held out. And the split."""
    from genrec.model.tasks import Facts, Material
    from genrec.sid import SemanticIds
    from genrec.train import lm

    catalog, split = split_of(data, wanted)
    ids = SemanticIds.load(sid / "sids.safetensors")
    room = lm.items_in(recipe.window, ids, tokenizer, recipe.max_items)
    return Material(catalog, ids, split.train, Facts(catalog), room), split


# ---------------------------------------------------------------------- several processes


def in_processes(job: Job, count: int) -> None:
    """Train in `count` processes of this machine; UserError where one fails."""
    import socket
    import subprocess
    import sys

    path = Path(job.scratch) / "job.json"
    path.write_text(json.dumps(asdict(job)))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    threads = max(1, int(os.environ.get("OMP_NUM_THREADS", len(os.sched_getaffinity(0)))) // count)
    shared = {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1",
              "MASTER_PORT": str(port), "OMP_NUM_THREADS": str(threads)}  # fmt: skip
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "genrec.stages.language", str(path)],
            env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=None if rank == 0 else subprocess.DEVNULL,
        )
        for rank in range(count)
    ]
    try:
        waiting = set(workers)
        while waiting:
            for worker in list(waiting):
                try:
                    code = worker.wait(timeout=0.2)
                except subprocess.TimeoutExpired:
                    continue
                waiting.discard(worker)
                if code:
                    raise UserError(
                        f"training process {workers.index(worker)} of {count} ended with status {code}: what it said "
                        "stands above; the same command goes on from the last checkpoint, processes=1 needs least"
                    )
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def worker(path: str) -> None:
    """One of `in_processes`. It ends with the process that started it."""
    import threading
    import time

    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    job = Job(**json.loads(Path(path).read_text()))
    import torch

    if not torch.cuda.is_available():
        os.environ["ACCELERATE_USE_CPU"] = "true"
    else:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    job.fit(job.begin())


# ---------------------------------------------------------------------- export, preview


def export(workspace: Workspace, name: str | None, merged: Path) -> None:
    """Write base and adapter as one Hugging Face folder, which anything that reads those can serve."""
    from genrec.model import lm

    if merged.exists() and (not merged.is_dir() or any(merged.iterdir())):
        raise UserError(f"--merged {merged}: is there already; name a folder that is new or empty")
    folder = workspace.folder(stage_name(name))
    part = merged.with_name(merged.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    lm.save_merged(folder, part)
    if merged.exists():
        merged.rmdir()
    part.rename(merged)


def preview(
    workspace: Workspace, experiment: Experiment, recipe: LmRecipe, task: str | None, count: int
) -> Iterator[tuple[str, list[tuple[str, bool]]]]:
    """`count` examples of every task of the recipe (or of one): its name, and pieces of text, true where they are
    learned from."""
    from genrec.model import lm, prompts
    from genrec.model.tasks import TASKS

    if task is not None and task not in TASKS:
        raise UserError(f"--task {task}: {nearest(task, TASKS)}")
    base, _ = base_of(workspace, recipe)
    data, sid = workspace.folder("data"), workspace.folder("sid")
    tokenizer = lm.open_tokenizer(base)
    if recipe.chat_template:
        tokenizer.chat_template = prompts.CHATML
    material, _ = material_of(data, sid, experiment.data, recipe, tokenizer)
    random = np.random.default_rng(experiment.seed)
    for name in [task] if task else [name for name, weight in recipe.tasks.items() if weight]:
        if name not in TASKS:
            raise UserError(f"tasks.{name}: {nearest(name, TASKS)}")
        made = TASKS[name](material)
        for index in random.permutation(len(made))[:count].tolist():
            read = prompts.render(tokenizer, made.example(index, random).messages)
            yield name, _pieces(tokenizer, read.tokens, read.mask)


def _pieces(tokenizer: PreTrainedTokenizerBase, tokens: list[int], mask: list[bool]) -> list[tuple[str, bool]]:
    """Runs of tokens that are learned from and of those that are not, as text."""
    ends = [place for place in range(1, len(mask)) if mask[place] != mask[place - 1]]
    runs = zip([0, *ends], [*ends, len(mask)], strict=True)
    return [(str(tokenizer.decode(tokens[begin:end])), mask[begin]) for begin, end in runs]


if __name__ == "__main__":
    import sys

    worker(sys.argv[1])
