"""The guard before every route and socket, as plain ASGI."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from kaikou.accounts.guard import Approach, Guard, TooManyAttempts
from kaikou.errors import KaikouError

OPEN_PATHS = frozenset({"/", "/app", "/health", "/ready"})
"""Liveness, and the page itself, which then asks for the password."""
OPEN_PREFIXES = ("/app/", "/assets/")
LOGIN = "/api/login"
DEVICES = ("/xiaozhi/", "/mcp/vision/", "/mcp_endpoint/")
"""Devices and tools that dial in have no password: their surfaces check their own tokens, sockets
included."""


class GuardMiddleware:
    """Answers 401, 403 or 429 with problem+json before the application sees the request, sockets
    included (by the denial extension, else by closing). Who came in is ``scope["state"]["principal"]``."""

    def __init__(self, app: ASGIApp, guard: Guard, open_paths: Iterable[str] = OPEN_PATHS) -> None:
        self.app = app
        self.guard = guard
        self.open_paths = frozenset(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        try:
            if not self._open(scope):
                scope.setdefault("state", {})["principal"] = await self.guard.admit(approach_of(scope))
            elif scope["path"] == LOGIN:
                self.guard.check_page(approach_of(scope))
        except KaikouError as error:
            await _deny(scope, receive, send, error)
            return
        await self.app(scope, receive, send)

    def _open(self, scope: Scope) -> bool:
        if scope["path"].startswith(DEVICES):
            return True
        if scope["type"] == "websocket":
            return False
        path: str = scope["path"]
        if scope["method"] == "OPTIONS" and _header(scope, b"access-control-request-method"):
            return True  # a preflight carries no credentials; CORS answers it
        return path in self.open_paths or path == LOGIN or path.startswith(OPEN_PREFIXES)


def approach_of(scope: Scope) -> Approach:
    """What the guard looks at, from an ASGI scope."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}; {text}" if key == "cookie" and key in headers else text
    client = scope.get("client")
    return Approach(
        headers=headers,
        query=scope.get("query_string", b"").decode("latin-1"),
        protocols=tuple(scope.get("subprotocols", ())),
        address=client[0] if client else "",
        websocket=scope["type"] == "websocket",
    )


def problem(error: KaikouError) -> tuple[int, dict[str, Any]]:
    """Status and RFC 9457 body of an error: ``title`` for a person, ``detail`` with what to do,
    and the stable ``code``."""
    standard = {"type": "about:blank", "title": error.message, "status": error.status, "detail": str(error)}
    return error.status, standard | error.as_dict()


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key.lower() == name), b"")


async def _deny(scope: Scope, receive: Receive, send: Send, error: KaikouError) -> None:
    status, content = problem(error)
    body = json.dumps(content, ensure_ascii=False).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="kaikou"'))
    if isinstance(error, TooManyAttempts):
        headers.append((b"retry-after", str(error.retry_after).encode()))
    if scope["type"] == "http":
        kind = "http.response"
    else:
        await receive()  # the handshake, before which nothing may be sent
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008, "reason": error.code})
            return
        kind = "websocket.http.response"
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
