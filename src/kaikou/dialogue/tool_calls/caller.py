"""A conversation as its tools see it (``tools.ports.Caller``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from kaikou.engines.ports import Lane, LanguageModel, Message, Tool
from kaikou.errors import KaikouError, NotReady
from kaikou.tools.ports import Outcome


@dataclass(slots=True)
class SessionCaller:
    """One session's. ``follow`` gives the language in force, ``tell`` speaks in between, ``look`` gives the
    prompt as it is now, ``offered`` the tools, ``act`` calls one of them, ``remember`` asks the agent's
    memory, ``pass_on`` sends the device a message."""

    agent_id: str
    conversation_id: str
    device_id: str | None = None
    knowledge: tuple[str, ...] = ()
    speaker: str | None = None
    """Who speaks, where a companion knows the voice."""
    follow: Callable[[], str | None] = lambda: None
    heard_in: str | None = None
    """What the user's last words are written in."""
    tell: Callable[[str], None] = lambda _text: None
    look: Callable[[], Sequence[Message]] = lambda: ()
    model: LanguageModel | None = None
    offered: Callable[[], Sequence[Tool]] = lambda: ()
    act: Callable[[str, str], Awaitable[Outcome]] | None = None
    remember: Callable[[str], Awaitable[str]] | None = None
    pass_on: Callable[[Mapping[str, Any]], None] | None = None
    """Set by a surface whose clients understand messages of a tool's own; it may raise."""

    @property
    def language(self) -> str | None:
        return self.follow() or self.heard_in

    def messages(self) -> Sequence[Message]:
        """The conversation so far, its instructions first."""
        return self.look()

    async def say(self, text: str) -> None:
        """Speak in between, while the tool goes on."""
        self.tell(text)

    async def ask(self, messages: Sequence[Message]) -> str:
        """What the session's language model answers, as much as its settings let it."""
        if self.model is None:
            raise NotReady("There is no language model to ask here.", code="no_model")
        async with aclosing(self.model.stream(messages, lane=Lane.LIVE)) as deltas:
            return "".join([delta.text async for delta in deltas])

    def tools(self) -> Sequence[Tool]:
        """What the session's model may call."""
        return self.offered()

    async def use(self, name: str, arguments: str) -> Outcome:
        """Call one of them."""
        if self.act is None:
            return Outcome("There are no other tools here.", failed=True)
        return await self.act(name, arguments)

    async def recall(self, words: str) -> str:
        """What the agent remembers."""
        return "" if self.remember is None else await self.remember(words)

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send the device a message."""
        if self.pass_on is None:
            raise KaikouError("This conversation is not a device's: nothing can be sent.", code="no_device")
        self.pass_on(message)
