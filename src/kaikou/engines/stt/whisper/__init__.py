"""Whisper on CTranslate2 (faster-whisper), in this process."""

from kaikou.engines.stt.whisper.engine import Whisper, WhisperOptions

__all__ = ["Whisper", "WhisperOptions"]
