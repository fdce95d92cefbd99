"""The sources that a server has, put together: built-ins, the plugin folder, MCP servers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from kaikou.settings.services import ToolSettings
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.builtin.source import Builtins
from kaikou.tools.calls import CallRecord
from kaikou.tools.fetch import Fetcher
from kaikou.tools.mcp.endpoints import McpEndpoints
from kaikou.tools.mcp.servers import McpServers
from kaikou.tools.plugins import PluginFolder
from kaikou.tools.ports import ToolPorts, ToolSource, ToolSpec
from kaikou.tools.threads import ToolThreads
from kaikou.tools.toolbox import Toolbox

OnChange = Callable[[str], None]


class ToolRoom:
    """Owns the sources and their tasks. ``changed`` gets the name of a source that changed, or whose tool
    was called; on the event loop."""

    def __init__(
        self,
        data_dir: Path,
        settings: ToolSettings,
        ports: ToolPorts = ToolPorts(),  # noqa: B008 - frozen
        changed: OnChange = lambda _: None,
        endpoints: McpEndpoints | None = None,
    ) -> None:
        threads = self.threads = ToolThreads(settings.max_concurrent)
        folder = settings.folder or data_dir / "plugins"
        self._fetch = Fetcher(settings)
        self.builtins = Builtins(Parts(settings, self._fetch, ports), threads)
        self.plugins = PluginFolder(folder, settings, threads, lambda: changed("plugin"))
        self.mcp = McpServers(data_dir, settings, changed)
        self.endpoints = endpoints
        """None where nothing can dial in."""
        self.toolbox = Toolbox(settings, self._sources, lambda spec, record: _called(changed, spec, record))

    def start(self) -> None:
        """Begin to load plugins and to connect; nothing waits for it."""
        self.plugins.start()
        self.mcp.start()

    async def close(self) -> None:
        await self.toolbox.close()
        if self.endpoints is not None:
            self.endpoints.close()
        await self.plugins.close()
        await self.mcp.close()
        await self._fetch.aclose()

    def _sources(self) -> Sequence[ToolSource]:
        dialled = self.endpoints.sources() if self.endpoints is not None else ()
        return (self.builtins, self.plugins, *self.mcp.sources(), *dialled)


def _called(changed: OnChange, spec: ToolSpec, _record: CallRecord) -> None:
    changed(spec.source)
