"""The same conversation on Pipecat, with services that answer at once: for a comparison side by side.

It runs in an environment of its own (see benchmarks/live_capacity.py):

  pip install 'pipecat-ai[websocket,silero]'
  python benchmarks/pipecat_server.py [--port 8602] [--vad energy|silero] [--reply-seconds 1.25]

The pipeline is Pipecat's usual one: transport, recogniser, user context, language model, speech, transport,
assistant context, with its protobuf serializer. Everything that only costs time in such a measurement is
off: RTVI, metrics, logs, turn tracking, idle detection, the silence sent between replies. A turn ends
after VAD's 0.2 s of silence; no turn model and no further wait.
"""

import argparse
import math
import struct
import sys
from collections.abc import AsyncGenerator

import numpy as np
import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADAnalyzer, VADParams
from pipecat.frames.frames import (
    Frame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.serializers.protobuf import ProtobufFrameSerializer
from pipecat.services.llm_service import LLMService
from pipecat.services.settings import LLMSettings, STTSettings, TTSSettings
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.turns.user_start import VADUserTurnStartStrategy
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.utils.time import time_now_iso8601
from pipecat.workers.runner import WorkerRunner

IN_RATE, OUT_RATE = 16_000, 24_000
LOUD = 0.01
STOP_SECONDS = 0.2


class EnergyVad(VADAnalyzer):
    """Loudness of each 20 ms."""

    def num_frames_required(self) -> int:
        return self.sample_rate // 50

    def voice_confidence(self, buffer: bytes) -> float:
        samples = np.frombuffer(buffer, "<i2").astype(np.float32) * np.float32(1 / 32768)
        return 1.0 if float(np.dot(samples, samples)) >= LOUD**2 * len(samples) else 0.0


class InstantStt(STTService):
    """Knows the words the moment the speaker falls silent."""

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        yield None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, VADUserStoppedSpeakingFrame):
            words = "This is a scripted transcript."
            await self.push_frame(TranscriptionFrame(words, "", time_now_iso8601(), finalized=True))


class InstantLlm(LLMService):
    """Five words at once."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMContextFrame):
            await self.push_frame(LLMFullResponseStartFrame())
            await self.push_frame(LLMTextFrame("This is a scripted answer."))
            await self.push_frame(LLMFullResponseEndFrame())
        else:
            await self.push_frame(frame, direction)


class InstantTts(TTSService):
    """A tone, whole."""

    def __init__(self, tone: bytes) -> None:
        settings = TTSSettings(model=None, voice=None, language=None)
        super().__init__(
            push_start_frame=True, push_stop_frames=True, sample_rate=OUT_RATE, settings=settings
        )
        self._tone = tone

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        yield TTSAudioRawFrame(self._tone, OUT_RATE, 1, context_id=context_id)


def tone(seconds: float) -> bytes:
    """180 Hz, -34 dBFS."""
    level = 0.02 * 2**0.5 * 32767
    count = round(seconds * OUT_RATE)
    return b"".join(
        struct.pack("<h", round(level * math.sin(2 * math.pi * 180 * n / OUT_RATE))) for n in range(count)
    )


def analyzer(vad: str) -> VADAnalyzer:
    if vad == "silero":
        return SileroVADAnalyzer(sample_rate=IN_RATE, params=VADParams(stop_secs=STOP_SECONDS))
    # Loud enough is speech: no second gate by volume, and an onset like the other servers'.
    params = VADParams(confidence=0.5, start_secs=0.06, stop_secs=STOP_SECONDS, min_volume=0.0)
    return EnergyVad(sample_rate=IN_RATE, params=params)


def make_app(vad: str, reply_seconds: float) -> FastAPI:
    """The whole server: a pipeline for each socket."""
    app, sound = FastAPI(), tone(reply_seconds)

    @app.websocket("/ws")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        transport = FastAPIWebsocketTransport(
            socket,
            FastAPIWebsocketParams(
                audio_in_enabled=True,
                audio_out_enabled=True,
                audio_out_auto_silence=False,
                serializer=ProtobufFrameSerializer(),
            ),
        )
        user, assistant = LLMContextAggregatorPair(
            LLMContext(),
            user_params=LLMUserAggregatorParams(
                vad_analyzer=analyzer(vad),
                user_turn_strategies=UserTurnStrategies(
                    start=[VADUserTurnStartStrategy()],
                    stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.0)],
                ),
            ),
        )
        stages = [
            transport.input(),
            InstantStt(ttfs_p99_latency=0.0, settings=STTSettings(model=None, language=None)),
            user,
            InstantLlm(settings=LLMSettings(model=None)),
            InstantTts(sound),
            transport.output(),
            assistant,
        ]
        worker = PipelineWorker(
            Pipeline(stages),
            params=PipelineParams(audio_in_sample_rate=IN_RATE, audio_out_sample_rate=OUT_RATE),
            enable_rtvi=False,
            enable_turn_tracking=False,
            idle_timeout_secs=None,
            check_dangling_tasks=False,
        )

        @transport.event_handler("on_client_disconnected")
        async def gone(_transport: object, _socket: object) -> None:
            await worker.cancel()

        runner = WorkerRunner(handle_sigint=False, check_dangling_tasks=False)
        await runner.add_workers(worker)
        await runner.run()

    return app


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=8602)
    parser.add_argument("--vad", choices=["energy", "silero"], default="energy")
    parser.add_argument("--reply-seconds", type=float, default=1.25)
    parser.add_argument("--debug", action="store_true", help="Show Pipecat's log.")
    given = parser.parse_args()
    logger.remove()
    logger.add(sys.stderr, level="DEBUG" if given.debug else "ERROR")
    uvicorn.run(
        make_app(given.vad, given.reply_seconds),
        port=given.port,
        loop="uvloop",
        ws="websockets-sansio",
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
