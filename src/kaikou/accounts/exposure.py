"""Whether the server may listen where the settings say."""

from __future__ import annotations

import ipaddress
import secrets

from kaikou.errors import SettingsError
from kaikou.settings.tree import Settings


def is_loopback(host: str) -> bool:
    """Whether ``host`` (a name or an address, IPv6 with or without brackets) is this machine only."""
    bare = host.strip().strip("[]").rstrip(".").lower()
    if bare == "localhost" or bare.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def guarded(settings: Settings) -> bool:
    """Whether anything is needed to come in."""
    return settings.password is not None or bool(settings.api_keys)


def check_exposure(settings: Settings) -> None:
    """Refuse to listen beyond this machine without a password or a key. The SettingsError's hint
    is the line to add."""
    hosts = [settings.host]
    mqtt = settings.xiaozhi.mqtt
    if settings.xiaozhi.enabled and mqtt.enabled and mqtt.host is not None:
        hosts.append(mqtt.host)
    exposed = next((host for host in hosts if not is_loopback(host)), None)
    if exposed is None or guarded(settings):
        return
    raise SettingsError(
        f"Listening on {exposed} lets everybody on the network in, and no password is set.",
        code="password_required",
        hint=f"Add this line to .env (or choose a password of your own):\n"
        f"KAIKOU_PASSWORD={secrets.token_urlsafe(12)}",
        param="password",
    )
