"""What `Recommender` inherits of this room and of the run's language model: everything that finds items."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from genrec.data import Sequences
from genrec.decode.changeable import Changeable
from genrec.decode.requests import Recommendations, Request, indices_of, limits_of, listed
from genrec.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    from genrec.decode.generator import Generator
    from genrec.decode.living import Snapshot
    from genrec.decode.speaker import Speaker
    from genrec.decode.wishes import Wishes
    from genrec.evaluate.interface import TopK
    from genrec.explain.gazetteer import Synonyms
    from genrec.search.content import ContentSearch

    Picture = Path | bytes | Image.Image

SPOKEN = "lm"
"""The folder of the language model, where a run has one."""


class Searchable(Changeable):
    """A catalogue that can be searched. Nothing is read for it before the first search."""

    def __init__(self, path: Path, first: Snapshot, speaker: Speaker | None = None) -> None:
        from genrec.decode.speaker import Speaker

        super().__init__(path, first)
        self.speaker: Speaker = speaker or Speaker(path, first.generator.engine.width)
        self.synonyms: Synonyms | None = None
        """Words for the columns' values that people may use when they search; set before the first search."""
        self._finding: ContentSearch | None = None
        self._finding_lock = Lock()

    @property
    def speaks(self) -> bool:
        """Whether the run has a language model."""
        return (self.path / SPOKEN / "manifest.json").exists()

    def search(
        self,
        text: str,
        k: int = 10,
        *,
        where: Any = None,
        allow: Sequence[str] | None = None,
        deny: Sequence[str] | None = None,
        words: bool = True,
    ) -> Recommendations:
        """The k items that `text` asks for: «a red dress for summer».

        By the run's language model where it has one, else by the words of items' rows and the values that the text
        states (`genrec.search`). where, allow, deny: as for `recommend`. words: besides the codes that a language model
        writes, count the words of items' rows, where it learned them. UserError for an empty text.
        """
        from genrec.decode.wishes import Wishes

        now, asked = self.snapshot, [Request((), where, allow, deny)]
        limits, k = limits_of(asked, now), checked(k, now)
        if self.speaks:
            answer = self.speaker.at(now, words=words).search([text], k, wishes=Wishes(limits))
            return listed(answer, asked, limits, Sequences.from_lists([[]]), False, now)[0]
        found = listed(
            _ranked(self.finding(now).text(text), k, None, Wishes(limits), now.generator),
            asked, limits, Sequences.from_lists([[]]), False, now,
        )[0]  # fmt: skip
        if not found and found.reason and not limits:
            found.reason = f"no item has a word of «{text}»"
        return found

    def refine(
        self,
        item_id: str,
        change: str,
        k: int = 10,
        *,
        where: Any = None,
        allow: Sequence[str] | None = None,
        deny: Sequence[str] | None = None,
        words: bool = True,
    ) -> Recommendations:
        """The k items like one, but changed: «in red». By the language model or without, as `search`."""
        from genrec.decode.wishes import Wishes

        now, asked = self.snapshot, [Request([item_id], where, allow, deny)]
        limits, k = limits_of(asked, now), checked(k, now)
        items = indices_of([item_id], now.catalog)
        itself = Sequences.from_lists([items])
        if self.speaks:
            answer = self.speaker.at(now, words=words).refine(items, [change], k, wishes=Wishes(limits))
        else:
            answer = _ranked(self.finding(now).changed(items[0], change), k, itself, Wishes(limits), now.generator)
        return listed(answer, asked, limits, itself, True, now)[0]

    def search_picture(
        self,
        image: Picture,
        k: int = 10,
        *,
        change: str | None = None,
        where: Any = None,
        allow: Sequence[str] | None = None,
        deny: Sequence[str] | None = None,
    ) -> Recommendations:
        """The k items that look most like a picture: a file, its bytes or an image that was read.

        change: what shall be otherwise: «like this, but in red». UserError for what is no picture, and where the run
        reads no pictures.
        """
        from genrec.decode.wishes import Wishes

        now, asked = self.snapshot, [Request((), where, allow, deny)]
        limits, k = limits_of(asked, now), checked(k, now)
        finding, picture = self.finding(now), opened(image)
        scores = finding.picture(picture) if change is None else finding.changed(picture, change)
        answer = _ranked(scores, k, None, Wishes(limits), now.generator)
        return listed(answer, asked, limits, Sequences.from_lists([[]]), False, now)[0]

    def finding(self, now: Snapshot) -> ContentSearch:
        """The search without a language model over one version of the catalogue; the last one is kept."""
        from genrec.search.content import ContentSearch

        found = self._finding
        if found is None or found.now is not now:
            with self._finding_lock:
                found = self._finding
                if found is None or found.now is not now:
                    found = self._finding = ContentSearch.of(self.path, now, found, self.synonyms)
        return found


def checked(k: int, now: Snapshot) -> int:
    if not 1 <= k <= len(now.catalog):
        raise UserError(f"k = {k}: ask for 1 to {len(now.catalog)} items, as many as the catalogue has")
    return k


def opened(image: Picture) -> Image.Image:
    """A picture as RGB, upright. UserError where it cannot be read."""
    from PIL import Image

    from genrec.embed.images import decoded, upright

    if isinstance(image, Image.Image):
        return upright(image)
    name = "the bytes given" if isinstance(image, bytes) else str(image)
    if isinstance(image, Path) and not image.exists():
        raise UserError(f"{name} does not exist: name the file of a picture to search with")
    try:
        return decoded(io.BytesIO(image) if isinstance(image, bytes) else image)
    except Exception as error:  # of every kind, see `read_picture`
        raise UserError(f"{name}: no picture that can be read ({error}): give a JPEG, PNG or WebP file") from error


def _ranked(scores: np.ndarray, k: int, closed: Sequences | None, wishes: Wishes, generator: Generator) -> TopK:
    """The k best of float32 (N,) that wishes allow, as an answer to one request. closed: what it may not hold."""
    import torch

    from genrec.decode.selection import best
    from genrec.evaluate.interface import TopK

    offer = generator.offer
    ranks = offer.rank_of.expand(1, -1)
    open_ = offer.constraints(1, closed, wishes).open_ranks(ranks).cpu()
    values = torch.from_numpy(scores)[None].masked_fill(~open_, -torch.inf)
    items, values = best(values, torch.arange(len(scores))[None], k)
    return TopK(items.masked_fill(values == -torch.inf, -1).int().numpy(), values.numpy())
