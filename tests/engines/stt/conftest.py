from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kaikou.engines.pool import Pool


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    made = Pool()
    yield made
    await made.close()
