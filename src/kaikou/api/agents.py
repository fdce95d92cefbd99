"""``/api/agents``: the personas one can talk with."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from kaikou.agents.persona import Agent
from kaikou.api.problems import Problem
from kaikou.api.runtime import RuntimeDep

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

    def given(self) -> dict[str, object]:
        """The fields that were sent; null empties those that can be empty."""
        sent = self.model_dump(exclude_unset=True)
        empty: dict[str, object] = {
            "description": "",
            "greeting": "",
            "name": "",
            "prompt": "",
            "engines": {},
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
    shipped: bool
    changed: bool
    created_at: datetime
    updated_at: datetime


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
async def get_agent(agent_id: str, runtime: RuntimeDep) -> AgentOut:
    return _out(await runtime.agents.get(agent_id))


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
