"""Who is calling: a device's claim, and whether it holds."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from kaikou.api.runtime import Runtime
from kaikou.devices.device import Device, Sighting, device_id_of, short
from kaikou.devices.registry import DeviceRegistry
from kaikou.errors import InvalidInput, NotReady, Unauthorized
from kaikou.settings.services import XiaozhiSettings


class NoDevice(InvalidInput):
    """The request does not say which device it is from."""

    code = "invalid_device_id"
    status = 403


@dataclass(frozen=True, slots=True)
class Claim:
    """What a handshake says: headers, or the query where a browser cannot set them."""

    device_id: str
    client_id: str
    token: str
    address: str
    protocol_version: str = "1"
    gateway: bool = False
    base: str = ""
    """This server's address as the device called it: ``http://host:port``."""


def registry_of(runtime: Runtime) -> DeviceRegistry:
    """NotReady while the server starts."""
    if runtime.devices is None:
        raise NotReady("The server is still starting.")
    return runtime.devices


def claim_of(connection: HTTPConnection) -> Claim:
    """Raises NoDevice."""
    headers, query = connection.headers, connection.query_params
    try:
        device_id = device_id_of(headers.get("device-id") or query.get("device-id", ""))
    except InvalidInput as error:
        raise NoDevice(error.message, hint=error.hint) from None
    scheme, _, token = (headers.get("authorization") or query.get("authorization", "")).partition(" ")
    return Claim(
        device_id=device_id,
        client_id=short(headers.get("client-id") or query.get("client-id", ""), 128),
        token=token.strip() if scheme.lower() == "bearer" else "",
        address=address_of(connection),
        protocol_version=headers.get("protocol-version", "1"),
        gateway=query.get("from") == "mqtt_gateway",
        base=base_of(connection),
    )


def base_of(connection: HTTPConnection) -> str:
    """``http://host:port`` of this server as it was called, for what a device is told to call next."""
    scheme = "https" if connection.url.scheme in {"https", "wss"} else "http"
    return f"{scheme}://{connection.url.netloc}"


def address_of(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""


async def admit(runtime: Runtime, claim: Claim) -> Device | None:
    """The bound device behind a claim, or None for one that still has to be bound. Unauthorized
    ``invalid_device_token`` where the token is missing, old or another's."""
    registry, settings = registry_of(runtime), runtime.settings.xiaozhi
    sighting = Sighting(claim.device_id, claim.client_id, address=claim.address)
    listed = allowed(settings, claim.device_id)
    if not listed and not registry.tokens.valid(claim.token, claim.device_id, claim.client_id):
        raise Unauthorized(
            "The device's token is missing, expired or not its own.",
            code="invalid_device_token",
            hint="Restart the device: it fetches a new one from the OTA address.",
        )
    device = await registry.sighted(sighting)
    return await registry.adopt(sighting) if device is None and listed else device


def allowed(settings: XiaozhiSettings, device_id: str) -> bool:
    """Whether the device is on the list of those that need no code and no token."""
    return any(device_id == one.strip().lower().replace("-", ":") for one in settings.allowed_devices)


def trusted(connection: HTTPConnection, runtime: Runtime) -> bool:
    """Whether a device that calls from there is bound without a code. Never for a page of another
    site: what a browser on this network does is not what its owner asked for."""
    wanted = runtime.settings.xiaozhi.auto_bind
    origin = connection.headers.get("origin")
    if wanted == "off" or (
        origin is not None and not runtime.guard.origin_allowed(origin, connection.headers.get("host", ""))
    ):
        return False
    try:
        address = ipaddress.ip_address(address_of(connection).partition("%")[0])
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or (wanted == "private" and address.is_private)
