"""A provider on a free port of this machine that speaks the chat completions API and misbehaves on
request: the model's name says how."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from asgi_server import serving
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse

KEY = "sk-correct-horse-battery-staple"


def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {
        "id": "c1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }


def usage_chunk() -> dict[str, Any]:
    usage = {
        "prompt_tokens": 11,
        "completion_tokens": 3,
        "total_tokens": 14,
        "prompt_tokens_details": {"cached_tokens": 7},
    }
    return {
        "id": "c1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [],
        "usage": usage,
    }


def call_piece(index: int, arguments: str = "", **first: str) -> dict[str, Any]:
    function: dict[str, str] = {"arguments": arguments}
    if "name" in first:
        function["name"] = first["name"]
    piece: dict[str, Any] = {"index": index, "function": function}
    if "id" in first:
        piece |= {"id": first["id"], "type": "function"}
    return piece


@dataclass
class Provider:
    """What it was asked, and what it streams: ``script`` by model name, each piece a chunk, a pause
    in seconds, or the name of an event."""

    base_url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    script: dict[str, list[Any]] = field(default_factory=dict)
    after: dict[str, list[list[Any]]] = field(default_factory=dict)
    """Scripts that take a model's script's place after each request."""
    statuses: list[tuple[int, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    """Answers of the next requests: status, headers, body; before any streaming."""
    models: list[str] = field(default_factory=lambda: ["first-model", "second-model"])
    models_status: int = 200
    models_held: asyncio.Event | None = None
    """The list of models waits for it."""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server sees that a client went away in the middle of a stream."""
    connections: set[Any] = field(default_factory=set)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/v1/models")
        async def models(request: Request) -> Any:
            if self.models_held is not None:
                await self.models_held.wait()
            if request.headers.get("authorization") == "Bearer sk-wrong":
                return JSONResponse(
                    {"error": {"message": "Incorrect key: sk-wrong", "code": "invalid_api_key"}}, 401
                )
            listed = [{"id": name, "object": "model", "created": 1, "owned_by": "me"} for name in self.models]
            return JSONResponse({"object": "list", "data": listed}, self.models_status)

        @app.post("/v1/chat/completions")
        async def completions(request: Request) -> Any:
            body = await request.json()
            self.requests.append(body)
            self.headers.append(dict(request.headers))
            self.connections.add(request.client)
            if self.statuses:
                status, headers, answer = self.statuses.pop(0)
                return JSONResponse(answer, status, headers)
            return StreamingResponse(self._stream(body["model"]), media_type="text/event-stream")

        return app

    async def _stream(self, model: str) -> AsyncIterator[bytes]:
        script = self.script[model]
        if self.after.get(model):
            self.script[model] = self.after[model].pop(0)
        try:
            for piece in script:
                if isinstance(piece, (int, float)):
                    await asyncio.sleep(piece)
                elif piece == "cut":
                    raise ConnectionResetError("cut on purpose")
                elif piece == "ping":
                    yield b": still here\n\n"
                else:
                    yield b"data: " + json.dumps(piece).encode() + b"\n\n"
            yield b"data: [DONE]\n\n"
        except (asyncio.CancelledError, GeneratorExit):
            self.gone.set()
            raise


@asynccontextmanager
async def running_provider() -> AsyncIterator[Provider]:
    provider = Provider()
    async with serving(uvicorn.Config(provider.app(), log_level="critical", lifespan="off")) as (port, _):
        provider.base_url = f"http://127.0.0.1:{port}/v1"
        yield provider
