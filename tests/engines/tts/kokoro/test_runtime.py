"""What is chosen to compute with, and what happens where it cannot be had."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from kaikou.engines.openvino import OpenVinoModel, OpenVinoUnavailable
from kaikou.engines.tts.kokoro import parts
from kaikou.engines.tts.kokoro.runtime import Choice, KokoroSettings, choose, open_live, prepare
from kaikou.engines.weights.store import WeightStore
from kaikou.errors import ModelUnavailable, SettingsError
from kaikou.settings.tree import Settings


def has(*names: str) -> Callable[[], frozenset[str]]:
    return lambda: frozenset(names)


def missing() -> frozenset[str]:
    raise OpenVinoUnavailable("OpenVINO cannot be used here (no wheel).")


def chosen(capabilities: Callable[[], frozenset[str]], machine: str = "x86_64", **settings: str) -> str:
    return str(choose(KokoroSettings.model_validate(settings), capabilities, machine=machine))


def test_auto_takes_what_the_processor_can_do() -> None:
    assert chosen(has("FP32", "BF16")) == "bf16 in OpenVINO"
    assert chosen(has("FP32")) == "float32 in ONNX Runtime"
    assert chosen(missing) == "float32 in ONNX Runtime"
    assert chosen(missing, "aarch64") == "int8 in ONNX Runtime"


def test_a_missing_openvino_is_told_where_it_should_be() -> None:
    choice = choose(KokoroSettings(), missing, machine="x86_64")
    assert "no wheel" in choice.trouble
    assert not choose(KokoroSettings(runtime="onnxruntime"), missing, machine="x86_64").trouble


def test_settings_are_obeyed() -> None:
    both = has("FP32", "BF16")
    assert chosen(both, runtime="onnxruntime") == "float32 in ONNX Runtime"
    assert chosen(both, precision="int8") == "int8 in ONNX Runtime"
    assert chosen(both, precision="float32") == "float32 in ONNX Runtime"
    assert chosen(has("FP32"), runtime="openvino") == "float32 in OpenVINO"
    assert chosen(both, runtime="openvino") == "bf16 in OpenVINO"
    assert chosen(both, runtime="openvino", precision="float32") == "float32 in OpenVINO"
    assert chosen(missing, "arm64", precision="float32") == "float32 in ONNX Runtime"


@pytest.mark.parametrize(
    ("capabilities", "settings", "told"),
    [
        (has("BF16"), {"runtime": "onnxruntime", "precision": "bf16"}, "no bfloat16"),
        (has("BF16"), {"runtime": "openvino", "precision": "int8"}, "8-bit"),
        (has("FP32"), {"precision": "bf16"}, "bfloat16"),
        (missing, {"runtime": "openvino"}, "no wheel"),
    ],
)
def test_what_cannot_be_is_a_settings_error(
    capabilities: Callable[[], frozenset[str]], settings: dict[str, str], told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        chosen(capabilities, **settings)
    with pytest.raises(ValidationError):
        KokoroSettings.model_validate({"runtime": "torch"})


def _needs_openvino() -> None:
    """Not by importing it: only ``kaikou.engines.openvino`` does so quietly."""
    if importlib.util.find_spec("openvino") is None:
        pytest.skip("no OpenVINO on this platform")


def test_a_model_that_openvino_cannot_read(tmp_path: Path) -> None:
    _needs_openvino()
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    with pytest.raises(OpenVinoUnavailable, match=r"broken\.onnx"):
        OpenVinoModel(broken, 1, "float32", None)


def test_openvino_reports_to_nobody() -> None:
    _needs_openvino()
    code = "import sys; from kaikou.engines import openvino; openvino.capabilities(); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "openvino.properties" in ran.stdout.split()
    assert not [name for name in ran.stdout.split() if name.startswith("openvino_telemetry.")]


def test_a_model_file_that_is_missing_or_another(tmp_path: Path) -> None:
    for make in (parts.quantised, lambda model: parts.floating(model, [tmp_path])):
        with pytest.raises(ModelUnavailable):
            make(tmp_path / "model.onnx")
    other = tmp_path / "model.onnx"
    other.write_bytes(b"\x3a\x05hello")
    with pytest.raises(ModelUnavailable, match="not the Kokoro model"):
        parts.quantised(other)
    with pytest.raises(ModelUnavailable, match="not the Kokoro model"):
        parts.floating(other, [tmp_path])
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]


async def _model() -> Path:
    folder = await WeightStore(Settings().models).fetch("kokoro-82m", lambda what, fraction: None)
    return folder / "model.onnx"


@pytest.mark.models
async def test_the_float32_model_is_made_once_and_again_when_altered(tmp_path: Path) -> None:
    model = await _model()
    nowhere = tmp_path / "file"
    nowhere.write_text("a file is no folder")
    made = parts.floating(model, [nowhere, tmp_path])
    assert isinstance(made.vocoder, Path)
    before = made.vocoder.stat().st_mtime_ns
    assert parts.floating(model, [nowhere, tmp_path]) == made
    assert made.vocoder.stat().st_mtime_ns == before
    os.truncate(made.vocoder.parent / "weights.bin", 1000)
    parts.floating(model, [tmp_path])
    assert (made.vocoder.parent / "weights.bin").stat().st_size > 300e6
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "kokoro-82m-float32"]


@pytest.mark.models
async def test_without_a_place_to_write_the_8_bit_model_speaks(tmp_path: Path) -> None:
    model = await _model()
    nowhere = tmp_path / "file"
    nowhere.write_text("a file is no folder")
    wanted = Choice("openvino", "bf16", "")
    choice, made = prepare(wanted, model, [nowhere], strict=False)
    assert str(choice) == "int8 in ONNX Runtime"
    assert "cannot be written" in choice.trouble
    assert isinstance(made.vocoder, bytes)
    with pytest.raises(ModelUnavailable, match="cannot be written"):
        prepare(wanted, model, [nowhere], strict=True)


@pytest.mark.models
async def test_when_openvino_fails_onnx_runtime_speaks(tmp_path: Path) -> None:
    _needs_openvino()
    model = await _model()
    _, made = prepare(Choice("openvino", "float32", ""), model, [tmp_path], strict=False)
    assert made.openvino is not None
    made.openvino.write_bytes(b"no model")
    choice, _ = open_live(Choice("openvino", "float32", ""), made, 1, strict=False)
    assert str(choice) == "float32 in ONNX Runtime"
    assert "vocoder-openvino" in choice.trouble
    with pytest.raises(OpenVinoUnavailable):
        open_live(Choice("openvino", "float32", ""), made, 1, strict=True)
