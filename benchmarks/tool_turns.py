"""What Kaikou adds to a turn in which the model calls a tool.

A written conversation with a model that answers at once and a tool that does nothing: from the model's last
word of the call to its being asked again with the result, all that passes is Kaikou's. The toolbox holds the
built-in tools and ``--tools`` others; ``--at-once`` conversations talk at the same time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kaikou.dialogue.conversation import Conversation
from kaikou.dialogue.events import Event, ReplyDone
from kaikou.dialogue.session import SessionConfig, TurnPolicy
from kaikou.dialogue.speaking.pacer import Pacer
from kaikou.dialogue.speaking.phrases import Mouth
from kaikou.dialogue.tool_calls.caller import SessionCaller
from kaikou.dialogue.tool_calls.hands import Hands
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Card, Delta, Engines, Generation, Message, Tool, ToolCall
from kaikou.engines.selection import build
from kaikou.engines.weights.store import WeightStore
from kaikou.intent.calling import FunctionCalling
from kaikou.settings.tree import Settings
from kaikou.tools.ports import Caller, Outcome, SourceStatus, ToolSpec
from kaikou.tools.room import ToolRoom

SCRIPTED = {kind: {"engine": "scripted"} for kind in ("vad", "stt", "llm", "tts")}
SCHEMA = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}


class Instant:
    """A model that calls the tool, and answers once it has the result; both at once."""

    card = Card("llm", "instant", "Instant", scripted=True)

    def __init__(self) -> None:
        self.taken: list[float] = []
        self._called: dict[str, float] = {}

    async def stream(
        self, messages: Sequence[Message], generation: Generation = Generation(), **_: Any
    ) -> AsyncGenerator[Delta, None]:
        now = time.perf_counter()
        if messages[-1].role == "tool":
            self.taken.append((now - self._called.pop(messages[-1].tool_call_id or "")) * 1e3)
            yield Delta(text="Done.")
            yield Delta(finish="stop")
            return
        call = ToolCall(f"call_{id(messages)}_{now}", "tool_0", '{"word": "x"}')
        yield Delta(tool_call=call)
        self._called[call.id] = time.perf_counter()
        yield Delta(finish="tool_calls")

    async def warm(self, messages: Sequence[Message], generation: Generation = Generation()) -> None: ...


class Nothing:
    """``count`` tools that do nothing."""

    name = "mcp:nothing"

    def __init__(self, count: int) -> None:
        self._specs = tuple(ToolSpec(Tool(f"tool_{n}", "Nothing.", SCHEMA), self.name) for n in range(count))

    def specs(self, caller: Caller) -> Sequence[ToolSpec]:
        return self._specs

    async def call(self, name: str, arguments: Mapping[str, Any], caller: Caller) -> Outcome:
        return Outcome("done")

    def status(self) -> SourceStatus:
        return SourceStatus()


async def talk(engines: Engines, settings: Settings, hands: Hands, turns: int) -> None:
    """One conversation of so many turns, begun anew every twenty."""
    config = SessionConfig("Help.", audio_replies=False, turn=TurnPolicy(mode="manual"))
    ended = asyncio.Event()

    def sink(event: Event) -> None:
        if isinstance(event, ReplyDone):
            ended.set()

    pacer = Pacer()
    for begun in range(0, turns, 20):
        conversation = Conversation(
            config,
            sink,
            engines=engines,
            mouth=Mouth(engines.tts),
            pacer=pacer,
            settings=settings,
            hands=hands,
        )
        for _ in range(min(20, turns - begun)):
            ended.clear()
            conversation.say("Do it.")
            await ended.wait()
            await asyncio.sleep(0)
        await conversation.close()


async def main(turns: int, tools: int, at_once: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), **SCRIPTED)  # type: ignore[arg-type]
        pool = Pool(settings.pool)
        built = build(settings, pool, WeightStore(settings.models))
        model = Instant()
        engines = Engines(built.vad, None, built.stt, model, built.tts)  # type: ignore[arg-type]
        room = ToolRoom(Path(folder), settings.tools)
        box = room.toolbox.with_sources([Nothing(tools)])
        hands = [
            Hands(box, SessionCaller("a", f"c{number}"), settings.tools, FunctionCalling())
            for number in range(at_once)
        ]
        await talk(engines, settings, hands[0], 20)
        model.taken.clear()
        await asyncio.gather(*(talk(engines, settings, one, turns) for one in hands))
        await room.close()
        await pool.close()
    p50, p95, most = np.percentile(model.taken, [50, 95, 100])
    calls = len(model.taken)
    return {"tools": tools, "at_once": at_once, "calls": calls, "p50_ms": p50, "p95_ms": p95, "max_ms": most}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=500)
    parser.add_argument("--tools", type=int, default=25)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    row = asyncio.run(main(chosen.turns, chosen.tools, chosen.at_once))
    print("  ".join(f"{name} {value:.2f}" for name, value in row.items()))
    if chosen.json:
        chosen.json.write_text(json.dumps(row, indent=2) + "\n")
