"""What the turn machine decides, done: turns are announced, guessed at, committed and answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from kaikou.dialogue.events import (
    Event,
    Failed,
    IdleTimeout,
    ItemAdded,
    ItemDone,
    SpeechDropped,
    SpeechStarted,
    SpeechStopped,
    TranscriptFinal,
    TranscriptPartial,
    TurnCommitted,
)
from kaikou.dialogue.hearing.late_words import LateWords
from kaikou.dialogue.hearing.listening import Listening
from kaikou.dialogue.history import History
from kaikou.dialogue.items import AudioPart, Item
from kaikou.dialogue.session import ReplyRequest, SessionConfig
from kaikou.dialogue.speaking.plan import plan_reply
from kaikou.dialogue.speaking.replying import Replying
from kaikou.dialogue.thinking.answering import Answering
from kaikou.dialogue.thinking.company import Company
from kaikou.dialogue.thinking.prompt import Question
from kaikou.dialogue.thinking.reading_ahead import ReadingAhead
from kaikou.dialogue.turns import values as turn_values
from kaikou.dialogue.waterfall import Waterfall
from kaikou.engines.ports import Transcript
from kaikou.errors import LimitReached
from kaikou.settings.tree import LiveSettings

_AUDIO_ITEMS_KEPT = 4
"""Recordings kept in memory with their items; older ones live in the store, if at all."""


class TurnTaking:
    """One session's. ``config`` and ``listening`` give what is in force."""

    def __init__(
        self,
        history: History,
        replying: Replying,
        answering: Answering,
        late_words: LateWords,
        ahead: ReadingAhead,
        company: Company,
        live: LiveSettings,
        *,
        config: Callable[[], SessionConfig],
        listening: Callable[[], Listening],
        emit: Callable[[Event], None],
    ) -> None:
        self._history = history
        self._replying = replying
        self._answering = answering
        self._late_words = late_words
        self._ahead = ahead
        self._company = company
        self._live = live
        self._config = config
        self._listening = listening
        self._emit = emit
        self._loop = asyncio.get_running_loop()
        self._unanswered: Waterfall | None = None
        """Of the last committed turn, until a reply is made to it."""

    def decide(self, action: turn_values.Action) -> None:
        """Do what the turn machine says about everything but hearing."""
        utterance = self._listening().utterance
        match action:
            case turn_values.Announce(start_ms):
                padded = max(0.0, start_ms - self._config().turn.prefix_padding_ms)
                self._emit(SpeechStarted(utterance.item_id, round(padded)))
            case turn_values.BeginReply(generation):
                if utterance.transcript is not None and not self._config().transcribe_only:
                    self._guess(generation, utterance.transcript)
            case turn_values.Discard():
                self._replying.discard()
            case turn_values.Commit():
                self._commit(action)
            case turn_values.Drop(announced=announced):
                self._replying.discard()
                if announced:
                    self._emit(SpeechDropped(utterance.item_id))
            case turn_values.Pause():
                self._replying.pause()
            case turn_values.Resume():
                self._replying.resume()
            case turn_values.Cut():
                self._replying.cut("turn_detected")
            case turn_values.Respond():
                self.respond()
            case turn_values.Nudge():
                end = round(self._listening().recording.end_ms)
                self._emit(IdleTimeout(utterance.item_id, end, end))
                self.answer()

    def heard_so_far(self, item_id: str, text: str) -> None:
        """Words of a turn that is still being spoken."""
        self._emit(TranscriptPartial(item_id, text))
        config = self._config()
        answered = config.turn.create_response and not config.transcribe_only
        if self._live.speculate and answered and not self._replying.active:
            self._ahead.words(text)

    def respond(self, request: ReplyRequest | None = None) -> str:
        """Reply to the last turn, if nobody has; returns the reply's id."""
        fall, self._unanswered = self._unanswered, None
        return self.answer(fall, request)

    def answer(self, fall: Waterfall | None = None, request: ReplyRequest | None = None) -> str:
        """Make a reply; ``fall`` None: its time is counted from now."""
        self._ahead.stop()
        fall = fall or Waterfall(speech_end=self._loop.time())
        plan = plan_reply(self._config(), self._live, request)
        return self._replying.start(plan, self._answering.answer(Question(request)), fall).id

    def _guess(self, generation: int, transcript: Transcript) -> None:
        self._ahead.stop()
        listening = self._listening()
        utterance = listening.utterance
        supposed = Item(utterance.item_id, role="user", parts=(AudioPart(transcript.text),))
        heard = listening.audio() if self._company else None
        think = self._answering.answer(Question(supposed=supposed, heard=heard))
        self._replying.begin(generation, plan_reply(self._config(), self._live), think, utterance.waterfall)

    def _commit(self, commit: turn_values.Commit) -> None:
        heard = self._listening().take(commit)
        utterance = heard.utterance
        now = self._loop.time()
        fall = utterance.waterfall
        fall.speech_end = fall.speech_end or now
        fall.mark("end_of_turn", fall.speech_end, now)
        transcript = utterance.transcript if commit.transcribed else None
        words = transcript.text if transcript is not None else None
        item = Item(utterance.item_id, role="user", parts=(AudioPart(words, heard.audio),))
        try:
            previous = self._history.add(item)
        except LimitReached as full:
            # Nobody awaits the end of a spoken turn: the client learns of it by an event.
            self._replying.discard()
            self._emit(Failed(full.code, full.message, full.hint))
            return
        self._history.forget_audio(_AUDIO_ITEMS_KEPT)
        if commit.end_ms > 0:
            self._emit(SpeechStopped(item.id, round(heard.end_ms)))
        self._emit(TurnCommitted(item.id, previous))
        self._emit(ItemAdded(item, previous))
        self._emit(ItemDone(item, previous))
        if transcript is not None:
            self._emit(TranscriptFinal(item.id, transcript))
        elif utterance.error is not None:
            self._late_words.missing(item.id, utterance.error)
        else:
            self._late_words.find(item.id, heard)
        self._unanswered = None
        if not commit.respond or self._config().transcribe_only:
            self._replying.discard()
            self._unanswered = fall
        elif self._replying.release(commit.generation) is None:
            self.answer(fall)
