"""What a tool is, where tools come from, and what a call of one gives.

A source (built-ins, the plugin folder, an MCP server, a device) offers tools; the ``Toolbox`` puts
them before the model as one list. Nothing here knows the conversation: it hands in a ``Caller`` and
carries out the ``Effect`` values that an outcome names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from kaikou.engines.ports import Message, Tool

# --- what a call gives ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leave:
    """End the conversation once ``farewell`` is spoken (empty: at once)."""

    farewell: str = ""


@dataclass(frozen=True, slots=True)
class ChangeAgent:
    """Go on as another agent."""

    agent_id: str


@dataclass(frozen=True, slots=True)
class ChangePrompt:
    """Go on with other instructions, until the conversation ends."""

    prompt: str


@dataclass(frozen=True, slots=True)
class SetVolume:
    """Set the loudness of what the listener hears."""

    percent: int
    """0..100."""


@dataclass(frozen=True, slots=True)
class ChangeVolume:
    """Make what the listener hears louder or, below 0, quieter."""

    by: int
    """Hundredths of full loudness."""


@dataclass(frozen=True, slots=True)
class PlayAudio:
    """Play a sound after what is being said."""

    audio: Path | bytes
    """A file, or an encoded file's bytes (WAV, MP3, Opus, FLAC …)."""
    title: str = ""


Effect = Leave | ChangeAgent | ChangePrompt | SetVolume | ChangeVolume | PlayAudio
"""What the conversation does after a call."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool gave."""

    text: str = ""
    """Fed back to the model."""
    speak: str | None = None
    """Spoken as it is, without another round of the model (unless other calls of the round need one);
    the empty string says nothing and asks nothing more. None: the model answers."""
    failed: bool = False
    """``text`` then says what went wrong, in words for the model."""
    effects: tuple[Effect, ...] = ()
    plain: str = ""
    """``text`` in a sentence for the listener, in the conversation's language: spoken in place of the
    model's own words where that model is not good at it."""


# --- who calls --------------------------------------------------------------------------------------


class Caller(Protocol):
    """The conversation a tool is called from. A plugin's parameter of this type is filled in."""

    @property
    def agent_id(self) -> str: ...

    @property
    def conversation_id(self) -> str: ...

    @property
    def device_id(self) -> str | None: ...

    @property
    def language(self) -> str | None:
        """BCP 47 code, None where it follows the user."""
        ...

    @property
    def speaker(self) -> str | None:
        """Who speaks, where the voice is known."""
        ...

    @property
    def knowledge(self) -> tuple[str, ...]:
        """Ids of the knowledge bases that the agent may search."""
        ...

    def messages(self) -> Sequence[Message]:
        """The conversation so far, its instructions first. Call it on the event loop."""
        ...

    async def say(self, text: str) -> None:
        """Speak in between, while the tool goes on."""
        ...

    async def ask(self, messages: Sequence[Message]) -> str:
        """What the conversation's language model answers to a prompt of the tool's own. KaikouError where it
        can't."""
        ...

    def tools(self) -> Sequence[Tool]:
        """What the conversation's model may call, by the names it knows. Call it on the event loop."""
        ...

    async def use(self, name: str, arguments: str) -> Outcome:
        """Call another of these, with arguments in JSON. Its effects are the tool's to pass on. Never raises,
        cancellation apart."""
        ...

    async def recall(self, words: str) -> str:
        """What the agent remembers of who speaks, and what ``words`` bring to its mind; empty for nothing."""
        ...

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send the device a message of its protocol, beside those of the conversation. KaikouError
        ``no_device`` where there is none, ``not_sendable`` for what only the conversation may send."""
        ...


def speaks_chinese(caller: Caller) -> bool:
    """Whether what is said to the caller is said in Chinese."""
    return (caller.language or "").lower().startswith("zh")


# --- where tools come from --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as its source offers it."""

    tool: Tool
    """``name`` is unique in its source and may hold any characters."""
    source: str
    """``builtin`` | ``plugin`` | ``mcp:<server>`` | ``device`` | ``iot`` | ``endpoint:<id>``."""
    title: str = ""
    timeout: float = 30.0
    """Seconds one call may take."""
    needs: str = ""
    """What is missing before it can be used (a key …); such a tool is not offered to the model."""
    direct: bool = False
    """Its outcome is spoken, not fed back, where ``speak`` is set."""

    @property
    def id(self) -> str:
        """``source/name``: what an agent's list of tools holds."""
        return f"{self.source}/{self.tool.name}"


