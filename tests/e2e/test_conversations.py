"""The list of conversations: in the sidebar, and on a page of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from e2e.conftest import SCRIPTED, Open, Serve, Server, Visit, hold, running_server
from e2e.test_page import accessibility_problems
from playwright.sync_api import Locator, expect

from kaikou.settings.tree import Settings
from kaikou.store.database import Database
from kaikou.store.history import ItemWrite, put_conversation, put_items
from kaikou.store.records import ConversationRow, ItemRow, PartRow

pytestmark = pytest.mark.browser


def sidebar(visit: Visit) -> Locator:
    return visit.page.get_by_role("complementary")


def row(place: Locator, title: str) -> Locator:
    return place.get_by_role("listitem").filter(has_text=title)


def choose(visit: Visit, line: Locator, item: str) -> None:
    """An entry of a conversation's menu."""
    line.hover()
    line.get_by_role("button").click()
    visit.page.get_by_role("menuitem", name=item).click()


def test_the_sidebar_lists_searches_renames_deletes_and_brings_back(
    echo_server: Server, open_page: Open
) -> None:
    hold(echo_server, ["The harbour at dawn"])
    hold(echo_server, ["Recipes", "Boil the noodles for three minutes 面条煮三分钟"])
    visit = open_page(echo_server.url)
    side = sidebar(visit)
    expect(side.get_by_role("heading", name="Today")).to_be_visible()

    search = side.get_by_role("searchbox", name="Search conversations")
    search.fill("煮三")
    expect(side.locator("mark")).to_have_text("煮三")
    expect(row(side, "Recipes")).to_be_visible()
    expect(row(side, "harbour")).to_have_count(0)
    assert accessibility_problems(visit) == []
    visit.picture("sidebar-search")
    search.fill("no such words")
    expect(side.get_by_text("Nothing found for “no such words”")).to_be_visible()
    search.press("Escape")

    choose(visit, row(side, "harbour"), "Rename")
    title = side.get_by_label("Title of the conversation")
    expect(title).to_be_focused()
    title.press("Escape")
    expect(row(side, "harbour").get_by_role("link")).to_be_focused()
    choose(visit, row(side, "harbour"), "Rename")
    title.fill("Boats 小船")
    title.press("Enter")
    expect(row(side, "Boats 小船")).to_be_visible()

    row(side, "Boats 小船").get_by_role("link").click()
    visit.wait_lines("assistant", 1)
    head = visit.page.locator(".talk-head")
    expect(head.get_by_role("heading", level=1)).to_have_text("Boats 小船")
    choose(visit, head, "Rename")
    head.get_by_label("Title of the conversation").fill("Ships")
    head.get_by_label("Title of the conversation").press("Enter")
    expect(head.get_by_role("heading", level=1)).to_have_text("Ships")
    choose(visit, row(side, "Ships"), "Rename")
    title.fill("Boats 小船")
    title.press("Enter")
    expect(head.get_by_role("heading", level=1)).to_have_text("Boats 小船")
    choose(visit, row(side, "Boats 小船"), "Delete")
    expect(row(side, "Boats 小船")).to_have_count(0)
    expect(visit.page.locator(".agents")).to_be_visible()
    visit.picture("deleted")
    visit.page.get_by_role("button", name="Undo").click()
    expect(row(side, "Boats 小船")).to_be_visible()


