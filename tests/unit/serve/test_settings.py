"""Server settings: the shipped files hold, mistakes are named with their cure, and secrets are never repeated."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from genrec.errors import UserError
from genrec.recipes import Recipe
from genrec.serve import settings
from genrec.serve.safety.rates import Rate
from genrec.serve.safety.stack import Policy, classify
from genrec.serve.safety.uploads import PictureLimits
from genrec.serve.settings import RatesSettings, Secrets, ServerSettings


def test_the_embedded_file_writes_out_every_default() -> None:
    assert settings.load() == ServerSettings()
    path = Path(__file__).parents[3] / "serve" / "embedded.yaml"
    assert yaml.safe_load(path.read_text()) == ServerSettings().model_dump()


def test_the_defaults_are_those_of_safety() -> None:
    assert ServerSettings().policy() == Policy(hosts=[], origins=[], trusted_proxies=[], rates={})
    assert ServerSettings().pictures() == PictureLimits()


def test_what_the_file_says_reaches_safety() -> None:
    changes = [
        "access.hosts=[a.example]",
        "limits.body=7",
        "rates.chat={per_minute: 5, burst: 2}",
        "limits.picture_pixels=9",
    ]
    loaded = settings.load("production", changes)
    policy = loaded.policy()
    assert policy.hosts == ["a.example"] and policy.body == 7 and policy.trusted_proxies == ["172.30.7.1"]
    assert (
        policy.rates is not None and policy.rates["chat"] == Rate(5, 2, None) and policy.rates["read"].per_day == 10**6
    )
    assert loaded.pictures().pixels == 9
    routes = [("GET", "/v1/items/1"), ("POST", "/v1/chat/completions"), ("POST", "/v1/events"), ("PUT", "/v1/items")]
    assert {classify(*route) for route in routes} == set(RatesSettings.model_fields)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("limits.bdy=3", r"unknown key 'limits\.bdy', did you mean 'body'\?"),
        ("prot=3", r"unknown key 'prot', did you mean 'port'\?"),
        ("port=70000", r"port is 70000: expected less than or equal to 65535"),
        ("rates.read.burst=0", r"rates\.read\.burst is 0"),
        ("rates.red={per_minute: 1, burst: 1}", r"unknown key 'rates\.red', did you mean 'read'\?"),
        ("access.origins=['*']", r"'\*' is no origin"),
        ("access.origins=['https://a.example/']", r"is no origin: scheme and name"),
        ("access.trusted_proxies=['10.0.0.0/99']", r"10\.0\.0\.0/99.*networks like 10\.0\.0\.0/8"),
        ("chat.url=http://a.example/v1", r"url and model belong together"),
        ("chat={url: 'http://a.example/v1', model: m}", r"understand: endpoint, url and model belong together"),
        ("chat.understand=endpoint", r"understand: endpoint, url and model belong together"),
        ("chat.understand=llm", r"chat\.understand is 'llm'"),
        ("keep.answers=0", r"keep\.answers is 0: expected greater than 0"),
        ("api_keys=x", r"unknown key 'api_keys'"),
    ],
)
def test_mistakes_are_named(change: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        settings.load("production", [change])


@pytest.mark.parametrize(
    ("change", "variable"),
    [
        ("database=postgresql://genrec:hunter2@db/genrec", "GENREC_DATABASE"),
        ("chat={url: 'https://hunter2@a.example/v1', model: m}", "GENREC_CHAT_KEY"),
        ("chat={url: 'https://a.example/v1?key=hunter2', model: m}", "GENREC_CHAT_KEY"),
    ],
)
def test_secrets_in_a_file_are_refused_and_not_repeated(change: str, variable: str) -> None:
    with pytest.raises(UserError, match=variable) as caught:
        settings.load("embedded", [change])
    assert "hunter2" not in str(caught.value)


def test_secrets_come_from_the_environment_and_are_not_shown() -> None:
    secrets = Secrets.from_environment(
        {"GENREC_DATABASE": "postgresql://a:hunter2@db/x", "GENREC_LOG_SECRET": "s" * 32}
    )
    assert secrets.database == "postgresql://a:hunter2@db/x" and secrets.chat_key is None
    assert "hunter2" not in repr(secrets) and "sss" not in repr(secrets)
    assert Secrets.from_environment({"GENREC_LOG_SECRET": ""}) == Secrets()
    with pytest.raises(UserError, match="GENREC_LOG_SECRET is shorter than 16") as caught:
        Secrets.from_environment({"GENREC_LOG_SECRET": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_every_key_says_what_it_is_for() -> None:
    kinds: list[type[Recipe]] = [ServerSettings]
    while kinds:
        for name, one in kinds.pop().model_fields.items():
            assert one.description, name
            kinds += [one.annotation] if isinstance(one.annotation, type) and issubclass(one.annotation, Recipe) else []
