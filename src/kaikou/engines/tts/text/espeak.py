"""Phonemes from eSpeak NG, for voices that were trained on them.

eSpeak NG is GPL-3 and no part of the default install: the extra ``[espeak]`` brings it (package
``espeakng-loader``, a shared library with its data). It is called through ctypes. The library keeps one
state for the whole process (the chosen language), so one lock guards every call.

Constants and signatures: ``speak_lib.h`` of eSpeak NG 1.52.
"""

from __future__ import annotations

import ctypes
import re
import threading
from functools import cache

from kaikou.errors import SettingsError

_SYNCHRONOUS = 0x02
_DONT_EXIT = 0x8000
_UTF8 = 1
_IPA = 0x02
_FLAG = re.compile(r"\([a-z-]+\)")
"""eSpeak marks words of other languages with a flag such as ``(en)``."""

_lock = threading.Lock()


class Espeak:
    """The library, initialised."""

    def __init__(self, library: str, data: str) -> None:
        self._library = ctypes.CDLL(library)
        self._library.espeak_TextToPhonemes.argtypes = (
            ctypes.POINTER(ctypes.c_char_p),
            ctypes.c_int,
            ctypes.c_int,
        )
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        with _lock:
            rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), _DONT_EXIT)
        if rate <= 0:
            raise SettingsError(
                "eSpeak NG did not start.", hint="Reinstall the extra: pip install 'kaikou[espeak]'."
            )
        self._language = ""

    def phonemes(self, text: str, language: str) -> str:
        """IPA of ``text`` (one clause, without its closing mark) in an eSpeak language such as ``en-us``.
        SettingsError for a language it does not have. Thread-safe; blocking, about 0.1 ms a word."""
        source = ctypes.c_char_p(text.replace("\0", " ").encode("utf-8", "replace"))
        found: list[str] = []
        with _lock:
            self._choose(language)
            while source.value:
                part = self._library.espeak_TextToPhonemes(ctypes.byref(source), _UTF8, _IPA)
                if part:
                    found.append(part.decode("utf-8"))
        return " ".join(_FLAG.sub("", " ".join(found)).split())

    def _choose(self, language: str) -> None:
        if language == self._language:
            return
        if self._library.espeak_SetVoiceByName(language.encode()) != 0:
            raise SettingsError(f"eSpeak NG has no language {language!r}, which this voice needs.")
        self._language = language


@cache
def espeak() -> Espeak:
    """The process's one eSpeak. SettingsError ``extra_missing`` where it is not installed."""
    try:
        import espeakng_loader
    except ImportError:
        raise SettingsError(
            "This Piper voice needs eSpeak NG, which is not installed.",
            code="extra_missing",
            hint="Install it with: pip install 'kaikou[espeak]' (eSpeak NG is GPL-3).",
            param="tts.piper",
        ) from None
    return Espeak(espeakng_loader.get_library_path(), espeakng_loader.get_data_path())
