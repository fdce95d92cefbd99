"""A hands-free call by this machine's microphone and loudspeaker."""

from __future__ import annotations

import asyncio

from kaikou.audio.pcm import Pcm
from kaikou.cli import console
from kaikou.cli.microphone import RATE, Duplex, sound_library
from kaikou.cli.turn import warmed
from kaikou.dialogue.conversation import Conversation
from kaikou.dialogue.events import (
    AudioOut,
    Event,
    Failed,
    Interrupted,
    Left,
    ReplyDone,
    ReplyText,
    TranscriptFinal,
)
from kaikou.dialogue.session import SessionConfig
from kaikou.errors import KaikouError
from kaikou.settings.loading import LoadedSettings


async def call(loaded: LoadedSettings, *, agent: str | None, language: str | None, voice: str | None) -> None:
    """Talk until Ctrl-C. NoMicrophone where there is none; said before any model is loaded."""
    sound_library()
    async with warmed(loaded, "talk") as runtime:
        assert runtime.live is not None
        over = asyncio.Event()
        failure: list[KaikouError] = []
        opened: list[Conversation] = []
        with Duplex(lambda pcm: _hear(opened, pcm)) as device:

            def show(event: Event) -> None:
                _show(event, device)
                if isinstance(event, Failed) and event.fatal:
                    failure.append(KaikouError(event.message, code=event.code, hint=event.hint))
                    over.set()
                elif isinstance(event, Left):
                    over.set()

            conversation = await runtime.live.open(
                SessionConfig(language=language, voice=voice, input_rate=RATE, output_rate=RATE),
                show,
                agent_id=agent or runtime.agents.default_id,
                surface="terminal",
            )
            console.note("Speak; Ctrl-C ends the call. Wear headphones, or the agent hears itself.")
            try:
                conversation.start()
                opened.append(conversation)
                await over.wait()
            finally:
                await conversation.close("the call is over")
        if failure:
            raise failure[0]


def _hear(opened: list[Conversation], pcm: Pcm) -> None:
    if opened and not opened[0].closed:
        opened[0].hear(pcm)


def _show(event: Event, device: Duplex) -> None:
    match event:
        case TranscriptFinal(transcript=transcript):
            print(f"You:    {transcript.text}")
        case ReplyText(delta=delta):
            print(delta, end="", flush=True)
        case ReplyDone():
            print()
        case AudioOut(data=data):
            device.play(data)
        case Interrupted():
            device.stop()
        case Failed(message=message):
            console.note(message)
        case _:
            pass
