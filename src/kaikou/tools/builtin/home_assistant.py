"""Home Assistant: read states, call services. Its REST API: https://developers.home-assistant.io/docs/api/rest/."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from kaikou.errors import InvalidInput, NotFound
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.builtin.sentences import SAID
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import Caller, Outcome, speaks_chinese

SERVICE = "Home Assistant"
MOST_ENTITIES = 60
SPOKEN = 4
_ENTITY = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
_ARTICLE = re.compile(r"\b(?:the|my|all|in|of)\b ?")
_WORD = re.compile(r"[a-z0-9_]+")
_THINGS = (
    "lights?|lamps?|heating|heaters?|radiators?|fans?|tv|television|air ?con(?:ditioner|ditioning)?|ac"
    "|sockets?|plugs?"
    "|switch|humidifier|purifier|vacuum|projector|radio|stereo|boiler|coffee machine|kettle|dishwasher"
    "|doors?|windows?"
    "|blinds?|curtains?|shutters?|gate|garage|lock|alarm system"
)
_THINGS_ZH = (
    "灯|空调|电视机?|风扇|电扇|窗帘|百叶窗|卷帘|门|窗户?|插座|开关|暖气|地暖|热水器|净化器|加湿器|扫地机器?人?|音响|投影仪?"
    "|摄像头|烤箱|洗衣机|咖啡机"
)
_ROOMS = "living room|bedroom|kitchen|bathroom|office|hall|garden|garage|basement|nursery|study|house"
_ROOMS_ZH = "客厅|卧室|厨房|浴室|书房|阳台|车库|餐厅|儿童房|办公室|院子|家里|屋里|房间"
STATE_EXAMPLES = (
    "(is|are) {device} (open|closed|on|off|locked|unlocked|running|still on|still open|shut)",
    "(is|are) {device} [still] (open|closed|on|off|locked|unlocked|running|shut)",
    "(how (warm|cold|hot|humid) is it|what's the temperature|what is the temperature|what's the humidity) "
    "in [the] {device} [now|right now]",
    "{device}[现在|还|是]{open}",
    "{device}[里|里面][现在]{warm}",
    "{device}[里|里面]的(温度|湿度|状态)[是|现在][多少|怎么样|多少度]",
)
CONTROL_EXAMPLES = (
    "{service} {entity_id}",
    "(turn|switch) {entity_id} {service}",
    "[把|将]{entity_id}[都|给我]{service}",
    "{service}[一下]{entity_id}",
)
STATE_SLOTS = ("[{*}]{device}[{*}]",)
CONTROL_SLOTS = (
    "[{*}] {service} {entity_id} [{*}]",
    "[{*}] (turn|switch|get|put) {entity_id} {service} [{*}]",
    "[{*}]{entity_id}[{*}]{service}[{*}]",
    "[{*}]{service}[{*}]{entity_id}[{*}]",
)
PLACES = {
    "device": rf"(?:the |my |all the )*(?:[a-z']+ ){{0,3}}(?:{_THINGS})(?: (?:in|of) the (?:{_ROOMS}))?"
    rf"|(?:{_ROOMS})"
    rf"|[^你我他她的]{{0,6}}(?:{_THINGS_ZH})|(?:{_ROOMS_ZH})",
    "open": "(?:关上?|开|锁上?|亮|打开)(?:了|着|好了?|的)?(?:吗|么|没有?)",
    "warm": "(?:多少度|几度|温度多少|冷不冷|热不热|有多热|有多冷)",
    "service": "(?:turn|switch|put) (?:on|off)|open|close|shut|lock|unlock|lower|raise|on|off"
    "|打开|关掉|关闭|关上|开启|开一下|关一下|打开一下|拉上|拉开|合上|锁上|开开|(?<![\\u4e00-\\u9fff])[关开]",
    "entity_id": rf"(?:the |my |all the |all )*(?:[a-z']+ ){{0,3}}(?:{_THINGS})(?: (?:in|of) the "
    rf"(?:{_ROOMS}))?"
    rf"|(?:(?![你我他她])[\u4e00-\u9fff]){{0,6}}(?:{_THINGS_ZH})",
}
_ON = frozenset(
    "turn on|switch on|put on|on|open|unlock|raise|打开|开启|开一下|打开一下|拉开|开开|开".split("|")
)
_OFF = frozenset(
    "turn off|switch off|put off|off|close|shut|lock|lower|关掉|关闭|关上|关一下|拉上|合上|锁上|关".split("|")
)
_SWITCHES = {"cover": ("open_cover", "close_cover"), "lock": ("unlock", "lock")}
_SHOWN = (
    "temperature",
    "current_temperature",
    "humidity",
    "brightness",
    "volume_level",
    "unit_of_measurement",
)


def tools(parts: Parts) -> Sequence[FunctionTool]:
    settings, fetch = parts.settings, parts.fetch
    base = (settings.home_assistant_url or "").rstrip("/")
    token = settings.home_assistant_token
    headers = {"Authorization": f"Bearer {token.get_secret_value() if token else ''}"}

    async def home_state(device: str = "") -> Outcome:
        """Read the state of a device at home, or list the devices. 查询家里设备的状态。

        Args:
            device: Entity id such as light.kitchen, or part of the device's name; leave it out for a list.
        """
        states = await fetch.json(SERVICE, "GET", f"{base}/api/states", headers=headers)
        found = alike(device, states)
        if not found:
            raise NotFound(f"There is no device like {device!r}.", code="device_not_found")
        lines = [_line(one) for one in found[:MOST_ENTITIES]]
        text = "\n".join([*lines, *(["…"] if len(found) > MOST_ENTITIES else [])])
        return Outcome(text, plain=_spoken(found[:SPOKEN]))

    async def named(device: str) -> str:
        """The one device of that name."""
        states = await fetch.json(SERVICE, "GET", f"{base}/api/states", headers=headers)
        found = alike(device, states)
        if not found:
            raise NotFound(f"There is no device like {device!r}.", code="device_not_found")
        if len(found) > 1:
            names = ", ".join(f"{_name(one)} ({one['entity_id']})" for one in found[:8])
            raise InvalidInput(f"Several devices are like {device!r}.", code="device_ambiguous", hint=names)
        return str(found[0]["entity_id"])

    async def home_control(
        entity_id: str, service: str, caller: Caller, values: dict[str, Any] | None = None
    ) -> Outcome:
        """Control a device at home: call a service for it. 控制家里的设备。

        Args:
            entity_id: Entity id such as light.kitchen, as home_state tells it, or the device's name.
            service: Such as turn_on, turn_off, toggle, set_temperature, volume_set, open_cover.
            values: Further values of the service, such as {"brightness_pct": 40}.
        """
        service = service.strip().lower()
        if "." not in entity_id and "/" not in entity_id:
            entity_id = await named(entity_id)
        if service in _ON | _OFF:
            on, off = _SWITCHES.get(entity_id.partition(".")[0], ("turn_on", "turn_off"))
            service = on if service in _ON else off
        # Both become part of an address: nothing of a model's may lead elsewhere.
        if not _ENTITY.fullmatch(entity_id) or not _WORD.fullmatch(service):
            raise InvalidInput(
                "An entity id looks like light.kitchen, a service like turn_on.", code="invalid_arguments"
            )
        domain = entity_id.partition(".")[0]
        body = {**(values or {}), "entity_id": entity_id}
        address = f"{base}/api/services/{domain}/{service}"
        changed = await fetch.json(SERVICE, "POST", address, headers=headers, body=body)
        own = [one for one in changed if one.get("entity_id") == entity_id]
        text = f"Done: {_line(own[0])}" if own else "Done."
        return Outcome(text, plain="好的。" if speaks_chinese(caller) else "Done.")

    ready = base and token is not None
    needs = "" if ready else "Address and token: set tools.home_assistant_url and tools.home_assistant_token."
    return [
        function_tool(
            home_state,
            title="State of the home",
            needs=needs,
            examples=STATE_EXAMPLES,
            places=PLACES,
            slots=STATE_SLOTS,
            said=SAID["home_state"],
        ),
        function_tool(
            home_control,
            title="Control the home",
            needs=needs,
            examples=CONTROL_EXAMPLES,
            places=PLACES,
            slots=CONTROL_SLOTS,
            said=SAID["home_control"],
        ),
    ]


def alike(device: str, states: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those whose id or name is, else holds, ``device``; else those that hold all of its words. All, where
    it is empty."""
    wanted = _ARTICLE.sub("", device.casefold()).strip().replace("的", "")
    names = [(f"{one['entity_id']} {_name(one)}".casefold().replace("_", " "), one) for one in states]
    exact = [one for _, one in names if wanted in {one["entity_id"], _name(one).casefold()}]
    if exact:
        return exact
    held = [one for name, one in names if wanted in name or wanted.replace(" ", "_") in one["entity_id"]]
    words = [word.removesuffix("s") for word in wanted.split()]
    return held or [one for name, one in names if words and all(word in name for word in words)]


def _name(state: dict[str, Any]) -> str:
    return str(state.get("attributes", {}).get("friendly_name") or "")


def _spoken(states: Sequence[dict[str, Any]]) -> str:
    told = []
    for one in states:
        unit = one.get("attributes", {}).get("unit_of_measurement") or ""
        told.append(f"{_name(one) or one['entity_id']}: {one.get('state')} {unit}".strip())
    return f"{'; '.join(told)}."


def _line(state: dict[str, Any]) -> str:
    shown = {key: value for key, value in state.get("attributes", {}).items() if key in _SHOWN}
    extra = "".join(f", {key} {value}" for key, value in shown.items())
    return f"{state['entity_id']} ({_name(state)}): {state.get('state')}{extra}"
