"""The load generator measures what it says."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import orjson
import pybase64
import pytest

from kaikou.audio import g711
from kaikou.audio.pcm import Pcm
from kaikou.cli.bench_live import report, socket_url
from kaikou.cli.bench_talk import report as talk_report
from kaikou.cli.caller_ears import Ears
from kaikou.cli.caller_voice import babble, prepare, voiced_until
from kaikou.cli.load_figures import summary
from kaikou.cli.load_values import Caller, Load
from kaikou.cli.turn import Answer, Notes, Question
from kaikou.cli.watch import Spent, Watch
from kaikou.cli.wires import WIRES, Heard, Message
from kaikou.dialogue.events import AudioOut

RATE = 24_000
FRAME = 480
REALTIME = WIRES["realtime"]


def data_of(frame: Message) -> bytes:
    return pybase64.b64decode(orjson.loads(frame)["audio"])


def sound(frames: list[Message]) -> np.ndarray:
    return Pcm.from_int16(b"".join(map(data_of, frames)), RATE).samples


def test_the_clock_starts_at_the_last_voiced_sample_not_at_the_end_of_the_file() -> None:
    voice = prepare(Pcm.silence(0.3, RATE) + babble(1.0) + Pcm.silence(0.7, RATE), REALTIME)
    assert len(voice.frames) == 15 + 50
    assert voice.onset == 15
    assert not sound([voice.silence]).any()


def test_a_pause_is_put_in_the_middle() -> None:
    heard = sound(prepare(babble(1.2), REALTIME, pause=0.6).frames)
    assert len(heard) == round(1.8 * RATE)
    quiet = np.abs(heard).reshape(-1, FRAME).max(axis=1) < 1e-4
    runs = np.flatnonzero(quiet)
    assert 29 <= len(runs) <= 31
    assert runs[0] >= 20 and runs[-1] < 40 + 30  # the middle third of 60 voiced frames


def test_a_telephone_wire_sends_the_same_sound_as_one_byte_a_sample_at_8_khz() -> None:
    wire = WIRES["realtime-g711"]
    voice = prepare(babble(1.0), wire)
    assert {len(data_of(frame)) for frame in voice.frames} == {160}
    heard = g711.decode(b"".join(map(data_of, voice.frames)), "mulaw").samples
    wide = babble(1.0).samples
    assert np.sqrt(np.mean(heard**2)) == pytest.approx(np.sqrt(np.mean(wide**2)), rel=0.15)
    (opening,) = wire.opening(300)
    asked = orjson.loads(opening)["session"]["audio"]["input"]
    assert asked["format"] == {"type": "audio/pcmu"}
    assert asked["turn_detection"]["silence_duration_ms"] == 300


def test_a_schedule_says_how_many_turns_there_are() -> None:
    assert Load("ws://x", seconds=12, every=4).turns == 3
    assert Load("ws://x", seconds=0.9, every=0.3).turns == 3
    assert Load("ws://x", seconds=2, every=4).turns == 1
    assert Load("ws://x", seconds=12).turns is None


def test_latency_that_was_asked_for_is_not_counted_as_added() -> None:
    load = Load("ws://x", sessions=2, silence_ms=200, expected=0.1)
    callers = [
        Caller(turns=2, answered=2, latencies=[0.35, 0.45], lags=[0.0, 0.002], connecting=0.01),
        Caller(refused="HTTP 429"),
    ]
    figures = summary(load, callers)
    assert figures["added_ms"] == {"p50": 100.0, "p95": 145.0, "max": 150.0}
    assert figures["latency_ms"]["p50"] == 400.0
    assert (figures["refused"], figures["refusal"]) == (1, "HTTP 429")
    assert figures["send_lag_ms"]["max"] == 2.0
    assert figures["connect_ms"]["max"] == 10.0
    assert "interruption_ms" not in figures


def test_interruptions_have_figures_of_their_own() -> None:
    callers = [Caller(turns=4, cuts=[0.1, 0.2], told=[0.05], too_late=1)]
    figures = summary(Load("ws://x", interrupt=1.0), callers)["interruption_ms"]
    assert figures["cut"] == {"p50": 150.0, "p95": 195.0, "max": 200.0}
    assert figures["told"]["p50"] == 50.0
    assert (figures["measured"], figures["too_late"]) == (2, 1)


def test_no_turn_at_all_is_no_number() -> None:
    load = Load("ws://x")
    figures = summary(load, [Caller(turns=1)])
    assert figures["latency_ms"] == {"p50": None, "p95": None, "max": None}
    assert figures["answered"] == 0
    assert orjson.dumps(report(load, "babble", [figures]))


def test_what_a_session_needs_is_counted_above_the_idle_process() -> None:
    figures = Spent(cores=0.3, memory=160_000_000, idle=100_000_000, pid=7).figures(60)
    assert figures["cpu_percent"] == 30.0
    assert figures["cpu_ms_per_session_second"] == 5.0
    assert figures["mb_per_session"] == 1.0


def test_realtime_events_are_read() -> None:
    def read(**event: object) -> Heard:
        return REALTIME.read(orjson.dumps(event))

    assert read(type="response.output_audio.delta", response_id="r1", delta="AAAA") == Heard("audio", "r1")
    assert read(type="response.done", response={"id": "r1", "status": "cancelled"}) == Heard(
        "done", "r1", "cancelled"
    )
    assert read(type="error", error={"code": "full", "message": "No place."}).text == "full: No place."
    assert read(type="rate_limits.updated").kind == "other"


class Tape:
    """Feeds events to a caller's ears as the server would."""

    def __init__(self) -> None:
        self.caller = Caller()
        self.ears = Ears(REALTIME, self.caller)

    def audio(self, reply: str) -> None:
        self.ears.take(orjson.dumps({"type": "response.output_audio.delta", "response_id": reply}))

    def done(self, reply: str, status: str = "completed") -> None:
        self.ears.take(orjson.dumps({"type": "response.done", "response": {"id": reply, "status": status}}))


