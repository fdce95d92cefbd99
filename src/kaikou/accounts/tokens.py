"""Signed tokens that need no storage: ``<prefix>_<expiry>.<nonce>.<signature>``.

The signature is HMAC-SHA256 over prefix, expiry and nonce, under a key made from the server's
secret and from the credentials in force, so that changing the password ends every session.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import Literal

Purpose = Literal["session", "ephemeral"]
_PREFIX: dict[Purpose, str] = {"session": "ks", "ephemeral": "ek"}


class Tokens:
    """Makes and checks tokens."""

    def __init__(self, secret: bytes, binding: str = "", clock: Callable[[], float] = time.time) -> None:
        """``binding`` names the credentials in force; ``clock`` gives seconds since the epoch."""
        self._key = hmac.digest(secret, binding.encode(), hashlib.sha256)
        self._clock = clock

    def mint(self, purpose: Purpose, ttl: float) -> tuple[str, int]:
        """A token for ``purpose`` that holds for ``ttl`` seconds, and when it ends (epoch seconds)."""
        expires = int(self._clock() + ttl)
        body = f"{_PREFIX[purpose]}_{expires:x}.{secrets.token_urlsafe(9)}"
        return f"{body}.{self._sign(body)}", expires

    def valid(self, purpose: Purpose, token: str) -> bool:
        """Whether this server made ``token`` for ``purpose`` and it has not expired."""
        body, _, signature = token.rpartition(".")
        prefix, _, rest = body.partition("_")
        if prefix != _PREFIX[purpose] or not token.isascii():
            return False
        if not hmac.compare_digest(signature, self._sign(body)):
            return False
        return int(rest.partition(".")[0], 16) > self._clock()

    def _sign(self, body: str) -> str:
        digest = hmac.digest(self._key, body.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
