"""The one training loop: optimizer, schedule, validation, early stopping, several processes, exact resume.

It knows nothing of recommenders. A caller gives a module, a function that lists an epoch's batches, a loss and,
where it wants early stopping, a validation score. Hugging Face Accelerate carries it to GPUs and several processes; its
Trainer is not used, because every stage here (quantizer, image encoder, sequence models) needs the same loop with
its own batching and full-ranking validation, and because resuming must give the very same numbers: the state of a run
at the end of epoch e is a function of its seed alone, since every epoch re-seeds the random generators from (seed,
epoch), and so does every checkpoint within one.
"""

from __future__ import annotations

import ctypes
import math
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genrec import progress
from genrec.loop import checkpoint
from genrec.loop.checkpoint import Place, Record

Loss = Tensor | tuple[Tensor, dict[str, tuple[float, float]]]
"""What a batch costs: a mean to minimise, and, where parts of it are told apart, name → (sum, weight) of each."""


@dataclass(frozen=True)
class LoopConfig:
    """epochs: the most there will be. warmup: share of all steps. patience: validations without a better score.

    accumulate: batches in a step, over all processes together; with more processes than that, each has one.
    checkpoint_every: steps between checkpoints within an epoch; 0 for none but at its end.
    """

    epochs: int = 20
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    warmup: float = 0.05
    floor: float = 0.05
    clip_norm: float = 1.0
    patience: int = 5
    validate_every: int = 1
    seed: int = 0
    accumulate: int = 1
    checkpoint_every: int = 0


def train(
    module: nn.Module,
    batches: Callable[[int], Sequence[Any]],
    loss: Callable[[nn.Module, Any], Loss],
    config: LoopConfig,
    *,
    weight: Callable[[Any], float] | None = None,
    validate: Callable[[nn.Module], float] | None = None,
    folder: Path | None = None,
    description: str = "Training",
    after_step: Callable[[nn.Module, int], None] | None = None,
    no_decay: Callable[[str, nn.Parameter], bool] | None = None,
    device: str | None = None,
) -> Record:
    """Train `module` in place and leave it with its best (no `validate`: last) weights, in eval mode.

    batches(epoch): the epoch's batches, the same list for the same epoch always. loss(module, batch): see `Loss`.
    weight(batch): what the batch counts within its step, for instance its number of targets, so that a step is the same
    however it is cut into batches. validate(module): higher is better. folder: where checkpoints go; a run that was
    killed goes on from the last one there. after_step(module, step): for codebook upkeep and the like.
    """
    from accelerate import Accelerator

    _keep_memory()
    # Which devices there are is settled once a process, by the first Accelerator: a loop that stays on the CPU must not
    # ask for another answer than a loop on the GPU before it or after it.
    accelerator = Accelerator(device_placement=device != "cpu")
    torch.manual_seed(config.seed)
    optimizer = _optimizer(module, config, no_decay)
    size = max(config.accumulate, accelerator.num_processes)
    if size % accelerator.num_processes:
        raise ValueError(f"a step of {size} batches cannot be shared by {accelerator.num_processes} processes")
    steps_per_epoch = math.ceil(len(batches(0)) / size)
    total = max(1, steps_per_epoch * config.epochs)
    warm = max(1, int(total * config.warmup))

    def scale(step: float) -> float:
        if step < warm:
            return (step + 1) / warm
        done = min(1.0, (step - warm) / max(1, total - warm))
        return config.floor + (1 - config.floor) * 0.5 * (1 + math.cos(math.pi * done))

    record = Record()
    prepared, optimizer = accelerator.prepare(module, optimizer)
    place, best = checkpoint.resume(folder, module, optimizer, record)
    with progress.bar(description, config.epochs * steps_per_epoch, "step") as shown:
        shown.advance(place.epoch * steps_per_epoch + place.step)
        for epoch in range(place.epoch, config.epochs):
            if record.stopped:
                break
            if place.epoch != epoch:
                place = Place(epoch)
            _seed(config.seed, epoch, place.step)
            start = time.perf_counter() - place.seconds
            module.train()
            listed = batches(epoch)
            steps = [listed[begin : begin + size] for begin in range(0, len(listed), size)]
            # Epochs may have somewhat different numbers of steps; the schedule has equal ones.
            pace = steps_per_epoch / max(1, len(steps))
            for number in range(place.step, len(steps)):
                at = epoch * steps_per_epoch + number * pace
                for group in optimizer.param_groups:
                    group["lr"] = config.learning_rate * scale(at)
                mine = _shared(steps[number], weight, accelerator.process_index, accelerator.num_processes)
                for turn, (batch, share, counts) in enumerate(mine):
                    with nullcontext() if turn + 1 == len(mine) else accelerator.no_sync(prepared):
                        found = loss(prepared, batch)
                        value, parts = found if isinstance(found, tuple) else (found, {})
                        if not torch.isfinite(value):
                            raise FloatingPointError(f"loss is {value.item()} in epoch {epoch}, step {number}")
                        accelerator.backward(value * share)
                    if counts:
                        _add(place.sums, {"loss": (float(value.detach()) * counts, counts)} | parts)
                if config.clip_norm:
                    accelerator.clip_grad_norm_(module.parameters(), config.clip_norm)
                optimizer.step()
                optimizer.zero_grad()
                if after_step is not None:
                    after_step(module, epoch * steps_per_epoch + number)
                shown.advance(pace)
                place.step = number + 1
                due = config.checkpoint_every and place.step % config.checkpoint_every == 0
                if due and folder is not None and place.step < len(steps):
                    place.seconds = time.perf_counter() - start
                    if accelerator.is_main_process:
                        checkpoint.save(folder, module, optimizer, record, place, None)
                if due:
                    _seed(config.seed, epoch, place.step)
            module.eval()
            row = {"epoch": epoch} | _means(_gathered(place.sums, accelerator)) | {"score": None}
            if validate is not None and ((epoch + 1) % config.validate_every == 0 or epoch + 1 == config.epochs):
                score = _told(validate, module, accelerator)
                row["score"] = score
                if score > record.best_score:
                    record.best_score, record.best_epoch = score, epoch
                    best = checkpoint.copied(checkpoint.changing(module))
                elif epoch - record.best_epoch >= config.patience * config.validate_every:
                    record.stopped = True
            record.epochs.append(row | {"seconds": time.perf_counter() - start})
            said = f" score {row['score']:.4f}" if row["score"] is not None else ""
            shown.advance(0, f"epoch {epoch + 1} loss {row['loss']:.3f}{said}")
            if folder is not None and accelerator.is_main_process:
                checkpoint.save(folder, module, optimizer, record, Place(epoch + 1), best)
    if best is not None:
        checkpoint.put_back(module, best)
    accelerator.wait_for_everyone()
    module.eval()
    return record


