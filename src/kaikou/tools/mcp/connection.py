"""One MCP server: connected by a task of its own, again and again, so that no turn waits for it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kaikou.errors import NotReady
from kaikou.settings.services import McpServerSettings, ToolSettings
from kaikou.tools.mcp.config import headers_of
from kaikou.tools.mcp.listing import outcome_of, said, tools_of
from kaikou.tools.mcp.stderr import lines_to
from kaikou.tools.ports import Caller, Outcome, SourceState, SourceStatus, ToolSpec, counted

if TYPE_CHECKING:
    from mcp import Client

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0


class McpServer:
    """The tools of one server. ``changed`` is told when its state or its tools change."""

    def __init__(
        self,
        name: str,
        server: McpServerSettings,
        settings: ToolSettings,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = f"mcp:{name}"
        self.server = server
        self._settings = settings
        self._changed = changed
        self._client: Client | None = None
        self._specs: tuple[ToolSpec, ...] = ()
        self._state: SourceState = "loading"
        self._detail = "Connecting."
        self._error = ""
        self._log: deque[str] = deque(maxlen=50)
        self._look = asyncio.Event()
        """Set where the list of tools, and with it the connection, should be looked at now."""
        self._attempts = 0
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def close(self) -> None:
        self._closing = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=10)

    def specs(self, caller: Caller) -> Sequence[ToolSpec]:
        """The tools as listed last; none while there is no connection."""
        agents = self.server.agents
        return self._specs if agents is None or caller.agent_id in agents else ()

    async def call(self, name: str, arguments: Mapping[str, Any], caller: Caller) -> Outcome:
        client = self._client
        if client is None:
            raise NotReady(f"The server {self.name} is not connected: {self._error or self._detail}")
        try:
            limit = min(self.server.timeout, self._settings.timeout)
            result = await client.call_tool(name, dict(arguments), read_timeout_seconds=limit)
        except Exception:
            self._look.set()
            raise
        return outcome_of(result)

    def status(self) -> SourceStatus:
        return SourceStatus(self._state, self._detail, self._error, tuple(self._log))

    # -- the connection --------------------------------------------------------------------------------

    async def _run(self) -> None:
        wait = FIRST_WAIT
        while True:
            try:
                await self._connected()
                self._lost("The server closed the connection.")
                wait = FIRST_WAIT
            except Exception as error:  # noqa: BLE001 - whatever a server or its process may do
                if self._closing:  # a connection that fails as it is cancelled swallows the cancelling
                    return
                held = self._client is not None
                self._lost(said(error, self.server.command or ""))
                wait = FIRST_WAIT if held else wait
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311 - many servers, not at once
            wait = min(2 * wait, LONGEST_WAIT)

    async def _connected(self) -> None:
        """Connect, list the tools, and look again now and then; raises when the connection is gone."""
        self._attempts += 1
        # The client brings in a web server's worth of modules: not on the event loop.
        await asyncio.to_thread(_import_client)
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(self._settings.mcp_connect_timeout):
                client = await stack.enter_async_context(self._open())
                await self._list(client)
            self._client = client
            while True:
                self._look.clear()
                try:
                    async with asyncio.timeout(self._settings.mcp_check_seconds):
                        await self._look.wait()
                except TimeoutError:
                    self._note("checked")
                async with asyncio.timeout(self._settings.mcp_connect_timeout):
                    await self._list(client)

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Client]:
        import httpx2
        from mcp import Client, StdioServerParameters, stdio_client
        from mcp.client.sse import sse_client
        from mcp.client.streamable_http import streamable_http_client
        from mcp.types import ToolListChangedNotification

        async def heard(message: Any) -> None:
            if isinstance(message, ToolListChangedNotification):
                self._look.set()

        server, limit = self.server, self._settings.mcp_connect_timeout
        async with AsyncExitStack() as stack:
            transport: Any
            if server.command:
                errors = stack.enter_context(lines_to(self._note))
                known = StdioServerParameters(
                    command=server.command,
                    args=server.args,
                    env={name: value.get_secret_value() for name, value in server.env.items()},
                    cwd=server.cwd,
                )
                transport = stdio_client(known, errlog=errors)
            elif self._is_sse():
                transport = sse_client(server.url or "", headers=headers_of(server), timeout=limit)
            else:
                times = httpx2.Timeout(limit, read=300)
                http = httpx2.AsyncClient(headers=headers_of(server), timeout=times)
                await stack.enter_async_context(http)
                transport = streamable_http_client(server.url or "", http_client=http)
            client = Client(transport, message_handler=heard, read_timeout_seconds=limit, cache=None)
            yield await stack.enter_async_context(client)

    def _is_sse(self) -> bool:
        """Where nobody said: by the address's end first, then the other way, in turn."""
        if self.server.transport != "auto":
            return self.server.transport == "sse"
        likely = (self.server.url or "").rstrip("/").endswith("/sse")
        return likely if self._attempts % 2 else not likely

    async def _list(self, client: Client) -> None:
        found = await tools_of(client, self.name, self.server.timeout)
        before = (self._state, self._specs)
        self._specs, self._state, self._error = found, "ok", ""
        self._detail = f"{counted(len(found), 'tool')}."
        if before != (self._state, self._specs):
            self._note(f"connected, {len(found)} tools")
            self._changed()

    def _lost(self, said: str) -> None:
        self._client, self._specs = None, ()
        self._state, self._detail, self._error = "failed", "Not connected; it is tried again.", said
        self._note(said)
        log.warning("%s: %s", self.name, said)
        self._changed()

    def _note(self, line: str) -> None:
        self._log.append(f"{datetime.now():%H:%M:%S} {line}")


def _import_client() -> None:
    import mcp.client.sse
    import mcp.client.streamable_http  # noqa: F401 - brought into memory here
