"""The first call: what devices of all kinds send, and what they must and must not be told."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from api.xiaozhi.device import CLIENT, MAC, Home, home
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

HEADERS = {"Device-Id": MAC, "Client-Id": CLIENT}
IMAGE = b"\xe9" + bytes(5000)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path) as running:
        yield running


async def test_an_unbound_device_gets_time_token_and_code(house: Home) -> None:
    found = await house.ota(application={"version": "1.6.2"}, board={"type": "bread", "name": "Board"})
    assert abs(found["server_time"]["timestamp"] / 1000 - time.time()) < 60
    assert isinstance(found["server_time"]["timezone_offset"], int)
    assert found["firmware"] == {"version": "1.6.2", "url": ""}
    assert found["websocket"]["url"] == f"ws://127.0.0.1:{house.port}/xiaozhi/v1/"
    assert found["websocket"]["token"] and "mqtt" not in found
    activation = found["activation"]
    assert activation["message"].endswith("\n" + activation["code"]) and activation["challenge"] == MAC
    assert (await house.ota())["activation"]["code"] == activation["code"], "the same until it expires"
    waiting = (await house.http.get("/api/devices")).json()["waiting"]
    assert waiting[0]["id"] == MAC and "code" not in waiting[0]


PROOF = {"serial_number": "s", "challenge": MAC, "hmac": "00", "algorithm": "hmac-sha256"}


@pytest.mark.parametrize("body", [{}, PROOF, {"Payload": PROOF}])
@pytest.mark.parametrize("path", ["/xiaozhi/ota/activate", "/xiaozhi/ota/activate/"])
async def test_activation_waits_for_the_owner(house: Home, body: dict[str, Any], path: str) -> None:
    assert (await house.http.post(path, json=body, headers=HEADERS)).status_code == 404
    code = (await house.ota())["activation"]["code"]
    assert (await house.http.post(path, json=body, headers=HEADERS)).status_code == 202
    answer = await house.http.post(
        "/api/devices/bind", json={"code": code, "alias": "厨房", "agent": "partner"}
    )
    assert answer.status_code == 201 and answer.json()["name"] == "厨房", answer.text
    done = await house.http.post(path, json=body, headers=HEADERS)
    assert (done.status_code, done.text) == (200, "success")
    assert "activation" not in await house.ota()
    assert (MAC, "bound") in house.changes


@pytest.mark.parametrize("path", ["/xiaozhi/ota", "/xiaozhi/ota/"])
async def test_both_spellings_and_methods_without_redirect(house: Home, path: str) -> None:
    assert "websocket" in (await house.http.get(path, headers=HEADERS)).json()
    assert "websocket" in (await house.http.post(path, content=b"{not json", headers=HEADERS)).json()
    person = await house.http.get(path)
    assert person.status_code == 200 and "ws://" in person.text
    named = await house.http.post(path, json={"mac_address": "AA:BB:CC:DD:EE:0A"})
    assert named.json()["activation"]["challenge"] == "aa:bb:cc:dd:ee:0a"
    options = await house.http.options(
        path, headers={"Origin": "http://x", "Access-Control-Request-Method": "POST"}
    )
    assert options.status_code == 200 and options.headers["access-control-allow-origin"] == "*"
    assert "device-id" in options.headers["access-control-allow-headers"]


@pytest.mark.parametrize("headers", [{}, {"Device-Id": "unknown"}, {"Device-Id": "aa:bb"}])
async def test_whoever_is_nobody_is_refused(house: Home, headers: dict[str, str]) -> None:
    answer = await house.http.post("/xiaozhi/ota/", json={}, headers=headers)
    assert answer.status_code == 400 and answer.json()["success"] is False
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_the_address_is_the_one_called_unless_set(tmp_path: Path) -> None:
    async with home(tmp_path, xiaozhi={"websocket_url": "wss://voice.example/xiaozhi/v1/"}) as house:
        assert (await house.ota())["websocket"]["url"] == "wss://voice.example/xiaozhi/v1/"


async def test_firmware_is_uploaded_offered_and_loaded(house: Home) -> None:
    await house.bound()
    files = {"file": ("x.bin", IMAGE)}
    for version in ("1.9.0", "1.10.0"):
        form = {"model": "bread", "version": version}
        assert (await house.http.post("/api/devices/firmware", data=form, files=files)).status_code == 201
    found = await house.ota(application={"version": "1.9.5"}, board={"type": "bread"})
    assert found["firmware"]["version"] == "1.10.0"
    image = await house.http.get(found["firmware"]["url"], headers={"Accept-Encoding": "gzip"})
    assert image.content == IMAGE and image.headers["content-length"] == str(len(IMAGE))
    up_to_date = await house.ota(application={"version": "2.0.0-beta"}, board={"type": "bread"})
    assert up_to_date["firmware"] == {"version": "2.0.0", "url": ""}, "never a segment that is no number"
    other = await house.ota(application={"version": "1.0.0"}, board={"type": "other"})
    assert other["firmware"]["url"] == ""
    await house.http.patch(f"/api/devices/{MAC}", json={"auto_update": False})
    kept = await house.ota(application={"version": "1.9.5"}, board={"type": "bread"})
    assert kept["firmware"] == {"version": "1.9.5", "url": ""}
    listed = (await house.http.get("/api/devices/firmware")).json()["firmware"]
    assert [one["version"] for one in listed] == ["1.10.0", "1.9.0"]
    assert (await house.http.delete("/api/devices/firmware/bread_1.9.0.bin")).status_code == 204
    assert (await house.http.get("/xiaozhi/ota/download/bread_1.9.0.bin")).status_code == 404
    assert (await house.http.get("/xiaozhi/ota/download/..%2fkaikou.db")).status_code in (404, 405)


async def test_firmware_of_one_device_comes_before_its_boards(house: Home) -> None:
    await house.bound()
    files = {"file": ("x.bin", IMAGE)}
    for model, version in (("bread", "2.0.0"), ("bread", "1.0.0"), ("trial", "3.0.0")):
        form = {"model": model, "version": version}
        assert (await house.http.post("/api/devices/firmware", data=form, files=files)).status_code == 201
    address, body = f"/api/devices/{MAC}", {"board": {"type": "bread"}, "application": {"version": "1.5.0"}}
    missing = await house.http.patch(address, json={"firmware_image": "bread_9.bin"})
    assert (missing.status_code, missing.json()["code"]) == (404, "firmware_not_found")

    async def offered(image: str | None, **fields: Any) -> dict[str, Any]:
        changed = await house.http.patch(address, json={"firmware_image": image, **fields})
        assert changed.json()["firmware_image"] == image
        found: dict[str, Any] = (await house.ota(**body))["firmware"]
        return found

    older = await offered("bread_1.0.0.bin", auto_update=False)
    assert (older["version"], older["force"]) == ("1.0.0", 1)
    assert (await house.http.get(older["url"])).content == IMAGE
    other = await offered("trial_3.0.0.bin")
    assert other["url"].endswith("trial_3.0.0.bin") and "force" not in other
    body["application"] = {"version": "3.0.0"}
    assert await offered("trial_3.0.0.bin") == {"version": "3.0.0", "url": ""}, "it runs it already"
    body["application"] = {"version": "1.5.0"}
    await house.http.delete("/api/devices/firmware/trial_3.0.0.bin")
    assert (await house.ota(**body))["firmware"]["url"] == "", "its image is gone"
    assert (await offered(None, auto_update=True))["version"] == "2.0.0"


async def test_a_page_elsewhere_is_a_device_where_it_has_a_devices_token(house: Home) -> None:
    """The web test page of another site: no cookie counts here, only the token that the OTA address gave."""
    token, foreign = await house.bound(), {"Origin": "http://test.page"}
    preflight = await house.http.options(
        "/mcp/vision/explain", headers={**foreign, "Access-Control-Request-Method": "POST"}
    )
    found = await house.http.post("/xiaozhi/ota/", json={}, headers={**HEADERS, **foreign})
    seen = await house.http.post("/mcp/vision/explain", headers=foreign)
    for answer in (preflight, found, seen):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
    assert found.status_code == 200 and seen.status_code == 401
    query = urlencode({"device-id": MAC, "client-id": CLIENT, "authorization": f"Bearer {token}"})
    address = f"ws://127.0.0.1:{house.port}/xiaozhi/v1/?{query}"
    async with connect(address, origin="http://test.page") as line:
        await line.send('{"type":"hello"}')
        assert json.loads(await line.recv())["type"] == "hello"
    with pytest.raises(InvalidStatus) as refused:
        await connect(address.replace("Bearer", "Bare"), origin="http://test.page")
    assert refused.value.response.status_code == 401


async def test_devices_are_bound_by_themselves_only_where_that_is_wanted(tmp_path: Path) -> None:
    async with home(tmp_path, xiaozhi={"auto_bind": "loopback"}) as house:
        foreign = await house.http.post(
            "/xiaozhi/ota/", json={}, headers={**HEADERS, "Origin": "http://evil.example"}
        )
        assert "activation" in foreign.json(), "a page of another site asks for nobody"
        assert "activation" not in await house.ota()


async def test_a_reflashed_device_is_bound_anew(house: Home) -> None:
    await house.bound()
    assert "activation" in await house.ota(client="another")


async def test_wrong_codes(house: Home) -> None:
    answers = [await house.http.post("/api/devices/bind", json={"code": "000000"}) for _ in range(11)]
    assert [one.status_code for one in answers] == [404] * 10 + [429]
    assert answers[0].json()["code"] == "unknown_code"
    agent = await house.http.post("/api/devices/bind", json={"code": "000000", "agent": "nobody"})
    assert agent.json()["code"] == "agent_not_found"


async def test_the_page_is_told_where_devices_find_the_server(house: Home) -> None:
    found = (await house.http.get("/api/devices/setup")).json()
    assert (found["here_only"], found["enabled"], found["auto_bind"]) == (True, True, "off")
    assert found["ota"] and all(one.endswith(f":{house.port}/xiaozhi/ota/") for one in found["ota"])
    assert not any("127.0.0.1" in one for one in found["ota"]), "to a device that is the device itself"


async def test_an_unbound_device_is_bound_again(house: Home) -> None:
    await house.bound(alias="Kitchen")
    assert (await house.http.delete(f"/api/devices/{MAC}")).status_code == 200
    assert (await house.http.get("/api/devices")).json()["devices"] == []
    assert (await house.http.post(f"/api/devices/{MAC}/restore")).json()["name"] == "Kitchen"
    assert (await house.http.post("/api/devices/aa:aa:aa:aa:aa:aa/restore")).status_code == 404


async def test_what_was_unbound_before_a_restart_is_restored_after_it(tmp_path: Path) -> None:
    async with home(tmp_path) as house:
        token = await house.bound(alias="Kitchen")
        assert (await house.http.delete(f"/api/devices/{MAC}")).status_code == 200
    async with home(tmp_path) as house:
        assert (await house.http.get("/api/devices")).json()["devices"] == []
        assert "activation" in await house.ota()
        back = await house.http.post(f"/api/devices/{MAC}/restore")
        assert back.status_code == 200 and back.json()["name"] == "Kitchen"
        assert "activation" not in await house.ota()
        async with house.device(token) as device:
            assert device.session
