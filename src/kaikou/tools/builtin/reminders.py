"""Reminders and timers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kaikou.tools.builtin import speaking
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.builtin.sentences import SAID
from kaikou.tools.builtin.when_said import DAY, TIME
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import Caller, Outcome, Reminder, Rhythm, speaks_chinese

SPOKEN = 5
"""Reminders that are read out where no model chooses among them."""
REMIND = (
    "remind (me|us) {what}",
    "{time} (remind|tell) (me|us) (to|that|about|of) {*}",
    "(a|an|another) (reminder|alarm|timer|alarm clock) (for|at|in|on|every) {time}",
    "(i need|i want|give me|set|set me|make|make me|create|add|schedule|put in|start|set up|i'd like) "
    "[a|an|another|the|my|a new] [kitchen|egg] (reminder|alarm|timer|alarm clock) [{*}] {time} [{*}]",
    "(set|start|make|create|i need|i want|i'd like|give me|get) [a|an] {time} (timer|alarm|reminder"
    "|countdown) [{*}]",
    "(set|set up|start|make|create|schedule) (a|an|another|a new) (timer|alarm|reminder)",
    "(timer|alarm|countdown) [for|at] {time}",
    "{time} (timer|alarm|countdown)",
    "(alert me|let me know|call me) {time}",
    "(count|start counting|start a countdown) [down] [from|for] {time}",
    "tell me when {time} (are up|is up|have passed|are over)",
    "wake (me|us) [up] [{*}] {time}",
    "get (me|us) up [{*}] {time}",
    "(don't|do not) let me forget (to|about|that) {*}",
    "[{time}]{tell}我{time}[{*}]",
    "{time}{tell}[一下](我|我们|咱们){*}",
    "{tell}(我|我们)[{*}]{time}[{*}]",
    "[{time}](设|设置|设定|定|订|上|开|来|加|建|弄|新建|添加)[一下]{one}{time}[的](闹钟|提醒|计时器|倒计时|定时器|闹铃)[{*}]",
    "(设|设置|设定|定|订|上|开|来|加|建|弄|新建|添加){one}(闹钟|提醒|计时器|倒计时|定时器|闹铃)[{time}][{*}]",
    "{time}[的](闹钟|提醒|计时|倒计时|闹铃)",
    "(计时|倒计时|定时){time}",
    "{time}[{*}](记得|别忘了){tell}我{*}",
    "[{time}](别让我忘了|别忘了提醒我){*}",
)
LISTED = (
    "(what|which) (reminders|alarms|timers) (do i have|have i got|have i set|are set|are there|are on) "
    "[{when}]",
    "(what|which) [of my] (reminders|alarms|timers) (are|do i have) (set|active|pending|left|coming up) "
    "[{when}]",
    "(list|show|read|tell|give) [me] [all] [of] (my|the) (reminders|alarms|timers|reminder list|list of "
    "reminders)",
    "(what's|what is|what are|what was|what are on) [on] [my|the] (reminders|reminder list|list of "
    "reminders|alarms)",
    "(do i have|have i got|are there|have i set) [any] (reminders|alarms|timers|reminder|alarm) [set] "
    "[for] [{when}]",
    "(do i|do i still|have i) (have|got) [any|some] (reminders|alarms|timers|reminder|alarm|timer) "
    "[left|set|still|waiting|now]",
    "how many (reminders|alarms|timers) (do i have|are there|have i got|are set) [left|now]",
    "[那|现在]我[现在|目前]{still}(提醒|闹钟|定时|计时器)[了|没有|没]",
    "(what|what's) did i (set|want) [as] reminders [for]",
    "[看看|看|查|查看|念|读|说|列|告诉我|我想知道]{a}[我][都|还|一共|现在|{when}]{there}"
    "{which}(提醒|闹钟|提醒事项|定时|闹铃|待办提醒)[{when}]",
    "(提醒|闹钟|提醒事项)(列表|有哪些|有什么|都有什么|都有哪些|有几个)",
    "{when}[我][都]有{which}(提醒|闹钟|提醒事项)[要做]",
)
CANCELLED = (
    "{cancel} (all|all of|every) [of] [my|the] [other] (reminders|alarms|timers|reminder|alarm|timer)",
    "{cancel} (the|my|that|this) [next|last] (reminder|alarm|timer)",
    "{cancel} (the|my|that|this) (reminder|alarm|timer) (about|for|to|at|of|that) {which}",
    "{cancel} (the|my|that|this) {which} (reminder|alarm|timer)",
    "[把]{gone}(所有|全部|全部的|所有的|我的所有|一切)[的]{sort}",
    "[把][我的](所有|全部|全部的|所有的|我所有|我全部)[的]{sort}[都|全|全都]{gone}[了|掉]",
    "[把][我的|那个|这个|刚才的|刚才那个|刚刚的]{sort}[都|给我]{gone}[了|掉]",
    "{gone}[我的|那个|这个|刚才的|刚才那个]{sort}",
    "{gone}[我的|那个|这个|关于]{which}[的|那个|这个|的那个]{sort}",
    "[把][我的|那个|这个|关于]{which}[的|那个|这个|的那个]{sort}[给我]{gone}[了|掉]",
)
PLACES = {
    "what": r"(?!of\b|why\b|what\b|which\b|when\b|who\b|how\b|where\b)\S.{0,119}?",
    "time": TIME,
    "when": DAY,
    "one": "(?:一个|个|一下|一)?",
    "tell": "(?:(?:请|记得|到时候?|要|再)*(?:提醒|叫醒|叫|喊|通知|提示|告诉))",
    "a": "(?:一下|一看|一念|出|出来|看|念)?",
    "still": "(?:还|都|是不是还|是不是)?(?:有没有|有|剩|剩下)(?:什么|别的|几个|多少|其他)?",
    "there": "(?:有|设|设了|设置了|定|定了|有没有|设过|设定了|上了)?",
    "which": "(?:什么|哪些|几个|多少|多少个|哪几个|啥|没有|别的|所有的?|全部的?|的)?",
    "cancel": "(?:cancel|delete|remove|forget|clear|erase|stop|turn off|switch off|drop|get rid of)",
    "gone": "(?:取消掉?|删掉|删除掉?|删了|清除|清空|关掉|关闭|去掉|不要了?|撤销|停掉|取消)",
    "sort": "(?:提醒|闹钟|定时|计时器?|闹铃|提醒事项|倒计时)",
}


def tools(parts: Parts) -> Sequence[FunctionTool]:
    schedule = parts.ports.schedule
    if schedule is None:
        return []

    async def remind(
        caller: Caller, text: str = "", when: str = "", repeat: Rhythm = "", change: bool = False
    ) -> Outcome:
        """Set a reminder, an alarm or a timer, once or repeating. 设置提醒、闹钟或计时器（可重复）。

        Args:
            text: What to remind of, in the user's words, such as 关火 or take my pills.
            when: The time in the user's words, such as 十分钟后, 明天早上七点, every weekday at 8.
            repeat: Leave it out unless the user wants it again and again.
            change: True where the user corrects the time of the reminder just set.
        """
        if change and (moved := await schedule.move(when, repeat, caller)) is not None:
            return Outcome(f"Changed: {_line(moved)}", plain=_promise(moved, caller))
        added = await schedule.add(text, when, repeat, caller)
        return Outcome(f"Set: {_line(added)}", plain=_promise(added, caller))

    async def list_reminders(caller: Caller) -> Outcome:
        """List the reminders and alarms that are set. 列出已设置的提醒和闹钟。"""
        found = await schedule.list(caller)
        if not found:
            none = "No reminders are set."
            return Outcome(none, plain="现在没有提醒。" if speaks_chinese(caller) else none)
        told = [_at(one, caller) + _of(one, caller) for one in found[:SPOKEN]]
        zh = speaks_chinese(caller)
        plain = (
            f"您有{len(found)}个提醒：{'；'.join(told)}。" if zh else f"{_count(found)}: {'; '.join(told)}."
        )
        return Outcome("\n".join(map(_line, found)), plain=plain)

    async def cancel_reminder(which: str, caller: Caller) -> Outcome:
        """Cancel a reminder or an alarm. 取消提醒或闹钟。

        Args:
            which: Its id, words of its text, or all.
        """
        gone = await schedule.cancel(which, caller)
        text = "\n".join(f"Cancelled: {_line(one)}" for one in gone) or "There is no such reminder."
        if not gone:
            return Outcome(text, plain="没有这样的提醒。" if speaks_chinese(caller) else text)
        if speaks_chinese(caller):
            plain = "好的，提醒已取消。" if len(gone) == 1 else f"好的，取消了{len(gone)}个提醒。"
        else:
            plain = (
                "The reminder is cancelled." if len(gone) == 1 else f"{len(gone)} reminders are cancelled."
            )
        return Outcome(text, plain=plain)

    return [
        function_tool(
            remind,
            title="Set a reminder",
            examples=REMIND,
            places={**PLACES, "when": TIME},
            whole="text",
            said=SAID["remind"],
            follow=("{when} [please]", "{when}[都][也]{tell}[我]", "(remind|wake) me {when}"),
            again="change",
        ),
        function_tool(
            list_reminders,
            title="List reminders",
            examples=LISTED,
            places=PLACES,
            said=SAID["list_reminders"],
        ),
        function_tool(
            cancel_reminder,
            title="Cancel a reminder",
            examples=CANCELLED,
            places={**PLACES, "which": r"(?!all\b|所有|全部)\S.{0,39}?"},
            whole="which",
            said=SAID["cancel_reminder"],
        ),
    ]


def _at(reminder: Reminder, caller: Caller) -> str:
    """When it comes, as one says it: the day only where it isn't today."""
    if reminder.repeats:
        return reminder.repeats
    ahead = (reminder.at.date() - datetime.now(reminder.at.tzinfo).date()).days
    clock = speaking.time_of_day(reminder.at, caller)
    if speaks_chinese(caller):
        near = {0: "", 1: "明天", 2: "后天"}
        return near.get(ahead, speaking.day(reminder.at, caller)) + clock
    on = {0: "", 1: " tomorrow"}.get(ahead, f" on {speaking.day(reminder.at, caller)}")
    return f"{clock}{on}"


def _of(reminder: Reminder, caller: Caller) -> str:
    return f"{'，' if speaks_chinese(caller) else ', '}{reminder.text}" if reminder.text else ""


def _promise(reminder: Reminder, caller: Caller) -> str:
    at = _at(reminder, caller)
    if speaks_chinese(caller):
        return f"好的，{at}提醒您{reminder.text}。" if reminder.text else f"好的，{at}叫您。"
    when = at if reminder.repeats else f"at {at}"
    return f"All right, {when}: {reminder.text}." if reminder.text else f"All right, {when}."


def _count(found: Sequence[Reminder]) -> str:
    return "You have one reminder" if len(found) == 1 else f"You have {len(found)} reminders"


def _line(reminder: Reminder) -> str:
    again = f", {reminder.repeats}" if reminder.repeats else ""
    return f"{reminder.at:%A %Y-%m-%d %H:%M}{again}: {reminder.text or 'alarm'} (id {reminder.id})"
