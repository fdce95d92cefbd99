"""A language model far away, made small: an OpenAI-compatible API whose pace is set, not computed.

  python benchmarks/remote_llm.py --port 8700 --first-token 0.2 --tokens-per-second 50

Point Kaikou at it and measure a conversation on recorded speech:

  KAIKOU_LLM__ENGINE=openai KAIKOU_LLM__BASE_URL=http://127.0.0.1:8700/v1 KAIKOU_LLM__API_KEY=none \\
    KAIKOU_LLM__MODEL=paced kaikou bench talk tests/data/speech/en_*.opus --hands-free

It stands for a hosted model on a good line: the first token comes after ``--first-token`` seconds, whatever
the prompt, and the rest at a steady pace, by the clock. Everything else of the measurement (speech
detection, recognition, speech synthesis, the HTTP client and its connection) is real.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import orjson
import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

REPLY = (
    "That is a good question, and the short answer is yes. "
    "Give it a little time, and it will look simpler than it does today."
)
MODEL = "paced"


def make_app(first_token: float, tokens_per_second: float, reply: str = REPLY) -> FastAPI:
    """``/v1/models`` and ``/v1/chat/completions``, streamed or whole; times in seconds."""
    app = FastAPI()
    tokens = re.findall(r"\s*\S+", reply)

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "kaikou"}]}

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> Response:
        begun = time.perf_counter() + first_token
        asked = orjson.loads(await request.body())
        limit = asked.get("max_tokens") or asked.get("max_completion_tokens") or len(tokens)
        said = tokens[:limit]
        finish = "stop" if len(said) == len(tokens) else "length"
        usage = {
            "prompt_tokens": sum(len(str(one.get("content"))) // 4 for one in asked["messages"]),
            "completion_tokens": len(said),
        }
        usage["total_tokens"] = sum(usage.values())
        if asked.get("stream"):
            return StreamingResponse(
                paced(said, begun, 1 / tokens_per_second, finish, usage), media_type="text/event-stream"
            )
        await until(begun + len(said) / tokens_per_second)
        message = {"role": "assistant", "content": "".join(said)}
        choice = {"index": 0, "message": message, "finish_reason": finish}
        return JSONResponse(chunk("chat.completion") | {"choices": [choice], "usage": usage})

    return app


async def paced(
    tokens: list[str], begun: float, each: float, finish: str, usage: dict[str, int]
) -> AsyncIterator[bytes]:
    """The tokens as server-sent events, each at its own time."""
    for number, token in enumerate(tokens):
        await until(begun + number * each)
        yield event({"index": 0, "delta": {"role": "assistant", "content": token}, "finish_reason": None})
    yield event({"index": 0, "delta": {}, "finish_reason": finish})
    last = chunk("chat.completion.chunk") | {"choices": [], "usage": usage}
    yield b"data: " + orjson.dumps(last) + b"\n\n"
    yield b"data: [DONE]\n\n"


def event(choice: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(chunk("chat.completion.chunk") | {"choices": [choice]}) + b"\n\n"


def chunk(kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-paced", "object": kind, "created": int(time.time()), "model": MODEL}


async def until(when: float) -> None:
    await asyncio.sleep(max(0.0, when - time.perf_counter()))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=8700)
    parser.add_argument("--first-token", type=float, default=0.2, help="seconds")
    parser.add_argument("--tokens-per-second", type=float, default=50.0)
    given = parser.parse_args()
    uvicorn.run(
        make_app(given.first_token, given.tokens_per_second),
        port=given.port,
        log_level="warning",
        loop="uvloop",
    )


if __name__ == "__main__":
    main()
