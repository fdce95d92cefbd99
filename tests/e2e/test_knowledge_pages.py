"""Knowledge and memory in the page: documents sent, found and thrown away; memories written and erased."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from e2e.conftest import Open, Serve, Server, recording
from e2e.test_page import PHONE, accessibility_problems, too_wide
from playwright.sync_api import FilePayload, expect

pytestmark = pytest.mark.browser

KETTLE = "# Kettle\n\n## Care\nDescale the kettle with vinegar once a month.\n\n## Warranty\nTwo years.\n"


def document(name: str, text: str | bytes, kind: str = "text/markdown") -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": text.encode() if isinstance(text, str) else text}


def test_documents_are_sent_found_and_brought_back(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url, errors_expected=True)  # a refused file is an error to the console
    page = visit.page
    page.get_by_role("link", name="Knowledge").click()
    page.get_by_role("heading", name="Give your agents something to know").wait_for()
    assert accessibility_problems(visit) == []
    visit.picture("knowledge-empty-en-desktop")
    page.get_by_role("button", name="New knowledge base").click()
    page.get_by_role("textbox", name="Name").fill("Household")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Household").wait_for()
    page.get_by_label("Choose files").set_input_files(
        [
            document("kettle.md", KETTLE),
            document("notes.txt", "The spare key lies under the third stone.", "text/plain"),
            document("photo.zip", b"PK\x03\x04 nothing of ours", "application/zip"),
        ]
    )
    ready = page.locator(".document").filter(has_text="Ready")
    expect(ready).to_have_count(2)
    refused = page.locator(".document").filter(has_text="photo.zip")
    expect(refused).to_contain_text("Known are txt, md, html, epub, docx and pdf.")
    assert accessibility_problems(visit) == []
    visit.picture("documents-en-desktop")
    refused.get_by_role("button", name="Stop photo.zip").click()
    expect(refused).to_have_count(0)
    page.get_by_role("tab", name="Try a question").click()
    page.get_by_role("textbox", name="Question").fill("How do I descale the kettle?")
    page.get_by_role("button", name="Look it up").click()
    first = page.locator(".found").first
    expect(first).to_contain_text("Kettle › Care")
    expect(first.locator("mark").first).to_have_text("Descale")
    assert accessibility_problems(visit) == []
    visit.picture("knowledge-answers-en-desktop")
    page.get_by_role("tab", name="Documents").click()
    kettle = page.locator(".document").filter(has_text="kettle.md")
    kettle.get_by_role("button", name="More about Kettle").click()
    page.get_by_role("menuitem", name="Show its passages").click()
    expect(page.get_by_role("dialog")).to_contain_text("Descale the kettle")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    kettle.get_by_role("button", name="More about Kettle").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(kettle).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(kettle).to_have_count(1)

    page.goto(f"{echo_server.url}/app/agents/partner?tab=knowledge")
    page.get_by_label("Household").check()
    visit.picture("agent-knowledge-en-desktop")
    page.get_by_role("button", name="Save").click()
    page.goto(f"{echo_server.url}/app/knowledge")
    expect(page.locator(".base-card")).to_contain_text("Used by")
    visit.picture("knowledge-en-desktop")
    httpx.delete(f"{echo_server.url}/api/agents/partner").raise_for_status()  # as it came


def test_memories_are_written_corrected_and_erased_on_a_phone(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url, locale="zh-CN", viewport=PHONE)
    page = visit.page
    page.goto(f"{echo_server.url}/app/agents/xiaokai?tab=memory")
    page.get_by_label("长期事实").check()
    assert too_wide(visit) == []
    assert accessibility_problems(visit) == []
    visit.picture("agent-memory-zh-phone")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".toast")).to_contain_text("已保存")
    page.get_by_role("link", name="查看它记住的内容").click()
    page.get_by_role("heading", name="没有这样的记忆").wait_for()
    page.get_by_role("button", name="写入一条").click()
    page.get_by_label("要记住的内容").fill("她叫小林，住在杭州。")
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    row = page.locator(".memory-row")
    expect(row).to_contain_text("她叫小林，住在杭州。")
    row.get_by_role("button", name="修改").click()
    page.get_by_label("要记住的内容").fill("她叫小林，住在苏州。")
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    expect(row).to_contain_text("苏州")
    assert too_wide(visit) == []
    assert accessibility_problems(visit) == []
    visit.picture("memory-zh-phone")
    page.get_by_role("button", name="清除这些（1）").click()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="撤销").click()
    expect(row).to_have_count(1)
    page.goto(f"{echo_server.url}/app/knowledge")
    assert too_wide(visit) == []
    assert accessibility_problems(visit) == []
    visit.picture("knowledge-zh-phone")
    httpx.delete(f"{echo_server.url}/api/agents/xiaokai").raise_for_status()  # as it came


def test_a_voice_is_enrolled_with_consent_and_recognised(
    serve: Serve, open_page: Open, tmp_path: Path
) -> None:
    server = serve(
        KAIKOU_SPEAKER__ENABLED="true", KAIKOU_SPEAKER__ENGINE="scripted", KAIKOU_SPEAKER__NEEDED="1"
    )
    microphone = recording(tmp_path, "en_agree_to_disagree.opus", before=0.5, after=0.5)
    visit = open_page(server.url, microphone=microphone)
    page = visit.page
    page.get_by_role("link", name="Memory").click()
    page.get_by_role("tab", name="Voices of people").click()
    page.get_by_role("button", name="Add a person").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Ann")
    expect(dialog.get_by_role("button", name="I agree")).to_be_disabled()
    dialog.get_by_role("checkbox").check()
    assert accessibility_problems(visit) == []
    visit.picture("speaker-consent-en-desktop")
    dialog.get_by_role("button", name="I agree").click()
    dialog.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_timeout(4_000)  # of speech from the microphone
    dialog.get_by_role("button", name="Stop and use it").click()
    expect(dialog).to_contain_text("Ann is recognised from now on.")
    assert accessibility_problems(visit) == []
    visit.picture("speaker-enrolled-en-desktop")
    assert page.evaluate("() => window.microphones.every((one) => one.readyState === 'ended')")
    dialog.get_by_role("button", name="Close").click()
    row = page.locator(".person")
    expect(row).to_contain_text("Is recognised")
    visit.picture("speakers-en-desktop")
    row.get_by_role("button", name="More about Ann").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
