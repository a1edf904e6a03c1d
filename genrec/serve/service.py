"""What the service can do, whoever asks: HTTP routes and the MCP server are two faces of it.

A question about items goes through the batcher to the engine's thread; the database is asked in threads of its own;
what was answered is written down behind the answer. Nothing here knows of HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from genrec.decode.requests import Request
from genrec.errors import UserError
from genrec.serve.backend import Backend, Explain, Find, Found, Question, Recommend
from genrec.serve.batching import Batcher, Busy, TooLate
from genrec.serve.cards import cited
from genrec.serve.changing import Adapters, Catalogue
from genrec.serve.metrics import Metrics
from genrec.serve.schemas.common import Cited
from genrec.serve.store import Answer, AuditWriter, Session, Store, StoreAway
from genrec.serve.waiting import Waiting
from genrec.workspace import ABOUT, Workspace

if TYPE_CHECKING:
    from genrec.decode.living import Snapshot
    from genrec.explain.writer import Explanation
    from genrec.recommender import Recommender
    from genrec.serve.imagery import Imagery

LANGUAGE = "genrec-lm"
"""What answers of the language model are signed with."""
REMEMBERED = 200
"""Events of a stored history that count, the latest."""
THREADS = 32
"""For the database, for a language model's words and for its hearing each: most of them wait. Small batches of events
share a commit, so more at once are faster (docs/store.md)."""
PATIENCE = 0.5
"""Of the seconds for an answer, what a language model may take to hear or to write; then it is done without."""
log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass
class Known:
    """What is known of a person. missing: `history` where the database could not be asked."""

    history: list[str] = field(default_factory=list)
    disliked: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


class Service:
    """recommender: over its run. store: histories, events, audit. timeout: seconds for an answer."""

    def __init__(
        self,
        recommender: Recommender,
        store: Store,
        *,
        backend: Backend | None = None,
        metrics: Metrics | None = None,
        most: int = 32,
        waiting: int = 256,
        linger: float = 0.0,
        timeout: float = 10.0,
    ) -> None:
        self.recommender, self.store, self.timeout = recommender, store, timeout
        self.metrics = metrics or Metrics()
        self.backend = backend or Backend(recommender)
        self.batcher = Batcher(
            self.backend.answer, most=most, waiting=waiting, linger=linger, observe=self.metrics.batched
        )
        self.audit = AuditWriter(store)
        # Of their own: whatever else waits in threads must not keep the database from being asked.
        self._asking = ThreadPoolExecutor(THREADS, thread_name_prefix="store")
        self._writing = Waiting("words", THREADS, waiting)
        self.hearing = Waiting("hearing", THREADS, waiting)
        self.metrics.store_up.set(1)  # it was opened
        self._dropped = 0  # of its answers, as far as the metrics know
        self._forgetting = asyncio.Lock()
        self.imagery: Imagery | None = None
        self.ready, self.started = True, int(time.time())
        self.catalogue, self.adapters = Catalogue(recommender, store), Adapters(recommender)

    @property
    def now(self) -> Snapshot:
        """The catalogue as it stands."""
        return self.recommender.snapshot

    @property
    def model(self) -> str:
        """What answers are signed with."""
        return self.now.generator.name

    def signed(self, language: bool) -> str:
        """Who made an answer."""
        return LANGUAGE if language else self.model

    async def close(self) -> None:
        """Answer what waits, write down what was answered, let go of the database."""
        self.ready = False
        if self.imagery is not None:
            await asyncio.to_thread(self.imagery.jobs.close)
        await self.batcher.close()
        await asyncio.to_thread(self.catalogue.close)
        await asyncio.to_thread(self.audit.close)
        await asyncio.to_thread(self.recommender.speaker.close)
        await asyncio.to_thread(self.store.close)
        self._asking.shutdown(wait=False)
        self._writing.close()
        self.hearing.close()

    # ------------------------------------------------------------------ answers

    async def ask(self, question: Question) -> Any:
        """Through the batcher. Busy, TooLate, UserError."""
        return await self.batcher.ask(question.kind, question, timeout=self.timeout)

    async def recommend(
        self,
        user: str | None = None,
        history: Sequence[str] = (),
        k: int = 10,
        *,
        where: Any = None,
        allow: Sequence[str] | None = None,
        deny: Sequence[str] = (),
        exclude_seen: bool = True,
        diversity: int | None = None,
        explain: bool = False,
        model: str | None = None,
        adapter: str | None = None,
        seed: int | None = None,
    ) -> Answered:
        """The next items of a person or of a history."""
        language = self.by_language(model, adapter, diversity is not None or seed is not None)
        known = await self.known(user)
        self.check(history, where, deny, allow)
        whole = self.there([*known.history, *history])
        denied = list(dict.fromkeys([*deny, *self.there(known.disliked)]))
        request = Request(whole, where, allow, denied)
        found: Found = await self.ask(Recommend(request, k, exclude_seen, diversity, seed, language, adapter))
        why = await self.why(whole, [one.item_id for one in found.items]) if explain else {}
        answered = Answered(found, why, known.missing, self.signed(language), adapter)
        self.note(answered, user, {"where": where, "deny": denied, "allow": allow}, "recommend")
        return answered

    async def find(self, question: Find, user: str | None = None) -> Answered:
        """A search in words or by a picture."""
        self.check([question.item_id] if question.item_id else [], question.where, question.deny, question.allow)
        found: Found = await self.ask(question)
        answered = Answered(found, {}, [], self.model)
        filters = {"where": question.where, "text": question.text, "change": question.change}
        self.note(answered, user, filters, "search")
        return answered

    async def explain(
        self, item_id: str, history: Sequence[str] = (), user: str | None = None
    ) -> tuple[Cited, list[str]]:
        """Why an item comes after a history; and what could not be reached meanwhile."""
        known = await self.known(user)
        self.check([*history, item_id], None)
        told = await self.why(self.there([*known.history, *history]), [item_id])
        return cited(self.now, told[item_id]), known.missing

    async def why(self, history: Sequence[str], items: Sequence[str]) -> Mapping[str, Explanation]:
        """For each of the items: in a language model's words, where there is one that writes and it does so in time;
        else in the template's."""
        told: dict[str, Explanation] = {}
        if self.backend.write is not None:
            # It writes all of them at once, and beams go on meanwhile.
            with self.metrics.stage("explain"):
                each = await asyncio.gather(*(self._worded(history, item) for item in items))
            told = {one.item_id: one for one in each if one is not None}
        left = tuple(item for item in items if item not in told)
        if left:
            told |= await self.ask(Explain(tuple(history), left))
        return {item: told[item] for item in items}

    async def _worded(self, history: Sequence[str], item: str) -> Explanation | None:
        """None where the model has no time, or nothing to say."""
        try:
            return await self._writing.run(partial(self.backend.explained, history, item), timeout=self.patience)
        except (Busy, TooLate):
            return None
        except Exception as error:  # whatever a model's client may raise
            log.warning("the language model did not explain an item: %s", type(error).__name__)
            return None

    @property
    def patience(self) -> float:
        """Seconds that a language model may take."""
        return PATIENCE * self.timeout

    # ------------------------------------------------------------------ people

    async def stored(self, work: Callable[..., T], *args: Any, **options: Any) -> T:
        """What a method of the store gives, in one of its threads. StoreAway."""
        try:
            with self.metrics.stage("store"):
                done = await asyncio.get_running_loop().run_in_executor(self._asking, partial(work, *args, **options))
        except StoreAway:
            self.metrics.store_up.set(0)
            raise
        self.metrics.store_up.set(1)
        return done

    async def known(self, user: str | None) -> Known:
        """A person's stored history and dislikes; nothing, and said so, while the database is away."""
        if user is None:
            return Known()
        try:
            return await self.stored(self._known, user)
        except StoreAway:
            return Known(missing=["history"])

    def _known(self, user: str) -> Known:
        return Known(self.store.history(user, REMEMBERED), self.store.disliked(user))

    def there(self, item_ids: Sequence[str]) -> list[str]:
        """Those that the catalogue has: what was stored may be of a version that was taken back."""
        index = self.now.catalog.index
        return [item for item in item_ids if item in index]

    def check(
        self, history: Sequence[str], where: Any, deny: Sequence[str] = (), allow: Sequence[str] | None = None
    ) -> None:
        """UserError before a question joins others in a batch."""
        from genrec.decode.requests import indices_of

        now = self.now
        for listed in (history, deny, allow or ()):
            indices_of(list(listed), now.catalog)
        if where is not None:
            index = now.generator.index
            assert index is not None
            index.parse(where)

    async def forget(self, user: str) -> dict[str, int]:
        """Delete what is known of a person, in the store and in the run's files; what waits to be written is not
        written any more. Workspace's `Busy` where the run's files are being made: then the store alone has forgotten.
        """
        gone = dataclasses.asdict(await self.stored(self.store.forget, user))
        if self.imagery is not None:
            gone["pictures"] = self.imagery.jobs.forget(user)
        async with self._forgetting:
            return gone | await asyncio.to_thread(self._forget_in_run, user)

    def _forget_in_run(self, user: str) -> dict[str, int]:
        from genrec.stages.forgetting import forget

        run = self.recommender.path
        if not (run / ABOUT).exists():  # a recommender by itself, which holds nothing of people
            return {}
        return {f"run.{name}": count for name, count in forget(Workspace(run), [user]).items()}

    async def keep(self, completion_id: str, user: str | None, messages: list[dict[str, Any]]) -> None:
        """Store a conversation under the id of its last answer."""
        await self.stored(self.store.save_session, completion_id, messages, user=user)

    async def kept(self, completion_id: str) -> Session | None:
        """A stored conversation; None where there is none, or its time is over."""
        return await self.stored(self.store.session, completion_id)

    @contextlib.contextmanager
    def streaming(self) -> Iterator[None]:
        """Counted while it lasts."""
        self.metrics.streams.inc()
        try:
            yield
        finally:
            self.metrics.streams.dec()

    def models(self) -> list[str]:
        """Names under which answers can be asked for."""
        drawn = ["genrec-imagery"] if self.imagery is not None else []
        return ["genrec", self.model, *([LANGUAGE] if self.backend.language else []), *drawn]

    def by_language(self, model: str | None, adapter: str | None, special: bool) -> bool:
        """Whether the language model recommends. special: a spread or a sample is asked for, which it has not."""
        wanted = model == LANGUAGE or adapter is not None
        if wanted and not self.backend.language:
            what = f"model {LANGUAGE!r}" if adapter is None else f"adapter {adapter!r}"
            raise UserError(f"{what}: this server's engine has none; start it with --engine vllm")
        if wanted and special:
            raise UserError("diversity and seed are the compact generator's: leave them out, or model and adapter")
        if adapter is not None and model not in (None, LANGUAGE):
            raise UserError(f"adapter {adapter!r} is the language model's: leave model out, or say {LANGUAGE!r}")
        return wanted or (self.backend.language and model is None and not special)

    # ------------------------------------------------------------------ what was done

    def note(self, answered: Answered, user: str | None, filters: dict[str, Any], what: str) -> None:
        """One line of the audit log, written behind the answer."""
        self.audit.put(
            Answer(
                request_id=answered.id,
                user=user,
                model=answered.model,
                adapter=answered.adapter,
                catalogue_version=answered.found.now.version,
                filters={"kind": what} | {name: value for name, value in filters.items() if value},
                items=tuple(one.item_id for one in answered.found.items),
                scores=tuple(one.score for one in answered.found.items),
                reasons={item: told.text for item, told in answered.why.items()},
            )
        )

    async def healthy(self) -> str | None:
        """None, or why requests should not come here now."""
        if not self.ready:
            return "it is shutting down"
        try:
            await self.stored(self.store.ping)
        except StoreAway as error:
            return str(error)
        return None

    def measure(self) -> None:
        """Bring gauges up to date."""
        now = self.now
        self.metrics.depth.set(self.batcher.depth)
        self.metrics.beams.set(now.generator.engine.width)
        self.metrics.version.set(now.version)
        self.metrics.items.set(int(now.available.sum()))
        self.metrics.audit_dropped.inc(self.audit.dropped - self._dropped)
        self._dropped = self.audit.dropped


@dataclass(frozen=True)
class Answered:
    """Items with the version they are of, what is said for them, and what could not be reached meanwhile."""

    found: Found
    why: Mapping[str, Explanation]
    missing: list[str]
    model: str
    adapter: str | None = None
    id: str = field(default_factory=lambda: f"rec-{uuid.uuid4().hex}")
