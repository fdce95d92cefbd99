"""What a tool that failed says to a listener, where no model that is good at it puts it into words."""

from __future__ import annotations

from kaikou.errors import KaikouError

_SAID: dict[str, tuple[str, str]] = {
    "tool_service_failed": (
        "抱歉，我连不上网络服务，可能没有联网。",
        "I'm sorry, I can't reach that service; there may be no internet connection.",
    ),
    "place_missing": ("您想问哪个城市？", "Which city do you mean?"),
    "place_not_found": ("抱歉，我没找到这个地方。", "I'm sorry, I don't know that place."),
    "unknown_zone": ("抱歉，我不知道那里的时间。", "I'm sorry, I don't know the time there."),
    "time_missing": ("什么时候提醒您？", "When shall I remind you?"),
    "time_not_understood": ("什么时候提醒您？请说出时间。", "When shall I remind you? Please say a time."),
    "time_vague": ("过多少分钟提醒您？", "In how many minutes?"),
    "time_is_past": ("这个时间已经过了。", "That time is past."),
    "too_many_reminders": ("提醒已经太多了。", "There are too many reminders already."),
    "reminder_ambiguous": ("有好几个提醒，您说的是哪一个？", "There are several. Which one do you mean?"),
    "no_volume": (
        "这里调不了音量，请在设备上调。",
        "I can't set the volume here; please set it on your side.",
    ),
    "no_music": ("抱歉，没有找到这首歌。", "I'm sorry, I found no such song."),
    "no_sound": ("现在是文字聊天，放不了声音。", "This chat is written: I can't play anything here."),
    "agent_not_found": ("抱歉，没有这个角色。", "I'm sorry, there is nobody of that name."),
    "no_other_agent": ("这里不能换角色。", "I can't hand over to somebody else here."),
    "device_not_found": ("抱歉，没有找到这个设备。", "I'm sorry, I found no such device."),
    "device_ambiguous": (
        "有好几个这样的设备，您说的是哪一个？",
        "Several devices are called that. Which one?",
    ),
    "device_offline": ("那个设备现在不在线。", "That device is not connected."),
}
"""Chinese and English, by the error's code."""


def not_set_up(*, chinese: bool) -> str:
    """Of a tool that is asked for before it has the key, the folder or the address that it needs."""
    if chinese:
        return "这个功能还没有设置好，请先在工具页面里设置。"
    return "That isn't set up here yet. The tools page says what it needs."


def refusal(error: KaikouError, *, chinese: bool) -> str:
    """One sentence; empty where there is none for it."""
    said = _SAID.get(error.code)
    return "" if said is None else said[0 if chinese else 1]
