"""What concerns the conversation itself: leave it, its loudness, who speaks."""

from __future__ import annotations

from collections.abc import Sequence

from kaikou.errors import InvalidInput, NotFound
from kaikou.tools.builtin.loudness import CHANGE, change_said
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.builtin.sentences import SAID
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import Caller, ChangeAgent, ChangeVolume, Leave, Outcome, SetVolume, speaks_chinese

GOODBYES = (
    "(goodbye|good bye|bye|bye bye|see you|see ya|farewell|so long|take care|good night|goodnight|later) "
    "[kaikou|for now|then|everyone|my friend|and thank you|and thanks|and sleep well]",
    "(see you|see ya|talk to you|speak to you|catch you) (later|soon|tomorrow|around|next time|again|then)",
    "[i think] (that's|that is|that was|that'll be|that will be) (all|it|everything|enough) (for today"
    "|for now)",
    "(that's all|that is all|that'll be all|that will be all) [i need|i needed|i wanted] [thank you|thanks]",
    "[i think] (i'm|i am|we're|we are) (done|finished|through) [for (today|now)|here|talking|with you]",
    "(stop|end|quit|finish|close) (the|this|our) (conversation|chat|call|session|talk)",
    "(stop|quit) (listening|talking|the call) [now|to me]",
    "(hang up|go to sleep|you can go [to sleep]|leave me alone|dismissed|you are dismissed)",
    "(i have to|i've got to|i must|i gotta|i need to|i better) (go|leave|run|get going|say goodbye) [now"
    "|bye]",
    "(i'm|i am) (leaving|off|out of here) [now|then|bye]",
    "it was [really] (nice|good|great|lovely) (talking|chatting|speaking) (to|with) you [today|again]",
    "it was [really] (nice|good|great|lovely) to (talk|chat|speak) (to|with) you [today|again]",
    "have a (good|nice|great|lovely) (one|day|night|evening|weekend) [too|goodbye|bye]",
    "(bye-bye|adios|sayonara|ciao|take it easy|thanks for talking [to me]|thanks for the chat)",
    "(再见|拜拜|拜|再会|回头见|回见|明天见|下次见|待会儿见|晚安|先这样)[小智|开口|啦|喽|咯]",
    "[那|好|我们|咱们|咱][就](下次|回头|改天|明天|以后)(再聊|聊|见|再说|再见)",
    "[那|好|今天|我们|咱们][就](先|)[聊|说|谈]到(这儿|这里|此为止|这)[为止]",
    "[今天|我们|咱们|那]就(先|)(这样|到这儿|到这里|到此为止|聊到这里|聊到这儿|说到这儿|说到这里)",
    "(退下|退出|结束对话|结束聊天|结束通话|结束|关闭对话|挂断|挂了|挂电话|不聊了|不说了|没事了|没别的事了|没有别的事了)",
    "[你][可以|先|去](休息|睡觉|歇着|退下|下去)[了]",
)
LOUDNESS = (
    "(set|turn|put|bring|change|adjust|raise|lower|increase|decrease|reduce|make|get|drop|crank) "
    "[the|your] (volume|loudness|sound|speaker) [up|down|back] [to|at|on] {percent}",
    "(set|turn|bring|crank) it (up|down|back) (to|at) {percent}",
    "(turn|bring|put|crank) (up|down) [the|your] (volume|sound) to {percent}",
    "[the] (volume|loudness) [level] [to|at|on] {percent}",
    "(go|get) [up|down|back] to {percent}",
    "[把|将][你的|你|喇叭|音箱|扬声器](音量|声音|声音大小|响度)[给我][大一点|小一点|大点|小点|大些|小些|一点]"
    "[开大|关小|调高|调低|调大|调小|调整|调节|调|升高|升|降低|降|开|设置|设定|设|改|放|减小|减|提高|加]"
    "[给我][到|成|为|至|在|回]{percent}",
    "(调整|调节|设置|调|改|设)[一下][你的](音量|声音|声音大小|响度)[到|成|为|至|在]{percent}",
    "[大一点|小一点|大点|小点|大声点|小声点](调|开|升|降|设|改)[高|低|大|小](到|成|为|至){percent}",
)
_LOUDER = (
    "(set|turn|put|bring|make|get|crank|pump) (it|this|that|[the|your] (volume|sound|music|voice)|yourself)"
)
CHANGES = (
    f"{_LOUDER} (up|down|louder|quieter|softer|lower|higher) [a (bit|little|little bit|lot|notch)|some]",
    "(turn|put|bring|crank|pump) (up|down) (it|the volume|the sound|your voice|the music)",
    "(turn|go|a bit|a little|a little bit|much|even|a notch|be|talk|speak) (louder|quieter|softer)",
    "(louder|quieter|softer|not so loud|too loud|speak up|keep it down|mute)",
    "(increase|raise|lower|reduce|decrease|drop) (the|your) (volume|sound|voice) [a bit|a little|a lot|some]",
    "(you're|you are|it's|it is|that's|that is) [a bit|a little|way|much|far] too (loud|quiet|low)",
    "[你|说话|声音|音量|再|稍微|把][你|声音|音量|再|稍微][再|稍微|调|开|放|弄|说]"
    "(大声|小声|大|小|高|低|响|轻)(一点|点|点儿|一点儿|一些|些|一点点)",
    "[把|将][你的](音量|声音)[再|稍微|给我](调大|调小|调高|调低|加大|减小|开大|关小|放大|放低|降低|提高|升高|增大)[一点|点|一些|些|一下]",
    "(调大|调小|调高|调低|加大|减小|降低|提高|增大)[一点|一些|一下](音量|声音)[一点|一些]",
    "[声音|音量|你说话声音|你声音][太|有点|有点儿](大|小|吵|响)[了|啊]",
    "(静音|听不清|我听不清|听不见)",
)
ROLES = (
    "(let me|i want to|i'd like to|can i|may i) (talk|speak) (to|with) [the] {role}",
    "(switch|change) (to|over to) [the] {role}",
    "(切换|转换|换|转)(到|成|为){role}",
    "换{role}(来|跟我说话|跟我聊|和我聊|和我说话|陪我聊)[聊|天]",
    "(让|叫|请){role}来(跟|和|陪|给)我(聊|说|讲|说话|聊天|聊聊|讲话)[天]",
    "我[想|要](跟|和|找){role}(聊|说话|聊天|聊聊)[天]",
)

