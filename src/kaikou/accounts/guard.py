"""The guard decides who a request is from, and whether it may come in.

A credential is an API key or the password (Bearer, ``X-API-Key``, or the browser's subprotocol
``openai-insecure-api-key.KEY``), a session cookie got by logging in, or an ephemeral token (any of
those places, or ``?token=``). Without password and keys the server is open, on loopback only;
then the Host header must name this machine, so that no web page reaches it by DNS rebinding.

What rides on a browser's ambient rights (the cookie, or being on this machine) must come from a
page of this server or of an allowed origin.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from kaikou.accounts.exposure import guarded, is_loopback
from kaikou.accounts.passwords import Attempts, hash_password, is_hash, verify_password
from kaikou.accounts.tokens import Tokens
from kaikou.errors import KaikouError, LimitReached, Unauthorized
from kaikou.settings.tree import Settings

COOKIE = "kaikou_session"
SESSION_SECONDS = 30 * 24 * 3600.0
KEY_PROTOCOL = "openai-insecure-api-key."


class Forbidden(KaikouError):
    """The request comes from a page or by a name that may not reach this server."""

    code = "forbidden"
    status = 403


class TooManyAttempts(LimitReached):
    """The password was wrong too often; ``retry_after`` is in seconds."""

    code = "too_many_attempts"

    def __init__(self, retry_after: float) -> None:
        self.retry_after = max(1, round(retry_after))
        super().__init__(
            "The password was wrong too often.", hint=f"Try again in {self.retry_after} seconds."
        )


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request is from. Ephemeral ones may open live sockets and nothing else."""

    kind: Literal["open", "password", "key", "session", "ephemeral"]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Approach:
    """What the guard looks at of a request or a socket's handshake."""

    headers: Mapping[str, str]
    """By lower-case name."""
    query: str = ""
    protocols: Sequence[str] = ()
    """The WebSocket subprotocols offered."""
    address: str = ""
    websocket: bool = False


