"""The devices this server knows: bound ones in the store, waiting ones and live links in memory."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from kaikou.devices.battery import Battery, BatteryNotes
from kaikou.devices.codes import BindingCodes, Waiting
from kaikou.devices.device import MAX_ALIAS, Device, Sighting, short
from kaikou.devices.firmware import Firmware, FirmwareStore, version_key
from kaikou.devices.ports import DeviceLink
from kaikou.devices.tokens import DeviceTokens
from kaikou.errors import InvalidInput, NotFound
from kaikou.store.devices import DeviceRepository
from kaikou.store.records import DeviceRow, now

log = logging.getLogger(__name__)

_TOLD = ("model", "board", "firmware", "serial", "language")
"""What a device may tell anew each time; nothing told leaves what is known."""

_CHANGEABLE = ("alias", "agent_id", "auto_update", "firmware_image")

ANEW = "the device connected anew"
"""Why a connection is ended that another one takes the place of."""

OnChange = Callable[[str, str], None]
"""A device's id, and what happened: bound, unbound, changed, online, offline, state, battery, waiting."""


class DeviceRegistry:
    """Belongs to one event loop; at most ``most`` devices are bound. ``on_change`` is told, on it, of
    everything a page would show."""

    def __init__(
        self,
        repository: DeviceRepository,
        firmware: FirmwareStore,
        tokens: DeviceTokens,
        codes: BindingCodes,
        on_change: OnChange = lambda _id, _change: None,
        *,
        most: int = 1_000,
    ) -> None:
        self.firmware = firmware
        self.tokens = tokens
        self._rows = repository
        self._codes = codes
        self._on_change = on_change
        self._most = most
        self._links: dict[str, DeviceLink] = {}
        self._names: dict[str, str] = {}
        """What people call the devices seen since the start."""
        self._batteries = BatteryNotes(repository, lambda device_id: on_change(device_id, "battery"))

    async def close(self) -> None:
        """Write down what was told."""
        await self._batteries.close()

    # -- who calls

    async def sighted(self, sighting: Sighting) -> Device | None:
        """The bound device that called, with what it told noted; None where it is not bound. The same
        address with another client id is a new installation, and has to be bound again."""
        row = await self._row(sighting.id, sighting.client_id)
        if row is None:
            return None
        told = {name: value for name in _TOLD if (value := getattr(sighting, name))}
        row = replace(row, **told, last_seen=now())
        await self._rows.change(row.id, {**told, "last_seen": row.last_seen})
        return self._known(row)

    async def bound(self, device_id: str, client_id: str) -> Device | None:
        """As ``sighted``, with nothing noted."""
        row = await self._row(device_id, client_id)
        return None if row is None else self._known(row)

    async def _row(self, device_id: str, client_id: str) -> DeviceRow | None:
        row = await self._rows.get(device_id)
        return row if row is not None and row.client_id == client_id else None

    def code_for(self, sighting: Sighting) -> str:
        """The code an unbound device shows. LimitReached ``too_many_codes``."""
        code = self._codes.issue(sighting)
        self._on_change(sighting.id, "waiting")
        return code

    def waits(self, device_id: str) -> bool:
        """Whether the device's code may still be typed in."""
        return self._codes.of(device_id) is not None

    def told_waiting(self, device_id: str) -> Sighting | None:
        """What a device that waits to be bound told of itself; None where none waits."""
        return self._codes.sighting_of(device_id)

    @property
    def waiting(self) -> tuple[Waiting, ...]:
        return self._codes.waiting

    # -- binding

    async def bind(self, code: str, agent_id: str | None = None, alias: str = "") -> Device:
        """Bind the device that shows ``code``. Errors: ``unknown_code``, ``too_many_attempts``,
        ``invalid_alias``, ``too_many_devices``."""
        alias = _alias(alias)
        return await self.adopt(self._codes.redeem(code), agent_id, alias)

    async def adopt(self, sighting: Sighting, agent_id: str | None = None, alias: str = "") -> Device:
        """Bind a device without a code. One that was bound before keeps its name and agent unless
        others are given."""
        known = await self._rows.get(sighting.id)
        if known is None and len(await self._rows.all()) >= self._most:
            raise InvalidInput(
                f"There can be {self._most} devices.",
                code="too_many_devices",
                hint="Unbind some, or raise xiaozhi.max_devices.",
                status=409,
            )
        base = known or DeviceRow(sighting.id)
        told = {name: value for name in _TOLD if (value := getattr(sighting, name))}
        row = replace(
            base,
            client_id=sighting.client_id,
            agent_id=agent_id or base.agent_id,
            alias=alias or base.alias,
            bound_at=now(),
            last_seen=now(),
            **told,
        )
        await self._rows.put(row)
        self._codes.forget(row.id)
        await self._disconnect(row.id, "bound")
        self._on_change(row.id, "bound")
        return self._known(row)

    async def unbind(self, device_id: str) -> None:
        """Forget a device and end its connection; ``restore`` brings it back until it is purged. NotFound
        ``device_not_found``."""
        if not await self._rows.throw_away(device_id):
            raise _missing(device_id)
        await self._disconnect(device_id, "unbound")
        self._on_change(device_id, "unbound")

    async def restore(self, device_id: str, within: float) -> Device:
        """Bind again what was unbound no more than ``within`` seconds ago; one that was bound anew meanwhile
        stays as it is. NotFound ``device_not_found``."""
        if await self._rows.bring_back(device_id, now() - timedelta(seconds=within)):
            self._codes.forget(device_id)
            await self._disconnect(device_id, "bound")  # it may be telling its code
            self._on_change(device_id, "bound")
        return await self.get(device_id)

    # -- looking and changing

    async def all(self) -> tuple[Device, ...]:
        return tuple(self._known(row) for row in await self._rows.all())

    async def get(self, device_id: str) -> Device:
        """NotFound ``device_not_found``."""
        row = await self._rows.get(device_id)
        if row is None:
            raise _missing(device_id)
        return self._known(row)

    async def change(self, device_id: str, fields: dict[str, Any]) -> Device:
        """Change ``alias``, ``agent_id``, ``auto_update`` or ``firmware_image``. A new agent counts from the
        device's next connection, an image from its next start. Errors: ``device_not_found``,
        ``invalid_alias``, ``firmware_not_found``."""
        before = await self.get(device_id)
        values: dict[str, Any] = {name: fields[name] for name in _CHANGEABLE if name in fields}
        if (image := values.get("firmware_image")) is not None:
            await self.firmware.path(image)
        if "alias" in values:
            values["alias"] = _alias(values["alias"] or "")
        if values:
            await self._rows.change(device_id, values)
            if values.get("agent_id", before.agent_id) != before.agent_id:
                await self._disconnect(device_id, "its agent was changed")
            self._on_change(device_id, "changed")
        return await self.get(device_id)

    async def firmware_for(self, device: Device, running: str) -> tuple[Firmware, bool] | None:
        """The image that a device which runs that version is to load, and whether it is forced to: one that
        was assigned to it in place of any other version, else a newer one of its board."""
        if device.firmware_image is not None:
            images = {one.name: one for one in await self.firmware.all()}
            if (own := images.get(device.firmware_image)) is not None:
                here, there = version_key(running), version_key(own.version)
                return None if here == there else (own, there < here)
        newer = await self.firmware.newer(device.model, running) if device.auto_update else None
        return None if newer is None else (newer, False)

    def name_of(self, device_id: str) -> str:
        """What people call a device, as far as it was seen since the start; never waits."""
        return self._names.get(device_id, device_id)

    def _known(self, row: DeviceRow) -> Device:
        device = Device(**asdict(row))
        self._names[device.id] = device.name
        return device

    # -- presence

    def online(self, device_id: str) -> DeviceLink | None:
        return self._links.get(device_id)

    @property
    def links(self) -> tuple[DeviceLink, ...]:
        return tuple(self._links.values())

    async def attach(self, link: DeviceLink) -> None:
        """The device is there. An older connection of it is dead, whatever the network says."""
        before = self._links.get(link.device_id)
        self._links[link.device_id] = link
        self._on_change(link.device_id, "online")
        if before is not None and before is not link:
            await before.close(ANEW)

    def detach(self, link: DeviceLink) -> None:
        """The connection ended."""
        if self._links.get(link.device_id) is link:
            del self._links[link.device_id]
            self._on_change(link.device_id, "offline")

    def moved(self, link: DeviceLink) -> None:
        """The link's state changed."""
        if self._links.get(link.device_id) is link:
            self._on_change(link.device_id, "state")

    def told_battery(self, device_id: str, battery: Battery) -> None:
        """The device told how full its battery is; it is noted soon."""
        self._batteries.tell(device_id, battery)

    def connected(self, device_id: str) -> DeviceLink:
        """The link of a device that is there. NotFound ``device_offline``."""
        link = self._links.get(device_id)
        if link is None:
            raise NotFound(
                "The device is not connected.",
                code="device_offline",
                hint="Devices connect when they are spoken to: say its wake word first.",
                status=409,
            )
        return link

    async def _disconnect(self, device_id: str, reason: str) -> None:
        link = self._links.get(device_id)
        if link is not None:
            await link.close(reason)


def _alias(text: str) -> str:
    alias = short(text, MAX_ALIAS + 1)
    if len(alias) > MAX_ALIAS:
        raise InvalidInput(f"A name has at most {MAX_ALIAS} characters.", code="invalid_alias", param="alias")
    return alias


def _missing(device_id: str) -> NotFound:
    return NotFound(f"There is no device {device_id[:40]!r}.", code="device_not_found", param="device_id")
