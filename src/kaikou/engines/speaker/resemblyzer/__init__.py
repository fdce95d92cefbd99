"""The speaker encoder of Resemblyzer: three LSTM layers over 40 mel bands, trained as in Wan et al.,
"Generalized End-to-End Loss for Speaker Verification" (2018). Its weights are unpacked from the package; its
code, which needs PyTorch, is not used."""

from kaikou.engines.speaker.resemblyzer.engine import Resemblyzer

__all__ = ["Resemblyzer"]
