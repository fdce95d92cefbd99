"""The Chinese calendar: lunar date, festivals, solar terms, what the almanac says of a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from kaikou.tools.builtin.clock import zone_named
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.function import FunctionTool, function_tool

EXAMPLES = (
    "what's the lunar date",
    "what is the Chinese lunar date today",
    "今天农历几号",
    "今天是农历几号",
    "今天农历多少",
    "今天农历是多少",
    "农历几月几号",
    "今天农历是几月几号",
    "看看黄历",
    "今天黄历怎么说",
    "今天宜做什么",
    "今天是什么节气",
    "今年是什么年",
)


def tools(parts: Parts) -> Sequence[FunctionTool]:
    def get_lunar(day: date | None = None) -> str:
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
        return "\n".join(line for line in lines if line)

    return [function_tool(get_lunar, title="Chinese calendar", examples=EXAMPLES)]
