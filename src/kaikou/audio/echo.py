"""The server's own sound taken out of a microphone that hears it.

Where neither device nor browser cancels echo, the microphone hears what the server sends: later by
an unknown delay, coloured by a room, coded twice. A sample-accurate filter would need clocks that
agree; this one works on the power of frequency bands. It finds the delay by correlating both
sides' spectra, follows how loud each band comes back, and attenuates what that explains (a Wiener
gain). What it does not explain, a person, passes and opens a gate. See E. Hänsler and G. Schmidt,
"Acoustic Echo and Noise Control" (Wiley, 2004), on residual echo suppression.
"""

from __future__ import annotations

import math

import numpy as np

from kaikou.audio.pcm import Samples

RATE = 16_000
_SIZE, HOP = 512, 256
"""Samples of a frame, and from one to the next. What comes out is two of these late (32 ms)."""
LATE = 2 * HOP
_FRAME = HOP / RATE
_BANDS = 24
_LAGS = round(0.8 / _FRAME)
"""Longest delay looked for, in frames."""
_KEPT = 2 * _LAGS
"""Frames that are looked back at."""
_SILENT = 1e-7
"""Power of a reference frame (full scale 1) below which nothing is heard of it."""
_SOUNDING = 3e-5
"""Above which something can be learned from it."""
_AUDIBLE = 10 * _SILENT / _BANDS
_FLOOR = 1e-9
_LEAST_GAIN = 0.03
_LEARN_FRAMES = round(0.35 / _FRAME)
"""Of an echo, before its loudness is known."""
_PROBATION_FRAMES = round(1.2 / _FRAME)
"""Thereafter, in which it is taken for granted that nobody speaks: the loudness is not yet that of every
band. With 0.8 s the agent interrupts itself in 2 of the 48 runs of ``benchmarks/echo.py``, with 1.2 s in
none. It is not kept for the next session: between two a device is moved or turned up, and an agent that
breaks off its first words is worse than one that hears nobody during them."""
_YOUNG_FRAMES = round(2.5 / _FRAME)
"""Thereafter, in which it is believed less easily."""
_PATIENCE_FRAMES = round(2.0 / _FRAME)
"""Sounding frames without a delay found, after which there seems to be no echo."""
_MEMORY = 0.97
"""Of the correlation, every other frame: about one second."""
_SURE = 0.5
"""Correlation at which the delay is believed."""
_BETTER = 0.08
"""By how much another delay must correlate better than the one believed."""
_CERTAIN = 0.9
"""Correlation at which what is heard is the echo, however loud."""
_DECAY = 0.65
"""A room's reverberation, a frame: 60 dB in half a second."""
_PER_DECIBEL = math.log(10) / 10
_LOG_MARGIN = 4.0 * _PER_DECIBEL
_STRONGEST = _BANDS // 3
_OPEN, _SHUT = 6.5, 3.5
"""What the echo does not explain, in dB, as the mean of the bands where it is most: a voice fills some
bands only. Above the one the gate opens, below the other it may shut."""
_OPEN_YOUNG = 9.0
_DOWN = 0.02
_FADE_FRAMES = round(0.2 / _FRAME)
_HOLD_FRAMES = round(0.4 / _FRAME)

_WINDOW = np.sqrt(np.hanning(_SIZE + 1)[:-1]).astype(np.float32)
_SQUARE = _WINDOW * _WINDOW


def _bands() -> tuple[Samples, Samples]:
    """From bins to bands, and back: edges evenly spaced in ERB from 120 Hz to 7.5 kHz."""
    low, high = (21.4 * np.log10(1 + 0.00437 * hertz) for hertz in (120.0, 7_500.0))
    edges = (10 ** (np.linspace(low, high, _BANDS + 1) / 21.4) - 1) / 0.00437
    bins = np.fft.rfftfreq(_SIZE, 1 / RATE)
    place = np.clip(np.searchsorted(edges, bins, "right") - 1, 0, _BANDS - 1)
    gather = np.zeros((bins.size, _BANDS), np.float32)
    gather[np.arange(bins.size), place] = 1.0
    gather[(bins < edges[0]) | (bins > edges[-1])] = 0.0
    centres = np.sqrt(edges[:-1] * edges[1:])
    spread = np.stack([np.interp(bins, centres, row) for row in np.eye(_BANDS)]).astype(np.float32)
    return (gather / _SIZE).astype(np.float32), spread


