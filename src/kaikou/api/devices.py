"""Devices: ``/api/devices``. Binding by code, names and agents, words pushed to them, firmware."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from kaikou.api.problems import Problem
from kaikou.api.runtime import Runtime, RuntimeDep
from kaikou.devices.device import Device, device_id_of
from kaikou.devices.ports import DeviceLink
from kaikou.devices.registry import DeviceRegistry
from kaikou.errors import InvalidInput, NotFound, NotReady
from kaikou.store.records import now

_THIS_MACHINE = {"", "127.0.0.1", "::1", "localhost"}

router = APIRouter(prefix="/api/devices", tags=["devices"], responses={404: {"model": Problem}})


class DeviceTool(BaseModel):
    name: str
    description: str
    parameters: dict[str, Any] = Field(description="JSON schema of the arguments.")


class BatteryOut(BaseModel):
    """What a device told of its battery last."""

    percent: int
    charging: bool | None = Field(description="null: it does not tell.")
    told_at: datetime


class DeviceOut(BaseModel):
    """A bound device and how it is."""

    id: str
    name: str = Field(description="The alias, else what the device calls itself.")
    alias: str
    agent: str | None = Field(description="null: the default agent.")
    model: str
    board: str
    firmware: str
    language: str
    auto_update: bool
    firmware_image: str | None = Field(description="The image assigned to it; null: its board's newest.")
    bound_at: datetime
    last_seen: datetime | None
    online: bool
    state: str = Field(description="offline, idle, listening or speaking.")
    transport: str | None
    conversation: str | None = Field(description="The conversation under way.")
    battery: BatteryOut | None = Field(description="As it was told last; null: never.")
    tools: list[DeviceTool]


class WaitingOut(BaseModel):
    """A device that shows a code. The code itself is on the device only."""

    id: str
    model: str
    board: str
    firmware: str
    address: str


class DeviceList(BaseModel):
    devices: list[DeviceOut]
    waiting: list[WaitingOut]


class Setup(BaseModel):
    """What a device's owner needs to point it at this server."""

    ota: list[str] = Field(description="Addresses for the device's OTA setting, the likeliest first.")
    enabled: bool
    here_only: bool = Field(description="The server listens to this machine alone: no device can reach it.")
    tls: bool = Field(description="It serves with its own certificate, which devices refuse.")
    code_minutes: float = Field(description="How long a binding code holds.")
    auto_bind: str = Field(description="off, loopback or private: which devices need no code.")


class Unbound(BaseModel):
    unbound: str
    restorable_until: datetime = Field(description="Until then POST …/restore binds it again.")


class ToolCall(BaseModel):
    model_config = ConfigDict(extra="forbid")

    arguments: dict[str, Any] = Field(default_factory=dict)


class ToolAnswer(BaseModel):
    text: str
    failed: bool
    seconds: float


