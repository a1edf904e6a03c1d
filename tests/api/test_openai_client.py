"""OpenAI's own client against a server that runs: what it sends is understood, what it gets it can read."""

from __future__ import annotations

import base64
import re

import httpx
import openai
import pytest

from tests.serving import Served

LISTED = re.compile(r"^\d+\. \*\*.+\*\* \((\S+)\)", re.MULTILINE)


@pytest.fixture(scope="module")
def client(server: Served) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0, timeout=60)


def asked(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def test_a_plain_answer(client: openai.OpenAI) -> None:
    made = client.chat.completions.create(model="genrec", messages=asked("I need a dress, not black"), temperature=0)
    message = made.choices[0].message
    assert made.object == "chat.completion" and made.choices[0].finish_reason == "stop" and message.role == "assistant"
    found = message.model_extra["recommendations"]
    assert 1 <= len(found) <= 5
    assert [one["item_id"] for one in found] == LISTED.findall(message.content)
    assert all(one["attributes"]["category"] == "dress" for one in found)
    assert all(one["attributes"]["colour"] != "black" for one in found)
    assert made.usage.total_tokens == made.usage.prompt_tokens + made.usage.completion_tokens > 0


def test_a_streamed_answer_is_the_plain_one(client: openai.OpenAI) -> None:
    plain = client.chat.completions.create(model="genrec", messages=asked("shoes for winter"))
    chunks = list(
        client.chat.completions.create(
            model="genrec", messages=asked("shoes for winter"), stream=True, stream_options={"include_usage": True}
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == plain.choices[0].message.content and len(chunks) > 5
    first = chunks[0].choices[0].delta
    assert first.role == "assistant"
    assert first.model_extra["recommendations"] == plain.choices[0].message.model_extra["recommendations"]
    assert chunks[-2].choices[0].finish_reason == "stop" and chunks[-1].usage.total_tokens > 0
    assert all("usage" in chunk.model_fields_set and chunk.usage is None for chunk in chunks[:-1])
    assert {chunk.id for chunk in chunks} == {chunks[0].id}


def test_a_conversation_goes_on_from_its_text_alone(client: openai.OpenAI) -> None:
    messages = asked("show me shoes")
    first = client.chat.completions.create(model="genrec", messages=messages).choices[0].message
    shown = [one["item_id"] for one in first.model_extra["recommendations"]]
    # What clients send back of an answer is its text.
    messages += [{"role": "assistant", "content": first.content}, *asked("why the second one?")]
    why = client.chat.completions.create(model="genrec", messages=messages).choices[0].message
    assert why.model_extra["intent"] == "explain" and why.content
    messages[-1:] = asked("I don't like the first one. Others, please")
    other = client.chat.completions.create(model="genrec", messages=messages).choices[0].message
    later = [one["item_id"] for one in other.model_extra["recommendations"]]
    assert later and shown[0] not in later
    assert all(one["attributes"]["category"] == "shoes" for one in other.model_extra["recommendations"])


def test_history_and_filters_beside_the_messages(client: openai.OpenAI) -> None:
    body = {
        "genrec": {"k": 3, "where": {"price": {"max": 60}}, "history": ["F00001", "F00002"], "disliked": ["F00003"]}
    }
    made = client.chat.completions.create(model="genrec", messages=asked("what would you recommend?"), extra_body=body)
    found = made.choices[0].message.model_extra["recommendations"]
    assert len(found) == 3 and all(one["attributes"]["price"] <= 60 for one in found)
    assert not {"F00001", "F00002", "F00003"} & {one["item_id"] for one in found}


def test_a_picture_in_a_message(client: openai.OpenAI, server: Served) -> None:
    seen = next((server.run / "data" / "images").glob("*.png"))
    image = f"data:image/png;base64,{base64.b64encode(seen.read_bytes()).decode()}"

    def shown(text: str) -> openai.types.chat.ChatCompletionMessage:
        parts = [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": image}}]
        made = client.chat.completions.create(model="genrec", messages=[{"role": "user", "content": parts}])
        return made.choices[0].message

    plain, changed = shown(""), shown("Like this, but in red, please")
    assert seen.stem in [one["item_id"] for one in plain.model_extra["recommendations"]]
    assert "your picture, but in red" in changed.content
    found = changed.model_extra["recommendations"]
    assert found and all(one["attributes"]["colour"] == "red" for one in found)
    # The next message can point at what was listed.
    messages = [
        *asked("look"),
        {"role": "assistant", "content": changed.content},
        *asked("what is the second made of?"),
    ]
    told = client.chat.completions.create(model="genrec", messages=messages).choices[0].message
    assert found[1]["attributes"]["material"] in told.content
    with pytest.raises(openai.BadRequestError, match="not fetched"):
        image = "https://elsewhere/picture.png"
        shown("like this")


def test_models_and_kept_conversations(client: openai.OpenAI) -> None:
    assert "genrec" in [one.id for one in client.models.list()]
    made = client.chat.completions.create(model="genrec", messages=asked("a red bag"), store=True, user="keeps")
    kept = client.chat.completions.with_raw_response.retrieve(made.id).http_response.json()
    assert kept["id"] == made.id and kept["messages"][-1]["content"] == made.choices[0].message.content


def test_errors_are_the_clients_own(client: openai.OpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match="messages"):
        client.chat.completions.create(model="genrec", messages=[])
    with pytest.raises(openai.BadRequestError, match=r"no column .colr.*colour"):
        body = {"genrec": {"where": {"colr": "red"}}}
        client.chat.completions.create(model="genrec", messages=asked("hello"), extra_body=body)
    with pytest.raises(openai.UnprocessableEntityError, match="n:"):
        client.chat.completions.create(model="genrec", messages=asked("hello"), n=2)
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.retrieve("chatcmpl-none")


def test_a_picture_in_a_message_is_searched_by(client: openai.OpenAI, server: Served) -> None:
    item = client.chat.completions.create(model="genrec", messages=asked("a dress")).choices[0].message
    card = item.model_extra["recommendations"][0]
    picture = base64.b64encode(httpx.get(server.url + card["image"]).content).decode()
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}}
    messages: list = [{"role": "user", "content": [part]}]
    alike = client.chat.completions.create(model="genrec", messages=messages).choices[0].message
    rows = alike.model_extra["recommendations"]
    assert card["item_id"] in [one["item_id"] for one in rows]
    assert LISTED.findall(alike.content) == [one["item_id"] for one in rows]
    polite = [part, {"type": "text", "text": "Have you got something like this?"}]
    again = client.chat.completions.create(model="genrec", messages=[{"role": "user", "content": polite}])
    assert again.choices[0].message.content == alike.content
    blue = [part, {"type": "text", "text": "in blue"}]
    said = client.chat.completions.create(model="genrec", messages=[{"role": "user", "content": blue}])
    assert said.choices[0].message.content != alike.content
    # What was found is spoken of like everything that was shown.
    messages += [{"role": "assistant", "content": alike.content}, *asked("what colour is the second one?")]
    answer = client.chat.completions.create(model="genrec", messages=messages).choices[0].message
    assert rows[1]["attributes"]["colour"] in answer.content.lower()
    far = [{"type": "image_url", "image_url": {"url": "https://example.org/x.png"}}]
    with pytest.raises(openai.BadRequestError, match="not fetched"):
        client.chat.completions.create(model="genrec", messages=[{"role": "user", "content": far}])


def test_what_other_clients_leave_empty(server: Served) -> None:
    """Some send null for whatever they do not set."""
    empty = {"n": None, "store": None, "user": None, "stream": None, "stream_options": {"include_usage": None}}
    body = {"model": "genrec", "messages": asked("shoes"), "temperature": None, "tools": None, **empty}
    assert httpx.post(f"{server.url}/v1/chat/completions", json=body, timeout=60).status_code == 200