ROLE = (
    r"(?!(?:you|him|her|them|it|my|an?|english|chinese|french|german|spanish|japanese|dark|light|whisper|male|female)\b"
    r"|[你他她它]|.*\b(?:voice|mode|accent|vocals|setting|channel|song|station)|.{0,3}(?:[文语话]|模式)$)\S.{0,29}?"
)
"""Somebody's name or kind; not a language, nor "talk to you later"."""


def _changed(change: str, caller: Caller) -> Outcome:
    """Louder or quieter than now. InvalidInput ``volume_missing`` where the words say neither."""
    by = change_said(change)
    if by is None:
        raise InvalidInput("It was not said how loud.", code="volume_missing", hint="Ask how loud.")
    if by <= -100:
        silent = "The sound is off." if not speaks_chinese(caller) else "已静音。"
        return Outcome("The sound is off.", effects=(SetVolume(0),), plain=silent)
    text = "It is louder now." if by > 0 else "It is quieter now."
    told = ("好的，大声一点了。" if by > 0 else "好的，小声一点了。") if speaks_chinese(caller) else text
    return Outcome(text, effects=(ChangeVolume(by),), plain=told)


def tools(parts: Parts) -> Sequence[FunctionTool]:
    async def leave(caller: Caller, farewell: str = "") -> Outcome:
        """End the conversation, when the user says goodbye or wants to stop. 用户告别或想结束对话时调用。

        Args:
            farewell: A short goodbye in the user's language.
        """
        plain = farewell or ("再见！" if speaks_chinese(caller) else "Goodbye!")
        return Outcome("Goodbye.", speak=farewell or None, effects=(Leave(plain),), plain=plain)

    async def set_volume(caller: Caller, percent: int | None = None, change: str = "") -> Outcome:
        """Set how loud you are. 设置音量。

        Args:
            percent: 0 (silent) to 100 (loudest).
            change: Instead of percent, the user's words, such as a bit louder, 小声一点.
        """
        if percent is None:
            return _changed(change, caller)
        level = min(max(percent, 0), 100)
        text = f"The volume is {level} percent now."
        plain = f"音量调到{level}%了。" if speaks_chinese(caller) else text
        return Outcome(text, effects=(SetVolume(level),), plain=plain)

    found = [
        function_tool(
            leave, title="End the conversation", direct=True, examples=GOODBYES, said=SAID["leave"]
        ),
        function_tool(
            set_volume,
            title="Volume",
            examples=(*LOUDNESS, *CHANGES),
            places={"change": CHANGE},
            slots=("[{*}] {percent} [{*}]", "[{*}] {change} [{*}]"),
            follow=("[to|at|调到|调成] {percent}",),
            said=SAID["set_volume"],
        ),
    ]
    agents = parts.ports.agents
    if agents is None:
        return found

    async def change_role(role: str, caller: Caller) -> Outcome:
        """Go on as another character, when the user asks to talk with somebody else. 切换角色。

        Args:
            role: The other character's name.
        """
        choices = await agents.choices()
        wanted = role.casefold().strip()
        exact = [one for one in choices if wanted in {one.id.casefold(), one.name.casefold()}]
        match = exact or [one for one in choices if wanted and wanted in one.name.casefold()]
        if not match:
            names = ", ".join(one.name for one in choices)
            raise NotFound(
                f"There is nobody named {role!r}.", code="agent_not_found", hint=f"There are: {names}."
            )
        name = match[0].name
        plain = f"好的，{name}来了。" if speaks_chinese(caller) else f"Here is {name}."
        return Outcome(f"{name} goes on.", effects=(ChangeAgent(match[0].id),), plain=plain)

    return [
        *found,
        function_tool(
            change_role,
            title="Change role",
            examples=ROLES,
            places={"role": ROLE},
            said=SAID["change_role"],
            follow=("[to|with] [the] {role}",),
        ),
    ]
