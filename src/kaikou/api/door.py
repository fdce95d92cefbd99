"""The port's first answers, while the rest of the server is still being put together.

Importing and building everything takes seconds on a small machine. The door opens the port before
that: liveness, readiness, health and the page answer at once; anything else waits for the app.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from kaikou.api.pages import SecurityHeaders, index_page
from kaikou.api.status import liveness, wants_json
from kaikou.errors import KaikouError

WAIT_SECONDS = 60.0
"""How long a request that needs the app waits for it."""

log = logging.getLogger(__name__)

Build = Callable[[], AbstractAsyncContextManager[ASGIApp]]


class Door:
    """The ASGI app uvicorn serves. ``build`` makes the real one; leaving its context takes it down.

    ``failed`` is called when ``build`` raises: the server should then stop. ``error`` keeps why.
    """

    def __init__(self, build: Build, failed: Callable[[], None]) -> None:
        self._build = build
        self._failed = failed
        self._app: ASGIApp | None = None
        self._open = asyncio.Event()
        self._leave = asyncio.Event()
        self.error: BaseException | None = None
        self._early: ASGIApp = SecurityHeaders(self._answer_early)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if self._app is None and not (scope["type"] == "http" and scope["path"] in _EARLY):
            try:
                await asyncio.wait_for(self._open.wait(), WAIT_SECONDS)
            except TimeoutError:
                log.warning("a request waited too long for the server to start")
        if self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._early(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1013, "reason": "The server is starting."})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        owner = asyncio.create_task(self._live(), name="kaikou.app")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._leave.set()
        if self._app is None:
            owner.cancel()
        await asyncio.wait({owner})
        await send({"type": "lifespan.shutdown.complete"})

    async def _live(self) -> None:
        """Build the app, serve it until the server leaves, take it down."""
        try:
            async with self._build() as app:
                self._app = app
                self._open.set()
                await self._leave.wait()
        except asyncio.CancelledError:
            log.info("stopped before the start was complete")
        except Exception as error:
            self.error = error
            if not isinstance(error, KaikouError):
                log.exception("the server could not start")
            self._failed()
        finally:
            self._open.set()

    async def _answer_early(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = _EARLY.get(scope["path"], _not_yet)(scope)
        await response(scope, receive, send)


def _not_yet(scope: Scope) -> Response:
    body = {
        "status": 503,
        "code": "starting",
        "title": "The server is starting.",
        "detail": "Try again shortly.",
    }
    return Response(
        json.dumps(body), status_code=503, media_type="application/problem+json", headers={"retry-after": "2"}
    )


def _alive(scope: Scope) -> Response:
    return JSONResponse(liveness(model_loaded=False))


def _starting() -> dict[str, Any]:
    services = dict.fromkeys(("stt", "llm", "tts", "session_manager", "request_manager"), "starting")
    stamp = datetime.now(UTC).isoformat()
    return {"status": "starting", "timestamp": stamp, "services": services, "engines": []}


def _health(scope: Scope) -> Response:
    return JSONResponse(_starting())


def _ready(scope: Scope) -> Response:
    return JSONResponse({"ready": False, "waiting_for": "Waiting for the server."}, status_code=503)


def _root(scope: Scope) -> Response:
    accept = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"accept"), "")
    return JSONResponse(_starting()) if wants_json(accept) else index_page()


_EARLY: dict[str, Callable[[Scope], Response]] = {
    "/health": _alive,
    "/ready": _ready,
    "/api/health": _health,
    "/": _root,
}
