"""The compact model: what its states may know, its files, what it can learn."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from genrec.errors import UserError
from genrec.model.compact import CompactConfig, CompactModel
from genrec.model.times import time_features

N = 30
SIZES = (4, 3, 5)
# No item has the first code 3, none the codes (1, 2): what no item has must not count among siblings.
PLACES = np.array([codes for codes in np.ndindex(*SIZES) if codes[0] < 3 and codes[:2] != (1, 2)])
CODES = PLACES[np.random.default_rng(0).permutation(len(PLACES))[:N]]
CONTENT = np.random.default_rng(1).normal(size=(N, 6)).astype(np.float32)
KNOWN = np.arange(N) < 25


def made(seed: int = 0, **changes: object) -> CompactModel:
    """An untrained model whose weights are large enough to have opinions, in eval mode."""
    torch.manual_seed(seed)
    options: dict[str, object] = {"content_dim": 6, "width": 16, "layers": 2, "heads": 2, "max_items": 12}
    model = CompactModel(CompactConfig(SIZES, N, **(options | changes)))  # type: ignore[arg-type]
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "norm" not in name:
                weights.copy_(torch.randn_like(weights) * 0.3)
    model.set_items(CODES, CONTENT if model.config.content_dim else None, KNOWN)
    return model.eval()


def batch(*histories: list[int], length: int | None = None) -> tuple[Tensor, Tensor]:
    length = max(map(len, histories)) if length is None else length
    items = torch.tensor([history + [0] * (length - len(history)) for history in histories])
    return items, torch.tensor([[t < len(history) for t in range(length)] for history in histories])


HISTORIES = ([3, 17, 28, 5, 3], [9], [29, 1, 2])


@torch.no_grad()
def test_a_state_knows_nothing_of_later_items() -> None:
    model = made()
    before = model.encode(*batch([3, 17, 28, 5, 3, 8]))
    after = model.encode(*batch([3, 17, 28, 11, 3, 9]))
    torch.testing.assert_close(after[:, :3], before[:, :3], rtol=0, atol=1e-6)
    for position in range(3, 6):
        assert not torch.allclose(after[:, position], before[:, position], atol=1e-3)


@torch.no_grad()
def test_a_state_knows_the_order_of_the_earlier_items() -> None:
    states = made().encode(*batch([3, 17, 28], [17, 3, 28]))
    assert not torch.allclose(states[0, 2], states[1, 2], atol=1e-3)
    # Also how often the same came: to attention without positions one event and three are alike.
    repeated = made().encode(*batch([5, 5, 5]))[0]
    assert not torch.allclose(repeated[0], repeated[2], atol=1e-3)


DAY = 86_400
NEW_YEAR = 1_704_067_200  # 2024-01-01T00:00Z


@torch.no_grad()
def test_a_state_knows_when_events_were_but_not_when_later_ones() -> None:
    model = made(seconds_per_unit=1.0)
    items, mask = batch([3, 17, 20, 5])
    times = NEW_YEAR + DAY * torch.tensor([[0, 10, 20, 30]])
    before = model.encode(items, mask, times)
    times[0, 2] += 40 * DAY
    after = model.encode(items, mask, times)
    torch.testing.assert_close(after[:, :2], before[:, :2], rtol=0, atol=1e-6)
    for position in (2, 3):
        assert not torch.allclose(after[:, position], before[:, position], atol=1e-3)
    # What the last event's time is, no answer that is trained on knows: it is asked for that event.
    losses = []
    for moved in (0, 90 * DAY):
        later = times + torch.tensor([0, 0, 0, moved])
        losses.append(model(items, mask, times=later)["loss"])
    assert losses[0] == losses[1]
    assert model(items, mask, times=times + 90 * DAY)["loss"] != losses[0]


@torch.no_grad()
def test_times_that_say_nothing_change_nothing() -> None:
    items, mask = batch(*HISTORIES)
    model = made(seconds_per_unit=1.0)
    without = model.encode(items, mask)
    assert torch.equal(model.encode(items, mask, torch.arange(5).expand(3, 5)), without)  # mere positions
    times = NEW_YEAR + DAY * torch.arange(5).expand(3, 5)
    assert not torch.allclose(model.encode(items, mask, times), without, atol=1e-3)
    blind = made()
    assert torch.equal(blind.encode(items, mask, times), blind.encode(items, mask))
    milliseconds = made(seconds_per_unit=1e-3)
    torch.testing.assert_close(milliseconds.encode(items, mask, times * 1000), model.encode(items, mask, times))


def test_a_time_is_a_place_in_the_year_the_week_and_the_day() -> None:
    start = torch.tensor([[0.0]], dtype=torch.double) + NEW_YEAR

    def at(days: float) -> Tensor:
        return time_features(start + days * DAY)[0, 0]

    for days, cycle in ((365.2425, slice(8)), (7, slice(8, 14)), (1, slice(14, 18))):
        torch.testing.assert_close(at(days)[cycle], at(0)[cycle], rtol=0, atol=1e-5)
    assert torch.allclose(at(1 / 24)[8:14], at(0)[8:14], atol=0.15)  # an hour is little of a week
    assert (at(0.5)[14:18] - at(0)[14:18]).abs().max() > 1.9  # noon is the opposite of midnight
    assert (at(182.6)[:8] - at(0)[:8]).abs().max() > 1.9  # and summer of winter
    gaps = time_features(start + DAY * torch.tensor([[0, 0, 6, 5]]))[0, :, -1]
    torch.testing.assert_close(gaps, torch.tensor([0.0, 0.0, np.log(7), 0.0], dtype=torch.float32))
    assert not time_features(torch.tensor([[-5.0, 0.0, 3e8]], dtype=torch.double)).any()


def test_training_hides_the_times_of_some_histories() -> None:
    items, mask = batch([3, 17, 28, 5], [3, 17, 28, 5])
    times = NEW_YEAR + DAY * torch.arange(4).expand(2, 4)
    model = made(seconds_per_unit=1.0, dropout=0.0, item_dropout=0.0, spare_rate=0.0, time_dropout=0.5).train()
    with torch.no_grad():
        found = {round(float(model.encode(items, mask, times)[0, 0, 0]), 4) for _ in range(30)}
        model.eval()
        known = {round(float(model.encode(items, mask, t)[0, 0, 0]), 4) for t in (times, None)}
    assert len(known) == 2 and found == known


@torch.no_grad()
def test_padding_changes_no_state() -> None:
    model = made()
    together = model.encode(*batch(*HISTORIES, length=12))
    items, mask = batch(*HISTORIES, length=12)
    other = model.encode(torch.where(mask, items, 7), mask)
    for row, history in enumerate(HISTORIES):
        alone = model.encode(*batch(history))[0]
        for padded in (together, other):
            torch.testing.assert_close(padded[row, : len(history)], alone, rtol=0, atol=1e-5)


@torch.no_grad()
def test_log_probabilities_of_all_semantic_ids_sum_to_one() -> None:
    """Over every combination of codes, whether or not an item has it."""
    model = CompactModel(CompactConfig(SIZES, 60, width=16, layers=1)).eval()
    for weights in model.parameters():
        weights.copy_(torch.randn(weights.shape, generator=torch.Generator().manual_seed(0)))
    model.set_items(np.stack(np.unravel_index(np.arange(60), SIZES), axis=1), None, np.ones(60, bool))
    states = model.encode(*batch(*HISTORIES))[:, 0]
    log_probs = model.item_log_probs(states, torch.arange(60).expand(3, -1))
    assert log_probs.std() > 1
    torch.testing.assert_close(log_probs.exp().sum(1), torch.ones(3))


@torch.no_grad()
@pytest.mark.parametrize("changes", [{}, {"content_dim": 0}, {"item_ids": False}, {"dense": False}])
def test_from_pretrained_is_the_model_that_was_saved(changes: dict[str, object], tmp_path: Path) -> None:
    """The catalogue (codes, content, known) travels with the weights."""
    model = made(**changes)
    model.save_pretrained(tmp_path)
    torch.manual_seed(99)
    again = CompactModel.from_pretrained(tmp_path)
    assert not again.training
    assert again.config.codebook_sizes == SIZES
    assert list(again.state_dict()) == list(model.state_dict())
    for name, tensor in model.state_dict().items():
        read = again.state_dict()[name]
        assert read.dtype == tensor.dtype and torch.equal(read, tensor), name
    states = model.encode(*batch(*HISTORIES))
    assert torch.equal(again.encode(*batch(*HISTORIES)), states)
    items = torch.arange(N).expand(3, -1)
    assert torch.equal(again.item_log_probs(states[:, 0], items), model.item_log_probs(states[:, 0], items))
    if model.config.dense:
        was, read = (m.dense_logits(states[:, 0], m.item_vectors()) for m in (model, again))
        assert torch.equal(was, read)


@torch.no_grad()
def test_an_unknown_item_is_its_codes_and_its_content() -> None:
    model = made()
    items = torch.arange(N)
    before = model.embed_items(items)
    model.item_in.weight += 1.0
    after = model.embed_items(items)
    assert torch.equal(after[~KNOWN], before[~KNOWN]) and not torch.isclose(after[KNOWN], before[KNOWN]).any()
    # It can be read, and it can be asked for.
    states = model.encode(*batch([26, 27], [3, 29]))
    scores = model.item_log_probs(states[:, -1], items[None].expand(2, -1))
    dense = model.dense_logits(states[:, -1], model.item_vectors())
    assert torch.isfinite(scores).all() and torch.isfinite(dense).all()
    assert scores[:, ~KNOWN].std() > 0 and dense[:, ~KNOWN].std() > 0


@torch.no_grad()
def test_the_loss_is_the_mean_over_all_positions_that_have_a_next_item() -> None:
    model = made(dense_weight=0.5)
    shown = ([3, 17, 20, 5, 3], [9], [24, 1, 2])  # what training shows
    losses = model(*batch(*shown))
    codes, dense = [], []
    for history in shown:
        states = model.encode(*batch(history))[0]
        for position, (_, target) in enumerate(pairwise(history)):
            state = states[position][None]
            codes.append(-float(model.item_log_probs(state, torch.tensor([[target]]))))
            # Against the items that training shows; the others are not there yet.
            logits = model.dense_logits(state, model.item_vectors())[:, KNOWN]
            dense.append(-float(logits.log_softmax(1)[0, target]))
    assert float(losses["codes"]) == pytest.approx(np.mean(codes), abs=1e-4)
    assert float(losses["dense"]) == pytest.approx(np.mean(dense), abs=1e-4)
    assert float(losses["loss"]) == pytest.approx(np.mean(codes) + 0.5 * np.mean(dense), abs=1e-4)


@torch.no_grad()
def test_with_siblings_a_level_is_normalised_over_what_exists() -> None:
    """All levels but the last, whose spare codes are for items to come."""
    model = made()

    def known(prefix: list[int]) -> list[int]:
        return sorted({codes[len(prefix)] for codes in CODES.tolist() if codes[: len(prefix)] == prefix})

    def siblings(level: int, items: Tensor) -> tuple[Tensor, Tensor]:
        rows = [known(CODES[item, :level].tolist()) for item in items.tolist()]
        most = max(map(len, rows))
        codes = torch.tensor([row + [0] * (most - len(row)) for row in rows])
        return codes, torch.tensor([[place < len(row) for place in range(most)] for row in rows])

    expected = []
    for history in HISTORIES:
        states = model.encode(*batch(history))[0]
        for position, (_, target) in enumerate(pairwise(history)):
            state, codes, nats = states[position], CODES[target].tolist(), 0.0
            for level, code in enumerate(codes):
                logits = model.level_logits(level, state)
                among = known(codes[:level]) if level < 2 else list(range(SIZES[2]))
                nats += float(logits[among].logsumexp(0) - logits[code])
                if level < 2:
                    state = model.descend(level, state, torch.tensor(code))
            expected.append(nats)
    assert float(model(*batch(*HISTORIES), siblings)["codes"]) == pytest.approx(np.mean(expected), abs=1e-4)
    assert float(model(*batch(*HISTORIES))["codes"]) > np.mean(expected) + 0.01


def test_training_hides_item_embeddings_and_uses_spare_codes_now_and_then() -> None:
    items = torch.arange(N).repeat(200)
    only_ids = made(dropout=0.0, item_dropout=0.25, spare_rate=0.0)
    only_codes = made(dropout=0.0, item_dropout=0.0, spare_rate=0.25)
    with torch.no_grad():
        for model, expected in ((only_ids, 0.25 * KNOWN.mean()), (only_codes, 0.25 * (1 - 1 / SIZES[-1]))):
            clean = model.embed_items(items)
            changed = (model.train().embed_items(items) != clean).any(1).double().mean()
            assert float(changed) == pytest.approx(expected, abs=0.03)
            assert torch.equal(model.eval().embed_items(items), clean)


def test_a_cycle_is_learned() -> None:
    """Item i is always followed by item i + 1: after a few seconds both heads know, the loss having fallen."""
    torch.manual_seed(0)
    model = CompactModel(
        CompactConfig(
            SIZES, N, 6, width=32, layers=1, heads=2, max_items=8, dropout=0.0, item_dropout=0.0, spare_rate=0.0
        )
    )
    model.set_items(CODES, CONTENT, np.ones(N, bool))
    items = (torch.arange(N)[:, None] + torch.arange(9)) % N
    mask = torch.ones_like(items, dtype=torch.bool)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    losses = []
    for _ in range(120):
        loss = model.train()(items, mask)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[0] > 2 * np.log(N) * 0.9 and losses[-1] < 0.1 * losses[0]
    with torch.no_grad():
        states = model.eval().encode(items[:, :3], mask[:, :3])[:, -1]
        everything = torch.arange(N).expand(N, -1)
        assert torch.equal(model.item_log_probs(states, everything).argmax(1), items[:, 3])
        assert torch.equal(model.dense_logits(states, model.item_vectors()).argmax(1), items[:, 3])


@torch.no_grad()
def test_a_warm_start_knows_what_the_former_model_knew() -> None:
    former = made()
    larger = CompactModel(CompactConfig(SIZES, N + 2, 6, width=16, layers=2, heads=2, max_items=12)).eval()
    free = [codes for codes in np.ndindex(*SIZES) if list(codes) not in CODES.tolist()][:2]
    larger.set_items(
        np.concatenate([CODES, free]), np.concatenate([CONTENT, CONTENT[:2]]), np.concatenate([KNOWN, [False, False]])
    )
    larger.warm_start(former)
    states = former.encode(*batch(*HISTORIES))
    # The larger catalogue's content is brought to the former scale, which rounds.
    torch.testing.assert_close(larger.encode(*batch(*HISTORIES)), states, rtol=0, atol=1e-5)
    items = torch.arange(N).expand(3, -1)
    assert torch.equal(larger.item_log_probs(states[:, 0], items), former.item_log_probs(states[:, 0], items))
    assert torch.isfinite(larger.item_log_probs(states[:, 0], torch.tensor([[N, N + 1]] * 3))).all()
    with pytest.raises(ValueError, match="cannot start"):
        former.warm_start(larger)


def test_a_width_that_the_heads_cannot_share_is_an_error() -> None:
    with pytest.raises(UserError, match="width 10"):
        CompactConfig(SIZES, N, width=10, heads=4)


@torch.no_grad()
@pytest.mark.parametrize("changes", [{}, {"item_ids": False}, {"content_dim": 0}], ids=str)
def test_over_a_grown_catalogue_it_is_the_model_that_an_update_starts_with(changes: dict[str, object]) -> None:
    model = made(**changes)
    others = [place for place in PLACES.tolist() if place not in CODES.tolist()][:4]
    codes, content = np.array([*CODES, *others]), np.concatenate([CONTENT, 2 * CONTENT[:4]])
    content[7] = 1.0  # an item that is described anew
    options = {"content_dim": 6, "width": 16, "layers": 2, "heads": 2, "max_items": 12} | changes
    grown = CompactModel(CompactConfig(SIZES, N + 4, **options))  # type: ignore[arg-type]
    grown.set_items(codes, content if grown.config.content_dim else None, np.concatenate([KNOWN, np.zeros(4, bool)]))
    grown.warm_start(model)
    grown.eval()
    items = torch.tensor([7, 26, N, N + 3])
    rows = model.embed_as(
        items, torch.from_numpy(codes[items]), content[items] if grown.config.content_dim else content[items][:, :0]
    )
    torch.testing.assert_close(rows, grown.item_vectors()[items], rtol=0, atol=1e-5)
    twin = model.over(grown.item_vectors())
    states = twin.encode(*batch(*HISTORIES))[:, 0]
    torch.testing.assert_close(
        twin.dense_logits(states, twin.item_vectors()), grown.dense_logits(states, grown.item_vectors())
    )
    assert len(model.item_vectors()) == N and next(twin.parameters()) is next(model.parameters())
