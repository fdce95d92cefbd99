"""The intent module that the settings name."""

from __future__ import annotations

from kaikou.engines.ports import Card
from kaikou.errors import SettingsError
from kaikou.intent.calling import FunctionCalling, NoTools
from kaikou.intent.meaning import Meaning
from kaikou.intent.ports import IntentModule
from kaikou.intent.router import Router


def choose_intent(name: str, card: Card, meaning: Meaning | None = None) -> IntentModule:
    """By ``tools.intent`` and the answering model's card; ``meaning`` is the router's. SettingsError for a
    name nobody has."""
    match name:
        case "auto":
            return FunctionCalling() if card.calls_tools else Router(meaning)
        case "function_calling":
            return FunctionCalling()
        case "router":
            return Router(meaning)
        case "none":
            return NoTools()
    raise SettingsError(f"There is no intent module named {name!r}.", param="tools.intent")
