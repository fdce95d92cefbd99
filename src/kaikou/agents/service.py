"""Agents: the shipped ones, those people made, and shipped ones that people changed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from kaikou.agents.persona import MAX_NAME, Agent, checked
from kaikou.agents.shipped import SHIPPED
from kaikou.errors import InvalidInput, NotFound
from kaikou.store.agents import AgentRepository
from kaikou.store.records import AgentRow, now

MAX_AGENTS = 1_000
_WORDS = ("name", "prompt", "description", "greeting")
_CHOICES = ("voice", "language", "engines", "tools", "knowledge", "memory", "intent")
_FIELDS = (*_WORDS, *_CHOICES)


class AgentService:
    """A shipped agent lives in the code, so that a new version improves it; once changed, the row
    of its id stands for it until it is set back."""

    def __init__(self, repository: AgentRepository) -> None:
        self._rows = repository
        self._shipped = {agent.id: agent for agent in SHIPPED}

    @property
    def default_id(self) -> str:
        """The agent of a session that names none."""
        return SHIPPED[0].id

    async def all(self) -> tuple[Agent, ...]:
        """The shipped ones first, then the others by age."""
        rows = {row.id: self._agent(row) for row in await self._rows.all()}
        shipped = [rows.pop(agent.id, agent) for agent in SHIPPED]
        return (*shipped, *rows.values())

    async def get(self, agent_id: str) -> Agent:
        """NotFound ``agent_not_found``."""
        row = await self._rows.get(agent_id)
        if row is not None:
            return self._agent(row)
        if agent_id in self._shipped:
            return self._shipped[agent_id]
        raise NotFound(f"There is no agent {agent_id!r}.", code="agent_not_found", param="agent_id")

    async def create(self, fields: Mapping[str, Any]) -> Agent:
        """A new agent of the given ``name``, ``prompt`` …; ``id`` is made where none is given.
        Errors: ``invalid_agent``, ``agent_exists``, ``too_many_agents``."""
        agent_id = fields.get("id") or f"agent_{secrets.token_hex(6)}"
        existing = {agent.id for agent in await self.all()}
        if agent_id in existing:
            raise InvalidInput(
                f"There is an agent {agent_id!r} already.", code="agent_exists", param="id", status=409
            )
        if len(existing) >= MAX_AGENTS:
            raise InvalidInput(f"There can be {MAX_AGENTS} agents.", code="too_many_agents", status=409)
        moment = now()
        agent = Agent(id=agent_id, name="", prompt="", created_at=moment, updated_at=moment)
        return await self._save(replace(agent, **_known(fields)))

    async def duplicate(self, agent_id: str, name: str | None = None) -> Agent:
        """A new agent like another; without ``name`` it gets the other's with a number behind.
        Errors: ``agent_not_found``, ``invalid_agent``, ``too_many_agents``."""
        like = await self.get(agent_id)
        taken = {agent.name for agent in await self.all()}
        numbered = (f"{like.name[: MAX_NAME - 5]} {number}" for number in count(2))
        fields = {field: getattr(like, field) for field in _FIELDS}
        return await self.create(fields | {"name": name or next(one for one in numbered if one not in taken)})

    async def update(self, agent_id: str, fields: Mapping[str, Any]) -> Agent:
        """Change the given fields. Errors: ``agent_not_found``, ``invalid_agent``."""
        before = await self.get(agent_id)
        moment = now()
        began = moment if before.shipped and not before.changed else before.created_at
        return await self._save(replace(before, created_at=began, updated_at=moment, **_known(fields)))

    async def delete(self, agent_id: str) -> None:
        """Delete an agent; a shipped one is set back to how it came. Errors: ``agent_not_found``,
        ``agent_shipped`` for a shipped one that nobody changed."""
        if await self._rows.delete(agent_id):
            return
        if agent_id in self._shipped:
            raise InvalidInput(
                "This agent comes with Kaikou and can't be deleted.", code="agent_shipped", status=409
            )
        raise NotFound(f"There is no agent {agent_id!r}.", code="agent_not_found", param="agent_id")

    async def _save(self, agent: Agent) -> Agent:
        checked(agent)
        row = AgentRow(
            id=agent.id,
            name=agent.name.strip(),
            prompt=agent.prompt,
            description=agent.description,
            greeting=agent.greeting,
            voice=agent.voice,
            language=agent.language,
            engines=dict(agent.engines),
            tools=None if agent.tools is None else tuple(agent.tools),
            knowledge=tuple(agent.knowledge),
            memory=agent.memory,
            intent=agent.intent,
            created_at=agent.created_at,
            updated_at=agent.updated_at,
        )
        await self._rows.put(row)
        return self._agent(row)

    def _agent(self, row: AgentRow) -> Agent:
        shipped = row.id in self._shipped
        return Agent(
            id=row.id,
            name=row.name,
            prompt=row.prompt,
            description=row.description,
            greeting=row.greeting,
            voice=row.voice,
            language=row.language,
            engines=dict(row.engines),
            tools=None if row.tools is None else tuple(row.tools),
            knowledge=tuple(row.knowledge or ()),
            memory=row.memory or "none",
            intent=row.intent,
            shipped=shipped,
            changed=shipped,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fields[name] for name in _FIELDS if name in fields}
