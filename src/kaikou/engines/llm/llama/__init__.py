"""The embedded language model: llama.cpp in a child process."""

from kaikou.engines.llm.llama.engine import Llama

__all__ = ["Llama"]
