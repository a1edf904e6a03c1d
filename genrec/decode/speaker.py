"""The language model beside a living catalogue: one model, and a generator for every version of what it may name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl

from genrec.decode.bitmaps import RankBitmap
from genrec.decode.causal_engine import CausalEngine
from genrec.decode.lm_engines import Opened, open_lm
from genrec.decode.lm_generator import LmGenerator
from genrec.decode.text_score import WORDS, TextScore
from genrec.errors import UserError
from genrec.model.towers import QueryReader, WordTowers

if TYPE_CHECKING:
    from genrec.decode.living import Snapshot
    from genrec.decode.vllm.engine import VllmEngine
    from genrec.decode.vllm.lines import Line


class Speaker:
    """The model in `run`/lm, opened when it is first asked for; `width` beams per request.

    engine: torch, or vllm; then `connect` is the line to it, see `open_lm`, and only one thread at a time may ask,
    since the engine knows one version of the catalogue at a time. Newcomers have codes like everybody, which the
    model's words can say, so it names them without having been trained on them; what is withdrawn it can name no more.
    """

    def __init__(
        self,
        run: Path,
        width: int,
        *,
        engine: str = "torch",
        connect: Callable[[dict[str, Any]], Line] | None = None,
    ) -> None:
        self.run, self.width, self.engine, self.connect = run, width, engine, connect
        self._lock = Lock()
        self._opened: Opened | None = None
        self._told: Snapshot | None = None  # what vLLM answers with
        self._towers: tuple[WordTowers, dict[str, float]] | None = None
        self._read: tuple[pl.DataFrame, np.ndarray] | None = None
        self._made: dict[bool, tuple[Snapshot, LmGenerator]] = {}

    def at(self, now: Snapshot, *, words: bool = False) -> LmGenerator:
        """The generator over the catalogue as `now` has it. words: its searches count words beside codes, where the
        model learned them.

        UserError where the run has no finished model.
        """
        with self._lock:
            former = self._made.get(words)
            if former is not None and former[0] is now:
                return former[1]
            opened, available = self.over(now), None if now.available.all() else now.available
            made = LmGenerator.of(
                opened, now.ids, index=now.generator.index, available=available,
                text_score=self._words(now) if words else None,
            )  # fmt: skip
            self._made[words] = (now, made)
            return made

    @property
    def running(self) -> VllmEngine | None:
        """The engine in vLLM, where that is what was opened."""
        if self.engine != "vllm" or self._opened is None:
            return None
        return cast("VllmEngine", self._opened.engine)

    def close(self) -> None:
        """Stop what was started beside this process."""
        close = None if self._opened is None else getattr(self._opened.engine, "close", None)
        if close is not None:
            close()

    def over(self, now: Snapshot) -> Opened:
        """The opened model over the catalogue as `now` has it."""
        trie = now.generator.engine.trie
        if self._opened is None:
            if not (self.run / "lm" / "manifest.json").exists():
                raise UserError(
                    f"{self.run} has no language model (no finished lm/): `genrec lm train {self.run}` makes one"
                )
            self._opened = open_lm(
                self.run / "lm", now.ids, trie, engine=self.engine, beam=self.width, connect=self.connect
            )
        if isinstance(self._opened.engine, CausalEngine):
            return replace(self._opened, engine=self._opened.engine.over(trie))
        if now is not self._told and (self._told is not None or now.version):
            available = None
            if not now.available.all():
                ranks = now.generator.engine.rank_of.cpu().numpy()[np.flatnonzero(now.available)]
                available = RankBitmap.of_ranks(ranks, len(now.available))
            assert self.running is not None
            self.running.swap(trie, available, now.catalog)
        self._told = now
        return self._opened

    def _words(self, now: Snapshot) -> TextScore | None:
        """The words' part, over newcomers too."""
        if self._towers is None and (folder := self.run / "lm" / WORDS).exists():
            self._towers = WordTowers.from_pretrained(folder)
        if self._towers is None:
            return None
        towers, said = self._towers
        # Of a version that only adds rows, the others' vectors stand; a changed row or a rollback makes all anew.
        rows = now.catalog.table.select("title", "text", *towers.columns)
        if self._read is None or not rows[: len(self._read[0])].equals(self._read[0]):
            self._read = (rows, towers.items(rows))
        elif len(fresh := rows[len(self._read[0]) :]):
            self._read = (rows, np.concatenate([self._read[1], towers.items(fresh)]))
        return TextScore(QueryReader(towers, now.catalog, now.ids), self._read[1], said["weight"])
