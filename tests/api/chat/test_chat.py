"""Both protocols of /chat against a real server and a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from api.live_server import ANSWER, Server, live_server

from kaikou.engines.ports import Delta, ToolCall


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with live_server(tmp_path, live={"resume_seconds": 2.0}) as running:
        running.llm.reply = lambda messages: f"{len(messages)}: {messages[-1].content}"
        yield running


@dataclass
class Page:
    socket: Any
    frames: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, kind: str, **fields: Any) -> None:
        await self.socket.send(orjson.dumps({"v": 1, "type": kind, **fields}).decode())

    async def until(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(10):
            while True:
                frame = orjson.loads(await self.socket.recv())
                self.frames.append(frame)
                if frame["type"] == kind:
                    return frame

    async def ask(self, text: str, **fields: Any) -> dict[str, Any]:
        await self.send("user_message", text=text, **fields)
        return await self.until("reply_done")

    def text(self, message_id: str) -> str:
        """What the deltas of one message add up to."""
        return "".join(
            frame["text"]
            for frame in self.frames
            if frame["type"] == "delta" and frame["message_id"] == message_id
        )


@asynccontextmanager
async def page(server: Server, query: str = "") -> AsyncIterator[Page]:
    async with server.socket(f"/chat{query}", subprotocols=["kaikou.chat.v1"]) as socket:
        assert socket.subprotocol == "kaikou.chat.v1"
        yield Page(socket)


# -- plain -----------------------------------------------------------------------------------------


async def receive_text(socket: Any, wanted: str) -> None:
    got = ""
    async with asyncio.timeout(10):
        while got.strip() != wanted:
            got += await socket.recv()
            assert wanted.startswith(got.strip()), got


async def test_plain_chat_answers_in_raw_chunks_and_remembers(server: Server) -> None:
    server.llm.reply = lambda messages: f"You said {messages[-1].content} after {len(messages) - 1} others."
    async with server.socket("/chat") as socket:
        assert socket.subprotocol is None
        await socket.send("hello")
        await receive_text(socket, "You said hello after 0 others.")
        await socket.send("again")
        await receive_text(socket, "You said again after 2 others.")
    await server.settled()


async def test_plain_messages_sent_at_once_are_answered_one_after_the_other(server: Server) -> None:
    async with server.socket("/chat") as socket:
        for word in ("a", "b", "c"):
            await socket.send(word)
        got = ""
        async with asyncio.timeout(10):
            while "5: c" not in got:
                got += await socket.recv()
        assert "".join(got.split()) == "1:a3:b5:c"


async def test_plain_chat_says_errors_in_words_and_goes_on(server: Server) -> None:
    async with server.socket("/chat") as socket:
        await socket.send("   ")
        assert "empty" in await socket.recv()
        await socket.send("x" * 30_000)
        assert "30000 characters" in await socket.recv()
        server.llm.fail = RuntimeError("broken")
        await socket.send("hello")
        assert await socket.recv()
        server.llm.fail = None
        await socket.send("still there?")
        got = ""
        while "still there?" not in got:
            got += await socket.recv()


async def test_plain_chat_beyond_capacity_is_told_so(tmp_path: Path) -> None:
    async with live_server(tmp_path, live={"max_sessions": 1}) as server, server.socket("/chat") as first:
        await first.send("hello")
        await first.recv()
        async with server.socket("/chat") as second:
            assert "places" in await second.recv()
            await second.wait_closed()
            assert second.close_code == 1013


# -- framed ------------------------------------------------------------------------------------------


async def test_a_message_is_acknowledged_and_answered_in_numbered_frames(server: Server) -> None:
    async with page(server) as chat:
        done = await chat.ask("hello", message_id="m1")
        assert done["text"] == "1: hello" and done["status"] == "completed"
        assert chat.text(done["message_id"]).strip() == done["text"]
        assert [frame["seq"] for frame in chat.frames] == list(range(1, len(chat.frames) + 1))
        assert len({frame["conversation_id"] for frame in chat.frames}) == 1
        assert [frame["type"] for frame in chat.frames][:2] == ["message", "reply_started"]
        assert chat.frames[0]["message_id"] == "m1"
        again = await chat.ask("more", conversation_id=done["conversation_id"])
        assert again["text"] == "3: more"


async def test_two_conversations_on_one_socket_share_nothing(server: Server) -> None:
    async with page(server) as chat:
        one = await chat.ask("one")
        two = await chat.ask("two")
        assert one["conversation_id"] != two["conversation_id"]
        assert two["text"] == "1: two"
        again = await chat.ask("again", conversation_id=one["conversation_id"])
        assert again["text"] == "3: again" and again["conversation_id"] == one["conversation_id"]


async def test_stop_keeps_what_was_written(server: Server) -> None:
    server.llm.each = 0.05
    server.llm.reply = lambda messages: "word " * 200
    async with page(server) as chat:
        await chat.send("user_message", text="talk")
        delta = await chat.until("delta")
        await chat.send("stop", conversation_id=delta["conversation_id"])
        done = await chat.until("reply_done")
        assert done["status"] == "stopped" and done["text"].startswith("word")
        assert server.llm.running == 0


async def test_regenerate_and_edit_rewrite_history(server: Server) -> None:
    count = 0

    def reply(messages: Any) -> str:
        nonlocal count
        count += 1
        return f"answer {count} to {messages[-1].content} after {len(messages) - 1}"

    server.llm.reply = reply
    async with page(server) as chat:
        first = await chat.ask("hello", message_id="m1")
        conversation = first["conversation_id"]
        await chat.send("regenerate", conversation_id=conversation)
        removed = await chat.until("removed")
        assert removed["message_id"] == first["message_id"]
        second = await chat.until("reply_done")
        assert second["text"] == "answer 2 to hello after 0"
        await chat.ask("and then", conversation_id=conversation)
        await chat.send("edit", conversation_id=conversation, message_id="m1", text="goodbye")
        edited = await chat.until("reply_done")
        assert edited["text"] == "answer 4 to goodbye after 0"
        await chat.send("open", conversation_id=conversation)
        history = await chat.until("history")
        told = [(message["role"], message["text"]) for message in history["messages"]]
        assert told == [("user", "goodbye"), ("assistant", edited["text"])]
    await server.settled()
    stored = await server.runtime.journal.load(conversation)
    assert [item.text for item in stored.items] == ["goodbye", edited["text"]]


async def test_the_answer_made_anew_is_that_to_the_last_words(server: Server) -> None:
    async with page(server) as chat:
        first = await chat.ask("one", message_id="m1")
        conversation = first["conversation_id"]
        server.llm.fail = RuntimeError("broken")
        failed = await chat.ask("two", message_id="m2", conversation_id=conversation)
        assert failed["status"] == "failed"
        server.llm.fail = None
        # There is no answer to m2 to be dropped, and the one before it is not meant.
        await chat.send("regenerate", conversation_id=conversation)
        again = await chat.until("reply_done")
        assert again["text"].endswith("two")
        await chat.send("open", conversation_id=conversation)
        told = [one["text"] for one in (await chat.until("history"))["messages"]]
        assert told == ["one", first["text"], "two", again["text"]]


async def test_one_message_is_deleted_here_and_in_the_store(server: Server) -> None:
    async with page(server) as chat:
        done = await chat.ask("one", message_id="m1")
        conversation = done["conversation_id"]
        await chat.send("delete", conversation_id=conversation, message_id="m1")
        assert (await chat.until("removed"))["message_id"] == "m1"
        await chat.send("regenerate", conversation_id=conversation)
        assert (await chat.until("error"))["code"] == "nothing_to_answer"
        await chat.send("delete", conversation_id=conversation, message_id="m1")
        assert (await chat.until("error"))["code"] == "item_not_found"
    await server.settled()
    stored = await server.runtime.journal.load(conversation)
    assert [item.text for item in stored.items] == [done["text"]]


async def test_an_edit_that_cannot_be_said_costs_nothing(server: Server) -> None:
    async with page(server) as chat:
        done = await chat.ask("one", message_id="m1")
        conversation = done["conversation_id"]
        longest = server.runtime.settings.limits.max_text_chars
        for text, code in ((" ", "empty_message"), ("x" * (longest + 1), "message_too_long")):
            await chat.send("edit", conversation_id=conversation, message_id="m1", text=text)
            assert (await chat.until("error"))["code"] == code
        await chat.send("open", conversation_id=conversation)
        told = [one["text"] for one in (await chat.until("history"))["messages"]]
        assert told == ["one", done["text"]]


async def test_a_dropped_page_resumes_from_its_last_frame(server: Server) -> None:
    server.llm.each = 0.02
    server.llm.reply = lambda messages: " ".join(str(number) for number in range(30))
    async with page(server) as chat:
        await chat.send("user_message", text="count")
        seen = await chat.until("delta")
        chat.socket.transport.abort()
    conversation = seen["conversation_id"]
    async with page(server) as chat:
        await chat.send("resume", conversation_id=conversation, seq=seen["seq"])
        done = await chat.until("reply_done")
        assert done["text"] == " ".join(str(number) for number in range(30))
        assert [frame["seq"] for frame in chat.frames] == list(range(seen["seq"] + 1, done["seq"] + 1))
        assert (seen["text"] + chat.text(done["message_id"])).strip() == done["text"]


async def test_resume_of_what_is_forgotten_gives_the_history(server: Server) -> None:
    async with page(server) as chat:
        done = await chat.ask("hello", message_id="m1")
    await server.settled()
    conversation = done["conversation_id"]
    async with page(server) as chat:
        while conversation in server.runtime.extras["chat.threads"]:
            await asyncio.sleep(0.05)
        await chat.send("resume", conversation_id=conversation, seq=3)
        history = await chat.until("history")
        assert [message["text"] for message in history["messages"]] == ["hello", "1: hello"]
        again = await chat.ask("more", conversation_id=conversation)
        assert again["text"] == "3: more" and again["seq"] > history["seq"]


async def test_the_same_message_sent_twice_is_answered_once(server: Server) -> None:
    async with page(server) as chat:
        done = await chat.ask("hello", message_id="m1")
        conversation = done["conversation_id"]
        await chat.send("user_message", text="hello", message_id="m1", conversation_id=conversation)
        assert (await chat.until("message"))["message_id"] == "m1"
        await chat.send("open", conversation_id=conversation)
        assert len((await chat.until("history"))["messages"]) == 2
        assert len(server.llm.prompts) == 1


async def test_an_agent_greets_and_instructs(server: Server) -> None:
    agent = await server.runtime.agents.create({"name": "A", "prompt": "Be brief.", "greeting": "Good day."})
    async with page(server) as chat:
        await chat.send("open", agent=agent.id)
        history = await chat.until("history")
        assert history["agent"] == agent.id
        assert (await chat.until("reply_done"))["text"] == "Good day."
        conversation = history["conversation_id"]
        await chat.ask("hi", conversation_id=conversation)
        assert server.llm.prompts[-1][0].content == "Be brief."
    await server.settled()
    async with page(server) as chat:
        await chat.ask("you again", conversation_id=conversation)
        assert server.llm.prompts[-1][0].content == "Be brief."


@pytest.mark.parametrize(
    ("frame", "code", "param"),
    [
        ("{", "invalid_json", None),
        ("[1]", "invalid_frame", None),
        ('{"type":"open"}', "unsupported_version", "v"),
        ('{"v":1,"type":"dance"}', "unknown_frame_type", "type"),
        ('{"v":1,"type":["open"]}', "unknown_frame_type", "type"),
        ('{"v":1,"type":"user_message"}', "missing_field", "text"),
        ('{"v":1,"type":"user_message","text":5}', "invalid_field", "text"),
        ('{"v":1,"type":"user_message","text":" "}', "empty_message", "text"),
        ('{"v":1,"type":"user_message","text":"x","agent":"nobody"}', "agent_not_found", "agent_id"),
        ('{"v":1,"type":"stop","conversation_id":"conv_x"}', "conversation_not_found", None),
        ('{"v":1,"type":"resume","conversation_id":"conv_x","seq":-1}', "invalid_field", "seq"),
    ],
)
async def test_bad_frames_get_their_error_and_the_socket_lives(
    server: Server, frame: str, code: str, param: str | None
) -> None:
    async with page(server) as chat:
        await chat.socket.send(frame)
        error = await chat.until("error")
        assert error["code"] == code and error["message"]
        if param is not None:
            assert error["param"] == param
        assert (await chat.ask("hello"))["status"] == "completed"


async def test_edit_and_regenerate_refuse_the_wrong_message(server: Server) -> None:
    async with page(server) as chat:
        done = await chat.ask("hello", message_id="m1")
        conversation = done["conversation_id"]
        for kind, message, code in (
            ("edit", done["message_id"], "not_a_user_message"),
            ("edit", "item_x", "item_not_found"),
            ("regenerate", "m1", "not_an_answer"),
            ("regenerate", "item_x", "item_not_found"),
        ):
            await chat.send(kind, conversation_id=conversation, message_id=message, text="new")
            assert (await chat.until("error"))["code"] == code


async def test_a_failing_model_ends_the_reply_with_its_error(server: Server) -> None:
    async with page(server) as chat:
        server.llm.fail = RuntimeError("broken")
        done = await chat.ask("hello")
        assert done["status"] == "failed" and done["error"]["code"]
        server.llm.fail = None
        assert (await chat.ask("again", conversation_id=done["conversation_id"]))["status"] == "completed"


async def test_idle_conversations_give_their_place_back_and_return(server: Server) -> None:
    server.runtime.settings.live.chat_linger_seconds = 0.05
    async with page(server) as chat:
        done = await chat.ask("hello")
        await server.settled(0)
        again = await chat.ask("more", conversation_id=done["conversation_id"])
        assert again["text"] == "3: more" and again["seq"] > done["seq"]


async def test_a_killed_page_frees_everything(server: Server) -> None:
    server.llm.each = 0.01
    server.llm.reply = lambda messages: "word " * 50
    tasks = len(asyncio.all_tasks())
    for _ in range(3):
        async with page(server) as chat:
            await chat.send("user_message", text="talk")
            await chat.until("delta")
            chat.socket.transport.abort()
    await server.settled()
    async with asyncio.timeout(10):
        while len(asyncio.all_tasks()) > tasks or server.runtime.extras["chat.threads"]:
            await asyncio.sleep(0.05)
    assert server.llm.running == 0


async def test_scripted_answer_is_whole(server: Server) -> None:
    server.llm.reply = lambda messages: ANSWER
    async with page(server) as chat:
        assert (await chat.ask("x"))["text"] == ANSWER


# -- tools -----------------------------------------------------------------------------------------


def calls(name: str, arguments: str = "{}") -> Any:
    def reply(messages: Any) -> list[Delta]:
        if messages[-1].role == "tool":
            return [Delta(text=f"It said: {messages[-1].content}"), Delta(finish="stop")]
        call = ToolCall(f"call_{len(messages)}", name, arguments)
        return [Delta(text="Let me see."), Delta(tool_call=call), Delta(finish="tool_calls")]

    return reply


async def test_a_tools_call_is_told_of_and_stands_in_the_history(server: Server) -> None:
    server.llm.reply = calls("get_time")
    async with page(server) as here:
        done = await here.ask("What time is it?")
        kinds = [frame["type"] for frame in here.frames]
        assert kinds.index("tool_called") < kinds.index("tool_returned") < len(kinds) - 1
        called = next(frame for frame in here.frames if frame["type"] == "tool_called")
        returned = next(frame for frame in here.frames if frame["type"] == "tool_returned")
        assert called["message_id"] == done["message_id"] == returned["message_id"]
        assert (called["name"], called["title"], called["arguments"]) == ("get_time", "Time", "{}")
        assert returned["output"] in done["text"] and not returned["failed"]

        conversation = done["conversation_id"]
        await here.send("open", conversation_id=conversation)
        history = await here.until("history")
        assert [message["role"] for message in history["messages"]] == ["user", "assistant"]
        [tool] = history["messages"][1]["tools"]
        assert (tool["call_id"], tool["output"]) == (called["call_id"], returned["output"])

        # Made anew, it is asked anew: the old call is gone with the old answer.
        await here.send("regenerate", conversation_id=conversation, message_id=done["message_id"])
        await here.until("reply_done")
        await here.send("open", conversation_id=conversation)
        history = await here.until("history")
        assert [len(message.get("tools", ())) for message in history["messages"]] == [0, 1]


async def test_an_agent_that_leaves_ends_a_plain_chat_and_tells_a_framed_one(server: Server) -> None:
    server.llm.reply = lambda messages: [
        Delta(tool_call=ToolCall("call_1", "leave", '{"farewell": "Goodbye."}')),
        Delta(finish="tool_calls"),
    ]
    async with server.socket("/chat") as socket:
        await socket.send("bye")
        assert (await socket.recv()).strip() == "Goodbye."
        await socket.wait_closed()
        assert socket.close_code == 1000
    async with page(server) as here:
        done = await here.ask("bye")
        assert done["text"] == "Goodbye."
        await here.until("left")
