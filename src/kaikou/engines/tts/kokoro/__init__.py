"""Kokoro-82M on ONNX Runtime, from text to sound without espeak or torch."""

from kaikou.engines.tts.kokoro.engine import Kokoro

__all__ = ["Kokoro"]
