"""A language model in vLLM as a writer: a conversation in, its next message out, items in it real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genrec.decode.vllm.engine import VllmEngine
from genrec.errors import UserError
from genrec.model import prompts

if TYPE_CHECKING:
    from genrec.decode.lm_engines import Opened

TOKENS = 120


class VllmSpeech:
    """Messages → text, the most likely one, word by word; see `genrec.explain.writer.Write`.

    opened: a model that vLLM runs. tokens: of an answer, at most. Ask from as many threads as you like, vLLM answers
    them together; never from its own event loop.
    """

    def __init__(self, opened: Opened, *, tokens: int = TOKENS) -> None:
        assert isinstance(opened.engine, VllmEngine)
        self.engine, self.tokenizer, self.tokens = opened.engine, opened.tokenizer, tokens
        self.adapter: str | None = opened.options.get("adapter")

    def __call__(self, messages: list[dict[str, str]], adapter: str | None = None) -> str:
        """adapter: another one than the model's own. UserError for a conversation that is longer than the window."""
        from vllm import SamplingParams

        tokens = prompts.prompt(self.tokenizer, messages, item=False)
        room = self.engine.window - len(tokens)
        if room < 1:
            raise UserError(f"the conversation takes {len(tokens)} tokens, the model reads {self.engine.window}")
        named = adapter or self.adapter
        request: Any = None if named is None else self.engine.adapter(named)
        asked = SamplingParams(
            max_tokens=min(self.tokens, room), temperature=0.0, extra_args={"genrec": {"mode": "mixed"}},
            skip_special_tokens=False,
        )  # fmt: skip
        output = self.engine.line.generate([tokens], [asked], request)[0].outputs[0]
        ids = [one for one in output.token_ids if one != self.tokenizer.eos_token_id]
        answer = str(self.tokenizer.decode(ids, skip_special_tokens=True))
        ends = [mark for mark in (self.tokenizer.eos_token, self.tokenizer.pad_token) if mark]
        return min((answer.partition(end)[0] for end in ends), key=len, default=answer).strip()
