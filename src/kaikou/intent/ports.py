"""What decides about tools before a reply is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from kaikou.engines.ports import Card, LanguageModel, Message, Tool, ToolCall


@dataclass(frozen=True, slots=True)
class Decision:
    """``offer``: tools the answering model may call itself; ``calls``: to be called right away.
    ``plainly``: what they give is spoken in the tools' own words where they have some; the model puts the
    rest into words."""

    offer: tuple[Tool, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    plainly: bool = False


class IntentModule(Protocol):
    """One way to decide. ``decide`` may be asked for a guess at what the user says, and thrown away: it
    must have no effect. It may raise; the reply is then made without tools."""

    @property
    def offers(self) -> bool:
        """Whether all tools are always offered to the answering model: they are then part of the prompt
        that it reads ahead."""
        ...

    async def decide(
        self, messages: Sequence[Message], tools: Sequence[Tool], model: LanguageModel
    ) -> Decision:
        """``messages`` is the prompt, the user's words last."""
        ...


ChooseIntent = Callable[[str, Card], IntentModule]
"""The module of that name, for an answering model with that card. Raises SettingsError."""


@runtime_checkable
class Refuses(Protocol):
    """A module that is also given the tools that still need something: it calls them, and they say so,
    where a model would make up that it was done."""

    @property
    def refuses(self) -> bool: ...


@runtime_checkable
class Warms(Protocol):
    """A module that makes ready what it decides with before it is asked."""

    async def warm(self, model: LanguageModel, tools: Sequence[Tool]) -> None:
        """Let the model read them ahead, and make ready what decides about ``tools``. Raises what the engine
        raises."""
        ...
