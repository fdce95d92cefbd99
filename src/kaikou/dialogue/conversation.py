"""One live session: commands in, events out.

All commands are plain calls on the event loop and return at once; everything that happens is
reported to ``sink`` in order. A surface translates its wire to these calls and the events back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace

from kaikou.audio.pcm import Pcm
from kaikou.dialogue.events import (
    AudioOut,
    Event,
    Failed,
    InputCleared,
    ItemAdded,
    ItemDeleted,
    ItemDone,
)
from kaikou.dialogue.hearing.echo import EchoGuard
from kaikou.dialogue.hearing.late_words import LateWords
from kaikou.dialogue.hearing.listening import Listening
from kaikou.dialogue.history import History, to_messages
from kaikou.dialogue.items import Item, TextPart, checked_text, new_id
from kaikou.dialogue.ports import Talk
from kaikou.dialogue.session import ReplyRequest, SessionConfig
from kaikou.dialogue.speaking.pacer import Pacer
from kaikou.dialogue.speaking.phrases import Mouth
from kaikou.dialogue.speaking.reply import Reply
from kaikou.dialogue.speaking.replying import Replying
from kaikou.dialogue.speaking.saying import Saying
from kaikou.dialogue.tasks import TaskOwner
from kaikou.dialogue.thinking.answering import Answering
from kaikou.dialogue.thinking.company import Company
from kaikou.dialogue.thinking.prompt import Thinking
from kaikou.dialogue.thinking.reading_ahead import ReadingAhead
from kaikou.dialogue.tool_calls.hands import Hands
from kaikou.dialogue.turn_taking import TurnTaking
from kaikou.dialogue.turns import values as turn_values
from kaikou.engines.ports import Engines
from kaikou.errors import InvalidInput, as_kaikou_error
from kaikou.settings.tree import Settings

Sink = Callable[[Event], None]


class Conversation:
    """One live session, opened by ``LiveService.open`` and owned by a surface.

    ``id`` names it (``conv_…``), ``config`` is in force, ``items`` is the history in order.
    Commands raise KaikouError at once where they cannot be done, and change nothing then.
    ``manners`` are the instructions while the session has none.
    ``hands`` are the server's tools, ``company`` what the agent knows besides its prompt.
    ``observe`` sees every event before ``sink`` does (the keeper of what was said).
    """

    def __init__(
        self,
        config: SessionConfig,
        sink: Sink,
        *,
        engines: Engines,
        mouth: Mouth,
        pacer: Pacer,
        settings: Settings,
        manners: str = "",
        conversation_id: str | None = None,
        items: Iterable[Item] = (),
        observe: Sink | None = None,
        hands: Hands | None = None,
        company: Company | None = None,
        on_close: Callable[[Conversation], None] | None = None,
    ) -> None:
        self.id = conversation_id or new_id("conv")
        self.config = config
        self.sink = sink
        self.closed = False
        self.when_closed: list[Callable[[], None]] = []
        """Called once the session has ended, for whatever reason."""
        self._engines = engines
        self._settings = settings
        self._observe = observe
        self._on_close = on_close
        self._loop = asyncio.get_running_loop()
        self.last_active = self._loop.time()
        self.history = History(items, settings.limits.max_items)
        self._tasks = TaskOwner(self._unexpected)
        self._late_words = LateWords(
            engines.stt, self.history, self._tasks, emit=self._emit, language=self._stt_language
        )
        self.hands = hands
        self.llm_card = engines.llm.card
        """The model that this conversation keeps, whatever the server changes to."""
        self.company = company or Company(Talk(self.id, ""))
        thinking = Thinking(
            engines.llm,
            self.history,
            config=lambda: self.config,
            manners=manners,
            history_tokens=settings.live.history_tokens,
            hands=hands,
            company=self.company,
        )
        self._answering = Answering(
            thinking,
            self.history,
            hands=hands,
            company=self.company,
            emit=self._emit,
            pending=self._late_words.pending,
            language=lambda: self.config.language,
        )
        if hands is not None:
            hands.caller.follow, hands.caller.tell = (lambda: self.config.language), self._tool_says
            hands.sounds = lambda: self.config.audio_replies
            hands.caller.look = lambda: to_messages(self.config.instructions or manners, self.history.items)
            hands.caller.remember = self.company.recall
            hands.change_prompt = lambda prompt: self.update(replace(self.config, instructions=prompt))
        self._ahead = ReadingAhead(thinking, self._tasks)
        self.replying = Replying(
            self.history,
            mouth,
            pacer,
            self._tasks,
            emit=self._emit,
            on_began=lambda: self._tell(turn_values.ReplyBegan(self._now())),
            on_ending=lambda: self._tell(turn_values.ReplyEnding(self._now())),
            on_ended=self._reply_ended,
            engines=tuple((kind, getattr(engines, kind).card.name) for kind in ("stt", "llm", "tts")),
            reply_seconds=settings.live.max_reply_seconds,
        )
        self._turns = TurnTaking(
            self.history,
            self.replying,
            self._answering,
            self._late_words,
            self._ahead,
            self.company,
            settings.live,
            config=lambda: self.config,
            listening=lambda: self.listening,
            emit=self._emit,
        )
        self._saying = Saying(
            self.replying,
            settings,
            config=lambda: self.config,
            emit=self._emit,
            respond=self.respond,
            user_speaks=lambda: self.listening.state.user != "silent",
        )
        self.listening = Listening(
            engines,
            turn_values.TurnRules.of(config.turn, settings.live, semantic=engines.turn is not None),
            self._tasks,
            decide=self._turns.decide,
            on_partial=self._turns.heard_so_far,
            language=self._stt_language,
            partials=settings.live.partials,
        )
        self._guard_ears()

    # -- lifecycle

    def start(self) -> None:
        """Warm what the first turn needs, and speak the greeting, if there is one. Nothing where it was
        closed meanwhile: its time may run out while a surface still lets its client in."""
        if self.closed:
            return
        config = self.config
        if not config.transcribe_only:
            self._ahead.prompt()
        if config.greeting and not len(self.history) and not config.transcribe_only:
            self._saying.greet(config.greeting)

    async def close(self, reason: str = "") -> None:
        """Cancel everything, keep what was heard, free the place. Safe to call twice."""
        if self.closed:
            return
        self.closed = True
        self._saying.close()
        self.replying.cut("client_cancelled")
        self.replying.close()
        self.listening.close()
        try:
            await self._tasks.close()
        finally:
            # Also where whoever closes it is cancelled meanwhile: its place must not stay taken.
            self.company.closed()
            if self._on_close is not None:
                self._on_close(self)
            for tell in self.when_closed:
                tell()

    def stay(self) -> None:
        """The client says nothing, and is there: ``live.idle_timeout`` begins anew."""
        self.last_active = self._loop.time()

    def detach(self) -> None:
        """The client is gone for now: playback holds, nothing is lost."""
        self.replying.detach()

    def attach(self, sink: Sink, played_ms: int | None = None) -> None:
        """The client is back: events go to ``sink``; sound it had not played (after
        ``played_ms`` of the current reply) is sent again."""
        self.sink = sink
        self._touch()
        self.replying.attach(played_ms)

    def update(self, config: SessionConfig) -> None:
        """Take a new configuration; a reply under way keeps the old one."""
        self._touch()
        instructions_changed = config.instructions != self.config.instructions
        self.config = config
        self._guard_ears()
        rules = turn_values.TurnRules.of(
            config.turn, self._settings.live, semantic=self._engines.turn is not None
        )
        self._tell(turn_values.RulesChanged(rules, self._now()))
        if instructions_changed and not config.transcribe_only:
            self._ahead.prompt()

    def _guard_ears(self) -> None:
        """See to it that the agent does not hear itself, where nobody else does."""
        wanted = self.config.hears_itself and self._settings.live.echo
        self.listening.echo = (self.listening.echo or EchoGuard()) if wanted else None

    @property
    def task_count(self) -> int:
        """Tasks under way for this session."""
        return len(self._tasks)

    # -- audio in

    def hear(self, pcm: Pcm) -> None:
        """The user's microphone, any rate, any length."""
        self._touch()
        self.listening.hear(pcm)

    def commit(self) -> None:
        """End the user's turn now. InvalidInput ``input_audio_buffer_commit_empty`` with less
        than 100 ms of audio. Replies by itself unless the turn policy is manual."""
        self._touch()
        self.listening.commit()

    def clear(self) -> None:
        """Throw away uncommitted audio."""
        self._touch()
        self.listening.clear()
        self._emit(InputCleared())

    # -- text and items

    def check_text(self, text: str) -> str:
        """The text as ``say`` would take it. InvalidInput ``empty_message``, ``message_too_long``."""
        return checked_text(text, self._settings.limits.max_text_chars)

    def say(self, text: str, *, item_id: str | None = None) -> Item:
        """The user writes: the text enters the history, ends a running reply, and is answered."""
        self._touch()
        text = self.check_text(text)
        item = Item(item_id or new_id("item"), role="user", parts=(TextPart(text),))
        self.add_item(item)
        self.replying.cut("turn_detected")
        # Where a spoken turn was owed its answer, the cut has just begun it, this message included.
        if not self.replying.active:
            self._turns.answer()
        return item

    @property
    def items(self) -> tuple[Item, ...]:
        return self.history.items

    def item(self, item_id: str) -> Item:
        """NotFound ``item_not_found`` if there is none."""
        return self.history.get(item_id)

    def add_item(self, item: Item, after: str | None = "last") -> None:
        """``after``: an item id, "last", or None for the first place."""
        self._touch()
        previous = self.history.add(item, after)
        self._emit(ItemAdded(item, previous))
        self._emit(ItemDone(item, previous))

    def delete_item(self, item_id: str) -> None:
        self._touch()
        self.history.delete(item_id)
        self._emit(ItemDeleted(item_id))

    def truncate(self, item_id: str, audio_end_ms: int) -> None:
        """The client says how much of a spoken item was heard; a running reply is cut there."""
        self._touch()
        self.history.get(item_id)
        self.replying.truncate(item_id, audio_end_ms)

    # -- replies

    def respond(self, request: ReplyRequest | None = None) -> str:
        """Make a reply now; returns its id. LimitReached ``items_limit``."""
        self._touch()
        self.history.check_room()
        return self._turns.respond(request)

    def speak(self, text: str, *, interrupt: bool = False) -> None:
        """The agent says these words, once nothing else is being said; ``interrupt`` True: at once,
        in place of what is being said. They stay in the history as its message, and their sound is
        kept for the next time. InvalidInput ``empty_message``, ``message_too_long``; LimitReached
        ``too_much_to_say``, ``items_limit``."""
        self._touch()
        self.history.check_room()
        self._saying.add(self.check_text(text), interrupt=interrupt)

    async def tell(self, text: str) -> bool:
        """``speak``, awaited: True once it was heard, to its end or until the user cut it short; False where
        it will not be, because the session ended first or the voice failed."""
        self._touch()
        told: asyncio.Future[bool] = self._loop.create_future()

        def note(heard: bool) -> None:
            if not told.done():
                told.set_result(heard)

        self._saying.add(self.check_text(text), told=note)
        return await told

    def cancel(self, reply_id: str | None = None) -> None:
        """Stop a reply. InvalidInput ``response_cancel_not_active`` if it is not running."""
        self._touch()
        current = self.replying.current
        if reply_id is not None and self.replying.cancel_other(reply_id):
            return
        if not self.replying.active or (reply_id is not None and current and current.id != reply_id):
            raise InvalidInput(
                "There is no reply under way to cancel.",
                code="response_cancel_not_active",
                param="response_id",
            )
        self.replying.cut("client_cancelled")

    def interrupt(self, played_ms: int | None = None) -> None:
        """The user took the floor by other means (button, abort): stop sound and generation;
        history keeps what was heard (``played_ms`` of the reply, else by pacing)."""
        self._touch()
        self.replying.cut("client_cancelled", played_ms)

    def clear_output(self) -> None:
        """Drop audio not yet sent (``output_audio_buffer.clear``)."""
        self._touch()
        self.replying.cut("client_cancelled", cleared=True)

    # -- inside

    def _reply_ended(self, reply: Reply, heard: bool) -> None:
        self.company.ended(self.history, reply.item_id)
        self._tell(turn_values.ReplyEnded(self._now()))
        self._saying.reply_ended(reply, heard=heard)
        if not self.closed and not self.config.transcribe_only:
            # What was said is not what the model wrote where it showed a feeling or was cut short.
            self._ahead.prompt()

    def _tool_says(self, text: str) -> None:
        if (under_way := self._answering.round) is not None:
            under_way.say(text)
        else:
            self.speak(text)

    def _stt_language(self) -> tuple[str | None, str]:
        return self.config.stt_language or self.config.language, self.config.stt_hint

    def _tell(self, event: turn_values.TurnEvent) -> None:
        if not self.closed:
            self.listening.dispatch(event)

    def _emit(self, event: Event) -> None:
        if self.listening.echo is not None and isinstance(event, AudioOut):
            self.listening.echo.sent(event.data, self.config.output_rate, self._loop.time())
        if self._observe is not None:
            self._observe(event)
        self.sink(event)

    def _unexpected(self, error: BaseException) -> None:
        told = as_kaikou_error(error, "the conversation")
        self._emit(Failed(told.code, told.message, told.hint))

    def _now(self) -> float:
        return self._loop.time() * 1000

    def _touch(self) -> None:
        if self.closed:
            raise InvalidInput("The session is closed.", code="session_closed")
        self.last_active = self._loop.time()
