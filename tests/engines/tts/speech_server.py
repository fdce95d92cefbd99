"""A server on a free port of this machine that speaks ``POST /v1/audio/speech``. The model's name says
how it misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import uvicorn
from asgi_server import serving
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

KEY = "sk-not-to-be-seen"


def sound(seconds: float) -> bytes:
    return (np.sin(np.arange(round(24_000 * seconds)) / 10) * 8000).astype("<i2").tobytes()


@dataclass
class SpeechServer:
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    sent: int = 0
    """Pieces of the endless answer that left so far."""
    cut: bool = False


def app_of(server: SpeechServer) -> FastAPI:
    app = FastAPI()

    async def pieces(model: str) -> AsyncIterator[bytes]:
        data = sound(1.0)
        if model == "breaks":
            yield data[:9_601]
            raise RuntimeError("the cable is cut")
        if model == "endless":
            try:
                while True:
                    server.sent += 1
                    yield data
                    await asyncio.sleep(0.01)
            finally:
                server.cut = True
        for at in range(0, len(data), 3_333):  # odd, so that samples straddle pieces
            yield data[at : at + 3_333]
            await asyncio.sleep(0)

    @app.post("/v1/audio/speech")
    async def speech(request: Request) -> Response:
        body = await request.json()
        server.requests.append(body)
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return JSONResponse({"error": {"message": f"bad key {KEY}", "code": "invalid_api_key"}}, 401)
        if body["model"] == "missing":
            return JSONResponse({"error": {"message": "no such model", "code": "model_not_found"}}, 404)
        if body["model"] == "stumbles" and len(server.requests) == 1:
            return JSONResponse({"error": {"message": "out of breath"}}, 503)
        if body["model"] == "busy":
            return JSONResponse({"error": {"message": "slow down"}}, 429)
        return StreamingResponse(pieces(body["model"]), media_type="audio/pcm")

    return app


@asynccontextmanager
async def speech_server() -> AsyncIterator[SpeechServer]:
    found = SpeechServer()
    async with serving(uvicorn.Config(app_of(found), log_level="critical", lifespan="off")) as (port, _):
        found.url = f"http://127.0.0.1:{port}/v1"
        yield found
