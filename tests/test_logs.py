"""Log lines are single, carry their fields, and hold no secret."""

from __future__ import annotations

import logging
import sys

from pydantic import BaseModel, SecretStr

from kaikou.logs import LineFormatter, configure, secrets_of


def record(message: str, **fields: object) -> logging.LogRecord:
    made = logging.LogRecord("kaikou.test", logging.INFO, __file__, 1, message, None, None)
    vars(made).update(fields)
    return made


def test_fields_follow_the_message_on_one_line() -> None:
    line = LineFormatter().format(record("two\nlines", conversation="conv_1", reason="went away"))
    assert "\n" not in line
    assert line.endswith("INFO kaikou.test: two\\nlines conversation=conv_1 reason='went away'")


def test_a_traceback_stays_on_the_line() -> None:
    try:
        raise ValueError("boom")
    except ValueError:
        made = record("failed")
        made.exc_info = sys.exc_info()
    line = LineFormatter().format(made)
    assert "\n" not in line
    assert "ValueError: boom" in line


def test_secrets_are_taken_out_wherever_they_stand() -> None:
    class Inner(BaseModel):
        key: SecretStr = SecretStr("inner-secret")

    class Tree(BaseModel):
        inner: Inner = Inner()
        keys: list[SecretStr] = [SecretStr("listed-secret")]

    formatter = LineFormatter(secrets_of(Tree()))
    line = formatter.format(record("used inner-secret", other="listed-secret"))
    assert "secret" not in line

    for text in (
        "Authorization: Bearer abcdef123456",
        "GET /v1/realtime?api_key=abcdef123456",
        "postgresql://kaikou:abcdef123456@db/kaikou",
        "key sk-abcdef123456789",
    ):
        assert "abcdef123456" not in formatter.format(record(text)), text


def test_the_server_never_writes_down_what_sockets_are_opened_with() -> None:
    root, server = logging.getLogger(), logging.getLogger("uvicorn.error")
    before = root.handlers[:], root.level, server.level
    try:
        for level, wanted in (("debug", logging.WARNING), ("critical", logging.CRITICAL)):
            configure(level)
            assert server.getEffectiveLevel() == wanted
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        server.setLevel(before[2])