SourceState = Literal["ok", "loading", "failed"]


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a source does, for the page."""

    state: SourceState = "ok"
    detail: str = ""
    error: str = ""
    """The last error, in one line."""
    log: tuple[str, ...] = ()
    """Its last log lines, oldest first."""


def counted(many: int, what: str) -> str:
    """``1 tool``, ``3 tools``: for a status."""
    return f"{many} {what}" if many == 1 else f"{many} {what}s"


class ToolSource(Protocol):
    """Something that offers tools."""

    @property
    def name(self) -> str: ...

    def specs(self, caller: Caller) -> Sequence[ToolSpec]:
        """The tools as known now; never waits."""
        ...

    async def call(self, name: str, arguments: Mapping[str, Any], caller: Caller) -> Outcome:
        """Call a tool with arguments that fit its schema. May raise; the toolbox makes it an outcome."""
        ...

    def status(self) -> SourceStatus: ...


# --- what built-in tools need from other rooms; handed in by ``server.py`` ---------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """A passage of the knowledge base."""

    text: str
    title: str = ""
    """The document's title."""
    location: str = ""
    """Where in the document, in words."""


class KnowledgeSearch(Protocol):
    """Searches what the caller's agent may read."""

    def offered(self, caller: Caller) -> bool:
        """Whether the agent has any knowledge; never waits."""
        ...

    async def search(self, query: str, caller: Caller, limit: int) -> Sequence[Found]: ...


@dataclass(frozen=True, slots=True)
class Reminder:
    id: str
    at: datetime
    """The next time, with its zone."""
    text: str
    repeats: str = ""
    """When it comes again, in words."""


Rhythm = Literal["", "hourly", "daily", "weekdays", "weekends", "weekly", "monthly", "yearly"]


class Schedule(Protocol):
    """Keeps reminders and speaks them when they are due."""

    async def add(self, text: str, when: str, repeat: Rhythm, caller: Caller) -> Reminder:
        """``when`` as people say it, or ISO; where it is empty, ``text`` may name the time. KaikouError
        where no time to come is understood."""
        ...

    async def move(self, when: str, repeat: Rhythm, caller: Caller) -> Reminder | None:
        """Give the reminder that was asked for last in the conversation another time: what ``when`` doesn't
        say stays. None where the last that was asked for isn't there."""
        ...

    async def list(self, caller: Caller) -> Sequence[Reminder]: ...

    async def cancel(self, which: str, caller: Caller) -> Sequence[Reminder]:
        """Cancel those meant: an id, or words for them, such as some of the text, a time, "the last", all.
        Empty where there is none; KaikouError where it isn't clear which."""
        ...


class OtherDevices(Protocol):
    """The other devices of the house that can be spoken to."""

    def names(self, caller: Caller) -> Sequence[str]:
        """Those connected now and allowed to the caller; never waits."""
        ...

    async def speak(self, name: str, text: str, caller: Caller) -> None:
        """Say ``text`` there. KaikouError where it can't be."""
        ...


@dataclass(frozen=True, slots=True)
class AgentChoice:
    id: str
    name: str


class Agents(Protocol):
    """The agents a conversation can go on as."""

    async def choices(self) -> Sequence[AgentChoice]: ...


@dataclass(frozen=True, slots=True)
class ToolPorts:
    """The other rooms' parts; a built-in tool whose part is missing is not offered."""

    knowledge: KnowledgeSearch | None = None
    schedule: Schedule | None = None
    devices: OtherDevices | None = None
    agents: Agents | None = None
