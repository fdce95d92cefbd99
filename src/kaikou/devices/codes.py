"""Binding codes: six digits that a device shows and its owner types in."""

from __future__ import annotations

import secrets
import time
import unicodedata
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from kaikou.devices.device import Sighting
from kaikou.errors import InvalidInput, LimitReached

_GUESSES, _GUESS_SECONDS = 10, 60.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A device that waits to be bound."""

    code: str
    sighting: Sighting
    until: float


class BindingCodes:
    """Codes in memory: at most ``most`` devices wait (the oldest gives way), ``of_address`` of them
    from one address; a code lives ``lifetime`` seconds; ten wrong ones in a minute stop the guessing.
    ``clock`` gives seconds."""

    def __init__(
        self,
        lifetime: float,
        *,
        most: int = 256,
        of_address: int = 16,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lifetime = lifetime
        self._most = most
        self._of_address = of_address
        self._clock = clock
        self._waiting: OrderedDict[str, Waiting] = OrderedDict()
        """By device id, oldest first."""
        self._wrong: deque[float] = deque(maxlen=_GUESSES)

    @property
    def waiting(self) -> tuple[Waiting, ...]:
        self._expire()
        return tuple(self._waiting.values())

    def of(self, device_id: str) -> str | None:
        """The code of a device that waits."""
        self._expire()
        found = self._waiting.get(device_id)
        return None if found is None else found.code

    def sighting_of(self, device_id: str) -> Sighting | None:
        """What a device that waits told of itself."""
        self._expire()
        found = self._waiting.get(device_id)
        return None if found is None else found.sighting

    def issue(self, sighting: Sighting) -> str:
        """The device's code: the one it has while that lives; what it told before and leaves out now stays
        known. LimitReached ``too_many_codes``."""
        self._expire()
        known = self._waiting.get(sighting.id)
        if known is not None and known.sighting.client_id == sighting.client_id:
            told = {name: value for name, value in asdict(sighting).items() if value}
            self._waiting[sighting.id] = replace(known, sighting=replace(known.sighting, **told))
            return known.code
        from_there = sum(one.sighting.address == sighting.address for one in self._waiting.values())
        if known is None and from_there >= self._of_address:
            raise LimitReached(
                "Too many devices of one address wait to be bound.",
                code="too_many_codes",
                hint="Bind them, or wait until their codes have expired.",
            )
        if len(self._waiting) >= self._most:
            self._waiting.popitem(last=False)
        taken = {one.code for one in self._waiting.values()}
        code = next(code for code in iter(_six_digits, "") if code not in taken)
        self._waiting.pop(sighting.id, None)
        self._waiting[sighting.id] = Waiting(code, sighting, self._clock() + self._lifetime)
        return code

    def redeem(self, code: str) -> Sighting:
        """The device that showed ``code``; the code is spent. InvalidInput ``unknown_code``,
        LimitReached ``too_many_attempts``."""
        self._expire()
        now = self._clock()
        if len(self._wrong) == _GUESSES and now - self._wrong[0] < _GUESS_SECONDS:
            raise LimitReached(
                "Too many wrong codes were tried.", code="too_many_attempts", hint="Wait a minute."
            )
        # Full-width digits are what a Chinese keyboard may give.
        digits = "".join(str(unicodedata.decimal(one)) for one in code if one.isdecimal())
        for one in self._waiting.values():
            if secrets.compare_digest(one.code.encode(), digits.encode()):
                del self._waiting[one.sighting.id]
                return one.sighting
        self._wrong.append(now)
        raise InvalidInput(
            "No device waits with this code.",
            code="unknown_code",
            hint="Codes expire; restart the device for a new one.",
            param="code",
            status=404,
        )

    def forget(self, device_id: str) -> None:
        self._waiting.pop(device_id, None)

    def _expire(self) -> None:
        now = self._clock()
        for device_id in [key for key, one in self._waiting.items() if one.until <= now]:
            del self._waiting[device_id]


def _six_digits() -> str:
    return f"{secrets.randbelow(1_000_000):06d}"
