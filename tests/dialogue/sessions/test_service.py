"""Live sessions are counted, kept, taken up again and let go; on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from dialogue.scripted import RATE, FakeLlm, FakeStt, FakeTts, LoudnessVad

from kaikou.agents.service import AgentService
from kaikou.audio.pcm import Pcm
from kaikou.dialogue.events import Event, Failed, ReplyDone, TranscriptFinal
from kaikou.dialogue.session import SessionConfig, TurnPolicy
from kaikou.dialogue.sessions.admission import Admission, Occupancy
from kaikou.dialogue.sessions.service import LiveService
from kaikou.engines.ports import Engines
from kaikou.errors import InvalidInput, LimitReached, NotFound, NotReady
from kaikou.settings.tree import LiveSettings, Settings
from kaikou.store.agents import AgentRepository
from kaikou.store.blobs import Blobs
from kaikou.store.conversations import ConversationRepository
from kaikou.store.database import Database
from kaikou.store.journal import Journal

CONFIG = SessionConfig(input_rate=RATE, turn=TurnPolicy(mode="manual"), audio_replies=False)


class House:
    """A service on fakes and a database of its own."""

    def __init__(self, database: Database, blobs: Blobs, settings: Settings, limit: int) -> None:
        self.journal = Journal(database, blobs)
        self.stored = ConversationRepository(database, blobs)
        self.llm = FakeLlm(first=0, each=0)
        self.engines: Engines | None = Engines(
            LoudnessVad(),
            None,
            FakeStt(delay=0),
            self.llm,
            FakeTts(delay=0),  # type: ignore[arg-type]
        )
        self.agents = AgentService(AgentRepository(database))
        self.service = LiveService(
            settings,
            self.agents,
            self.journal,
            Admission(limit, Occupancy(0.6, 0.005), lambda: 0.0),
            engines=lambda: self.engines,
            waiting_for=lambda: "Downloading the ears.",
        )
        self.log: list[Event] = []

    async def until(self, kind: type[Event]) -> None:
        await until(lambda: any(isinstance(event, kind) for event in self.log))


async def until(true: Callable[[], object]) -> None:
    """The bound only ends a test that would hang."""
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def house(folder: Path, *, limit: int = 3, **live: object) -> AsyncIterator[House]:
    settings = Settings(data_dir=folder, live=LiveSettings(**live))  # type: ignore[arg-type]
    database = await Database.open(settings)
    one = House(database, Blobs(folder / "blobs"), settings, limit)
    one.journal.start()
    one.service.start()
    try:
        yield one
    finally:
        await one.service.close()
        await one.journal.stop()
        await database.close()


async def test_what_was_said_is_kept_and_taken_up_again(tmp_path: Path) -> None:
    async with house(tmp_path, store_audio=True) as home:
        first = await home.service.open(CONFIG, home.log.append)
        first.hear(Pcm(np.full(RATE, 0.5, np.float32), RATE))
        first.commit()
        await home.until(TranscriptFinal)
        first.say("Remember the number 42.")
        await home.until(ReplyDone)
        await first.close()
        again = await home.service.open(CONFIG, home.log.append, conversation_id=first.id)
        texts = [(item.role, item.text) for item in again.items]
        assert texts[0] == ("user", "I spoke for 1.0 seconds.")
        assert texts[1] == ("user", "Remember the number 42.") and texts[2][0] == "assistant"
        stored = await home.journal.load(first.id)
        turn = stored.turns[-1]
        assert (turn.user_item_id, turn.reply_item_id) == (stored.items[1].id, stored.items[2].id)
        assert turn.status == "completed" and turn.stages
        recording, kind = await home.stored.audio(first.id, stored.items[0].id)
        assert kind == "audio/wav" and len(recording) == 44 + 2 * RATE
        again.delete_item(again.items[0].id)
        await again.close()
        assert next(item.text for item in (await home.journal.load(first.id)).items).startswith("Remember")


async def test_the_default_agents_prompt_is_read_before_anybody_calls(tmp_path: Path) -> None:
    async with house(tmp_path, max_sessions=3) as home:
        async with asyncio.timeout(10):
            await home.service.prepared.wait()
        default = await home.agents.get(home.agents.default_id)
        assert [message.content for message in home.llm.warmed[-1]] == [default.prompt]


async def test_beyond_the_last_place_the_next_is_refused_and_a_freed_place_is_free(tmp_path: Path) -> None:
    async with house(tmp_path, limit=2) as home:
        one = await home.service.open(CONFIG, home.log.append)
        await home.service.open(CONFIG, home.log.append)
        with pytest.raises(LimitReached) as refused:
            await home.service.open(CONFIG, home.log.append)
        assert refused.value.code == "session_limit_reached"
        await one.close()
        await home.service.open(CONFIG, home.log.append)
        assert home.service.admission.sessions == 2


async def test_a_place_is_waited_for_as_long_as_the_setting_says(tmp_path: Path) -> None:
    async with house(tmp_path, limit=1, admission_wait=5.0) as home:
        one = await home.service.open(CONFIG, home.log.append)
        waiting = asyncio.create_task(home.service.open(CONFIG, home.log.append))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await one.close()
        await waiting
    async with house(tmp_path, limit=1, admission_wait=0.05) as home:
        await home.service.open(CONFIG, home.log.append)
        with pytest.raises(LimitReached):
            await home.service.open(CONFIG, home.log.append)


async def test_who_is_gone_gives_way_to_who_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(tmp_path, limit=2, resume_seconds=10.0) as home:
        gone = await home.service.open(CONFIG, home.log.append)
        here = await home.service.open(CONFIG, home.log.append)
        told: list[str] = []
        gone.when_closed.append(lambda: told.append("closed"))
        home.service.detach(gone)
        with pytest.raises(LimitReached):
            await home.service.open(CONFIG, home.log.append)  # it may still come back
        monkeypatch.setattr("kaikou.dialogue.sessions.register._GRACE_SECONDS", 0.0)
        await asyncio.sleep(0.05)
        await home.service.open(CONFIG, home.log.append)
        assert gone.closed and told == ["closed"] and not here.closed
        with pytest.raises(LimitReached):
            await home.service.open(CONFIG, home.log.append)


async def test_a_session_that_cannot_be_opened_takes_no_place(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        for wrong in ({"agent_id": "nobody"}, {"conversation_id": "conv_nowhere"}):
            with pytest.raises(NotFound):
                await home.service.open(CONFIG, home.log.append, **wrong)  # type: ignore[arg-type]
        home.engines = None
        with pytest.raises(NotReady) as waiting:
            await home.service.open(CONFIG, home.log.append)
        assert "Downloading the ears." in str(waiting.value)
        assert home.service.admission.sessions == 0


async def test_a_dropped_client_may_come_back_for_a_while(tmp_path: Path) -> None:
    async with house(tmp_path, resume_seconds=0.2) as home:
        one = await home.service.open(CONFIG, home.log.append)
        with pytest.raises(NotFound):
            home.service.detached(one.id)  # it is not dropped
        home.service.detach(one)
        assert home.service.detached(one.id) is one
        with pytest.raises(InvalidInput) as used:
            await home.service.open(CONFIG, home.log.append, conversation_id=one.id)
        assert used.value.code == "conversation_in_use"
        home.service.detach(one)
        await until(lambda: one.closed and home.service.admission.sessions == 0)
        with pytest.raises(NotFound):
            home.service.detached(one.id)


async def test_an_agent_fills_what_the_client_left_open(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        agent = (await home.agents.all())[1]
        one = await home.service.open(CONFIG, home.log.append, agent_id=agent.id)
        assert one.config.instructions == agent.prompt and one.config.voice == agent.voice
        await one.close()
        again = await home.service.open(CONFIG, home.log.append, conversation_id=one.id)
        assert again.config.instructions == agent.prompt, "it keeps its agent"
        stranger = await home.service.open(CONFIG, home.log.append)
        stranger.say("Hello")
        await home.until(ReplyDone)
        default = await home.agents.get(home.agents.default_id)
        assert home.llm.prompts[-1][0].content == default.prompt and not stranger.config.greeting
        mine = await home.service.open(
            SessionConfig(instructions="Mine."), home.log.append, agent_id=agent.id
        )
        assert mine.config.instructions == "Mine."


async def test_a_session_that_ended_while_its_client_was_let_in_does_not_begin(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        one = await home.service.open(CONFIG, home.log.append)
        await one.close()
        one.start()
        assert not one.task_count


async def test_sessions_end_when_their_time_is_over(tmp_path: Path) -> None:
    async with house(tmp_path, max_session_seconds=0.05) as home:
        reaper = asyncio.create_task(home.service._sessions.reap(0.02))
        one = await home.service.open(CONFIG, home.log.append)
        await home.until(Failed)
        await until(lambda: one.closed)
        reaper.cancel()
        fatal = [event for event in home.log if isinstance(event, Failed)]
        assert fatal[0].code == "session_expired" and fatal[0].fatal


async def test_a_session_that_cannot_be_told_does_not_keep_the_others_from_ending(tmp_path: Path) -> None:
    def broken(event: Event) -> None:
        raise RuntimeError("its client is gone")

    async with house(tmp_path, max_session_seconds=0.05) as home:
        reaper = asyncio.create_task(home.service._sessions.reap(0.02))
        ill = await home.service.open(CONFIG, broken)
        one = await home.service.open(CONFIG, home.log.append)
        await home.until(Failed)
        await until(lambda: not home.service.admission.sessions)
        reaper.cancel()
        assert ill.closed and one.closed
