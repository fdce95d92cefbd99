"""Leaves a model's thinking out of its streamed answer: nobody wants it spoken."""

from __future__ import annotations

OPEN, CLOSE = "<think>", "</think>"


def held_back(text: str, tags: tuple[str, ...]) -> int:
    """How many characters at the end of ``text`` may be the beginning of one of ``tags``."""
    longest = 0
    for tag in tags:
        for length in range(min(len(tag) - 1, len(text)), longest, -1):
            if text.endswith(tag[:length]):
                longest = length
                break
    return longest


class WithoutThoughts:
    """A filter for streamed text that drops ``<think>…</think>`` and the blanks behind it.

    Tags may be cut anywhere by the stream. An unclosed thought is dropped to its end.
    """

    def __init__(self) -> None:
        self._pending = ""
        self._thinking = False
        self._trim = False

    def feed(self, text: str) -> str:
        """The part of the text so far that is certainly answer, without what was given before."""
        self._pending += text
        out: list[str] = []
        while True:
            tag = CLOSE if self._thinking else OPEN
            before, found, after = self._pending.partition(tag)
            if not found:
                keep = held_back(self._pending, (tag,))
                ready = self._pending[: len(self._pending) - keep]
                self._pending = self._pending[len(ready) :]
                self._pass(ready, out)
                return "".join(out)
            self._pass(before, out)
            self._pending = after
            self._trim = self._trim or self._thinking
            self._thinking = not self._thinking

    def finish(self) -> str:
        """What was held back, once the stream has ended."""
        out: list[str] = []
        self._pass(self._pending, out)
        self._pending = ""
        return "".join(out)

    def _pass(self, text: str, out: list[str]) -> None:
        if self._thinking:
            return
        if self._trim:
            text = text.lstrip()
        if text:
            self._trim = False
            out.append(text)
