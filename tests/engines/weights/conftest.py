from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from engines.weights.file_server import FileServer, running_file_server

from kaikou.engines.weights import hub_source


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FileServer]:
    monkeypatch.setattr(hub_source, "PAUSE", 0.01)
    async with running_file_server() as running:
        yield running