def test_an_interrupted_reply_is_heard_out_while_the_next_one_begins() -> None:
    tape = Tape()
    ears = tape.ears
    tape.audio("r1")
    assert ears.under_way and ears.first_audio is not None
    ears.interrupted()
    assert ears.cut_is_named and ears.last_cut_audio is None
    tape.audio("r1")
    last = ears.last_cut_audio
    assert last is not None and ears.first_audio is None
    tape.done("r1", "cancelled")
    assert not ears.done.is_set()  # no sound of an answer yet
    tape.audio("r2")
    assert ears.last_cut_audio == last and ears.first_audio is not None
    tape.done("r2")
    assert ears.done.is_set()


def test_a_reply_that_failed_or_was_never_heard() -> None:
    tape = Tape()
    tape.done("r0", "cancelled")
    assert not tape.ears.done.is_set()
    tape.done("r1", "failed")
    assert tape.ears.done.is_set() and tape.ears.first_audio is None


def test_addresses_of_pages_and_sockets_mean_the_same() -> None:
    assert socket_url("http://127.0.0.1:8000", "/v1/realtime") == "ws://127.0.0.1:8000/v1/realtime"
    assert socket_url("https://voice.example/", "/ws") == "wss://voice.example/ws"
    assert socket_url("ws://gpu:9/other?model=x", "/v1/realtime") == "ws://gpu:9/other?model=x"


def test_a_server_that_cannot_be_watched_gives_no_figures() -> None:
    watch = Watch("ws://127.0.0.1:9/v1/realtime")
    watch.idle()
    assert asyncio.run(watch.during(0.01)) is None


def test_the_last_voiced_sample_of_a_recording() -> None:
    assert voiced_until(Pcm.silence(0.3, RATE) + babble(1.0) + Pcm.silence(0.7, RATE)) == pytest.approx(1.3)
    assert voiced_until(Pcm.silence(0.5, RATE)) == pytest.approx(0.5)


def test_talk_reports_each_file_and_each_turn() -> None:
    files = [Path("a.wav"), Path("b.wav"), Path("a.wav")]
    answers = [
        Answer(
            "hello",
            "hi",
            None,
            {"transcript": seconds / 2, "total": seconds, "answered": seconds + 0.1},
            (0.1, seconds / 8) if seconds > 1 else (),
        )
        for seconds in (1.0, 2.0, 3.0)
    ]
    found = talk_report([Question(file, hands_free=True) for file in files], answers)
    assert found["turns"] == 3 and found["hands_free"]
    assert found["stages"]["total"] == {"p50": 2.0, "p95": 2.9, "worst": 3.0}
    assert found["files"]["a.wav"]["worst"] == 3.1 and found["files"]["b.wav"]["p50"] == 2.1
    assert found["longest_gap"] == {"p50": 0.25, "p95": 0.362, "worst": 0.375}
    assert found["silence"]["worst"] == 0.475 and found["ran_out"] == [0, 0, 1]
    assert orjson.loads(orjson.dumps(found))["answers"][1]["timings"]["answered"] == 2.1


async def test_a_gap_is_where_the_sound_ran_out(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = Notes()
    loop = asyncio.get_running_loop()
    second = bytes(2 * RATE)
    for at in (5.0, 5.5, 7.25, 8.0):
        monkeypatch.setattr(loop, "time", lambda at=at: at)
        notes.take(AudioOut("reply", "item", second, 0))
    monkeypatch.undo()
    # Two seconds had come by 5.5: they last until 7; the third is late by a quarter of a second.
    assert notes.gaps == [0.25]
    assert notes.sounded_at == 5.0
