"""What the model can read before it is asked: the prompt, and the user's words while they are spoken.

A small model on a processor reads a few dozen tokens a second, so that what it has read already is time
won at the end of the turn. Nothing is answered here; a model that gains nothing by it ignores it.
"""

from __future__ import annotations

import asyncio
import logging

from kaikou.dialogue.tasks import TaskOwner
from kaikou.dialogue.thinking.prompt import Thinking
from kaikou.errors import KaikouError

log = logging.getLogger(__name__)

_TRAILING = " .…,;:!?-。，、；：！？—"
"""A recogniser ends what it heard so far with a mark that the whole sentence won't have there."""


class ReadingAhead:
    """One session's."""

    def __init__(self, thinking: Thinking, tasks: TaskOwner) -> None:
        self._thinking = thinking
        self._tasks = tasks
        self._words: asyncio.Task[None] | None = None

    def prompt(self) -> None:
        """Read what every answer begins with."""
        self._tasks.spawn(self._read(None), "read the prompt")

    def words(self, heard: str) -> None:
        """Read on with what the user has said so far; later words take the place of earlier ones."""
        self.stop()
        if words := heard.rstrip(_TRAILING):
            self._words = self._tasks.spawn(self._read(words), "read the words so far")

    def stop(self) -> None:
        """The whole turn is known: it is asked now, and the guess at it not read any more."""
        if self._words is not None:
            self._words.cancel()
            self._words = None

    async def _read(self, words: str | None) -> None:
        try:
            await self._thinking.warm(words)
        except KaikouError as error:
            # Not the user's concern yet: the first turn will say so if it is still true then.
            log.warning("the prompt could not be read ahead: %s", error)
