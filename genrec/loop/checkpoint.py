"""What a killed run finds again: weights, optimizer, record. Frozen weights are not kept: nothing moves them."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

POINTER = "loop.json"


@dataclass
class Record:
    """What happened: one row per epoch (`epoch`, `loss`, `score` or None, `seconds`) and the best epoch by score."""

    epochs: list[dict[str, Any]] = field(default_factory=list)
    best_epoch: int = -1
    best_score: float = float("-inf")
    stopped: bool = False


@dataclass
class Place:
    """Where in a run: `step` steps into epoch `epoch`. sums: name → [sum, weight] of the epoch's losses so far."""

    epoch: int = 0
    step: int = 0
    sums: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def name(self) -> str:
        return f"epoch-{self.epoch:04d}" + (f"-{self.step:06d}" if self.step else "")


def changing(module: nn.Module) -> dict[str, Tensor]:
    """The module's state without what training cannot change: trainable weights and buffers."""
    wanted = {name for name, parameter in module.named_parameters() if parameter.requires_grad}
    wanted |= {name for name, _ in module.named_buffers()}
    return {name: tensor for name, tensor in module.state_dict().items() if name in wanted}


def put_back(module: nn.Module, state: dict[str, Tensor]) -> None:
    """The inverse of `changing`; KeyError where the state is of another module."""
    missing = changing(module).keys() - state.keys()
    extra = module.load_state_dict(state, strict=False).unexpected_keys
    if missing or extra:
        raise KeyError(f"the checkpoint is of another model: it lacks {sorted(missing)[:3]}, has {sorted(extra)[:3]}")


def save(
    folder: Path, module: nn.Module, optimizer: Any, record: Record, place: Place, best: dict[str, Tensor] | None
) -> None:
    """Write this state beside the last one, then point to it: a kill at any moment leaves a whole checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {f"module.{name}": tensor for name, tensor in changing(module).items()}
    for index, slots in optimizer.state_dict()["state"].items():
        state |= {f"optimizer.{index}.{slot}": tensor for slot, tensor in slots.items()}
    _write(folder / f"{place.name}.safetensors", state)
    if best is not None and record.best_epoch == place.epoch - 1 and not place.step:
        _write(folder / f"best-{place.epoch:04d}.safetensors", best)
    pointer = folder / f"{POINTER}.part"
    pointer.write_text(json.dumps({**asdict(place), "record": asdict(record)}))
    os.replace(pointer, folder / POINTER)
    keep = {f"{place.name}.safetensors", f"best-{record.best_epoch + 1:04d}.safetensors"}
    for old in folder.glob("*.safetensors"):
        if old.name not in keep:
            old.unlink()


def resume(
    folder: Path | None, module: nn.Module, optimizer: Any, record: Record
) -> tuple[Place, dict[str, Tensor] | None]:
    """Bring module, optimizer and record to the last state in `folder`; where that is, and the best weights."""
    if folder is None or not (folder / POINTER).exists():
        return Place(), None
    said = json.loads((folder / POINTER).read_text())
    vars(record).update(said.pop("record"))
    place = Place(**said)
    tensors = load_file(folder / f"{place.name}.safetensors")
    put_back(module, {name.removeprefix("module."): t for name, t in tensors.items() if name.startswith("module.")})
    state = optimizer.state_dict()
    slots: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimizer."):
            _, index, slot = name.split(".")
            slots.setdefault(int(index), {})[slot] = tensor
    optimizer.load_state_dict({"state": slots, "param_groups": state["param_groups"]})
    best = None
    if record.best_epoch >= 0:
        best = load_file(folder / f"best-{record.best_epoch + 1:04d}.safetensors")
    return place, best


def _write(path: Path, tensors: dict[str, Tensor]) -> None:
    part = path.with_suffix(".part")
    save_file({name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}, part)
    os.replace(part, path)


def copied(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same values, which further training does not change."""
    return {name: torch.clone(tensor.detach()) for name, tensor in state.items()}
