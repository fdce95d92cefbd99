"""Tokens a device opens its socket with: ``base64url(HMAC-SHA256(key, client|device|time)).time``.

They need no storage, and hold as long as the key does: the key is kept in the database.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable


class DeviceTokens:
    """Makes and checks tokens that live ``lifetime`` seconds; ``clock`` gives seconds of the epoch."""

    def __init__(self, key: bytes, lifetime: float, clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._lifetime = lifetime
        self._clock = clock

    def issue(self, device_id: str, client_id: str) -> str:
        made = str(int(self._clock()))
        return f"{self._sign(device_id, client_id, made)}.{made}"

    def valid(self, token: str, device_id: str, client_id: str) -> bool:
        """Whether this server gave ``token`` to that device and it has not expired."""
        signature, _, made = token.rpartition(".")
        # Eleven digits reach beyond the year 5000; more would only be work.
        if not (token.isascii() and made.isdecimal() and len(made) <= 11):
            return False
        if not hmac.compare_digest(signature, self._sign(device_id, client_id, made)):
            return False
        return -60.0 <= self._clock() - int(made) < self._lifetime

    def issue_picture(self, device_id: str) -> str:
        """A token that says whose it is, for the pictures of one device."""
        said = base64.urlsafe_b64encode(f"{device_id}|{int(self._clock())}".encode()).rstrip(b"=").decode()
        return f"{said}.{self._sign('picture', said, '')}"

    def picture_device(self, token: str, lifetime: float) -> str | None:
        """The device a picture's token was given to, None where it is not this server's or too old."""
        said, _, signature = token.partition(".")
        if not token.isascii() or not hmac.compare_digest(signature, self._sign("picture", said, "")):
            return None
        device_id, _, made = base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)).decode().partition("|")
        return device_id if -60.0 <= self._clock() - int(made) < lifetime else None

    def password(self, client_id: str, username: str) -> str:
        """The MQTT password that belongs to these two, which may say anything."""
        key = hmac.digest(self._key, b"mqtt", hashlib.sha256)
        digest = hmac.digest(key, f"{client_id}|{username}".encode(), hashlib.sha256)
        return base64.b64encode(digest).decode()

    def password_valid(self, password: str, client_id: str, username: str, made: float) -> bool:
        """Whether this server gave the password, at ``made`` seconds of the epoch, and it holds."""
        wanted = self.password(client_id, username)
        if not hmac.compare_digest(password.encode(), wanted.encode()):
            return False
        return -60.0 <= self._clock() - made < self._lifetime

    @property
    def now(self) -> float:
        """Seconds of the epoch by the clock that counts here."""
        return self._clock()

    def _sign(self, device_id: str, client_id: str, made: str) -> str:
        digest = hmac.digest(self._key, f"{client_id}|{device_id}|{made}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
