"""From vectors to meanings: an exact linear relation is found, means stay means, wrong shapes say what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genrec.errors import UserError
from genrec.imagery.small.projection import Projection


def _pairs(count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((count, 24)).astype(np.float32)
    return vectors, (vectors @ rng.standard_normal((24, 8)) + 3).astype(np.float32)


def test_an_exact_relation_is_found_and_saved(tmp_path: Path) -> None:
    vectors, meanings = _pairs()
    found = Projection.fit(vectors[:250], meanings[:250])
    np.testing.assert_allclose(found(vectors[250:]), meanings[250:], atol=0.02)
    assert found.explained > 0.999
    found.save(tmp_path / "projection.safetensors")
    again = Projection.load(tmp_path / "projection.safetensors")
    np.testing.assert_array_equal(again(vectors), found(vectors))
    assert again.explained == pytest.approx(found.explained)


def test_the_mean_of_vectors_becomes_the_mean_of_meanings() -> None:
    vectors, meanings = _pairs()
    found = Projection.fit(vectors, meanings)
    np.testing.assert_allclose(found(vectors.mean(axis=0)), found(vectors).mean(axis=0), atol=1e-3)


def test_noise_is_not_explained() -> None:
    rng = np.random.default_rng(1)
    found = Projection.fit(rng.standard_normal((200, 50)), rng.standard_normal((200, 4)))
    assert found.explained < 0.05


def test_what_cannot_be_is_said(tmp_path: Path) -> None:
    vectors, meanings = _pairs()
    with pytest.raises(UserError, match="at least 20"):
        Projection.fit(vectors[:5], meanings[:5])
    with pytest.raises(UserError, match="embed again"):
        Projection.fit(vectors, meanings[:-1])
    found = Projection.fit(vectors, meanings)
    with pytest.raises(UserError, match="24"):
        found(np.zeros(7, np.float32))
    with pytest.raises(UserError, match="fit it"):
        Projection.load(tmp_path / "none.safetensors")
