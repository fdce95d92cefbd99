"""One Realtime session: client events become commands, domain events become messages.

It outlives its socket: after a drop it waits, if its client asked for that, to be resumed.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson

from kaikou.api.openai import beta
from kaikou.api.openai import client_events as ce
from kaikou.api.openai.items_codec import decode_item, encode_item
from kaikou.api.openai.ledger import Ledger
from kaikou.api.openai.resume import Entry, EventLog
from kaikou.api.openai.server_events import Renderer
from kaikou.api.openai.session_config import describe, merge, render, reply_request, to_config
from kaikou.api.openai.session_models import Extensions, RealtimeSession, ResponseParams
from kaikou.api.openai.validation import validated
from kaikou.api.openai.wire_state import WireState
from kaikou.api.outbox import Outbox
from kaikou.dialogue.events import Event, Failed, Interrupted, Left
from kaikou.dialogue.session import SessionConfig
from kaikou.engines.ports import Voice
from kaikou.errors import InvalidInput, KaikouError
from kaikou.settings.tree import LimitSettings

if TYPE_CHECKING:
    from kaikou.dialogue.conversation import Conversation

_NOT_REPEATED = {"response.output_audio.delta", "session.created", "conversation.created"}
"""Messages a returning client does not get from the log: the conversation sends sound again itself."""


class LiveSession:
    """Codec and state of one session. All methods run on the event loop; none of them blocks.

    ``voices`` lists what the speech engine offers, for checking names (None: unknown).
    """

    def __init__(
        self,
        session: RealtimeSession,
        *,
        beta_dialect: bool,
        voices: Sequence[Voice] | None,
        expires_at: int,
        limits: LimitSettings,
    ) -> None:
        self.id = f"sess_{secrets.token_hex(8)}"
        self.state = WireState(session)
        self.beta = beta_dialect
        self.outbox: Outbox | None = None
        """Of the socket in use; None while the client is gone."""
        self.fatal: Failed | None = None
        """Why the conversation cannot go on, once it cannot."""
        self.ended = asyncio.Event()
        """Set with ``fatal``, and once the agent took leave."""
        self.owner: object = None
        """The connection that must close the conversation in the end."""
        self.conversation: Conversation
        self.voices = voices
        self._expires_at = expires_at
        self._limits = limits
        self._renderer = Renderer(self.state)
        self._log: EventLog | None = None
        self._numbers = itertools.count(1)
        self._prefix = f"event_{secrets.token_hex(4)}_"
        self._clearing = False

    # -- out

    def bind(self, conversation: Conversation) -> None:
        """The conversation is open: take over what it decided (agent, stored history)."""
        self.conversation = conversation
        self.state.conversation_id = conversation.id
        if conversation.hands is not None:
            conversation.hands.volume = self._set_volume
            conversation.hands.loudness = 100  # a client plays it as it is until told otherwise
        session = describe(conversation.config, self.state.session)
        if session.kaikou is not None:
            session = _naming(session, conversation)
        self.state.adopt(session)
        self._renderer = Renderer(self.state, Ledger(item.id for item in conversation.items))

    async def _set_volume(self, percent: int) -> None:
        """Ask the client for it. Only one that knows the ``kaikou.*`` events can."""
        if not self.state.extensions:
            raise KaikouError(
                "The loudness can't be set from here.",
                code="no_volume",
                hint="The listener sets it at the device.",
            )
        self.emit({"type": "kaikou.volume", "percent": percent})

    def sink(self, event: Event) -> None:
        """Receives the conversation's events (in order, on the loop)."""
        if isinstance(event, Interrupted) and event.cleared:
            self._clearing = False
        for body in self._renderer.render(event):
            self.emit(body)
        if isinstance(event, Failed) and event.fatal:
            self.fatal = event
            self.ended.set()
        if isinstance(event, Left):
            self.ended.set()

    def emit(self, body: dict[str, Any], outbox: Outbox | None = None) -> None:
        """Give the message its id, put it into the client's dialect and send it (to ``outbox``
        where the session has none of its own yet)."""
        kind = body["type"]
        body["event_id"] = event_id = f"{self._prefix}{next(self._numbers):08d}"
        if self.beta:
            translated = beta.downgrade(body)
            if translated is None:
                return
            body = translated
        text = orjson.dumps(body).decode()
        if self._log is not None and kind not in _NOT_REPEATED:
            self._log.append(Entry(event_id, text))
        to = self.outbox if outbox is None else outbox
        if to is not None:
            to.put(text)

    def announce(self, outbox: Outbox | None = None) -> None:
        """``session.created``, the first thing a client hears."""
        self.emit({"type": "session.created", "session": self.describe()}, outbox)
        if self.beta:
            conversation = {"id": self.state.conversation_id, "object": "realtime.conversation"}
            self.emit({"type": "conversation.created", "conversation": conversation}, outbox)

    def describe(self) -> dict[str, Any]:
        """The session as the server states it."""
        return render(self.state.session, self.id, self._expires_at)

    def resume(self, outbox: Outbox, last_event_id: str | None = None, played_ms: int | None = None) -> bool:
        """The client is back: say again what it missed, then go on. False if some is forgotten."""
        complete = True
        if self._log is not None and last_event_id is not None:
            complete = self._log.reaches(last_event_id)
            for text in self._log.after(last_event_id):
                outbox.put(text)
        self.outbox = outbox
        self.conversation.attach(self.sink, played_ms)
        return complete

    @property
    def resumable(self) -> bool:
        return self._log is not None

    # -- in

    def append(self, raw: dict[str, Any]) -> None:
        """``input_audio_buffer.append``, fifty times a second: no model validation here."""
        audio = raw.get("audio")
        if not isinstance(audio, str):
            ce.parse(raw)  # says what is wrong
            raise InvalidInput("Invalid type for 'audio'.", code="invalid_type", param="audio")
        pcm = self.state.input_format.decode(audio)
        self.state.heard_seconds += len(pcm.samples) / pcm.rate
        self.conversation.hear(pcm)

    def handle(self, event: ce.ClientEvent) -> None:
        """Any other event that needs no waiting. Raises KaikouError; nothing has changed then."""
        match event:
            case ce.SessionUpdate():
                self._update(event)
            case ce.AudioCommit():
                self.conversation.commit()
            case ce.AudioClear():
                self.conversation.clear()
            case ce.OutputClear():
                self._clear_output()
            case ce.ItemCreate():
                self._create_item(event)
            case ce.ItemTruncate():
                if event.content_index != 0:
                    raise InvalidInput(
                        "Spoken items have one content part, at index 0.",
                        code="invalid_value",
                        param="content_index",
                    )
                self.conversation.truncate(event.item_id, event.audio_end_ms)
            case ce.ItemDelete():
                self.conversation.delete_item(event.item_id)
            case ce.ResponseCreate():
                self._respond(event)
            case ce.ResponseCancel():
                self.conversation.cancel(event.response_id)
            case _:
                raise InvalidInput(
                    f"{type(event).__name__} is not possible here.", code="unexpected_event", param="type"
                )

    async def retrieve(self, event: ce.ItemRetrieve) -> None:
        """Answer with the whole item, sound included (encoded off the loop)."""
        item = self.conversation.item(event.item_id)
        audio = self.state.output_format if item.role == "assistant" else self.state.input_format
        body = await asyncio.to_thread(encode_item, item, audio)
        self.emit({"type": "conversation.item.retrieved", "item": body})

    def agent_wanted(self, event: ce.ClientEvent) -> str | None:
        """The agent a ``session.update`` switches to, if it does."""
        if not isinstance(event, ce.SessionUpdate):
            return None
        extra = event.session.get("kaikou")
        agent = extra.get("agent") if isinstance(extra, dict) else None
        current = self.state.session.kaikou.agent if self.state.session.kaikou else None
        return agent if isinstance(agent, str) and agent != current else None

    def check(self, event: ce.ClientEvent) -> None:
        """Raise what a ``session.update`` would be refused with; changes nothing."""
        if isinstance(event, ce.SessionUpdate):
            self._merged(event)

    def _merged(self, event: ce.SessionUpdate) -> tuple[RealtimeSession, SessionConfig]:
        patch = event.session
        flat_transcription = event.type == "transcription_session.update"
        if self.beta or flat_transcription:
            patch = beta.upgrade_session(patch, transcription=flat_transcription)
        session = merge(self.state.session, patch)
        return session, to_config(session, self.conversation.config, self.voices)

    def _update(self, event: ce.SessionUpdate) -> None:
        session, config = self._merged(event)
        self.conversation.update(config)
        if session.kaikou is not None:
            session = _naming(session, self.conversation)
        self.state.adopt(session)
        if self.state.extensions and self._log is None:
            self._log = EventLog(self._limits.resume_events, self._limits.resume_chars)
        self.emit({"type": "session.updated", "session": self.describe()})

    def _create_item(self, event: ce.ItemCreate) -> None:
        item = decode_item(event.item, self.state.input_format)
        after: str | None = event.previous_item_id or "last"
        self.conversation.add_item(item, None if after == "root" else after)

    def _respond(self, event: ce.ResponseCreate) -> None:
        if event.response is None:
            self.conversation.respond()
            return
        raw = beta.upgrade_response(event.response) if self.beta else event.response
        params = validated(ResponseParams, raw, "response")
        request = reply_request(params, self.state.session, self.voices)
        for wanted in request.input or ():
            if isinstance(wanted, str):
                self.conversation.item(wanted)  # a reference to nothing is the client's error now
        self.conversation.respond(request)

    def _clear_output(self) -> None:
        self._clearing = True
        self.conversation.clear_output()
        if self._clearing:
            # Nothing was playing: the buffer is empty all the same, and the client is told so.
            self._clearing = False
            last = self._renderer.responses.last_id
            self.emit({"type": "output_audio_buffer.cleared", "response_id": last})


def _naming(session: RealtimeSession, conversation: Conversation) -> RealtimeSession:
    extras = session.kaikou or Extensions()
    return session.model_copy(
        update={"kaikou": extras.model_copy(update={"conversation_id": conversation.id})}
    )
