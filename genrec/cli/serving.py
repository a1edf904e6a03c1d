"""`genrec serve`: the verb in a file of its own, since it has many options."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from genrec.cli import common
from genrec.cli.common import Run
from genrec.errors import UserError


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    verb = partial(common.verb, app)

    @verb
    def serve(
        run: Run,
        port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8000,
        host: Annotated[str, typer.Option(help="Where to listen; beyond this machine only with an API key.")] = (
            "127.0.0.1"
        ),
        engine: Annotated[str, typer.Option(help="torch, or vllm for the run's language model.")] = "torch",
        database: Annotated[
            str | None, typer.Option(help="postgresql://… or sqlite:///PATH; by default a file in RUN/serve.")
        ] = None,
        mcp: Annotated[bool, typer.Option("--mcp", help="Speak MCP over stdin and stdout instead of HTTP.")] = False,
    ) -> None:
        """Answer over HTTP: chat for OpenAI's clients, recommendations, search, events, and a page to try it on."""
        try:
            from genrec.serve import running
        except ImportError as error:
            raise UserError(f"serving needs the extra `serve` ({error}): pip install 'genrec[serve]'") from None
        options = running.Options(host=host, port=port, engine=engine, database=database)
        (running.serve_mcp if mcp else running.serve)(Path(run), options)
