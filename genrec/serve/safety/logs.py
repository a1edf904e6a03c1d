"""The process's log: a JSON line a record, from which keys, passwords and what people sent are kept out.

Nobody should log a secret in the first place. This is the second fence: whatever looks like a key, or like a password
in an address, is struck out, and of an exception only its kind and the way to it are written, never its message, since
messages of parsers and databases quote what they were given.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import TextIO

from genrec.serve.safety.access_log import LOGGER
from genrec.serve.safety.keys import PREFIX

STRUCK = "[struck out]"
_SECRETS = (
    (re.compile(re.escape(PREFIX) + r"[A-Za-z0-9_-]{20,}"), STRUCK),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {STRUCK}"),
    (re.compile(r"(\w://[^\s:/@]*):[^\s/@]+@"), rf"\1:{STRUCK}@"),
)


def struck(text: str) -> str:
    """`text` without keys, bearer tokens and passwords in addresses."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class JsonLines(logging.Formatter):
    """time (UTC), level, logger, and the message; the access log's is an object already, and its fields stand here."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        message = record.getMessage()
        if record.name == LOGGER:
            return struck(f"{json.dumps(said)[:-1]}, {message[1:]}")
        fields: dict[str, object] = {"message": message}
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, trace = record.exc_info
            fields["exception"] = f"{kind.__module__}.{kind.__qualname__}"
            frames = traceback.extract_tb(trace)
            fields["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return struck(json.dumps(said | fields, ensure_ascii=True))


def log_as_json(level: str = "info", stream: TextIO | None = None) -> None:
    """All loggers of the process as JSON lines on `stream` (stderr), also the web server's.

    The web server's own access log is silenced, and what HTTP clients say: they have whole addresses.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    for name in ("httpx", "httpcore"):  # clients, which log the addresses they ask
        logging.getLogger(name).setLevel(logging.WARNING)
    silenced = logging.getLogger("uvicorn.access")
    silenced.handlers, silenced.propagate, silenced.disabled = [], False, True
