"""What concerns the conversation itself: leave it, its loudness, who speaks."""

from __future__ import annotations

from collections.abc import Sequence

from kaikou.errors import NotFound
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.builtin.speaking import chinese
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import Caller, ChangeAgent, Leave, Outcome, SetVolume

GOODBYES = (
    "goodbye",
    "bye",
    "bye bye",
    "see you later",
    "see you",
    "that's all",
    "that's all for today",
    "stop the conversation",
    "end the conversation",
    "hang up",
    "good night",
    "再见",
    "拜拜",
    "再会",
    "回头见",
    "退下",
    "结束对话",
    "结束吧",
    "挂断",
    "不聊了",
    "没事了",
    "晚安",
)
LOUDNESS = (
    "set the volume to {percent}",
    "set volume to {percent}",
    "set your volume to {percent}",
    "volume {percent}",
    "volume to {percent}",
    "turn the volume to {percent}",
    "turn the volume up to {percent}",
    "turn the volume down to {percent}",
    "turn it up to {percent}",
    "turn it down to {percent}",
    "change the volume to {percent}",
    "put the volume at {percent}",
    "make the volume {percent}",
    "音量{percent}",
    "音量调到{percent}",
    "把音量调到{percent}",
    "把音量调成{percent}",
    "把音量调整到{percent}",
    "把音量设为{percent}",
    "把音量设置为{percent}",
    "把音量设成{percent}",
    "音量设为{percent}",
    "音量设置为{percent}",
    "音量调成{percent}",
    "音量调为{percent}",
    "声音调到{percent}",
    "把声音调到{percent}",
    "把声音开到{percent}",
    "声音开到{percent}",
    "音量开到{percent}",
    "将音量调到{percent}",
)
ROLES = (
    "let me talk to {role}",
    "let me speak to {role}",
    "switch to {role}",
    "change to {role}",
    "I want to talk to {role}",
    "切换到{role}",
    "切换成{role}",
    "换成{role}",
    "换{role}跟我说话",
    "让{role}来跟我聊",
)


def tools(parts: Parts) -> Sequence[FunctionTool]:
    async def leave(caller: Caller, farewell: str = "") -> Outcome:
        """End the conversation, when the user says goodbye or wants to stop. 用户告别或想结束对话时调用。

        Args:
            farewell: A short goodbye in the user's language.
        """
        plain = farewell or ("再见！" if chinese(caller) else "Goodbye!")
        return Outcome("Goodbye.", speak=farewell or None, effects=(Leave(plain),), plain=plain)

    async def set_volume(percent: int, caller: Caller) -> Outcome:
        """Set how loud you are. 设置音量。

        Args:
            percent: 0 (silent) to 100 (loudest).
        """
        level = min(max(percent, 0), 100)
        text = f"The volume is {level} percent now."
        plain = f"音量调到{level}%了。" if chinese(caller) else text
        return Outcome(text, effects=(SetVolume(level),), plain=plain)

    found = [
        function_tool(leave, title="End the conversation", direct=True, examples=GOODBYES),
        function_tool(set_volume, title="Volume", examples=LOUDNESS),
    ]
    agents = parts.ports.agents
    if agents is None:
        return found

    async def change_role(role: str) -> Outcome:
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
        return Outcome(f"{match[0].name} goes on.", effects=(ChangeAgent(match[0].id),))

    return [*found, function_tool(change_role, title="Change role", examples=ROLES)]
