"""What a device tells of itself: by a tool of today's firmware, by a thing's states of older one."""

from __future__ import annotations

import json

from kaikou.devices.battery import Battery, battery_of


def tells_status(tool: str) -> bool:
    """Whether a tool of that name reports how the device is (``self.get_device_status``)."""
    return tool.lower().replace("_", "").replace(".", "").endswith("getdevicestatus")


def volume_in(report: str) -> int | None:
    """How loud the device says it is, 0 to 100; None where it doesn't."""
    try:
        told = json.loads(report)["audio_speaker"]["volume"]
        return min(max(int(told), 0), 100)
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None


def battery_among(states: object) -> Battery | None:
    """The battery among things' states, the last that tells of one."""
    found = None
    for one in states if isinstance(states, list) else ():
        if isinstance(one, dict) and one.get("name") == "Battery":
            found = battery_of(one.get("state")) or found
    return found
