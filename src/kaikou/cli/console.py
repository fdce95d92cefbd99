"""How every command talks: results on stdout, everything else on stderr, exit codes with a meaning."""

from __future__ import annotations

import enum
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaikou.errors import (
    EngineFailed,
    InvalidInput,
    KaikouError,
    LimitReached,
    ModelUnavailable,
    NotFound,
    NotReady,
    SettingsError,
    Unauthorized,
)

if TYPE_CHECKING:
    from rich.console import Console

    from kaikou.engines.ports import Progress

debug = False
"""Set by ``kaikou --debug``: errors keep their traceback."""


class Exit(enum.IntEnum):
    """What a script may rely on."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    SETTINGS = 3
    MODEL = 4
    ENGINE = 5
    REFUSED = 6
    INTERRUPTED = 130


EXIT_CODES = (
    "Exit codes: 0 done · 1 failed · 2 wrong usage or input · 3 wrong setting · "
    "4 model not available · 5 engine failed or not ready · 6 refused (key, limit) · 130 interrupted"
)

_CODES: tuple[tuple[type[KaikouError], Exit], ...] = (
    (SettingsError, Exit.SETTINGS),
    (ModelUnavailable, Exit.MODEL),
    (EngineFailed, Exit.ENGINE),
    (NotReady, Exit.ENGINE),
    (Unauthorized, Exit.REFUSED),
    (LimitReached, Exit.REFUSED),
    (InvalidInput, Exit.USAGE),
    (NotFound, Exit.USAGE),
)


def exit_code(error: KaikouError) -> Exit:
    """The exit code of an error's family."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), Exit.FAILURE)


def stderr() -> Console:
    """A console on standard error, for progress, notes and errors."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def stdout() -> Console:
    """A console on standard output, for results a person reads. Lines are not broken for a pipe."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 200)


def print_json(value: Any) -> None:
    """The one thing a ``--json`` command writes to standard output."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
    sys.stdout.flush()


def write_json(target: Path, value: Any) -> None:
    """What ``--output`` asks for; folders on the way are made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", "utf-8")


def print_error(error: KaikouError) -> None:
    """One sentence, one hint."""
    from rich.text import Text

    out = stderr()
    out.print(Text.assemble(("Error: ", "bold red"), error.message), soft_wrap=True)
    if error.hint:
        out.print(Text.assemble(("Hint: ", "bold"), error.hint), soft_wrap=True)


def print_unexpected(error: BaseException) -> None:
    """An error nobody foresaw: its kind, and how to see more."""
    print_error(
        KaikouError(
            f"{type(error).__name__}: {error}".splitlines()[0],
            hint="Run the same command as `kaikou --debug …` to see where it happened.",
        )
    )


def note(text: str) -> None:
    """A remark for the person at the terminal."""
    from rich.text import Text

    stderr().print(Text(text, style="dim"), soft_wrap=True)


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """A progress bar on standard error; the yielded call may come from any thread.

    Where standard error is no terminal, one line is written for each new step.
    """
    out = stderr()
    if not out.is_terminal:
        seen: set[str] = set()

        def line(detail: str, done: float | None) -> None:
            if detail and detail not in seen:
                seen.add(detail)
                print(f"{title}: {detail}", file=sys.stderr, flush=True)

        yield line
        return

    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task(title, total=None)

        def advance(detail: str, done: float | None) -> None:
            bar.update(
                task,
                description=f"{title}: {detail}" if detail else title,
                total=None if done is None else 1.0,
                completed=0 if done is None else done,
            )

        yield advance
