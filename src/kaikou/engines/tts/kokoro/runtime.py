"""Which runtime speaks, in which precision, and why."""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from kaikou.engines import openvino
from kaikou.engines.openvino import OpenVinoUnavailable
from kaikou.engines.tts.kokoro import parts
from kaikou.engines.tts.kokoro.parts import Parts
from kaikou.engines.tts.kokoro.synthesis import Voicebox
from kaikou.errors import ModelUnavailable, SettingsError

RuntimeName = Literal["onnxruntime", "openvino"]
PrecisionName = Literal["float32", "bf16", "int8"]

log = logging.getLogger(__name__)


class KokoroSettings(BaseModel):
    """``tts.kokoro``: how the model is computed. A mistyped setting is told."""

    model_config = ConfigDict(extra="forbid")

    runtime: Literal["auto", "onnxruntime", "openvino"] = Field(
        "auto", description="What runs the model: auto | onnxruntime | openvino."
    )
    precision: Literal["auto", "float32", "bf16", "int8"] = Field(
        "auto", description="auto | float32 | bf16 (openvino only) | int8 (onnxruntime only)."
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """How the model is computed. ``why`` is a sentence; ``trouble`` one too where something that
    should work here does not."""

    runtime: RuntimeName
    precision: PrecisionName
    why: str
    trouble: str = ""

    def __str__(self) -> str:
        name = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}[self.runtime]
        return f"{self.precision} in {name}"

    def fallback(self, precision: PrecisionName, trouble: str) -> Choice:
        """The same without what does not work."""
        return replace(self, runtime="onnxruntime", precision=precision, trouble=trouble)


Capabilities = Callable[[], frozenset[str]]


def choose(
    settings: KokoroSettings,
    capabilities: Capabilities = openvino.capabilities,
    *,
    machine: str | None = None,
) -> Choice:
    """What ``settings`` say, and where they say ``auto`` what the processor is fastest at.

    Measured on a Xeon with AMX (``benchmarks/tts_speed.py``): OpenVINO in bfloat16 is the
    fastest, in float32 it takes about as long as ONNX Runtime. 8-bit is no faster than float32 on
    x86-64, because the model rounds every activation anew. Other processors take the published 8-bit
    model as it is.
    Raises SettingsError for what contradicts itself or cannot be had.
    """
    runtime, precision = settings.runtime, settings.precision
    if runtime == "onnxruntime" and precision == "bf16":
        raise _impossible("ONNX Runtime has no bfloat16 on processors", "openvino")
    if runtime == "openvino" and precision == "int8":
        raise _impossible("OpenVINO does not take the 8-bit model", "onnxruntime")
    x86 = (machine or platform.machine()).lower() in {"x86_64", "amd64"}
    demanded = runtime == "openvino" or precision == "bf16"
    trouble = ""
    why = "the settings say so"
    if demanded or (x86 and runtime == precision == "auto"):
        try:
            native = "BF16" in capabilities()
        except OpenVinoUnavailable as error:
            if demanded:
                raise SettingsError(error.message, hint=error.hint, param="tts.kokoro.runtime") from error
            trouble = f"{error.message} ONNX Runtime speaks instead."
        else:
            if precision == "bf16" and not native:
                raise SettingsError(
                    "This processor does not multiply in bfloat16.",
                    hint="Set KAIKOU_TTS__KOKORO__PRECISION=auto.",
                    param="tts.kokoro.precision",
                )
            if native and precision != "float32":
                return Choice("openvino", "bf16", "the processor multiplies in bfloat16")
            if demanded:
                return Choice("openvino", "float32", why)
            why = "the processor does not multiply in bfloat16"
    if precision == "int8":
        return Choice("onnxruntime", "int8", why)
    if precision == "auto" and not x86:
        return Choice("onnxruntime", "int8", "the published model; this kind of processor was not measured")
    return Choice("onnxruntime", "float32", why, trouble)


def _impossible(what: str, other: str) -> SettingsError:
    return SettingsError(
        f"{what}.",
        hint=f"Set KAIKOU_TTS__KOKORO__RUNTIME={other}, or leave one of the two at auto.",
        param="tts.kokoro.precision",
    )


def prepare(choice: Choice, model: Path, places: list[Path], *, strict: bool) -> tuple[Choice, Parts]:
    """The model's parts as ``choice`` wants them. Where float32 cannot be kept on disk the 8-bit
    model is used and the returned choice says so; with ``strict`` that is an error. Blocking."""
    if choice.precision == "int8":
        return choice, parts.quantised(model)
    try:
        return choice, parts.floating(model, places)
    except OSError as error:
        reason = f"The float32 model cannot be written ({error.strerror or error})."
        if strict:
            raise ModelUnavailable(
                reason, hint="Free 350 MB beside the model or in the cache folder, or set precision to auto."
            ) from error
        log.warning("%s The 8-bit model speaks instead.", reason)
        return choice.fallback("int8", f"{reason} The 8-bit model speaks instead."), parts.quantised(model)


def open_live(choice: Choice, made: Parts, threads: int, *, strict: bool) -> tuple[Choice, Voicebox]:
    """The model for the lanes where somebody waits. Where OpenVINO fails, ONNX Runtime with the
    returned choice telling so; with ``strict`` that is an error. Blocking."""
    if choice.runtime == "openvino":
        try:
            return choice, Voicebox(made, threads, "bf16" if choice.precision == "bf16" else "float32")
        except OpenVinoUnavailable as error:
            if strict:
                raise
            log.warning("%s ONNX Runtime speaks instead.", error.message)
            choice = choice.fallback("float32", f"{error.message} ONNX Runtime speaks instead, more slowly.")
    return choice, Voicebox(made, threads)
