"""The language model beside a living catalogue: one model, and a generator for every version of what it may name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from genrec.decode.causal_engine import CausalEngine
from genrec.decode.lm_engines import Opened, open_lm
from genrec.decode.lm_generator import LmGenerator
from genrec.errors import UserError

if TYPE_CHECKING:
    from genrec.decode.living import Snapshot


class Speaker:
    """The model in `folder`, opened by the torch engine when it is first asked for; `width` beams per request.

    Newcomers have codes like everybody, which the model's words can say, so it names them without having been trained
    on them; what is withdrawn it can name no more.
    """

    def __init__(self, folder: Path, width: int) -> None:
        self.folder, self.width = folder, width
        self._lock = Lock()
        self._opened: Opened | None = None
        self._at: tuple[Snapshot, LmGenerator] | None = None

    def at(self, now: Snapshot) -> LmGenerator:
        """The generator over the catalogue as `now` has it. UserError where the folder holds no finished model."""
        with self._lock:
            if self._at is None or self._at[0] is not now:
                opened = self._over(now)
                available = None if now.available.all() else now.available
                made = LmGenerator.of(opened, now.ids, index=now.generator.index, available=available)
                self._at = (now, made)
            return self._at[1]

    def _over(self, now: Snapshot) -> Opened:
        trie = now.generator.engine.trie
        if self._opened is None:
            if not (self.folder / "manifest.json").exists():
                raise UserError(
                    f"{self.folder.parent} has no language model (no finished {self.folder.name}/): "
                    f"`genrec lm train {self.folder.parent}` makes one"
                )
            self._opened = open_lm(self.folder, now.ids, trie, beam=self.width)
        assert isinstance(self._opened.engine, CausalEngine)
        return replace(self._opened, engine=self._opened.engine.over(trie))
