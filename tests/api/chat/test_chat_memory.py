"""What is said in one conversation is known in the next: the whole way, with scripted engines."""

from __future__ import annotations

import json
from pathlib import Path

from api.chat.test_chat import page
from api.live_server import Server, live_server
from memory.conftest import Home

NAME = json.dumps({"facts": ["1 name: The user's name is Anna."]})


def told(server: Server) -> str:
    """The instructions of the last prompt."""
    return server.llm.prompts[-1][0].content


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
