"""From a run's folder to a server that listens, and that drains when it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import polars as pl

from genrec.data.interactions import FIRST_SECOND
from genrec.errors import UserError
from genrec.progress import say
from genrec.search.searchable import SPOKEN
from genrec.serve.backend import Backend
from genrec.serve.imagery import Imagery
from genrec.serve.metrics import Metrics
from genrec.serve.safety.keys import Keys
from genrec.serve.service import Service
from genrec.serve.settings import Secrets, ServerSettings
from genrec.serve.store import Retention, Store, StoreAway
from genrec.serve.talking import Talking

if TYPE_CHECKING:
    from genrec.chat.asked import Understand
    from genrec.decode.vllm.lines import Line
    from genrec.explain.gazetteer import Synonyms
    from genrec.recommender import Recommender

    Connect = Callable[[dict[str, Any]], Line]

FOLDER = "serve"
"""Of a run: the embedded database."""
DAY = 86_400.0
KEEP_ALIVE = 75
"""Seconds for which an idle connection stays: longer than proxies keep theirs, or they would meet a closed one."""
TIDY = 3600
"""Seconds between two looks at what has outlived its time."""


def open_store(run: Path, settings: ServerSettings, secrets: Secrets) -> Store:
    """The store of a run, with the histories that it was trained on."""
    database = secrets.database or settings.database
    if database is None:
        (run / FOLDER).mkdir(exist_ok=True)
        database = f"sqlite:///{(run / FOLDER / 'store.sqlite').resolve()}"
    store = Store.open(database, Retention(DAY * settings.keep.answers, DAY * settings.keep.sessions))
    table = run / "data" / "interactions.parquet"
    if table.exists():
        name = hashlib.sha256(table.read_bytes()).hexdigest()
        new = store.import_histories(name, _rows(table))
        if new:
            say(f"{new:,} events of the run's histories are in the store now")
    return store


def open_service(run: Path, settings: ServerSettings, store: Store, connect: Connect | None = None) -> Service:
    """Everything behind the API, ready to answer. connect: the line to vLLM, where that is the engine."""
    from genrec.decode.speaker import Speaker
    from genrec.recommender import Recommender

    speaker = Speaker(run, settings.beam, engine=settings.engine, connect=connect)
    recommender = Recommender.from_pretrained(run, beam=settings.beam, speaker=speaker)
    backend = Backend(recommender)
    if settings.engine == "vllm":
        from genrec.decode.vllm.speech import VllmSpeech

        say("starting vLLM")
        backend = Backend(recommender, write=VllmSpeech(speaker.over(recommender.snapshot)), language=True)
    batching = settings.batching
    service = Service(
        recommender, store, backend=backend, metrics=Metrics(), most=batching.most, waiting=batching.waiting,
        linger=batching.linger, timeout=batching.timeout,
    )  # fmt: skip
    service.imagery = Imagery.of(service, settings.imagery)
    return service


def serve(run: Path, settings: ServerSettings) -> None:
    """Serve until SIGTERM or Ctrl-C; then take nothing new, answer what is under way, write what waits, and end."""
    asyncio.run(_serve(run, settings))


def serve_mcp(run: Path, settings: ServerSettings) -> None:
    """Speak MCP over stdin and stdout until stdin ends."""
    from genrec.serve.mcp import serve_stdio

    with _quiet():
        service = open_service(run, settings, open_store(run, settings, Secrets.from_environment()))
    say(f"GenRec serves {run} to an MCP client on stdin and stdout")
    asyncio.run(serve_stdio(service))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """What is printed meanwhile, here and by processes that begin here (vLLM's), goes to stderr: stdout is the
    protocol's alone."""
    sys.stdout.flush()
    stdout = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(stdout, 1)
        os.close(stdout)


async def _serve(run: Path, settings: ServerSettings) -> None:
    import uvicorn

    from genrec.serve.app import create_app
    from genrec.serve.safety.access_log import Pseudonyms
    from genrec.serve.safety.clients import check_bind
    from genrec.serve.safety.logs import log_as_json
    from genrec.serve.safety.stack import protect

    log_as_json(settings.log)
    secrets = Secrets.from_environment()
    store = await asyncio.to_thread(open_store, run, settings, secrets)
    keys = Keys.from_environment(store=store)
    await asyncio.to_thread(keys.refresh)
    check_bind(settings.host, keys)
    connect = None
    if settings.engine == "vllm":
        from genrec.decode.vllm.asynchronous import on_this_loop

        connect = on_this_loop()
    service = await asyncio.to_thread(open_service, run, settings, store, connect)
    synonyms = _synonyms(run, service.recommender)
    service.recommender.synonyms = synonyms
    await asyncio.to_thread(_warm, service.recommender, synonyms)
    talking = Talking(service, synonyms=synonyms, understand=listener(settings, secrets, service))
    app = create_app(service, talking, settings.pictures())
    pseudonyms, watch = Pseudonyms(secrets.log_secret), service.metrics.finished
    config = uvicorn.Config(
        protect(app, keys, settings.policy(), pseudonyms=pseudonyms, watch=watch),
        host=settings.host, port=settings.port, log_config=None, access_log=False, proxy_headers=False,
        server_header=False, timeout_graceful_shutdown=math.ceil(settings.drain), timeout_keep_alive=KEEP_ALIVE,
    )  # fmt: skip
    server = uvicorn.Server(config)
    _leaving(server, service)
    shown = "localhost" if settings.host in ("127.0.0.1", "::1", "0.0.0.0", "::") else settings.host
    say(f"GenRec serves {run} on http://{shown}:{settings.port} (Ctrl-C ends it)")
    tidying = asyncio.create_task(_tidy(store))
    with contextlib.suppress(SystemExit):  # uvicorn's, where it cannot listen: its log says no more than why
        await server.serve()
    tidying.cancel()
    if not server.started:
        raise UserError(
            f"cannot listen on {settings.host}:{settings.port}: is another server there? Take another --port"
        )


def _warm(recommender: Recommender, synonyms: Synonyms | None) -> None:
    """Ask for one of everything, so that the first person does not wait for what is loaded or learned on first use."""
    first = recommender.catalog.ids[0]
    recommender.recommend([first], 1)
    recommender.explain([first], first)
    recommender.search(recommender.catalog.table["title"][0] or first, 1)
    # A wish in words: a greeting would leave titles unread.
    recommender.conversation(synonyms).hear([{"role": "user", "content": "show me something new"}])


async def _tidy(store: Store) -> None:
    """Delete what has outlived its time, now and then."""
    while True:
        with contextlib.suppress(StoreAway):
            await asyncio.to_thread(store.prune)
        await asyncio.sleep(TIDY)


def listener(settings: ServerSettings, secrets: Secrets, service: Service) -> Understand | None:
    """What understands messages, as the settings say; None for the gazetteer. UserError where the run's language model
    shall, and there is none that was taught to."""
    chat = settings.chat
    if chat.understand == "lm":
        from genrec.chat.tuned import tuned

        recommender = service.recommender
        return tuned(recommender.path / SPOKEN, service.backend.write or recommender.speech())
    if chat.understand == "endpoint" and chat.url is not None and chat.model is not None:
        from genrec.chat.endpoint import Endpoint
        from genrec.chat.model import ModelUnderstanding

        endpoint = Endpoint(chat.url, chat.model, key=secrets.chat_key, timeout=service.patience)
        return partial(ModelUnderstanding, write=endpoint)
    return None


def _leaving(server: Any, service: Service) -> None:
    """Say at once that the server is leaving, so that nothing new is sent here."""
    exit_ = server.handle_exit

    def handle(number: int, frame: FrameType | None) -> None:
        service.ready = False
        exit_(number, frame)

    server.handle_exit = handle


def _synonyms(run: Path, recommender: Recommender) -> Synonyms | None:
    """The words of a synthetic world, for a run of it: its owner is GenRec."""
    experiment = run / "experiment.json"
    kind = json.loads(experiment.read_text())["data"]["kind"] if experiment.exists() else None
    worlds = {"fashion": "", "music": ".music", "home": ".home"}
    if kind not in worlds:
        return None
    words: Synonyms = import_module(f"genrec.data.synthetic{worlds[kind]}.synonyms").synonyms(recommender.catalog.table)
    return words


def _rows(table: Path) -> Iterator[tuple[str, str, float]]:
    """(user, item, Unix seconds): times may be milliseconds, or mere positions, which stay what they are."""
    rows = pl.read_parquet(table, columns=["user_id", "item_id", "timestamp"])
    scale = 1000.0 if (rows["timestamp"] >= 1000 * FIRST_SECOND).any() else 1.0
    for user, item, time in rows.iter_rows():
        yield user, item, time / scale
