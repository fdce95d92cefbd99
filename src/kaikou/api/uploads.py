"""One file in a form, taken within its bound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile

from kaikou.errors import InvalidInput, KaikouError

_AROUND = 100_000
"""Bytes of a form beside its file."""

FILE_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}
"""``openapi_extra`` of a route that takes one."""


@dataclass(frozen=True, slots=True)
class Upload:
    """``name`` is the client's word: never a path."""

    name: str
    data: bytes


async def received(request: Request, most: int, too_large: Callable[[str], KaikouError]) -> Upload:
    """The form's field ``file``, of at most ``most`` bytes; ``too_large`` gets its size in words. A client
    that does not say how much it sends is refused before anything is read."""
    try:
        length = int(request.headers["content-length"])
    except (KeyError, ValueError):
        raise InvalidInput(
            "The request does not say how long it is.",
            code="length_required",
            hint="Send Content-Length.",
            status=411,
        ) from None
    if length > most + _AROUND:
        raise too_large(f"{length:,} bytes")
    async with request.form(max_files=1, max_fields=10) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise InvalidInput(
                "There is no file.", code="file_missing", param="file", hint="Send it as `file`."
            )
        data = await file.read(most + 1)
        if len(data) > most:
            raise too_large(f"more than {most:,} bytes")
        return Upload(file.filename or "", data)
