"""The composition root: it alone knows every floor, and puts the running server's parts together.

``open_app`` is the web application with everything behind it (``serving.py`` gives it a port);
``open_runtime`` the parts without a surface (the terminal talks in process with them);
``open_engine`` one loaded engine.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from kaikou.errors import SettingsError
from kaikou.machine import settle_memory, spare_the_cores

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from kaikou.api.runtime import Runtime as Runtime  # noqa: PLC0414 - the terminal names it too
    from kaikou.dialogue.sessions.service import LiveService
    from kaikou.engines.pool import Pool
    from kaikou.engines.ports import Embedder, Engines, Progress
    from kaikou.engines.registry import Kind, Weights
    from kaikou.engines.warmup import Loading, Warmup
    from kaikou.knowledge.library import KnowledgeBase
    from kaikou.settings.loading import LoadedSettings
    from kaikou.settings.tree import Settings
    from kaikou.store.database import Database
    from kaikou.tools.room import ToolRoom

log = logging.getLogger(__name__)

OnChange = Callable[["Loading"], None]


_FIRST_PARTS = (
    "kaikou.api.events",
    "kaikou.engines.selection",
    "kaikou.engines.warmup",
    "kaikou.engines.weights.store",
)
"""What the engines need to be made and loaded."""
_OTHER_PARTS = (
    "kaikou.api.app",
    "kaikou.dialogue.sessions.service",
    "kaikou.store.database",
    "kaikou.store.migrate",
)


def ignore(_: object) -> None:
    """Where nobody watches."""


@asynccontextmanager
async def open_engine(
    settings: Settings, kind: Kind, progress: Progress, *, load: bool = True
) -> AsyncIterator[Any]:
    """The engine chosen for ``kind``, loaded unless told otherwise, with a pool of its own; closed at
    the end."""
    from kaikou.engines.pool import Pool
    from kaikou.engines.registry import EngineContext, create
    from kaikou.engines.selection import choose
    from kaikou.engines.weights.store import WeightStore

    spare_the_cores()
    name = getattr(choose(settings), kind)
    weights = WeightStore(settings.models)
    async with AsyncExitStack() as stack:
        pool = Pool(settings.pool)
        stack.push_async_callback(pool.close)
        context = EngineContext(name, getattr(settings, kind), settings, pool, weights)
        engine = await asyncio.to_thread(create, kind, context)
        stack.push_async_callback(engine.close)
        if load:
            await engine.load(progress)
        yield engine


@asynccontextmanager
async def open_app(
    loaded: LoadedSettings, on_change: OnChange = ignore
) -> AsyncIterator[tuple[ASGIApp, Runtime]]:
    """The web application and the runtime behind it."""
    async with open_runtime(loaded, on_change) as runtime, AsyncExitStack() as stack:
        from kaikou.api.app import create_app

        await _open_devices(runtime, stack)

        lag = asyncio.create_task(runtime.telemetry.watch_loop(), name="loop lag")
        settling = asyncio.create_task(_settle(runtime.warmup), name="settle memory")
        try:
            yield create_app(runtime), runtime
        finally:
            lag.cancel()
            settling.cancel()


@asynccontextmanager
async def open_runtime(loaded: LoadedSettings, on_change: OnChange = ignore) -> AsyncIterator[Runtime]:
    """Every part of the server, engines warming in the background; all closed at the end, in the
    opposite order. ``on_change`` hears, on the event loop, how each engine comes along."""
    spare_the_cores()
    await asyncio.to_thread(_import, _FIRST_PARTS)
    from kaikou.api.events import ConversationChanges, Feed
    from kaikou.engines.pool import Pool
    from kaikou.engines.warmup import Warmup
    from kaikou.engines.weights.store import WeightStore

    async with AsyncExitStack() as stack:
        feed = Feed()
        stack.callback(feed.close)
        pool = Pool(loaded.settings.pool)
        stack.push_async_callback(pool.close)
        weights = WeightStore(loaded.settings.models)
        loaded, engines = await asyncio.to_thread(_build, loaded, pool, weights)
        settings = loaded.settings

        def changed(loading: Loading) -> None:
            feed.publish("engines", **_loading_values(loading, weights))
            on_change(loading)

        warmup = Warmup(engines, changed)
        stack.push_async_callback(warmup.aclose)
        # The models are read while the rest is imported: two cores have both done sooner.
        warmup.start()
        await asyncio.to_thread(_import, _OTHER_PARTS)
        from kaikou.accounts.guard import Guard
        from kaikou.agents.service import AgentService
        from kaikou.api.runtime import Runtime
        from kaikou.store.agents import AgentRepository
        from kaikou.store.blobs import Blobs
        from kaikou.store.conversations import ConversationRepository
        from kaikou.store.database import Database
        from kaikou.store.journal import Journal
        from kaikou.store.purge import Purge
        from kaikou.store.voices import VoiceRepository
        from kaikou.voices.library import VoiceLibrary

        database = await Database.open(settings)
        stack.push_async_callback(database.close)
        blobs = Blobs(settings.data_dir / "blobs")
        changes = ConversationChanges(feed)
        stack.callback(changes.close)
        journal = Journal(database, blobs, on_written=changes.note)
        stack.push_async_callback(journal.stop)
        journal.start()
        conversations = ConversationRepository(database, blobs)
        purge = Purge(conversations, settings.limits.undo_seconds)
        stack.push_async_callback(purge.stop)
        purge.start()
        runtime = Runtime(
            settings=settings,
            loaded=loaded,
            pool=pool,
            weights=weights,
            database=database,
            journal=journal,
            conversations=conversations,
            agents=AgentService(AgentRepository(database)),
            guard=Guard(settings, await _secret(settings, database)),
            feed=feed,
            engines=engines,
            warmup=warmup,
            voices=VoiceLibrary(engines.tts, VoiceRepository(database)),
        )
        await _open_services(runtime, warmup, stack)
        yield runtime


def _build(loaded: LoadedSettings, pool: Pool, weights: Weights) -> tuple[LoadedSettings, Engines]:
    """The engines, and the settings they were made by: those of the operator alone, where what was
    chosen on the page cannot be made any more. The page must come up, or nobody could choose anew."""
    from kaikou.engines.selection import build

    try:
        return loaded, build(loaded.settings, pool, weights)
    except SettingsError as error:
        if loaded.operator is None:
            raise
        log.warning("the engines chosen on the page are not used: %s", error)
        return loaded.operator, build(loaded.operator.settings, pool, weights)


async def _open_services(runtime: Runtime, warmup: Warmup, stack: AsyncExitStack) -> None:
    """What works on the runtime's parts, each told of those it needs."""
    from kaikou.api.providers.routes import switchboard
    from kaikou.composing.mind import keep_company, open_mind
    from kaikou.composing.reminders import open_reminders

    runtime.tools = await _open_tools(runtime, stack)
    runtime.schedule = open_reminders(runtime, stack)
    await open_mind(runtime, stack)
    runtime.live = await _open_live(runtime, warmup, stack)
    keep_company(runtime, runtime.live, stack)
    runtime.knowledge = await _open_knowledge(runtime, stack)
    stack.push_async_callback(switchboard(runtime).close)


