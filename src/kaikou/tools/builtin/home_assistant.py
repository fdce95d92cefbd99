"""Home Assistant: read states, call services. Its REST API: https://developers.home-assistant.io/docs/api/rest/."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from kaikou.errors import InvalidInput, NotFound
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.function import FunctionTool, function_tool

SERVICE = "Home Assistant"
MOST_ENTITIES = 60
_ENTITY = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
_WORD = re.compile(r"[a-z0-9_]+")
_SHOWN = (
    "temperature",
    "current_temperature",
    "humidity",
    "brightness",
    "volume_level",
    "unit_of_measurement",
)


def tools(parts: Parts) -> Sequence[FunctionTool]:
    settings, fetch = parts.settings, parts.fetch
    base = (settings.home_assistant_url or "").rstrip("/")
    token = settings.home_assistant_token
    headers = {"Authorization": f"Bearer {token.get_secret_value() if token else ''}"}

    async def home_state(device: str = "") -> str:
        """Read the state of a device at home, or list the devices. 查询家里设备的状态。

        Args:
            device: Entity id such as light.kitchen, or part of the device's name; leave it out for a list.
        """
        states = await fetch.json(SERVICE, "GET", f"{base}/api/states", headers=headers)
        wanted = device.casefold().strip()
        found = [one for one in states if wanted in f"{one['entity_id']} {_name(one)}".casefold()]
        if not found:
            raise NotFound(f"There is no device like {device!r}.", code="device_not_found")
        lines = [_line(one) for one in found[:MOST_ENTITIES]]
        return "\n".join([*lines, *(["…"] if len(found) > MOST_ENTITIES else [])])

    async def home_control(entity_id: str, service: str, values: dict[str, Any] | None = None) -> str:
        """Control a device at home: call a service for it. 控制家里的设备。

        Args:
            entity_id: Entity id such as light.kitchen, as home_state tells it.
            service: Such as turn_on, turn_off, toggle, set_temperature, volume_set, open_cover.
            values: Further values of the service, such as {"brightness_pct": 40}.
        """
        # Both become part of an address: nothing of a model's may lead elsewhere.
        if not _ENTITY.fullmatch(entity_id) or not _WORD.fullmatch(service):
            raise InvalidInput("An entity id looks like light.kitchen, a service like turn_on.")
        domain = entity_id.partition(".")[0]
        body = {**(values or {}), "entity_id": entity_id}
        address = f"{base}/api/services/{domain}/{service}"
        changed = await fetch.json(SERVICE, "POST", address, headers=headers, body=body)
        own = [one for one in changed if one.get("entity_id") == entity_id]
        return f"Done: {_line(own[0])}" if own else "Done."

    ready = base and token is not None
    needs = "" if ready else "Address and token: set tools.home_assistant_url and tools.home_assistant_token."
    return [
        function_tool(home_state, title="State of the home", needs=needs),
        function_tool(home_control, title="Control the home", needs=needs),
    ]


def _name(state: dict[str, Any]) -> str:
    return str(state.get("attributes", {}).get("friendly_name") or "")


def _line(state: dict[str, Any]) -> str:
    shown = {key: value for key, value in state.get("attributes", {}).items() if key in _SHOWN}
    extra = "".join(f", {key} {value}" for key, value in shown.items())
    return f"{state['entity_id']} ({_name(state)}): {state.get('state')}{extra}"
