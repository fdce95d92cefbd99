"""What a device signs in with: a client id that names it, and a password made from it by this server.

``GID_<model>@@@<address with _>@@@<the device's own id>``; the user name is base64 of a JSON object that
says where and when the device called, and the password signs both. Nothing is stored.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

import orjson

from kaikou.api.xiaozhi.identity import Claim
from kaikou.api.xiaozhi.mqtt.packets import Connect
from kaikou.devices.device import Sighting, device_id_of, short
from kaikou.devices.tokens import DeviceTokens
from kaikou.errors import InvalidInput, Unauthorized

PUBLISH_TOPIC = "device-server"


def topic_of(device_id: str) -> str:
    """Where a device hears from the server."""
    return f"devices/p2p/{device_id.replace(':', '_')}"


def credentials(tokens: DeviceTokens, sighting: Sighting, base: str) -> dict[str, str]:
    """The part of the OTA answer. ``base`` is this server's address as the device called it."""
    model = re.sub(r"[^A-Za-z0-9.-]", "-", sighting.model)[:60] or "default"
    client_id = f"GID_{model}@@@{sighting.id.replace(':', '_')}@@@{sighting.client_id}"
    told = {"ip": sighting.address, "base": base, "made": int(tokens.now)}
    username = base64.b64encode(orjson.dumps(told)).decode()
    return {
        "client_id": client_id,
        "username": username,
        "password": tokens.password(client_id, username),
        "publish_topic": PUBLISH_TOPIC,
        "subscribe_topic": topic_of(sighting.id),
    }


def claim_of(connect: Connect, tokens: DeviceTokens, address: str) -> Claim:
    """Who signs in. Unauthorized ``invalid_device_token`` where this server did not write the
    password, or too long ago; nothing of the client id is believed before."""
    told = _told(connect.username)
    made = told.get("made")
    if not isinstance(made, int) or not tokens.password_valid(
        connect.password, connect.client_id, connect.username, made
    ):
        raise _unknown()
    _, address_part, client_id = (*connect.client_id.split("@@@", 2), "", "")[:3]
    try:
        device_id = device_id_of(address_part.replace("_", ":"))
    except InvalidInput:
        raise _unknown() from None
    return Claim(device_id, client_id, "", address, base=short(told.get("base"), 300))


def _told(username: str) -> dict[str, Any]:
    try:
        found = orjson.loads(base64.b64decode(username, validate=True))
    except (binascii.Error, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _unknown() -> Unauthorized:
    return Unauthorized(
        "The device's MQTT password is missing, expired or not its own.",
        code="invalid_device_token",
        hint="Restart the device: it fetches a new one from the OTA address.",
    )
