"""A language model whose answers and delays come from settings: for load tests and demos."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from kaikou.engines.ports import Card, Delta, Generation, Health, Lane, Message, Progress, ToolCall, Usage
from kaikou.engines.registry import EngineContext

_TOKEN = re.compile(r"\s*[\u3040-\u9fff\uac00-\ud7a3]|\s*[^\s\u3040-\u9fff\uac00-\ud7a3]+|\s+")


class ScriptedReply(BaseModel):
    """One answer: words, a call of a tool where that tool is offered, or both."""

    model_config = ConfigDict(extra="forbid")

    text: str = ""
    tool: str | None = None
    arguments: dict[str, Any] = Field(default_factory=dict)


def _as_replies(value: Any) -> Any:
    """Accept one plain text, JSON in an environment variable, and plain texts in a list."""
    if isinstance(value, str):
        value = json.loads(value) if value.lstrip().startswith("[") else [value]
    if isinstance(value, list):
        return [{"text": item} if isinstance(item, str) else item for item in value]
    return value


class ScriptedOptions(BaseModel):
    """``KAIKOU_LLM__SCRIPTED__…``."""

    model_config = ConfigDict(extra="forbid")

    replies: Annotated[list[ScriptedReply], BeforeValidator(_as_replies)] = Field(
        default=[ScriptedReply(text="This is a scripted answer. It was written before you asked.")],
        min_length=1,
        description="Answers in turn: the first to the first message of a conversation, and so on, cycled.",
    )
    echo: bool = Field(False, description="Say the user's last message instead.")
    first_token_ms: float = Field(50, ge=0, description="Delay before the first token.")
    tokens_per_second: float = Field(50, gt=0)


class ScriptedLanguageModel:
    """Stateless: the answer depends on how many user and tool messages the prompt holds, so that a
    speculative request that is made again gets the same answer again."""

    def __init__(self, context: EngineContext) -> None:
        self._options = context.options(ScriptedOptions)
        self._max_tokens = context.settings.llm.max_tokens

    @property
    def card(self) -> Card:
        return Card(
            kind="llm",
            name="scripted",
            title="Scripted language model",
            streaming=True,
            scripted=True,
            note="No model: the answers come from settings.",
        )

    async def load(self, progress: Progress) -> None:
        progress("Ready", 1.0)

    async def close(self) -> None:
        """Nothing to free."""

    def health(self) -> Health:
        return Health("ready", "Scripted: the answers come from settings.")

    async def stream(
        self,
        messages: Sequence[Message],
        generation: Generation = Generation(),
        *,
        lane: Lane = Lane.LIVE,
    ) -> AsyncGenerator[Delta, None]:
        """The scripted answer, at the scripted pace."""
        reply = self._reply(messages)
        limit = generation.max_tokens or self._max_tokens
        tokens = list(_tokens(reply.text))
        begun = asyncio.get_running_loop().time() + self._options.first_token_ms / 1000
        for index, token in enumerate(tokens[:limit]):
            # By the clock, not by sleeps in a row: a late token does not make the next ones later.
            await _sleep_until(begun + index / self._options.tokens_per_second)
            yield Delta(text=token)
        await _sleep_until(begun)
        offered = {tool.name for tool in generation.tools} if generation.tool_choice != "none" else set()
        called = reply.tool in offered
        if called and reply.tool is not None:
            arguments = json.dumps(reply.arguments, ensure_ascii=False)
            yield Delta(tool_call=ToolCall(f"call_{len(messages)}", reply.tool, arguments))
        prompt = sum(len(list(_tokens(message.content))) for message in messages)
        yield Delta(
            usage=Usage(prompt, 0, min(len(tokens), limit)),
            finish="tool_calls" if called else "length" if len(tokens) > limit else "stop",
        )

    async def warm(self, messages: Sequence[Message], generation: Generation = Generation()) -> None:
        """Nothing to warm."""

    def _reply(self, messages: Sequence[Message]) -> ScriptedReply:
        if self._options.echo:
            said = [message.content for message in messages if message.role == "user"]
            return ScriptedReply(text=said[-1] if said else "")
        turn = sum(message.role in {"user", "tool"} for message in messages)
        return self._options.replies[max(0, turn - 1) % len(self._options.replies)]


async def _sleep_until(when: float) -> None:
    await asyncio.sleep(max(0.0, when - asyncio.get_running_loop().time()))


def _tokens(text: str) -> Iterator[str]:
    """Words, and single characters of scripts that have no blanks."""
    return (match.group() for match in _TOKEN.finditer(text))
