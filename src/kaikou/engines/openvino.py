"""OpenVINO models that live peacefully beside other work on the same cores.

OpenVINO runs on x86-64; ``available`` says whether it is installed here. Where the processor
multiplies in bfloat16 (AMX, or AVX-512 BF16), convolutions take half the time of float32.
"""

from __future__ import annotations

import functools
import importlib
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kaikou.errors import KaikouError

Precision = Literal["float32", "bf16"]


class OpenVinoUnavailable(KaikouError):
    """OpenVINO is missing, or cannot take the model."""

    code = "openvino_unavailable"
    status = 503


@functools.cache
def _core() -> Any:
    """The library. Its model converter, which is not needed, reports its import to a statistics
    service; this import is made to fail, which OpenVINO takes as "not installed"."""
    for unwanted in ("openvino_telemetry", "openvino.tools.ovc"):
        sys.modules.setdefault(unwanted, None)  # type: ignore[arg-type]
    try:
        return importlib.import_module("openvino").Core()
    except (ImportError, OSError, RuntimeError) as error:
        raise OpenVinoUnavailable(
            f"OpenVINO cannot be used here ({_first_line(error)}).",
            hint="Reinstall Kaikou, or set KAIKOU_TTS__KOKORO__RUNTIME=onnxruntime.",
        ) from error


def capabilities() -> frozenset[str]:
    """What the processor computes natively, in OpenVINO's words (``BF16``, ``FP32``, ``INT8`` …).
    Raises OpenVinoUnavailable."""
    return frozenset(_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))


class OpenVinoModel:
    """A compiled model with one output. Threads may call it at once: each has a request of its own."""

    def __init__(self, model: Path | bytes, threads: int, precision: Precision, cache: Path | None) -> None:
        """``model`` is a file, or its content; ``threads`` for one call, the caller's among them, neither
        pinned to cores nor spinning; ``cache`` a folder for compiled models. Raises
        OpenVinoUnavailable."""
        settings: dict[str, Any] = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,
            "INFERENCE_PRECISION_HINT": {"float32": "f32", "bf16": "bf16"}[precision],
        }
        if cache is not None:
            settings["CACHE_DIR"] = str(cache)
        try:
            core = _core()
            read = core.read_model(model) if isinstance(model, bytes) else str(model)
            self._compiled = core.compile_model(read, "CPU", settings)
        except RuntimeError as error:
            name = "the model" if isinstance(model, bytes) else model.name
            raise OpenVinoUnavailable(
                f"OpenVINO cannot load {name} ({_first_line(error)}).",
                hint="Set KAIKOU_TTS__KOKORO__RUNTIME=onnxruntime to do without it.",
            ) from error
        self._requests = threading.local()

    def run(self, feed: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        """The output, as an array of the caller's own."""
        request = getattr(self._requests, "own", None)
        if request is None:
            request = self._requests.own = self._compiled.create_infer_request()
        request.infer({name: np.ascontiguousarray(value) for name, value in feed.items()})
        return np.array(request.get_output_tensor(0).data, np.float32)


def _first_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else type(error).__name__
