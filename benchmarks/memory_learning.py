"""What the chosen language model learns of a conversation, and how long that takes.

    python benchmarks/memory_learning.py                          # both modules, all conversations
    python benchmarks/memory_learning.py --module facts --only en-family,zh-family

Each of the conversations in ``data/memory-conversations.json`` (six turns; half of them Chinese) is held by
somebody of their own and learned from once it has ended. The four that are not ``seen`` were written when
learning was finished. What was told counts as learned where its words
stand in a note; as false counts what was not said of the user: the agent's words, somebody else's age or
dogs, the opposite. Read the notes too: patterns do not see everything.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from kaikou.engines.pool import Pool
from kaikou.engines.ports import Delta, Embedder, Generation, Lane, LanguageModel, Message, Usage
from kaikou.engines.registry import EngineContext, create
from kaikou.engines.selection import choose
from kaikou.engines.weights.store import WeightStore
from kaikou.memory.room import MemoryRoom
from kaikou.settings.loading import load_settings
from kaikou.store.database import Database
from kaikou.store.memories import MemoryRepository
from kaikou.tools.threads import ToolThreads

CONVERSATIONS = Path(__file__).parent / "data" / "memory-conversations.json"


@dataclass(frozen=True)
class Held:
    """A conversation, as the memory sees it."""

    conversation_id: str
    agent_id: str
    memory: str
    language: str
    device_id: str | None = None
    kept: bool = True


class Counted:
    """A language model whose tokens are counted."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.used: list[Usage] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    async def stream(
        self, messages: Sequence[Message], generation: Generation = Generation(), *, lane: Lane = Lane.LIVE
    ) -> AsyncGenerator[Delta, None]:
        async with aclosing(self._model.stream(messages, generation, lane=lane)) as deltas:
            async for delta in deltas:
                if delta.usage:
                    self.used.append(delta.usage)
                yield delta


async def held(room: MemoryRoom, talk: Held, turns: Sequence[Sequence[str]]) -> None:
    await room.opening(talk)
    for said, answered in turns:
        await room.enrich(talk, said, None)
        room.after_turn(talk, said, answered)
    await room.learner.write()
    room.closed(talk)


def marks(notes: Sequence[str], conversation: dict[str, Any]) -> tuple[int, list[str]]:
    """How much of what was told is there, and the notes that are false."""
    together = "\n".join(notes)
    learned = sum(bool(re.search(one, together, re.IGNORECASE)) for one in conversation["told"])
    false = [
        note for note in notes if any(re.search(one, note, re.IGNORECASE) for one in conversation["false"])
    ]
    return learned, false


async def measured(options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    loaded = load_settings()
    settings = loaded.settings.model_copy(update={"data_dir": folder})
    pool, weights = Pool(settings.pool), WeightStore(settings.models)
    chosen = choose(settings)

    def context(name: str, own: Any) -> EngineContext:
        return EngineContext(name, own, settings, pool, weights)

    model: Any = Counted(cast(LanguageModel, create("llm", context(chosen.llm, settings.llm))))
    embedder: Any = create("embedding", context(chosen.embedding, settings.embedding))
    database = await Database.open(settings)
    repository = MemoryRepository(database)

    async def the_model(agent_id: str) -> Any:
        return model

    async def the_embedder(patience: float) -> Embedder:
        return embedder

    room = MemoryRoom(
        repository, settings, the_model, the_embedder, ToolThreads(4), on_change=lambda **data: None
    )
    await asyncio.gather(model.load(lambda *_: None), embedder.load(lambda *_: None))
    room.start()
    rows = []
    try:
        wanted = options.only.split(",") if options.only else None
        for module in options.module.split(","):
            for one in json.loads(CONVERSATIONS.read_text()):
                if (wanted and one["name"] not in wanted) or (options.unseen and one["seen"]):
                    continue
                talk = Held(
                    f"conv_{module}_{one['name']}", f"{module}-{one['name']}", module, one["language"]
                )
                model.used.clear()
                began = time.monotonic()
                await held(room, talk, one["turns"])
                while await repository.waiting():
                    await asyncio.sleep(0.02)
                took = time.monotonic() - began
                notes = [f"{row.topic}: {row.text}" for row in await repository.of(talk.agent_id, "browser")]
                learned, false = marks([row.split(": ", 1)[1] for row in notes], one)
                rows.append(
                    {
                        "module": module,
                        "conversation": one["name"],
                        "seconds": round(took, 1),
                        "read_tokens": sum(used.prompt_tokens - used.cached_tokens for used in model.used),
                        "written_tokens": sum(used.completion_tokens for used in model.used),
                        "learned": learned,
                        "told": len(one["told"]),
                        "false": false,
                        "notes": notes,
                    }
                )
                show(rows[-1])
    finally:
        await room.stop()
        await model.close()
        await embedder.close()
        await database.close()
        await pool.close(10)
    return rows


def show(row: dict[str, Any]) -> None:
    print(
        f"{row['module']:8} {row['conversation']:10} {row['seconds']:6.1f} s  read {row['read_tokens']:4} "
        f"written {row['written_tokens']:4}  learned {row['learned']}/{row['told']}  "
        f"false {len(row['false'])}",
        flush=True,
    )
    for note in row["notes"]:
        print(f"    {'!!' if note.split(': ', 1)[1] in row['false'] else '  '} {note}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--module", default="facts,summary")
    parser.add_argument("--only", default="", help="names of conversations, with commas")
    parser.add_argument("--unseen", action="store_true", help="only those that learning was not made with")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(measured(options, Path(folder)))
    seconds = sorted(row["seconds"] for row in rows)
    print(f"seconds: middle {seconds[len(seconds) // 2]}, longest {seconds[-1]}")
    if options.json:
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
