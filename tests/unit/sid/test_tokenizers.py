"""What both tokenizers promise: reconstruction, determinism, files, errors, ranked alternatives."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import genrec.sid.rqvae
from genrec.errors import UserError
from genrec.loop import shuffled
from genrec.sid import load_tokenizer, tokenizer_class
from genrec.sid.metrics import r2
from genrec.sid.residual import ResidualTokenizer, beam, normalized
from genrec.sid.rqkmeans import ResidualKMeans
from genrec.sid.rqvae import RQVAE

SMALL: dict[str, dict[str, Any]] = {
    "rqkmeans": {"levels": 3, "codebook_size": 16},
    "rqvae": {"levels": 3, "codebook_size": 16, "latent": 24, "hidden": (32,), "epochs": 15, "batch_size": 128},
}
QUICK: dict[str, dict[str, Any]] = {"rqkmeans": {}, "rqvae": {"epochs": 2}}
KINDS = pytest.mark.parametrize("kind", SMALL)


def clusters(n: int = 600, dim: int = 24, seed: int = 0) -> np.ndarray:
    """Categories, types within them and a little of one's own: float32 (n, dim)."""
    random = np.random.default_rng(seed)
    category, kind = random.integers(0, 8, n), random.integers(0, 6, n)
    vectors = random.normal(size=(8, dim))[category] * 2 + random.normal(size=(8, 6, dim))[category, kind]
    return (vectors + 0.2 * random.normal(size=(n, dim))).astype(np.float32)


def made(kind: str, **changes: Any) -> ResidualTokenizer:
    return tokenizer_class(kind)(**(SMALL[kind] | changes))


def share_kept(tokenizer: ResidualTokenizer, vectors: np.ndarray) -> float:
    targets = tokenizer.prepare(vectors)
    return r2(targets, tokenizer.decode(tokenizer.encode(vectors)), targets.mean(0))


@KINDS
@pytest.mark.parametrize("metric", ["l2", "cosine"])
def test_clustered_vectors_are_rebuilt_seen_or_not(kind: str, metric: str) -> None:
    vectors = clusters(900)
    tokenizer = made(kind, metric=metric)
    tokenizer.fit(vectors[:600], seed=0)
    codes = tokenizer.encode(vectors)
    assert codes.shape == (900, 3) and codes.dtype == np.uint16 and codes.max() < 16
    assert tokenizer.codebook_sizes == (16, 16, 16)
    assert [codebook.shape[0] for codebook in tokenizer.codebooks] == [16, 16, 16]
    # Cluster centres explain 0.99 of the variance; 16 + 16 + 16 codewords for 48 centres come near them.
    assert share_kept(tokenizer, vectors[:600]) > 0.93
    assert share_kept(tokenizer, vectors[600:]) > 0.92


@pytest.mark.parametrize("update", ["ema", "gradient"])
def test_training_improves_on_its_start(update: Any) -> None:
    """A curved two-dimensional sheet in 24 dimensions: principal components alone cannot follow it."""
    random = np.random.default_rng(0)
    places = random.uniform(-2, 2, size=(800, 2)).astype(np.float32)
    sheet = np.tanh(places @ random.normal(size=(2, 24)) + random.normal(size=24)).astype(np.float32)
    kept = []
    for epochs in (0, 25):
        settings = {"levels": 2, "codebook_size": 32, "latent": 2, "hidden": (64,), "batch_size": 128}
        tokenizer = RQVAE(**settings, epochs=epochs, codebook_update=update)
        tokenizer.fit(sheet, seed=0)
        kept.append(share_kept(tokenizer, sheet))
    assert kept[1] > kept[0] + 0.05


@KINDS
def test_same_seed_same_bits(kind: str) -> None:
    vectors = clusters()
    answers = []
    for seed in (3, 3, 4):
        tokenizer = made(kind)
        tokenizer.fit(vectors, seed=seed)
        answers.append((tokenizer.encode(vectors).tobytes(), np.stack(tokenizer.codebooks).tobytes()))
    assert answers[0] == answers[1] != answers[2]


@KINDS
def test_saved_and_loaded_gives_the_same_codes(kind: str, tmp_path: Path) -> None:
    vectors = clusters()
    tokenizer = made(kind, metric="cosine", **QUICK[kind])
    tokenizer.fit(vectors, seed=0)
    tokenizer.save_pretrained(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"config.json", "model.safetensors"}
    again = load_tokenizer(tmp_path)
    assert type(again) is type(tokenizer) and again.config() == tokenizer.config()
    codes = tokenizer.encode(vectors)
    assert again.encode(vectors).tobytes() == codes.tobytes()
    assert again.decode(codes).tobytes() == tokenizer.decode(codes).tobytes()
    other = RQVAE if kind == "rqkmeans" else ResidualKMeans
    with pytest.raises(UserError, match="load_tokenizer"):
        other.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text('{"schema_version": 99}')
    with pytest.raises(UserError, match="schema version 1"):
        load_tokenizer(tmp_path)


