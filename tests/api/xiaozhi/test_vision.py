"""Pictures of devices: who may send them, what is taken, and what a model on this machine is asked."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from api.xiaozhi.device import CLIENT, MAC, Home, home
from engines.llm.provider import Provider, chunk, running_provider

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with running_provider() as running:
        running.script["eyes"] = [chunk(content="一只"), chunk(content="猫。"), chunk(finish="stop")]
        yield running


@pytest.fixture
async def house(tmp_path: Path, provider: Provider) -> AsyncIterator[Home]:
    vision = {"base_url": provider.base_url, "model": "eyes", "max_image_bytes": 100_000}
    async with home(tmp_path, vision=vision) as running:
        yield running


async def announced(house: Home) -> dict[str, str]:
    """What a device is told when its tools are read."""
    async with house.device(features={"mcp": True}) as device:
        asked = await device.until("mcp")
        found: dict[str, str] = asked["payload"]["params"]["capabilities"]["vision"]
        return found


def form(picture: bytes, question: str = "这是什么？") -> dict[str, Any]:
    return {"data": {"question": question}, "files": {"file": ("camera.jpg", picture, "image/jpeg")}}


async def post(house: Home, token: str, picture: bytes = JPEG, **headers: str) -> httpx.Response:
    bearer = {"Authorization": f"Bearer {token}", **headers}
    return await house.http.post("/mcp/vision/explain", headers=bearer, **form(picture))


@pytest.mark.parametrize(("picture", "kind"), [(JPEG, "image/jpeg"), (PNG, "image/png")])
async def test_a_picture_is_looked_at(house: Home, provider: Provider, picture: bytes, kind: str) -> None:
    told = await announced(house)
    assert told["url"] == f"{house.url}/mcp/vision/explain"
    answer = await post(house, told["token"], picture)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"success": True, "action": "RESPONSE", "response": "一只猫。"}
    asked = provider.requests[-1]
    text, image = asked["messages"][-1]["content"]
    assert (asked["model"], text["text"]) == ("eyes", "这是什么？")
    assert image["image_url"]["url"] == f"data:{kind};base64,{base64.b64encode(picture).decode()}"


async def test_as_firmware_sends_it(house: Home, provider: Provider) -> None:
    """In chunks without a length, the device's headers on it."""
    told = await announced(house)
    parts = [
        b'--B\r\nContent-Disposition: form-data; name="question"\r\n\r\nWhat is it?\r\n',
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="camera.jpg"\r\n',
        b"Content-Type: image/jpeg\r\n\r\n",
        *(JPEG[at : at + 512] for at in range(0, len(JPEG), 512)),
        b"\r\n--B--\r\n",
    ]

    async def body() -> AsyncIterator[bytes]:
        for part in parts:
            yield part
            await asyncio.sleep(0)

    headers = {
        "Authorization": f"Bearer {told['token']}",
        "Content-Type": "multipart/form-data; boundary=B",
        "Device-Id": MAC,
        "Client-Id": CLIENT,
    }
    answer = await house.http.post("/mcp/vision/explain", content=body(), headers=headers)
    assert "content-length" not in answer.request.headers
    assert answer.json()["response"] == "一只猫。"
    assert provider.requests[-1]["messages"][-1]["content"][0]["text"] == "What is it?"


async def test_only_the_devices_own_token_lets_in(house: Home, provider: Provider) -> None:
    token = (await announced(house))["token"]
    said, _, signature = token.partition(".")
    other = base64.urlsafe_b64encode(b"aa:bb:cc:dd:ee:00|1700000000").rstrip(b"=").decode()
    wrong = ["x", "é", f"{said}.{signature[:-1]}x", f"{other}.{signature}", said, await house.bound()]
    for one in wrong:
        bearer = f"Bearer {one}".encode()
        answer = await house.http.post(
            "/mcp/vision/explain", headers={b"authorization": bearer}, **form(JPEG)
        )
        assert answer.status_code == 401 and answer.json()["success"] is False, one
    assert (await post(house, token, **{"Device-Id": "aa:bb:cc:dd:ee:00"})).status_code == 401
    # The reference server lets this client in without a token.
    door = await house.http.post(
        "/mcp/vision/explain", headers={"Client-Id": "web_test_client", "Device-Id": MAC}, **form(JPEG)
    )
    assert door.status_code == 401
    assert not provider.requests
    await house.http.delete(f"/api/devices/{MAC}")
    assert (await post(house, token)).status_code == 401, "of a device that is not bound any more"


async def test_a_token_expires(house: Home) -> None:
    token = (await announced(house))["token"]
    now = house.registry.tokens.now
    house.registry.tokens._clock = lambda: now + 25 * 3600
    assert (await post(house, token)).status_code == 401


@pytest.mark.parametrize(
    ("send", "said"),
    [
        (form(b"GIF89a" + bytes(100)), "neither JPEG nor PNG"),
        (form(b""), "no picture"),
        (form(JPEG * 20), "larger than 0.1 MB"),
        ({"data": {"question": "?"}}, "must come as"),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, "cannot be read"),
        (
            {"content": b"xx", "headers": {"content-type": "multipart/form-data; boundary=B"}},
            "cannot be read",
        ),
        (
            {
                "content": b'--B\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nhalf',
                "headers": {"content-type": "multipart/form-data; boundary=B"},
            },
            "no picture",
        ),
        (form(JPEG, "?" * 50_000), "cannot be read"),
    ],
)
async def test_what_is_no_picture(house: Home, send: dict[str, Any], said: str) -> None:
    token = (await announced(house))["token"]
    headers = {"Authorization": f"Bearer {token}", **send.pop("headers", {})}
    answer = await house.http.post("/mcp/vision/explain", headers=headers, **send)
    assert answer.status_code == 200
    assert answer.json()["success"] is False and said in answer.json()["message"], answer.json()
    assert house.desk.pictures == 0


async def test_without_a_model_the_device_is_told_why(tmp_path: Path) -> None:
    async with home(tmp_path) as house:
        answer = await post(house, (await announced(house))["token"])
        assert answer.status_code == 200
        assert answer.json()["success"] is False and "no model that can see" in answer.json()["message"]
        looked = await house.http.get("/mcp/vision/explain")
        assert looked.status_code == 200 and "No vision model" in looked.text


async def test_a_model_that_fails_is_a_sentence(house: Home, provider: Provider) -> None:
    provider.statuses = [(500, {}, {"error": {"message": "out of order"}})] * 5
    answer = await post(house, (await announced(house))["token"])
    assert answer.status_code == 200 and answer.json()["success"] is False and answer.json()["message"]


async def test_browsers_may_ask(house: Home) -> None:
    """A page of another site may read the answers, and needs the token like anyone else."""
    foreign = {"Origin": "http://test.page"}
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    answers = [await house.http.options("/mcp/vision/explain", headers=foreign | asked)]
    assert "authorization" in answers[0].headers["access-control-allow-headers"]
    token = (await announced(house))["token"]
    answers.append(await post(house, token, **foreign))
    assert answers[-1].json()["response"] == "一只猫。"
    answers.append(await post(house, token, b"GIF89a", **foreign))
    assert [one.status_code for one in answers] == [200, 200, 200]
    answers.append(await post(house, "x", **foreign))
    assert answers[-1].status_code == 401
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
