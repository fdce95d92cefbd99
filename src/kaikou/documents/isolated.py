"""Reading in a process of its own, which is ended when it takes too long or too much memory."""

from __future__ import annotations

import asyncio
import json
import os
import struct
import sys
from typing import Any

from kaikou.documents.document import Block, Document
from kaikou.documents.limits import damaged
from kaikou.errors import InvalidInput
from kaikou.settings.services import DocumentLimits

_HEAD = struct.Struct("<I")


async def read_isolated(data: bytes, file_name: str, limits: DocumentLimits) -> Document:
    """``reading.read`` in a child. Cancelling ends the child. Raises what ``read`` raises, and
    InvalidInput ``document_too_slow``."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "kaikou.documents.child",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    asked = json.dumps({"file_name": file_name, "limits": limits.model_dump()}).encode()
    try:
        async with asyncio.timeout(limits.seconds):
            answer, _ = await process.communicate(_HEAD.pack(len(asked)) + asked + data)
    except TimeoutError:
        raise InvalidInput(
            f"The document takes longer than {limits.seconds:g} seconds to read.",
            code="document_too_slow",
            hint="Split it, or raise KAIKOU_DOCUMENTS__SECONDS.",
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0 or not answer:
        raise damaged("reading it took more memory than is allowed, or broke off")
    return await asyncio.to_thread(_document, answer)


def serve(asked: bytes) -> bytes:
    """The child's part: the answer to one question."""
    from kaikou.documents.reading import read

    (length,) = _HEAD.unpack_from(asked)
    head = json.loads(asked[_HEAD.size : _HEAD.size + length])
    limits = DocumentLimits.model_validate(head["limits"])
    _bound(limits)
    try:
        found = read(asked[_HEAD.size + length :], head["file_name"], limits)
    except InvalidInput as error:
        body: dict[str, Any] = {**error.as_dict(), "status": error.status}
        return json.dumps({"error": body}).encode()
    blocks = [[one.kind, one.start, one.end, one.level, one.page] for one in found.blocks]
    return json.dumps(
        {"title": found.title, "text": found.text, "format": found.format, "blocks": blocks}
    ).encode("utf-8", "replace")


def _bound(limits: DocumentLimits) -> None:
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
        seconds = int(limits.seconds) + 5
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def _document(answer: bytes) -> Document:
    body = json.loads(answer)
    if (error := body.get("error")) is not None:
        raise InvalidInput(
            error["message"], code=error["code"], hint=error.get("hint", ""), status=error["status"]
        )
    blocks = tuple(Block(*one) for one in body["blocks"])
    return Document(body["title"], body["text"], blocks, body["format"])
