"""The one training loop: batches, optimizer, schedule, validation, early stopping, exact resume.

It knows nothing of recommenders. A caller gives a module, a function that lists an epoch's batches, a loss and,
where it wants early stopping, a validation score. Hugging Face Accelerate carries it to GPUs and several processes; its
Trainer is not used, because every stage here (quantizer, image encoder, sequence models) needs the same loop with
its own batching and full-ranking validation, and because resuming must give the very same numbers: the state of a run
at the end of epoch e is a function of its seed alone, since every epoch re-seeds the random generators from (seed,
epoch).
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from genrec import progress


@dataclass(frozen=True)
class LoopConfig:
    """epochs: the most there will be. warmup: share of all steps. patience: validations without a better score."""

    epochs: int = 20
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    warmup: float = 0.05
    floor: float = 0.05
    clip_norm: float = 1.0
    patience: int = 5
    validate_every: int = 1
    seed: int = 0


@dataclass
class Record:
    """What happened: one row per epoch (`epoch`, `loss`, `score` or None, `seconds`) and the best epoch by score."""

    epochs: list[dict[str, Any]] = field(default_factory=list)
    best_epoch: int = -1
    best_score: float = -math.inf
    stopped: bool = False


def train(
    module: nn.Module,
    batches: Callable[[int], Sequence[Any]],
    loss: Callable[[nn.Module, Any], Tensor],
    config: LoopConfig,
    *,
    validate: Callable[[nn.Module], float] | None = None,
    folder: Path | None = None,
    description: str = "Training",
    after_step: Callable[[nn.Module, int], None] | None = None,
    no_decay: Callable[[str, nn.Parameter], bool] | None = None,
    device: str | None = None,
) -> Record:
    """Train `module` in place and leave it with its best (no `validate`: last) weights, in eval mode.

    batches(epoch): the epoch's batches, the same list for the same epoch always. loss(module, batch): a scalar to
    minimise. validate(module): higher is better. folder: where checkpoints go; a run that was killed goes on from the
    last finished epoch there. after_step(module, step): for codebook upkeep and the like.
    """
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=device == "cpu")
    torch.manual_seed(config.seed)
    decayed: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            keep_free = parameter.ndim < 2 if no_decay is None else no_decay(name, parameter)
            (free if keep_free else decayed).append(parameter)
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": free, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98))
    steps_per_epoch = math.ceil(len(batches(0)) / accelerator.num_processes)
    total = max(1, steps_per_epoch * config.epochs)
    warm = max(1, int(total * config.warmup))

    def scale(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        done = min(1.0, (step - warm) / max(1, total - warm))
        return config.floor + (1 - config.floor) * 0.5 * (1 + math.cos(math.pi * done))

    record = Record()
    best: dict[str, Tensor] | None = None
    prepared, optimizer = accelerator.prepare(module, optimizer)
    first, best = _resume(folder, module, optimizer, record)
    step = first * steps_per_epoch
    with progress.bar(description, config.epochs * steps_per_epoch, "step") as shown:
        shown.advance(step)
        for epoch in range(first, config.epochs):
            if record.stopped:
                break
            torch.manual_seed(config.seed * 1_000_003 + epoch)
            start, summed, count = time.perf_counter(), 0.0, 0
            module.train()
            for batch in batches(epoch)[accelerator.process_index :: accelerator.num_processes]:
                for group in optimizer.param_groups:
                    group["lr"] = config.learning_rate * scale(step)
                value = loss(prepared, batch)
                if not torch.isfinite(value):
                    raise FloatingPointError(f"loss is {value.item()} in epoch {epoch}, step {step}")
                accelerator.backward(value)
                if config.clip_norm:
                    accelerator.clip_grad_norm_(module.parameters(), config.clip_norm)
                optimizer.step()
                optimizer.zero_grad()
                if after_step is not None:
                    after_step(module, step)
                step += 1
                summed, count = summed + float(value.detach()), count + 1
                shown.advance(1)
            module.eval()
            score = None
            if validate is not None and ((epoch + 1) % config.validate_every == 0 or epoch + 1 == config.epochs):
                with torch.no_grad():
                    score = validate(module)
                if score > record.best_score:
                    record.best_score, record.best_epoch = score, epoch
                    best = {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
                elif epoch - record.best_epoch >= config.patience * config.validate_every:
                    record.stopped = True
            row = {"epoch": epoch, "loss": summed / max(count, 1), "score": score}
            record.epochs.append(row | {"seconds": time.perf_counter() - start})
            shown.advance(
                0, f"epoch {epoch + 1} loss {row['loss']:.3f}" + (f" score {score:.4f}" if score is not None else "")
            )
            if accelerator.is_main_process:
                _save(folder, module, optimizer, record, epoch + 1, best)
    if best is not None:
        module.load_state_dict(best)
    module.eval()
    return record


def _save(
    folder: Path | None, module: nn.Module, optimizer: Any, record: Record, epoch: int, best: dict[str, Tensor] | None
) -> None:
    """Write epoch's state beside the last one, then point to it: a kill at any moment leaves a whole checkpoint."""
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    state = {f"module.{name}": tensor for name, tensor in module.state_dict().items()}
    for index, slots in optimizer.state_dict()["state"].items():
        state |= {f"optimizer.{index}.{slot}": tensor for slot, tensor in slots.items()}
    name = f"epoch-{epoch:04d}"
    _write(folder / f"{name}.safetensors", state)
    if best is not None and record.best_epoch == epoch - 1:
        _write(folder / f"best-{epoch:04d}.safetensors", best)
    pointer = folder / "loop.json.part"
    pointer.write_text(json.dumps({"epoch": epoch, "record": asdict(record)}))
    os.replace(pointer, folder / "loop.json")
    keep = {f"{name}.safetensors", f"best-{record.best_epoch + 1:04d}.safetensors"}
    for old in folder.glob("*.safetensors"):
        if old.name not in keep:
            old.unlink()


