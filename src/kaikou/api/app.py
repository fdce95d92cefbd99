"""The one web application: every surface's routes around one runtime."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, Response

from kaikou.accounts.middleware import OPEN_PATHS, GuardMiddleware
from kaikou.api import (
    agents,
    chat,
    conversations,
    deletion,
    devices,
    docs,
    events,
    health,
    intent,
    knowledge,
    latency,
    login,
    mcp_endpoints,
    mcp_servers,
    memory,
    metrics,
    models,
    openai,
    pages,
    problems,
    providers,
    reminders,
    settings,
    speakers,
    tools,
    voices,
    xiaozhi,
)
from kaikou.api.runtime import Runtime
from kaikou.machine import WEB, kaikou_version

DESCRIPTION = """Kaikou listens, thinks and speaks. Live conversations use the sockets
`/v1/realtime` (the OpenAI Realtime API) and `/chat`; everything else is REST.

Errors are problem+json (RFC 9457) with a stable `code`, a sentence and a hint."""


def create_app(runtime: Runtime) -> FastAPI:
    """The application for ``runtime``; it owns nothing and closes nothing."""
    app = FastAPI(
        title="Kaikou 开口",
        version=kaikou_version(),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
    )
    app.state.runtime = runtime
    problems.install(app)

    # Routes are tried in this order: a caller, who may be one of many to be turned away, goes by none.
    app.include_router(openai.router)
    app.include_router(health.router)
    app.include_router(latency.router)
    app.include_router(login.router)
    app.include_router(metrics.metrics_router(_with_gauges(runtime)))
    app.include_router(events.events_router(runtime.feed, lambda: _snapshot(runtime)))
    app.include_router(settings.router)
    app.include_router(providers.router)
    app.include_router(models.router)
    app.include_router(voices.router)
    app.include_router(agents.router)
    app.include_router(mcp_endpoints.router)
    app.include_router(mcp_endpoints.dialled)
    app.include_router(mcp_servers.router)
    app.include_router(tools.router)
    app.include_router(deletion.router)
    app.include_router(conversations.router)
    app.include_router(chat.router)
    app.include_router(devices.router)
    app.include_router(knowledge.router)
    app.include_router(memory.router)
    app.include_router(intent.router)
    app.include_router(speakers.router)
    app.include_router(reminders.router)
    if runtime.settings.xiaozhi.enabled:
        app.include_router(xiaozhi.router)
    app.include_router(docs.router)
    _add_pages(app)

    # The last added is the outermost. Sockets pass through all but the guard untouched.
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=5)
    public = {f"/{name}" for name in pages.public_files()}
    app.add_middleware(GuardMiddleware, guard=runtime.guard, open_paths=OPEN_PATHS | public)
    if runtime.settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=runtime.settings.allowed_origins,
            allow_credentials="*" not in runtime.settings.allowed_origins,
            allow_methods=["*"],
            allow_headers=["*"],
        )
    app.add_middleware(pages.SecurityHeaders, https=runtime.settings.tls)
    return app


def _snapshot(runtime: Runtime) -> dict[str, Any]:
    """What a page that has just connected needs to know."""
    engines = [found.model_dump() for found in health.engine_reports(runtime)]
    waiting = health.waiting_for(runtime)
    return {
        "ready": not waiting and not runtime.draining,
        "waiting_for": waiting,
        "engines": engines,
        "sessions": health.session_counts(runtime),
    }


def _with_gauges(runtime: Runtime) -> metrics.Telemetry:
    telemetry = runtime.telemetry
    telemetry.add_pool(runtime.pool.snapshot)
    telemetry.add_engines(lambda: health.engine_states(runtime))

    def gauges() -> dict[str, tuple[str, float]]:
        counts = health.session_counts(runtime)
        journal = runtime.journal.health()
        return {
            "kaikou_sessions": ("Live sessions now.", float(counts["live"] or 0)),
            "kaikou_sessions_limit": ("Live sessions that are taken at most.", float(counts["limit"] or 0)),
            "kaikou_journal_waiting": ("Entries not yet written to the database.", float(journal.waiting)),
            "kaikou_journal_lost": ("Entries that could not be written.", float(journal.lost)),
        }

    telemetry.add_gauges(gauges)
    if runtime.settings.xiaozhi.enabled:
        xiaozhi.add_figures(runtime)
    return telemetry


def _add_pages(app: FastAPI) -> None:
    """The page's own addresses: ``/app/…`` is always the index; assets never change."""
    assets = WEB / "assets"
    if assets.is_dir():
        app.mount("/assets", pages.Assets(directory=assets), name="assets")

    def index(path: str = "") -> Response:
        return pages.index_page()

    app.add_api_route("/app", index, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_api_route("/app/{path:path}", index, methods=["GET", "HEAD"], include_in_schema=False)
    for name in pages.public_files():
        app.add_api_route(f"/{name}", _file(name), methods=["GET", "HEAD"], include_in_schema=False)


def _file(name: str) -> Any:
    def public_file() -> Response:
        return FileResponse(WEB / name, headers={"cache-control": "no-cache"})

    return public_file
