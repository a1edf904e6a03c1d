"""Do the engines give the same answers? One checkpoint, float32, through torch, the vLLM worker and the vLLM driver.

    python benchmarks/engines.py runs/beauty                     # the run's `lm`
    python benchmarks/engines.py runs/beauty --random            # a small random-weight decoder on the run's items

1. The first --users people of the test questions (500) get 20 items each over 20 beams, nothing excluded. Of the first
   ten, engine against engine: how many lists are equal, how many are but for ties, and the largest difference between
   two scores of the same item of the same person.
   *Ties*: two lists agree but for ties when every item that stands elsewhere, or in one list only, has a score within
   --tie (1e-3) of the score at its place in the other list. Sums of float32 in another order differ in the sixth
   digit, so that items as good as equal may change places.
2. Up to --valid people (5,000; the driver gets --driver-valid) get 20 items each without those of their histories.
   Invalid is what is no item of the catalogue, stands twice in a list, is missing though items are left, or stands in
   the history.

vLLM gets the very weights of the torch engine: with --adapter the base and the adapter on its own, else both merged.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from machine import line, machine

K, COMPARED = 20, 10
WAYS = ("torch", "vllm", "vllm-driver")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a run with a finished `lm`; with --random, one with `sid`")
    parser.add_argument("--lm", default="lm", help="the stage of the language model")
    parser.add_argument("--random", action="store_true", help="random weights instead of a trained model")
    parser.add_argument("--adapter", action="store_true", help="vLLM applies the adapter itself, unmerged")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, help="engines; torch is what others meet")
    parser.add_argument("--users", type=int, default=500, help="people whose answers are compared")
    parser.add_argument("--beam", type=int, default=20, help="beams per user")
    parser.add_argument("--valid", type=int, default=5000, help="people whose answers are checked")
    parser.add_argument("--driver-valid", type=int, default=500, help="of these, for the driver, which is slower")
    parser.add_argument("--tie", type=float, default=1e-3, help="scores that differ by less may change places")
    parser.add_argument("--threads", type=int, help="threads of torch; all cores by default")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured here as well")
    asked = parser.parse_args(arguments)

    import torch
    from transformers import logging

    if asked.threads:
        torch.set_num_threads(asked.threads)

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    ways = [way for way in WAYS if way in {"torch", *asked.ways}]
    with tempfile.TemporaryDirectory() as folder:
        found = measure(asked, ways, Path(folder))
    tell(found)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def measure(asked: argparse.Namespace, ways: list[str], folder: Path) -> dict[str, Any]:
    """All engines, one after the other, on the same questions."""
    from genrec import recipes, stages
    from genrec.decode.trie import Trie
    from genrec.sid import SemanticIds
    from genrec.workspace import Workspace

    workspace = Workspace(asked.run)
    experiment = recipes.build(workspace.recall() or {}, recipes.Experiment, f"the recipe of {asked.run}")
    catalog, split = stages.split_of(workspace.folder("data"), experiment.data)
    ids = SemanticIds.load(workspace.folder("sid") / "sids.safetensors")
    trie = Trie.load(workspace.folder("sid") / "trie.safetensors")
    if asked.random:
        checkpoint = random_weights(ids, folder)
    else:
        checkpoint = trained(workspace.folder(asked.lm), ids, folder, unmerged=asked.adapter)
    histories = split.test.histories
    first = histories.take(np.arange(min(asked.users, len(histories))))
    answers: dict[str, Any] = {}
    rows: dict[str, dict[str, Any]] = {}
    for way, generator in opened(checkpoint, ways, ids, trie, asked.beam):
        most = asked.driver_valid if way == "vllm-driver" else asked.valid
        more = histories.take(np.arange(min(most, len(histories))))
        start = time.perf_counter()
        answers[way] = generator.recommend(first, K, **checkpoint.options(way))
        seconds = time.perf_counter() - start
        wrong = invalid(generator.recommend(more, K, exclude_seen=True, **checkpoint.options(way)), more, len(catalog))
        rows[way] = {"users_per_second": len(first) / seconds, "checked": len(more), "answers": len(more) * K} | wrong
        if way != "torch":
            rows[way] |= agreement(answers["torch"], answers[way], asked.tie)
    return {
        "run": str(asked.run), "model": checkpoint.about, "items": len(catalog), "users": len(first), "k": K,
        "compared": COMPARED, "beam": asked.beam, "tie": asked.tie, "engines": rows, "machine": machine(),
    }  # fmt: skip


@dataclass
class Checkpoint:
    """One model for all engines. model: for torch, everything merged. folder: what vLLM reads, and, where it applies
    the adapter itself, that adapter's folder."""

    model: Any
    tokenizer: Any
    vocabulary: Any
    folder: Path
    adapter: Path | None
    limits: dict[str, int]
    about: dict[str, Any]

    def options(self, way: str) -> dict[str, str]:
        return {"adapter": "run"} if self.adapter is not None and way != "torch" else {}


