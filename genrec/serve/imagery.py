"""Items drawn for people, over one service: what is asked for becomes a job, and the job pictures."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genrec.errors import UserError
from genrec.imagery.artist import WEIGHTS, Artist, kind_of
from genrec.imagery.commission import Kind, Scene, checked_love
from genrec.imagery.painter import Painter
from genrec.imagery.pictures import as_png
from genrec.serve.drawing import Job, Jobs
from genrec.serve.settings import ImagerySettings

if TYPE_CHECKING:
    from genrec.serve.service import Service

log = logging.getLogger(__name__)
MODEL = "genrec-imagery"
"""The name under which `GET /v1/models` lists that this server draws."""


@dataclass(frozen=True, eq=False)
class Wanted:
    """item: its id. history: ids, oldest first. love: one picture each. scene: by name, or a whole one. words: prompt,
    style, negative, guidances, seed."""

    item: str
    history: list[str]
    kind: Kind
    love: list[float]
    scene: Scene | str | None
    reference: bool
    words: dict[str, Any] = field(default_factory=dict)


class Imagery:
    """painter: instead of what the settings name."""

    def __init__(self, service: Service, settings: ImagerySettings, painter: Painter | None = None) -> None:
        self.service, self.settings = service, settings
        self._named: str | Path | Painter | None = painter or settings.painter
        self.jobs: Jobs[Wanted] = Jobs(self._draw, waiting=settings.waiting, failed=_log)

    @classmethod
    def of(cls, service: Service, settings: ImagerySettings) -> Imagery | None:
        """None where the run has no painter of its own and the settings name none. Nothing is loaded yet."""
        path = service.recommender.path
        own = (WEIGHTS / str(kind_of(path)) / "model_index.json").exists()
        if settings.painter is None and not own:
            return None
        if importlib.util.find_spec("diffusers") is None:
            if settings.painter is None:
                return None
            raise UserError("imagery.painter is set, and drawing needs diffusers: pip install 'genrec[imagery]'")
        return cls(service, settings)

    def artist(self) -> Artist:
        """The painter over the catalogue as it stands; loads it the first time, which takes seconds."""
        return self.service.recommender.artist(self._named)

    async def submit(self, wanted: Wanted, owner: str, user: str | None) -> Job[Wanted]:
        """A receipt. UserError for an item that does not exist or is withdrawn, or where love has nothing to go by; and
        Busy where too many wait."""
        now = self.service.now
        self.service.check([wanted.item], None)
        if not now.available[now.catalog.index[wanted.item]]:
            raise UserError(f"item {wanted.item!r} is withdrawn")
        for love in wanted.love:
            checked_love(love, bool(wanted.history))
        return self.jobs.submit(wanted, owner, user)

    def _draw(self, wanted: Wanted, progress: Callable[[float], None]) -> list[bytes]:
        artist = self.artist()
        progress(0.0)
        commissions = [
            artist.commission(
                wanted.item, wanted.history if love > 0 else (), kind=wanted.kind, love=love, scene=wanted.scene,
                reference=wanted.reference, **wanted.words,
            )
            for love in wanted.love
        ]  # fmt: skip
        drawings = artist.draw(commissions, steps=self.settings.steps, progress=progress)
        return [as_png(one.picture, one.provenance, label=self.settings.label) for one in drawings]


def _log(error: BaseException) -> None:
    log.error("a picture could not be drawn", exc_info=error)
