"""Passwords: scrypt hashes, and attempts that get slower the more often they fail.

scrypt (RFC 7914) with N = 2^14, r = 8, p = 1 takes about 50 ms and 16 MB: callers run it off the
event loop.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

_N, _R, _P, _LENGTH = 2**14, 8, 1, 32
_MARK = "scrypt"
MAX_PASSWORD = 1024


def hash_password(password: str) -> str:
    """``scrypt$N$r$p$salt$hash`` (base64), to be stored or written into the settings."""
    salt = secrets.token_bytes(16)
    digest = _scrypt(password, salt, _N, _R, _P)
    return "$".join(
        (_MARK, str(_N), str(_R), str(_P), base64.b64encode(salt).decode(), base64.b64encode(digest).decode())
    )


def is_hash(text: str) -> bool:
    """Whether a configured password is a hash rather than the password itself."""
    return text.startswith(f"{_MARK}$") and text.count("$") == 5


def verify_password(password: str, stored: str) -> bool:
    """Whether ``password`` is the one that ``stored`` was made of; in constant time. False, too,
    for a damaged hash."""
    try:
        mark, n, r, p, salt, digest = stored.split("$")
        if mark != _MARK or len(password) > MAX_PASSWORD:
            return False
        given = _scrypt(password, base64.b64decode(salt), int(n), int(r), int(p))
        return hmac.compare_digest(given, base64.b64decode(digest))
    except (ValueError, binascii.Error):
        return False


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    memory = 128 * n * r + 1024 * 1024
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=memory, dklen=_LENGTH)


class Attempts:
    """Failed attempts by address: a few are free, then each must wait twice as long as the last.

    Remembers the last ``size`` addresses; an address is forgotten after ``memory`` seconds of
    silence. Only failures count, so nobody who knows the password is ever locked out for others'
    sake on another address.
    """

    def __init__(
        self,
        *,
        free: int = 5,
        longest: float = 300.0,
        memory: float = 900.0,
        size: int = 4096,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free, self._longest, self._memory, self._size = free, longest, memory, size
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Seconds until ``address`` may try again; 0 for now."""
        count, last = self._failures.get(address, (0, 0.0))
        if count < self._free or self._clock() - last > self._memory:
            return 0.0
        pause = min(self._longest, 2.0 ** (count - self._free))
        return max(0.0, last + pause - self._clock())

    def failed(self, address: str) -> None:
        count, last = self._failures.pop(address, (0, 0.0))
        if self._clock() - last > self._memory:
            count = 0
        self._failures[address] = (count + 1, self._clock())
        while len(self._failures) > self._size:
            self._failures.popitem(last=False)

    def succeeded(self, address: str) -> None:
        self._failures.pop(address, None)
