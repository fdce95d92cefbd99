"""What concerns the conversation itself: leave it, its loudness, who speaks."""

from __future__ import annotations

from collections.abc import Sequence

from kaikou.errors import NotFound
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import ChangeAgent, Leave, Outcome, SetVolume


def tools(parts: Parts) -> Sequence[FunctionTool]:
    async def leave(farewell: str = "") -> Outcome:
        """End the conversation, when the user says goodbye or wants to stop. 用户告别或想结束对话时调用。

        Args:
            farewell: A short goodbye in the user's language.
        """
        return Outcome("Goodbye.", speak=farewell, effects=(Leave(farewell),))

    async def set_volume(percent: int) -> Outcome:
        """Set how loud you are. 设置音量。

        Args:
            percent: 0 (silent) to 100 (loudest).
        """
        level = min(max(percent, 0), 100)
        return Outcome(f"The volume is {level} percent now.", effects=(SetVolume(level),))

    found = [
        function_tool(leave, title="End the conversation", direct=True),
        function_tool(set_volume, title="Volume"),
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

    return [*found, function_tool(change_role, title="Change role")]