def _write(path: Path, tensors: dict[str, Tensor]) -> None:
    part = path.with_suffix(".part")
    save_file({name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}, part)
    os.replace(part, path)


def _resume(
    folder: Path | None, module: nn.Module, optimizer: Any, record: Record
) -> tuple[int, dict[str, Tensor] | None]:
    if folder is None or not (folder / "loop.json").exists():
        return 0, None
    said = json.loads((folder / "loop.json").read_text())
    tensors = load_file(folder / f"epoch-{said['epoch']:04d}.safetensors")
    module.load_state_dict(
        {name.removeprefix("module."): t for name, t in tensors.items() if name.startswith("module.")}
    )
    state = optimizer.state_dict()
    slots: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimizer."):
            _, index, slot = name.split(".")
            slots.setdefault(int(index), {})[slot] = tensor
    optimizer.load_state_dict({"state": slots, "param_groups": state["param_groups"]})
    vars(record).update(said["record"])
    best = None
    if record.best_epoch >= 0:
        best = load_file(folder / f"best-{record.best_epoch + 1:04d}.safetensors")
    return said["epoch"], best


def shuffled(count: int, size: int, seed: int, epoch: int) -> list[Tensor]:
    """Index batches of `size` out of `count` rows in an order that depends on (seed, epoch) alone."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    return list(torch.randperm(count, generator=generator).split(size))


def by_length(lengths: Iterable[int], tokens: int, seed: int, epoch: int) -> list[Tensor]:
    """Index batches of rows of similar length with at most `tokens` padded positions each, in random order.

    Rows are shuffled before they are sorted by length, so that rows of equal length meet others every epoch.
    """
    lengths = torch.as_tensor(list(lengths))
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    order = torch.randperm(len(lengths), generator=generator)
    order = order[torch.sort(lengths[order], stable=True).indices]
    batches: list[Tensor] = []
    begin = 0
    sizes = lengths[order].tolist()
    for end in range(1, len(sizes) + 1):
        if end == len(sizes) or (end + 1 - begin) * max(1, sizes[end]) > tokens:
            batches.append(order[begin:end])
            begin = end
    return [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]
