"""Language models behind an OpenAI-compatible API, at a provider or on a server of one's own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from kaikou.engines.llm.chat.client import ChatCompletions
from kaikou.engines.ports import Card, Delta, Generation, Health, Lane, Message, Progress
from kaikou.engines.presets import endpoint
from kaikou.engines.registry import EngineContext
from kaikou.engines.remote import is_local
from kaikou.errors import EngineFailed, KaikouError


class OpenAILanguageModel:
    """``context.name`` is ``openai`` or the name of another preset (``engines/presets.py``)."""

    def __init__(self, context: EngineContext) -> None:
        settings = context.settings.llm
        self._endpoint = endpoint(context.settings, "llm", context.name)
        self._chat = ChatCompletions(
            self._endpoint, temperature=settings.temperature, max_tokens=settings.max_tokens
        )
        self._name = context.name
        self._model = self._endpoint.model
        self._health = Health("waiting")

    @property
    def card(self) -> Card:
        local = is_local(self._endpoint.base_url)
        return Card(
            kind="llm",
            name=self._name,
            title=self._endpoint.preset.title,
            model=self._model or "",
            streaming=True,
            local=local,
            weights="on the server",
            note="" if local else "What is said in a conversation is sent to this provider.",
        )

    async def load(self, progress: Progress) -> None:
        """Reach the server, try the key, and take its first model where none was chosen."""
        progress(f"Asking {self._endpoint.preset.title}", None)
        self._health = Health("loading", f"Asking {self._endpoint.preset.title}.")
        try:
            models = await self._chat.models()
            self._model = self._model or self._first(models)
        except KaikouError as error:
            self._health = Health("failed", str(error))
            raise
        self._health = Health("ready")

    async def close(self) -> None:
        await self._chat.close()

    def health(self) -> Health:
        return self._health

    async def stream(
        self,
        messages: Sequence[Message],
        generation: Generation = Generation(),
        *,
        lane: Lane = Lane.LIVE,
    ) -> AsyncGenerator[Delta, None]:
        """See :class:`~kaikou.engines.ports.LanguageModel`. The lane has no meaning elsewhere."""
        try:
            if self._model is None:
                self._model = self._first(await self._chat.models())
            async with aclosing(self._chat.stream(self._model, messages, generation)) as deltas:
                async for delta in deltas:
                    yield delta
        except EngineFailed as error:
            self._health = Health("degraded", str(error))
            raise
        self._health = Health("ready")

    async def warm(self, messages: Sequence[Message], generation: Generation = Generation()) -> None:
        """Nothing to gain: providers keep their own caches, and count what is sent."""

    def _first(self, models: Sequence[str]) -> str:
        if not models:
            raise EngineFailed(
                f"{self._endpoint.preset.title} lists no model, and none was chosen.",
                code="engine_model_unknown",
                hint="Set KAIKOU_LLM__MODEL, or load a model into the server.",
            )
        return models[0]
