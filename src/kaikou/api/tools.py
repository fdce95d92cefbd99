"""``/api/tools``: what agents can do, how each source does, the last calls, and a call to try.

A call here runs the tool for good, as an agent's would: it needs the same login as every route.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from kaikou.api.events import Feed
from kaikou.api.problems import Problem
from kaikou.api.runtime import Runtime, RuntimeDep
from kaikou.engines.ports import Message, Tool
from kaikou.errors import KaikouError, NotFound, NotReady
from kaikou.tools.calls import CallRecord, clipped
from kaikou.tools.ports import (
    ChangeAgent,
    ChangePrompt,
    ChangeVolume,
    Effect,
    Leave,
    Outcome,
    PlayAudio,
    SetVolume,
    ToolSource,
    ToolSpec,
)
from kaikou.tools.room import ToolRoom
from kaikou.tools.toolbox import Toolbox

GATHER_SECONDS = 0.3

router = APIRouter(prefix="/api/tools", tags=["tools"], responses={404: {"model": Problem}})


class CallOut(BaseModel):
    """One call as it went."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    agent_id: str
    conversation_id: str
    arguments: str
    seconds: float
    failed: bool
    text: str


class ToolOut(BaseModel):
    id: str = Field(description="source/name: what an agent's `tools` holds.")
    name: str
    called: str = Field(description="The name that the model knows it by.")
    title: str
    description: str
    parameters: dict[str, Any] = Field(description="JSON schema of the arguments.")
    needs: str = Field(description="What is missing before it can be used; empty: nothing.")
    timeout: float
    last_error: str = Field(description="What the last call said if it failed.")
    calls: list[CallOut] = Field(description="The last calls, oldest first.")


class SourceOut(BaseModel):
    name: str
    state: Literal["ok", "loading", "failed"]
    detail: str
    error: str
    log: list[str]
    tools: list[ToolOut]


class ToolList(BaseModel):
    sources: list[SourceOut]


class ToolTry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    arguments: dict[str, Any] = Field(default_factory=dict)
    agent_id: str | None = Field(None, description="Call as this agent; default: the first one.")
    language: str | None = None


class ToolTried(BaseModel):
    """What the call gave."""

    text: str = Field(description="What the model would read.")
    speak: str | None = Field(description="What would be spoken as it is.")
    failed: bool
    effects: list[str] = Field(description="What a conversation would do afterwards; here it is not done.")
    said: list[str] = Field(description="What was spoken in between.")
    seconds: float


@dataclass(slots=True)
class _Trying:
    """The page's own call of a tool, in place of a conversation."""

    agent_id: str
    language: str | None
    said: list[str]
    conversation_id: str = ""
    device_id: str | None = None
    speaker: str | None = None
    knowledge: tuple[str, ...] = ()

    def messages(self) -> Sequence[Message]:
        return ()

    async def say(self, text: str) -> None:
        self.said.append(text)

    async def ask(self, messages: Sequence[Message]) -> str:
        raise NotReady("A tool that is tried has no conversation, and so no model to ask.", code="no_model")

    def tools(self) -> Sequence[Tool]:
        return ()

    async def use(self, name: str, arguments: str) -> Outcome:
        return Outcome("A tool that is tried has no conversation with other tools.", failed=True)

    async def recall(self, words: str) -> str:
        return ""

    async def send(self, message: Mapping[str, Any]) -> None:
        raise KaikouError("A tool that is tried has no device to send to.", code="no_device")


class SourceChanges:
    """Tells the feed of changed sources, each once for all that happens within a moment: with many
    conversations, tools are called all the time."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._waiting: dict[str, asyncio.TimerHandle] = {}

    def note(self, source: str) -> None:
        """A source changed, or a tool of it was called. Call on the event loop."""
        if source not in self._waiting:
            loop = asyncio.get_running_loop()
            self._waiting[source] = loop.call_later(GATHER_SECONDS, self._tell, source)

    def close(self) -> None:
        for timer in self._waiting.values():
            timer.cancel()
        self._waiting.clear()

    def _tell(self, source: str) -> None:
        del self._waiting[source]
        self._feed.publish("tools", source=source)


@router.get("")
async def list_tools(runtime: RuntimeDep, agent_id: str | None = None) -> ToolList:
    """Every source and its tools, also those that can't be used yet. Some are for certain agents:
    ``agent_id`` asks as one of them."""
    toolbox = room_of(runtime).toolbox
    caller = _Trying(agent_id or runtime.agents.default_id, None, [])
    named: dict[str, list[tuple[str, ToolSpec]]] = {}
    for called, spec in toolbox.specs(caller).items():
        named.setdefault(spec.source, []).append((called, spec))
    return ToolList(sources=[_source(one, named.get(one.name, []), toolbox) for one in toolbox.sources])


@router.post("/{source}/{name:path}/call", responses={503: {"model": Problem}})
async def call_tool(source: str, name: str, body: ToolTry, runtime: RuntimeDep) -> ToolTried:
    """Call a tool now. A tool that fails is an answer with ``failed``, not an error of this route."""
    toolbox = room_of(runtime).toolbox
    agent = await runtime.agents.get(body.agent_id or runtime.agents.default_id)
    caller = _Trying(agent.id, body.language, [], knowledge=agent.knowledge)
    specs = toolbox.specs(caller).values()
    spec = next((one for one in specs if one.source == source and one.tool.name == name), None)
    if spec is None:
        raise NotFound(f"{source} has no tool {name!r}.", code="tool_not_found", param="name")
    outcome = await toolbox.call_spec(spec, json.dumps(body.arguments), caller)
    calls: Sequence[CallRecord] = toolbox.calls.of(spec.id)
    return ToolTried(
        text=outcome.text,
        speak=outcome.speak,
        failed=outcome.failed,
        effects=[_told(effect) for effect in outcome.effects],
        said=caller.said,
        seconds=calls[-1].seconds if calls else 0.0,
    )


def room_of(runtime: Runtime) -> ToolRoom:
    if runtime.tools is None:
        raise NotReady("The server is still starting.", hint="GET /api/health says what is waited for.")
    return runtime.tools


def _source(source: ToolSource, named: Sequence[tuple[str, ToolSpec]], toolbox: Toolbox) -> SourceOut:
    status = source.status()
    return SourceOut(
        name=source.name,
        state=status.state,
        detail=status.detail,
        error=status.error,
        log=list(status.log),
        tools=[_tool(called, spec, toolbox) for called, spec in named],
    )


def _tool(called: str, spec: ToolSpec, toolbox: Toolbox) -> ToolOut:
    return ToolOut(
        id=spec.id,
        name=spec.tool.name,
        called=called,
        title=spec.title,
        description=spec.tool.description,
        parameters=dict(spec.tool.parameters),
        needs=spec.needs,
        timeout=spec.timeout,
        last_error=toolbox.calls.last_error(spec.id),
        calls=[CallOut.model_validate(one) for one in toolbox.calls.of(spec.id)],
    )


def _told(effect: Effect) -> str:
    """The effect in words, such as ``volume 40``."""
    match effect:
        case Leave(farewell):
            return f"leave {farewell}".strip()
        case ChangeAgent(agent_id):
            return f"change agent {agent_id}"
        case ChangePrompt(prompt):
            return f"change prompt {clipped(prompt)}"
        case SetVolume(percent):
            return f"volume {percent}"
        case ChangeVolume(by):
            return f"volume {by:+}"
        case PlayAudio(_, title):
            return f"play {title}".strip()
