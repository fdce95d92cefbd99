"""Opens live conversations, counts them, keeps what was said, and lets them go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from kaikou.agents.persona import Agent
from kaikou.agents.service import AgentService
from kaikou.dialogue.admission import Admission
from kaikou.dialogue.company import Company
from kaikou.dialogue.conversation import Conversation, Sink
from kaikou.dialogue.events import Event, Failed, Metrics
from kaikou.dialogue.items import Item
from kaikou.dialogue.keeper import Keeper, items_of
from kaikou.dialogue.outfit import allowed_to, hands_of, talk_of, with_agent
from kaikou.dialogue.pacer import Pacer
from kaikou.dialogue.phrases import Mouth
from kaikou.dialogue.ports import Companion, Talk
from kaikou.dialogue.preparing import measure, read_ahead
from kaikou.dialogue.session import SessionConfig
from kaikou.dialogue.tasks import TaskOwner
from kaikou.engines.ports import Engine, Engines, TextToSpeech
from kaikou.engines.shelf import EngineShelf
from kaikou.errors import InvalidInput, KaikouError, NotFound, NotReady
from kaikou.intent.choice import choose_intent
from kaikou.intent.ports import ChooseIntent
from kaikou.settings.tree import Settings
from kaikou.store.journal import Journal
from kaikou.store.records import StoredConversation
from kaikou.tools.ports import ToolSource
from kaikou.tools.toolbox import Toolbox
from kaikou.voices.library import VoiceLibrary

log = logging.getLogger(__name__)

_RETIRE_SECONDS = 30.0
_GRACE_SECONDS = 10.0
"""A dropped client's place is not given away so soon after the drop."""


@dataclass(slots=True)
class Session:
    """A conversation under way, with what the service keeps beside it."""

    conversation: Conversation
    keeper: Keeper
    surface: str
    opened_at: float
    engines: Engines
    detached: asyncio.TimerHandle | None = None


