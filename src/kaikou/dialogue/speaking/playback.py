"""What of a reply has been synthesised, sent and heard.

A :class:`Track` is one reply's sound: it is appended to clause by clause, sent at the pace of
playback (a bounded lead ahead of it), and asked at an interruption which words were heard.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kaikou.dialogue.speaking.clauses import Clause
from kaikou.engines.ports import Word
from kaikou.engines.tts.word_times import WordTimer

_KEEP_SECONDS = 60
"""Sound kept after it was sent, for a client that comes back."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A stretch of sound and the text it speaks: [start_ms, end_ms) of the track speaks
    [start, end) of the reply's text; ``words`` in seconds from the track's start, with their places
    in the reply's text."""

    start_ms: float
    end_ms: float
    start: int
    end: int
    words: tuple[Word, ...] = ()


class Alignment:
    """Which text was heard by when; kept after the sound itself is gone."""

    def __init__(self) -> None:
        self.text = ""
        self.spoken: list[Spoken] = []

    @property
    def total_ms(self) -> float:
        return self.spoken[-1].end_ms if self.spoken else 0.0

    def heard(self, played_ms: float) -> str:
        """The reply's text up to ``played_ms`` of its audio, to whole words.

        Within a stretch, measured or estimated word times decide (a word counts once its middle
        was played); without any, the text is shared out by length.
        """
        upto = 0
        for part in self.spoken:
            if played_ms >= part.end_ms:
                upto = part.end
                continue
            if played_ms > part.start_ms:
                upto = part.start + self._within(part, played_ms)
            break
        else:
            # Everything synthesised was heard: so was the punctuation and white space after it.
            return self.text[:upto].rstrip()
        return self.text[:upto].rstrip()

    def _within(self, part: Spoken, played_ms: float) -> int:
        text = self.text[part.start : part.end]
        if part.words:
            seconds = played_ms / 1000
            position = 0
            for word in part.words:
                if (word.start + word.end) / 2 > seconds:
                    break
                if word.span is not None:
                    position = word.span[1] - part.start
            return position
        share = (played_ms - part.start_ms) / max(1.0, part.end_ms - part.start_ms)
        cut = int(len(text) * share)
        # Not in the middle of a Latin word.
        while (
            0 < cut < len(text)
            and text[cut - 1].isascii()
            and text[cut - 1].isalnum()
            and (text[cut].isascii() and text[cut].isalnum())
        ):
            cut -= 1
        return cut


@dataclass(frozen=True, slots=True)
class Marker:
    """Something to report when the sound reaches ``at_ms``: a clause or a word begins."""

    at_ms: float
    clause: Clause | None = None
    words: tuple[Word, ...] = ()
    timer: WordTimer | None = None
    """Estimates the clause's words, where the engine does not time them."""


class Track:
    """One reply's sound at ``rate`` Hz, as int16 bytes, with its place in time.

    The clock is the server's estimate of the client's playback: it starts with the first byte
    sent, never passes what was sent (a client cannot play what it does not have), and so stands
    still through underruns and pauses by itself.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.alignment = Alignment()
        self.markers: deque[Marker] = deque()
        self.complete = False
        """All sound of the reply was appended."""
        self.paused = False
        self._data = bytearray()
        self._base = 0
        """Offset of the first byte still kept."""
        self._taken = 0
        self._started_at: float | None = None
        self._stalled_ms = 0.0
        self.wait_ms = 0.0
        """After ``take``: nothing more is due for so long, unless sound is appended."""

    @property
    def sent_ms(self) -> float:
        return self._taken / 2 / self.rate * 1000

    @property
    def appended_ms(self) -> float:
        return (self._base + len(self._data)) / 2 / self.rate * 1000

    @property
    def _pending(self) -> int:
        return self._base + len(self._data) - self._taken

    @property
    def drained(self) -> bool:
        """Everything that will ever come was sent."""
        return self.complete and not self._pending

    def append(self, data: bytes, span: tuple[int, int], words: Sequence[Word]) -> None:
        """Sound for [start, end) of the reply's text; words in seconds from this piece's start, their
        spans in the reply's text."""
        start_ms = self.appended_ms
        self._data += data
        offset = start_ms / 1000
        shifted = tuple(replace(word, start=word.start + offset, end=word.end + offset) for word in words)
        self.alignment.spoken.append(Spoken(start_ms, self.appended_ms, span[0], span[1], shifted))

    def mark(
        self, clause: Clause | None, words: tuple[Word, ...] = (), timer: WordTimer | None = None
    ) -> None:
        """Report ``clause`` when the sound appended next is sent."""
        self.markers.append(Marker(self.appended_ms, clause, words, timer))

    def played_ms(self, now: float) -> float:
        """Milliseconds the client is believed to have played at ``now`` (seconds, monotonic)."""
        if self._started_at is None:
            return 0.0
        elapsed = (now - self._started_at) * 1000 - self._stalled_ms
        return max(0.0, min(elapsed, self.sent_ms))

    def ahead_ms(self, now: float) -> float:
        """Synthesised but not yet played."""
        return self.appended_ms - self.played_ms(now)

    def dry_ms(self, now: float) -> float:
        """For how long the client has had nothing to play: all sound so far was sent and is over, and more
        will come."""
        if self._started_at is None or self._pending or self.paused:
            return 0.0
        return max(0.0, (now - self._started_at) * 1000 - self._stalled_ms - self.sent_ms)

    def take(self, now: float, lead_ms: float, least_ms: float = 0.0) -> tuple[bytes, float]:
        """Bytes due now so that ``lead_ms`` are ahead of playback, and their start in ms. What
        does not fill packets of ``least_ms`` is kept for later, unless it is the last."""
        start_ms = self.sent_ms
        self.wait_ms = 0.0
        if not self._pending or self.paused:
            return b"", start_ms
        if self._started_at is None:
            self._started_at = now
        else:
            behind = (now - self._started_at) * 1000 - self._stalled_ms - start_ms
            if behind > 0:
                self._stalled_ms += behind  # the client ran dry and waits
        due_ms = self.played_ms(now) + lead_ms - start_ms
        size = min(self._pending, max(0, int(due_ms / 1000 * self.rate)) * 2)
        if size < self._pending and least_ms:
            # Whole packets, so that they are as far apart as they are long.
            size -= size % (int(least_ms / 1000 * self.rate) * 2)
            self.wait_ms = least_ms - (due_ms - size / 2 / self.rate * 1000)
        if size == 0:
            return b"", start_ms
        first = self._taken - self._base
        data = bytes(self._data[first : first + size])
        self._taken += size
        surplus = self._taken - self._base - _KEEP_SECONDS * self.rate * 2
        if surplus > 0:
            del self._data[:surplus]
            self._base += surplus
        return data, start_ms

    def rewind(self, played_ms: float, now: float) -> None:
        """The client lost its connection having played only so much: send again from there (as
        far back as the sound is kept, a few seconds)."""
        if self._started_at is None:
            return
        self._taken = min(self._taken, max(self._base, int(played_ms / 1000 * self.rate) * 2))
        self._stalled_ms = (now - self._started_at) * 1000 - self.sent_ms

    def drop(self) -> None:
        """Forget what was not sent."""
        del self._data[self._taken - self._base :]
        self.markers.clear()
        self.complete = True

    def playback_left_ms(self, now: float) -> float:
        """Milliseconds of sent sound the client still has to play."""
        return max(0.0, self.sent_ms - self.played_ms(now))
