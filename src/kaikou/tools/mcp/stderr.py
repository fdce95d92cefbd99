"""What a child process says on its error output, kept as lines."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

LONGEST = 500


@contextmanager
def lines_to(take: Callable[[str], None]) -> Iterator[TextIO]:
    """A file to write to; ``take`` gets each line, in a thread. The thread ends with the last writer."""
    reading, writing = os.pipe()

    def read() -> None:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.strip():
                    take(line.rstrip()[:LONGEST])

    threading.Thread(target=read, name="mcp stderr", daemon=True).start()
    with os.fdopen(writing, "w", encoding="utf-8") as file:
        yield file
