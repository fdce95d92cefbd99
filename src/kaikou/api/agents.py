"""``/api/agents``: the personas one can talk with."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from kaikou.agents.persona import Agent
from kaikou.api.problems import Problem
from kaikou.api.runtime import Runtime, RuntimeDep
from kaikou.engines.presets import PRESETS, RemoteKind
from kaikou.engines.registry import available
from kaikou.engines.remote import is_local
from kaikou.errors import NotFound

router = APIRouter(prefix="/api/agents", tags=["agents"], responses={404: {"model": Problem}})


class AgentFields(BaseModel):
    """What may be set; what is left out stays as it is (or is empty)."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, description="Shown in the list.")
    prompt: str | None = Field(None, description="The system prompt.")
    description: str | None = None
    greeting: str | None = Field(None, description="Spoken when a session opens.")
    voice: str | None = Field(None, description="A voice's id; null for the language's own.")
    language: str | None = Field(None, description="BCP 47 code; null to follow the user.")
    engines: dict[str, str] | None = Field(None, description="Engine names by kind: stt, llm, tts.")
    tools: list[str] | None = Field(
        None, description="Ids of /api/tools, or source/*; null for all that can be used, [] for none."
    )
    knowledge: list[str] | None = Field(None, description="Ids of knowledge bases; null or [] for none.")

    memory: str | None = Field(
        None, description="How it remembers people, of /api/memory/modules; null for none."
    )
    intent: str | None = Field(
        None, description="What decides about its tools, of /api/intent; null for the setting tools.intent."
    )

    def given(self) -> dict[str, object]:
        """The fields that were sent; null empties those that can be empty."""
        sent = self.model_dump(exclude_unset=True)
        empty: dict[str, object] = {
            "description": "",
            "greeting": "",
            "name": "",
            "prompt": "",
            "engines": {},
            "knowledge": (),
            "memory": "none",
        }
        return {name: empty.get(name) if value is None else value for name, value in sent.items()}


class NewAgent(AgentFields):
    id: str | None = Field(None, description="a-z, 0-9, - and _; made where none is given.")
    name: str
    prompt: str


class AgentOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    prompt: str
    description: str
    greeting: str
    voice: str | None
    language: str | None
    engines: dict[str, str]
    tools: list[str] | None
    knowledge: list[str]
    memory: str
    intent: str | None
    shipped: bool
    changed: bool
    created_at: datetime
    updated_at: datetime


class EngineOut(BaseModel):
    """The engine that serves a kind."""

    engine: str
    title: str
    model: str
    local: bool | None = Field(description="False where audio or text leaves this machine.")
    origin: Literal["agent", "settings"] = Field(alias="from")
    note: str = Field("", description="What is wrong with the choice, if anything.")

    model_config = ConfigDict(populate_by_name=True)


class VoiceOut(BaseModel):
    id: str
    name: str
    origin: Literal["agent", "settings"] = Field(alias="from")
    note: str = ""

    model_config = ConfigDict(populate_by_name=True)


class Resolved(BaseModel):
    """What a session with this agent would use now."""

    stt: EngineOut
    llm: EngineOut
    tts: EngineOut
    voice: VoiceOut
    language: str | None


class AgentDetail(AgentOut):
    resolved: Resolved | None = Field(description="null while the engines are being constructed.")


class Duplicate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, description="Default: the name with a number.")


class AgentList(BaseModel):
    agents: list[AgentOut]
    default: str = Field(description="Id of the agent of a session that names none.")


@router.get("")
async def list_agents(runtime: RuntimeDep) -> AgentList:
    """All agents, the shipped ones first."""
    found = [_out(agent) for agent in await runtime.agents.all()]
    return AgentList(agents=found, default=runtime.agents.default_id)


@router.post("", status_code=201, responses={409: {"model": Problem}, 422: {"model": Problem}})
async def create_agent(body: NewAgent, response: Response, runtime: RuntimeDep) -> AgentOut:
    agent = await runtime.agents.create(body.given())
    response.headers["location"] = f"/api/agents/{agent.id}"
    return _out(agent)


@router.get("/{agent_id}")
async def get_agent(agent_id: str, runtime: RuntimeDep) -> AgentDetail:
    """The agent, and which engines and voice a session with it would use."""
    agent = await runtime.agents.get(agent_id)
    return AgentDetail(**_out(agent).model_dump(), resolved=await _resolved(runtime, agent))


@router.post("/{agent_id}/duplicate", status_code=201, responses={422: {"model": Problem}})
async def duplicate_agent(
    agent_id: str, response: Response, runtime: RuntimeDep, body: Duplicate | None = None
) -> AgentOut:
    """A new agent that is like this one."""
    name = body.name if body is not None else None
    made = await runtime.agents.duplicate(agent_id, name)
    response.headers["location"] = f"/api/agents/{made.id}"
    return _out(made)


@router.patch("/{agent_id}", responses={422: {"model": Problem}})
async def update_agent(agent_id: str, body: AgentFields, runtime: RuntimeDep) -> AgentOut:
    """Change the fields that are sent."""
    return _out(await runtime.agents.update(agent_id, body.given()))


@router.delete("/{agent_id}", status_code=204, responses={409: {"model": Problem}})
async def delete_agent(agent_id: str, runtime: RuntimeDep) -> None:
    """Delete an agent; a shipped one that was changed is set back to how it came."""
    await runtime.agents.delete(agent_id)


def _out(agent: Agent) -> AgentOut:
    return AgentOut.model_validate(agent)


async def _resolved(runtime: Runtime, agent: Agent) -> Resolved | None:
    if runtime.engines is None:
        return None
    tts = _engine(runtime, agent, "tts")
    return Resolved(
        stt=_engine(runtime, agent, "stt"),
        llm=_engine(runtime, agent, "llm"),
        tts=tts,
        voice=await _voice(runtime, agent, own_engine=tts.origin == "agent"),
        language=agent.language,
    )


def _engine(runtime: Runtime, agent: Agent, kind: RemoteKind) -> EngineOut:
    """The agent's own engine, else the one in force. One that is not in force has no card yet."""
    card = getattr(runtime.engines, kind).card
    name = agent.engines.get(kind)
    if name is None or name in ("auto", card.name):
        origin: Literal["agent", "settings"] = "agent" if name == card.name else "settings"
        return EngineOut(
            engine=card.name, title=card.title, model=card.model, local=card.local, origin=origin
        )
    preset = PRESETS.get(name)
    note = "" if name in available(kind) else f"No {kind} engine named {name!r} is installed."
    return EngineOut(
        engine=name,
        title=preset.title if preset else name,
        model=preset.models.get(kind, "") if preset else "",
        local=is_local(preset.base_url) if preset else None,
        origin="agent",
        note=note,
    )


async def _voice(runtime: Runtime, agent: Agent, *, own_engine: bool) -> VoiceOut:
    assert runtime.engines is not None
    if agent.voice is None:
        chosen = runtime.engines.tts.default_voice(agent.language)
        return VoiceOut(id=chosen, name=chosen, origin="settings")
    if runtime.voices is None or own_engine:
        return VoiceOut(id=agent.voice, name=agent.voice, origin="agent")
    try:
        found = await runtime.voices.get(agent.voice)
    except NotFound as error:
        return VoiceOut(id=agent.voice, name=agent.voice, origin="agent", note=error.message)
    return VoiceOut(id=found.id, name=found.voice.name, origin="agent")