def trained(stage: Path, ids: Any, folder: Path, *, unmerged: bool) -> Checkpoint:
    """The language model of a stage, in float32."""
    from genrec.model import lm

    loaded = lm.load(stage, ids=ids)
    model, about = loaded.model.float(), loaded.about
    apart = unmerged and (stage / lm.ADAPTER).exists()
    if not apart:
        model.save_pretrained(folder)
        loaded.tokenizer.save_pretrained(folder)
    limits = {"window": about["window"], "max_items": about["max_items"]}
    said = {"name": f"{about['method']}{', adapter unmerged in vLLM' if apart else ''}", "dtype": "float32"}
    said |= {"parameters": model.num_parameters()}
    return Checkpoint(
        model, loaded.tokenizer, loaded.vocabulary, stage / lm.BASE if apart else folder,
        stage / lm.ADAPTER if apart else None, limits, said,
    )  # fmt: skip


def random_weights(ids: Any, folder: Path) -> Checkpoint:
    """A decoder of Qwen3's shape with weights large enough to have opinions, and a tokenizer of single bytes."""
    import torch
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    from genrec.model.prompts import CHATML, CHATML_WORDS
    from genrec.model.vocabulary import extend
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    core = Tokenizer(
        models.BPE(vocab={char: n for n, char in enumerate(pre_tokenizers.ByteLevel.alphabet())}, merges=[])
    )
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, eos_token=CHATML_WORDS[1])
    tokenizer.add_special_tokens({"additional_special_tokens": list(CHATML_WORDS)})
    tokenizer.chat_template = CHATML
    torch.manual_seed(0)
    model = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(tokenizer), hidden_size=64, intermediate_size=192, num_hidden_layers=2,
            num_attention_heads=2, num_key_value_heads=1, head_dim=32, initializer_range=0.15,
            tie_word_embeddings=True, max_position_embeddings=1024, bos_token_id=None, pad_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
        )
    ).eval()  # fmt: skip
    vocabulary = extend(tokenizer, model, ids.codebook_sizes)
    with torch.no_grad():
        rows = torch.from_numpy(vocabulary.rows)
        model.get_input_embeddings().weight[rows] = torch.randn(len(rows), 64) * 0.15
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    said = {"name": "random weights", "parameters": model.num_parameters(), "dtype": "float32"}
    return Checkpoint(model, tokenizer, vocabulary, folder, None, {"window": 512, "max_items": 50}, said)


