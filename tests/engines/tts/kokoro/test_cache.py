"""The cache of short phrases keeps its bound."""

from __future__ import annotations

from kaikou.audio.pcm import Pcm
from kaikou.engines.tts.kokoro.cache import PhraseCache
from kaikou.engines.tts.kokoro.synthesis import Sound


def sound(seconds: float) -> Sound:
    return Sound(Pcm.silence(seconds, 24_000), ())


def test_the_least_recently_used_goes_first() -> None:
    cache = PhraseCache(10.0)
    for name in "abcdefghij":
        cache.put((name, "v", 1.0), sound(1.0))
    assert cache.get(("a", "v", 1.0)) is not None
    cache.put(("k", "v", 1.0), sound(1.0))
    assert cache.get(("b", "v", 1.0)) is None
    assert cache.get(("a", "v", 1.0)) is not None


def test_long_sounds_are_not_kept_and_keys_differ_in_speed_and_voice() -> None:
    cache = PhraseCache(10.0)
    cache.put(("long", "v", 1.0), sound(1.1))
    cache.put(("short", "v", 1.0), sound(0.5))
    assert cache.get(("long", "v", 1.0)) is None
    assert cache.get(("short", "v", 1.5)) is None
    assert cache.get(("short", "w", 1.0)) is None


def test_no_room_keeps_nothing() -> None:
    cache = PhraseCache(0.0)
    cache.put(("a", "v", 1.0), sound(0.5))
    assert cache.get(("a", "v", 1.0)) is None
