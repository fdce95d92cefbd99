"""Pictures looked at by any server with OpenAI's chat API and a model that sees."""

from __future__ import annotations

import asyncio
import base64
from contextlib import aclosing

from kaikou.engines.llm.chat.client import ChatCompletions
from kaikou.engines.ports import Generation, Health, Lane, Message
from kaikou.engines.registry import EngineContext
from kaikou.engines.remote_engine import RemoteEngine
from kaikou.engines.vision.port import MediaType
from kaikou.errors import EngineFailed, KaikouError

_PROMPT = (
    "You are the eyes of a voice assistant. Answer the question about the picture in a few short sentences, "
    "in the language of the question, without lists or formatting: the answer is read aloud."
)
_NO_QUESTION = "What do you see? 你看到了什么？"


class OpenAIVision(RemoteEngine):
    """A remote model that looks at one picture at a time."""

    def __init__(self, context: EngineContext) -> None:
        super().__init__(context, "vision", example="qwen2.5-vl", sent="Pictures that devices take are")
        limit = context.settings.vision.max_tokens
        self._chat = ChatCompletions(self._endpoint, temperature=0.2, max_tokens=limit)

    async def close(self) -> None:
        await self._chat.close()
        await super().close()

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
            raise self._failed(error) from None
        except TimeoutError:
            raise self._wrong(f"did not answer within {self._endpoint.timeout:g} seconds") from None
        answer = "".join(said).strip()
        if not answer:
            raise self._wrong("said nothing about the picture")
        self._health = Health("ready")
        return answer

    def _wrong(self, what: str) -> KaikouError:
        said = f"{self._endpoint.preset.title} {what}."
        return self._failed(EngineFailed(said, hint="Try again, or another model."))
