"""A real server in a process of its own, and Chromium with a recording for a microphone."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from e2e.browsers import Browsers, new_page, open_browsers
from playwright.sync_api import ConsoleMessage, Page, TimeoutError
from ports import free_port
from websockets import Subprotocol
from websockets.sync.client import connect

from kaikou.audio.decoding import decode

ROOT = Path(__file__).parents[2]
SPEECH = ROOT / "tests" / "data" / "speech"
PICTURES = Path(os.environ.get("KAIKOU_TEST_PICTURES", "")) if "KAIKOU_TEST_PICTURES" in os.environ else None

SCRIPTED = {
    "KAIKOU_VAD__ENGINE": "energy",
    "KAIKOU_TURN__ENGINE": "none",
    "KAIKOU_STT__ENGINE": "scripted",
    "KAIKOU_LLM__ENGINE": "scripted",
    "KAIKOU_TTS__ENGINE": "scripted",
    "KAIKOU_EMBEDDING__ENGINE": "scripted",
}

HEARD = "We will have to agree to disagree."
"""What the echo server's recogniser hears, whatever is said."""


@dataclass
class Server:
    """A running ``kaikou serve``."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_ready(self, seconds: float) -> None:
        """Until calls are taken; fails with the server's log where they never are."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/ready", timeout=5).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.2)
        pytest.fail(f"the server is not ready:\n{self.log.read_text()[-4000:]}")


@contextmanager
def running_server(
    folder: Path, settings: Mapping[str, str], *, ready_within: float = 60
) -> Iterator[Server]:
    """``kaikou serve`` on a free port with these settings in its environment, stopped at the end."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KAIKOU_")}
    models = {name: value for name, value in os.environ.items() if name.startswith("KAIKOU_MODELS__")}
    environment = {
        **kept,
        **models,
        **settings,
        "KAIKOU_PORT": str(port),
        "KAIKOU_DATA_DIR": str(folder / "data"),
    }
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "kaikou", "serve"],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=output,
        )
    server = Server(port, process, log)
    try:
        if ready_within:
            server.wait_ready(ready_within)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(60)  # of a busy machine
        except subprocess.TimeoutExpired:
            process.kill()
            pytest.fail("the server did not stop when it was told to")


@pytest.fixture(scope="session", autouse=True)
def built_page() -> None:
    """The page as it is in the source tree, not as it was at the last install."""
    subprocess.run([sys.executable, ROOT / "scripts" / "page.py"], check=True, stdout=sys.stderr)


@pytest.fixture(scope="session")
def echo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Scripted engines: hears the same sentence each time, and says what the user said last."""
    settings = {
        "KAIKOU_STT__SCRIPTED__TRANSCRIPTS": HEARD,
        "KAIKOU_LLM__SCRIPTED__ECHO": "true",
        "KAIKOU_TTS__SCRIPTED__SECONDS_PER_UNIT": "0.15",
        "KAIKOU_LLM__MAX_TOKENS": "4000",  # a minute and more of them: long enough to be stopped
        # A machine that is busy with other tests turns nobody away.
        "KAIKOU_LIVE__ADMISSION_WAIT": "20",
    }
    with running_server(tmp_path_factory.mktemp("echo"), {**SCRIPTED, **settings}) as server:
        yield server


def hold(server: Server, messages: list[str], agent: str | None = None) -> str:
    """Hold a written conversation with the server, as another client would; its id."""
    identifier = None
    with connect(f"ws://127.0.0.1:{server.port}/chat", subprotocols=[Subprotocol("kaikou.chat.v1")]) as line:
        for text in messages:
            frame = {"v": 1, "type": "user_message", "text": text, "agent": agent}
            line.send(json.dumps({**frame, "conversation_id": identifier}))
            while (answer := json.loads(line.recv(timeout=30)))["type"] != "reply_done":
                assert answer["type"] != "error", answer
            identifier = answer["conversation_id"]
    assert identifier is not None
    return str(identifier)


Serve = Callable[..., Server]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a server of the test's own. Ask for it before ``open_page``: the page then closes first."""
    with ExitStack() as running:
        yield lambda **settings: running.enter_context(running_server(tmp_path, {**SCRIPTED, **settings}))


