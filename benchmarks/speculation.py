"""What beginning a reply before the turn's end is sure gains, and what it wastes.

    python benchmarks/speculation.py tests/data/speech/en_*.opus --language en
    python benchmarks/speculation.py question.wav --pauses 0.4,0.8 --json figures.json

Each recording is asked with ``live.speculate`` on and off: the gain is the difference of the medians of
"answered", from the last voiced sample to the reply's first audio. Then each is asked with a pause for
thought in the middle of its sentence: replies begun for what was said before it are thrown away. Wasted are
their tokens and their sound; ``cpu`` is what this process and the language model's used for a turn: the
difference with speculation on and off is what the guesses cost.
``--soft-end`` sets the silence (ms) after which a guess is made.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from kaikou.api.runtime import Runtime
from kaikou.audio.decoding import decode
from kaikou.audio.pcm import Pcm
from kaikou.cli.sound import write_sound
from kaikou.cli.turn import RATE, Question, ask, warmed
from kaikou.dialogue.speaking.reply import ReplyPlan
from kaikou.dialogue.speaking.replying import Replying, Think
from kaikou.dialogue.waterfall import Waterfall
from kaikou.engines.ports import Delta
from kaikou.settings.loading import load_settings
from kaikou.settings.tree import LiveSettings


@dataclass
class Guess:
    """A reply begun unheard."""

    began: float = field(default_factory=time.perf_counter)
    tokens: int = 0


@dataclass
class Guesses:
    """The replies that were begun unheard, and those of them that nobody heard."""

    begun: int = 0
    thrown_away: int = 0
    wasted_tokens: int = 0
    wasted_sound: float = 0.0
    """Seconds of speech that were synthesised for nothing."""
    wasted_seconds: float = 0.0
    """For which they ran, or lay finished."""


@contextmanager
def counted(found: Guesses) -> Iterator[None]:
    """Count in ``found`` the guesses of all conversations, finished ones too: a guess that is thrown away is
    wasted whether or not it had come to its end."""
    open_guesses: dict[str, Guess] = {}
    begin, discard = Replying.begin, Replying.discard

    async def counting(thoughts: AsyncGenerator[Delta, None], guess: Guess) -> AsyncGenerator[Delta, None]:
        async with aclosing(thoughts):
            async for delta in thoughts:
                guess.tokens += bool(delta.text)
                yield delta

    def counting_begin(
        self: Replying,
        generation: int,
        plan: ReplyPlan,
        think: Think,
        fall: Waterfall,
    ) -> None:
        guess = Guess()
        begin(self, generation, plan, lambda reply: counting(think(reply), guess), fall)
        assert self.guess is not None
        open_guesses[self.guess.reply.id] = guess
        found.begun += 1

    def counting_discard(self: Replying) -> None:
        reply = self.guess.reply if self.guess is not None else None
        discard(self)
        if reply is not None and (guess := open_guesses.pop(reply.id, None)) is not None:
            found.thrown_away += 1
            found.wasted_tokens += guess.tokens
            found.wasted_sound += reply.track.appended_ms / 1000
            found.wasted_seconds += time.perf_counter() - guess.began

    Replying.begin, Replying.discard = counting_begin, counting_discard  # type: ignore[method-assign]
    try:
        yield
    finally:
        Replying.begin, Replying.discard = begin, discard  # type: ignore[method-assign]


def processor_seconds(pid: int | None) -> float:
    """Used by this process and by the process ``pid``, its child; Linux only."""
    own = time.process_time()
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return own
    return own + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Round:
    """One way of asking all the files."""

    answered: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    guesses: Guesses = field(default_factory=Guesses)

    def figures(self) -> dict[str, float | int]:
        turns = max(1, len(self.answered))
        return {
            "turns": len(self.answered),
            "answered_p50": round(statistics.median(self.answered), 3),
            "answered_worst": round(max(self.answered), 3),
            "cpu_seconds_a_turn": round(statistics.mean(self.cpu), 2),
            "begun_unheard_a_turn": round(self.guesses.begun / turns, 2),
            "thrown_away_a_turn": round(self.guesses.thrown_away / turns, 2),
            "wasted_tokens_a_turn": round(self.guesses.wasted_tokens / turns, 2),
            "wasted_sound_a_turn": round(self.guesses.wasted_sound / turns, 2),
            "wasted_seconds_a_turn": round(self.guesses.wasted_seconds / turns, 2),
        }


def with_pause(file: Path, seconds: float, folder: Path) -> Path:
    """The recording, its speaker thinking for ``seconds`` in the middle of the sentence: where it is quietest
    in the middle third of what is said."""
    samples = decode(file, RATE).samples
    hop = RATE // 50
    power = np.square(samples[: len(samples) // hop * hop]).reshape(-1, hop).mean(axis=1)
    voiced = np.flatnonzero(power > 0.001 * power.max())
    first, last = int(voiced[0]), int(voiced[-1]) + 1
    third = max(1, (last - first) // 3)
    at = (first + third + int(power[first + third : last - third].argmin())) * hop
    made = np.concatenate([samples[:at], np.zeros(round(seconds * RATE), np.float32), samples[at:]])
    path = folder / f"{file.stem}-{seconds:g}.wav"
    write_sound(path, Pcm(made, RATE))
    return path


async def measure(
    runtime: Runtime, live: LiveSettings, files: Sequence[Path], given: argparse.Namespace
) -> dict[str, Round]:
    """Each of ``files`` with and without guesses, one after the other: both meet the same machine."""
    assert runtime.engines is not None
    pid = getattr(runtime.engines.llm, "pid", None)
    rounds = {"speculating": Round(), "not speculating": Round()}
    for file in [*files] * given.repeats:
        for way, round_ in rounds.items():
            live.speculate = way == "speculating"
            with counted(round_.guesses):
                before = processor_seconds(pid)
                answer = await ask(runtime, Question(file, language=given.language, hands_free=True))
                round_.cpu.append(processor_seconds(pid) - before)
            round_.answered.append(answer.timings["answered"])
    return rounds


async def compare(given: argparse.Namespace) -> dict[str, dict[str, float | int]]:
    pauses = [float(one) for one in given.pauses.split(",") if one]
    loaded = load_settings()
    live = loaded.settings.live.model_copy(update={"soft_end_ms": given.soft_end} if given.soft_end else {})
    loaded = replace(loaded, settings=loaded.settings.model_copy(update={"live": live}))
    found = {}
    with tempfile.TemporaryDirectory() as name:
        sets: dict[str, list[Path]] = {} if given.only_pauses else {"as spoken": given.files}
        for pause in pauses:
            paused = [with_pause(one, pause, Path(name)) for one in given.files]
            sets[f"pause of {pause:g} s"] = paused
        async with warmed(loaded, "speculation") as runtime:
            assert runtime.engines is not None
            rehearsal: asyncio.Task[None] | None = getattr(runtime.engines.tts, "rehearsal", None)
            if rehearsal is not None:
                await asyncio.wait({rehearsal})
            await ask(runtime, Question(given.files[0], language=given.language, hands_free=True))
            for title, files in sets.items():
                for way, round_ in (await measure(runtime, live, files, given)).items():
                    figures = found[f"{title}, {way}"] = round_.figures()
                    print(
                        f"{title}, {way}",
                        *(f"  {key.replace('_', ' '):24} {value}" for key, value in figures.items()),
                        sep="\n",
                        flush=True,
                    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--language")
    parser.add_argument("--pauses", default="0.6", help="seconds, with commas; empty for none")
    parser.add_argument("--only-pauses", action="store_true", help="not as spoken, too")
    parser.add_argument("--soft-end", type=int, help="ms; default: the setting")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    found = asyncio.run(compare(given))
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