_GATHER, _SPREAD = _bands()
_NOTHING = np.full(_BANDS, _LEAST_GAIN, np.float32)
_ALL = np.ones(_BANDS, np.float32)


class EchoReference:
    """What is played, on the microphone's clock (samples at 16 kHz since the session began)."""

    def __init__(self, seconds: float = 4.0) -> None:
        self._most = round(seconds * RATE)
        self._samples: Samples = np.zeros(0, np.float32)
        self._start = 0

    def add(self, samples: Samples, at: int) -> None:
        """Sound that begins to be played at sample ``at``; what overlaps is replaced."""
        end = self._start + len(self._samples)
        if at >= end + self._most or not len(self._samples):
            self._samples, self._start, end = np.zeros(0, np.float32), at, at
        if at > end:
            self._samples = np.concatenate((self._samples, np.zeros(at - end, np.float32)))
        keep = max(0, at - self._start)
        self._samples = np.concatenate((self._samples[:keep], samples))

    @property
    def end(self) -> int:
        """Where the sound known of ends."""
        return self._start + len(self._samples)

    def between(self, start: int, stop: int) -> Samples:
        """Samples [start, stop), silence where nothing is known; older ones are forgotten."""
        found = np.zeros(stop - start, np.float32)
        first, last = max(start, self._start), min(stop, self.end)
        if first < last:
            found[first - start : last - start] = self._samples[first - self._start : last - self._start]
        if start - self._start > self._most // 2:
            drop = min(start - self._start, len(self._samples))
            self._samples, self._start = self._samples[drop:], self._start + drop
        return found


