"""Say something on another device of the house."""

from __future__ import annotations

from collections.abc import Sequence

from kaikou.errors import InvalidInput, NotFound
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.builtin.sentences import SAID
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import Caller, Outcome, speaks_chinese

DEVICE = (
    r"(?:kitchen|bedroom|living room|bathroom|office|study|nursery|hall|garden|garage|basement"
    r"|children's room)"
    r"|(?:[^你我他她]{0,4}?(?:厨房|卧室|客厅|书房|浴室|阳台|车库|餐厅|儿童房|办公室|房间))(?:里|的)?(?:音箱|设备|小智|机器人)?"
)
"""Rooms that devices are named after."""
EXAMPLES = (
    "(tell|let) the {device} [speaker|device] [know] that {message}",
    "(announce|say) (in|on|at) the {device} that {message}",
    "(say|announce) {message} (in|on) the {device}",
    "[请|去](在|跟|给|对|向|到){device}(播报|播|说|广播|通知|喊)[一声|一下|一句]{message}",
    "(通知|告诉){device}[说]{message}",
)

SLOTS = (
    "{*} [the] {device} [speaker|device] [know] that {message}",
    "[{*}]{device}[那边|那儿|的人][说|喊|通知|播报|传话|传个话][一声|一下]{message}",
)


def tools(parts: Parts) -> Sequence[FunctionTool]:
    devices = parts.ports.devices
    if devices is None:
        return []

    async def call_device(device: str, message: str, caller: Caller) -> Outcome:
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
            raise NotFound(
                f"No device {device!r} is connected.", code="device_not_found", hint=f"Connected: {there}."
            )
        if len(match) > 1:
            meant = ", ".join(match)
            raise InvalidInput(f"Several are like {device!r}.", code="device_ambiguous", hint=f"{meant}.")
        await devices.speak(match[0], message, caller)
        said = f"Said on {match[0]}."
        return Outcome(said, plain=f"已经在{match[0]}说了。" if speaks_chinese(caller) else said)

    return [
        function_tool(
            call_device,
            title="Another device",
            examples=EXAMPLES,
            slots=SLOTS,
            said=SAID["call_device"],
            places={"device": DEVICE},
            offered=lambda caller: bool(devices.names(caller)),
        )
    ]
