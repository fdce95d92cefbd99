"""Moments and what a clock on the wall shows. A zone is an IANA name; the empty one is the machine's."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kaikou.errors import InvalidInput


def zone_named(name: str) -> ZoneInfo | None:
    """InvalidInput ``unknown_zone`` for a name that is no zone's; None for the empty name."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            f"There is no time zone {name[:60]!r}.",
            code="unknown_zone",
            hint="Give an IANA name such as Asia/Shanghai.",
            param="zone",
        ) from None


def local(moment: datetime, zone: str) -> datetime:
    """The moment as the zone's clocks show it, aware."""
    return moment.astimezone(zone_named(zone))


def moment(wall: datetime, zone: str) -> datetime:
    """The moment, in UTC, at which the zone's clocks show the naive ``wall``. Where they are put
    forward past it, that much later; where they show it twice, the first time."""
    known = zone_named(zone)
    aware = wall.astimezone() if known is None else wall.replace(tzinfo=known)
    return aware.astimezone(UTC)
