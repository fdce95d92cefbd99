"""What engines behind an OpenAI-compatible API have in common, whatever they do."""

from __future__ import annotations

import openai

from kaikou.engines.ports import Card, Health, Progress
from kaikou.engines.presets import Endpoint, RemoteKind, endpoint
from kaikou.engines.registry import EngineContext
from kaikou.engines.remote import client_for, is_local
from kaikou.errors import KaikouError, SettingsError


class RemoteEngine:
    """One model on a server; raises SettingsError where no model is named. ``example`` is such a name, and
    ``sent`` what leaves this machine. ``context.name`` is ``openai`` or another preset (``presets``)."""

    def __init__(self, context: EngineContext, kind: RemoteKind, *, example: str, sent: str) -> None:
        self._kind = kind
        self._name = context.name
        self._endpoint: Endpoint = endpoint(context.settings, kind, context.name)
        if self._endpoint.model is None:
            raise SettingsError(
                f"The {kind} engine {context.name!r} needs the name of a model.",
                hint=f"Set KAIKOU_{kind.upper()}__MODEL, e.g. {example}.",
                param=f"{kind}.model",
            )
        self._model: str = self._endpoint.model
        self._sent = sent
        self._opened: openai.AsyncOpenAI | None = None
        self._health = Health("waiting")

    @property
    def card(self) -> Card:
        local = is_local(self._endpoint.base_url)
        return Card(
            kind=self._kind,
            name=self._name,
            title=self._endpoint.preset.title,
            model=self._model,
            licence="the provider's terms",
            local=local,
            weights="on the server",
            note="" if local else f"{self._sent} sent to this provider.",
        )

    @property
    def _client(self) -> openai.AsyncOpenAI:
        """Opened when it is first wanted."""
        self._opened = self._opened or client_for(self._endpoint)
        return self._opened

    async def load(self, progress: Progress) -> None:
        """Opens nothing: the first request shows whether the server is there."""
        progress(self._endpoint.preset.title, 1.0)
        self._health = Health("ready", "not yet asked")

    async def close(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.close()
        self._health = Health("waiting")

    def health(self) -> Health:
        return self._health

    def _failed(self, problem: KaikouError) -> KaikouError:
        """``problem``, told by the engine's health until it works again."""
        self._health = Health("degraded", problem.message)
        return problem
