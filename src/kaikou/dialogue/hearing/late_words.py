"""Words for turns that were committed before anybody knew what was said in them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace

from kaikou.dialogue.events import Event, TranscriptFailed, TranscriptFinal
from kaikou.dialogue.hearing.listening import Heard
from kaikou.dialogue.history import History
from kaikou.dialogue.items import AudioPart
from kaikou.dialogue.tasks import TaskOwner
from kaikou.engines.metering import metering
from kaikou.engines.ports import Lane, SpeechToText
from kaikou.errors import KaikouError, as_kaikou_error


class LateWords:
    """One session's. ``language`` gives the language and the hint in force."""

    def __init__(
        self,
        stt: SpeechToText,
        history: History,
        tasks: TaskOwner,
        *,
        emit: Callable[[Event], None],
        language: Callable[[], tuple[str | None, str]],
    ) -> None:
        self._stt = stt
        self._history = history
        self._tasks = tasks
        self._emit = emit
        self._language = language
        self._pending: dict[str, asyncio.Task[None]] = {}

    def pending(self) -> Collection[asyncio.Task[None]]:
        """The transcriptions under way."""
        return self._pending.values()

    def find(self, item_id: str, heard: Heard) -> None:
        """Transcribe what was heard, and put the words into the item of the history."""
        self._pending[item_id] = self._tasks.spawn(self._transcribe(item_id, heard), "transcribe")

    def missing(self, item_id: str, error: KaikouError) -> None:
        """There will be no words: tell why."""
        self._emit(TranscriptFailed(item_id, error.code, str(error)))

    async def _transcribe(self, item_id: str, heard: Heard) -> None:
        language, hint = self._language()
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            with metering() as meter:
                transcript = await self._stt.transcribe(
                    heard.audio, language=language, hint=hint, lane=Lane.LIVE
                )
        except Exception as error:  # noqa: BLE001 - told to the client, whatever broke
            self.missing(item_id, as_kaikou_error(error, "speech recognition"))
            return
        finally:
            self._pending.pop(item_id, None)
        heard.utterance.waterfall.mark("transcript", started, loop.time(), meter.queued)
        if item_id in self._history:
            item = self._history.get(item_id)
            self._history.put(replace(item, parts=(AudioPart(transcript.text, heard.audio),)))
            self._emit(TranscriptFinal(item_id, transcript))
