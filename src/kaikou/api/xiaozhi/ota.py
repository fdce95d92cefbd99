"""The address a device calls first: the time, its firmware, where to talk, and its binding code."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
from fastapi import APIRouter, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response

from kaikou.api.runtime import Runtime, RuntimeDep
from kaikou.api.xiaozhi.desk import desk_of
from kaikou.api.xiaozhi.identity import address_of, allowed, base_of, registry_of, trusted
from kaikou.api.xiaozhi.mqtt.credentials import credentials
from kaikou.devices.device import Device, Sighting, device_id_of, short
from kaikou.devices.firmware import numeric_version
from kaikou.errors import InvalidInput, KaikouError

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "client-id, content-type, device-id, authorization",
    "access-control-allow-methods": "GET, POST, OPTIONS",
}
MAX_BODY = 64 * 1024
_MODEL_HEADERS = ("device-model", "device_model", "model")
_VERSION_HEADERS = ("device-version", "device_version", "firmware-version", "firmware_version")


@router.api_route("/xiaozhi/ota", methods=["GET", "POST"])
@router.api_route("/xiaozhi/ota/", methods=["GET", "POST"])
async def ota(request: Request, runtime: RuntimeDep) -> Response:
    """A device's first call. A GET without a device id is a person looking."""
    body = await _body(request, runtime.settings.xiaozhi.hello_seconds)
    named = request.headers.get("device-id") or request.query_params.get("device-id")
    if request.method == "GET" and not named:
        return PlainTextResponse(f"Devices talk at {websocket_url(request, runtime)}\n", headers=CORS)
    try:
        sighting = _sighting(request, body)
        return JSONResponse(await _answer(request, runtime, sighting), headers=CORS)
    except KaikouError as error:
        return _failure(error)


@router.post("/xiaozhi/ota/activate")
@router.post("/xiaozhi/ota/activate/")
async def activate(request: Request, runtime: RuntimeDep) -> Response:
    """Is the device bound yet? 200 yes, 202 not yet, 404 it has to ask for a new code.

    Version 2 sends a serial number and an HMAC over the challenge, some clients inside ``Payload``;
    the key of that HMAC is burnt into the device and known to its maker alone, so the code that the
    owner types in decides for both.
    """
    body = await _body(request, runtime.settings.xiaozhi.hello_seconds)
    inner = body.get("Payload")
    body = inner if isinstance(inner, dict) else body
    try:
        registry, sighting = registry_of(runtime), _sighting(request, body)
        if await registry.sighted(sighting) is not None:
            return PlainTextResponse("success", headers=CORS)
    except KaikouError as error:
        return _failure(error)
    if registry.waits(sighting.id):
        return JSONResponse({"message": "waiting"}, status_code=202, headers=CORS)
    return JSONResponse({"message": "no code"}, status_code=404, headers=CORS)


@router.get("/xiaozhi/ota/download/{name}")
async def download(name: str, runtime: RuntimeDep) -> Response:
    """A firmware image, with its length, as devices need it."""
    try:
        path = await registry_of(runtime).firmware.path(name)
    except KaikouError as error:
        return _failure(error)
    # Compression would leave out the length.
    headers = CORS | {"content-encoding": "identity"}
    return FileResponse(path, media_type="application/octet-stream", headers=headers)


@router.options("/xiaozhi/ota{rest:path}")
async def preflight(rest: str) -> Response:
    """What browsers ask before they call."""
    return Response(status_code=200, headers=CORS)


def websocket_url(request: Request, runtime: Runtime) -> str:
    """The setting, else the host the device called."""
    wanted = runtime.settings.xiaozhi.websocket_url
    scheme = "wss" if request.url.scheme == "https" else "ws"
    return wanted or f"{scheme}://{request.url.netloc}/xiaozhi/v1/"


async def _answer(request: Request, runtime: Runtime, sighting: Sighting) -> dict[str, Any]:
    registry, settings = registry_of(runtime), runtime.settings.xiaozhi
    device = await registry.sighted(sighting)
    if device is None and (trusted(request, runtime) or allowed(settings, sighting.id)):
        device = await registry.adopt(sighting)
    offset = settings.timezone_minutes
    answer: dict[str, Any] = {
        "server_time": {
            "timestamp": int(time.time() * 1000),
            "timezone_offset": _local_minutes() if offset is None else offset,
        },
        "firmware": await _firmware(request, runtime, sighting, device),
        # Always with a token: some clients insist on one.
        "websocket": {
            "url": websocket_url(request, runtime),
            "token": registry.tokens.issue(sighting.id, sighting.client_id),
        },
    }
    if (broker := desk_of(runtime).broker) is not None:
        # A device that finds this prefers it to the WebSocket.
        base = base_of(request)
        host = settings.mqtt.address or urlsplit(base).hostname or settings.mqtt.host
        told = credentials(registry.tokens, sighting, base)
        answer["mqtt"] = {"endpoint": f"{host}:{broker.port}", **told}
    if device is None:
        code = registry.code_for(sighting)
        log.info("a device waits to be bound", extra={"device": sighting.id, "address": sighting.address})
        page = f"{request.url.scheme}://{request.url.netloc}/"
        answer["activation"] = {
            "code": code,
            "message": f"{page}\n{code}",
            "challenge": sighting.id,
        }
    return answer


async def _firmware(
    request: Request, runtime: Runtime, sighting: Sighting, device: Device | None
) -> dict[str, str | int]:
    """What the device shall run: its own image, something newer for its model, or what it has."""
    own = numeric_version(sighting.firmware)
    wanted = None if device is None else await registry_of(runtime).firmware_for(device, own)
    if wanted is None:
        return {"version": own, "url": ""}
    image, forced = wanted
    base = f"{request.url.scheme}://{request.url.netloc}"
    told: dict[str, str | int] = {
        "version": image.version,
        "url": f"{base}/xiaozhi/ota/download/{image.name}",
    }
    # A device takes an older version only where it is told to.
    return {**told, "force": 1} if forced else told


async def _body(request: Request, seconds: float) -> dict[str, Any]:
    """The JSON object sent; anything else counts as empty, and so does one that does not arrive in time:
    devices differ, and all of it is optional."""
    data = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                data += chunk
                if len(data) > MAX_BODY:
                    return {}
    except TimeoutError:
        return {}
    try:
        found = orjson.loads(bytes(data)) if data else {}
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _sighting(request: Request, body: Mapping[str, Any]) -> Sighting:
    headers, query = request.headers, request.query_params
    board, application = _mapping(body.get("board")), _mapping(body.get("application"))
    named = headers.get("device-id") or query.get("device-id") or short(body.get("mac_address"))
    return Sighting(
        id=device_id_of(named),
        client_id=short(headers.get("client-id") or query.get("client-id") or body.get("uuid"), 128),
        model=short(_first(headers, _MODEL_HEADERS) or board.get("type") or body.get("model")),
        board=short(board.get("name")),
        firmware=short(_first(headers, _VERSION_HEADERS) or application.get("version"), 60),
        serial=short(headers.get("serial-number"), 128),
        language=short(headers.get("accept-language") or body.get("language"), 40),
        address=address_of(request),
    )


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((headers[name] for name in names if headers.get(name)), "")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _local_minutes() -> int:
    offset = datetime.now().astimezone().utcoffset()
    return int(offset.total_seconds() // 60) if offset is not None else 0


def _failure(error: KaikouError) -> Response:
    status = 400 if isinstance(error, InvalidInput) else error.status
    body = {"success": False, "message": str(error), "code": error.code}
    return JSONResponse(body, status_code=status, headers=CORS)
