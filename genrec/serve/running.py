"""From a run's folder to a server that listens, and that drains when it is told to end."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import polars as pl

from genrec.data.interactions import FIRST_SECOND
from genrec.decode.lm_engines import ENGINES
from genrec.errors import UserError
from genrec.progress import say
from genrec.serve.backend import Backend
from genrec.serve.metrics import Metrics
from genrec.serve.service import Service
from genrec.serve.store import Store
from genrec.serve.talking import Talking

if TYPE_CHECKING:
    from genrec.decode.vllm.lines import Line
    from genrec.explain.gazetteer import Synonyms
    from genrec.recommender import Recommender

    Connect = Callable[[dict[str, Any]], Line]

FOLDER = "serve"
"""Of a run: the embedded database, and the secret behind the log's pseudonyms."""
DRAIN = 30
"""Seconds that answers under way have when the server is told to end."""


@dataclass(frozen=True)
class Options:
    """How a run is served. database: sqlite:///PATH or postgresql://…; None for one in the run's folder."""

    host: str = "127.0.0.1"
    port: int = 8000
    engine: str = "torch"
    database: str | None = None
    beam: int = 50
    batch: int = 32
    linger: float = 0.0
    waiting: int = 256
    timeout: float = 10.0
    drain: int = DRAIN
    policy: Any = field(default=None)


def open_store(run: Path, database: str | None) -> Store:
    """The store of a run, with the histories that it was trained on."""
    if database is None:
        (run / FOLDER).mkdir(exist_ok=True)
        database = f"sqlite:///{(run / FOLDER / 'store.sqlite').resolve()}"
    store = Store.open(database)
    table = run / "data" / "interactions.parquet"
    if table.exists():
        name = hashlib.sha256(table.read_bytes()).hexdigest()
        new = store.import_histories(name, _rows(table))
        if new:
            say(f"{new:,} events of the run's histories are in the store now")
    return store


def open_service(run: Path, options: Options, connect: Connect | None = None) -> Service:
    """Everything behind the API, ready to answer. connect: the line to vLLM, where that is the engine."""
    from genrec.decode.speaker import Speaker
    from genrec.recommender import Recommender

    if options.engine not in ENGINES:
        raise UserError(f"there is no engine {options.engine!r}: take one of {', '.join(ENGINES)}")
    speaker = Speaker(run, options.beam, engine=options.engine, connect=connect)
    recommender = Recommender.from_pretrained(run, beam=options.beam, speaker=speaker)
    if options.engine == "vllm":
        from genrec.decode.vllm.speech import VllmSpeech

        say("starting vLLM")
        backend = Backend(recommender, write=VllmSpeech(speaker.over(recommender.snapshot)), language=True)
    else:
        backend = Backend(recommender)
    store = open_store(run, options.database)
    return Service(
        recommender, store, backend=backend, metrics=Metrics(), most=options.batch, waiting=options.waiting,
        linger=options.linger, timeout=options.timeout,
    )  # fmt: skip


def serve(run: Path, options: Options) -> None:
    """Serve until SIGTERM or Ctrl-C; then take nothing new, answer what is under way, write what waits, and end."""
    asyncio.run(_serve(run, options))


def serve_mcp(run: Path, options: Options) -> None:
    """Speak MCP over stdin and stdout until stdin ends."""
    from genrec.serve.mcp import serve_stdio

    service = open_service(run, options)
    say(f"GenRec serves {run} to an MCP client on stdin and stdout")
    asyncio.run(serve_stdio(service))


async def _serve(run: Path, options: Options) -> None:
    import uvicorn

    from genrec.serve.app import create_app
    from genrec.serve.safety.access_log import Pseudonyms
    from genrec.serve.safety.clients import check_bind
    from genrec.serve.safety.keys import Keys
    from genrec.serve.safety.logs import log_as_json
    from genrec.serve.safety.stack import Policy, protect

    log_as_json()
    keys = Keys.from_environment()
    check_bind(options.host, keys)
    connect = None
    if options.engine == "vllm":
        from genrec.decode.vllm.asynchronous import on_this_loop

        connect = on_this_loop()
    service = await asyncio.to_thread(open_service, run, options, connect)
    talking = Talking(service, synonyms=_synonyms(run, service.recommender))
    app = protect(
        create_app(service, talking),
        keys,
        options.policy or Policy(),
        pseudonyms=Pseudonyms(),
        watch=service.metrics.finished,
    )
    config = uvicorn.Config(
        app, host=options.host, port=options.port, log_config=None, access_log=False, proxy_headers=False,
        server_header=False, date_header=True, timeout_graceful_shutdown=options.drain,
    )  # fmt: skip
    server = uvicorn.Server(config)
    _leaving(server, service)
    shown = "localhost" if options.host in ("127.0.0.1", "::1", "0.0.0.0", "::") else options.host
    say(f"GenRec serves {run} on http://{shown}:{options.port} (Ctrl-C ends it)")
    await server.serve()
    if not server.started:
        raise UserError(f"cannot listen on {options.host}:{options.port}: is another server there? Take --port")


def _leaving(server: Any, service: Service) -> None:
    """Say at once that the server is leaving, so that nothing new is sent here."""
    exit_ = server.handle_exit

    def handle(number: int, frame: FrameType | None) -> None:
        service.ready = False
        exit_(number, frame)

    server.handle_exit = handle


def _synonyms(run: Path, recommender: Recommender) -> Synonyms | None:
    """The words of the synthetic fashion world, for a run of it: its owner is GenRec."""
    experiment = run / "experiment.json"
    if not experiment.exists() or json.loads(experiment.read_text())["data"]["kind"] != "fashion":
        return None
    from genrec.data.synthetic.synonyms import synonyms

    return synonyms(recommender.catalog.table)


def _rows(table: Path) -> Iterator[tuple[str, str, float]]:
    """(user, item, Unix seconds): times may be milliseconds, or mere positions, which stay what they are."""
    rows = pl.read_parquet(table, columns=["user_id", "item_id", "timestamp"])
    scale = 1000.0 if (rows["timestamp"] >= 1000 * FIRST_SECOND).any() else 1.0
    for user, item, time in rows.iter_rows():
        yield user, item, time / scale
