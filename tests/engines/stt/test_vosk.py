"""Vosk's adapter. No Vosk weights ship in a package, so a stand-in speaks the library's part."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from engines.stt.contexts import context

from kaikou.audio.pcm import Pcm
from kaikou.engines.pool import Pool
from kaikou.engines.stt.vosk import Vosk
from kaikou.errors import EngineFailed, NotReady, SettingsError

SECOND = Pcm.from_int16(b"\x01\x10" * 48_000, 48_000)


class StandInRecogniser:
    """Hears one word a second of 16 kHz audio and ends an utterance after two."""

    def __init__(self, model: object, rate: float) -> None:
        self.samples = 0
        self.words = 0
        assert rate == 16_000

    def SetWords(self, wanted: bool) -> None:
        assert wanted

    def AcceptWaveform(self, data: bytes) -> bool:
        self.samples += len(data) // 2
        return self.samples >= 32_000

    def _take(self) -> str:
        count, self.samples = self.samples // 16_000, 0
        words = [
            {"word": f"w{self.words + n}", "start": self.words + n, "end": self.words + n + 0.5, "conf": 0.8}
            for n in range(count)
        ]
        self.words += count
        return json.dumps({"text": " ".join(word["word"] for word in words), "result": words})

    Result = FinalResult = _take

    def PartialResult(self) -> str:
        return json.dumps({"partial": f"p{self.samples // 16_000}"})


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("vosk")

    def model(path: str) -> str:
        if not (Path(path) / "am").is_dir():
            raise Exception("Failed to create a model")
        return path

    vars(module).update(KaldiRecognizer=StandInRecogniser, Model=model, SetLogLevel=lambda level: None)
    monkeypatch.setitem(sys.modules, "vosk", module)


async def loaded(pool: Pool, folder: Path) -> Vosk:
    (folder / "am").mkdir()
    engine = Vosk(context("vosk", pool, vosk={"model_path": str(folder)}))
    await engine.load(lambda *_: None)
    return engine


@pytest.mark.usefixtures("library")
async def test_a_recording(pool: Pool, tmp_path: Path) -> None:
    engine = await loaded(pool, tmp_path)
    heard = await engine.transcribe(SECOND + SECOND + SECOND)
    assert heard.text == "w0 w1 w2"
    assert [word.start for word in heard.words] == [0, 1, 2]
    assert (heard.confidence, heard.seconds) == (pytest.approx(0.8), 3.0)


@pytest.mark.usefixtures("library")
async def test_a_stream_gives_partial_results(pool: Pool, tmp_path: Path) -> None:
    stream = (await loaded(pool, tmp_path)).stream()
    assert stream is not None
    stream.feed(SECOND)
    assert await stream.partial() == "p1"
    stream.feed(SECOND)
    stream.feed(SECOND)
    assert await stream.partial() == "w0 w1 p1"
    assert (await stream.finish()).text == "w0 w1 w2"
    stream.close()


@pytest.mark.usefixtures("library")
async def test_a_stream_holds_a_bounded_amount(pool: Pool, tmp_path: Path) -> None:
    stream = (await loaded(pool, tmp_path)).stream()
    assert stream is not None
    with pytest.raises(EngineFailed, match="Too much"):
        for _ in range(100):
            stream.feed(Pcm.silence(10, 16_000))


@pytest.mark.usefixtures("library")
async def test_a_folder_that_is_no_model(pool: Pool, tmp_path: Path) -> None:
    engine = Vosk(context("vosk", pool, vosk={"model_path": str(tmp_path)}))
    with pytest.raises(EngineFailed, match="no usable Vosk model"):
        await engine.load(lambda *_: None)
    assert engine.health().state == "failed"
    with pytest.raises(NotReady):
        await engine.transcribe(SECOND)


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("options", [{}, {"model_path": "/nowhere/at/all"}])
async def test_no_folder(pool: Pool, options: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as error:
        await Vosk(context("vosk", pool, vosk=options)).load(lambda *_: None)
    assert "VOSK_MODEL_PATH" in error.value.hint


async def test_without_the_package_the_extra_is_named(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vosk", None)
    with pytest.raises(SettingsError, match="not installed") as error:
        await Vosk(context("vosk", pool)).load(lambda *_: None)
    assert "kaikou[vosk]" in error.value.hint
