"""A taste changes what it may change, towards what the person has, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

from genrec.imagery.small.leaning import Leaning

CUTS, COLOURS, WIDTH = 5, 6, 40


@dataclass(frozen=True, eq=False)
class Made:
    """Meanings that are sums of a cut's vector and a colour's; cut 0 only ever has the colours 0 and 1."""

    cut: np.ndarray
    colour: np.ndarray
    meanings: Tensor
    vectors: dict[str, Tensor]
    leaning: Leaning

    def nearest(self, column: str, meanings: Tensor) -> list[int]:
        """Which value of the column the meanings hold, judged by the true vectors alone."""
        rest = meanings[:, None] - self.vectors["cut" if column == "colour" else "colour"][None]
        both = rest[:, :, None] - self.vectors[column][None, None]
        found: list[int] = both.square().sum(dim=3).amin(dim=1).argmin(dim=1).tolist()
        return found

    def one(self, cut: int, colour: int) -> Tensor:
        return (self.vectors["cut"][cut] + self.vectors["colour"][colour])[None]


@pytest.fixture(scope="module")
def made() -> Made:
    rng, generator = np.random.default_rng(0), torch.Generator().manual_seed(0)
    cut = rng.integers(CUTS, size=900)
    colour = np.where(cut == 0, rng.integers(2, size=900), rng.integers(COLOURS, size=900))
    vectors = {
        "cut": torch.randn(CUTS, WIDTH, generator=generator),
        "colour": torch.randn(COLOURS, WIDTH, generator=generator),
    }
    meanings = vectors["cut"][cut] + vectors["colour"][colour]
    middle = meanings.mean(dim=0)
    # Everybody has one colour that they take three times out of four.
    histories = []
    for person in range(300):
        loved = np.flatnonzero(colour == person % COLOURS)
        histories.append(np.where(rng.random(9) < 0.75, rng.choice(loved, 9), rng.integers(900, size=9)))
    leaning = Leaning(WIDTH, {"cut": CUTS, "colour": COLOURS})
    for name in vectors:
        vectors[name] = vectors[name] - middle / 2
    leaning.fit(
        meanings - middle,
        {"cut": cut.tolist(), "colour": colour.tolist()},
        ["colour"],
        histories,
        np.arange(900),
        seed=0,
    )
    return Made(cut, colour, meanings - middle, vectors, leaning)


def _moved(made: Made, cut: int, colour: int, loved: int, level: float, luck: float = 0.5) -> Tensor:
    taste = made.meanings[torch.from_numpy(np.flatnonzero(made.colour == loved)[:8])].mean(dim=0)[None]
    return _leant(made.leaning, made.one(cut, colour), taste, level, luck)


def _leant(leaning: Leaning, item: Tensor, taste: Tensor, level: float, luck: float) -> Tensor:
    """By a history alone."""
    many = len(item)
    given = torch.tensor([[True, False]]).expand(many, 2)
    asked = (item, taste, torch.zeros_like(taste), given, torch.full((many,), level), torch.full((many, 2), luck))
    found: Tensor = leaning(*asked)
    return found


def test_at_level_nought_nothing_moves(made: Made) -> None:
    torch.testing.assert_close(_moved(made, 2, 3, 5, 0.0), made.one(2, 3))


def test_the_loved_colour_comes_and_the_cut_stays(made: Made) -> None:
    for loved in range(COLOURS):
        for cut in range(1, CUTS):
            found = _moved(made, cut, (loved + 2) % COLOURS, loved, 1.0)
            assert made.nearest("colour", found) == [loved]
            assert made.nearest("cut", found) == [cut]


def test_it_comes_the_nearer_the_higher_the_level(made: Made) -> None:
    wanted = made.one(3, 1)
    apart = [float((_moved(made, 3, 4, 1, level) - wanted).norm()) for level in (0, 0.25, 0.5, 0.75, 1)]
    assert apart == sorted(apart, reverse=True) and apart[-1] < 0.3 * apart[0]


def test_a_thing_does_not_get_what_its_kind_never_has(made: Made) -> None:
    found = [made.nearest("colour", _moved(made, 0, 0, 4, 1.0, luck))[0] for luck in np.linspace(0.01, 0.99, 21)]
    assert sum(colour > 1 for colour in found) <= 2


def test_luck_chooses_among_what_is_loved_and_repeats_itself(made: Made) -> None:
    both = np.concatenate([np.flatnonzero(made.colour == 2)[:6], np.flatnonzero(made.colour == 5)[:6]])
    taste = made.meanings[torch.from_numpy(both)].mean(dim=0)[None]
    found = []
    for luck in np.linspace(0.02, 0.98, 25):
        moved = _leant(made.leaning, made.one(3, 0), taste, 1.0, float(luck))
        torch.testing.assert_close(moved, _leant(made.leaning, made.one(3, 0), taste, 1.0, float(luck)))
        found += made.nearest("colour", moved)
    assert {2, 5} <= set(found) and sum(colour in (2, 5) for colour in found) >= 20


def test_before_it_is_fitted_a_taste_changes_nothing() -> None:
    leaning = Leaning(8, {"a": 3, "b": 2})
    item, taste = torch.randn(4, 8), torch.randn(4, 8)
    torch.testing.assert_close(_leant(leaning, item, taste, 1.0, 0.3), item)


def test_what_keywords_name_is_loved_whatever_the_history_says(made: Made) -> None:
    history = made.meanings[torch.from_numpy(np.flatnonzero(made.colour == 2)[:8])].mean(dim=0)[None]
    words = 2 * made.vectors["colour"][[4]]
    for given, colour in (((True, True), 4), ((False, True), 4), ((True, False), 2), ((False, False), 0)):
        found = made.leaning(
            made.one(3, 0), history, words, torch.tensor([given]), torch.ones(1), torch.full((1, 2), 0.5)
        )
        assert made.nearest("colour", found) == [colour] and made.nearest("cut", found) == [3]


def test_columns_keep_their_readers_however_they_are_listed() -> None:
    """A saved configuration is sorted: what was fitted for one column must not be read for another."""
    one, other = Leaning(8, {"b": 3, "a": 2}), Leaning(8, {"a": 2, "b": 3})
    other.load_state_dict(one.state_dict())
    assert list(one.columns) == list(other.columns) == ["a", "b"]