async def _open_tools(runtime: Runtime, stack: AsyncExitStack) -> ToolRoom:
    """The tools, with what they need of other rooms; they load and connect in the background."""
    from kaikou.api.reminders.tool import CallersSchedule, OtherDevices
    from kaikou.api.tools import SourceChanges
    from kaikou.composing.library import AgentsKnowledge
    from kaikou.store.endpoints import EndpointRepository
    from kaikou.tools.mcp.endpoints import McpEndpoints
    from kaikou.tools.ports import AgentChoice, ToolPorts
    from kaikou.tools.room import ToolRoom

    class Personas:
        async def choices(self) -> Sequence[AgentChoice]:
            return [AgentChoice(agent.id, agent.name) for agent in await runtime.agents.all()]

    changes = SourceChanges(runtime.feed)
    stack.callback(changes.close)
    settings = runtime.settings
    endpoints = McpEndpoints(EndpointRepository(runtime.database), settings.tools, changes.note)
    await endpoints.load()
    schedule, others = CallersSchedule(lambda: runtime.schedule), OtherDevices(lambda: runtime.devices)
    knowledge = AgentsKnowledge(runtime)
    ports = ToolPorts(agents=Personas(), knowledge=knowledge, schedule=schedule, devices=others)
    tools = ToolRoom(settings.data_dir, settings.tools, ports, changes.note, endpoints)
    stack.push_async_callback(tools.close)
    tools.start()
    return tools


async def _open_live(runtime: Runtime, warmup: Warmup, stack: AsyncExitStack) -> LiveService:
    """The service of live conversations, told of the runtime's parts it needs."""
    from kaikou.dialogue.sessions.admission import Admission, Occupancy
    from kaikou.dialogue.sessions.calibration import calibrate
    from kaikou.dialogue.sessions.service import LiveService
    from kaikou.engines.ports import Lane, Queues
    from kaikou.engines.shelf import EngineShelf

    settings, pool = runtime.settings, runtime.pool
    shelf = EngineShelf(settings, pool, runtime.weights)
    stack.push_async_callback(shelf.close)
    runtime.shelf = shelf

    def queue_wait() -> float:
        waiting = pool.snapshot().lanes[Lane.LIVE].oldest
        llm = runtime.engines.llm if runtime.engines is not None else None
        return max(waiting, llm.queue_wait()) if isinstance(llm, Queues) else waiting

    occupancy = Occupancy(settings.live.loop_share, await asyncio.to_thread(calibrate))
    admission = Admission(settings.live.max_sessions, occupancy, queue_wait)

    def counted() -> None:
        runtime.feed.publish("sessions", live=admission.sessions, limit=admission.load.capacity)
        if runtime.schedule is not None:
            runtime.schedule.arrived()

    live = LiveService(
        settings,
        runtime.agents,
        runtime.journal,
        admission,
        engines=lambda: runtime.engines if warmup.ready and not runtime.draining else None,
        shelf=shelf,
        voices=runtime.voices,
        toolbox=runtime.tools.toolbox if runtime.tools is not None else None,
        waiting_for=lambda: "The server is stopping." if runtime.draining else warmup.waiting_for(),
        on_change=counted,
        on_metrics=runtime.telemetry.turn,
    )
    stack.push_async_callback(live.close)
    live.start()
    return live


