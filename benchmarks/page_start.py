"""How long the page takes, on a slow processor, from its address to a call that can be begun.

  python benchmarks/page_start.py [--slower 4] [--visits 5] [--url URL] [--json FILE]

Chromium opens the page again and again with nothing in its cache, its processor slowed down (as browsers'
developer tools do it), once over an unhindered line and once over a slow one: 1.6 Mbit/s and 150 ms, what
Lighthouse takes for mobile. Counted from the navigation until "Start talking" is drawn and can be pressed.
Without ``--url`` a server with scripted engines is started for it: what its models do is not the page's time.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from soak import free_port, wait_ready

from kaikou.machine import about_machine

SLOW = {"latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 94_000}
"""A line, in milliseconds and bytes a second."""
SCRIPTED = {
    "KAIKOU_VAD__ENGINE": "energy",
    "KAIKOU_TURN__ENGINE": "none",
    **{f"KAIKOU_{kind}__ENGINE": "scripted" for kind in ("STT", "LLM", "TTS", "EMBEDDING")},
}
WATCH = """
window.shifted = 0; window.blocked = 0; window.pressable = null;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) window.shifted += one.value;
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) window.blocked += Math.max(0, one.duration - 50);
}).observe({ type: "longtask", buffered: true });
const look = () => {
  if (document.querySelector(".call-start .primary:enabled")) window.pressable = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
READ = """() => ({
  pressable: window.pressable,
  painted: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null,
  blocked: window.blocked,
  shifted: window.shifted,
  script_kb: performance.getEntriesByType("resource").filter((one) => one.name.endsWith(".js"))
    .reduce((sum, one) => sum + one.encodedBodySize, 0) / 1000,
})"""


@contextmanager
def scripted_server() -> Iterator[str]:
    """The address of a server whose models answer at once."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, "-m", "kaikou", "serve", "--port", str(port)],
            env=os.environ | SCRIPTED | {"KAIKOU_DATA_DIR": folder},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_ready(port, 120)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(30)


def visit(browser: Browser, url: str, slower: float, line: dict[str, int] | None) -> dict[str, float]:
    """One visit by somebody who was never here."""
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        tools = context.new_cdp_session(page)
        tools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        if line:
            tools.send("Network.enable")
            tools.send("Network.emulateNetworkConditions", {"offline": False, **line})
        page.add_init_script(WATCH)
        page.goto(url)
        page.wait_for_function("() => window.pressable !== null", timeout=120_000)
        page.wait_for_timeout(1500)  # what shifts or blocks after that counts, too
        found: dict[str, float] = page.evaluate(READ)
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--slower", type=float, default=4, help="how many times slower than this processor")
    parser.add_argument("--visits", type=int, default=5)
    parser.add_argument("--url", help="of a running server without a password")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    results: dict[str, list[dict[str, float]]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with nullcontext(given.url) if given.url else scripted_server() as url:
            visit(browser, url, 1, None)  # the first after a start warms the server and the browser
            for name, line in (("unhindered", None), ("slow", SLOW)):
                results[name] = [visit(browser, url, given.slower, line) for _ in range(given.visits)]
        browser.close()
    print(f"processor {given.slower:g} times slower, median (longest) of {given.visits} visits")
    for name, visits in results.items():
        told = {key: [one[key] for one in visits] for key in visits[0]}
        pressable, painted = told["pressable"], told["painted"]
        print(
            f"{name:>11} line: call can be begun after {statistics.median(pressable):.0f} "
            f"({max(pressable):.0f}) ms, first paint {statistics.median(painted):.0f} ms, "
            f"blocked {statistics.median(told['blocked']):.0f} ms, "
            f"layout shift {max(told['shifted']):.3f}, script {told['script_kb'][0]:.0f} kB"
        )
    if given.json:
        given.json.write_text(json.dumps({"visits": results, "machine": about_machine()}, indent=2) + "\n")


if __name__ == "__main__":
    main()
