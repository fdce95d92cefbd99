"""Multilingual E5 small (Wang et al. 2024) on the processor: the default, for about a hundred languages."""

from kaikou.engines.embedding.e5.engine import E5

__all__ = ["E5"]
