"""From the conversation's events to what a device hears and shows: stt, tts, llm, sound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from kaikou.api.xiaozhi.speaker import Speaker
from kaikou.dialogue import events as ev
from kaikou.dialogue.speaking.emotion import EMOTIONS, strip_emoji

TAIL_SECONDS = 0.12
"""A device plays a little after the server reckons: network and its own buffers."""

Body = dict[str, Any]


class Voice:
    """Renders events in the order a device needs: stt, tts start, llm, (sentence, sound)*, tts stop.

    ``tts start`` goes out with the first sound, so that the microphone stays open while the agent
    thinks; ``stop`` once the last frame was played. ``on_state`` hears of both.
    """

    def __init__(self, speaker: Speaker, session_id: str, on_state: Callable[[bool], None]) -> None:
        self.speaking = False
        self.speaker = speaker
        self._id = session_id
        self._on_state = on_state
        self._loop = asyncio.get_running_loop()
        self._emotion = ""
        self._stopping: asyncio.TimerHandle | None = None

    def close(self) -> None:
        self._keep_on()

    def heard(self, text: str) -> None:
        """Show the user's words."""
        self._say(type="stt", text=strip_emoji(text).strip())

    def take(self, event: ev.Event) -> None:
        """One event of the conversation; those that mean nothing to a device are passed over."""
        match event:
            case ev.TranscriptFinal(transcript=transcript) if transcript.text:
                self.heard(transcript.text)
            case ev.ReplyStarted(audio=True):
                self._emotion = ""
                self._keep_on()
            case ev.EmotionShown(emotion=emotion):
                self._emotion = emotion
                if self.speaking:
                    self._show()
            case ev.SentenceStarted(text=text):
                self._start()
                self._say(type="tts", state="sentence_start", text=text)
            case ev.AudioOut(data=data):
                self._start()
                self.speaker.sound(data)
            case ev.AudioDone():
                self.speaker.end()
            case ev.Interrupted():
                self.speaker.drop()
                self._stop()
            case ev.PlaybackEnded():
                self._stop_when_played()

    def _start(self) -> None:
        self._keep_on()
        if not self.speaking:
            self.speaking = True
            self._say(type="tts", state="start")
            self._show()
            self._on_state(True)

    def _show(self) -> None:
        emotion = self._emotion or "neutral"
        self._say(type="llm", emotion=emotion, text=EMOTIONS[emotion])

    def _stop_when_played(self) -> None:
        if self.speaking:
            self._keep_on()
            left = self.speaker.plays_until - self._loop.time() + TAIL_SECONDS
            self._stopping = self._loop.call_later(max(0.0, left), self._stop)

    def _stop(self) -> None:
        self._keep_on()
        if self.speaking:
            self.speaking = False
            self._say(type="tts", state="stop")
            self._on_state(False)

    def stop(self) -> None:
        """Say that nothing is spoken, whatever is known here: the answer to an abort."""
        if self.speaking:
            self._stop()
        else:
            self._say(type="tts", state="stop")

    def _keep_on(self) -> None:
        if self._stopping is not None:
            self._stopping.cancel()
            self._stopping = None

    def _say(self, **body: Any) -> None:
        self.speaker.say({"session_id": self._id, **body})
