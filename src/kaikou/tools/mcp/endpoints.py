"""MCP servers that dial in: each endpoint has a token and an agent, and what connects with the token
brings its tools to that agent. The connection comes from there, the calls go from here.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kaikou.errors import InvalidInput, LimitReached, NotFound, NotReady
from kaikou.settings.services import ToolSettings
from kaikou.store.endpoints import EndpointRepository, EndpointRow
from kaikou.tools.mcp.listing import outcome_of, said, tools_of
from kaikou.tools.ports import Caller, Outcome, SourceStatus, ToolSpec, counted

if TYPE_CHECKING:
    from mcp import Client
    from mcp.client import Transport
    from mcp.types import CallToolResult

log = logging.getLogger(__name__)

MAX_NAME = 60


@dataclass(eq=False, slots=True)
class _Connection:
    """One server on the line. ``look``: its list of tools should be read again; ``over`` ends it."""

    over: asyncio.Event
    specs: tuple[ToolSpec, ...] = ()
    client: Client | None = None
    look: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(eq=False, slots=True)
class Using:
    """One who uses the tools from outside. ``over`` ends it; ``changed``: the tools are others now."""

    over: asyncio.Event
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    asked: bool = False
    """For the tools: who never did is not told of changes."""


class Endpoint:
    """One endpoint as a source of tools; several servers may be connected to it."""

    def __init__(self, row: EndpointRow, settings: ToolSettings, changed: Callable[[str], None]) -> None:
        self.row = row
        self.name = f"endpoint:{row.id}"
        self.settings = settings
        self._on_change = changed
        self.callers: set[Using] = set()
        self._connections: list[_Connection] = []
        self._error = ""
        self._log: deque[str] = deque(maxlen=50)

    @property
    def connections(self) -> int:
        """Servers connected now."""
        return len(self._connections)

    def specs(self, caller: Caller) -> Sequence[ToolSpec]:
        """The tools of all servers connected; of two with one name, the earlier connection's."""
        return self.offered() if caller.agent_id == self.row.agent_id else ()

    def offered(self) -> tuple[ToolSpec, ...]:
        """What ``specs`` gives to the endpoint's agent."""
        named: dict[str, ToolSpec] = {}
        for connection in self._connections:
            for spec in connection.specs:
                named.setdefault(spec.tool.name, spec)
        return tuple(named.values())

    async def call(self, name: str, arguments: Mapping[str, Any], caller: Caller) -> Outcome:
        if caller.agent_id != self.row.agent_id:
            raise NotReady("The tool is another agent's.")
        return outcome_of(await self.result_of(name, arguments))

    async def result_of(self, name: str, arguments: Mapping[str, Any]) -> CallToolResult:
        """What the tool's server answers. NotReady where it is not connected; raises what went wrong."""
        for connection in self._connections:
            if connection.client is not None and any(one.tool.name == name for one in connection.specs):
                try:
                    return await connection.client.call_tool(
                        name, dict(arguments), read_timeout_seconds=self.settings.timeout
                    )
                except Exception as error:
                    self._failed(said(error))
                    connection.look.set()
                    raise
        raise NotReady("The tool's server is not connected.")

    def status(self) -> SourceStatus:
        count = len(self._connections)
        if not count:
            return SourceStatus("loading", "Nothing is connected.", self._error, tuple(self._log))
        tools = sum(len(one.specs) for one in self._connections)
        detail = f"{count} connected, {counted(tools, 'tool')}."
        return SourceStatus("ok", detail, self._error, tuple(self._log))

    async def serve(self, transport: Transport, over: asyncio.Event) -> None:
        """Use the server behind ``transport`` until ``over``, which is set where it goes, or here where
        the endpoint is closed. Raises what went wrong with it; LimitReached ``too_many_connections``."""
        if len(self._connections) >= self.settings.endpoint_servers:
            raise LimitReached(
                "Too many servers are connected to this endpoint.",
                code="too_many_connections",
                hint="Raise tools.endpoint_servers.",
            )
        connection = _Connection(over)
        self._connections.append(connection)
        try:
            # The client brings in a web server's worth of modules: not on the event loop.
            await asyncio.to_thread(_import_client)
            await self._hold(connection, transport)
            self._note("disconnected")
        except Exception as error:
            self._failed(said(error))
            raise
        finally:
            self._connections.remove(connection)
            self._changed()

    def close(self) -> None:
        """End every connection."""
        for over in [*(one.over for one in self.callers), *(one.over for one in self._connections)]:
            over.set()

    async def _hold(self, connection: _Connection, transport: Transport) -> None:
        from mcp import Client
        from mcp.types import ToolListChangedNotification

        async def heard(message: Any) -> None:
            if isinstance(message, ToolListChangedNotification):
                connection.look.set()

        limit = self.settings.mcp_connect_timeout
        # Servers that dial in are old enough to wait for `initialize`, and may not answer anything else.
        client = Client(
            transport, mode="legacy", message_handler=heard, read_timeout_seconds=limit, cache=None
        )
        async with asyncio.timeout(limit) as starting, client:
            await self._list(connection, client)
            starting.reschedule(None)
            connection.client = client
            over = asyncio.ensure_future(connection.over.wait())
            try:
                while not over.done():
                    look = asyncio.ensure_future(connection.look.wait())
                    seconds = self.settings.mcp_check_seconds
                    await asyncio.wait({over, look}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
                    look.cancel()
                    connection.look.clear()
                    if not over.done():
                        await self._list(connection, client)
            finally:
                over.cancel()
                connection.client = None

    async def _list(self, connection: _Connection, client: Client) -> None:
        async with asyncio.timeout(self.settings.mcp_connect_timeout):
            found = await tools_of(client, self.name, self.settings.timeout)
        if found != connection.specs or connection.client is None:
            connection.specs = found
            self._error = ""
            self._note(f"connected, {len(found)} tools")
            self._changed()

    def _changed(self) -> None:
        for one in self.callers:
            if one.asked:
                one.changed.set()
        self._on_change(self.name)

    def _failed(self, what: str) -> None:
        self._error = what
        self._note(what)
        log.warning("%s: %s", self.name, what)

    def _note(self, line: str) -> None:
        self._log.append(f"{datetime.now():%H:%M:%S} {line}")


class McpEndpoints:
    """All endpoints. ``changed`` gets the name of a source that changed, on the event loop."""

    def __init__(
        self,
        repository: EndpointRepository,
        settings: ToolSettings,
        changed: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._rows = repository
        self._settings = settings
        self._changed = changed
        self._endpoints: dict[str, Endpoint] = {}

    async def load(self) -> None:
        """Read those that were made before."""
        for row in await self._rows.all():
            self._endpoints[row.id] = Endpoint(row, self._settings, self._changed)

    def close(self) -> None:
        for endpoint in self._endpoints.values():
            endpoint.close()

    def sources(self) -> Sequence[Endpoint]:
        return tuple(self._endpoints.values())

    def of_token(self, token: str) -> Endpoint | None:
        digest = _digest(token)
        return next((one for one in self._endpoints.values() if one.row.token_hash == digest), None)

    async def create(self, agent_id: str, name: str) -> tuple[Endpoint, str]:
        """A new endpoint, and its token, which is told this once. Errors: ``invalid_name``,
        ``too_many_endpoints``."""
        name = "".join(character for character in name if character.isprintable()).strip()
        if not 0 < len(name) <= MAX_NAME:
            raise InvalidInput(f"A name has 1 to {MAX_NAME} characters.", code="invalid_name", param="name")
        most = self._settings.endpoints
        if len(self._endpoints) >= most:
            raise LimitReached(
                f"There can be {most} endpoints.",
                code="too_many_endpoints",
                hint="Remove some, or raise tools.endpoints.",
            )
        token = secrets.token_urlsafe(32)
        row = EndpointRow(secrets.token_hex(4), agent_id, name, _digest(token))
        await self._rows.add(row)
        made = self._endpoints[row.id] = Endpoint(row, self._settings, self._changed)
        self._changed(made.name)
        return made, token

    async def revoke(self, endpoint_id: str) -> None:
        """Forget an endpoint, and end what is connected to it. NotFound ``endpoint_not_found``."""
        if not await self._rows.delete(endpoint_id):
            raise NotFound(f"There is no endpoint {endpoint_id[:40]!r}.", code="endpoint_not_found")
        gone = self._endpoints.pop(endpoint_id, None)
        if gone is not None:
            gone.close()
            self._changed(gone.name)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _import_client() -> None:
    import mcp.client  # noqa: F401 - brought into memory here
