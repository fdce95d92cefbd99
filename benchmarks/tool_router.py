"""How well the offline model's router finds what people ask for, and what it costs.

Sentences of a file in ``data/`` go through the router with all built-in tools, one after the other, with the
language model of the settings. A decision is right when the tool is, and the arguments that count.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import tempfile
import time
import tomllib
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import numpy as np
from nobody import Nobody
from pydantic import SecretStr

from kaikou.engines.ports import Delta, Embedder, LanguageModel, Message, Tool
from kaikou.intent.meaning import Meaning
from kaikou.intent.router import Router
from kaikou.server import open_engine
from kaikou.settings.loading import load_settings
from kaikou.settings.services import ToolSettings
from kaikou.tools.builtin.loudness import change_said
from kaikou.tools.ports import AgentChoice, Caller, Found, Reminder, Rhythm, ToolPorts
from kaikou.tools.room import ToolRoom

PATIENCE = 60.0
"""Seconds: on a busy machine it is the decisions that are looked at."""
DATA = Path(__file__).parent / "data"
SETS = {
    "known": DATA / "tool_requests.toml",
    "heldout": DATA / "tool_requests_heldout.toml",
    "spoken": DATA / "tool_requests_spoken.toml",
    "final": DATA / "tool_requests_final.toml",
}


class Nobodys:
    """Stands for all other rooms, so that every tool is offered. Nothing is called."""

    async def choices(self) -> Sequence[AgentChoice]:
        return ()

    async def add(self, text: str, when: str, repeat: Rhythm, caller: Caller) -> Reminder:
        raise NotImplementedError

    async def move(self, when: str, repeat: Rhythm, caller: Caller) -> Reminder | None:
        raise NotImplementedError

    async def list(self, caller: Caller) -> Sequence[Reminder]:
        return ()

    async def cancel(self, which: str, caller: Caller) -> Sequence[Reminder]:
        return ()

    def offered(self, caller: Caller) -> bool:
        return True

    async def search(self, query: str, caller: Caller, limit: int) -> Sequence[Found]:
        return ()

    def names(self, caller: Caller) -> Sequence[str]:
        return ("kitchen",)

    async def speak(self, name: str, text: str, caller: Caller) -> None: ...


class NoModel:
    """Stands for a model that takes everything for talk: what the examples alone find."""

    async def stream(self, *_: Any, **__: Any) -> Any:
        yield Delta(text='"talk"')


class Counted:
    """The model, and how often it was asked."""

    def __init__(self, model: LanguageModel) -> None:
        self.asked = 0
        self._model = model

    def stream(self, *args: Any, **more: Any) -> Any:
        self.asked += 1
        return self._model.stream(*args, **more)


def right(sentence: dict[str, Any], name: str | None, arguments: dict[str, Any]) -> bool:
    if "direction" in sentence and "percent" not in arguments:
        change = change_said(str(arguments.get("change", "")))
        if change is None or (change > 0) != (sentence["direction"] == "up"):
            return False
    wanted = {key: value for key, value in sentence.items() if key not in {"words", "tool", "direction"}}
    given = {key: value.lower() if isinstance(value, str) else value for key, value in arguments.items()}
    return name == sentence.get("tool") and all(given.get(key) == value for key, value in wanted.items())


async def route(
    model: LanguageModel, meaning: Meaning | None, tools: Sequence[Tool], sentences: Path
) -> list[dict[str, Any]]:
    router, counted = Router(meaning, PATIENCE), Counted(model)
    rows = []
    for sentence in tomllib.loads(sentences.read_text("utf-8"))["said"]:
        before, began = counted.asked, time.perf_counter()
        prompt = [Message("system", "Be brief."), Message("user", sentence["words"])]
        decision = await router.decide(prompt, tools, counted)  # type: ignore[arg-type]
        seconds = time.perf_counter() - began
        call = decision.calls[0] if decision.calls else None
        name, arguments = (call.name, json.loads(call.arguments)) if call else (None, {})
        rows.append(
            {
                "words": sentence["words"],
                "language": "zh" if re.search(r"[\u4e00-\u9fff]", sentence["words"]) else "en",
                "wanted": sentence.get("tool"),
                "got": name,
                "arguments": arguments,
                "right": right(sentence, name, arguments),
                "asked": counted.asked > before,
                "seconds": seconds,
            }
        )
    return rows


def told(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        if not row["right"]:
            print(f"  wrong: {row['words']}  wanted {row['wanted']}, got {row['got']} {row['arguments']}")
    for language in ("en", "zh"):
        own = [row for row in rows if row["language"] == language]
        asks, talk = [row for row in own if row["wanted"]], [row for row in own if not row["wanted"]]
        print(
            f"{language}: {sum(row['right'] for row in own)} of {len(own)} right; "
            f"requests {sum(row['right'] for row in asks)} of {len(asks)}, "
            f"called in {sum(row['got'] is not None for row in talk)} of {len(talk)} sentences of talk; "
            f"without the model {sum(not row['asked'] for row in own)}"
        )
    with_model = [row["seconds"] for row in rows if row["asked"]]
    without = [row["seconds"] for row in rows if not row["asked"]]
    for name, taken in (("with the model", with_model), ("without", without)):
        if taken:
            p50, p95 = np.percentile(taken, [50, 95])
            print(f"{name}: {len(taken)} sentences, p50 {p50 * 1e3:.1f} ms, p95 {p95 * 1e3:.1f} ms")


async def main(sentences: Path, *, model_asked: bool, by_meaning: bool) -> list[dict[str, Any]]:
    settings = load_settings().settings
    with tempfile.TemporaryDirectory() as folder:
        tools = ToolSettings(
            music_folder=Path(folder),
            news_feeds=("https://example.org/feed",),
            search_url="https://example.org",
            home_assistant_url="https://example.org",
            home_assistant_token=SecretStr("none"),
        )
        house = Nobodys()
        ports = ToolPorts(knowledge=house, schedule=house, devices=house, agents=house)
        room = ToolRoom(Path(folder), tools, ports)
        offered = room.toolbox.tools(Nobody())
        async with AsyncExitStack() as opened:
            model: Any = NoModel()
            if model_asked:
                opening = open_engine(settings, "llm", lambda _text, _done: None)
                model = await opened.enter_async_context(opening)
            meaning = None
            if by_meaning:
                embedder = await opened.enter_async_context(
                    open_engine(settings, "embedding", lambda _text, _done: None)
                )

                async def found(_patience: float) -> Embedder:
                    return embedder

                meaning = Meaning(found, PATIENCE)
                await meaning.ready(offered)
            if model_asked:
                await Router(meaning).warm(model, offered)
            rows = await route(model, meaning, offered, sentences)
        await room.close()
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="every sentence as a line of JSON")
    parser.add_argument("set", nargs="?", choices=SETS, default="known", help="which sentences (known)")
    parser.add_argument("--no-model", action="store_true", help="ask no language model")
    parser.add_argument("--no-meaning", action="store_true", help="compare nothing by meaning")
    chosen = parser.parse_args()
    found = asyncio.run(
        main(SETS[chosen.set], model_asked=not chosen.no_model, by_meaning=not chosen.no_meaning)
    )
    if chosen.json:
        print("\n".join(json.dumps(row, ensure_ascii=False) for row in found))
    told(found)
