"""``/api/knowledge`` through the whole application."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from test_server import running

SCRIPTED = {"embedding": {"engine": "scripted"}}
TEXT = "# Kettle\n\n## Care\nDescale the kettle with vinegar once a month.\n"


async def ready(server: Any, document_id: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            found: dict[str, Any] = (
                await server.client.get(f"/api/knowledge/documents/{document_id}")
            ).json()
            if found["state"] in ("ready", "failed"):
                return found
            await asyncio.sleep(0.02)


async def test_a_document_from_upload_to_answer_and_back(tmp_path: Path) -> None:
    async with running(tmp_path, **SCRIPTED) as server:
        client = server.client
        made = await client.post("/api/knowledge/bases", json={"name": "Home"})
        assert made.status_code == 201
        base = made.json()["id"]
        sent = {"file": ("水壶.md", TEXT.encode(), "text/markdown")}
        added = await client.post(f"/api/knowledge/bases/{base}/documents", files=sent)
        assert added.status_code == 202 and not added.json()["known"]
        document = added.json()["id"]
        done = await ready(server, document)
        assert (done["state"], done["title"], done["passages"]) == ("ready", "Kettle", 1)
        again = await client.post(f"/api/knowledge/bases/{base}/documents", files=sent)
        assert again.status_code == 200 and again.json()["known"] and again.json()["id"] == document

        found = await client.post("/api/knowledge/search", json={"query": "vinegar for the kettle"})
        (hit,) = found.json()["results"]
        assert hit["text"].startswith("Descale") and hit["location"] == "Kettle › Care"
        assert hit["document_id"] == document and found.json()["without_meaning"] == ""

        cut = (await client.get(f"/api/knowledge/documents/{document}/passages")).json()["passages"]
        assert [one["headings"] for one in cut] == [["Kettle", "Care"]]
        original = await client.get(f"/api/knowledge/documents/{document}/original")
        assert original.content == TEXT.encode()
        assert original.headers["content-disposition"].startswith("attachment")

        thrown = await client.delete(f"/api/knowledge/documents/{document}")
        assert thrown.json()["deleted"] == document
        assert (await client.get(f"/api/knowledge/bases/{base}/documents")).json()["documents"] == []
        assert (await client.post(f"/api/knowledge/documents/{document}/restore")).status_code == 200
        assert (await client.delete(f"/api/knowledge/bases/{base}")).status_code == 200
        assert (await client.get("/api/knowledge/bases")).json()["bases"] == []
        back = await client.post(f"/api/knowledge/bases/{base}/restore")
        assert back.json()["documents"] == 1
        changed = await client.patch(f"/api/knowledge/bases/{base}", json={"name": "House"})
        assert changed.json()["name"] == "House"


async def test_refusals_are_problems_with_codes(tmp_path: Path) -> None:
    async with running(tmp_path, **SCRIPTED, documents={"max_bytes": 1000}) as server:
        client = server.client
        base = (await client.post("/api/knowledge/bases", json={"name": "Home"})).json()["id"]
        address = f"/api/knowledge/bases/{base}/documents"

        async def refused(status: int, code: str, **request: Any) -> None:
            answer = await client.post(request.pop("to", address), **request)
            assert (answer.status_code, answer.json()["code"]) == (status, code)

        await refused(413, "document_too_large", files={"file": ("a.txt", b"x" * 1001)})
        await refused(413, "document_too_large", files={"file": ("a.txt", b"x" * 300_000)})
        await refused(415, "unsupported_document", files={"file": ("a.png", b"\x89PNG")})
        await refused(422, "file_missing", data={"file": "words"})
        form = {"content-type": "multipart/form-data"}
        await refused(411, "length_required", content=_endless(), headers=form)
        nowhere, search = "/api/knowledge/bases/none/documents", "/api/knowledge/search"
        await refused(404, "knowledge_base_not_found", to=nowhere, files={"file": ("a.txt", b"x")})
        await refused(422, "empty_search", to=search, json={"query": " "})
        await refused(404, "knowledge_base_not_found", to=search, json={"query": "x", "bases": ["n"]})
        await refused(422, "invalid_knowledge_base", to="/api/knowledge/bases", json={"name": ""})
        assert (await client.get("/api/knowledge/documents/none")).status_code == 404


async def _endless() -> Any:
    yield b"--x\r\n"


async def test_an_agent_names_the_bases_it_reads(tmp_path: Path) -> None:
    async with running(tmp_path, **SCRIPTED) as server:
        body = {"name": "Helper", "prompt": "Help.", "knowledge": ["kb_1", "kb_2"]}
        made = await server.client.post("/api/agents", json=body)
        assert made.json()["knowledge"] == ["kb_1", "kb_2"]
        kept = (await server.client.get(f"/api/agents/{made.json()['id']}")).json()
        assert kept["knowledge"] == ["kb_1", "kb_2"]
        emptied = await server.client.patch(f"/api/agents/{kept['id']}", json={"knowledge": None})
        assert emptied.json()["knowledge"] == []
