"""The weather, from Open-Meteo (no key): https://open-meteo.com/en/docs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kaikou.errors import NotFound
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import Caller

EXAMPLES = (
    "what's the weather",
    "what's the weather like",
    "how is the weather",
    "how's the weather today",
    "what is the weather like today",
    "what's the weather like tomorrow",
    "will it rain today",
    "will it rain tomorrow",
    "is it going to rain",
    "do I need an umbrella",
    "do I need an umbrella today",
    "the weather forecast",
    "what's the weather in {place}",
    "what's the weather like in {place}",
    "how is the weather in {place}",
    "the weather in {place}",
    "今天天气怎么样",
    "明天天气怎么样",
    "天气怎么样",
    "天气如何",
    "天气预报",
    "今天会下雨",
    "明天会下雨",
    "今天冷不冷",
    "今天热不热",
    "要带伞",
    "要不要带伞",
    "今天要不要带伞",
    "{place}天气怎么样",
    "{place}的天气怎么样",
    "{place}今天天气怎么样",
    "{place}明天天气怎么样",
)
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


def tools(parts: Parts) -> Sequence[FunctionTool]:
    settings, fetch = parts.settings, parts.fetch

    async def get_weather(caller: Caller, place: str = "", days: int = 3) -> str:
        """Tell the weather now and the forecast for a place. 查询天气。

        Args:
            place: City or town, such as Berlin or 广州; leave it out for home.
            days: Days of forecast, 1 to 7.
        """
        wanted = place.strip() or settings.home_place
        if not wanted:
            raise NotFound("No place was named.", code="place_not_found", hint="Ask the user which city.")
        language = "zh" if (caller.language or "").startswith("zh") or not wanted.isascii() else "en"
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
        return _told(where, found)

    return [function_tool(get_weather, title="Weather", examples=EXAMPLES)]


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


def _sky(code: Any) -> str:
    return _SKY.get(code, "unknown sky")
