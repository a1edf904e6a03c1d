"""What is done before a server listens."""

from __future__ import annotations

import pytest

from genrec.chat.titles import Titles
from genrec.recommender import Recommender
from genrec.serve.running import _warm
from genrec.serve.service import Service


def test_the_first_wish_finds_titles_read(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    recommender = Recommender.from_pretrained(service.recommender.path)
    _warm(recommender, None)
    read: list[int] = []
    monkeypatch.setattr("genrec.chat.titles._keys", lambda titles: read.append(len(titles)) or titles)
    talk = recommender.conversation()
    assert isinstance(talk.titles, Titles)
    talk.hear([{"role": "user", "content": "a red dress, please"}])
    assert max(read, default=0) <= 1  # single titles, not all of them
