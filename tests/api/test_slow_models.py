"""A language model that does not answer: people have their answers without it, in time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from genrec.chat.model import ModelUnderstanding
from genrec.serve.backend import Backend
from genrec.serve.service import Service
from genrec.serve.talking import Talking

ASKED = [{"role": "user", "content": "a red dress under 120"}]


class Stuck:
    """A model's words that come when the test is over."""

    def __init__(self) -> None:
        self.go, self.asked = threading.Event(), 0

    def __call__(self, messages: list[dict[str, str]]) -> str:
        self.asked += 1
        self.go.wait()
        return ""


@pytest.fixture
def stuck() -> Iterator[Stuck]:
    model = Stuck()
    yield model
    model.go.set()


@pytest.fixture
def slow(service: Service, stuck: Stuck) -> Iterator[Service]:
    """The service, whose model shall explain and does not."""
    own = Service(service.recommender, service.store, backend=Backend(service.recommender, write=stuck), timeout=4.0)
    yield own
    own.ready = False


def test_the_template_explains_where_the_model_is_late(slow: Service, stuck: Stuck, items: list[str]) -> None:
    found = asyncio.run(slow.recommend(None, items[:3], 4, explain=True))
    assert stuck.asked == 4 and len(found.why) == 4
    assert {one.source for one in found.why.values()} == {"template"}
    assert list(found.why) == [one.item_id for one in found.found.items]


def test_an_error_of_the_model_is_nobodys(service: Service, items: list[str]) -> None:
    def write(messages: list[dict[str, str]]) -> str:
        raise ValueError("it has nothing to say")

    own = Service(service.recommender, service.store, backend=Backend(service.recommender, write=write))
    told = asyncio.run(own.why(items[:3], items[5:8]))
    assert list(told) == items[5:8] and {one.source for one in told.values()} == {"template"}


def test_the_gazetteer_hears_where_the_model_is_late(slow: Service, stuck: Stuck) -> None:
    slow.backend.write = None
    talking = Talking(slow, understand=lambda gazetteer: ModelUnderstanding(gazetteer, stuck))
    chatted = asyncio.run(talking.chat(ASKED, k=2))
    assert stuck.asked == 1
    assert chatted.reply.constraints.wanted["category"] == ("dress",) and chatted.reply.items