def test_what_others_do_shows_by_itself(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    sidebar(visit).wait_for()
    identifier = hold(echo_server, ["Held by somebody else"])
    line = row(sidebar(visit), "Held by somebody else")
    line.wait_for()
    httpx.patch(f"{echo_server.url}/api/conversations/{identifier}", json={"title": "Renamed afar"})
    row(sidebar(visit), "Renamed afar").wait_for()


def test_a_conversation_is_saved_in_each_format(echo_server: Server, open_page: Open, tmp_path: Path) -> None:
    hold(echo_server, ["Keep: this?"])
    visit = open_page(echo_server.url)
    line = row(sidebar(visit), "Keep: this?")
    for name, file in (("JSON", "json"), ("Markdown", "md"), ("text", "txt")):
        with visit.page.expect_download() as download:
            choose(visit, line, f"Save as {name}")
        assert download.value.suggested_filename == f"Keep this.{file}"
        text = Path(download.value.path()).read_text(encoding="utf-8")
        assert "Keep: this?" in text
        if file == "json":
            assert len(json.loads(text)["items"]) >= 2


@pytest.fixture(scope="module")
def full_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with more conversations than a list shows at once, over several days."""
    folder = tmp_path_factory.mktemp("full")

    async def fill() -> None:
        database = await Database.open(Settings(data_dir=folder / "data"))
        async with database.write() as connection:
            for number in range(45):
                when = datetime.now(UTC) - timedelta(hours=2 * (45 - number))
                row = ConversationRow(f"conv_{number}", surface="chat", created_at=when, updated_at=when)
                await put_conversation(connection, row)
                said = PartRow(kind="text", text=f"Conversation {number}")
                item = ItemRow(f"item_{number}", role="user", parts=(said,), created_at=when)
                await put_items(connection, [ItemWrite(row.id, item)])
        await database.close()

    with ThreadPoolExecutor(1) as thread:  # the browsers' loop runs in this one
        thread.submit(asyncio.run, fill()).result()
    with running_server(folder, SCRIPTED) as server:
        yield server


@pytest.mark.parametrize(
    ("viewport", "locale"),
    [({"width": 1280, "height": 800}, "en-US"), ({"width": 360, "height": 700}, "zh-CN")],
    ids=["desktop", "phone-chinese"],
)
def test_the_page_of_all_conversations(
    full_server: Server, open_page: Open, viewport: dict[str, int], locale: str
) -> None:
    server = full_server
    visit = open_page(server.url, viewport=viewport, locale=locale)
    visit.page.goto(f"{server.url}/app/conversations")
    main = visit.page.get_by_role("main")
    rows = main.locator(".conversation")
    rows.first.wait_for()
    assert accessibility_problems(visit) == []
    assert visit.page.evaluate("() => document.documentElement.scrollWidth") <= viewport["width"]
    visit.picture(f"conversations-{viewport['width']}")
    visit.page.keyboard.press("End")
    rows.last.scroll_into_view_if_needed()
    expect(rows).to_have_count(45)

    first = main.locator(".conversation input[type=checkbox]")
    first.nth(0).check()
    first.nth(1).check()
    visit.picture(f"conversations-selected-{viewport['width']}")
    main.locator(".button.danger").click()
    expect(rows).to_have_count(43)
    visit.page.get_by_role("button", name="Undo").or_(visit.page.get_by_role("button", name="撤销")).click()
    expect(rows).to_have_count(45)

    main.get_by_role("searchbox").fill("conversation 44")
    expect(rows).to_have_count(1)
    expect(main.locator("mark").first).to_have_text("Conversation")


def test_an_empty_list_says_how_to_begin(serve: Serve, open_page: Open) -> None:
    server = serve()
    visit = open_page(server.url)
    visit.page.goto(f"{server.url}/app/conversations")
    visit.page.get_by_role("heading", name="No conversations yet").wait_for()
    assert accessibility_problems(visit) == []
    visit.picture("conversations-empty")
    visit.page.get_by_role("button", name="Begin one").click()
    visit.page.locator(".agents").wait_for()


def test_a_list_that_cannot_be_had_can_be_asked_for_again(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    refused = lambda route: route.fulfill(  # noqa: E731
        status=500, content_type="application/problem+json", body='{"code": "x", "detail": "It broke."}'
    )
    visit.page.route("**/api/conversations?*", refused)
    visit.page.reload()
    side = sidebar(visit)
    side.get_by_text("It broke.").wait_for()
    visit.page.wait_for_timeout(1500)  # the stream of changes has begun, and asked once more by itself
    visit.page.unroute("**/api/conversations?*")
    side.get_by_role("button", name="Try again").click()
    side.get_by_text("It broke.").wait_for(state="detached")
    visit.errors = [error for error in visit.errors if "500" not in error]
