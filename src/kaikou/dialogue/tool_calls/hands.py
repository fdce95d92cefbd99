"""What one session can do: the tools it is offered, and what calls of them bring about."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from kaikou.dialogue.effects import AfterReply
from kaikou.dialogue.tool_calls.caller import SessionCaller
from kaikou.engines.ports import Tool, ToolCall
from kaikou.errors import KaikouError
from kaikou.intent.ports import IntentModule, Refuses
from kaikou.settings.services import ToolSettings
from kaikou.tools.ports import ChangeAgent, ChangePrompt, ChangeVolume, Effect, Outcome, PlayAudio, SetVolume
from kaikou.tools.refusals import refusal
from kaikou.tools.toolbox import Allowed, Toolbox

USUAL_LOUDNESS = 70
"""Where nobody told yet."""


class Hands:
    """One session's. ``allowed`` is the agent's list, ``change_agent`` lets another agent take over.

    ``volume`` sets the loudness at the listener's; a surface that can puts it there, and it may raise.
    """

    def __init__(
        self,
        toolbox: Toolbox,
        caller: SessionCaller,
        settings: ToolSettings,
        intent: IntentModule,
        *,
        allowed: Allowed = None,
        change_agent: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self.caller = caller
        self.settings = settings
        self.intent = intent
        self.allowed = allowed
        self.volume: Callable[[int], Awaitable[None]] | None = None
        self.loudness = USUAL_LOUDNESS
        """As set last."""
        self.level: Callable[[], Awaitable[int | None]] | None = None
        """Asks the listener's for the loudness there, where it can tell; None where it doesn't."""
        self.change_prompt: Callable[[str], None] | None = None
        """Gives the session other instructions."""
        self.offered: Callable[[], bool] = lambda: True
        """Whether the server's tools are this session's at all."""
        self.sounds: Callable[[], bool] = lambda: True
        """Whether it can be played to."""
        self._toolbox = toolbox
        self._change_agent = change_agent
        caller.offered, caller.act = self.tools, self._use

    def tools(self) -> tuple[Tool, ...]:
        """The server's tools for this session, in a stable order."""
        if not self.offered():
            return ()
        unready = isinstance(self.intent, Refuses) and self.intent.refuses
        return self._toolbox.tools(self.caller, self.allowed, unready=unready)

    def goes_on_as(
        self, agent_id: str, allowed: Allowed, knowledge: tuple[str, ...], intent: IntentModule
    ) -> None:
        """Another agent took over."""
        self.intent = intent
        self.caller.agent_id, self.caller.knowledge = agent_id, knowledge
        self.allowed = allowed
        self.offered = lambda: True

    @property
    def spoken_in(self) -> str:
        """The two letters of the language that the user is answered in."""
        return (self.caller.language or "en").lower().replace("_", "-").split("-")[0]

    def title(self, name: str) -> str:
        """What people call the tool."""
        spec = self._toolbox.spec(name, self.caller)
        return spec.title if spec is not None else ""

    async def call(self, call: ToolCall) -> tuple[Outcome, tuple[AfterReply, ...]]:
        """Call a tool and do at once what it asks of the conversation; what has to wait is given back.
        Never raises, cancellation apart."""
        outcome = await self._toolbox.call(call.name, call.arguments, self.caller, self.allowed)
        later: list[AfterReply] = []
        for effect in outcome.effects:
            try:
                if (waits := await self._do(effect)) is not None:
                    later.append(waits)
            except KaikouError as error:
                plain = refusal(error, chinese=self.spoken_in == "zh")
                return replace(outcome, text=str(error), speak=None, failed=True, plain=plain), ()
        return outcome, tuple(later)

    async def _use(self, name: str, arguments: str) -> Outcome:
        """A tool called by another, as the model calls it; its effects are left to who asked."""
        return await self._toolbox.call(name, arguments, self.caller, self.allowed)

    async def _do(self, effect: Effect) -> AfterReply | None:
        match effect:
            case SetVolume(percent):
                if self.volume is None:
                    raise KaikouError(
                        "The loudness can't be set from here.",
                        code="no_volume",
                        hint="The listener sets it at the device.",
                    )
                await self.volume(percent)
                self.loudness = percent
                return None
            case ChangeVolume(by):
                if self.level is not None:
                    told = await self.level()
                    self.loudness = self.loudness if told is None else told
                return await self._do(SetVolume(min(max(self.loudness + by, 0), 100)))
            case ChangeAgent(agent_id):
                if self._change_agent is None:
                    raise KaikouError("The agent can't change here.", code="no_other_agent")
                await self._change_agent(agent_id)
            case ChangePrompt(prompt):
                if self.change_prompt is None:
                    raise KaikouError("The instructions can't change here.", code="no_other_prompt")
                self.change_prompt(prompt)
                self.offered = lambda: True  # they are the tool's, not a client's of its own
                return None
            case PlayAudio() if not self.sounds():
                raise KaikouError("This conversation is written: nothing can be played.", code="no_sound")
        return effect
