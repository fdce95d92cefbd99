"""The remote embedder against a server on this machine that speaks the embeddings API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import uvicorn
from asgi_server import serving
from engines.stt.contexts import NoWeights
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from kaikou.engines.embedding.openai import OpenAIEmbedder
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Lane
from kaikou.engines.registry import EngineContext
from kaikou.errors import EngineFailed, SettingsError
from kaikou.settings.tree import PoolSettings, Settings

KEY = "sk-correct-horse-battery-staple"


@dataclass
class Provider:
    url: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)
    busy: int = 0
    """Requests to turn away first."""


def _app(state: Provider) -> FastAPI:
    app = FastAPI()

    @app.post("/v1/embeddings")
    async def embeddings(request: Request) -> JSONResponse:
        body = await request.json()
        state.seen.append(body)
        if request.headers["authorization"] != f"Bearer {KEY}":
            return JSONResponse({"error": {"message": "bad key"}}, 401)
        if state.busy:
            state.busy -= 1
            return JSONResponse({"error": {"message": "busy"}}, 429, {"retry-after": "0.01"})
        vectors: list[Any] = [[float(len(text)), 1.0, 0.0] for text in body["input"]]
        if body["model"] == "short":
            vectors = vectors[1:]
        if body["model"] == "ragged":
            vectors[0] = [1.0]
        rows = [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return JSONResponse({"object": "list", "model": "m", "data": rows[::-1], "usage": usage})

    return app


Make = Callable[..., OpenAIEmbedder]


@pytest.fixture
async def server() -> AsyncIterator[Provider]:
    state = Provider()
    async with serving(uvicorn.Config(_app(state), log_level="error", lifespan="off")) as (port, _):
        state.url = f"http://127.0.0.1:{port}/v1"
        yield state


@pytest.fixture
async def make(server: Provider) -> AsyncIterator[Make]:
    made: list[OpenAIEmbedder] = []
    pool = Pool(PoolSettings(threads=1))

    def build(model: str | None = "any", key: str = KEY, **options: Any) -> OpenAIEmbedder:
        given = {"base_url": server.url, "api_key": key, "model": model, "openai": options}
        settings = Settings.model_validate({"embedding": given})
        made.append(OpenAIEmbedder(EngineContext("openai", settings.embedding, settings, pool, NoWeights())))
        return made[-1]

    yield build
    for engine in made:
        await engine.close()
        await engine.close()
    await pool.close(5)


async def test_texts_go_in_batches_with_their_prefix_and_come_back_in_order(
    make: Make, server: Provider
) -> None:
    embedder = make(batch=2, passage_prefix="passage: ", dimensions=3)
    await embedder.load(lambda *_: None)
    found = await embedder.embed(["a", "bb", ""], role="passage", lane=Lane.BATCH)
    assert [body["input"] for body in server.seen] == [["passage: a", "passage: bb"], ["passage:  "]]
    assert all(body["dimensions"] == 3 and body["model"] == "any" for body in server.seen)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    assert found[0, 0] < found[1, 0], "the second text was longer"
    assert (await embedder.embed([], role="query")).shape == (0, 3)
    assert embedder.health().state == "ready" and embedder.card.local


async def test_what_shapes_the_vectors_is_in_the_identity(make: Make) -> None:
    names = {make().identity, make("other").identity, make(dimensions=3).identity}
    assert len(names | {make(query_prefix="q: ").identity}) == 4


async def test_a_busy_server_is_asked_again_only_where_nobody_waits(make: Make, server: Provider) -> None:
    server.busy = 2
    assert len(await make().embed(["a"], role="passage", lane=Lane.BATCH)) == 1
    server.busy = 1
    with pytest.raises(EngineFailed) as told:
        await make().embed(["a"], role="query")
    assert told.value.code == "engine_rate_limited"


@pytest.mark.parametrize(
    ("model", "key", "code"),
    [
        ("any", "sk-wrong", "engine_unauthorized"),
        ("short", KEY, "engine_failed"),
        ("ragged", KEY, "engine_failed"),
    ],
)
async def test_failures_in_human_words(make: Make, model: str, key: str, code: str) -> None:
    with pytest.raises(EngineFailed) as told:
        await make(model, key).embed(["one", "two"], role="query")
    assert told.value.code == code and key not in str(told.value)


def test_a_server_needs_the_name_of_a_model(make: Make) -> None:
    with pytest.raises(SettingsError, match="EMBEDDING__MODEL"):
        make(None)
