"""The weather, from Open-Meteo (no key): https://open-meteo.com/en/docs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kaikou.errors import NotFound
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.builtin.sentences import SAID
from kaikou.tools.builtin.when_said import DAY
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import Caller, Outcome, speaks_chinese

EXAMPLES = (
    "[what's|what is|how's|how is|check] [the] [current] weather [like|looking|looking like|going to be "
    "like] [outside|out there|here] [{day}] [in {place}] [{day}]",
    "(what|how) (the weather (is|will be)|is the weather|does the weather look) [like] [{day}] [in "
    "{place}] [{day}]",
    "what (are|is) the (weather conditions|conditions|climate) [like] [{day}] (in|for) {place} [{day}]",
    "(what will|how will) the weather be [like] [{day}] [in {place}] [{day}]",
    "[what's|what is|give me|tell me|read me|check] the [weather] (forecast|report) "
    "[{day}] [(for|in|of) {place}] [{day}]",
    "(will it|is it going to|is it gonna) "
    "(rain|snow|be (sunny|cold|hot|warm|windy|cloudy|nice|wet|freezing)) [outside] [{day}] [in {place}] "
    "[{day}]",
    "is it (raining|snowing|sunny|cold|hot|warm|windy|cloudy|freezing|foggy) [outside|out] "
    "[{day}] [in {place}] [{day}]",
    "how (cold|hot|warm|windy) (is it|will it be|is it going to be) (outside|out|{day}|in {place}) [{day}]",
    "(do|will) i need (an umbrella|a jacket|a coat|a sweater|sunscreen) [when i go out] [outside] [{day}]",
    "should i (take|bring|wear|put on) (an umbrella|a jacket|a coat|a sweater|something warm) [outside] "
    "[{day}]",
    "(what's|what is) the temperature (outside|{day}|in {place}) [{day}]",
    "[{day}][{place}][{day}][的]天气[预报|情况][{day}][怎么样|怎样|如何|好|好不好|咋样|预报|什么样|是什么样]",
    "[{day}][{place}][{day}][的](气温|温度)[{day}](多少|多少度|几度|是多少|怎么样|高|低)",
    "[{day}][{place}][{day}][外面]{will}(下雨|下雪|出太阳|刮风|刮大风|降温|打雷|变天|下大雨)",
    "[{place}][外面][现在](下雨|下雪|刮风)[了][没|没有]",
    "[{day}][出门|出去|上班|上学]{need}[带|穿|打|拿](伞|雨伞|外套|厚衣服|大衣|羽绒服)",
    "[{day}](外面|外头|室外)[{day}](冷|热|凉|暖和|多少度|几度|冷不冷|热不热)",
    "[{place}]{day}[外面](冷不冷|热不热|多少度|几度|多冷|多热)",
)
SLOTS = (
    "[{*}] (in|over in|for|at) {place} {day}",
    "[{*}] (in|over in|for|at) {place}",
    "[{day}]{place}[那边|那儿|这边][{day}][的](天气|气温|温度|多少度|几度|冷|热|会|下)[{*}]",
)
PLACES = {
    "day": DAY,
    "place": r"(?!(?:the|my|your|this|that|general|here)\b)[a-z][a-z' -]{1,30}?"
    r"|(?!今[天日晚早]|[明后]天|现在|最近|周末|[早晚]上|[上下中]午|外头)(?:(?![你我他她它们的么怎什昨次觉得说里厅房箱水炉火是有会要时候样这那个一直都和]|外面)[\u4e00-\u9fff]){2,8}?",
    "will": "(?:会不会|会|要不要|要|是不是要|有没有|能|能不能)",
    "need": "(?:要不要|用不用|需不需要|该不该|要|用|需要|得|应该)",
}
SERVICE = "The weather service"
_DAILY = "weather_code,temperature_2m_max,temperature_2m_min,precipitation_probability_max"
_CURRENT = "temperature_2m,apparent_temperature,relative_humidity_2m,weather_code,wind_speed_10m"
_SKY = {
    0: "clear",
    1: "mostly clear",
    2: "partly cloudy",
    3: "overcast",
    45: "fog",
    48: "freezing fog",
    **dict.fromkeys((51, 53, 55), "drizzle"),
    **dict.fromkeys((56, 57), "freezing drizzle"),
    61: "light rain",
    63: "rain",
    65: "heavy rain",
    **dict.fromkeys((66, 67), "freezing rain"),
    71: "light snow",
    73: "snow",
    75: "heavy snow",
    77: "snow grains",
    **dict.fromkeys((80, 81), "showers"),
    82: "violent showers",
    **dict.fromkeys((85, 86), "snow showers"),
    95: "thunderstorm",
    **dict.fromkeys((96, 99), "thunderstorm with hail"),
}
"""WMO weather interpretation codes (WW), as the service documents them."""
_SKY_CHINESE = {
    "clear": "晴", "mostly clear": "晴间多云", "partly cloudy": "多云", "overcast": "阴", "fog": "有雾",
    "freezing fog": "有冻雾", "drizzle": "毛毛雨", "freezing drizzle": "冻毛毛雨", "light rain": "小雨",
    "rain": "中雨", "heavy rain": "大雨", "freezing rain": "冻雨", "light snow": "小雪", "snow": "中雪",
    "heavy snow": "大雪", "snow grains": "米雪", "showers": "阵雨", "violent showers": "强阵雨",
    "snow showers": "阵雪", "thunderstorm": "雷阵雨", "thunderstorm with hail": "雷阵雨伴冰雹",
}  # fmt: skip


def tools(parts: Parts) -> Sequence[FunctionTool]:
    settings, fetch = parts.settings, parts.fetch

    async def get_weather(caller: Caller, place: str = "", days: int = 3) -> Outcome:
        """Tell the weather now and the forecast for a place. 查询天气。

        Args:
            place: City or town, such as Berlin or 广州; leave it out for home.
            days: Days of forecast, 1 to 7.
        """
        wanted = place.strip() or settings.home_place
        if not wanted:
            raise NotFound("No place was named.", code="place_missing", hint="Ask the user which city.")
        language = "zh" if speaks_chinese(caller) or not wanted.isascii() else "en"
        search = await fetch.json(
            SERVICE,
            "GET",
            f"{settings.geocoding_url.rstrip('/')}/v1/search",
            params={"name": wanted, "count": 1, "language": language},
        )
        hits = search.get("results") or []
        if not hits:
            raise NotFound(f"The weather service knows no place {wanted!r}.", code="place_not_found")
        where = hits[0]
        found = await fetch.json(
            SERVICE,
            "GET",
            f"{settings.weather_url.rstrip('/')}/v1/forecast",
            params={
                "latitude": where["latitude"],
                "longitude": where["longitude"],
                "current": _CURRENT,
                "daily": _DAILY,
                "timezone": "auto",
                "forecast_days": min(max(days, 1), 7),
            },
        )
        return Outcome(_told(where, found), plain=_plainly(where, found, caller))

    return [
        function_tool(
            get_weather,
            title="Weather",
            examples=EXAMPLES,
            places=PLACES,
            slots=SLOTS,
            said=SAID["get_weather"],
            follow=("[in|for] {day} [in|for] [{place}]", "[in|for] {place} [{day}]", "{place}{day}"),
        )
    ]


def _told(where: dict[str, Any], found: dict[str, Any]) -> str:
    now, daily = found["current"], found["daily"]
    place = ", ".join(
        dict.fromkeys(str(where[key]) for key in ("name", "admin1", "country") if where.get(key))
    )
    lines = [
        f"{place}, now: {_sky(now['weather_code'])}, {now['temperature_2m']:.0f} °C, feels like "
        f"{now['apparent_temperature']:.0f}, humidity {now['relative_humidity_2m']:.0f} %, "
        f"wind {now['wind_speed_10m']:.0f} km/h"
    ]
    for number, day in enumerate(daily["time"]):
        rain = daily["precipitation_probability_max"][number]
        lines.append(
            f"{day}: {_sky(daily['weather_code'][number])}, {daily['temperature_2m_min'][number]:.0f} to "
            f"{daily['temperature_2m_max'][number]:.0f} °C" + ("" if rain is None else f", rain {rain:.0f} %")
        )
    return "\n".join(lines)


def _plainly(where: dict[str, Any], found: dict[str, Any], caller: Caller) -> str:
    """Now, today and tomorrow in a sentence or two."""
    now, daily = found["current"], found["daily"]
    name, days = where["name"], []
    zh = speaks_chinese(caller)
    for number, day in enumerate(("今天", "明天") if zh else ("Today", "Tomorrow")):
        if number >= len(daily["time"]):
            break
        code, low = daily["weather_code"][number], daily["temperature_2m_min"][number]
        high, rain = daily["temperature_2m_max"][number], daily["precipitation_probability_max"][number]
        if zh:
            wet = f"，降水概率百分之{rain:.0f}" if rain else ""
            days.append(f"{day}{_sky_chinese(code)}，{low:.0f}到{high:.0f}度{wet}。")
        else:
            wet = f", {rain:.0f} percent chance of rain" if rain else ""
            days.append(f"{day} {_sky(code)}, {low:.0f} to {high:.0f} degrees{wet}.")
    degrees = now["temperature_2m"]
    if zh:
        return f"{name}现在{_sky_chinese(now['weather_code'])}，{degrees:.0f}度。" + "".join(days)
    sky = _sky(now["weather_code"])
    return " ".join([f"In {name} it is {degrees:.0f} degrees now, {sky}.", *days])


def _sky_chinese(code: Any) -> str:
    return _SKY_CHINESE.get(_SKY.get(code, ""), "")


def _sky(code: Any) -> str:
    return _SKY.get(code, "unknown sky")
