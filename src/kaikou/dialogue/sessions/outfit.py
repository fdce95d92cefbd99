"""What a session is given when it opens: its agent's ways, its tools."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from kaikou.agents.persona import Agent
from kaikou.dialogue.items import new_id
from kaikou.dialogue.ports import Talk
from kaikou.dialogue.session import SessionConfig
from kaikou.dialogue.tool_calls.caller import SessionCaller
from kaikou.dialogue.tool_calls.hands import Hands
from kaikou.engines.ports import Card, Engines, Tool
from kaikou.errors import SettingsError
from kaikou.intent.ports import ChooseIntent, IntentModule
from kaikou.settings.services import ToolSettings
from kaikou.tools.toolbox import Allowed, Toolbox

log = logging.getLogger(__name__)


def with_agent(config: SessionConfig, agent: Agent) -> SessionConfig:
    """The agent fills what the client left open."""
    return replace(
        config,
        instructions=config.instructions or agent.prompt,
        voice=config.voice or agent.voice,
        language=config.language or agent.language,
        greeting=config.greeting or agent.greeting,
    )


def talk_of(
    agent: Agent,
    conversation_id: str | None,
    surface: str,
    config: SessionConfig,
    *,
    kept: bool,
    device_id: str | None,
    browser: str | None,
) -> Talk:
    """The session as its companions know it; a new id where it has none yet."""
    return Talk(
        conversation_id or new_id("conv"),
        agent.id,
        device_id=device_id,
        browser=browser,
        surface=surface,
        language=config.language,
        kept=kept,
        memory=agent.memory,
    )


def allowed_to(agent: Agent) -> Allowed:
    """The tools an agent may use."""
    return None if agent.tools is None else frozenset(agent.tools)


def tools_of(toolbox: Toolbox, agent: Agent) -> tuple[Tool, ...]:
    """The tools that any session with ``agent`` has."""
    return toolbox.tools(SessionCaller(agent.id, "", None, agent.knowledge), allowed_to(agent))


def intent_of(agent: Agent, card: Card, settings: ToolSettings, choose: ChooseIntent) -> IntentModule:
    """What decides about the agent's tools. A file of the agent's that is gone leaves it to the settings."""
    try:
        return choose(agent.intent or settings.intent, card)
    except SettingsError:
        if agent.intent is None:
            raise
        log.warning("there is no way to decide about tools named %s: the settings' serves", agent.intent)
        return choose(settings.intent, card)


def hands_of(
    toolbox: Toolbox,
    agent: Agent,
    talk: Talk,
    engines: Engines,
    settings: ToolSettings,
    *,
    choose: ChooseIntent,
    change_agent: Callable[[str], Awaitable[None]],
) -> Hands:
    """The server's tools, for a session with ``agent``."""
    return Hands(
        toolbox,
        SessionCaller(
            talk.agent_id, talk.conversation_id, talk.device_id, agent.knowledge, model=engines.llm
        ),
        settings,
        intent_of(agent, engines.llm.card, settings, choose),
        allowed=allowed_to(agent),
        change_agent=change_agent,
    )
