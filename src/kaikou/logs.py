"""Log lines: one event, one line, ``key=value`` fields, and never a secret.

Use the standard ``logging`` with ``extra`` for fields::

    log.info("session opened", extra={"conversation": conversation.id})
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TextIO

from pydantic import BaseModel, SecretStr

REDACTED = "********"
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_PATTERNS = (
    re.compile(r"(?i)(\bbearer\s+)[\w.~+/=-]{6,}"),
    re.compile(
        r"(?i)(\b(?:api[_-]?key|token|password|secret|authorization)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;]{4,}"
    ),
    re.compile(r"()\b(?:sk|rk|pk)-[\w-]{12,}"),
    re.compile(r"(\w+://[^/\s:@]*:)[^@/\s]+(?=@)"),
)
_LEVELS = {"trace": 5, "debug": 10, "info": 20, "warning": 30, "warn": 30, "error": 40, "critical": 50}


class LineFormatter(logging.Formatter):
    """``2026-01-31T12:00:00.123Z INFO kaikou.server: message key=value``.

    A traceback follows on the same line, its newlines escaped. Known ``secrets`` and whatever
    looks like one are replaced.
    """

    def __init__(self, secrets: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.secrets = sorted((value for value in secrets if len(value) >= 4), key=len, reverse=True)

    def hide(self, secrets: Iterable[str]) -> None:
        """Replace these from now on, too."""
        known = {*self.secrets, *(value for value in secrets if len(value) >= 4)}
        self.secrets = sorted(known, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        parts = [f"{stamp}.{int(record.msecs):03d}Z {record.levelname} {record.name}: {record.getMessage()}"]
        for key, value in vars(record).items():
            if key not in _STANDARD and not key.startswith("_"):
                text = str(value)
                plain = bool(text) and not re.search(r"[\s=\"']", text)
                parts.append(f"{key}={text if plain else repr(text)}")
        if record.exc_info:
            parts.append("traceback=" + repr(self.formatException(record.exc_info)))
        return self.redact(" ".join(parts).replace("\r", "\\r").replace("\n", "\\n"))

    def redact(self, text: str) -> str:
        """``text`` without secrets."""
        for secret in self.secrets:
            text = text.replace(secret, REDACTED)
        for pattern in _PATTERNS:
            text = pattern.sub(lambda found: found.group(1) + REDACTED, text)
        return text


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is at that moment: a progress display may stand before it."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def hide(secrets: Iterable[str]) -> None:
    """Keep further secrets out of the log, such as a key that was given on the page."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, LineFormatter):
            handler.formatter.hide(secrets)


def secrets_of(model: BaseModel) -> frozenset[str]:
    """The values of every secret field in a tree of settings."""
    return frozenset(_secrets(model))


def _secrets(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
        yield from _secrets(value.model_extra or {})
    elif isinstance(value, dict):
        for item in value.values():
            yield from _secrets(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _secrets(item)


def configure(level: str = "info", secrets: frozenset[str] = frozenset()) -> None:
    """Send all log lines to standard error at ``level`` (``debug`` … ``critical``).

    Libraries that talk a lot stay at warning unless the level is debug, and the server's in any case.
    """
    number = _LEVELS.get(level.lower(), logging.INFO)
    handler = _StandardError(sys.stderr)
    handler.setFormatter(LineFormatter(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    quiet = logging.WARNING if number > logging.DEBUG else number
    libraries = "httpx httpcore httpx2 httpcore2 openai faster_whisper jieba alembic aiosqlite asyncio"
    for name in (*libraries.split(), "mcp", "watchfiles"):
        logging.getLogger(name).setLevel(max(quiet, number))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        # Never less than warnings: below them it writes down the headers and addresses of sockets, and with
        # these the tokens in them.
        logger.setLevel(max(logging.WARNING, number))