class EchoSuppressor:
    """One microphone's. ``clean`` gives as many samples as it takes, ``LATE`` behind."""

    def __init__(self, reference: EchoReference) -> None:
        self.reference = reference
        self.delay: int | None = None
        """Frames by which the echo comes late, once it is known."""
        self._held: Samples = np.zeros(_SIZE - HOP, np.float32)
        self._tail: Samples = np.zeros(HOP, np.float32)
        self._ready: Samples = np.zeros(HOP, np.float32)
        self._at = -(_SIZE - HOP)
        """Microphone sample with which the next frame begins."""
        self._now = _KEPT
        """Row of the newest frame in what follows."""
        self._heard: Samples = np.zeros((4 * _KEPT, _BANDS), np.float32)
        self._played: Samples = np.zeros((4 * _KEPT, _BANDS), np.float32)
        self._shape: Samples = np.zeros((4 * _KEPT, _BANDS), np.float32)
        """Of what was played: its level against its mean."""
        self._shape_power: Samples = np.zeros(4 * _KEPT, np.float32)
        self._means: Samples = np.zeros((2, _BANDS), np.float32)
        """Of the levels heard and played."""
        self._begun = False
        self._product: Samples = np.zeros(_LAGS, np.float32)
        self._power_played: Samples = np.full(_LAGS, _FLOOR, np.float32)
        self._power_heard = _FLOOR
        self._likeness = 0.0
        self._fresh: np.ndarray = np.zeros(_BANDS, bool)
        """Bands in which the reference is louder than what the room still holds."""
        self._sounding = 0
        self._quiet = _KEPT
        """Frames since the reference last sounded."""
        self._learned_at = 0
        self._coupling: Samples = np.full(_BANDS, -60.0, np.float32)
        """Echo against reference, dB a band."""
        self._room: Samples = np.zeros(_BANDS, np.float32)
        self._noise: Samples = np.zeros(_BANDS, np.float32)
        self._gain: Samples = np.ones(_BANDS, np.float32)
        self._unexplained = 0.0
        self._over = 0
        """Frames since the room last held an echo worth the name."""
        self._open = 0
        """Frames for which the gate stays open."""
        self._gate = True

    @property
    def active(self) -> bool:
        """Whether any echo could be heard now."""
        return self._quiet < _KEPT

    @property
    def open(self) -> bool:
        """Whether what was cleaned last may hold a voice; False: the echo explains it."""
        return self._gate

    def clean(self, samples: Samples) -> Samples:
        """The sound without its echo."""
        held = np.concatenate((self._held, samples))
        count = (len(held) - (_SIZE - HOP)) // HOP
        if count > 0:
            frames = held[_places(count)]
            self._ready = np.concatenate((self._ready, self._frames(frames)))
            held = held[count * HOP :]
        self._held = held
        done, self._ready = self._ready[: len(samples)], self._ready[len(samples) :]
        return done

    def _frames(self, frames: Samples) -> Samples:
        count = len(frames)
        played = self.reference.between(self._at, self._at + (count - 1) * HOP + _SIZE)
        self._at += count * HOP
        if self.active or float(played @ played) > _SILENT * len(played):
            shaped = self._suppress(frames, played)
        else:
            self._gate, shaped = True, frames * _SQUARE
        out = np.empty(count * HOP, np.float32)
        out[:HOP] = self._tail + shaped[0, :HOP]
        if count > 1:
            out[HOP:] = (shaped[1:, :HOP] + shaped[:-1, HOP:]).reshape(-1)
        self._tail = shaped[-1, HOP:].copy()
        return out

    def _suppress(self, frames: Samples, played: Samples) -> Samples:
        count = len(frames)
        both = np.fft.rfft(np.concatenate((frames, played[_places(count)])) * _WINDOW)
        powers = (np.square(both.real) + np.square(both.imag)) @ _GATHER
        # Heard and played side by side. The fourth root tells true delays from chance better than
        # logarithms or onsets do.
        pairs = powers.reshape(2, count, _BANDS).swapaxes(0, 1)
        decibels = _decibels(powers[:count])
        gains = [self._frame(*one) for one in zip(pairs, np.sqrt(np.sqrt(pairs)), decibels, strict=True)]
        shaped = np.fft.irfft(both[:count] * (np.array(gains) @ _SPREAD)) * _WINDOW
        return shaped.astype(np.float32, copy=False)

    # -- frame by frame

    # A frame's arrays are so small that the calls cost more than the arithmetic: what can be is done for
    # several frames at once, and ufuncs are reduced directly.

    def _frame(self, pair: Samples, level: Samples, decibels: Samples) -> Samples:
        """The gains of one frame's bands; sets the gate. ``pair``: heard and played, ``level``: their
        fourth roots, ``decibels``: of what is heard."""
        power = float(np.add.reduce(pair[1]))
        self._sounding += power > _SOUNDING
        self._quiet = 0 if power > _SILENT else self._quiet + 1
        self._remember(pair, level)
        if self.delay is None:
            wait = self._sounding < _PATIENCE_FRAMES and self._quiet < _LAGS
            self._gate = not wait
            return _NOTHING if wait else _ALL
        return self._wiener(pair[0], decibels, self.delay)

    def _remember(self, pair: Samples, level: Samples) -> None:
        if self._now + 1 == len(self._heard):
            for rows in (self._heard, self._played, self._shape, self._shape_power):
                rows[:_KEPT] = rows[-_KEPT:]
            self._now = _KEPT - 1
        self._now = now = self._now + 1
        self._heard[now], self._played[now] = pair
        if not self._begun:
            self._begun, self._means[0] = True, level[0]
        self._means += 0.02 * (level - self._means)
        heard, shape = level - self._means
        self._shape[now], self._shape_power[now] = shape, shape @ shape
        if now % 2 == 0 and self._quiet <= _LAGS:
            self._correlate(heard)
        if now % 16 == 0:
            self._noise = 4 * self._heard[now - _KEPT + 1 : now + 1].min(axis=0)

    def _correlate(self, heard: Samples) -> None:
        """Follow how well each delay explains what is heard."""
        rows = slice(self._now - _LAGS + 1, self._now + 1)
        # Turned round after the product: BLAS takes no rows in reverse.
        self._product = _MEMORY * self._product + (self._shape[rows] @ heard)[::-1]
        self._power_played = _MEMORY * self._power_played + self._shape_power[rows][::-1]
        self._power_heard = _MEMORY * self._power_heard + float(heard @ heard)
        likeness = self._product / np.sqrt(self._power_played * self._power_heard)
        best = int(likeness.argmax())
        known = 0.0 if self.delay is None else float(likeness[self.delay]) + _BETTER
        self._likeness = max(0.0, known - _BETTER)
        if (
            best != self.delay
            and likeness[best] > max(_SURE, known)
            and self._sounding >= best + _LEARN_FRAMES
        ):
            learned = self.delay is not None and self._sounding >= self._learned_at + _YOUNG_FRAMES
            self.delay = best
            if learned:
                # The same room by another clock (jitter, a queue that ran empty): as loud as it was. To
                # learn it anew would deafen the session to whoever speaks just then.
                self._room, _ = self._rooms(best)
            else:
                self._learn(best)

    def _learn(self, delay: int) -> None:
        """How loud each band comes back, from the frames so far: most of them are below it."""
        self._room, stack = self._rooms(delay)
        heard = self._heard[self._now - len(stack) + 1 : self._now + 1]
        told = stack > _AUDIBLE
        counts = np.count_nonzero(told, axis=0)
        known = counts > 3
        ratio = np.sort(np.where(told, _decibels(heard) - _decibels(stack), np.float32(np.inf)), axis=0)
        # The 80th percentile of each band's. NumPy's own (and its median) would hold up the event loop:
        # milliseconds, and at the first call it imports a package.
        place = 0.8 * np.maximum(counts - 1, 0)
        lower, bands = place.astype(int), np.arange(_BANDS)
        least, next_one = ratio[lower, bands], ratio[np.minimum(lower + 1, np.maximum(counts - 1, 0)), bands]
        with np.errstate(invalid="ignore"):  # bands of which nothing is known
            usual = least + (place - lower) * (next_one - least)
        ordered = np.sort(usual[known])
        overall = float(ordered[len(ordered) // 2]) if len(ordered) else -20.0
        self._coupling = np.where(known, usual, overall).astype(np.float32)
        self._learned_at = self._sounding

    def _rooms(self, delay: int) -> tuple[Samples, Samples]:
        """What the room holds of the reference now, and in each of the last frames until now."""
        room, rooms = np.zeros(_BANDS, np.float32), []
        for back in range(min(self._sounding, 40) - 1, -1, -1):
            room = self._reverberated(room, self._now - back - delay)
            rooms.append(room)
        return room, np.stack(rooms)

    def _reverberated(self, room: Samples, at: int) -> Samples:
        """What the room holds of the reference at row ``at``, a frame early or late."""
        near: Samples = np.maximum.reduce(self._played[max(0, at - 1) : min(at + 2, self._now + 1)])
        self._fresh = near >= room
        held: Samples = np.maximum(near, _DECAY * room)
        return held

    def _wiener(self, heard: Samples, decibels: Samples, delay: int) -> Samples:
        self._room = room = self._reverberated(self._room, self._now - delay)
        told = room > _AUDIBLE
        some = bool(np.logical_or.reduce(told))
        new = self._sounding < self._learned_at + _PROBATION_FRAMES
        young = self._sounding < self._learned_at + _YOUNG_FRAMES
        if some:
            # Where the room's own noise is louder nothing is learned of the echo.
            self._adapt(
                decibels - _decibels(room) - self._coupling, told & (heard > self._noise), new or young
            )
        echo = room * np.exp(_PER_DECIBEL * self._coupling + _LOG_MARGIN)
        over = np.minimum(np.maximum(decibels - _decibels(echo + self._noise), 0.0), 15.0)
        over.partition(_BANDS - _STRONGEST)
        strongest = float(np.add.reduce(over[-_STRONGEST:])) / _STRONGEST
        self._unexplained += 0.4 * (strongest - self._unexplained)
        if self._unexplained > (_OPEN_YOUNG if young else _OPEN) and not new:
            self._open = _HOLD_FRAMES
        elif self._unexplained < _SHUT and self._open:
            self._open -= 1
        self._over = 0 if some else self._over + 1
        self._gate = self._open > 0 or self._over > _FADE_FRAMES
        gain = np.sqrt(np.maximum(1 - echo / (heard + _FLOOR), _LEAST_GAIN**2))
        # Attack at once, release over a few frames: a gap in the estimate is no word.
        self._gain = np.minimum(gain, 0.5 * (self._gain + gain))
        return self._gain

    def _adapt(self, above: Samples, told: np.ndarray, young: bool) -> None:
        """Follow the loudness of the echo; hardly at all while somebody speaks over it."""
        rise = np.maximum(above, 0.0)
        over = float(np.minimum(rise, 20.0) @ told) / max(1.0, float(np.count_nonzero(told)))
        up = 0.15 if over < (8.0 if young else 1.5) else 0.01 if self._likeness > _CERTAIN else 0.002
        # Only a sound that rises tells that the echo is weaker: how it dies away is the room's matter.
        fall = np.minimum(np.maximum(above, -10.0), 0.0) * self._fresh
        self._coupling += (up * rise + _DOWN * fall) * told


def _places(count: int) -> np.ndarray:
    """Where the samples of so many frames lie."""
    return np.arange(count)[:, None] * HOP + np.arange(_SIZE)


def _decibels(power: Samples) -> Samples:
    found: Samples = 10 * np.log10(power + _FLOOR)
    return found
