"""Pictures looked at by any server with OpenAI's chat API and a model that sees."""

from __future__ import annotations

import asyncio
import base64
from contextlib import aclosing

from kaikou.engines.llm.chat.client import ChatCompletions
from kaikou.engines.ports import Card, Generation, Health, Lane, Message, Progress
from kaikou.engines.presets import endpoint
from kaikou.engines.registry import EngineContext
from kaikou.engines.remote import is_local
from kaikou.engines.vision.port import MediaType
from kaikou.errors import EngineFailed, SettingsError

_PROMPT = (
    "You are the eyes of a voice assistant. Answer the question about the picture in a few short sentences, "
    "in the language of the question, without lists or formatting: the answer is read aloud."
)
_NO_QUESTION = "What do you see? 你看到了什么？"


class OpenAIVision:
    """``context.name`` is ``openai`` or the name of another preset (``engines/presets.py``)."""

    def __init__(self, context: EngineContext) -> None:
        settings = context.settings.vision
        self._name = context.name
        self._endpoint = endpoint(context.settings, "vision", context.name)
        if self._endpoint.model is None:
            raise SettingsError(
                f"The vision engine {context.name!r} needs the name of a model.",
                hint="Set KAIKOU_VISION__MODEL, e.g. qwen2.5-vl.",
                param="vision.model",
            )
        self._model = self._endpoint.model
        self._chat = ChatCompletions(self._endpoint, temperature=0.2, max_tokens=settings.max_tokens)
        self._health = Health("waiting")

    @property
    def card(self) -> Card:
        local = is_local(self._endpoint.base_url)
        return Card(
            kind="vision",
            name=self._name,
            title=self._endpoint.preset.title,
            model=self._model,
            licence="the provider's terms",
            local=local,
            weights="on the server",
            note="" if local else "Pictures that devices take are sent to this provider.",
        )

    async def load(self, progress: Progress) -> None:
        """Opens nothing: the first picture shows whether the server is there."""
        progress("Remote vision model", 1.0)
        self._health = Health("ready", "not yet asked")

    async def close(self) -> None:
        await self._chat.close()

    def health(self) -> Health:
        return self._health

    async def describe(
        self, image: bytes, question: str, *, media_type: MediaType = "image/jpeg", lane: Lane = Lane.LIVE
    ) -> str:
        """See :class:`~kaikou.engines.vision.port.Vision`. The lane has no meaning elsewhere."""
        # Megabytes take milliseconds: not on the event loop.
        data = await asyncio.to_thread(lambda: base64.b64encode(image).decode())
        messages = [
            Message("system", _PROMPT),
            Message("user", question or _NO_QUESTION, images=(f"data:{media_type};base64,{data}",)),
        ]
        said: list[str] = []
        try:
            async with (
                asyncio.timeout(self._endpoint.timeout),
                aclosing(self._chat.stream(self._model, messages, Generation())) as deltas,
            ):
                async for delta in deltas:
                    said.append(delta.text)
        except EngineFailed as error:
            self._health = Health("degraded", str(error))
            raise
        except TimeoutError:
            raise self._failed(f"did not answer within {self._endpoint.timeout:g} seconds") from None
        answer = "".join(said).strip()
        if not answer:
            raise self._failed("said nothing about the picture")
        self._health = Health("ready")
        return answer

    def _failed(self, what: str) -> EngineFailed:
        error = EngineFailed(f"{self._endpoint.preset.title} {what}.", hint="Try again, or another model.")
        self._health = Health("degraded", error.message)
        return error
