"""What the toolbox adds to a tool's call, and how soon a saved plugin is in force.

The tool itself does nothing, so the whole of a call is the toolbox: the list of all sources' tools, names,
the allow-list, the schema, a task and its time limit, the log. Calls come one by one and many at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from nobody import Nobody

from kaikou.engines.ports import Tool
from kaikou.settings.services import ToolSettings
from kaikou.tools.plugins import PluginFolder
from kaikou.tools.ports import Caller, Outcome, SourceStatus, ToolSpec
from kaikou.tools.room import ToolRoom
from kaikou.tools.threads import ToolThreads

SCHEMA = {
    "type": "object",
    "properties": {"word": {"type": "string"}, "count": {"type": "integer", "minimum": 1}},
    "required": ["word"],
    "additionalProperties": False,
}
PLUGIN = '''
from kaikou.tools import tool

@tool
def version(word: str, count: int = 1) -> str:
    """Tell the version."""
    return "{number}"
'''


class Nothing:
    """A source of ``count`` tools that do nothing."""

    def __init__(self, name: str, count: int) -> None:
        self.name = name
        self.found = tuple(ToolSpec(Tool(f"tool_{n}", "Nothing.", SCHEMA), name) for n in range(count))

    def specs(self, caller: Caller) -> Sequence[ToolSpec]:
        return self.found

    async def call(self, name: str, arguments: Mapping[str, Any], caller: Caller) -> Outcome:
        return Outcome("done")

    def status(self) -> SourceStatus:
        return SourceStatus()


async def calls(total: int, at_once: int, tools: int) -> dict[str, float]:
    """Round trips in milliseconds, with ``tools`` tools in five servers beside the built-in ones."""
    with tempfile.TemporaryDirectory() as folder:
        room = ToolRoom(Path(folder), ToolSettings())
        box = room.toolbox.with_sources([Nothing(f"mcp:{n}", tools // 5) for n in range(5)])
        taken: list[float] = []
        names = [tool.name for tool in box.tools(Nobody()) if "tool_" in tool.name]

        async def one(number: int) -> None:
            began = time.perf_counter()
            outcome = await box.call(names[number % len(names)], '{"word": "x", "count": 3}', Nobody())
            taken.append((time.perf_counter() - began) * 1e3)
            assert outcome.text == "done"

        for number in range(len(names)):
            await one(number)
        taken.clear()
        for start in range(0, total, at_once):
            await asyncio.gather(*(one(start + n) for n in range(at_once)))
        await room.close()
    p50, p95, most = np.percentile(taken, [50, 95, 100])
    return {"tools": tools, "at_once": at_once, "p50_ms": p50, "p95_ms": p95, "max_ms": most}


async def reloads(times: int) -> dict[str, float]:
    """Milliseconds from a file's being saved to the first call that answers as it says."""
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        plugins = PluginFolder(Path(folder) / "plugins", ToolSettings(), ToolThreads(8))
        plugins.start()
        while plugins.status().state == "loading":
            await asyncio.sleep(0.01)
        file = Path(folder) / "plugins" / "bench.py"
        for number in range(times):
            began = time.perf_counter()
            file.write_text(PLUGIN.replace("{number}", str(number)))
            while not plugins.specs(Nobody()) or (
                (await plugins.call("version", {"word": "x"}, Nobody())).text != str(number)
            ):
                await asyncio.sleep(0.002)
            taken.append((time.perf_counter() - began) * 1e3)
            await asyncio.sleep(0.1)
        await plugins.close()
    p50, p95, most = np.percentile(taken, [50, 95, 100])
    return {"reloads": times, "p50_ms": p50, "p95_ms": p95, "max_ms": most}


async def main(total: int, times: int) -> list[dict[str, float]]:
    rows = [await calls(total, at_once, tools) for tools in (25, 200) for at_once in (1, 16)]
    return [*rows, await reloads(times)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--reloads", type=int, default=20)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = asyncio.run(main(arguments.calls, arguments.reloads))
    for row in rows:
        print("  ".join(f"{name} {value:.2f}" for name, value in row.items()))
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")
