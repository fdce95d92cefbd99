"""What beginning a reply before the turn's end is sure gains, and what it wastes.

    python benchmarks/speculation.py tests/data/speech/en_*.opus --language en
    python benchmarks/speculation.py question.wav --pauses 0.4,0.8 --json figures.json

Each recording is asked with ``live.speculate`` on and off: the gain is the difference of the medians of
"answered", from the last voiced sample to the reply's first audio. Then each is asked with a pause for
thought in the middle of a sentence (two recordings, one after the other): replies begun for the first part
are thrown away. Wasted are their tokens, and the time their answers took; ``cpu`` is what this process and
its children used for a turn. ``--soft-end`` sets the silence (ms) after which a guess is made.
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
from typing import Any

import numpy as np

from kaikou.audio.decoding import decode
from kaikou.audio.pcm import Pcm
from kaikou.cli.sound import write_sound
from kaikou.cli.turn import RATE, Question, ask, warmed
from kaikou.engines.ports import Delta, LanguageModel
from kaikou.settings_load import load_settings


@dataclass
class Thoughts:
    """What the language model was asked for."""

    finished: int = 0
    thrown_away: int = 0
    wasted_tokens: int = 0
    wasted_seconds: float = 0.0


@contextmanager
def counted(model: LanguageModel) -> Iterator[Thoughts]:
    """Count the model's answers, and those that nobody let finish."""
    thoughts, stream = Thoughts(), model.stream

    async def counting(*args: Any, **kwargs: Any) -> AsyncGenerator[Delta, None]:
        began, tokens, whole = time.perf_counter(), 0, False
        try:
            async with aclosing(stream(*args, **kwargs)) as deltas:
                async for delta in deltas:
                    tokens += bool(delta.text)
                    whole = whole or delta.finish is not None
                    yield delta
        finally:
            if whole:
                thoughts.finished += 1
            else:
                thoughts.thrown_away += 1
                thoughts.wasted_tokens += tokens
                thoughts.wasted_seconds += time.perf_counter() - began

    model.stream = counting  # type: ignore[method-assign]
    try:
        yield thoughts
    finally:
        model.stream = stream  # type: ignore[method-assign]


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
    thoughts: Thoughts = field(default_factory=Thoughts)

    def figures(self) -> dict[str, float | int]:
        turns = max(1, len(self.answered))
        return {
            "turns": len(self.answered),
            "answered_p50": round(statistics.median(self.answered), 3),
            "answered_worst": round(max(self.answered), 3),
            "cpu_seconds_a_turn": round(statistics.mean(self.cpu), 2),
            "thrown_away_a_turn": round(self.thoughts.thrown_away / turns, 2),
            "wasted_tokens_a_turn": round(self.thoughts.wasted_tokens / turns, 2),
            "wasted_seconds_a_turn": round(self.thoughts.wasted_seconds / turns, 2),
        }


def with_pause(first: Path, second: Path, seconds: float, folder: Path) -> Path:
    """A recording of one speaker who thinks for ``seconds`` between two stretches."""
    parts = [decode(file, RATE).samples for file in (first, second)]
    silence = np.zeros(round(seconds * RATE), np.float32)
    # The recordings' own silence at the joint would lengthen the pause.
    joined = np.concatenate([np.trim_zeros(parts[0], "b"), silence, np.trim_zeros(parts[1], "f")])
    path = folder / f"{first.stem}-{seconds:g}-{second.stem}.wav"
    write_sound(path, Pcm(joined, RATE))
    return path


async def measure(
    files: Sequence[Path], language: str | None, *, speculate: bool, soft_end: int | None, repeats: int
) -> dict[str, float | int]:
    loaded = load_settings()
    changes: dict[str, Any] = {"speculate": speculate} | ({"soft_end_ms": soft_end} if soft_end else {})
    live = loaded.settings.live.model_copy(update=changes)
    loaded = replace(loaded, settings=loaded.settings.model_copy(update={"live": live}))
    round_ = Round()
    async with warmed(loaded, "speculation") as runtime:
        assert runtime.engines is not None
        llm = runtime.engines.llm
        await ask(runtime, Question(files[0], language=language, hands_free=True))  # reads the prompt
        with counted(llm) as round_.thoughts:
            for file in [*files] * repeats:
                before = processor_seconds(getattr(llm, "pid", None))
                answer = await ask(runtime, Question(file, language=language, hands_free=True))
                round_.cpu.append(processor_seconds(getattr(llm, "pid", None)) - before)
                round_.answered.append(answer.timings["answered"])
    return round_.figures()


async def compare(given: argparse.Namespace) -> dict[str, dict[str, float | int]]:
    pauses = [float(one) for one in given.pauses.split(",") if one]
    found = {}
    with tempfile.TemporaryDirectory() as name:
        sets: dict[str, list[Path]] = {"as spoken": given.files}
        for pause in pauses:
            others = [*given.files[1:], given.files[0]]
            sets[f"pause of {pause:g} s"] = [
                with_pause(one, other, pause, Path(name))
                for one, other in zip(given.files, others, strict=True)
            ]
        for title, files in sets.items():
            for speculate in (True, False):
                way = f"{title}, {'speculating' if speculate else 'not speculating'}"
                found[way] = await measure(
                    files, given.language, speculate=speculate, soft_end=given.soft_end, repeats=given.repeats
                )
                print(
                    way,
                    *(f"  {key.replace('_', ' '):24} {value}" for key, value in found[way].items()),
                    sep="\n",
                )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--language")
    parser.add_argument("--pauses", default="0.6", help="seconds, with commas; empty for none")
    parser.add_argument("--soft-end", type=int, help="ms; default: the setting")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    found = asyncio.run(compare(given))
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
