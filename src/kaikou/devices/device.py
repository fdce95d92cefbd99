"""A device, and what it says of itself when it calls in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from kaikou.errors import InvalidInput

_MAC = re.compile(r"([0-9a-f]{2})[:-]?" * 5 + r"([0-9a-f]{2})")
MAX_ALIAS = 60


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a device told of itself. Every text is bounded; ``address`` is where it called from."""

    id: str
    client_id: str = ""
    model: str = ""
    board: str = ""
    firmware: str = ""
    serial: str = ""
    language: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """A bound device. ``agent_id`` None: the default agent. ``client_id`` is what the device made for
    itself when it was first started: another one under the same id is another installation."""

    id: str
    client_id: str
    agent_id: str | None
    alias: str
    model: str
    board: str
    firmware: str
    serial: str
    language: str
    auto_update: bool
    firmware_image: str | None
    """The image it shall run, whatever its board's newest is."""
    bound_at: datetime
    last_seen: datetime | None
    battery_percent: int | None = None
    """0 to 100, as it was told last, at ``battery_at``; None where it never was."""
    battery_charging: bool | None = None
    """None: not told."""
    battery_at: datetime | None = None

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.alias or self.board or self.model or self.id


def device_id_of(text: str) -> str:
    """A MAC address in lower case with colons. InvalidInput ``invalid_device_id`` for anything else."""
    found = _MAC.fullmatch(text.strip().lower())
    if found is None:
        raise InvalidInput(
            "The device id is not a MAC address.",
            code="invalid_device_id",
            hint="Send the header Device-Id: aa:bb:cc:dd:ee:ff.",
            param="device-id",
        )
    return ":".join(found.groups())


def short(text: object, most: int = 100) -> str:
    """A device's word for something: printable, at most ``most`` characters; not text: empty."""
    if not isinstance(text, str):
        return ""
    return "".join(character for character in text if character.isprintable()).strip()[:most]
