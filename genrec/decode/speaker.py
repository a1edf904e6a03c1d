"""The language model beside a living catalogue: one model, and a generator for every version of what it may name."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from genrec.decode.causal_engine import CausalEngine
from genrec.decode.lm_engines import Opened, open_lm
from genrec.decode.lm_generator import LmGenerator
from genrec.decode.text_score import TextScore, text_score_of
from genrec.errors import UserError

if TYPE_CHECKING:
    from genrec.decode.living import Snapshot


class Speaker:
    """The model in `run`/lm, opened by the torch engine when it is first asked for; `width` beams per request.

    Newcomers have codes like everybody, which the model's words can say, so it names them without having been trained
    on them; what is withdrawn it can name no more.
    """

    def __init__(self, run: Path, width: int) -> None:
        self.run, self.width = run, width
        self._lock = Lock()
        self._opened: Opened | None = None
        self._score: TextScore | None = None
        self._made: dict[bool, tuple[Snapshot, LmGenerator]] = {}

    def at(self, now: Snapshot, *, words: bool = False) -> LmGenerator:
        """The generator over the catalogue as `now` has it. words: its searches count the items' texts too.

        UserError where the run has no finished model, or nobody learned what words are worth.
        """
        with self._lock:
            former = self._made.get(words)
            if former is not None and former[0] is now:
                return former[1]
            opened, available = self._over(now), None if now.available.all() else now.available
            made = LmGenerator.of(
                opened, now.ids, index=now.generator.index, available=available,
                text_score=self._words(now) if words else None,
            )  # fmt: skip
            self._made[words] = (now, made)
            return made

    def _over(self, now: Snapshot) -> Opened:
        trie = now.generator.engine.trie
        if self._opened is None:
            if not (self.run / "lm" / "manifest.json").exists():
                raise UserError(
                    f"{self.run} has no language model (no finished lm/): `genrec lm train {self.run}` makes one"
                )
            self._opened = open_lm(self.run / "lm", now.ids, trie, beam=self.width)
        assert isinstance(self._opened.engine, CausalEngine)
        return replace(self._opened, engine=self._opened.engine.over(trie))

    def _words(self, now: Snapshot) -> TextScore:
        """The texts' part, over newcomers too; of those that were there already the text as it was embedded."""
        if self._score is None:
            learned = self.run / "evaluate-lm" / "words.json"
            if not learned.exists():
                raise UserError(
                    f"nobody has learned what words are worth in {self.run} (no {learned.name}): run `genrec lm "
                    f"evaluate {self.run}` with a model that was taught to search, or search without words"
                )
            self._score = text_score_of(self.run / "embed", json.loads(learned.read_text())["weight"])
            assert self._score is not None
        fresh = now.catalog.table["text"].to_list()[len(self._score.vectors) :]
        if not fresh:
            return self._score
        return replace(self._score, vectors=np.concatenate([self._score.vectors, self._score.encoder.encode(fresh)[0]]))