class Binding(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: str = Field(description="The six digits the device shows.", max_length=20)
    agent: str | None = Field(None, description="Agent's id; default: the default agent.")
    alias: str = ""


class DeviceFields(BaseModel):
    """What may be changed; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    alias: str | None = None
    agent: str | None = Field(None, description="Agent's id; null for the default agent.")
    auto_update: bool | None = Field(None, description="Offer newer firmware to it.")
    firmware_image: str | None = Field(
        None, description="An image's name, for this device in place of its board's; null: its board's."
    )


class Words(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(description="What the device says.")


class AlertBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    message: str = Field(min_length=1, max_length=500)
    status: str = Field("!", min_length=1, max_length=60, description="The title.")
    emotion: str = Field("neutral", max_length=40)


class CustomBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    payload: dict[str, Any] = Field(description="What firmware of one's own understands.")


class FirmwareOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    model: str
    version: str
    name: str
    size: int


class FirmwareList(BaseModel):
    firmware: list[FirmwareOut]
    max_bytes: int


# -- firmware stands first: its path would otherwise be a device's id


@router.get("/firmware")
async def list_firmware(runtime: RuntimeDep) -> FirmwareList:
    """Images kept for devices, by model, the newest first."""
    store = _registry(runtime).firmware
    found = [FirmwareOut.model_validate(one) for one in await store.all()]
    return FirmwareList(firmware=found, max_bytes=store.max_bytes)


@router.post("/firmware", status_code=201, responses={422: {"model": Problem}})
async def add_firmware(
    runtime: RuntimeDep,
    model: Annotated[str, Form(description="The board type that devices report.")],
    version: Annotated[str, Form(description="Numbers with dots.")],
    file: Annotated[UploadFile, File(description="An ESP32 application image.")],
) -> FirmwareOut:
    """Keep an image; devices of the model with an older version are offered it when they start."""
    store = _registry(runtime).firmware
    data = await file.read(store.max_bytes + 1)
    return FirmwareOut.model_validate(await store.add(model.strip(), version.strip(), data))


@router.delete("/firmware/{name}", status_code=204)
async def delete_firmware(name: str, runtime: RuntimeDep) -> None:
    await _registry(runtime).firmware.delete(name)


# -- devices


@router.get("/setup")
async def setup(request: Request, runtime: RuntimeDep) -> Setup:
    """Where devices find this server. The address the page was opened at comes first, unless it names this
    machine to itself; then those of the machine's networks."""
    settings = runtime.settings
    hosts = [request.url.hostname or "", *await asyncio.to_thread(_networks)]
    outside = [host for host in dict.fromkeys(hosts) if host not in _THIS_MACHINE]
    port = f":{request.url.port}" if request.url.port else ""
    found = [f"{request.url.scheme}://{host}{port}/xiaozhi/ota/" for host in outside or ["<address>"]]
    return Setup(
        ota=found,
        enabled=settings.xiaozhi.enabled,
        here_only=settings.host in _THIS_MACHINE,
        tls=settings.tls,
        code_minutes=settings.xiaozhi.code_minutes,
        auto_bind=settings.xiaozhi.auto_bind,
    )


@router.get("")
async def list_devices(runtime: RuntimeDep) -> DeviceList:
    """Bound devices with their live state, and those that wait for their code to be typed in."""
    registry = _registry(runtime)
    waiting = [
        WaitingOut(id=s.id, model=s.model, board=s.board, firmware=s.firmware, address=s.address)
        for s in (one.sighting for one in registry.waiting)
    ]
    return DeviceList(devices=[_out(registry, one) for one in await registry.all()], waiting=waiting)


@router.post("/bind", status_code=201, responses={422: {"model": Problem}, 429: {"model": Problem}})
async def bind_device(body: Binding, runtime: RuntimeDep) -> DeviceOut:
    """Bind the device that shows the code."""
    if body.agent is not None:
        await runtime.agents.get(body.agent)
    registry = _registry(runtime)
    return _out(registry, await registry.bind(body.code, body.agent, body.alias))


@router.get("/{device_id}")
async def get_device(device_id: str, runtime: RuntimeDep) -> DeviceOut:
    registry = _registry(runtime)
    return _out(registry, await registry.get(_id(device_id)))


@router.patch("/{device_id}", responses={422: {"model": Problem}})
async def change_device(device_id: str, body: DeviceFields, runtime: RuntimeDep) -> DeviceOut:
    """Change the fields that are sent. A new agent answers from the device's next connection."""
    sent = body.model_dump(exclude_unset=True)
    fields: dict[str, Any] = {}
    if "alias" in sent:
        fields["alias"] = sent["alias"] or ""
    if "agent" in sent:
        if sent["agent"] is not None:
            await runtime.agents.get(sent["agent"])
        fields["agent_id"] = sent["agent"]
    if sent.get("auto_update") is not None:
        fields["auto_update"] = sent["auto_update"]
    if "firmware_image" in sent:
        fields["firmware_image"] = sent["firmware_image"]
    registry = _registry(runtime)
    return _out(registry, await registry.change(_id(device_id), fields))


@router.delete("/{device_id}")
async def unbind_device(device_id: str, runtime: RuntimeDep) -> Unbound:
    """Forget a device; it shows a new code when it starts next. Its conversations stay. It can be bound
    again without a code for ``limits.undo_seconds``."""
    seconds = runtime.settings.limits.undo_seconds
    await _registry(runtime).unbind(_id(device_id))
    return Unbound(unbound=_id(device_id), restorable_until=now() + timedelta(seconds=seconds))


@router.post("/{device_id}/restore")
async def restore_device(device_id: str, runtime: RuntimeDep) -> DeviceOut:
    """Take the unbinding back."""
    registry = _registry(runtime)
    return _out(registry, await registry.restore(_id(device_id), runtime.settings.limits.undo_seconds))


@router.post("/{device_id}/tools/{name}/call", responses={409: {"model": Problem}})
async def call_device_tool(device_id: str, name: str, body: ToolCall, runtime: RuntimeDep) -> ToolAnswer:
    """The device does it for good. A tool that fails is an answer with ``failed``."""
    link = await _link(runtime, device_id)
    if all(one.name != name for one in link.tools()):
        raise NotFound(f"The device has no tool {name[:80]!r}.", code="tool_not_found", param="name")
    began = time.perf_counter()
    answer = await link.call_tool(name, body.arguments)
    return ToolAnswer(text=answer.text, failed=answer.failed, seconds=time.perf_counter() - began)


@router.post("/{device_id}/speak", status_code=202, responses={409: {"model": Problem}})
async def speak(device_id: str, body: Words, runtime: RuntimeDep) -> None:
    """The device says a text, after what it is saying."""
    await (await _link(runtime, device_id)).speak(body.text)


@router.post("/{device_id}/alert", status_code=202, responses={409: {"model": Problem}})
async def alert(device_id: str, body: AlertBody, runtime: RuntimeDep) -> None:
    """The device shows a message with a sound."""
    await (await _link(runtime, device_id)).alert(body.status, body.message, body.emotion)


@router.post(
    "/{device_id}/custom", status_code=202, responses={409: {"model": Problem}, 422: {"model": Problem}}
)
async def custom(device_id: str, body: CustomBody, runtime: RuntimeDep) -> None:
    """The device's firmware gets the payload, where it was built to receive such messages."""
    await (await _link(runtime, device_id)).custom(body.payload)


@router.post("/{device_id}/reboot", status_code=202, responses={409: {"model": Problem}})
async def reboot(device_id: str, runtime: RuntimeDep) -> None:
    await (await _link(runtime, device_id)).reboot()


def _networks() -> list[str]:
    """This machine's IPv4 addresses: the only ones that devices speak."""
    from kaikou.accounts.tls import lan_addresses  # brings in a library for certificates

    found = [ip_address(one) for one in lan_addresses()]
    return sorted(str(one) for one in found if one.version == 4 and not one.is_loopback)


def _registry(runtime: Runtime) -> DeviceRegistry:
    if runtime.devices is None:
        raise NotReady("The server is still starting.")
    return runtime.devices


async def _link(runtime: Runtime, device_id: str) -> DeviceLink:
    registry, known = _registry(runtime), _id(device_id)
    await registry.get(known)
    return registry.connected(known)


def _id(text: str) -> str:
    """As given where it is no address: the registry then says that there is no such device."""
    try:
        return device_id_of(text)
    except InvalidInput:
        return text


def _out(registry: DeviceRegistry, device: Device) -> DeviceOut:
    link = registry.online(device.id)
    return DeviceOut(
        id=device.id,
        name=device.name,
        alias=device.alias,
        agent=device.agent_id,
        model=device.model,
        board=device.board,
        firmware=device.firmware,
        language=device.language,
        auto_update=device.auto_update,
        firmware_image=device.firmware_image,
        bound_at=device.bound_at,
        last_seen=device.last_seen,
        online=link is not None,
        state=link.state if link is not None else "offline",
        transport=link.transport if link is not None else None,
        conversation=link.conversation_id if link is not None else None,
        battery=_battery(device),
        tools=[
            DeviceTool(name=one.name, description=one.description, parameters=dict(one.parameters))
            for one in link.tools()
        ]
        if link
        else [],
    )


def _battery(device: Device) -> BatteryOut | None:
    if device.battery_percent is None or device.battery_at is None:
        return None
    return BatteryOut(
        percent=device.battery_percent, charging=device.battery_charging, told_at=device.battery_at
    )
