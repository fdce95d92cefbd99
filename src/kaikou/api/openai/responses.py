"""Responses: a reply's domain events as the API's events, in the order its SDKs expect.

response.created, output_item.added, item.added, content_part.added, deltas, audio.done,
transcript.done, content_part.done, output_item.done, item.done, response.done.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kaikou.api.openai.items_codec import encode_item
from kaikou.api.openai.ledger import Ledger
from kaikou.api.openai.session_config import audio_format
from kaikou.api.openai.wire_state import WireState
from kaikou.dialogue.events import AudioDone, AudioOut, ReplyDone, ReplyStarted, ReplyText, ToolCalled
from kaikou.dialogue.items import AudioPart, Item, TextPart
from kaikou.engines.ports import Usage

Body = dict[str, Any]


@dataclass(slots=True)
class Response:
    """One reply on the wire while it runs (and, for late audio, a little longer)."""

    started: ReplyStarted
    output: list[Body | None] = field(default_factory=list)
    """Finished output items by output index; None while an item is open."""
    message_index: int | None = None
    text: list[str] = field(default_factory=list)
    audio_done: bool = False
    done: bool = False


class Responses:
    """Renders reply events; knows of each response what was already said on the wire."""

    def __init__(self, state: WireState, ledger: Ledger) -> None:
        self._state = state
        self._ledger = ledger
        self._open: dict[str, Response] = {}
        self.last_id = ""
        """Id of the newest response."""
        self.calls: set[str] = set()
        """Ids of function call items already announced."""

    def fills(self, item_id: str) -> bool:
        """Is this item the message of a response (which announces it itself)?"""
        return any(response.started.item_id == item_id for response in self._open.values())

    def created(self, event: ReplyStarted) -> list[Body]:
        self._open = {key: value for key, value in self._open.items() if not value.done}
        self._open[event.reply_id] = response = Response(event)
        self.last_id = event.reply_id
        return [{"type": "response.created", "response": self._body(response, "in_progress")}]

    def text(self, event: ReplyText) -> list[Body]:
        response = self._open.get(event.reply_id)
        if response is None or response.done or not event.delta:
            return []
        bodies = self._begin_message(response)
        response.text.append(event.delta)
        kind = (
            "response.output_audio_transcript.delta"
            if response.started.audio
            else "response.output_text.delta"
        )
        bodies.append({**self._place(kind, response), "delta": event.delta})
        return bodies

    def audio(self, event: AudioOut) -> list[Body]:
        response = self._open.get(event.reply_id)
        if response is None:
            return []
        bodies = [] if response.message_index is not None else self._begin_message(response)
        delta = self._state.output_format.encode(event.data)
        bodies.append({**self._place("response.output_audio.delta", response), "delta": delta})
        return bodies

    def audio_done(self, event: AudioDone) -> list[Body]:
        response = self._open.get(event.reply_id)
        if response is None or response.message_index is None or response.audio_done:
            return []
        response.audio_done = True
        return [self._place("response.output_audio.done", response)]

    def tool(self, event: ToolCalled) -> list[Body]:
        response = self._open.get(event.reply_id)
        if response is None:
            return []
        self.calls.add(event.item.id)
        index = len(response.output)
        item = encode_item(event.item) | {"status": "completed"}
        response.output.append(item)
        opened = {**item, "status": "in_progress", "arguments": ""}
        place = {"response_id": event.reply_id, "output_index": index}
        call = {**place, "item_id": event.item.id, "call_id": event.call.id}
        previous = self._placed(response, event.item.id)
        bodies: list[Body] = [{"type": "response.output_item.added", **place, "item": opened}]
        if response.started.in_conversation:
            bodies.append({"type": "conversation.item.added", **previous, "item": opened})
        if event.call.arguments:
            bodies.append(
                {"type": "response.function_call_arguments.delta", **call, "delta": event.call.arguments}
            )
        bodies += [
            {
                "type": "response.function_call_arguments.done",
                **call,
                "name": event.call.name,
                "arguments": event.call.arguments,
            },
            {"type": "response.output_item.done", **place, "item": item},
        ]
        if response.started.in_conversation:
            bodies.append({"type": "conversation.item.done", **previous, "item": item})
        return bodies

    def finished(self, event: ReplyDone) -> list[Body]:
        response = self._open.get(event.reply_id)
        if response is None or response.done:
            return []
        bodies = self._end_message(response, event) if response.message_index is not None else []
        response.done = True
        body = self._body(response, event.status)
        body["status_details"] = _details(event)
        body["usage"] = _usage(event.usage)
        # No limits are kept on requests or tokens, so there are none to report.
        return [
            *bodies,
            {"type": "response.done", "response": body},
            {"type": "rate_limits.updated", "rate_limits": []},
        ]

    def _begin_message(self, response: Response) -> list[Body]:
        if response.message_index is not None:
            return []
        response.message_index = len(response.output)
        response.output.append(None)
        started = response.started
        item = encode_item(Item(started.item_id, "message", "assistant", (), "in_progress"))
        previous = self._placed(response, started.item_id)
        bodies: list[Body] = [
            {
                "type": "response.output_item.added",
                "response_id": started.reply_id,
                "output_index": response.message_index,
                "item": item,
            }
        ]
        if started.in_conversation:
            bodies.append({"type": "conversation.item.added", **previous, "item": item})
        bodies.append(
            {**self._place("response.content_part.added", response), "part": _part(started.audio, "")}
        )
        return bodies

    def _end_message(self, response: Response, event: ReplyDone) -> list[Body]:
        started = response.started
        text = "".join(response.text)
        bodies: list[Body] = []
        if started.audio:
            if not response.audio_done:
                bodies.append(self._place("response.output_audio.done", response))
            bodies.append(
                {**self._place("response.output_audio_transcript.done", response), "transcript": text}
            )
        else:
            bodies.append({**self._place("response.output_text.done", response), "text": text})
        bodies.append(
            {**self._place("response.content_part.done", response), "part": _part(started.audio, text)}
        )
        part = AudioPart(text) if started.audio else TextPart(text)
        item = encode_item(event.item or Item(started.item_id, "message", "assistant", (part,)))
        item["status"] = "completed" if event.status == "completed" else "incomplete"
        assert response.message_index is not None
        response.output[response.message_index] = item
        bodies.append(
            {
                "type": "response.output_item.done",
                "response_id": started.reply_id,
                "output_index": response.message_index,
                "item": item,
            }
        )
        if started.in_conversation:
            previous = {"previous_item_id": self._ledger.previous(started.item_id)}
            bodies.append({"type": "conversation.item.done", **previous, "item": item})
        return bodies

    def _placed(self, response: Response, item_id: str) -> Body:
        """Where the item stands; an item nobody has placed yet comes last."""
        if not response.started.in_conversation:
            return {}
        if item_id not in self._ledger:
            self._ledger.append(item_id)
        return {"previous_item_id": self._ledger.previous(item_id)}

    @staticmethod
    def _place(kind: str, response: Response) -> Body:
        return {
            "type": kind,
            "response_id": response.started.reply_id,
            "item_id": response.started.item_id,
            "output_index": response.message_index,
            "content_index": 0,
        }

    def _body(self, response: Response, status: str) -> Body:
        started, session = response.started, self._state.session
        output = session.audio.output
        body: Body = {
            "id": started.reply_id,
            "object": "realtime.response",
            "status": status,
            "status_details": None,
            "output": [item for item in response.output if item is not None],
            "conversation_id": self._state.conversation_id if started.in_conversation else None,
            "output_modalities": ["audio"] if started.audio else ["text"],
            "max_output_tokens": session.max_output_tokens,
            "audio": {"output": {"format": audio_format(output.format).wire(), "voice": output.voice}},
            "usage": None,
            "metadata": dict(started.metadata) or None,
        }
        return body


def _part(audio: bool, text: str) -> Body:
    return {"type": "audio", "transcript": text} if audio else {"type": "text", "text": text}


def _details(event: ReplyDone) -> Body:
    details: Body = {"type": event.status}
    if event.reason:
        details["reason"] = event.reason
    if event.status == "failed":
        details["error"] = {
            "type": "server_error",
            "code": event.error_code or "internal_error",
            "message": event.error_message,
        }
    return details


def _usage(usage: Usage | None) -> Body:
    """Tokens as the language model counted them; zeros where it does not count."""
    known = usage or Usage()
    return {
        "total_tokens": known.prompt_tokens + known.completion_tokens,
        "input_tokens": known.prompt_tokens,
        "output_tokens": known.completion_tokens,
        "input_token_details": {
            "text_tokens": known.prompt_tokens,
            "audio_tokens": 0,
            "image_tokens": 0,
            "cached_tokens": known.cached_tokens,
            "cached_tokens_details": {
                "text_tokens": known.cached_tokens,
                "audio_tokens": 0,
                "image_tokens": 0,
            },
        },
        "output_token_details": {"text_tokens": known.completion_tokens, "audio_tokens": 0},
    }
