"""What all devices' connections share: the counters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kaikou.api.runtime import Runtime
from kaikou.api.xiaozhi.figures import Figures
from kaikou.devices.registry import DeviceRegistry

if TYPE_CHECKING:
    from kaikou.api.xiaozhi.mqtt.broker import Broker

_NAME = "xiaozhi"


@dataclass(slots=True)
class Desk:
    """Made once a server; found in ``runtime.extras``."""

    figures: Figures = field(default_factory=Figures)
    unbound: int = 0
    """Connections of devices that nobody has bound."""
    pictures: int = 0
    """Being looked at."""
    broker: Broker | None = None
    """Where MQTT is switched on."""

    def moved(self, registry: DeviceRegistry, device_id: str) -> None:
        """Tell the page that a device listens, speaks, or does neither."""
        link = registry.online(device_id)
        if link is not None:
            registry.moved(link)


def open_desk(runtime: Runtime) -> Desk:
    """The desk of this server."""
    desk = runtime.extras[_NAME] = Desk()
    return desk


def desk_of(runtime: Runtime) -> Desk:
    found: Desk = runtime.extras[_NAME]
    return found
