"""What is said in one conversation is known in the next: the whole way, with scripted engines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from api.chat.test_chat import page
from api.live_server import Server, live_server
from memory.conftest import Home

NAME = json.dumps({"facts": ["1 name: The user's name is Anna."]})


def told(server: Server) -> str:
    """The instructions of the last prompt."""
    return server.llm.prompts[-1][0].content


async def test_a_browser_is_remembered_by_its_id_in_writing_and_in_calls(tmp_path: Path) -> None:
    mine = "3f0c8d1e-0000-4000-8000-000000000001"
    async with live_server(tmp_path) as server:
        await server.runtime.agents.update("partner", {"memory": "facts"})
        home = Home(server.runtime.database, tmp_path, server.runtime.pool)
        server.live.companions.append(home.room)
        await home.room.library.add("partner", f"browser:{mine}", "The user's name is Anna.")
        await home.room.library.add("partner", "aa:bb:cc:dd:ee:ff", "The user's name is Bea.")
        await home.room.library.add("partner", "speaker:spk_1", "The user's name is Cid.")
        for query, known in ((f"?browser={mine}", "Anna"), ("", ""), (f"?browser={mine[:-1]}2", "")):
            async with page(server, query) as chat:
                await chat.ask("Hello.", agent="partner")
            assert ("The user's name is" in told(server)) == bool(known)
            assert known in told(server)
        async with server.socket(f"/chat?agent=partner&browser={mine}") as socket:
            await socket.send("Hello.")
            await socket.recv()
        assert "Anna" in told(server)


@pytest.mark.parametrize(
    "named",
    [
        "aa:bb:cc:dd:ee:ff",
        "speaker:spk_1",
        "browser",
        "x" * 15,
        "x" * 65,
        "a/b" * 8,
        "%0A" * 16,
        "%C3%A9" * 20,
    ],
)
async def test_no_browser_names_another_kind_of_owner(named: str, tmp_path: Path) -> None:
    async with live_server(tmp_path) as server:
        async with page(server, f"?browser={named}") as chat:
            await chat.send("user_message", agent="partner", text="Hello.", message_id="item_1")
            assert (await chat.until("error"))["code"] == "invalid_browser"
        async with server.socket(f"/v1/realtime?agent=partner&browser={named}") as socket:
            refused = json.loads(await socket.recv())
            assert refused["error"]["code"] == "invalid_browser"
            await socket.wait_closed()
            assert socket.close_code == 1008


async def test_the_next_conversation_knows_and_none_of_another_agents_does(tmp_path: Path) -> None:
    async with live_server(tmp_path) as server:
        await server.runtime.agents.update("partner", {"memory": "facts"})
        home = Home(server.runtime.database, tmp_path, server.runtime.pool, learn_turns=1)
        home.model.answers = [NAME]
        server.live.companions.append(home.room)
        home.room.start()
        try:
            async with page(server) as chat:
                await chat.ask("Hello! My name is Anna.", agent="partner")
                assert "Anna" not in told(server)
            await home.learned()
            async with page(server) as chat:
                await chat.ask("Hello again.", agent="partner")
                assert told(server).endswith("- The user's name is Anna.")
            async with page(server) as chat:
                await chat.ask("Hello.", agent="xiaokai")
                assert "Anna" not in told(server)
        finally:
            await home.room.stop()
