"""What an agent is: a persona that can be talked with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from kaikou.errors import InvalidInput

ENGINE_KINDS = ("stt", "llm", "tts")
MAX_NAME, MAX_TEXT, MAX_PROMPT, MAX_TOOLS = 80, 1_000, 16_000, 500
MAX_BASES = 50
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_MODULE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
_TOOL = re.compile(r"[^/\s]{1,128}/\S.{0,199}")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Agent:
    """A persona. None leaves a choice to the session or the settings."""

    id: str
    name: str
    prompt: str
    """The system prompt. Small local models follow short ones best."""
    description: str = ""
    greeting: str = ""
    """Spoken when a session opens; empty: the user begins."""
    voice: str | None = None
    language: str | None = None
    """BCP 47 code, or None to follow the user."""
    engines: Mapping[str, str] = field(default_factory=dict)
    """Engine names by kind (``stt``, ``llm``, ``tts``) where the settings' choice should not serve."""
    tools: tuple[str, ...] | None = None
    """What it may do: ids ``source/name``, or ``source/*`` for all of a source; None: every tool that can be
    used, an empty tuple: none."""
    knowledge: tuple[str, ...] = ()
    """Ids of the knowledge bases it may look things up in."""
    memory: str = "none"
    """How it remembers people: ``none``, ``summary``, ``facts``, or the name of a file of the operator's."""
    intent: str | None = None
    """What decides about its tools before a reply: ``auto``, ``router``, ``function_calling``, ``model``,
    ``none``, or the name of a file of the operator's; None: as the settings say."""
    shipped: bool = False
    """It comes with Kaikou; it can be changed and set back, not deleted."""
    changed: bool = False
    """A shipped one that somebody changed."""
    created_at: datetime = _BEGINNING
    updated_at: datetime = _BEGINNING


def checked(agent: Agent) -> Agent:
    """The agent, or InvalidInput ``invalid_agent`` naming the field that is wrong."""
    _require(bool(_ID.fullmatch(agent.id)), "id", "holds a-z, 0-9, - and _, at most 64 of them")
    _require(0 < len(agent.name.strip()) <= MAX_NAME, "name", f"has 1 to {MAX_NAME} characters")
    _require(0 < len(agent.prompt.strip()) <= MAX_PROMPT, "prompt", f"has 1 to {MAX_PROMPT} characters")
    _require(len(agent.description) <= MAX_TEXT, "description", f"has at most {MAX_TEXT} characters")
    _require(len(agent.greeting) <= MAX_TEXT, "greeting", f"has at most {MAX_TEXT} characters")
    language = agent.language
    _require(
        language is None or bool(_LANGUAGE.fullmatch(language)), "language", "is a code such as en or zh-CN"
    )
    _require(agent.voice is None or 0 < len(agent.voice) <= 128, "voice", "has 1 to 128 characters")
    _require(set(agent.engines) <= set(ENGINE_KINDS), "engines", f"has the keys {', '.join(ENGINE_KINDS)}")
    _require(all(0 < len(name) <= 100 for name in agent.engines.values()), "engines", "names engines")
    _require(len(agent.knowledge) <= MAX_BASES, "knowledge", f"names at most {MAX_BASES} knowledge bases")
    _require(all(0 < len(one) <= 128 for one in agent.knowledge), "knowledge", "names knowledge bases")
    tools = agent.tools or ()
    _require(len(tools) <= MAX_TOOLS, "tools", f"are at most {MAX_TOOLS}")
    named = all(_TOOL.fullmatch(one) for one in tools)
    _require(named, "tools", "are named source/tool, or source/* for all of a source")
    _require(bool(_MODULE.fullmatch(agent.memory)), "memory", "is the name of a way to remember, or none")
    known = agent.intent is None or bool(_MODULE.fullmatch(agent.intent))
    _require(known, "intent", "is the name of a way to decide about tools, or null")
    return agent


def _require(condition: bool, name: str, rule: str) -> None:
    if not condition:
        raise InvalidInput(f"An agent's {name} {rule}.", code="invalid_agent", param=name)