def opened(checkpoint: Checkpoint, ways: list[str], ids: Any, trie: Any, beam: int) -> Iterator[tuple[str, Any]]:
    """The generators of `ways`, one at a time. vLLM starts once: worker and driver ask the same engine."""
    import torch

    from genrec.decode.causal_engine import CausalEngine
    from genrec.decode.lm_generator import LmGenerator

    tokens = [torch.from_numpy(table) for table in checkpoint.vocabulary.tables]

    def over(engine: Any) -> LmGenerator:
        return LmGenerator(engine, checkpoint.tokenizer, checkpoint.vocabulary, ids, **checkpoint.limits)

    if "torch" in ways:
        yield "torch", over(CausalEngine(checkpoint.model, trie, tokens, width=beam))
    if len(ways) > 1:
        from genrec.decode.vllm.engine import VllmEngine

        adapters = {} if checkpoint.adapter is None else {"run": checkpoint.adapter}
        window = checkpoint.limits["window"]
        with VllmEngine(
            checkpoint.folder, trie, tokens, width=beam, mode="worker", adapters=adapters, max_model_len=window,
            dtype="float32",
        ) as engine:  # fmt: skip
            for way in ways[1:]:
                engine.mode = "worker" if way == "vllm" else "driver"
                yield way, over(engine)


def agreement(ours: Any, theirs: Any, tie: float) -> dict[str, Any]:
    """The first `COMPARED` of two answers (`TopK` of K each)."""
    a, b = ours.items[:, :COMPARED], theirs.items[:, :COMPARED]
    same = (a == b).all(axis=1)
    differences, tied, other_items = [0.0], same.copy(), 0
    for row in range(len(a)):
        tables = [
            dict(zip(answer.items[row].tolist(), answer.scores[row].tolist(), strict=True)) for answer in (ours, theirs)
        ]
        both = [item for item in b[row].tolist() if item >= 0 and item in tables[0] and item in tables[1]]
        differences += [abs(tables[0][item] - tables[1][item]) for item in both]
        if same[row]:
            continue
        other_items += set(a[row].tolist()) != set(b[row].tolist())
        # Each list judged by its own scores: what the other has at a place must be as good as what it has there.
        tied[row] = all(
            abs(table.get(int(theirs_there), np.inf) - float(answer.scores[row, place])) <= tie
            for table, answer, elsewhere in ((tables[0], ours, b[row]), (tables[1], theirs, a[row]))
            for place, theirs_there in enumerate(elsewhere.tolist())
        )
    return {
        "equal": int(same.sum()),
        "equal_but_for_ties": int(tied.sum()),
        "other_items": int(other_items),
        "largest_difference": max(differences),
    }


def invalid(answer: Any, histories: Any, n_items: int) -> dict[str, int]:
    """How many of the places of an answer hold what they must not."""
    items = answer.items
    left = np.array([n_items - len(set(history.tolist())) for history in histories])
    there = items >= 0
    ordered = np.sort(items, axis=1)
    repeated = int(((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).sum())
    seen = sum(int(np.isin(row, history).sum()) for row, history in zip(items, histories, strict=True))
    return {
        "invalid": int(((items < -1) | (items >= n_items)).sum()) + repeated + seen
        + int(np.maximum(np.minimum(left, items.shape[1]) - there.sum(axis=1), 0).sum())
    }  # fmt: skip


def tell(found: dict[str, Any]) -> None:
    about = found["model"]
    print(
        f"{about['name']}, {about['parameters']:,} parameters, {about['dtype']}; {found['items']:,} items, "
        f"beam {found['beam']}\n"
    )
    print(
        f"| engine | same first {COMPARED} as torch, of {found['users']} users | equal but for ties "
        f"(within {found['tie']:g}) | largest difference of a score | invalid of answers | users/s |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for way, row in found["engines"].items():
        cells = ["–"] * 3
        if way != "torch":
            cells = [str(row["equal"]), str(row["equal_but_for_ties"]), f"{row['largest_difference']:.1e}"]
        print(
            f"| {way} | {' | '.join(cells)} | {row['invalid']} of {row['answers']:,} ({row['checked']:,} users × {K}) "
            f"| {row['users_per_second']:.1f} |"
        )
    print(f"\n{line(found['machine'])}")


if __name__ == "__main__":
    main()
