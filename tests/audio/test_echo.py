"""Recorded voices played into synthetic rooms and heard again by the microphone."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from kaikou.audio.echo import HOP, LATE, RATE, EchoReference, EchoSuppressor
from kaikou.audio.pcm import Samples
from kaikou.dialogue.hearing.echo import EchoGuard

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from echo_rooms import HELD_OUT, TUNED_ON, USERS, Room, agent, over, voice

WINDOW, PACKET, AHEAD = 512, 960, 9600
ROOMS = [Room(50, -6.0, 0.5, -55.0), Room(250, -15.0, 0.15, -60.0), Room(400, -20.0, 0.5, -55.0)]


def explained(
    microphone: Samples, played: Samples, guard: EchoGuard | None = None
) -> tuple[Samples, np.ndarray]:
    """What is left of the microphone's sound, and which windows of 32 ms the echo explains."""
    guard, cleaned, sent = guard or EchoGuard(), [], 0
    for start in range(0, len(microphone) - PACKET + 1, PACKET):
        now = 7.0 + (start + PACKET) / RATE
        while start and sent < min(len(played), start + AHEAD):
            piece = (played[sent : sent + PACKET] * 32767).astype("<i2").tobytes()
            guard.sent(piece, RATE, 7.0 + sent / RATE)
            sent += PACKET
        cleaned.append(guard.clean(microphone[start : start + PACKET], now, start))
    left = np.concatenate(cleaned)
    ends = range(WINDOW, len(left) + 1, WINDOW)
    # As a detector asks: soon after, while it is remembered. Nothing is forgotten in ten seconds.
    return left, np.array([guard.explains(end) for end in ends])


def loud(samples: Samples, above: float) -> np.ndarray:
    windows = samples[: len(samples) // WINDOW * WINDOW].reshape(-1, WINDOW)
    return np.sqrt(np.mean(windows**2, axis=1)) > above


def longest_run(flags: np.ndarray) -> int:
    longest = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest


@pytest.mark.parametrize("room", ROOMS, ids=str)
@pytest.mark.parametrize("voices", [*TUNED_ON, *HELD_OUT], ids=lambda names: names[0])
def test_the_agent_does_not_hear_itself(voices: tuple[str, ...], room: Room) -> None:
    played = agent(voices, 8.0)
    microphone = room.microphone(played)
    echo = room.microphone(played) - Room(
        room.delay_ms, room.attenuation, room.reverberation, -200
    ).microphone(np.zeros_like(played) + 1e-9)
    left, told = explained(microphone, played)
    heard = loud(left, 2 * 10 ** (room.noise / 20)) & ~told[: len(left) // WINDOW]
    assert longest_run(heard) < 2
    assert np.sum(loud(echo, 2 * 10 ** (room.noise / 20))) > 40  # there was something to hear


@pytest.mark.parametrize(
    "voices,user,relative",
    [(HELD_OUT[1], user, relative) for user in USERS for relative in (6.0, 0.0, -6.0)]
    + [(HELD_OUT[0], USERS[0], relative) for relative in (6.0, 0.0, -6.0)]
    + [(HELD_OUT[0], USERS[1], 6.0)],
)
def test_a_user_is_heard_over_the_agent(voices: tuple[str, ...], user: str, relative: float) -> None:
    room, at = Room(250, -15.0), 5.0
    played = agent(voices, 8.0)
    spoken = voice(user)
    left, told = explained(over(room.microphone(played), spoken, at, relative), played)
    begins = (int(at * RATE) + int(np.argmax(np.abs(spoken) > 0.1))) // WINDOW
    assert told[RATE // WINDOW : int(at * RATE) // WINDOW].mean() > 0.9
    assert not told[begins : begins + 13].all()  # by 0.4 s after the first loud sound
    assert loud(left, 0.01)[begins : begins + 13].any()


@pytest.mark.parametrize("later", [1, 3, 8])
def test_an_echo_that_comes_later_than_before_deafens_nobody(later: int) -> None:
    """Jitter, a queue that ran empty: the delay is found anew, the room need not be learned again."""
    room, at, shift = Room(180, -12.0, 0.25, -60.0), 6.0, int(4.5 * RATE)
    played = agent(HELD_OUT[0], 9.0)
    heard = room.microphone(played)
    heard = np.concatenate((heard[:shift], np.zeros(later * HOP, np.float32), heard[shift : -later * HOP]))
    spoken = voice(USERS[0])
    left, told = explained(over(heard, spoken, at, 6.0), played)
    begins = (int(at * RATE) + int(np.argmax(np.abs(spoken) > 0.1))) // WINDOW
    assert not told[begins : begins + 13].all()
    assert longest_run(~told[begins : begins + 60]) > 20 and loud(left, 0.01)[begins : begins + 13].any()


def test_without_an_echo_everything_passes_as_it_was() -> None:
    suppressor = EchoSuppressor(EchoReference())
    sound = voice("en_agree_to_disagree")
    left = np.concatenate([suppressor.clean(sound[at : at + 333]) for at in range(0, len(sound), 333)])
    assert len(left) == len(sound) and suppressor.open and not suppressor.active
    assert np.allclose(left[LATE:], sound[:-LATE], atol=1e-6) and not left[:LATE].any()


def test_a_microphone_that_hears_no_echo_is_soon_trusted() -> None:
    """Headphones: the agent speaks, and only the user is heard."""
    played = agent(HELD_OUT[0], 8.0)
    microphone = np.random.default_rng(0).standard_normal(len(played)).astype(np.float32) * 1e-3
    spoken = voice("zh_what_is_this")
    start = 3 * RATE
    microphone[start : start + len(spoken)] += spoken[: len(microphone) - start]
    _, told = explained(microphone, played)
    assert not told[start // WINDOW :].any()


def test_a_reference_that_comes_in_pieces_lies_where_it_is_played() -> None:
    reference = EchoReference(1.0)
    reference.add(np.full(100, 1.0, np.float32), 50)
    reference.add(np.full(100, 2.0, np.float32), 150)
    reference.add(np.full(10, 3.0, np.float32), 400)
    found = reference.between(0, 500)
    assert found[:50].max() == 0 and found[50] == 1 and found[150] == 2 and found[249] == 2
    assert not found[250:400].any() and found[400] == 3 and reference.end == 410
    assert not reference.between(5_000_000, 5_000_100).any()
    reference.add(np.ones(10, np.float32), 6_000_000)
    assert reference.between(6_000_000, 6_000_010).all()
