"""The protocol of xiaozhi ESP32 devices: OTA and activation over HTTP, talk over a WebSocket.

It translates: whose turn it is, and what is heard of a reply, ``dialogue`` decides. A further
transport brings its own socket and uses the same session (``session.py``).
"""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter

from kaikou.api.runtime import Runtime
from kaikou.api.xiaozhi import ota, socket, vision
from kaikou.api.xiaozhi.desk import desk_of

router = APIRouter(tags=["devices"])
router.include_router(ota.router)
router.include_router(socket.router)
router.include_router(vision.router)


def add_figures(runtime: Runtime) -> None:
    """The devices' counters, for ``/metrics``."""
    figures, telemetry = desk_of(runtime).figures, runtime.telemetry
    telemetry.add_gauges(
        lambda: {"kaikou_devices_connected": ("Devices connected.", float(figures.connected))}
    )
    for name, text, counter in (
        ("kaikou_device_dropped", "Messages and packets of devices that could not be used.", figures.dropped),
        ("kaikou_device_refused", "Connections of devices refused at the door.", figures.refused),
        ("kaikou_device_ended", "Connections of devices that ended.", figures.ended),
    ):
        telemetry.add_counts(name, text, "reason", partial(dict, counter))