@dataclass
class Visit:
    """One open page, and what went wrong on it."""

    page: Page
    errors: list[str] = field(default_factory=list)

    def status(self) -> str:
        return self.page.get_by_role("status").inner_text()

    def wait_status(self, *wanted: str, seconds: float = 60) -> None:
        """Until the status line says one of ``wanted``."""
        try:
            self.page.wait_for_function(
                "wanted => wanted.includes(document.querySelector('[role=status]').innerText)",
                arg=list(wanted),
                timeout=seconds * 1000,
            )
        except TimeoutError:
            pytest.fail(f"waited for {wanted}, the page says:\n{self.page.inner_text('main')}")

    def lines(self, role: str) -> list[str]:
        """What was said by ``user`` or ``assistant``, as the captions show it when it is final."""
        return self.page.locator(f".line.{role}:not(.hearing) .words").all_inner_texts()

    def wait_lines(self, role: str, count: int, seconds: float = 60) -> list[str]:
        """The lines of ``role`` once there are so many, all of one moment: an address that follows the
        conversation draws the page anew."""
        try:
            found = self.page.wait_for_function(
                """([role, count]) => {
                    const lines = [...document.querySelectorAll(`.line.${role}:not(.hearing) .words`)];
                    return lines.length >= count && lines.map((line) => line.innerText);
                }""",
                arg=[role, count],
                timeout=seconds * 1000,
            )
        except TimeoutError:
            said = self.page.inner_text("main")
            pytest.fail(f"waited for {count} lines of {role}, the page says:\n{said}")
        lines: list[str] = found.json_value()
        return lines

    def write(self, text: str) -> None:
        """Write a message and send it, as a person does who sees when it can be sent."""
        field = self.page.locator(".composer textarea")
        sendable = self.page.locator(".composer .send:enabled")
        for _ in range(10):
            field.fill(text)
            try:
                sendable.wait_for(timeout=3000)
            except TimeoutError:  # the page was drawn anew, without what was filled in
                continue
            field.press("Enter")
            return
        pytest.fail(f"nothing can be sent, the page says:\n{self.page.inner_text('main')}")

    def picture(self, name: str) -> None:
        """Kept where KAIKOU_TEST_PICTURES names a folder, for people to look at."""
        if PICTURES is not None:
            PICTURES.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=PICTURES / f"{name}.png")


Open = Callable[..., Visit]


@pytest.fixture(scope="module")
def browsers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browsers]:
    """Of a module and no longer: while Playwright runs, this thread can run no loop of asyncio's."""
    with open_browsers(silence(tmp_path_factory.mktemp("microphone"))) as opened:
        yield opened


@pytest.fixture
def open_page(browsers: Browsers) -> Iterator[Open]:
    """Open the page in Chromium. ``microphone`` is a WAV played in as the user's voice, again and
    again; the page's messages to the console are collected, and errors fail the test. ``preferences``
    are those of ``frontend/src/call/preferences.ts`` that an earlier visit has kept."""
    visits: list[Visit] = []

    def open_it(
        url: str,
        *,
        microphone: Path | None = None,
        errors_expected: bool = False,
        preferences: Mapping[str, object] | None = None,
        **context: Any,
    ) -> Visit:
        visit = Visit(new_page(browsers.hearing(microphone), **context))
        if preferences:
            visit.page.add_init_script(remember(preferences))
        if not errors_expected:
            visits.append(visit)
        listen(visit)
        visit.page.goto(f"{url}/?processing=off")
        return visit

    try:
        yield open_it
    finally:
        browsers.leave()
    assert [error for visit in visits for error in visit.errors] == []


def remember(preferences: Mapping[str, object]) -> str:
    """Script that gives the page what an earlier visit has kept of a call's preferences."""
    kept = json.dumps(json.dumps(preferences))
    # about:blank, where a page goes in the end, has no storage.
    return f'if (location.protocol !== "about:") localStorage["kaikou.call"] ??= {kept};'


def listen(visit: Visit) -> None:
    def console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            visit.errors.append(f"{message.type}: {message.text}")

    visit.page.on("console", console)
    visit.page.on("pageerror", lambda error: visit.errors.append(f"exception: {error}"))


# -- recordings -------------------------------------------------------------------------------------

RATE = 16_000


def silence(folder: Path) -> Path:
    return write_wav(folder / "silence.wav", np.zeros(RATE * 2, np.float32))


def recording(folder: Path, name: str, *, before: float = 1.0, after: float = 3.0) -> Path:
    """A recording of ``tests/data/speech`` as a WAV with silence around it, in seconds. Chromium
    plays the file from the moment the microphone opens, so that without silence words are cut."""
    speech = decode(SPEECH / name, RATE).samples.astype(np.float32)
    padded = np.pad(speech, (int(before * RATE), int(after * RATE)))
    return write_wav(folder / f"{Path(name).stem}.wav", padded)


def write_wav(path: Path, samples: np.ndarray[Any, np.dtype[np.float32]]) -> Path:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    path.write_bytes(buffer.getvalue())
    return path
