"""The composition root: it alone knows every floor, and puts the running server together.

``serve`` is the whole server; ``open_runtime`` its parts without a port (the terminal talks in
process with the same parts); ``open_engine`` one loaded engine.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaikou.settings_load import LoadedSettings, load_settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from kaikou.api.runtime import Runtime as Runtime  # noqa: PLC0414 - the terminal names it too
    from kaikou.engines.ports import Progress
    from kaikou.engines.registry import Kind
    from kaikou.engines.warmup import Loading
    from kaikou.settings import Settings
    from kaikou.store.database import Database

log = logging.getLogger(__name__)

DRAIN_SECONDS = 10.0
"""How long replies under way may go on once the server is told to stop."""

OnChange = Callable[["Loading"], None]


def _nobody(_: object) -> None:
    """Nobody watches."""


# -- parts ------------------------------------------------------------------------------------------


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
async def open_runtime(loaded: LoadedSettings, on_change: OnChange = _nobody) -> AsyncIterator[Runtime]:
    """Every part of the server, engines warming in the background; all closed at the end, in the
    opposite order. ``on_change`` hears, on the event loop, how each engine comes along."""
    await asyncio.to_thread(_import_parts)
    from kaikou.accounts.guard import Guard
    from kaikou.agents.service import AgentService
    from kaikou.api.events import Feed
    from kaikou.api.metrics import Telemetry
    from kaikou.api.runtime import Runtime
    from kaikou.dialogue.admission import Admission, calibrate
    from kaikou.dialogue.service import LiveService
    from kaikou.engines.pool import Pool
    from kaikou.engines.ports import Lane
    from kaikou.engines.selection import build
    from kaikou.engines.warmup import Warmup
    from kaikou.engines.weights.store import WeightStore
    from kaikou.store.agents import AgentRepository
    from kaikou.store.blobs import Blobs
    from kaikou.store.conversations import ConversationRepository
    from kaikou.store.database import Database
    from kaikou.store.journal import Journal

    settings = loaded.settings
    feed, telemetry = Feed(), Telemetry()
    async with AsyncExitStack() as stack:
        stack.callback(feed.close)
        pool = Pool(settings.pool)
        stack.push_async_callback(pool.close)
        weights = WeightStore(settings.models)
        engines = await asyncio.to_thread(build, settings, pool, weights)

        def changed(loading: Loading) -> None:
            feed.publish("engines", **_loading_values(loading))
            on_change(loading)

        warmup = Warmup(engines, changed)
        stack.push_async_callback(warmup.aclose)
        database = await Database.open(settings)
        stack.push_async_callback(database.close)
        blobs = Blobs(settings.data_dir / "blobs")
        journal = Journal(database, blobs)
        stack.push_async_callback(journal.stop)
        journal.start()
        agents = AgentService(AgentRepository(database))
        admission = Admission(
            settings.live.max_sessions,
            await asyncio.to_thread(calibrate),
            lambda: pool.snapshot().lanes[Lane.LIVE].oldest,
        )
        live = LiveService(
            settings,
            agents,
            journal,
            admission,
            engines=lambda: engines if warmup.ready else None,
            waiting_for=warmup.waiting_for,
            on_change=lambda: feed.publish(
                "sessions", live=admission.sessions, limit=admission.load.capacity
            ),
            on_metrics=telemetry.turn,
        )
        stack.push_async_callback(live.close)
        live.start()
        runtime = Runtime(
            settings=settings,
            loaded=loaded,
            pool=pool,
            weights=weights,
            database=database,
            journal=journal,
            conversations=ConversationRepository(database, blobs),
            agents=agents,
            guard=Guard(settings, await _secret(settings, database)),
            feed=feed,
            telemetry=telemetry,
            engines=engines,
            warmup=warmup,
            live=live,
        )
        warmup.start()
        yield runtime


def _import_parts() -> None:
    """Import what is slow to import, in a thread, while the event loop already answers."""
    import importlib

    for name in (
        "kaikou.api.app",
        "kaikou.dialogue.service",
        "kaikou.store.database",
        "kaikou.store.migrate",
        "kaikou.engines.weights.store",
    ):
        importlib.import_module(name)


def _loading_values(loading: Loading) -> dict[str, Any]:
    health = loading.health
    return {
        "kind": loading.kind,
        "name": loading.name,
        "title": loading.title,
        "state": health.state,
        "detail": health.detail,
        "progress": health.progress,
    }


async def _secret(settings: Settings, database: Database) -> bytes:
    """The key that signs cookies and tokens: the setting, else one kept in the database."""
    from kaikou.store.secrets import kept_secret

    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    return (await kept_secret(database, "signing")).encode()


# -- the server -------------------------------------------------------------------------------------


def serve(
    overrides: Mapping[str, Any] | None = None,
    *,
    opened: Callable[[str], None] = _nobody,
    on_change: OnChange = _nobody,
) -> None:
    """Run the server until it is told to stop. ``opened`` gets the page's address once the port
    answers. Raises KaikouError where it may not or cannot start."""
    from kaikou import logs

    loaded = load_settings(overrides=overrides)
    settings = loaded.settings
    logs.configure("debug" if settings.debug else settings.log_level, logs.secrets_of(settings))
    for warning in loaded.warnings:
        log.warning(warning)
    _spare_the_cores()
    if sys.platform == "win32":
        asyncio.run(run(loaded, opened=opened, on_change=on_change))
    else:
        import uvloop

        uvloop.run(run(loaded, opened=opened, on_change=on_change))


async def run(
    loaded: LoadedSettings,
    *,
    opened: Callable[[str], None] = _nobody,
    on_change: OnChange = _nobody,
    stop: asyncio.Event | None = None,
    sock: socket.socket | None = None,
) -> None:
    """The server on the running loop; ends by signal or when ``stop`` is set. ``sock`` is listened on
    instead of the settings' address."""
    from kaikou.accounts.exposure import check_exposure
    from kaikou.api.door import Door
    from kaikou.api.listener import Listener, bind, options

    settings = loaded.settings
    check_exposure(settings)
    certificate, key = await asyncio.to_thread(_certificate, settings)
    sock = sock or bind(settings.host, settings.port)
    address = page_address(settings, sock.getsockname()[1])
    runtime: Runtime | None = None

    @asynccontextmanager
    async def build() -> AsyncIterator[ASGIApp]:
        nonlocal runtime
        async with open_runtime(loaded, on_change) as runtime:
            from kaikou.api.app import create_app

            lag = asyncio.create_task(runtime.telemetry.watch_loop(), name="loop lag")
            try:
                yield create_app(runtime)
            finally:
                lag.cancel()

    async def drain() -> None:
        if runtime is not None:
            await _drain(runtime)

    door = Door(build, failed=lambda: listener.stop())  # noqa: PLW0108 - it is made below
    config = options(door, max_frame_bytes=settings.limits.max_frame_bytes, certificate=certificate, key=key)
    listener = Listener(config, opened=lambda: opened(address), drain=drain)
    waiter = asyncio.create_task(_stop_when(stop, listener.stop)) if stop else None
    try:
        await listener.serve(sockets=[sock])
    finally:
        if waiter is not None:
            waiter.cancel()
        sock.close()
    if door.error is not None:
        raise door.error


