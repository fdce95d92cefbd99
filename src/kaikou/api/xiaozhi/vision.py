"""``/mcp/vision/explain``: a device's picture and a question about it.

The token is given to a device when its tools are read, and says whose it is; nothing else lets in.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any, cast
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import JSONResponse, PlainTextResponse, Response

from kaikou.api.runtime import Runtime, RuntimeDep
from kaikou.api.xiaozhi.desk import desk_of
from kaikou.api.xiaozhi.identity import Claim, registry_of
from kaikou.api.xiaozhi.ota import CORS
from kaikou.devices.device import device_id_of
from kaikou.engines.selection import choose
from kaikou.engines.vision.port import MediaType, Vision
from kaikou.errors import InvalidInput, KaikouError, LimitReached, NotFound, NotReady, Unauthorized
from kaikou.settings.tree import VisionSettings

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

PATH = "/mcp/vision/explain"
_AROUND = 64 * 1024
"""Bytes of a form around its picture."""
_MAGIC: tuple[tuple[bytes, MediaType], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)


def announced(runtime: Runtime, claim: Claim) -> tuple[str, str]:
    """Where a device sends its pictures, and the token for it."""
    base = claim.base
    if own := runtime.settings.xiaozhi.websocket_url:
        parts = urlsplit(own)
        base = f"{'https' if parts.scheme == 'wss' else 'http'}://{parts.netloc}"
    return f"{base}{PATH}", registry_of(runtime).tokens.issue_picture(claim.device_id)


@router.get(PATH)
async def look(runtime: RuntimeDep) -> PlainTextResponse:
    """A person looking."""
    model = choose(runtime.settings).vision
    text = f"Pictures are looked at by {model}.\n" if model else "No vision model is set.\n"
    return PlainTextResponse(text, headers=CORS)


@router.options(PATH)
async def preflight() -> Response:
    return Response(status_code=200, headers=CORS)


@router.post(PATH)
async def explain(request: Request, runtime: RuntimeDep) -> JSONResponse:
    """Once the token is good, the status is 200 whatever comes: devices read the body of nothing else,
    and their model shall know what went wrong."""
    try:
        device_id = await _device_of(request, runtime)
    except KaikouError as error:
        desk_of(runtime).figures.refused[error.code] += 1
        return _answer(error.status, success=False, message=str(error))
    try:
        answer = await _explained(request, runtime)
    except KaikouError as error:
        log.warning("a picture was not looked at", extra={"device": device_id, "code": error.code})
        return _answer(200, success=False, message=str(error))
    return _answer(200, success=True, action="RESPONSE", response=answer)


async def _device_of(request: Request, runtime: Runtime) -> str:
    """The device whose token came. Unauthorized where it is none, another's, or of an unbound device."""
    registry = registry_of(runtime)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    hours = runtime.settings.vision.token_hours
    found = (
        registry.tokens.picture_device(token.strip(), hours * 3600) if scheme.lower() == "bearer" else None
    )
    try:
        named = request.headers.get("device-id")
        if found is None or (named and device_id_of(named) != found):
            raise NotFound("no device")
        return (await registry.get(found)).id
    except (NotFound, InvalidInput):
        raise Unauthorized(
            "The token is missing, expired or not the device's.",
            code="invalid_device_token",
            hint="The device gets a new one when it connects.",
        ) from None


async def _explained(request: Request, runtime: Runtime) -> str:
    desk, settings = desk_of(runtime), runtime.settings.vision
    if desk.pictures >= settings.max_at_once:
        await _read_off(request, settings)
        raise LimitReached("Other pictures are being looked at.", code="too_many_pictures")
    desk.pictures += 1
    try:
        image, question = await _form(request, settings)
        kind = next((kind for magic, kind in _MAGIC if image.startswith(magic)), None)
        if kind is None:
            raise InvalidInput("The picture is neither JPEG nor PNG.", code="invalid_image")
        engine = await _engine(runtime)
        return await engine.describe(image, question, media_type=kind)
    finally:
        desk.pictures -= 1


async def _engine(runtime: Runtime) -> Vision:
    name = choose(runtime.settings).vision
    if name is None:
        raise NotReady(
            "This server has no model that can see.",
            code="no_vision_model",
            hint="Set KAIKOU_VISION__BASE_URL and KAIKOU_VISION__MODEL, or KAIKOU_VISION__ENGINE.",
        )
    if runtime.shelf is None:
        raise NotReady("The server is still starting.")
    return cast(Vision, await runtime.shelf.engine("vision", name))


async def _form(request: Request, settings: VisionSettings) -> tuple[bytes, str]:
    """The picture and the question. Nothing is kept on a disk, and no more than the largest picture in
    memory."""
    most = settings.max_image_bytes
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise InvalidInput("The picture must come as multipart/form-data.", code="invalid_form")
    parser = MultiPartParser(
        request.headers,
        _bounded(request, most + _AROUND),
        max_files=1,
        max_fields=8,
        max_part_size=_AROUND // 2,
    )
    parser.spool_max_size = most + _AROUND
    try:
        async with asyncio.timeout(settings.upload_seconds):
            form = await parser.parse()
    except MultiPartException as error:
        raise InvalidInput(f"The form cannot be read: {error.message}", code="invalid_form") from None
    except TimeoutError:
        raise InvalidInput("The picture took too long to arrive.", code="upload_timeout") from None
    try:
        file = next((value for _, value in form.multi_items() if isinstance(value, UploadFile)), None)
        image = await file.read(most + 1) if file is not None else b""
        question = form.get("question")
    finally:
        await form.close()
    if not image:
        raise InvalidInput("There is no picture.", code="image_missing")
    if len(image) > most:
        raise _too_large(most)
    return image, question.strip()[:2_000] if isinstance(question, str) else ""


async def _bounded(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """The body as it comes: firmware sends it in chunks, and no length. More than ``most`` is read on for
    a while and forgotten: who is cut off while sending never sees the answer."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= most:
            yield chunk
        elif size > 4 * most:
            break
    if size > most:
        raise _too_large(most - _AROUND)


async def _read_off(request: Request, settings: VisionSettings) -> None:
    """Read what is sent and forget it, as long as a picture might take."""
    left = settings.max_image_bytes
    with suppress(TimeoutError):
        async with asyncio.timeout(settings.upload_seconds):
            async for chunk in request.stream():
                left -= len(chunk)
                if left < 0:
                    return


def _too_large(most: int) -> InvalidInput:
    return InvalidInput(f"The picture is larger than {most / 1_000_000:.1f} MB.", code="image_too_large")


def _answer(status: int, **body: Any) -> JSONResponse:
    return JSONResponse(body, status_code=status, headers=CORS)
