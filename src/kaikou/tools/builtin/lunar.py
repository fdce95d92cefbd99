"""The Chinese calendar: lunar date, festivals, solar terms, what the almanac says of a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from kaikou.tools.builtin.clock import zone_named
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.builtin.sentences import SAID
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import Caller, Outcome, speaks_chinese

EXAMPLES = (
    "[what's|what is|tell me] [today's|the] [chinese] lunar (date|day|calendar date) [today|now|is it]",
    "(what|which) (day|date) is it [today] (in|by|on|according to) the (chinese|lunar) calendar",
    "(what|which) solar term (is it|is today|are we in) [now|today]",
    "(what|which) (chinese [zodiac]|zodiac) year is (it|this) [now]",
    "what does the almanac say [today|for today]",
    "[今天|今日|今儿|现在][的][日期][是](农历|阴历|旧历)[的][日期][是][几号|几月几号|几月几日|几月初几|初几|多少|多少号|哪一天|哪天|什么日子|什么日期]",
    "(农历|阴历|旧历)[的](今天|今日)[是](几号|几月几号|几月初几|初几|多少|哪一天|哪天)",
    "[今天|今日|现在][是|到][了](什么|哪个|哪一个)节气[了]",
    "[下个|下一个]节气[是](什么|哪个|几号|哪天)",
    "今年[是](什么年|什么生肖|哪个生肖|生肖|属什么|属相)",
    "[看看|查一下|查查|说说|今天的|今天][老]黄历[怎么说|上怎么说]",
    "[今天]黄历[上][今天](宜|忌)[做]什么",
    "今天(宜|忌|适合)(做什么|什么|干什么|嫁娶|出行|搬家|动土)",
)


def tools(parts: Parts) -> Sequence[FunctionTool]:
    def get_lunar(caller: Caller, day: date | None = None) -> Outcome:
        """Tell the Chinese lunar date, zodiac, festivals, solar term and almanac of a day.
        查询农历日期、生肖、节日、节气和黄历宜忌。

        Args:
            day: The day as YYYY-MM-DD; leave it out for today.
        """
        from lunar_python import Solar

        asked = day or datetime.now(zone_named(parts.settings.time_zone)).date()
        lunar = Solar.fromYmd(asked.year, asked.month, asked.day).getLunar()
        festivals = [*lunar.getFestivals(), *lunar.getSolar().getFestivals()]
        term = lunar.getJieQi()
        following = lunar.getNextJieQi()
        lines = [
            f"{asked:%Y-%m-%d}: 农历{lunar.getYearInChinese()}年"
            f"{lunar.getMonthInChinese()}月{lunar.getDayInChinese()}",
            f"干支 {lunar.getYearInGanZhi()}年 {lunar.getMonthInGanZhi()}月 {lunar.getDayInGanZhi()}日, "
            f"生肖 {lunar.getYearShengXiao()}",
            f"节日 {'、'.join(festivals)}" if festivals else "",
            f"节气 {term}" if term else f"下一个节气 {following.getName()} {following.getSolar().toYmd()}",
            f"宜 {'、'.join(lunar.getDayYi()[:8])}; 忌 {'、'.join(lunar.getDayJi()[:8])}",
        ]
        text = "\n".join(line for line in lines if line)
        told = f"农历{lunar.getMonthInChinese()}月{lunar.getDayInChinese()}"
        if speaks_chinese(caller):
            more = [*festivals, *([term] if term else [f"下一个节气是{following.getName()}"])]
            plain = (
                f"{'今天' if day is None else f'{asked.month}月{asked.day}日'}是{told}，{'，'.join(more)}。"
            )
        else:
            month = f"{'leap ' if lunar.getMonth() < 0 else ''}month {abs(lunar.getMonth())}"
            plain = f"In the Chinese calendar it is day {lunar.getDay()} of {month}, {told}."
        return Outcome(text, plain=plain)

    return [function_tool(get_lunar, title="Chinese calendar", examples=EXAMPLES, said=SAID["get_lunar"])]