async def _open_knowledge(runtime: Runtime, stack: AsyncExitStack) -> KnowledgeBase:
    """The knowledge bases; their embedder is loaded when something is first imported or asked."""
    from kaikou.engines.selection import choose
    from kaikou.knowledge.in_database import windows_of
    from kaikou.knowledge.library import KnowledgeBase
    from kaikou.store.knowledge import KnowledgeRepository
    from kaikou.store.purge import Purge

    settings = runtime.settings
    repository = KnowledgeRepository(runtime.database, runtime.conversations.blobs)

    async def embedder(patience: float) -> Embedder:
        assert runtime.shelf is not None
        found = await runtime.shelf.engine("embedding", choose(settings).embedding, patience=patience)
        return cast("Embedder", found)

    def changed(**data: Any) -> None:
        runtime.feed.publish("knowledge", **data)

    windows = await windows_of(runtime.database, settings.knowledge.vectors)
    knowledge = KnowledgeBase(repository, embedder, runtime.pool, settings, changed, windows)
    purge = Purge(repository, settings.limits.undo_seconds, what="documents and knowledge bases")
    stack.push_async_callback(purge.stop)
    purge.start()
    stack.push_async_callback(knowledge.stop)
    knowledge.start()
    return knowledge


async def _open_devices(runtime: Runtime, stack: AsyncExitStack) -> None:
    """The registry of devices, whose changes are events of the page's stream, and their codecs."""
    from kaikou.api.xiaozhi.desk import open_desk
    from kaikou.devices.codes import BindingCodes
    from kaikou.devices.firmware import FirmwareStore
    from kaikou.devices.registry import DeviceRegistry
    from kaikou.devices.tokens import DeviceTokens
    from kaikou.store.devices import DeviceRepository
    from kaikou.store.purge import Purge
    from kaikou.store.secrets import kept_secret

    def changed(device_id: str, change: str) -> None:
        runtime.feed.publish("devices", id=device_id, change=change)
        if change == "online" and runtime.schedule is not None:
            runtime.schedule.arrived()

    settings = runtime.settings.xiaozhi
    key = (await kept_secret(runtime.database, "devices")).encode()
    desk = open_desk(runtime)
    repository = DeviceRepository(runtime.database)
    purge = Purge(repository, runtime.settings.limits.undo_seconds, what="devices")
    stack.push_async_callback(purge.stop)
    purge.start()
    runtime.devices = DeviceRegistry(
        repository,
        FirmwareStore(
            runtime.settings.data_dir / "firmware", settings.firmware_max_bytes, settings.firmware_images
        ),
        DeviceTokens(key, settings.token_days * 86_400),
        BindingCodes(
            settings.code_minutes * 60,
            most=settings.max_waiting,
            of_address=settings.max_waiting_of_address,
        ),
        on_change=changed,
        most=settings.max_devices,
    )
    stack.push_async_callback(runtime.devices.close)
    if settings.enabled and settings.mqtt.enabled:
        from kaikou.api.xiaozhi.mqtt.broker import open_broker

        stack.push_async_callback((await open_broker(runtime, desk)).close)


async def _settle(warmup: Warmup | None) -> None:
    """What is in memory once calls can be taken stays there."""
    if warmup is not None:
        await warmup.wait_ready()
        settle_memory()


def _import(names: Sequence[str]) -> None:
    """Import what is slow to import, in a thread, while the event loop already answers."""
    import importlib

    for name in names:
        importlib.import_module(name)


def _loading_values(loading: Loading, weights: Weights) -> dict[str, Any]:
    from kaikou.api.health import download_of

    health = loading.health
    download = download_of(weights, loading.kind) if health.state == "loading" else None
    return {
        "kind": loading.kind,
        "name": loading.name,
        "title": loading.title,
        "state": health.state,
        "detail": health.detail,
        "progress": health.progress,
        "download": download.model_dump() if download is not None else None,
    }


async def _secret(settings: Settings, database: Database) -> bytes:
    """The key that signs cookies and tokens: the setting, else one kept in the database."""
    from kaikou.store.secrets import kept_secret

    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    return (await kept_secret(database, "signing")).encode()
