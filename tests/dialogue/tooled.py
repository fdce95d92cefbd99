"""Conversations with tools, for tests in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dialogue.scripted import RATE, FakeLlm, Stage, open_stage

from kaikou.dialogue.session import SessionConfig, TurnPolicy
from kaikou.dialogue.tool_calls.caller import SessionCaller
from kaikou.dialogue.tool_calls.hands import Hands
from kaikou.engines.ports import Delta, Message, Tool, ToolCall
from kaikou.intent.calling import FunctionCalling
from kaikou.intent.ports import IntentModule
from kaikou.settings.services import ToolSettings
from kaikou.settings.tree import Settings
from kaikou.tools.ports import Caller, Outcome, SourceStatus, ToolSpec
from kaikou.tools.toolbox import Toolbox

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}
CONFIG = SessionConfig(
    instructions="Help.", input_rate=RATE, turn=TurnPolicy(mode="manual"), language="en", audio_replies=True
)


@dataclass
class Shelf:
    """A source whose tools take some seconds and give what ``gives`` says."""

    gives: Mapping[str, Outcome | Exception] = field(default_factory=dict)
    takes: Mapping[str, float] = field(default_factory=dict)
    says: Mapping[str, str] = field(default_factory=dict)
    called: list[tuple[str, Any]] = field(default_factory=list)
    running: int = 0
    most: int = 0
    name: str = "builtin"

    def specs(self, caller: Caller) -> Sequence[ToolSpec]:
        if not hasattr(self, "_specs"):
            self._specs = [
                ToolSpec(Tool(name, f"Does {name}.", SCHEMA), self.name, name.title()) for name in self.gives
            ]
        return self._specs

    async def call(self, name: str, arguments: Mapping[str, Any], caller: Caller) -> Outcome:
        self.called.append((name, dict(arguments)))
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if name in self.says:
                await caller.say(self.says[name])
            await asyncio.sleep(self.takes.get(name, 0.0))
            given = self.gives[name]
            if isinstance(given, Exception):
                raise given
            return given
        finally:
            self.running -= 1

    def status(self) -> SourceStatus:
        return SourceStatus()


def call(name: str, number: str = "1", **arguments: Any) -> ToolCall:
    return ToolCall(f"call_{number}", name, json.dumps(arguments))


def answers(*rounds: str | list[ToolCall | str]) -> Callable[[Sequence[Message]], list[Delta]]:
    """What the model says to the first prompt, to the second, and so on; the last one again and again."""
    left = list(rounds)

    def reply(_: Sequence[Message]) -> list[Delta]:
        said = left.pop(0) if len(left) > 1 else left[0]
        parts = [said] if isinstance(said, str) else said
        deltas = [Delta(text=one) if isinstance(one, str) else Delta(tool_call=one) for one in parts]
        calls = any(isinstance(one, ToolCall) for one in parts)
        return [*deltas, Delta(finish="tool_calls" if calls else "stop")]

    return reply


def tooled(
    shelf: Shelf,
    *rounds: str | list[ToolCall | str],
    config: SessionConfig = CONFIG,
    tools: ToolSettings | None = None,
    intent: IntentModule | None = None,
    change_agent: Callable[[str], Awaitable[None]] | None = None,
    allowed: frozenset[str] | None = None,
) -> Stage:
    """A conversation that has the tools of ``shelf``, with a model that answers by ``rounds``."""
    settings = Settings(tools=tools or ToolSettings())
    hands = Hands(
        Toolbox(settings.tools, [shelf]),
        SessionCaller("agent", "conv"),
        settings.tools,
        intent or FunctionCalling(),
        allowed=allowed,
        change_agent=change_agent,
    )
    return open_stage(config, settings=settings, llm=FakeLlm(reply=answers(*rounds), first=0.1), hands=hands)
