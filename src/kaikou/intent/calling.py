"""The answering model decides itself: function calling."""

from __future__ import annotations

from collections.abc import Sequence

from kaikou.engines.ports import LanguageModel, Message, Tool
from kaikou.intent.ports import Decision


class FunctionCalling:
    """Offers every tool."""

    offers = True

    async def decide(
        self, messages: Sequence[Message], tools: Sequence[Tool], model: LanguageModel
    ) -> Decision:
        return Decision(offer=tuple(tools))


class NoTools:
    """Offers none."""

    offers = False

    async def decide(
        self, messages: Sequence[Message], tools: Sequence[Tool], model: LanguageModel
    ) -> Decision:
        return Decision()
