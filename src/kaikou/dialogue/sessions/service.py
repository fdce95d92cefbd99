"""Opens live conversations, counts them, keeps what was said, and lets them go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from kaikou.agents.persona import Agent
from kaikou.agents.service import AgentService
from kaikou.dialogue.conversation import Conversation, Sink
from kaikou.dialogue.events import Event, Metrics
from kaikou.dialogue.items import Item
from kaikou.dialogue.ports import Companion, Talk
from kaikou.dialogue.session import SessionConfig
from kaikou.dialogue.sessions.admission import Admission
from kaikou.dialogue.sessions.keeper import Keeper, items_of
from kaikou.dialogue.sessions.outfit import allowed_to, hands_of, intent_of, talk_of, tools_of, with_agent
from kaikou.dialogue.sessions.preparing import measure, read_ahead
from kaikou.dialogue.sessions.register import Register, Session
from kaikou.dialogue.speaking.pacer import Pacer
from kaikou.dialogue.speaking.phrases import Mouth
from kaikou.dialogue.tasks import TaskOwner
from kaikou.dialogue.thinking.company import Company
from kaikou.engines.ports import Engine, Engines, TextToSpeech
from kaikou.engines.shelf import EngineShelf
from kaikou.errors import InvalidInput, NotReady
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
        self._opening: set[str] = set()
        """Stored conversations being loaded for a session."""
        self._mouths: dict[int, Mouth] = {}
        """By the identity of the engine, which each mouth keeps alive."""
        self._tasks = TaskOwner(lambda error: log.error("live service", exc_info=error))
        self._sessions = Register(settings.live, self._tasks, self._ended)
        self.prepared = asyncio.Event()
        """Set once nothing of the start is left to do."""

    def start(self) -> None:
        """Begin to watch the load and the sessions' ages."""
        self._tasks.spawn(self.admission.watch(self._sessions.active), "load")
        self._tasks.spawn(self._sessions.reap(), "reap")
        self._tasks.spawn(self._prepare(), "prepare")

    async def close(self) -> None:
        """End every session; what was heard is kept."""
        await self._sessions.close()
        await self._tasks.close()
        self.pacer.close()

    @property
    def sessions(self) -> tuple[Session, ...]:
        return tuple(self._sessions)

    async def check_room(self) -> None:
        """LimitReached ``session_limit_reached`` where ``open`` would refuse now: a surface asks before it
        builds anything for a caller. With a ``live.admission_wait``, ``open`` decides."""
        if self._settings.live.admission_wait > 0:
            return
        if self.admission.load.full:
            await self._sessions.make_room()
        self.admission.check()

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
        browser: str | None = None,
        extra_sources: Sequence[ToolSource] = (),
    ) -> Conversation:
        """A new session, or a stored conversation taken up again (``conversation_id``).

        ``agent_id`` fills what ``config`` leaves open (prompt, voice, language, greeting); a stored
        conversation keeps its own agent where none is named. While a session has no instructions,
        the default agent's prompt says how to speak aloud. ``kept`` False: nothing of it is stored.
        The agent brings the server's tools; a client without one that has instructions of its own brings
        its tools, too. ``extra_sources`` are tools of this session alone, such as those of ``device_id``.
        ``browser`` is the id that the user's browser keeps: whose memory it is where nothing else tells.
        Errors: LimitReached ``session_limit_reached``; NotReady while engines warm; NotFound
        ``conversation_not_found`` / ``agent_not_found``; InvalidInput ``conversation_in_use``.
        """
        engines = self._engines()
        if engines is None:
            raise NotReady("The engines are being made ready.", hint=self._waiting_for())
        if conversation_id is not None and (
            conversation_id in self._sessions or conversation_id in self._opening
        ):
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
                await self._sessions.make_room()
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
            talk = talk_of(
                agent, conversation_id, surface, config, kept=kept, device_id=device_id, browser=browser
            )
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
            intent = intent_of(agent, conversation.llm_card, self._settings.tools, self.choose_intent)
            conversation.hands.goes_on_as(agent.id, allowed_to(agent), agent.knowledge, intent)
        await conversation.company.goes_on_as(agent.id, agent.memory, agent.language)
        session = self._sessions.get(conversation.id)
        if session is not None and conversation.company.talk.kept:
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
            on_close=self._sessions.ended,
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
        self._sessions.add(Session(conversation, keeper, talk.surface, opened_at, engines))
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
            while self._sessions.use(engine):  # noqa: ASYNC110 - seldom
                await asyncio.sleep(interval)
        finally:
            self._mouths.pop(id(engine), None)
            await engine.close()

    # -- clients that drop

    def detach(self, conversation: Conversation) -> None:
        """The client's connection broke: hold the session for ``live.resume_seconds``."""
        self._sessions.detach(conversation)

    def detached(self, conversation_id: str) -> Conversation:
        """A live conversation whose client dropped a moment ago, for the client that comes back.
        NotFound ``conversation_not_resumable`` otherwise."""
        return self._sessions.attach(conversation_id)

    # -- before the first call

    async def _prepare(self, interval: float = 0.5) -> None:
        """What is better done once the models are there and nobody is in a call."""
        while (engines := self._engines()) is None or self._sessions:  # noqa: ASYNC110 - seldom, and once
            await asyncio.sleep(interval)
        agent = await self._agents.get(self._agents.default_id)
        intent = intent_of(agent, engines.llm.card, self._settings.tools, self.choose_intent)
        tools = tools_of(self._toolbox, agent) if self._toolbox is not None else ()
        # Before the models are measured: who calls at once would wait for it.
        await read_ahead(engines.llm, intent, tools, agent.prompt)
        if not self._settings.live.max_sessions:
            await measure(engines, self.admission)
            self._on_change()
        self.prepared.set()

    def _ended(self, _session: Session) -> None:
        self.admission.leave()
        self._on_change()
