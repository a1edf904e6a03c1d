"""`genrec serve` and `genrec keys`: in a file of their own, since they have many options."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genrec.cli import common
from genrec.cli.common import Changes, Run
from genrec.errors import UserError

if TYPE_CHECKING:
    from genrec.serve.safety.keys import Keys
    from genrec.serve.store import Store

keys = common.group("keys", "API keys of a run's server, kept in its store by their hashes.")
Settings = Annotated[str, typer.Option("--recipe", help="Settings: a name (serve/*.yaml) or a path.")]
Database = Annotated[str | None, typer.Option(help="postgresql://… or sqlite:///PATH; by default a file in RUN/serve.")]


def add_to(app: typer.Typer) -> None:
    """Register the verb and the group."""
    app.add_typer(keys)
    verb = partial(common.verb, app)

    @verb
    def serve(
        run: Run,
        port: Annotated[int | None, typer.Option("--port", help="Where to listen: 8000.")] = None,
        host: Annotated[str | None, typer.Option(help="Beyond this machine only with an API key: 127.0.0.1.")] = None,
        engine: Annotated[str | None, typer.Option(help="torch, or vllm for the run's language model.")] = None,
        database: Database = None,
        mcp: Annotated[bool, typer.Option("--mcp", help="Speak MCP over stdin and stdout instead of HTTP.")] = False,
        recipe: Settings = "embedded",
        set: Changes = None,
    ) -> None:
        """Answer over HTTP: chat for OpenAI's clients, recommendations, search, events, and a page to try it on."""
        running = _running()
        given = {"port": port, "host": host, "engine": engine, "database": database}
        changes = [*(set or []), *(f"{name}={value}" for name, value in given.items() if value is not None)]
        settings = _settings(recipe, changes)
        (running.serve_mcp if mcp else running.serve)(Path(run), settings)

    @verb
    def forget(
        run: Run,
        user: Annotated[str, typer.Argument(help="The person's id.")],
        database: Database = None,
    ) -> None:
        """Delete all that the run and its store hold of a person; later runs of its stages leave them out."""
        from dataclasses import asdict

        from genrec.stages.forgetting import forget as forget_in_run
        from genrec.workspace import Workspace

        store = _store(run, database)
        gone = asdict(store.forget(user))
        store.close()
        gone |= {f"run.{name}": count for name, count in forget_in_run(Workspace(run), [user]).items()}
        for name, count in gone.items():
            typer.echo(f"{name}\t{count}")


@partial(common.verb, keys)
def add(
    run: Run,
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    scopes: Annotated[str, typer.Argument(help="read, events, admin, or several with + between.")] = "read+events",
    database: Database = None,
) -> None:
    """Make a key and print it, once."""
    typer.echo(_keys(run, database).issue(name, scopes.split("+")))  # type: ignore[arg-type]


@partial(common.verb, keys)
def revoke(run: Run, name: Annotated[str, typer.Argument(help="Whose key.")], database: Database = None) -> None:
    """From now on nobody comes in by this key."""
    _keys(run, database).revoke(name)
    typer.echo(f"the key {name!r} is revoked")


@partial(common.verb, keys)
def show(run: Run, database: Database = None) -> None:
    """Names and scopes of all keys; the keys themselves nobody has."""
    known = _store(run, database).keys()
    for row in known:
        typer.echo(f"{row.name}\t{'+'.join(row.scopes)}\t{'revoked' if row.revoked else 'holds'}")


def _store(run: Path, database: str | None) -> Store:
    running = _running()
    from genrec.serve.settings import Secrets

    changes = [] if database is None else [f"database={database}"]
    found: Store = running.open_store(run, _settings("embedded", changes), Secrets.from_environment())
    return found


def _keys(run: Path, database: str | None) -> Keys:
    store = _store(run, database)
    from genrec.serve.safety.keys import Keys

    return Keys((), store)


def _settings(recipe: str, changes: list[str]):  # type: ignore[no-untyped-def]
    from genrec.serve import settings

    return settings.load(recipe, changes)


def _running():  # type: ignore[no-untyped-def]
    try:
        from genrec.serve import running
    except ImportError as error:
        raise UserError(f"serving needs the extra `serve` ({error}): pip install 'genrec[serve]'") from None
    return running