def serve_reloading(overrides: Mapping[str, Any]) -> None:
    """For development: the server in a child process, started again when the source changes."""
    from functools import partial

    import uvicorn
    from uvicorn.supervisors import ChangeReload

    from kaikou.accounts.exposure import check_exposure
    from kaikou.api.listener import bind

    settings = load_settings(overrides=overrides).settings
    check_exposure(settings)
    sock = bind(settings.host, settings.port)
    print(f"Kaikou listens on {page_address(settings, sock.getsockname()[1])} and reloads.", file=sys.stderr)
    config = uvicorn.Config("kaikou.server:serve", reload=True, reload_dirs=[str(Path(__file__).parent)])
    ChangeReload(config, target=partial(_serve_child, dict(overrides)), sockets=[sock]).run()


def _serve_child(overrides: Mapping[str, Any], sockets: list[socket.socket]) -> None:
    from kaikou import logs

    loaded = load_settings(overrides=overrides)
    logs.configure(loaded.settings.log_level, logs.secrets_of(loaded.settings))
    _spare_the_cores()
    asyncio.run(run(loaded, sock=sockets[0]))


async def _stop_when(stop: asyncio.Event, end: Callable[[], None]) -> None:
    await stop.wait()
    end()


async def _drain(runtime: Runtime) -> None:
    """Take nobody new, let replies under way end (bounded), end the pages' event streams."""
    runtime.draining = True
    live = runtime.live
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            # Polled, because replies have no event in common.
            while live is not None and any(  # noqa: ASYNC110
                one.conversation.replying.active for one in live.sessions
            ):
                await asyncio.sleep(0.1)
    except TimeoutError:
        log.warning("replies were cut: they took longer than the server may take to stop")
    runtime.feed.close()


def _certificate(settings: Settings) -> tuple[Path | None, Path | None]:
    if not settings.tls:
        return None, None
    from kaikou.accounts.tls import self_signed

    found = self_signed(settings.data_dir, settings.host)
    return found.certificate, found.key


def page_address(settings: Settings, port: int) -> str:
    """Where a person opens the page."""
    host = settings.host
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        host = "localhost"
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if settings.tls else 'http'}://{shown}:{port}/"


def _spare_the_cores() -> None:
    """Threads of model runtimes must not spin while they wait: on a small machine that starves the
    language model. Read by the runtimes when they are first loaded."""
    import os

    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("KMP_BLOCKTIME", "0")
