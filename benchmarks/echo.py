"""Whether an agent interrupts itself on its own sound, and how soon a user does.

Synthetic rooms 50 to 400 ms away, 6 to 30 dB down, dry and reverberant; the microphone's sound goes through
``dialogue.echo`` in packets of 60 ms as a device sends them, then through Silero VAD. An interruption is
64 ms of voice, as the turn machine takes it. Two users speak over the agent, louder than its echo, as loud,
and softer.

As it is (about a minute): two voices that no constant was chosen with, each in 24 rooms alone and in 9 with a
user. ``--full`` (two): also those the constants were chosen with, in a row of their own.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from echo_rooms import HELD_OUT, TUNED_ON, USERS, Room, agent, over, rooms, voice

from kaikou.audio.echo import RATE
from kaikou.audio.pcm import Samples
from kaikou.dialogue.hearing.echo import EchoGuard
from kaikou.engines.weights.store import cache_folder

PACKET, AHEAD, WINDOW = 960, 9600, 512
SECONDS, AT = 9.0, 5.0
RELATIVE = (6.0, 0.0, -6.0)
"""Users against the echo, in dB."""
WEIGHTS = "silero-vad/silero_vad_16k_op15.onnx"


def through(microphone: Samples, played: Samples, packet: int = PACKET) -> tuple[Samples, list[bool], float]:
    """What is left of the microphone's sound, whether each window is the echo's, and processor seconds."""
    guard, cleaned, sent, spent = EchoGuard(), [], 0, 0.0
    ends: list[bool] = []
    for start in range(0, len(microphone) - packet + 1, packet):
        now = 100.0 + (start + packet) / RATE
        began = time.thread_time()
        while start and sent < min(len(played), start + AHEAD):
            piece = (played[sent : sent + PACKET] * 32767).astype("<i2").tobytes()
            guard.sent(piece, RATE, 100.0 + sent / RATE)
            sent += PACKET
        cleaned.append(guard.clean(microphone[start : start + packet], now, start))
        while (len(ends) + 1) * WINDOW <= start + packet:
            ends.append(guard.explains((len(ends) + 1) * WINDOW))
        spent += time.thread_time() - began
    return np.concatenate(cleaned), ends, spent


class Detector:
    def __init__(self, weights: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(weights, options)

    def onsets(self, samples: Samples, explained: Sequence[bool] | None = None) -> list[float]:
        """Seconds at which two windows in a row were a voice."""
        state, context = np.zeros((2, 1, 128), np.float32), np.zeros((1, 64), np.float32)
        found, run = [], 0
        for number in range(len(samples) // WINDOW):
            window = np.concatenate((context, samples[None, number * WINDOW : (number + 1) * WINDOW]), axis=1)
            rate = np.array(RATE, np.int64)
            output, state = self._session.run(None, {"input": window, "state": state, "sr": rate})
            context = window[:, -64:]
            voiced = output[0, 0] >= 0.5 and not (explained is not None and explained[number])
            run = run + 1 if voiced else 0
            if run == 2:
                found.append((number + 1) * WINDOW / RATE)
        return found


def row(
    name: str,
    voices: Sequence[Sequence[str]],
    alone: Sequence[Room],
    shared: Sequence[Room],
    detector: Detector,
) -> dict[str, Any]:
    selves = raw = count = 0
    spent = 0.0
    later: list[float] = []
    missed = dict.fromkeys(RELATIVE, 0)
    users = 0
    for names in voices:
        played = agent(names, SECONDS)
        for room in alone:
            microphone = room.microphone(played)
            cleaned, explained, cost = through(microphone, played)
            count, spent = count + 1, spent + cost
            selves += any(at > 0.5 for at in detector.onsets(cleaned, explained))
            raw += bool(detector.onsets(microphone))
        for user in USERS:
            for room in shared:
                echo, quiet = room.microphone(played), room.microphone(np.zeros_like(played) + 1e-9)
                for relative in RELATIVE:
                    mixed = over(echo, voice(user), AT, relative)
                    expected = [at for at in detector.onsets(mixed - echo + quiet) if at > AT]
                    cleaned, explained, _ = through(mixed, played)
                    found = [at for at in detector.onsets(cleaned, explained) if at > AT]
                    users += 1
                    if not found or not expected or found[0] > AT + len(voice(user)) / RATE:
                        missed[relative] += 1
                    else:
                        later.append(found[0] - expected[0])
    return {
        "voices": name,
        "runs": count,
        "interrupts_itself": selves,
        "without": raw,
        "users": users,
        "missed_louder_equal_softer": list(missed.values()),
        "later_ms_p50": float(np.quantile(later, 0.5)) * 1000,
        "later_ms_p90": float(np.quantile(later, 0.9)) * 1000,
        "core_percent": spent / (count * SECONDS) * 100,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=cache_folder() / WEIGHTS)
    parser.add_argument("--full", action="store_true", help="the voices tuned on, too")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    detector = Detector(given.weights)
    rows = []
    alone = rooms()
    shared = [Room(delay, down) for delay in (50, 250, 400) for down in (-6.0, -15.0, -30.0)]
    for name, voices in (("held out", HELD_OUT), ("tuned on", TUNED_ON))[: 2 if given.full else 1]:
        rows.append(row(name, voices, alone, shared, detector))
        shown = (
            f"{key} {one:.3g}" if isinstance(one, float) else f"{key} {one}" for key, one in rows[-1].items()
        )
        print("  ".join(shown), flush=True)
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
