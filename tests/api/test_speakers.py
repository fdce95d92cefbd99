"""``/api/speakers`` through the whole application."""

from __future__ import annotations

from pathlib import Path

from speakers.conftest import ANNA, BOB, voice, wav
from test_server import running

CONSENT = {"by": "Anna", "text": "I agree."}


async def test_somebody_is_enrolled_recognised_and_forgotten(tmp_path: Path) -> None:
    async with running(tmp_path, speaker={"engine": "scripted", "enabled": True, "needed": 3}) as server:
        client = server.client
        before = (await client.get("/api/speakers")).json()
        assert (before["speakers"], before["enabled"], before["needed"]) == ([], True, 3)
        assert before["engine"]["state"] == "waiting" and before["consent_text"].keys() == {"en", "zh"}
        refused = await client.post("/api/speakers", json={"name": "Anna"})
        assert (refused.status_code, refused.json()["code"]) == (422, "consent_needed")
        made = await client.post("/api/speakers", json={"name": "Anna", "consent": CONSENT})
        assert made.status_code == 201 and made.json()["consent"]["by"] == "Anna"
        place = f"/api/speakers/{made.json()['id']}"

        sound = {"file": ("anna.wav", wav(*[voice(ANNA)] * 3), "audio/wav")}
        done = (await client.post(f"{place}/recordings", files=sound)).json()
        assert (done["added"], done["ready"], done["refused"]) == (3, True, [])
        bad = await client.post(f"{place}/recordings", files={"file": ("x.wav", b"x", "audio/wav")})
        assert (bad.status_code, bad.json()["code"]) == (422, "unreadable_audio")
        assert (await client.post(f"{place}/recordings", files={"other": b"x"})).status_code == 422

        heard = (await client.post("/api/speakers/identify", files=sound)).json()
        assert heard["speaker"]["name"] == "Anna" and heard["scores"][0]["score"] > heard["threshold"]
        other = {"file": ("bob.wav", wav(voice(BOB)), "audio/wav")}
        assert (await client.post("/api/speakers/identify", files=other)).json()["speaker"] is None
        assert (await client.patch(place, json={"name": "Annie"})).json()["name"] == "Annie"
        after = (await client.get("/api/speakers")).json()
        assert after["engine"]["state"] == "ready" and after["threshold"] == 0.9
        assert not (await client.delete(f"{place}/recordings")).json()["ready"]
        assert (await client.delete(place)).status_code == 204
        assert (await client.delete(place)).status_code == 404
        assert (await client.get("/api/speakers")).json()["speakers"] == []


async def test_it_is_off_until_switched_on(tmp_path: Path) -> None:
    async with running(tmp_path, speaker={"engine": "scripted"}) as server:
        found = (await server.client.get("/api/speakers")).json()
        assert (found["enabled"], found["engine"]["state"]) == (False, "off")
        made = await server.client.post("/api/speakers", json={"name": "Anna", "consent": CONSENT})
        assert (made.status_code, made.json()["code"]) == (409, "speakers_off")
