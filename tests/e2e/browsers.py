"""Chromium for a module's tests: one that hears silence for all of them, and more where a test speaks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

PATIENCE = 60_000
"""Milliseconds any step may take: a bound that only ends a test that would hang."""
expect.set_options(timeout=PATIENCE)

# Keeps every microphone the page was given, so that a test can ask whether it is closed.
WATCH_MICROPHONES = """
window.microphones = [];
const devices = navigator.mediaDevices;
if (devices) {
  const ask = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wanted) => {
    const stream = await ask(wanted);
    window.microphones.push(...stream.getTracks());
    return stream;
  };
}
"""


def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "these tests need Chromium: apt-get install chromium"
    return found


# Chromium heeds only one list, so Playwright's own is in it. Each window would load two pages behind its
# address bar, which nobody sees, and which take longer than ours.
UNUSED = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"),
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding"),
    *("ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints"),
    *("NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch"),
)


class Browsers:
    """Starts Chromium. A start takes as long as many a test, and what its microphone plays is fixed then:
    who plays ``silence`` shares one, and everybody gets a context, with a storage, of its own."""

    def __init__(self, playwright: Playwright, silence: Path) -> None:
        self._playwright = playwright
        self._silence = silence
        self._shared: Browser | None = None
        self._own: list[Browser] = []

    def hearing(self, microphone: Path | None) -> Browser:
        """A browser whose microphone plays this WAV again and again, from the moment it opens."""
        if microphone is not None:
            self._own.append(self._started(microphone))
            return self._own[-1]
        if self._shared is None or not self._shared.is_connected():
            self._shared = self._started(self._silence)
        return self._shared

    def leave(self) -> None:
        """Close all pages as a person does: calls end."""
        for browser in (*self._own, *([self._shared] if self._shared else [])):
            for context in browser.contexts:
                for page in context.pages:
                    page.goto("about:blank")
                context.close()
        while self._own:
            self._own.pop().close()

    def _started(self, microphone: Path) -> Browser:
        arguments = [
            "--no-sandbox",
            f"--disable-features={','.join(UNUSED)}",
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={microphone}",
            "--autoplay-policy=user-gesture-required",
        ]
        return self._playwright.chromium.launch(executable_path=chromium(), args=arguments)


@contextmanager
def open_browsers(silence: Path) -> Iterator[Browsers]:
    """``silence`` is what the shared browser's microphone plays."""
    with sync_playwright() as playwright:
        yield Browsers(playwright, silence)


def new_page(browser: Browser, **context: Any) -> Page:
    opened = browser.new_context(**{"locale": "en-US", **context})
    opened.set_default_timeout(PATIENCE)
    opened.add_init_script(WATCH_MICROPHONES)
    return opened.new_page()
