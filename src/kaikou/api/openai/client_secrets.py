"""``POST /v1/realtime/client_secrets``: short-lived keys for browsers, with their session's settings."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs

import orjson
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from kaikou.api.openai.server_events import error_body
from kaikou.api.openai.session_config import describe, merge, render, to_config
from kaikou.api.openai.session_models import RealtimeSession
from kaikou.api.openai.validation import validated
from kaikou.api.runtime import Runtime, RuntimeDep, runtime_of
from kaikou.dialogue.session import SessionConfig
from kaikou.errors import InvalidInput, KaikouError

router = APIRouter()

MAX_BODY = 1024 * 1024
KEY_PROTOCOL = "openai-insecure-api-key."


class ExpiresAfter(BaseModel):
    model_config = ConfigDict(strict=True)

    anchor: Literal["created_at"] = "created_at"
    seconds: Annotated[int, Field(ge=10, le=7200)] = 600


class ClientSecretRequest(BaseModel):
    model_config = ConfigDict(strict=True)

    expires_after: ExpiresAfter = ExpiresAfter()
    session: dict[str, Any] | None = None


class SecretSessions:
    """What session each secret opens, until it expires; in memory, bounded, by digest.

    Another process that shares the server's secret accepts the key too, but knows no session of it.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._sessions: OrderedDict[bytes, tuple[float, dict[str, Any]]] = OrderedDict()

    def keep(self, secret: str, expires_at: float, session: dict[str, Any]) -> None:
        now = time.time()
        while self._sessions and (
            len(self._sessions) >= self._limit or next(iter(self._sessions.values()))[0] < now
        ):
            self._sessions.popitem(last=False)
        self._sessions[_digest(secret)] = (expires_at, session)

    def find(self, secret: str) -> dict[str, Any] | None:
        expires_at, session = self._sessions.get(_digest(secret), (0.0, None))
        return session if expires_at > time.time() else None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="surrogateescape")).digest()


def _kept(runtime: Runtime) -> SecretSessions:
    kept: SecretSessions = runtime.extras.setdefault("realtime.secrets", SecretSessions())
    return kept


def session_of_secret(connection: HTTPConnection) -> dict[str, Any] | None:
    """The session settings that come with the ephemeral key a socket was opened with, if any."""
    offered = [connection.headers.get("authorization", "").partition(" ")[2].strip()]
    offered += [name.removeprefix(KEY_PROTOCOL) for name in connection.scope.get("subprotocols", [])]
    offered += parse_qs(connection.scope.get("query_string", b"").decode("latin-1")).get("token", [])
    kept = _kept(runtime_of(connection))
    return next((found for key in offered if key.startswith("ek_") and (found := kept.find(key))), None)


@router.post("/v1/realtime/client_secrets", summary="Make a short-lived key for a Realtime session")
async def create(request: Request, runtime: RuntimeDep) -> Response:
    """Answers ``{value, expires_at, session}``. The key opens live sockets and nothing else."""
    try:
        body = validated(ClientSecretRequest, await _json(request))
        patch = body.session or {}
        wire = merge(describe(SessionConfig(), RealtimeSession()), patch)
        engines = runtime.engines
        to_config(wire, SessionConfig(), engines.tts.voices() if engines is not None else None)
    except KaikouError as error:
        return openai_error(error, status=400)
    value, expires_at = runtime.guard.mint_ephemeral(body.expires_after.seconds)
    _kept(runtime).keep(value, expires_at, patch)
    session = render(wire, f"sess_{secrets.token_hex(8)}", expires_at)
    return JSONResponse({"value": value, "expires_at": expires_at, "session": session})


@router.api_route(
    "/v1/realtime/calls{rest:path}",
    methods=["GET", "POST", "DELETE"],
    summary="Not served: WebRTC and SIP calls",
    include_in_schema=False,
)
async def calls(rest: str) -> Response:
    """501: WebRTC and SIP are not built; the WebSocket carries everything."""
    error = KaikouError(
        "Calls over WebRTC and SIP are not supported.",
        code="calls_not_supported",
        hint="Use the WebSocket at /v1/realtime.",
        status=501,
    )
    return openai_error(error)


async def _json(request: Request) -> dict[str, Any]:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_BODY:
            raise InvalidInput(f"The body is larger than {MAX_BODY} bytes.", code="body_too_large")
    try:
        raw = orjson.loads(data or b"{}")
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"The body is not valid JSON: {error.msg}.", code="invalid_json") from None
    if not isinstance(raw, dict):
        raise InvalidInput("The body must be a JSON object.", code="invalid_type")
    return raw


def openai_error(error: KaikouError, status: int | None = None) -> JSONResponse:
    """An error in the shape of the OpenAI HTTP API."""
    status = status or error.status
    kind = "invalid_request_error" if status < 500 else "server_error"
    body = error_body(kind, error.code, str(error), param=error.param)
    del body["event_id"]
    return JSONResponse({"error": body}, status)
