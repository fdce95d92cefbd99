"""One family of errors that a person can act on.

Every failure that may reach a user carries a stable ``code`` (for programs), a ``message``
(one human sentence) and a ``hint`` (what to do next). A surface renders them in its own
protocol; nothing internal (paths of stack frames, secrets) belongs in any of the three.
"""

from __future__ import annotations

import logging
from typing import Any


class KaikouError(Exception):
    """Base of all errors shown to users.

    ``code``   stable snake_case identifier, e.g. ``session_limit_reached``.
    ``hint``   the next step, empty where there is none.
    ``status`` the HTTP status a REST surface answers with.
    ``param``  the request field at fault, dotted, where there is one.
    """

    code: str = "internal_error"
    status: int = 500

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str = "",
        param: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.param = param
        if code is not None:
            self.code = code
        if status is not None:
            self.status = status

    def as_dict(self) -> dict[str, Any]:
        """The fields every surface shares: ``code``, ``message``, ``hint`` and ``param``."""
        body: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.hint:
            body["hint"] = self.hint
        if self.param:
            body["param"] = self.param
        return body

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InvalidInput(KaikouError):
    """The caller sent something that cannot be used as it is."""

    code = "invalid_input"
    status = 422


class NotFound(KaikouError):
    """No such thing under that id or name."""

    code = "not_found"
    status = 404


class Unauthorized(KaikouError):
    """A password or key is missing or wrong."""

    code = "unauthorized"
    status = 401


class LimitReached(KaikouError):
    """A configured bound (sessions, queue, size, time) is reached; nothing was lost."""

    code = "limit_reached"
    status = 429


class Overloaded(LimitReached):
    """A bounded queue is full: the work was refused before it could make others late."""

    code = "overloaded"
    status = 503


class NotReady(KaikouError):
    """An engine is still being downloaded or loaded; ``hint`` says what is waited for."""

    code = "not_ready"
    status = 503


class EngineFailed(KaikouError):
    """A model or a remote engine answered with an error or not at all."""

    code = "engine_failed"
    status = 502


class SettingsError(KaikouError):
    """A setting is missing, unknown or of the wrong type; names the setting and its source."""

    code = "invalid_setting"
    status = 500


class ModelUnavailable(KaikouError):
    """A model's files are missing, altered, or no source of them answers."""

    code = "model_unavailable"
    status = 503


def as_kaikou_error(error: BaseException, part: str) -> KaikouError:
    """The error as a user may see it: its own if it is one, else a sentence that names ``part``
    (``stt``, ``tts`` …) and leaves the details to the log."""
    if isinstance(error, KaikouError):
        return error
    logging.getLogger("kaikou").error("unexpected error in %s", part, exc_info=error)
    return KaikouError(
        f"Something unexpected went wrong in {part} ({type(error).__name__}).",
        hint="The server's log has the details.",
    )
