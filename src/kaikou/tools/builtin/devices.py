"""Say something on another device of the house."""

from __future__ import annotations

from collections.abc import Sequence

from kaikou.errors import NotFound
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import Caller


def tools(parts: Parts) -> Sequence[FunctionTool]:
    devices = parts.ports.devices
    if devices is None:
        return []

    async def call_device(device: str, message: str, caller: Caller) -> str:
        """Say a message on another device of the house. 在另一台设备上播报消息。

        Args:
            device: The other device's name.
            message: What to say there.
        """
        names = devices.names(caller)
        wanted = device.casefold().strip()
        match = [name for name in names if name.casefold() == wanted]
        match = match or [name for name in names if wanted and wanted in name.casefold()]
        if not match:
            there = ", ".join(names) or "none"
            raise NotFound(f"No device {device!r} is connected.", hint=f"Connected: {there}.")
        await devices.speak(match[0], message, caller)
        return f"Said on {match[0]}."

    return [function_tool(call_device, offered=lambda caller: bool(devices.names(caller)))]
