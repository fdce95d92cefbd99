"""The terminal's commands, with scripted engines in this process."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kaikou.audio.decoding import decode
from kaikou.cli import main
from kaikou.cli.console import Exit

SCRIPTED = {
    "KAIKOU_VAD__ENGINE": "energy",
    "KAIKOU_TURN__ENGINE": "none",
    "KAIKOU_STT__ENGINE": "scripted",
    "KAIKOU_STT__SCRIPTED__TRANSCRIPTS": "What time is it?",
    "KAIKOU_LLM__ENGINE": "scripted",
    "KAIKOU_LLM__SCRIPTED__REPLIES": "It is time for tea.",
    "KAIKOU_TTS__ENGINE": "scripted",
}
SPEECH = Path(__file__).parents[1] / "data" / "speech" / "en_agree_to_disagree.opus"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working folder and scripted engines; nobody else's settings."""
    monkeypatch.chdir(tmp_path)
    for name, value in SCRIPTED.items():
        monkeypatch.setenv(name, value)
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    yield tmp_path
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    logging.captureWarnings(False)


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    """Standard output as JSON: it must hold nothing else."""
    return json.loads(capsys.readouterr().out)


def test_talk_answers_a_recording(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("talk", "--file", SPEECH, "--out", here / "reply.wav", "--json") == Exit.OK
    answer = printed(capsys)
    assert list(answer) == ["transcript", "reply", "audio", "timings"]
    assert answer["transcript"] == "What time is it?"
    assert answer["reply"] == "It is time for tea."
    assert answer["audio"] == str(here / "reply.wav")
    with wave.open(answer["audio"]) as sound:
        assert sound.getnframes() > sound.getframerate() // 2
    timings = answer["timings"]
    assert {"transcript", "first_token", "first_audio", "total"} <= set(timings)
    assert all(isinstance(seconds, float) for seconds in timings.values())
    assert timings["first_token"] <= timings["first_audio"] <= timings["total"] < 60


def test_talk_hands_free_finds_the_end_of_the_turn(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("talk", "--file", SPEECH, "--hands-free", "--json") == Exit.OK
    answer = printed(capsys)
    assert answer["audio"] is None
    assert answer["reply"]
    assert answer["timings"]["end_of_turn"] > 0


def test_talk_refuses_what_it_cannot_do(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("talk", "--json") == Exit.USAGE
    assert run("talk", "--file", SPEECH, "--out", here / "reply.docx") == Exit.USAGE
    assert run("talk", "--file", here / "missing.wav") == Exit.USAGE
    (here / "text.wav").write_text("this is no sound")
    assert run("talk", "--file", here / "text.wav") == Exit.USAGE
    assert run("talk", "--file", SPEECH, "--agent", "nobody") == Exit.USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    assert captured.err.count("Error: ") == 5


def test_transcribe_prints_a_line_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("transcribe", SPEECH) == Exit.OK
    assert capsys.readouterr().out == "What time is it?\n"
    assert run("transcribe", SPEECH, SPEECH, "--words", "--json") == Exit.OK
    found = printed(capsys)
    assert [one["text"] for one in found] == ["What time is it?"] * 2
    assert found[0]["seconds"] == pytest.approx(decode(SPEECH).seconds, abs=0.01)
    assert found[0]["words"][0]["text"]


@pytest.mark.parametrize("extension", ["wav", "mp3", "opus", "flac"])
def test_speak_writes_the_format_of_the_extension(
    here: Path, extension: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target = here / f"said.{extension}"
    assert run("speak", "Good morning to you all.", "-o", target, "--json") == Exit.OK
    about = printed(capsys)
    assert about["audio"] == str(target)
    assert decode(target).seconds == pytest.approx(about["seconds"], abs=0.15)


def test_speak_reads_standard_input(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("From a pipe."))
    assert run("speak", "-", "-o", here / "piped.wav") == Exit.OK
    assert decode(here / "piped.wav").seconds > 0.2
    assert run("speak", "…", "-o", here / "nothing.wav") == Exit.USAGE
    assert not (here / "nothing.wav").exists()
    assert run("speak", "Hello.", "-o", here / "x.wav", "--voice", "nobody") == Exit.USAGE


def test_voices_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("voices", "--json") == Exit.OK
    assert "scripted-low" in [voice["id"] for voice in printed(capsys)]


def test_bench_talk_measures_each_stage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("bench", "talk", SPEECH, "--rounds", 2, "--json") == Exit.OK
    found = printed(capsys)
    assert found["turns"] == 2
    assert found["stages"]["total"]["p50"] <= found["stages"]["total"]["worst"]
    assert run("bench", "talk", SPEECH, "--rounds", 1, "--hands-free", "--output", "talk.json") == Exit.OK
    assert "answered" in capsys.readouterr().out
    answered = json.loads(Path("talk.json").read_text())["stages"]["answered"]["p50"]
    assert answered > 0.2  # no turn ends without silence


def test_settings_tell_where_each_value_came_from(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / ".env").write_text("KAIKOU_PASSWORD=not-for-eyes\n")
    assert run("settings", "--changed", "--json") == Exit.OK
    rows = {row["name"]: row for row in printed(capsys)["settings"]}
    assert rows["stt.engine"]["origin"] == "KAIKOU_STT__ENGINE in the environment"
    assert rows["password"]["origin"] == "KAIKOU_PASSWORD in .env line 1"
    assert "not-for-eyes" not in json.dumps(rows)
    assert run("settings", "--aliases") == Exit.OK
    assert "OPENROUTER_API_KEY" in capsys.readouterr().out
    monkeypatch.setenv("KAIKOU_PORT", "eight thousand")
    assert run("settings") == Exit.SETTINGS
    error = capsys.readouterr().err
    assert "KAIKOU_PORT" in error and "Traceback" not in error


def test_models_are_listed_and_found(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAIKOU_MODELS__FOLDER", str(here / "models"))
    assert run("models", "list", "--json") == Exit.OK
    models = {model["id"]: model for model in printed(capsys)}
    assert models["silero-vad"]["state"] == "missing"
    assert models["silero-vad"]["licence"]["weights"] == "MIT"
    assert run("models", "path") == Exit.OK
    assert capsys.readouterr().out.strip() == str(here / "models")
    assert run("models", "path", "silero-vad") == Exit.MODEL
    assert run("models", "path", "nobody") == Exit.USAGE
    (here / "usb").mkdir()
    assert run("models", "pull", "silero-vad", "--from", here / "usb") == Exit.MODEL
    assert "silero-vad" in capsys.readouterr().err


def test_doctor_looks_at_everything(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("doctor", "--json") == Exit.OK
    found = printed(capsys)
    assert found["ok"] is True
    engines = {one["what"]: one for one in found["findings"] if one["area"] == "engines"}
    assert set(engines) == {"vad", "turn", "stt", "llm", "tts"}
    assert "scripted" in engines["stt"]["detail"].lower()
    database = next(one for one in found["findings"] if one["area"] == "database")
    assert (database["verdict"], database["detail"]) == ("ok", "SQLite: vectors are compared in memory")

    monkeypatch.setenv("KAIKOU_MODELS__FOLDER", str(here / "models"))
    monkeypatch.setenv("KAIKOU_STT__ENGINE", "whisper")
    monkeypatch.setenv("KAIKOU_HOST", "0.0.0.0")
    assert run("doctor", "--json") == Exit.FAILURE
    broken = {one["what"]: one for one in printed(capsys)["findings"] if one["verdict"] == "failed"}
    assert {"stt", "guard"} <= set(broken)
    assert "KAIKOU_PASSWORD=" in broken["guard"]["hint"]
    assert not (here / "models").joinpath("whisper-base").exists()


def test_usage_errors_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("nonsense") == Exit.USAGE
    assert run("bench", "live", "--sessions", "many") == Exit.USAGE
    assert run("bench", "live", "--url", "http://127.0.0.1:9", "--seconds", 1) == Exit.FAILURE
    assert "No session could be opened" in capsys.readouterr().err
    assert run("--version") == Exit.OK
    assert capsys.readouterr().out.startswith("kaikou ")
    for command in (
        "serve",
        "talk",
        "transcribe",
        "speak",
        "voices",
        "settings",
        "doctor",
        "models",
        "bench",
    ):
        assert run(command, "--help") == Exit.OK
        assert "xamples:" in (text := capsys.readouterr().out) or "Commands:" in text, command


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom kaikou.cli import main\nmain(['--help'])\n"
        "heavy = {'numpy', 'fastapi', 'pydantic', 'sqlalchemy', 'httpx', 'rich.console', 'uvicorn'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "kaikou serve" in done.stdout
