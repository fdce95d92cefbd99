"""The built page (``src/kaikou/web/``): index, hashed assets, and the headers that protect it."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kaikou.machine import WEB

NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Kaikou 开口</title>
<body style="font:16px/1.5 system-ui;max-width:40rem;margin:15vh auto;padding:0 1rem">
<h1>Kaikou 开口 runs</h1><p>Its page is not built in this source tree. Run <code>make serve</code> once
(it builds the page), or use the API: <a href="/docs">/docs</a>, <a href="/api/health">/api/health</a>.</p>
"""

# A page's own scripts, workers and worklets only; `blob:` for workers made from a string and for
# audio the page records; sockets to this server alone ('self' covers ws: and wss: in browsers of
# 2022 and later, the schemes are named for older ones).
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' blob:",
        "worker-src 'self' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' ws: wss:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)

SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "same-origin",
    "permissions-policy": "microphone=(self), camera=(self)",
    "cross-origin-opener-policy": "same-origin",
}


class Assets(StaticFiles):
    """Files whose name holds their digest: browsers may keep them for ever."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


def index_page(web: Path = WEB) -> Response:
    """The one HTML page; the browser asks each time whether it changed."""
    index = web / "index.html"
    if not index.is_file():
        return HTMLResponse(NOT_BUILT, headers={"cache-control": "no-store"})
    return FileResponse(index, headers={"cache-control": "no-cache"})


def public_files(web: Path = WEB) -> list[str]:
    """Names of the files beside the index (icon, manifest, …)."""
    if not web.is_dir():
        return []
    return sorted(path.name for path in web.iterdir() if path.is_file() and path.name != "index.html")


class SecurityHeaders:
    """ASGI middleware: adds the headers above to every HTTP answer that does not set its own."""

    def __init__(self, app: ASGIApp, *, https: bool = False) -> None:
        self.app = app
        self.headers = dict(SECURITY_HEADERS)
        if https:
            self.headers["strict-transport-security"] = "max-age=86400"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(message)
            await send(message)

        await self.app(scope, receive, with_headers)

    def _add(self, message: MutableMapping[str, Any]) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in self.headers.items():
            headers.setdefault(name, value)
