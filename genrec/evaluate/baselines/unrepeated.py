"""Any baseline, kept from answering with what the history holds already.

Where people seldom take a thing twice a model gains much by knowing that. The generator's leaf score learns it on
validation questions, so every baseline has the same choice, made on the same questions.
"""

from __future__ import annotations

from genrec.data.interactions import Sequences
from genrec.evaluate.interface import Recommends, TopK


class Unrepeated:
    """`model`, always asked to exclude what was seen; a catalogue with fewer than k other items fills fewer places."""

    def __init__(self, model: Recommends) -> None:
        self.model = model
        self.name = model.name

    def recommend(self, histories: Sequences, k: int, *, exclude_seen: bool = False) -> TopK:
        return self.model.recommend(histories, k, exclude_seen=True)
