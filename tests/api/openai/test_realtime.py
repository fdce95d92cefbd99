"""The socket against a real server: admission, turns, bad input, leaving."""

from __future__ import annotations

from pathlib import Path

import pytest
from api.live_server import ANSWER, Server, listening, live_server, silence, tone


@pytest.fixture
async def server(tmp_path: Path):
    async with live_server(tmp_path) as running:
        yield running


async def test_a_spoken_turn_in_the_order_the_sdks_expect(server: Server) -> None:
    async with listening(server) as ear:
        await ear.say(silence(0.3) + tone(1.0) + silence(2.0))
        await ear.until("response.done")
        order = [kind for index, kind in enumerate(ear.types()) if kind not in ear.types()[:index]]
        assert order == [
            "session.created",
            "input_audio_buffer.speech_started",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
            "conversation.item.input_audio_transcription.delta",
            "conversation.item.input_audio_transcription.completed",
            "response.created",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_audio_transcript.delta",
            "response.output_audio.delta",
            "response.output_audio.done",
            "response.output_audio_transcript.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.done",
        ]
        done = ear.events[-1]["response"]
        assert done["status"] == "completed"
        assert done["output"][0]["content"][0]["transcript"] == ANSWER