def _optimizer(
    module: nn.Module, config: LoopConfig, no_decay: Callable[[str, nn.Parameter], bool] | None
) -> torch.optim.Optimizer:
    decayed: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            keep_free = parameter.ndim < 2 if no_decay is None else no_decay(name, parameter)
            (free if keep_free else decayed).append(parameter)
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": free, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98))


def _seed(seed: int, epoch: int, step: int) -> None:
    torch.manual_seed((seed * 1_000_003 + epoch) + step * 1_000_000_007)


def _shared(
    step: Sequence[Any], weight: Callable[[Any], float] | None, process: int, processes: int
) -> list[tuple[Any, float, float]]:
    """This process's batches of a step: (batch, what its mean is multiplied with, what it counts in the figures).

    Every process must have as many, since they meet after the last: where the step has too few, some are repeated
    with nothing to say. The processes' gradients are averaged, hence their number.
    """
    weights = [1.0 if weight is None else weight(batch) for batch in step]
    total = sum(weights)
    listed = [(batch, own / total * processes, own) for batch, own in zip(step, weights, strict=True)]
    listed += [(step[0], 0.0, 0.0)] * (-len(step) % processes)
    return listed[process::processes]


def _add(sums: dict[str, list[float]], parts: dict[str, tuple[float, float]]) -> None:
    for name, (value, count) in parts.items():
        so_far = sums.setdefault(name, [0.0, 0.0])
        so_far[0] += value
        so_far[1] += count


def _means(sums: dict[str, list[float]]) -> dict[str, float]:
    """The epoch's loss, and behind it that of each part, called «loss of NAME»."""
    means = {name: value / max(count, 1e-12) for name, (value, count) in sorted(sums.items())}
    return {"loss": means.pop("loss", 0.0)} | {f"loss of {name}": value for name, value in means.items()}


def _gathered(sums: dict[str, list[float]], accelerator: Any) -> dict[str, list[float]]:
    """The sums of all processes."""
    if accelerator.num_processes == 1:
        return sums
    from accelerate.utils import gather_object

    total: dict[str, list[float]] = {}
    for one in gather_object([sums]):
        _add(total, {name: (value, count) for name, (value, count) in one.items()})
    return total


def _told(validate: Callable[[nn.Module], float], module: nn.Module, accelerator: Any) -> float:
    """The score, computed by one process: all must take the same decision, and rounding differs between them."""
    score = [0.0]
    if accelerator.is_main_process:
        with torch.no_grad():
            score[0] = validate(module)
    if accelerator.num_processes > 1:
        from accelerate.utils import broadcast_object_list

        broadcast_object_list(score)
    return score[0]


def _keep_memory() -> None:
    """Have glibc keep what a step let go of for the next one. By default it gives large blocks back to the kernel, and
    fresh pages cost a CPU up to a tenth of its time. Other C libraries are left alone."""
    trim_threshold, mmap_threshold = -1, -3  # mallopt(3); the largest values that it takes on 64 bits
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    mallopt(trim_threshold, 1 << 30)
    mallopt(mmap_threshold, 1 << 25)