class Guard:
    """Built once by ``server.py`` from the settings and the server's own secret."""

    def __init__(self, settings: Settings, secret: bytes, attempts: Attempts | None = None) -> None:
        """``secret`` signs cookies and tokens: ``settings.secret_key``, or the store's own."""
        password = settings.password.get_secret_value() if settings.password else None
        keys = [key.get_secret_value() for key in settings.api_keys]
        self.required = guarded(settings)
        self._host = settings.host
        # "*" would hand this machine's microphone page to the whole web where nothing else guards it.
        self._origins = {
            origin.rstrip("/").lower()
            for origin in settings.allowed_origins
            if self.required or origin != "*"
        }
        self._stored = password if password is None or is_hash(password) else None
        self._plain = password if self._stored is None else None
        self._salt = secrets.token_bytes(32)
        self._keys = [self._digest(key) for key in keys]
        self._known_password: bytes | None = None
        self._checking = asyncio.Lock()
        self._attempts = attempts or Attempts()
        self._tokens = Tokens(secret, binding=password or "")

    # -- coming in

    async def admit(self, approach: Approach) -> Principal:
        """Who it is. Raises Unauthorized, TooManyAttempts or Forbidden."""
        if not self.required:
            self.check_page(approach)
            return Principal("open")
        for credential in _credentials(approach):
            principal = await self._recognise(credential, approach)
            if principal is not None:
                return principal
        cookie = _cookie(approach.headers.get("cookie", ""))
        if cookie and self._tokens.valid("session", cookie):
            self._check_origin(approach)
            return Principal("session")
        presented = bool(cookie) or bool(_credentials(approach))
        raise Unauthorized(
            "The key or session is not valid." if presented else "A password or an API key is needed.",
            hint="Log in on the page, or send the header Authorization: Bearer <key>.",
        )

    async def login(self, password: str, address: str) -> str:
        """The session cookie's value for the right password. Errors: Unauthorized
        ``wrong_password``, TooManyAttempts, Forbidden ``no_password`` where none is set."""
        if self._plain is None and self._stored is None:
            raise Forbidden(
                "This server has no password to log in with.",
                code="no_password",
                hint="Set KAIKOU_PASSWORD, or use an API key.",
            )
        if not await self._password_is(password, address):
            raise Unauthorized("The password is wrong.", code="wrong_password")
        return self._tokens.mint("session", SESSION_SECONDS)[0]

    def mint_ephemeral(self, ttl: float = 600.0) -> tuple[str, int]:
        """A token that opens live sockets for ``ttl`` seconds, and when it ends (epoch seconds)."""
        return self._tokens.mint("ephemeral", ttl)

    def origin_allowed(self, origin: str, host: str) -> bool:
        """Whether a page of ``origin`` may use the browser's own rights on this server (``host``
        is the request's Host header)."""
        origin = origin.rstrip("/").lower()
        if origin in self._origins or "*" in self._origins:
            return True
        return bool(host) and urlsplit(origin).netloc == host.lower()

    def check_page(self, approach: Approach) -> None:
        """Forbidden unless the request comes from a page that may log in here."""
        if not self.required:
            self._check_host(approach)
        self._check_origin(approach)

    # -- credentials

    async def _recognise(self, credential: str, approach: Approach) -> Principal | None:
        digest = self._digest(credential)
        for number, key in enumerate(self._keys):
            if hmac.compare_digest(digest, key):
                return Principal("key", f"key {number + 1}")
        if self._tokens.valid("ephemeral", credential):
            if not approach.websocket:
                raise Forbidden("This token opens live sockets only.", code="token_scope")
            return Principal("ephemeral")
        has_password = self._plain is not None or self._stored is not None
        if has_password and await self._password_is(credential, approach.address):
            return Principal("password")
        return None

    async def _password_is(self, attempt: str, address: str) -> bool:
        digest = self._digest(attempt)
        # One at a time: guesses can't be made in parallel, nor take more than one core.
        async with self._checking:
            if self._known_password is not None and hmac.compare_digest(digest, self._known_password):
                return True
            if (pause := self._attempts.wait(address)) > 0:
                raise TooManyAttempts(pause)
            if not await asyncio.to_thread(self._verify, attempt):
                self._attempts.failed(address)
                return False
            self._attempts.succeeded(address)
            self._known_password = digest
            return True

    def _verify(self, attempt: str) -> bool:
        if self._stored is None:
            self._stored = hash_password(self._plain or "")
        return verify_password(attempt, self._stored)

    def _digest(self, credential: str) -> bytes:
        """A fixed-length stand-in, so that comparing tells nothing; keyed for this process."""
        return hmac.digest(self._salt, credential.encode(errors="surrogateescape"), hashlib.sha256)

    # -- where it comes from

    def _check_host(self, approach: Approach) -> None:
        host = approach.headers.get("host", "")
        name = urlsplit(f"//{host}").hostname or ""
        if is_loopback(name) or name == self._host.lower():
            return
        if any(urlsplit(origin).hostname == name for origin in self._origins):
            return
        raise Forbidden(
            f"This server does not answer to the name {name[:80]!r}.",
            code="unknown_host",
            hint="Set KAIKOU_PASSWORD, or add the page's address to KAIKOU_ALLOWED_ORIGINS.",
        )

    def _check_origin(self, approach: Approach) -> None:
        origin = approach.headers.get("origin")
        if origin is None:  # not a browser, or a plain navigation
            return
        if not self.origin_allowed(origin, approach.headers.get("host", "")):
            raise Forbidden(
                f"Pages of {origin[:120]} may not call this server.",
                code="origin_not_allowed",
                hint="Add the address to KAIKOU_ALLOWED_ORIGINS.",
            )


def _credentials(approach: Approach) -> list[str]:
    """What was presented, in order of preference; not the cookie."""
    found = []
    scheme, _, value = approach.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        found.append(value.strip())
    found.append(approach.headers.get("x-api-key", "").strip())
    found += [one.removeprefix(KEY_PROTOCOL) for one in approach.protocols if one.startswith(KEY_PROTOCOL)]
    found += [token for token in parse_qs(approach.query).get("token", []) if token.startswith("ek_")]
    return [credential for credential in found if credential]


def _cookie(header: str) -> str:
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""
