"""Devices in the page: bound by code, live, spoken to, their tools used, unbound and brought back."""

from __future__ import annotations

import re

import pytest
from e2e.conftest import Open, Server
from e2e.device import SimulatedDevice
from e2e.test_page import PHONE, accessibility_problems, too_wide
from playwright.sync_api import FilePayload, expect

pytestmark = pytest.mark.browser


def test_a_device_is_bound_used_and_unbound(echo_server: Server, open_page: Open) -> None:
    device = SimulatedDevice(echo_server.url)
    visit = open_page(echo_server.url)
    page = visit.page
    page.get_by_role("link", name="Devices").click()
    page.get_by_role("heading", name="Connect your first device").wait_for()
    expect(page.locator(".ota").first).to_contain_text("/xiaozhi/ota/")
    assert accessibility_problems(visit) == []
    visit.picture("devices-empty-en-desktop")

    code = device.code  # it has called in: the page knows that it waits, and not its code
    expect(page.get_by_text("is showing its code")).to_be_visible()
    assert code not in page.content()
    page.get_by_role("button", name="Type the code").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Code on the device").fill(f"{code[:3]} {code[3:]}")
    dialog.get_by_label("Name").fill("Kitchen")
    assert accessibility_problems(visit) == []
    visit.picture("device-bind-en-desktop")
    dialog.get_by_role("button", name="Bind").click()
    page.get_by_role("heading", name="Kitchen", exact=True).wait_for()
    expect(page.locator(".device-state")).to_contain_text("Not connected")
    expect(page.get_by_role("button", name="Say it")).to_be_disabled()

    with device.connected():
        expect(page.locator(".device-state")).to_contain_text("Connected")
        expect(page.locator(".device-state")).to_contain_text("72 %")
        page.get_by_label("Send a message").fill("Dinner is ready!")
        page.get_by_role("button", name="Say it").click()
        page.get_by_text("Kitchen says it.").first.wait_for()
        assert accessibility_problems(visit) == []
        visit.picture("device-en-desktop")
        page.get_by_role("tab", name="What it can do").click()
        page.get_by_role("button", name=re.compile("^Try.*set_volume$")).click()
        trial = page.get_by_role("dialog")
        trial.get_by_label("volume").fill("140")
        trial.get_by_role("button", name="Call it").click()
        expect(trial.locator(".field-error")).to_contain_text("0 to 100")
        trial.get_by_label("volume").fill("25")
        trial.get_by_role("button", name="Call it").click()
        expect(trial.locator(".trial-result")).to_contain_text("It worked")
        assert device.volume == 25
        assert accessibility_problems(visit) == []
        visit.picture("device-tool-en-desktop")
        trial.get_by_role("button", name="Close").click()
    assert any(one.get("text") == "Dinner is ready!" for one in device.told("tts"))
    expect(page.locator(".device-state")).to_contain_text("Not connected")
    expect(page.locator(".device-state")).to_contain_text("72 %")

    page.get_by_role("tab", name="Overview").click()
    page.get_by_role("button", name="Unbind").click()
    page.get_by_role("heading", name="Connect your first device").wait_for()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".device-card")).to_contain_text("Kitchen")
    visit.picture("devices-en-desktop")


def test_devices_on_a_phone_in_chinese(echo_server: Server, open_page: Open) -> None:
    device = SimulatedDevice(echo_server.url, mac="aa:bb:cc:dd:ee:02", battery=12)
    visit = open_page(echo_server.url, locale="zh-CN", color_scheme="dark", viewport=PHONE)
    page = visit.page
    page.get_by_role("button", name="菜单").click()
    visit.picture("menu-zh-phone")
    page.get_by_role("link", name="设备").click()
    page.get_by_role("button", name="绑定设备").click()
    page.get_by_label("设备上的验证码").fill(device.code)
    page.get_by_role("dialog").get_by_role("button", name="绑定").click()
    expect(page.locator(".device-state")).to_contain_text("未连接")  # who connects unbound stays so
    with device.connected():
        expect(page.locator(".device-state")).to_contain_text("已连接")
        expect(page.locator(".device-state")).to_contain_text("12 %")
        assert too_wide(visit) == []
        assert accessibility_problems(visit) == []
        visit.picture("device-zh-phone")
        page.get_by_label("名称").fill("书房")
        page.get_by_role("button", name="保存").click()
        expect(page.get_by_role("heading", name="书房")).to_be_visible()
        page.get_by_role("tab", name="能做什么").click()
        page.get_by_text("self_get_device_status", exact=True).wait_for()
        assert too_wide(visit) == []
        visit.picture("device-tools-zh-phone")
        page.get_by_role("link", name="全部设备").click()
        expect(page.locator(".device-card").filter(has_text="书房")).to_contain_text("已连接")
        assert too_wide(visit) == []
        assert accessibility_problems(visit) == []
        visit.picture("devices-zh-phone")
    page.get_by_role("tab", name="固件").click()
    image: FilePayload = {
        "name": "v1.9.0_bread.bin",
        "mimeType": "application/octet-stream",
        "buffer": b"\xe9" + bytes(9000),
    }
    page.get_by_label("镜像文件").set_input_files(image)
    expect(page.get_by_label("版本")).to_have_value("1.9.0")
    page.get_by_label("板型").fill("bread-compact")
    page.get_by_role("button", name="上传").click()
    expect(page.locator(".tool-row")).to_contain_text("bread-compact 1.9.0")
    assert too_wide(visit) == []
    assert accessibility_problems(visit) == []
    visit.picture("firmware-zh-phone")
    page.get_by_role("tab", name="提醒").click()
    page.get_by_role("button", name="新提醒").click()
    page.get_by_label("内容").fill("关火")
    page.get_by_label("什么时候").fill("每天早上七点半")
    expect(page.get_by_role("dialog")).to_contain_text("也就是：每天 07:30")
    page.get_by_label("在哪里").select_option("书房")
    assert accessibility_problems(visit) == []
    visit.picture("reminder-zh-phone")
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    row = page.locator(".tool-row").filter(has_text="关火")
    expect(row).to_contain_text("每天 07:30 · 书房")
    assert too_wide(visit) == []
    assert accessibility_problems(visit) == []
    visit.picture("reminders-zh-phone")
    row.get_by_role("button", name="取消关火").click()
    expect(row).to_have_count(0)
    page.locator(".toast").get_by_role("button", name="撤销").click()
    expect(row).to_have_count(1)
