"""The server as a process: settings in, a port open, signals obeyed, everything put down again."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaikou import logs
from kaikou.errors import SettingsError
from kaikou.server import OnChange, ignore, open_app
from kaikou.settings.loading import LoadedSettings, load_settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from kaikou.api.runtime import Runtime
    from kaikou.settings.tree import Settings

log = logging.getLogger(__name__)

DRAIN_SECONDS = 10.0
"""How long replies under way may go on once the server is told to stop."""


def serve(
    overrides: Mapping[str, Any] | None = None,
    *,
    opened: Callable[[list[str]], None] = ignore,
    on_change: OnChange = ignore,
) -> None:
    """Run the server until it is told to stop. ``opened`` gets the page's addresses once the
    port answers. Raises KaikouError where it may not or cannot start."""
    loaded = load_settings(overrides=overrides)
    settings = loaded.settings
    logs.configure("debug" if settings.debug else settings.log_level, logs.secrets_of(settings))
    for warning in loaded.warnings:
        log.warning(warning)
    if sys.platform == "win32":
        asyncio.run(run(loaded, opened=opened, on_change=on_change))
    else:
        import uvloop

        uvloop.run(run(loaded, opened=opened, on_change=on_change))


async def run(
    loaded: LoadedSettings,
    *,
    opened: Callable[[list[str]], None] = ignore,
    on_change: OnChange = ignore,
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
    own = sock is None
    sock = sock or bind(settings.host, settings.port)
    addresses = await asyncio.to_thread(page_addresses, settings, sock.getsockname()[1])
    runtime: Runtime | None = None

    @asynccontextmanager
    async def build() -> AsyncIterator[ASGIApp]:
        nonlocal runtime
        async with open_app(loaded, on_change) as (app, runtime):
            yield app

    async def drain() -> None:
        if runtime is not None:
            await _drain(runtime)

    door = Door(build, failed=lambda: listener.stop())  # noqa: PLW0108 - it is made below
    config = options(door, max_frame_bytes=settings.limits.max_frame_bytes, certificate=certificate, key=key)
    more = bind_more(settings) if own else []
    listener = Listener(config, opened=lambda: opened(addresses), drain=drain)
    waiter = asyncio.create_task(_stop_when(stop, listener.stop)) if stop else None
    try:
        await listener.serve(sockets=[sock, *more])
    finally:
        if waiter is not None:
            waiter.cancel()
        for one in (sock, *more):
            one.close()
    if door.error is not None:
        raise door.error


def serve_reloading(overrides: Mapping[str, Any]) -> None:
    """For development: the server in a child process, started again when the source changes."""
    import uvicorn
    from uvicorn.supervisors import ChangeReload

    from kaikou.accounts.exposure import check_exposure
    from kaikou.api.listener import bind

    settings = load_settings(overrides=overrides).settings
    check_exposure(settings)
    sock = bind(settings.host, settings.port)
    address = page_addresses(settings, sock.getsockname()[1])[0]
    print(f"Kaikou listens on {address} and reloads.", file=sys.stderr)
    config = uvicorn.Config("kaikou.serving:serve", reload=True, reload_dirs=[str(Path(__file__).parent)])
    ChangeReload(config, target=partial(_serve_child, dict(overrides)), sockets=[sock]).run()


def _serve_child(overrides: Mapping[str, Any], sockets: list[socket.socket]) -> None:
    loaded = load_settings(overrides=overrides)
    logs.configure(loaded.settings.log_level, logs.secrets_of(loaded.settings))
    asyncio.run(run(loaded, sock=sockets[0]))


async def _stop_when(stop: asyncio.Event, end: Callable[[], None]) -> None:
    await stop.wait()
    end()


async def _drain(runtime: Runtime) -> None:
    """Take nobody new, let replies under way end (bounded) where somebody hears them, end the pages' event
    streams."""
    runtime.draining = True
    sessions = runtime.live.sessions if runtime.live is not None else ()
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            for one in sessions:
                if one.detached is not None:  # its client dropped, and cannot come back to this server
                    await one.conversation.close("the server stops")
            # Polled, because replies have no event in common.
            while any(one.conversation.replying.active for one in sessions):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    except TimeoutError:
        log.warning("replies were cut: they took longer than the server may take to stop")
    runtime.feed.close()


def bind_more(settings: Settings) -> list[socket.socket]:
    """Listening sockets of ``xiaozhi.extra_ports``; none stays open where one cannot be had."""
    from kaikou.api.listener import bind

    bound: list[socket.socket] = []
    wanted = settings.xiaozhi.extra_ports if settings.xiaozhi.enabled else []
    for port in dict.fromkeys(port for port in wanted if port != settings.port):
        try:
            bound.append(bind(settings.host, port))
        except SettingsError as error:
            for one in bound:
                one.close()
            raise SettingsError(
                error.message,
                code=error.code,
                hint="Change xiaozhi.extra_ports.",
                param="xiaozhi.extra_ports",
            ) from None
    return bound


def _certificate(settings: Settings) -> tuple[Path | None, Path | None]:
    if not settings.tls:
        return None, None
    from kaikou.accounts.tls import self_signed

    found = self_signed(settings.data_dir, settings.host)
    return found.certificate, found.key


def page_addresses(settings: Settings, port: int) -> list[str]:
    """Where a person opens the page: on this machine first, then on its networks, if it listens there."""
    hosts = [settings.host]
    if settings.host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        from kaikou.accounts.tls import lan_addresses

        lan = {one for one in lan_addresses() if ":" not in one and not one.startswith("127.")}
        hosts = ["localhost", *sorted(lan)]
    scheme = "https" if settings.tls else "http"
    return [f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/" for host in hosts]
