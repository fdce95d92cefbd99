"""Domain events as the API's server events (GA names); one table, one small function each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kaikou.api.openai.items_codec import encode_item
from kaikou.api.openai.ledger import Ledger
from kaikou.api.openai.responses import Body, Responses
from kaikou.api.openai.wire_state import WireState
from kaikou.dialogue import events as ev
from kaikou.dialogue.items import Item
from kaikou.errors import KaikouError, LimitReached


class Renderer:
    """Turns each event into the messages it means on the wire, without their ``event_id``."""

    def __init__(self, state: WireState, ledger: Ledger | None = None) -> None:
        self.state = state
        self.ledger = ledger or Ledger()
        self.responses = Responses(state, self.ledger)
        self._speaking: str | None = None
        self._table: dict[type, Callable[[Any], list[Body]]] = {
            ev.AudioOut: self.responses.audio,
            ev.ReplyText: self.responses.text,
            ev.ReplyStarted: self.responses.created,
            ev.ToolCalled: self._tool_called,
            ev.ToolReturned: self._tool_returned,
            ev.AudioDone: self.responses.audio_done,
            ev.ReplyDone: self.responses.finished,
            ev.SpeechStarted: self._speech_started,
            ev.SpeechStopped: self._speech_stopped,
            ev.SpeechDropped: self._speech_dropped,
            ev.TurnCommitted: self._committed,
            ev.InputCleared: lambda _: [{"type": "input_audio_buffer.cleared"}],
            ev.IdleTimeout: self._idle,
            ev.ItemAdded: self._item_added,
            ev.ItemDone: self._item_done,
            ev.ItemDeleted: self._item_deleted,
            ev.ItemTruncated: self._item_truncated,
            ev.TranscriptPartial: self._partial,
            ev.TranscriptFinal: self._transcript,
            ev.TranscriptFailed: self._transcript_failed,
            ev.Interrupted: self._interrupted,
            ev.Failed: self._failed,
            ev.EmotionShown: self._emotion,
            ev.SentenceStarted: self._sentence,
            ev.WordSpoken: self._word,
            ev.PlaybackPaused: lambda e: self._extra("playback.paused", response_id=e.reply_id),
            ev.PlaybackResumed: lambda e: self._extra("playback.resumed", response_id=e.reply_id),
            ev.PlaybackEnded: lambda e: self._extra("playback.ended", response_id=e.reply_id),
            ev.Left: lambda e: self._extra("left", response_id=e.reply_id),
            ev.Metrics: self._metrics,
        }

    def render(self, event: ev.Event) -> list[Body]:
        """The messages for one event, in order; often one, sometimes none."""
        return self._table[type(event)](event)

    # -- the user's turn

    def _speech_started(self, event: ev.SpeechStarted) -> list[Body]:
        self._speaking = event.item_id
        return [
            {
                "type": "input_audio_buffer.speech_started",
                "audio_start_ms": event.start_ms,
                "item_id": event.item_id,
            }
        ]

    def _speech_stopped(self, event: ev.SpeechStopped) -> list[Body]:
        self._speaking = None
        return [
            {
                "type": "input_audio_buffer.speech_stopped",
                "audio_end_ms": event.end_ms,
                "item_id": event.item_id,
            }
        ]

    def _speech_dropped(self, event: ev.SpeechDropped) -> list[Body]:
        bodies: list[Body] = []
        if self._speaking == event.item_id:
            # Clients were told of a beginning: without its end they would listen for ever.
            end = round(self.state.heard_seconds * 1000)
            bodies = self._speech_stopped(ev.SpeechStopped(event.item_id, end))
        return bodies + self._extra("speech_dropped", item_id=event.item_id)

    def _committed(self, event: ev.TurnCommitted) -> list[Body]:
        return [
            {
                "type": "input_audio_buffer.committed",
                "item_id": event.item_id,
                "previous_item_id": event.previous_id,
            }
        ]

    def _idle(self, event: ev.IdleTimeout) -> list[Body]:
        return [
            {
                "type": "input_audio_buffer.timeout_triggered",
                "audio_start_ms": event.start_ms,
                "audio_end_ms": event.end_ms,
                "item_id": event.item_id,
            }
        ]

    def _partial(self, event: ev.TranscriptPartial) -> list[Body]:
        # A partial may be revised, while the API's deltas can only be added to each other.
        return self._extra("transcript.partial", item_id=event.item_id, text=event.text)

    def _transcript(self, event: ev.TranscriptFinal) -> list[Body]:
        if self.state.session.audio.input.transcription is None:
            return []
        transcript = event.transcript
        place = {"item_id": event.item_id, "content_index": 0}
        kind = "conversation.item.input_audio_transcription"
        bodies: list[Body] = []
        if transcript.text:
            bodies.append({"type": f"{kind}.delta", **place, "delta": transcript.text})
        bodies.append(
            {
                "type": f"{kind}.completed",
                **place,
                "transcript": transcript.text,
                "usage": {"type": "duration", "seconds": round(transcript.seconds, 3)},
                "languages": [{"code": transcript.language}] if transcript.language else [],
            }
        )
        return bodies

    def _transcript_failed(self, event: ev.TranscriptFailed) -> list[Body]:
        if self.state.session.audio.input.transcription is None:
            return []
        return [
            {
                "type": "conversation.item.input_audio_transcription.failed",
                "item_id": event.item_id,
                "content_index": 0,
                "error": {
                    "type": "server_error",
                    "code": event.code,
                    "message": event.message,
                    "param": None,
                },
            }
        ]

    # -- items

    def _item_added(self, event: ev.ItemAdded) -> list[Body]:
        known = event.item.id in self.ledger
        self.ledger.insert(event.item.id, event.previous_id)
        if known or self.responses.fills(event.item.id) or event.item.kind == "function_call":
            return []
        return _added(event.item, event.previous_id)

    def _item_done(self, event: ev.ItemDone) -> list[Body]:
        """Said with item.added, or by the response; except a function call that no response made."""
        if event.item.kind != "function_call" or event.item.id in self.responses.calls:
            self.responses.calls.discard(event.item.id)
            return []
        return _added(event.item, event.previous_id)

    def _item_deleted(self, event: ev.ItemDeleted) -> list[Body]:
        self.ledger.remove(event.item_id)
        return [{"type": "conversation.item.deleted", "item_id": event.item_id}]

    def _item_truncated(self, event: ev.ItemTruncated) -> list[Body]:
        return [
            {
                "type": "conversation.item.truncated",
                "item_id": event.item_id,
                "content_index": 0,
                "audio_end_ms": event.audio_end_ms,
            }
        ]

    # -- tools

    def _tool_called(self, event: ev.ToolCalled) -> list[Body]:
        """The server's own tools are no output of the response: a client would try to call them. They are
        items of the conversation, which ``_item_done`` tells of."""
        if not event.server:
            return self.responses.tool(event)
        return self._extra(
            "tool.called",
            response_id=event.reply_id,
            item_id=event.item.id,
            call_id=event.call.id,
            name=event.call.name,
            title=event.title,
            arguments=event.call.arguments,
        )

    def _tool_returned(self, event: ev.ToolReturned) -> list[Body]:
        return self._extra(
            "tool.returned",
            response_id=event.reply_id,
            item_id=event.item.id,
            call_id=event.call_id,
            name=event.name,
            output=event.item.output or "",
            seconds=round(event.seconds, 3),
            failed=event.failed,
        )

    # -- interruptions and errors

    def _interrupted(self, event: ev.Interrupted) -> list[Body]:
        bodies: list[Body] = []
        if event.cleared:
            bodies.append({"type": "output_audio_buffer.cleared", "response_id": event.reply_id})
        return bodies + self._extra(
            "interrupted",
            response_id=event.reply_id,
            item_id=event.item_id,
            heard_ms=event.heard_ms,
            heard_text=event.heard_text,
        )

    def _failed(self, event: ev.Failed) -> list[Body]:
        if event.reply_id is not None and not event.fatal:
            return []  # response.done says it
        message = f"{event.message} {event.hint}".strip()
        return [{"type": "error", "error": error_body("server_error", event.code, message)}]

    # -- extensions

    def _extra(self, name: str, /, **fields: Any) -> list[Body]:
        return [{"type": f"kaikou.{name}", **fields}] if self.state.extensions else []

    def _emotion(self, event: ev.EmotionShown) -> list[Body]:
        return self._extra("emotion", response_id=event.reply_id, emotion=event.emotion, emoji=event.emoji)

    def _sentence(self, event: ev.SentenceStarted) -> list[Body]:
        return self._extra(
            "sentence",
            response_id=event.reply_id,
            item_id=event.item_id,
            text=event.text,
            start_ms=event.start_ms,
            char_start=event.span[0],
            char_end=event.span[1],
        )

    def _word(self, event: ev.WordSpoken) -> list[Body]:
        word = event.word
        return self._extra(
            "word",
            response_id=event.reply_id,
            item_id=event.item_id,
            text=word.text,
            start_ms=round(word.start * 1000),
            end_ms=round(word.end * 1000),
            char_start=word.span[0] if word.span else None,
            char_end=word.span[1] if word.span else None,
            measured=word.measured,
        )

    def _metrics(self, event: ev.Metrics) -> list[Body]:
        return self._extra(
            "turn.metrics",
            turn_id=event.turn_id,
            response_id=event.reply_id,
            total=event.total,
            speculations=event.speculations,
            stages=[
                {"name": stage.name, "start": stage.start, "end": stage.end, "queued": stage.queued}
                for stage in event.stages
            ],
            engines=dict(event.engines),
        )


def _added(item: Item, previous: str | None) -> list[Body]:
    place = {"previous_item_id": previous, "item": encode_item(item)}
    return [{"type": "conversation.item.added", **place}, {"type": "conversation.item.done", **place}]


def error_body(
    kind: str, code: str | None, message: str, *, param: str | None = None, event_id: str | None = None
) -> Body:
    """The ``error`` object of an ``error`` event; ``event_id`` names the client's offending event."""
    return {"type": kind, "code": code, "message": message, "param": param, "event_id": event_id}


def error_event(error: KaikouError, event_id: str | None = None) -> Body:
    """A KaikouError as an ``error`` event."""
    if isinstance(error, LimitReached):
        kind = "rate_limit_error"
    else:
        kind = "invalid_request_error" if error.status < 500 else "server_error"
    body = error_body(kind, error.code, str(error), param=error.param, event_id=event_id)
    return {"type": "error", "error": body}
