from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genrec.embed.fuse import WhitenedConcat
from genrec.embed.fuse.concat import Modality
from genrec.errors import UserError


def correlated(n: int, seed: int) -> dict[str, Modality]:
    """Two modalities that look at one hidden thing, with scales and offsets of their own."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(n, 6))
    text = 40 * hidden @ rng.normal(size=(6, 12)) + 2 * rng.normal(size=(n, 12)) + 100
    image = 0.01 * hidden @ rng.normal(size=(6, 8)) + 0.001 * rng.normal(size=(n, 8)) - 3
    present = np.ones(n, dtype=bool)
    return {"text": (text.astype(np.float32), present), "image": (image.astype(np.float32), present)}


def without(modalities: dict[str, Modality], name: str, rows: np.ndarray) -> dict[str, Modality]:
    vectors, mask = modalities[name][0].copy(), modalities[name][1].copy()
    vectors[rows], mask[rows] = np.nan, False  # whatever stands in a missing row must never be read
    return modalities | {name: (vectors, mask)}


def cosines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    found: np.ndarray = (first * second).sum(axis=1) / lengths
    return found


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000), st.integers(2, 12))
def test_whitening_makes_the_covariance_the_identity(seed: int, dim: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = (rng.normal(size=(400, dim)) @ rng.normal(size=(dim, dim)) * 7 + 5).astype(np.float32)
    mask = rng.random(400) < 0.8
    fuser = WhitenedConcat(shrinkage=0.0).fit({"text": (vectors, mask)})
    white = fuser.whitened("text", vectors[mask])
    kept = white.shape[1]
    assert np.allclose(np.cov(white, rowvar=False, bias=True), np.eye(kept), atol=0.02)
    assert np.allclose(white.mean(axis=0), 0, atol=0.02)


def test_shrinkage_stands_between_raw_and_white() -> None:
    vectors = (np.random.default_rng(0).normal(size=(500, 3)) * [9.0, 3.0, 1.0]).astype(np.float32)
    spreads = []
    for shrinkage in (0.0, 0.3, 1.0):
        fuser = WhitenedConcat(shrinkage=shrinkage).fit({"text": (vectors, np.ones(500, bool))})
        spread = fuser.whitened("text", vectors).std(axis=0)
        spreads.append(spread.max() / spread.min())
    assert spreads[0] == pytest.approx(1, abs=0.01) and spreads[0] < spreads[1] < spreads[2]
    assert spreads[2] == pytest.approx(9, rel=0.15)


def test_dot_product_is_the_weighted_mean_of_cosines() -> None:
    modalities = correlated(300, seed=0)
    fused = WhitenedConcat(weights={"text": 3.0, "image": 1.0}).fit(modalities).transform(modalities)
    assert fused.dtype == np.float32 and np.allclose(np.linalg.norm(fused, axis=1), 1, atol=1e-5)
    alone = {
        name: WhitenedConcat().fit({name: modalities[name]}).transform({name: modalities[name]}) for name in modalities
    }
    expected = (3 * alone["text"] @ alone["text"].T + alone["image"] @ alone["image"].T) / 4
    assert np.allclose(fused @ fused.T, expected, atol=1e-4)


def test_scale_and_offset_of_a_modality_do_not_matter() -> None:
    modalities = correlated(300, seed=1)
    fused = WhitenedConcat().fit(modalities).transform(modalities)
    moved = modalities | {"text": (modalities["text"][0] * 8 + 32, modalities["text"][1])}
    again = WhitenedConcat().fit(moved).transform(moved)
    assert np.allclose(fused @ fused.T, again @ again.T, atol=1e-3)


def test_a_missing_picture_is_predicted_from_the_text() -> None:
    whole = correlated(400, seed=2)
    rows = np.arange(0, 400, 4)
    partial = without(whole, "image", rows)
    fuser = WhitenedConcat().fit(partial)
    truth, found = fuser.transform(whole), fuser.transform(partial)
    kept = np.setdiff1d(np.arange(400), rows)
    assert np.allclose(truth[kept], found[kept], atol=1e-5)
    assert cosines(truth[rows], found[rows]).mean() > 0.95
    # Better than the zero block, and the blocks together still have length 1.
    width = fuser.tensors["whiten.image"].shape[1]  # modalities stand in the order of their names
    zeroed = truth[rows].copy()
    zeroed[:, :width] = 0
    assert cosines(truth[rows], found[rows]).mean() > 0.1 + cosines(truth[rows], zeroed).mean()
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_items_without_a_picture_do_not_gather() -> None:
    whole = correlated(400, seed=3)
    rows = np.arange(0, 400, 2)
    fuser = WhitenedConcat().fit(without(whole, "image", rows))
    fused = fuser.transform(without(whole, "image", rows))
    scores = fused @ fused.T
    np.fill_diagonal(scores, -1)
    nearest = scores.argmax(axis=1)
    assert 0.35 < (nearest[rows] % 2 == 0).mean() < 0.65


def test_what_nothing_tells_is_not_predicted() -> None:
    rng = np.random.default_rng(0)
    text, image = rng.normal(size=(2, 400, 8)).astype(np.float32)
    mask = np.arange(400) % 3 > 0
    fuser = WhitenedConcat().fit({"text": (text, np.ones(400, bool)), "image": (image, mask)})
    fused = fuser.transform({"text": (text, np.ones(400, bool)), "image": (image, mask)})
    assert np.linalg.norm(fused[~mask][:, :8], axis=1).mean() < 0.25  # image block; .71 where there is one
    assert np.allclose(np.linalg.norm(fused, axis=1), 1, atol=1e-5)


def test_modalities_that_never_meet() -> None:
    modalities = correlated(100, seed=4)
    even, odd = np.arange(0, 100, 2), np.arange(1, 100, 2)
    apart = without(without(modalities, "image", even), "text", odd)
    fused = WhitenedConcat().fit(apart).transform(apart)
    assert np.isfinite(fused).all() and np.allclose(fused[even] @ fused[odd].T, 0, atol=1e-5)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.integers(8, 60))
def test_any_pattern_of_missing_modalities(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    there = rng.random((n, 3)) < 0.6
    there[:4] = True
    there[~there.any(axis=1), 0] = True
    modalities = {}
    for column, name in enumerate(("text", "image", "collaborative")):
        vectors = rng.normal(size=(n, 4 + column)).astype(np.float32)
        vectors[~there[:, column]] = np.inf
        modalities[name] = (vectors, there[:, column])
    fuser = WhitenedConcat(dim=5).fit(modalities)
    fused = fuser.transform(modalities)
    assert fused.shape == (n, 5) and np.isfinite(fused).all()
    # What an item becomes depends on that item alone.
    some = rng.permutation(n)[:5]
    few = fuser.transform({name: (vectors[some], mask[some]) for name, (vectors, mask) in modalities.items()})
    assert np.allclose(few, fused[some], atol=1e-5)


def test_new_items_after_a_reload(tmp_path: Path) -> None:
    everything = correlated(330, seed=5)
    part = lambda rows: {name: (vectors[rows], mask[rows]) for name, (vectors, mask) in everything.items()}  # noqa: E731
    fuser = WhitenedConcat(weights={"text": 2.0}, dim=6).fit(part(slice(0, 300)))
    fuser.save_pretrained(tmp_path)
    again = WhitenedConcat.from_pretrained(tmp_path)
    new = part(slice(300, 330))
    for given_ in (new, without(new, "text", np.arange(10)), {"text": new["text"]}):
        assert np.array_equal(fuser.transform(given_), again.transform(given_))
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".safetensors"}
    assert np.array_equal(
        WhitenedConcat(weights={"text": 2.0}, dim=6).fit(part(slice(0, 300))).transform(new), fuser.transform(new)
    )
    with pytest.raises(UserError, match="holds no fuser"):
        WhitenedConcat.from_pretrained(tmp_path / "elsewhere")


def test_principal_components_keep_the_most() -> None:
    modalities = correlated(300, seed=6)
    whole = WhitenedConcat().fit(modalities).transform(modalities)
    few = WhitenedConcat(dim=6).fit(modalities).transform(modalities)
    spread = np.linalg.svd(whole - whole.mean(axis=0), compute_uv=False)
    assert np.allclose(np.linalg.svd(few, compute_uv=False), spread[:6], rtol=1e-3)


def test_errors_name_the_cause() -> None:
    modalities = correlated(20, seed=7)
    ids = [f"item-{row}" for row in range(20)]
    nothing = without(without(modalities, "text", np.array([4, 9])), "image", np.array([4, 9]))
    with pytest.raises(UserError, match=r"item 'item-4' \(and 1 more\) has none of image, text: give it"):
        WhitenedConcat().fit(modalities).transform(nothing, ids)
    bad = modalities["text"][0].copy()
    bad[3, 0] = np.nan
    with pytest.raises(UserError, match="modality 'text': the vector of item 'item-3'"):
        WhitenedConcat().fit(modalities | {"text": (bad, modalities["text"][1])}, ids)
    with pytest.raises(UserError, match="did you mean 'image'"):
        WhitenedConcat(weights={"imge": 1.0}).fit(modalities)
    with pytest.raises(UserError, match="weight of 'text' is 0"):
        WhitenedConcat(weights={"text": 0.0}).fit(modalities)
    with pytest.raises(UserError, match="shrinkage"):
        WhitenedConcat(shrinkage=1.5)
    with pytest.raises(UserError, match="all vectors of the modality 'text' are the same"):
        WhitenedConcat().fit({"text": (np.ones((5, 3), np.float32), np.ones(5, bool))})
    with pytest.raises(UserError, match=r"0 item\(s\) have the modality 'text'"):
        WhitenedConcat().fit({"text": (np.ones((5, 3), np.float32), np.zeros(5, bool))})
    fuser = WhitenedConcat().fit(modalities)
    with pytest.raises(UserError, match="'text' vectors have 3 dimensions, the fuser learned 12"):
        fuser.transform({"text": (np.ones((2, 3), np.float32), np.ones(2, bool))})
    with pytest.raises(UserError, match="unknown modality 'sound'"):
        fuser.transform(modalities | {"sound": modalities["text"]})
    with pytest.raises(UserError, match="different numbers of items"):
        fuser.transform(modalities | {"text": (np.ones((2, 12), np.float32), np.ones(2, bool))})
