"""What changes while the service runs: the catalogue, and the adapters of its language model."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from genrec.errors import UserError
from genrec.model.lm import ADAPTER
from genrec.serve.schemas.storing import ItemsChanged
from genrec.serve.store import Store, StoreAway

if TYPE_CHECKING:
    from genrec.decode.journal import Entry
    from genrec.decode.vllm.engine import VllmEngine
    from genrec.recommender import Recommender

T = TypeVar("T")


class Catalogue:
    """Additions, changes and withdrawals, one after the other in a thread of their own; requests wait for none."""

    def __init__(self, recommender: Recommender, store: Store) -> None:
        self.recommender, self.store = recommender, store
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="catalogue")
        ids = (recommender.path / "sid" / "sids.safetensors").read_bytes()
        self._fingerprint = hashlib.sha256(ids).hexdigest()  # of the catalogue as it was trained

    async def put(self, items: Sequence[Mapping[str, Any]]) -> ItemsChanged:
        """Add those that are new, change the others, bring back those that were withdrawn; all or nothing."""
        return await self._alone(lambda: self._put(items))

    def _put(self, items: Sequence[Mapping[str, Any]]) -> ItemsChanged:
        now = self.recommender.snapshot
        made: list[Entry] = []
        for place, one in enumerate(items):
            _checked(one, now.catalog.root, f"items[{place}] ({one['item_id']!r})")
        there = [one for one in items if one["item_id"] in now.catalog.index]
        fresh = [one for one in items if one["item_id"] not in now.catalog.index]
        gone = [one["item_id"] for one in there if not now.available[now.catalog.index[one["item_id"]]]]
        other = [one for one in there if len(one) > 1]
        with self.recommender.together():
            if fresh:
                made.append(self.recommender.add_items(fresh))
            if other:
                made.append(self.recommender.change_items(other))
            if gone:
                made.append(self.recommender.restore(gone))
        for entry in made:
            self._changed(entry)
        return ItemsChanged(
            added=len(fresh), changed=len(other), restored=len(gone), catalogue_version=self.recommender.version
        )

    async def withdraw(self, item_ids: Sequence[str]) -> ItemsChanged:
        """Nobody gets these from the next request on."""

        def work() -> ItemsChanged:
            self._changed(self.recommender.withdraw(list(item_ids)))
            return ItemsChanged(withdrawn=len(item_ids), catalogue_version=self.recommender.version)

        return await self._alone(work)

    def close(self) -> None:
        """When the change under way is done."""
        self._thread.shutdown()

    async def _alone(self, work: Callable[[], T]) -> T:
        # Not in the threads that everybody shares: who waits for a turn there would keep others' questions out.
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _changed(self, entry: Entry) -> None:
        """Tell the store of a version; the catalogue's own log is what counts, so the store may be away."""
        with contextlib.suppress(StoreAway):
            self.store.record_catalogue(entry.version, entry.kind, entry.count, self._fingerprint)


def _checked(item: Mapping[str, Any], root: Path | None, what: str) -> None:
    """UserError for values that no column has, and for a picture that is not the catalogue's own.

    Over HTTP a picture is one below the catalogue's folder: what stands there is served to everybody.
    """
    for name, value in item.items():
        if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict | list) for one in value)):
            raise UserError(f"{what}: {name} must be a text, a number, true, false, null, or a list of these")
    image = item.get("image")
    if image is None:
        return
    below = None if root is None else root.resolve()
    try:
        path = None if below is None or not isinstance(image, str) else (below / image).resolve()
        if below is not None and path is not None and path.is_relative_to(below) and path.is_file():
            return
    except OSError:  # a name that no file can have
        pass
    said = repr(image) if len(repr(image)) < 200 else f"{repr(image)[:200]}…"
    raise UserError(f"{what}: image must be the path of a file below the catalogue's own folder, not {said}")


class Adapters:
    """LoRA adapters of the language model in vLLM, by name."""

    def __init__(self, recommender: Recommender) -> None:
        self.recommender = recommender

    @property
    def names(self) -> list[str]:
        """What a request may give as `adapter`."""
        running = self.recommender.speaker.running
        return [] if running is None else list(running.adapters)

    async def put(self, name: str, stage: str) -> list[str]:
        """Load the adapter of a stage of the run (`lm-NAME`) under a name, in the place of a former one; the names
        that there are now. Nothing restarts, and who is being answered finishes with the former."""
        folder = self.recommender.path / stage
        if Path(stage).name != stage or not (folder / ADAPTER).is_dir():
            raise UserError(f"the run has no finished {stage!r} with an adapter: `genrec lm train --name …` makes one")
        engine = self._engine()
        await asyncio.to_thread(engine.add_adapter, name, folder / ADAPTER)
        return list(engine.adapters)

    async def remove(self, name: str) -> list[str]:
        """The names that are left."""
        engine = self._engine()
        await asyncio.to_thread(engine.remove_adapter, name)
        return list(engine.adapters)

    def _engine(self) -> VllmEngine:
        running = self.recommender.speaker.running
        if running is None:
            raise UserError("adapters: this server's engine has none; start it with --engine vllm")
        return running
