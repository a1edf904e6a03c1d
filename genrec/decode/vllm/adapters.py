"""LoRA adapters by name, as a vLLM engine holds them: added and removed while it runs."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genrec.errors import UserError, nearest

RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""What vLLM takes as the largest rank."""
NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Adapter:
    """name: the user's. number: of its own, never given again, so that nothing cached for a former adapter of that name
    is taken for this one's."""

    name: str
    number: int
    folder: Path

    @property
    def told(self) -> dict[str, Any]:
        """What a worker is told."""
        return {"name": f"{self.name}#{self.number}", "number": self.number, "path": str(self.folder.resolve())}

    def request(self) -> Any:
        """vLLM's own object."""
        from vllm.lora.request import LoRARequest

        told = self.told
        return LoRARequest(told["name"], told["number"], told["path"])


class Adapters:
    """The adapters of one engine. rank: the largest that fits, 0 where the engine was started without room for any."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self._known: dict[str, Adapter] = {}

    @property
    def names(self) -> list[str]:
        return sorted(self._known)

    def make(self, name: str, folder: str | Path) -> Adapter:
        """A new adapter, not yet known by its name. UserError for a folder that this engine cannot use."""
        rank = rank_of(name, folder)
        if not self.rank:
            raise UserError(
                f"adapter {name!r}: the engine was started without room for adapters; start it with adapters={{…}}, "
                f"or with rank={fitting(rank)}"
            )
        if rank > self.rank:
            raise UserError(
                f"adapter {name!r} has rank {rank}, the engine was started for {self.rank} at most: start it with "
                f"rank={fitting(rank)}"
            )
        return Adapter(name, next(NUMBERS), Path(folder))

    def put(self, adapter: Adapter) -> Adapter | None:
        """From now on this is what its name means; returns the one before."""
        former = self._known.get(adapter.name)
        self._known[adapter.name] = adapter
        return former

    def pop(self, name: str) -> Adapter:
        found = self.get(name)
        del self._known[name]
        return found

    def get(self, name: str) -> Adapter:
        if name not in self._known:
            known = nearest(name, self._known) if self._known else "the engine has none; add_adapter(name, folder)"
            raise UserError(f"there is no adapter {name!r}: {known}")
        return self._known[name]


def rank_of(name: str, folder: str | Path) -> int:
    """The rank of a PEFT adapter. UserError where the folder holds none, or one that vLLM cannot put over a base."""
    path = Path(folder) / "adapter_config.json"
    try:
        config: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"adapter {name!r}: {path} is missing; give a folder that PEFT's save_pretrained wrote"
        ) from None
    except ValueError as error:
        raise UserError(f"adapter {name!r}: {path} is not JSON ({error})") from error
    if config.get("peft_type") != "LORA":
        raise UserError(f"adapter {name!r} is of the kind {config.get('peft_type')}: vLLM knows LoRA only")
    targets = config.get("target_modules") or ()
    outer = [part for part in ("lm_head", "embed_tokens") if part in targets] if not isinstance(targets, str) else []
    outer += [key for key in ("modules_to_save", "trainable_token_indices") if config.get(key)]
    if config.get("use_dora"):
        outer.append("use_dora")
    if outer:
        raise UserError(
            f"adapter {name!r} has {', '.join(outer)}, which vLLM does not take: an adapter may change linear layers "
            "only; bake embedding rows into the base (and merge DoRA into it)"
        )
    ranks = [config["r"], *(config.get("rank_pattern") or {}).values()]
    return max(int(rank) for rank in ranks)


def fitting(rank: int) -> int:
    """The smallest rank an engine can be started for that has room for this one; 0 for none."""
    return 0 if not rank else next((size for size in RANKS if size >= rank), rank)
