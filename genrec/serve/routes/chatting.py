"""POST /v1/chat/completions as OpenAI's clients send it, plain and streaming; GET /v1/models."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response, StreamingResponse

from genrec.errors import UserError
from genrec.serve.cards import recommended
from genrec.serve.leaving import until_left
from genrec.serve.routes.common import Reader, Served, Talks, failures
from genrec.serve.safety.require import note_user
from genrec.serve.safety.uploads import read_image_url
from genrec.serve.schemas.chatting import Answer, ChatRequest, Choice, Completion, Model, Models, Usage
from genrec.serve.service import Service
from genrec.serve.talking import Chatted

router = APIRouter(prefix="/v1", tags=["chat"])

STREAM: dict[str, Any] = {
    "content": {"text/event-stream": {}},
    "description": "The answer; with `stream`, as server-sent events.",
}
WORDS = re.compile(r"\S+\s*|\s+")
TOGETHER = 3
"""Words of a piece of a stream."""


@router.post("/chat/completions", response_model=Completion, responses=failures(504) | {200: STREAM})
async def chat(asked: ChatRequest, request: Request, served: Served, talking: Talks, caller: Reader) -> Response:
    """The next answer of a conversation: text, and the items it names as `recommendations` on the message. A picture
    in the last message is searched by; what stands beside it says what shall be other."""
    messages = [{"role": one.role, "content": one.said()} for one in asked.messages]
    image = asked.messages[-1].picture()
    if image is None and not any(one["role"] == "user" and one["content"].strip() for one in messages):
        raise UserError("messages: there is no word of a user in them; add {'role': 'user', 'content': …}")
    note_user(request, asked.user)
    own = asked.genrec
    if image is None:
        work = talking.chat(
            messages, asked.user, own.history, disliked=own.disliked, k=own.k, where=own.where, explain=own.explain,
            adapter=own.adapter,
        )  # fmt: skip
    else:
        picture = await asyncio.to_thread(read_image_url, image, request.app.state.pictures, param="messages")
        said = messages[-1]["content"]
        work = talking.look(picture, said, asked.user, disliked=own.disliked, k=own.k, where=own.where)
    chatted = await until_left(request, work)
    made = completion(served, asked, messages, chatted)
    if asked.store:
        await served.keep(made.id, asked.user, [*messages, made.choices[0].message.model_dump(mode="json")])
    if not asked.stream:
        return JSONResponse(made.model_dump(mode="json"))
    usage = bool(asked.stream_options and asked.stream_options.include_usage)
    return StreamingResponse(
        stream(served, made, usage), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


@router.get("/chat/completions/{completion_id}", responses=failures(404))
async def kept(completion_id: str, served: Served, caller: Reader) -> dict[str, Any]:
    """A conversation that was kept (`store`), with its answer."""
    found = await served.kept(completion_id)
    if found is None:
        raise HTTPException(404, f"no conversation {completion_id!r} is kept here")
    return {"id": found.session_id, "user": found.user, "created": int(found.created), "messages": list(found.messages)}


@router.get("/models", responses=failures())
async def models(served: Served, caller: Reader) -> Models:
    """The models that answer."""
    return Models(data=[Model(id=name, created=served.started) for name in served.models()])


def completion(served: Service, asked: ChatRequest, messages: list[dict[str, str]], chatted: Chatted) -> Completion:
    """An answer in OpenAI's form."""
    reply, answered = chatted.reply, chatted.answered
    prompt = sum(len(one["content"].split()) for one in messages)
    words = len(reply.text.split())
    message = Answer(
        content=reply.text,
        recommendations=recommended(answered.found.now, answered.found.items, answered.why),
        heard=list(reply.heard),
        where=reply.where,
        intent=reply.intent,
    )
    return Completion(
        id=answered.id,
        created=int(time.time()),
        model=asked.model,
        choices=[Choice(message=message)],
        usage=Usage(prompt_tokens=prompt, completion_tokens=words, total_tokens=prompt + words),
        catalogue_version=answered.found.now.version,
        missing=answered.missing,
    )


async def stream(served: Service, made: Completion, usage: bool) -> AsyncIterator[str]:
    """The answer as OpenAI's chunks: role, items, text piece by piece, the end."""
    head: dict[str, Any] = {
        "id": made.id,
        "object": "chat.completion.chunk",
        "created": made.created,
        "model": made.model,
    }
    message = made.choices[0].message.model_dump(mode="json")
    items = {name: message[name] for name in ("recommendations", "heard", "where", "intent")}
    items["missing"] = made.missing
    if usage:
        head["usage"] = None  # in all chunks but the last, says the protocol

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return f"data: {json.dumps({**head, 'choices': [choice], **more}, ensure_ascii=False)}\n\n"

    with served.streaming():
        yield chunk({"role": "assistant", "content": "", **items})
        words = WORDS.findall(message["content"])
        for begin in range(0, len(words), TOGETHER):
            yield chunk({"content": "".join(words[begin : begin + TOGETHER])})
            await asyncio.sleep(0)  # others' turn, and the moment at which a client that left is noticed
        yield chunk({}, "stop")
        if usage:
            yield f"data: {json.dumps({**head, 'choices': [], 'usage': made.usage.model_dump()})}\n\n"
        yield "data: [DONE]\n\n"
