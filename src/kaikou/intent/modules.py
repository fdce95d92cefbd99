"""The ways to decide about tools by name: those that come with Kaikou, and the operator's files.

A file holds a class ``Intent``, and is loaded again as it is saved, for calls under way too::

    from kaikou.intent.ports import Decision

    class Intent:
        offers = False          # True: all tools are also offered to the answering model

        async def decide(self, messages, tools, model):
            return Decision()   # offer=…: the model may call these; calls=…: called right away
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kaikou.engines.ports import Card, LanguageModel, Message, Tool
from kaikou.intent.choice import choose_intent
from kaikou.intent.meaning import Meaning
from kaikou.intent.model import ModelSource, SeparateModel
from kaikou.intent.ports import Decision, IntentModule
from kaikou.intent.provider_shim import ProviderIntent, with_base
from kaikou.reloading.folder import Threads, WatchedFolder
from kaikou.reloading.modules import execute, replaced_module
from kaikou.settings.services import ToolSettings

log = logging.getLogger(__name__)

PACKAGE = "kaikou_intent"
MODEL = "model"
BUILTIN = ("auto", "function_calling", "router", MODEL, "none")


class IntentModules:
    """``start`` loads the files and watches; ``close`` must follow."""

    def __init__(
        self,
        folder: Path,
        settings: ToolSettings,
        threads: Threads,
        model: ModelSource,
        changed: Callable[[], None] = lambda: None,
        *,
        meaning: Meaning | None = None,
    ) -> None:
        self._settings = settings
        self._model = model
        self._meaning = meaning
        self.watched: WatchedFolder[IntentModule] = WatchedFolder(
            folder,
            PACKAGE,
            lambda name, path: load_file(name, path, threads),
            threads,
            noun="intent module",
            load_timeout=settings.load_timeout,
            changed=changed,
        )

    def start(self) -> None:
        self.watched.start()

    async def close(self) -> None:
        await self.watched.close()
        if self._meaning is not None:
            await self._meaning.close()

    def choose(self, name: str, card: Card) -> IntentModule:
        """By ``tools.intent`` and the answering model's card. A file's name stands for its version of the
        moment. SettingsError for a name nobody has."""
        if name == MODEL:
            return SeparateModel(self._model, self._settings.intent_seconds)
        if name not in BUILTIN and (name in self.watched.files or not self.watched.loaded):
            return _Latest(self, name)
        return choose_intent(name, card, self._meaning)

    def named(self, name: str) -> IntentModule | None:
        """A file's module as loaded last."""
        file = self.watched.files.get(name)
        return file.content if file is not None else None


class _Latest:
    """A file's module, whichever version is in force when it is asked."""

    def __init__(self, modules: IntentModules, name: str) -> None:
        self._modules = modules
        self._name = name

    @property
    def offers(self) -> bool:
        module = self._modules.named(self._name)
        return module is not None and bool(module.offers)

    async def decide(
        self, messages: Sequence[Message], tools: Sequence[Tool], model: LanguageModel
    ) -> Decision:
        module = self._modules.named(self._name)
        if module is None:
            log.warning("the intent module %s is gone: replies are made without tools", self._name)
            return Decision()
        return await module.decide(messages, tools, model)


def load_file(name: str, path: Path, threads: Threads) -> IntentModule:
    """Run a file and make its module. Blocks. Raises what the file raises, and TypeError where it holds no
    fitting class."""
    with replaced_module(PACKAGE, name, path) as module:
        with_base(module, path.parent.parent if path.name == "__init__.py" else path.parent)
        execute(module, path)
        found: Any = getattr(module, "Intent", None)
        if inspect.isclass(found):
            if not asyncio.iscoroutinefunction(getattr(found, "decide", None)):
                raise TypeError("its class Intent has no method `async def decide`")
            made: Any = found()
            if not hasattr(made, "offers"):
                made.offers = False
            intent: IntentModule = made
            return intent
        provider: Any = getattr(module, "IntentProvider", None)
        if inspect.isclass(provider):
            return ProviderIntent(provider, threads)
        raise TypeError("it has no class named Intent (with async decide)")
