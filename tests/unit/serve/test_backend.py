"""Questions of one batch, and the one of them that goes wrong."""

from __future__ import annotations

from typing import Any, cast

from genrec.decode.requests import Recommendations, Request
from genrec.recommender import Recommender
from genrec.serve.backend import Backend, Find, Found, Recommend


class Breaking:
    """A recommender that breaks on what is called «bad»."""

    catalog = range(10)

    def recommend_many(self, requests: list[Request], k: int, **options: Any) -> list[Recommendations]:
        if any("bad" in one.history for one in requests):
            raise ValueError("a mistake of ours")
        return [self._none() for _ in requests]

    def search(self, text: str, k: int, **options: Any) -> Recommendations:
        if text == "bad":
            raise ValueError("a mistake of ours")
        return self._none()

    def _none(self) -> Recommendations:
        found = Recommendations()
        found.now = cast("Any", "a snapshot")
        return found


def test_who_breaks_it_breaks_it_for_nobody_else() -> None:
    backend = Backend(cast("Recommender", Breaking()))
    for questions in (
        [Recommend(Request([one]), 3) for one in ("a", "bad", "b")],
        [Find(3, one) for one in ("a", "bad", "b")],
    ):
        first, second, third = backend.answer(questions[0].kind, list(questions))
        assert isinstance(first, Found) and isinstance(second, ValueError) and isinstance(third, Found)
