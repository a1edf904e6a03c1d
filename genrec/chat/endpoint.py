"""A chat model behind a URL: any endpoint that speaks the OpenAI protocol, as a `Write`. Nobody uses it unasked.

Only the standard library. One request a message, no retries, no redirects: whoever asks waits at most `timeout`, reads
at most `limit` bytes, and falls back to the gazetteer where anything is wrong.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from genrec.errors import UserError

TOKENS = 400
"""Of an answer, at most."""
PIECE = 16_384


class Unanswered(Exception):
    """The endpoint gave no answer that can be used; the message never holds the key."""


class _Stays(HTTPRedirectHandler):
    """A redirect could send the key and the conversation to somebody else."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


@dataclass(frozen=True)
class Endpoint:
    """url: of the API, `http://localhost:8000/v1`. model: the name it goes by there. key: sent as a bearer token.
    timeout: seconds for the whole answer. limit: bytes of it. Called with messages, it gives the answer's text.

    UserError where the URL is none of http or https. Raises `Unanswered`.
    """

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    timeout: float = 10.0
    limit: int = 65_536
    tokens: int = TOKENS

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UserError(f"the chat endpoint {self.url!r} is no address: give one like http://localhost:8000/v1")
        if parts.username or parts.password:
            raise UserError("the chat endpoint's address holds a password: give it as the key")

    def __call__(self, messages: list[dict[str, str]]) -> str:
        body = {"model": self.model, "messages": messages, "temperature": 0, "max_tokens": self.tokens}
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        address = f"{self.url.rstrip('/')}/chat/completions"
        request = Request(address, json.dumps(body).encode(), headers, method="POST")
        until = time.monotonic() + self.timeout
        try:
            with build_opener(_Stays).open(request, timeout=self.timeout) as answer:
                read = bytearray()
                # By what has come, so that an answer that trickles in is not waited for beyond the time.
                while piece := answer.read1(PIECE):
                    read += piece
                    if len(read) > self.limit:
                        raise Unanswered(f"the chat endpoint's answer is longer than {self.limit} bytes")
                    if time.monotonic() > until:
                        raise Unanswered(f"the chat endpoint took longer than {self.timeout} s")
            return _text(json.loads(read))
        except (URLError, OSError, ValueError, RecursionError) as error:
            raise Unanswered(f"the chat endpoint gave no answer: {type(error).__name__}") from None


def _text(answer: Any) -> str:
    try:
        text = answer["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        raise Unanswered("the chat endpoint's answer has no choices[0].message.content") from None
    if not isinstance(text, str):
        raise Unanswered("the chat endpoint's answer is no text")
    return text