class LiveService:
    """All live sessions of this process. ``engines`` None means: still being made ready, and
    ``waiting_for`` says what for."""

    def __init__(
        self,
        settings: Settings,
        agents: AgentService,
        journal: Journal,
        admission: Admission,
        *,
        engines: Callable[[], Engines | None],
        shelf: EngineShelf | None = None,
        voices: VoiceLibrary | None = None,
        toolbox: Toolbox | None = None,
        waiting_for: Callable[[], str],
        on_change: Callable[[], None] = lambda: None,
        on_metrics: Callable[[str, Metrics], None] = lambda _surface, _metrics: None,
    ) -> None:
        self.admission = admission
        self.companions: list[Companion] = []
        """Keep the sessions company that are opened from now on: memory, knowing the speaker."""
        self.choose_intent: ChooseIntent = choose_intent
        """Finds what decides about tools in sessions opened from now on."""
        self.pacer = Pacer()
        self._settings = settings
        self._agents = agents
        self._journal = journal
        self._engines = engines
        self._shelf = shelf
        self._voices = voices
        self._toolbox = toolbox
        self._waiting_for = waiting_for
        self._on_change = on_change
        self._on_metrics = on_metrics
        self._sessions: dict[str, Session] = {}
        self._opening: set[str] = set()
        """Stored conversations being loaded for a session."""
        self._mouths: dict[int, Mouth] = {}
        """By the identity of the engine, which each mouth keeps alive."""
        self._tasks = TaskOwner(lambda error: log.error("live service", exc_info=error))
        self.prepared = asyncio.Event()
        """Set once nothing of the start is left to do."""

    def start(self) -> None:
        """Begin to watch the load and the sessions' ages."""
        self._tasks.spawn(self.admission.watch(), "load")
        self._tasks.spawn(self._reap(), "reap")
        self._tasks.spawn(self._prepare(), "prepare")

    async def close(self) -> None:
        """End every session; what was heard is kept."""
        for session in list(self._sessions.values()):
            await session.conversation.close("the server stops")
        await self._tasks.close()
        self.pacer.close()

    @property
    def sessions(self) -> tuple[Session, ...]:
        return tuple(self._sessions.values())

    async def open(
        self,
        config: SessionConfig,
        sink: Sink,
        *,
        agent_id: str | None = None,
        conversation_id: str | None = None,
        surface: str = "realtime",
        items: Iterable[Item] = (),
        kept: bool = True,
        device_id: str | None = None,
        extra_sources: Sequence[ToolSource] = (),
    ) -> Conversation:
        """A new session, or a stored conversation taken up again (``conversation_id``).

        ``agent_id`` fills what ``config`` leaves open (prompt, voice, language, greeting); a stored
        conversation keeps its own agent where none is named. While a session has no instructions,
        the default agent's prompt says how to speak aloud. ``kept`` False: nothing of it is stored.
        The agent brings the server's tools; a client without one that has instructions of its own brings
        its tools, too. ``extra_sources`` are tools of this session alone, such as those of ``device_id``.
        Errors: LimitReached ``session_limit_reached``; NotReady while engines warm; NotFound
        ``conversation_not_found`` / ``agent_not_found``; InvalidInput ``conversation_in_use``.
        """
        engines = self._engines()
        if engines is None:
            raise NotReady("The engines are being made ready.", hint=self._waiting_for())
        if conversation_id is not None and conversation_id in (self._sessions.keys() | self._opening):
            raise InvalidInput(
                "This conversation is open in another session.",
                code="conversation_in_use",
                hint="Close it there first, or resume it.",
                status=409,
            )
        if conversation_id is not None:
            self._opening.add(conversation_id)
        try:
            if self.admission.load.full:
                await self._close_one_detached()
            await self.admission.enter_within(self._settings.live.admission_wait)
        except BaseException:
            self._opening.discard(conversation_id or "")
            raise
        try:
            history = list(items)
            if conversation_id is not None:
                stored = await self._journal.load(conversation_id)
                history = [*items_of(stored), *history]
                agent_id = agent_id or await self._agent_of(stored)
            agent = default = await self._agents.get(self._agents.default_id)
            if agent_id is not None:
                agent = await self._agents.get(agent_id)
                config = with_agent(config, agent)
                if agent.engines and self._shelf is not None:
                    engines = await self._shelf.choose(engines, agent.engines)
            talk = talk_of(agent, conversation_id, device_id, surface, config, kept=kept)
            company = Company(talk, self.companions, self._settings.live.enrich_ms / 1000)
            await company.open()
            toolbox = self._toolbox and self._toolbox.with_sources(extra_sources)
            conversation = self._open(
                engines, config, sink, company, toolbox, agent, manners=default.prompt, history=history
            )
            if conversation.hands is not None and agent_id is None:
                # A client with its own instructions brings its own tools, too.
                conversation.hands.offered = lambda: not conversation.config.instructions
            self._keep(conversation, engines, talk, agent_id, resumed=conversation_id is not None)
            return conversation
        except BaseException:
            self.admission.leave()
            raise
        finally:
            self._opening.discard(conversation_id or "")

    async def _spoken_with(self, engine: TextToSpeech, voice: str | None) -> str | None:
        """What the engine knows a voice of the library by."""
        return voice if self._voices is None else await self._voices.spoken_with(voice, engine)

    async def _close_one_detached(self) -> None:
        """Somebody is here, and somebody else is gone: the place is the one's who is here."""
        # Until ``when`` the client may come back; one that dropped just now is given time to.
        ends = asyncio.get_running_loop().time() + self._settings.live.resume_seconds - _GRACE_SECONDS
        gone = {
            session.detached.when(): session
            for session in self._sessions.values()
            if session.detached is not None and session.detached.when() <= ends
        }
        if gone:
            await gone[min(gone)].conversation.close("its place was needed")

    async def change_agent(self, conversation: Conversation, agent_id: str) -> None:
        """Let another agent take over a session.

        Errors: NotFound ``agent_not_found``; InvalidInput ``agent_needs_own_session`` where the
        agent has engines of its own.
        """
        agent = await self._agents.get(agent_id)
        if agent.engines:
            raise InvalidInput(
                f"{agent.name} speaks through engines of its own.",
                code="agent_needs_own_session",
                hint="Connect again and name the agent there (?agent=).",
            )
        conversation.update(
            replace(
                conversation.config,
                instructions=agent.prompt,
                voice=agent.voice,
                language=agent.language,
                greeting=agent.greeting,
            )
        )
        if conversation.hands is not None:
            conversation.hands.goes_on_as(agent.id, allowed_to(agent), agent.knowledge)
        await conversation.company.goes_on_as(agent.id, agent.memory, agent.language)
        session = self._sessions[conversation.id]
        if conversation.company.talk.kept:
            session.keeper.begin(conversation, agent_id, session.surface, resumed=True)

    async def _agent_of(self, stored: StoredConversation) -> str | None:
        """The agent a stored conversation was held with, if it still exists."""
        known = stored.conversation.agent_id
        if known is None:
            return None
        return known if any(agent.id == known for agent in await self._agents.all()) else None

    def _open(
        self,
        engines: Engines,
        config: SessionConfig,
        sink: Sink,
        company: Company,
        toolbox: Toolbox | None,
        agent: Agent,
        *,
        manners: str,
        history: list[Item],
    ) -> Conversation:
        resolve = partial(self._spoken_with, engines.tts)
        mouth = self._mouths.setdefault(id(engines.tts), Mouth(engines.tts, resolve=resolve))
        talk = company.talk

        async def change_agent(agent_id: str) -> None:
            await self.change_agent(conversation, agent_id)

        hands = None
        if toolbox is not None:
            tools = self._settings.tools
            hands = hands_of(
                toolbox, agent, talk, engines, tools, choose=self.choose_intent, change_agent=change_agent
            )
        conversation = Conversation(
            config,
            sink,
            engines=engines,
            mouth=mouth,
            pacer=self.pacer,
            settings=self._settings,
            manners=manners,
            conversation_id=talk.conversation_id,
            items=history,
            observe=lambda event: self._observe(talk, event),
            hands=hands,
            company=company,
            on_close=self._closed,
        )
        return conversation

    def _observe(self, talk: Talk, event: Event) -> None:
        session = self._sessions.get(talk.conversation_id)
        if session is not None:
            session.keeper.see(event)
        if isinstance(event, Metrics):
            self._on_metrics(talk.surface, event)

    def _keep(
        self, conversation: Conversation, engines: Engines, talk: Talk, agent_id: str | None, *, resumed: bool
    ) -> None:
        """The session is under way: it is counted, and what is said written down."""
        keeper = Keeper(self._journal, store_audio=self._settings.live.store_audio)
        if talk.kept:
            keeper.begin(conversation, agent_id, talk.surface, resumed=resumed)
        opened_at = asyncio.get_running_loop().time()
        self._sessions[conversation.id] = Session(conversation, keeper, talk.surface, opened_at, engines)
        self._on_change()

    # -- engines that change

    def retire(self, engine: Engine) -> None:
        """``engine`` is no longer in force: close it once no session uses it. The one in its place is
        prepared."""
        self._tasks.spawn(self._retire(engine), "retire an engine")
        self._tasks.spawn(self._prepare(), "prepare")

    async def _retire(self, engine: Engine, interval: float = 1.0) -> None:
        try:
            # A session being opened, or a preview being spoken, may have it without being seen here.
            await asyncio.sleep(_RETIRE_SECONDS)
            while any(_uses(session.engines, engine) for session in self._sessions.values()):  # noqa: ASYNC110
                await asyncio.sleep(interval)
        finally:
            self._mouths.pop(id(engine), None)
            await engine.close()

    # -- clients that drop

    def detach(self, conversation: Conversation) -> None:
        """The client's connection broke: hold the session for ``live.resume_seconds``."""
        session = self._sessions.get(conversation.id)
        if session is None or session.conversation is not conversation:
            return
        conversation.detach()
        loop = asyncio.get_running_loop()
        if session.detached is not None:
            session.detached.cancel()
        session.detached = loop.call_later(
            self._settings.live.resume_seconds,
            lambda: self._tasks.spawn(conversation.close("the client did not come back"), "close"),
        )

    def detached(self, conversation_id: str) -> Conversation:
        """A live conversation whose client dropped a moment ago, for the client that comes back.
        NotFound ``conversation_not_resumable`` otherwise."""
        session = self._sessions.get(conversation_id)
        if session is None or session.detached is None:
            raise NotFound(
                f"Conversation {conversation_id!r} is not waiting for a client.",
                code="conversation_not_resumable",
                hint=f"A dropped session is kept {self._settings.live.resume_seconds:.0f} s; "
                "open the stored conversation instead.",
            )
        session.detached.cancel()
        session.detached = None
        return session.conversation

    # -- before the first call

    async def _prepare(self, interval: float = 0.5) -> None:
        """What is better done once the models are there and nobody is in a call."""
        while (engines := self._engines()) is None or self._sessions:  # noqa: ASYNC110 - seldom, and once
            await asyncio.sleep(interval)
        if not self._settings.live.max_sessions:
            await measure(engines, self.admission)
            self._on_change()
        agent = await self._agents.get(self._agents.default_id)
        intent = self.choose_intent(self._settings.tools.intent, engines.llm.card)
        await read_ahead(engines.llm, intent, agent.prompt)
        self.prepared.set()

    # -- ends

    def _closed(self, conversation: Conversation) -> None:
        session = self._sessions.pop(conversation.id, None)
        if session is None:
            return
        if session.detached is not None:
            session.detached.cancel()
        session.keeper.end()
        self.admission.leave()
        self._on_change()

    async def _reap(self, interval: float = 5.0) -> None:
        """End sessions that nobody uses, or that are as old as a session may become."""
        live = self._settings.live
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(interval)
            now = loop.time()
            for session in list(self._sessions.values()):
                conversation = session.conversation
                error: KaikouError | None = None
                if now - session.opened_at > live.max_session_seconds:
                    error = KaikouError(
                        f"The session reached its longest time of {live.max_session_seconds:.0f} s.",
                        code="session_expired",
                        hint="Open a new session on the same conversation.",
                    )
                elif now - conversation.last_active > live.idle_timeout and session.detached is None:
                    error = KaikouError(
                        f"Nothing was received for {live.idle_timeout:.0f} s.",
                        code="session_idle",
                        hint="Open a new session on the same conversation.",
                    )
                if error is not None:
                    conversation.sink(Failed(error.code, error.message, error.hint, fatal=True))
                    await conversation.close(error.code)


def _uses(engines: Engines, engine: Engine) -> bool:
    return any(one is engine for one in (engines.vad, engines.turn, engines.stt, engines.llm, engines.tts))
