"""The one object a user holds: histories of their own ids in, items of their own catalogue out."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from genrec.data import Catalog, Sequences
from genrec.errors import UserError, nearest
from genrec.evaluate.interface import TopK

if TYPE_CHECKING:
    from genrec.decode.generator import Generator

PARTS = ("data", "embed", "sid", "model")
"""What of a workspace a recommender needs; a saved one is a folder of these."""


@dataclass(frozen=True)
class Recommendation:
    """One answer. score: comparable within one answer list, not between people; higher is better."""

    item_id: str
    title: str | None
    score: float


class Recommender:
    """A trained generator over its catalogue.

    >>> recommender = Recommender.from_pretrained("runs/demo")
    >>> recommender.recommend(["F00042", "F00007"], k=5)
    """

    def __init__(self, path: Path, catalog: Catalog, generator: Generator) -> None:
        self.path, self.catalog, self.generator = path, catalog, generator

    @classmethod
    def from_pretrained(cls, path: str | Path, *, beam: int = 50) -> Recommender:
        """From a workspace whose stages up to `train` are done, or a folder that `save_pretrained` wrote."""
        path = Path(path)
        for part in PARTS:
            if not (path / part / "manifest.json").exists():
                raise UserError(f"{path} holds no trained recommender (no finished {part}/): run `genrec run {path}`")
        return cls(path, Catalog.read(path / "data" / "catalog.parquet"), load_generator(path, beam=beam))

    def recommend(self, history: Sequence[str], k: int = 10, *, exclude_seen: bool = True) -> list[Recommendation]:
        """The k items most likely to come after `history` (item ids, oldest first; may be empty)."""
        return self.recommend_many([history], k, exclude_seen=exclude_seen)[0]

    def recommend_many(
        self, histories: Iterable[Sequence[str]], k: int = 10, *, exclude_seen: bool = True
    ) -> list[list[Recommendation]]:
        """`recommend` for many people in one batch. UserError for an item id the catalogue does not have."""
        if not 1 <= k <= len(self.catalog):
            raise UserError(f"k = {k}: ask for 1 to {len(self.catalog)} items, as many as the catalogue has")
        asked = Sequences.from_lists([self._items(history) for history in histories])
        answer = self.generator.recommend(asked, k, exclude_seen=exclude_seen)
        titles = self.catalog.table["title"]
        return [
            [
                Recommendation(self.catalog.ids[item], titles[item], float(score))
                for item, score in zip(items.tolist(), scores.tolist(), strict=True)
                if item >= 0
            ]
            for items, scores in zip(answer.items, answer.scores, strict=True)
        ]

    def recommend_table(self, sequences: Sequences, k: int = 10, *, exclude_seen: bool = True) -> pl.DataFrame:
        """Columns user_id, rank (1 is best), item_id, score for histories of item indices."""
        answer: TopK = self.generator.recommend(sequences, k, exclude_seen=exclude_seen)
        rows, places = np.nonzero(answer.items >= 0)
        return pl.DataFrame(
            {
                "user_id": np.array(sequences.users, dtype=object)[rows].tolist(),
                "rank": (places + 1).astype(np.int32),
                "item_id": np.array(self.catalog.ids, dtype=object)[answer.items[rows, places]].tolist(),
                "score": answer.scores[rows, places],
            },
            schema={"user_id": pl.String, "rank": pl.Int32, "item_id": pl.String, "score": pl.Float32},
        )

    def save_pretrained(self, folder: str | Path) -> None:
        """Everything `from_pretrained` needs, without the histories it was trained on."""
        folder = Path(folder)
        if folder.exists() and any(folder.iterdir()):
            raise UserError(f"{folder} is not empty: save to a new folder")
        for part in PARTS:
            shutil.copytree(self.path / part, folder / part, ignore=shutil.ignore_patterns("interactions.parquet"))

    def push_to_hub(self, repo_id: str, *, private: bool = True, token: str | None = None) -> str:
        """Upload what `save_pretrained` writes to the Hugging Face hub; the address of the commit."""
        import tempfile

        from huggingface_hub import HfApi

        api = HfApi(token=token)
        api.create_repo(repo_id, private=private, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            self.save_pretrained(Path(folder) / "recommender")
            done = api.upload_folder(repo_id=repo_id, folder_path=str(Path(folder) / "recommender"))
        return str(done.commit_url)

    def _items(self, history: Sequence[str]) -> list[int]:
        if isinstance(history, str):
            raise UserError(f"a history is a list of item ids, not the text {history!r}")
        for item in history:
            if item not in self.catalog.index:
                raise UserError(f"the catalogue has no item {item!r}: {_hint(item, self.catalog)}")
        return [self.catalog.index[item] for item in history]


def _hint(item: object, catalog: Catalog) -> str:
    close = nearest(str(item), catalog.ids[:50_000])
    return close if close.startswith("did") else f"its ids look like {catalog.ids[0]!r}"


def load_generator(path: Path, *, beam: int = 50, plain: bool = False) -> Generator:
    """The generator of a workspace or a saved folder. plain: by codes alone, without the leaf score."""
    from genrec.decode.generator import Generator
    from genrec.decode.leaf import LeafScorer
    from genrec.decode.torch_engine import TorchEngine
    from genrec.decode.trie import Trie
    from genrec.embed import vectors
    from genrec.model.compact import CompactModel

    model = CompactModel.from_pretrained(path / "model")
    engine = TorchEngine(model, Trie.load(path / "sid" / "trie.safetensors"), width=beam)
    popularity = np.load(path / "model" / "popularity.npy", allow_pickle=False)
    leaf = None
    if not plain and (path / "model" / "leaf.json").exists():
        leaf = LeafScorer.load(path / "model", model, *vectors.load(path / "embed", "fused"))
    generator = Generator(engine, np.log1p(popularity), leaf)
    if plain:
        generator.name = "genrec-compact-plain"
    return generator
