"""The settings page: another model is tried, chosen and given back; downloads; every setting."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from e2e.conftest import SCRIPTED, Open, Server, running_server
from e2e.test_page import PHONE, accessibility_problems
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

KEY = "right-key"
LOADED = 300
"""Seconds within which the default model is there, beside everything else that runs."""


class Chat(BaseHTTPRequestHandler):
    """The OpenAI API of a language model that always says the same, to those who have the key."""

    def do_GET(self) -> None:
        self._answer({"object": "list", "data": [{"id": "orca-7b", "object": "model"}]})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        chunk = {
            "id": "1",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": "orca-7b",
            "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Quite so."}}],
        }
        end = {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        events = "".join(f"data: {json.dumps(one)}\n\n" for one in (chunk, end)) + "data: [DONE]\n\n"
        self._answer(events)

    def _answer(self, body: object) -> None:
        allowed = self.headers.get("authorization") == f"Bearer {KEY}"
        if not allowed:
            body = {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(200 if allowed else 401)
        self.send_header("content-type", "text/event-stream" if isinstance(body, str) else "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def language_model() -> Iterator[str]:
    """Such a server on a free port; its base address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Chat)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()


@pytest.fixture
def open_choice(tmp_path: Path) -> Iterator[Server]:
    """A server whose language model the page may choose: nothing in its environment does."""
    settings = {name: value for name, value in SCRIPTED.items() if name != "KAIKOU_LLM__ENGINE"}
    with running_server(tmp_path, settings, ready_within=LOADED) as server:
        yield server


@pytest.mark.models
@pytest.mark.timeout(900)
def test_a_language_model_is_tried_chosen_and_given_back(open_choice: Server, open_page: Open) -> None:
    with language_model() as address:
        visit = open_page(open_choice.url)
        page = visit.page
        page.goto(f"{open_choice.url}/app/settings")
        card = page.locator(".provider").filter(has_text="Thinking")
        card.get_by_role("button", name="Change").click()
        dialog = page.get_by_role("dialog")
        dialog.locator(".engine").filter(has_text="Any OpenAI-compatible address").click()
        dialog.get_by_role("textbox", name="Address").fill(address)
        dialog.get_by_label("API key").fill("wrong-key")
        dialog.get_by_role("button", name="Test").click()
        expect(dialog.locator(".notice.bad")).to_be_visible()
        visit.picture("provider-refused-en")
        dialog.get_by_label("API key").fill(KEY)
        dialog.get_by_label("Model").fill("orca-7b")
        dialog.get_by_role("button", name="Test").click()
        expect(dialog.locator(".outcome")).to_contain_text("Quite so.")
        expect(dialog.locator(".badge.good")).to_contain_text("ms")
        assert accessibility_problems(visit) == []
        visit.picture("provider-works-en")
        dialog.get_by_role("button", name="Save").click()
        expect(card).to_contain_text("orca-7b")
        expect(card).to_contain_text("OpenAI-compatible server")
        assert KEY not in page.content()

        page.get_by_role("link", name="New conversation").or_(
            page.get_by_role("button", name="New conversation")
        ).first.click()
        page.get_by_label("Write a message").fill("Is it?")
        page.get_by_label("Write a message").press("Enter")
        page.get_by_text("Quite so.").first.wait_for()

        page.goto(f"{open_choice.url}/app/settings")
        card.get_by_role("button", name="Back to the default").click()
        expect(card).not_to_contain_text("orca-7b", timeout=LOADED * 1000)


def test_what_the_operator_set_is_locked_and_listed(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url, locale="zh-CN", color_scheme="dark", viewport=PHONE)
    page = visit.page
    page.goto(f"{echo_server.url}/app/settings")
    card = page.locator(".provider").filter(has_text="听懂语音")
    expect(card).to_contain_text("由管理员设定")
    expect(card.get_by_role("button", name="更换")).to_be_disabled()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    assert accessibility_problems(visit) == []
    visit.picture("settings-zh-phone")
    page.get_by_role("tab", name="全部设置").click()
    page.get_by_label("查找设置").fill("stt.engine")
    expect(page.locator(".setting").first).to_contain_text("KAIKOU_STT__ENGINE")
    assert accessibility_problems(visit) == []
    page.get_by_role("tab", name="下载").click()
    expect(page.locator(".model").first).to_be_visible()
    assert accessibility_problems(visit) == []
    visit.picture("downloads-zh-phone")
