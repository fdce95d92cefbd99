"""Agents, voices and secrets as rows, and conversations as files."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

from kaikou.store.agents import AgentRepository
from kaikou.store.database import Database
from kaikou.store.export import as_json, as_markdown
from kaikou.store.records import (
    AgentRow,
    ConversationRow,
    ItemRow,
    PartRow,
    StageRow,
    StoredConversation,
    TurnRow,
    VoiceRow,
)
from kaikou.store.secrets import kept_secret
from kaikou.store.voices import VoiceRepository


async def test_agents_are_kept(database: Database) -> None:
    agents = AgentRepository(database)
    row = AgentRow("a", "名字", "prompt", engines={"llm": "llama"}, voice="v", language="zh")
    await agents.put(row)
    assert await agents.get("a") == row
    changed = replace(row, name="other", engines={}, voice=None)
    await agents.put(changed)
    await agents.put(AgentRow("b", "B", "p"))
    assert [one.id for one in await agents.all()] == ["a", "b"]
    assert await agents.get("a") == changed
    assert await agents.delete("a") and not await agents.delete("a")
    assert await agents.get("a") is None


async def test_voices_are_kept(database: Database) -> None:
    voices = VoiceRepository(database)
    row = VoiceRow(
        "v", "Blend", "kokoro", languages=("en", "zh"), gender="female", recipe={"zf_a": 0.6, "af_b": 0.4}
    )
    await voices.put(row)
    assert await voices.get("v") == row
    await voices.put(replace(row, name="Renamed"))
    assert [one.name for one in await voices.all()] == ["Renamed"]
    assert await voices.delete("v") and not await voices.delete("v")


async def test_a_secret_is_made_once(database: Database) -> None:
    first = await asyncio.gather(*(kept_secret(database, "signing") for _ in range(5)))
    assert len(set(first)) == 1 and len(first[0]) == 64
    assert await kept_secret(database, "other") != first[0]


STORED = StoredConversation(
    ConversationRow("c", title="Tea *and* 茶", agent_id="partner"),
    (
        ItemRow("a", role="user", parts=(PartRow("audio", "Is <b>tea</b> #1?"),)),
        ItemRow("b", role="assistant", parts=(PartRow("audio", "Yes"),), status="incomplete"),
        ItemRow("f", kind="function_call", name="clock", arguments="{}"),
        ItemRow("o", kind="function_call_output", output="12:00"),
        ItemRow("p", role="user", parts=(PartRow("image", url="data:,x"),)),
        ItemRow("r", role="user", parts=(PartRow("audio", None),), audio_seconds=1.25),
    ),
    (TurnRow("t", stages=(StageRow("first_audio", 0, 0.5),), total=0.5),),
)


def test_json_holds_everything() -> None:
    body = json.loads(as_json(STORED))
    assert body["kaikou_conversation"] == 1
    assert body["conversation"]["title"] == "Tea *and* 茶"
    assert [item["id"] for item in body["items"]] == ["a", "b", "f", "o", "p", "r"]
    assert body["turns"][0]["stages"][0] == {"name": "first_audio", "start": 0, "end": 0.5, "queued": 0.0}


def test_markdown_reads_well_and_runs_no_markup() -> None:
    text = as_markdown(STORED)
    assert text.startswith("# Tea \\*and\\* 茶\n")
    assert "**User:** Is \\<b\\>tea\\</b\\> \\#1?" in text
    assert "**Assistant:** Yes *(interrupted)*" in text
    assert "`clock`" in text and "`12:00`" in text and "*(picture)*" in text and "recording of 1.2 s" in text