@KINDS
def test_alternatives_are_distinct_and_ranked(kind: str) -> None:
    vectors = clusters()
    tokenizer = made(kind, codebook_size=4, levels=2, **QUICK[kind])
    tokenizer.fit(vectors, seed=0)
    every = np.array(list(itertools.product(range(4), range(4))), dtype=np.uint16)
    for vector in vectors[:20]:
        errors = np.square(tokenizer.decode(every) - vector).sum(1)
        ranked = tokenizer.alternatives(vector, 100)  # a beam wider than the code space sees all of it
        assert ranked.dtype == np.uint16
        assert sorted(map(tuple, ranked.tolist())) == sorted(map(tuple, every.tolist()))
        found = np.square(tokenizer.decode(ranked) - vector).sum(1)
        np.testing.assert_allclose(found, np.sort(errors), rtol=1e-5)
        assert tokenizer.alternatives(vector, 3).shape == (3, 2)


@pytest.mark.parametrize("width", [1, 3, 200])
def test_beam_against_all_codes(width: int) -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(40, 6)).astype(np.float32)
    codebooks = random.normal(size=(3, 5, 6)).astype(np.float32)
    codes, errors = beam(vectors, codebooks, width)
    assert codes.shape == (40, min(width, 125), 3)
    for vector, found, error in zip(vectors, codes, errors, strict=True):
        paths: list[tuple[tuple[int, ...], np.ndarray]] = [((), vector)]
        for codebook in codebooks:
            paths = [((*path, code), rest - word) for path, rest in paths for code, word in enumerate(codebook)]
            paths.sort(key=lambda entry: float(np.square(entry[1]).sum()))
            paths = paths[:width]
        assert [tuple(path) for path in found.tolist()] == [path for path, _ in paths]
        np.testing.assert_allclose(error, [np.square(rest).sum() for _, rest in paths], rtol=1e-4, atol=1e-4)


def test_refinement_and_wider_beams_rebuild_better() -> None:
    vectors = np.random.default_rng(0).normal(size=(800, 12)).astype(np.float32)
    kept = []
    for settings in ({}, {"beam_width": 8}, {"beam_width": 8, "refine": 5}):
        tokenizer = ResidualKMeans(levels=3, codebook_size=16, **settings)
        tokenizer.fit(vectors, seed=0)
        kept.append(share_kept(tokenizer, vectors))
    assert kept[0] < kept[1] < kept[2]


@KINDS
def test_bad_vectors_are_named(kind: str) -> None:
    tokenizer = made(kind, **QUICK[kind])
    vectors = clusters()
    vectors[417, 3] = np.nan
    with pytest.raises(UserError, match="row 417 holds NaN"):
        tokenizer.fit(vectors, seed=0)
    with pytest.raises(UserError, match=r"15 vectors are fewer than the 16 .*`codebook_size` to at most 15"):
        tokenizer.fit(clusters(15), seed=0)
    tokenizer.fit(clusters(), seed=0)
    vectors[417, 3] = np.inf
    with pytest.raises(UserError, match="row 417 holds NaN or infinity"):
        tokenizer.encode(vectors)
    with pytest.raises(UserError, match="5 dimensions, the tokenizer was fitted on 24"):
        tokenizer.encode(np.zeros((2, 5), np.float32))


@KINDS
def test_bad_settings_are_named(kind: str) -> None:
    with pytest.raises(UserError, match="`levels` is 0"):
        made(kind, levels=0)
    with pytest.raises(UserError, match="`metric` is 'dot'"):
        made(kind, metric="dot")
    with pytest.raises(UserError, match=f"did you mean '{kind}'"):
        tokenizer_class(kind + "s")


@KINDS
def test_a_catalogue_of_few_distinct_vectors_still_fits(kind: str) -> None:
    vectors = np.repeat(clusters(5), 20, axis=0)
    tokenizer = made(kind)
    tokenizer.fit(vectors, seed=0)
    assert np.isfinite(tokenizer.decode(tokenizer.encode(vectors))).all()
    assert share_kept(tokenizer, vectors) > 0.95


def test_zero_vector_stays_zero_at_unit_length() -> None:
    np.testing.assert_allclose(normalized(np.array([[0, 0], [3, 4]], np.float32)), [[0, 0], [0.6, 0.8]], rtol=1e-6)


@pytest.mark.parametrize("update", ["ema", "gradient"])
def test_interrupted_fit_goes_on_to_the_same_codes(
    update: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = clusters()
    # A high revival threshold keeps the random generator busy until the end.
    settings = SMALL["rqvae"] | {"epochs": 6, "codebook_update": update, "revive_below": 0.3}
    whole = RQVAE(**settings)
    whole.fit(vectors, seed=1)

    def dies_in_epoch_3(count: int, size: int, seed: int, epoch: int) -> list[Any]:
        if epoch == 3:
            raise KeyboardInterrupt
        return shuffled(count, size, seed, epoch)

    with monkeypatch.context() as patch:
        patch.setattr(genrec.sid.rqvae, "shuffled", dies_in_epoch_3)
        with pytest.raises(KeyboardInterrupt):
            RQVAE(**settings).fit(vectors, seed=1, folder=tmp_path)
    resumed = RQVAE(**settings)
    resumed.fit(vectors, seed=1, folder=tmp_path)
    assert [row["epoch"] for row in resumed.record.epochs] == list(range(6))
    assert np.stack(resumed.codebooks).tobytes() == np.stack(whole.codebooks).tobytes()
    assert resumed.encode(vectors).tobytes() == whole.encode(vectors).tobytes()
    with pytest.raises(UserError, match="another recipe, seed or vectors"):
        RQVAE(**settings).fit(vectors, seed=2, folder=tmp_path)
