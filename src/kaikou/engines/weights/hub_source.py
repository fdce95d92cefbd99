"""Weights from a model hub over HTTP: resumed by Range, watched for stalls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote

import httpx

from kaikou.engines.weights.catalogue import Source, WeightFile
from kaikou.engines.weights.folder import sha256
from kaikou.engines.weights.threads import in_thread
from kaikou.errors import ModelUnavailable

OnBytes = Callable[[int, int], None]

ATTEMPTS = 3
"""Tries in a row that bring no new byte, before the source is given up."""
PAUSE = 1.0
"""Seconds before the first repetition."""


def address(base_url: str, source: Source, path: str) -> str:
    """Where a file of a hub repository lies. Both hubs serve ``<repo>/resolve/<revision>/<path>``;
    ModelScope puts ``models/`` before the repository."""
    prefix = "models/" if source.kind == "modelscope" else ""
    return (
        f"{base_url.rstrip('/')}/{prefix}{quote(source.repo)}/resolve/{quote(source.revision)}/{quote(path)}"
    )


async def download(
    source: Source,
    files: Sequence[WeightFile],
    stage: Path,
    on_bytes: OnBytes,
    *,
    base_url: str,
    silence: float,
) -> Path:
    """Fetch ``files`` into ``stage`` and return their folder. A read that brings nothing for ``silence``
    seconds is a stall; failed tries are repeated after a growing pause. Raises ModelUnavailable."""
    out = stage / "files"
    total = sum(file.size for file in files)
    before = 0
    timeout = httpx.Timeout(silence, connect=min(silence, 10.0))
    async with httpx.AsyncClient(timeout=timeout, follow_redirects=True) as client:
        for file in files:
            url = address(base_url, source, source.paths.get(file.name, file.name))
            target = out / file.name
            await in_thread(target.parent.mkdir, parents=True, exist_ok=True)
            await _File(client, url, file, target, partial(_add, on_bytes, before, total)).run()
            before += file.size
    on_bytes(total, total)
    return out


def _add(on_bytes: OnBytes, before: int, total: int, got: int) -> None:
    on_bytes(before + got, total)


class _File:
    """One file on its way: ``<name>.part`` until its digest is right."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        file: WeightFile,
        target: Path,
        on_bytes: Callable[[int], None],
    ) -> None:
        self._client = client
        self._url = url
        self._file = file
        self._target = target
        self._part = target.with_name(target.name + ".part")
        self._on_bytes = on_bytes

    async def run(self) -> None:
        if await in_thread(self._target.is_file):
            return  # finished and verified in an earlier run
        failures = 0
        while (have := await in_thread(self._size)) < self._file.size:
            try:
                await self._continue(have)
            except httpx.HTTPError as error:
                failures = 0 if await in_thread(self._size) > have else failures + 1
                if failures >= ATTEMPTS:
                    raise ModelUnavailable(
                        f"The download of {self._file.name} from {self._host} broke off: {_why(error)}.",
                        hint="Check the network and try again; what has arrived is kept.",
                    ) from error
                await asyncio.sleep(PAUSE * (failures + 1))
        if await in_thread(sha256, self._part) != self._file.sha256:
            await in_thread(self._part.unlink)
            raise ModelUnavailable(
                f"The file {self._file.name} from {self._host} is not the published one "
                "(its SHA-256 differs).",
                code="model_altered",
                hint="The hub or mirror serves an altered file: use another source.",
            )
        await in_thread(self._part.replace, self._target)

    @property
    def _host(self) -> str:
        return httpx.URL(self._url).host

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.is_file() else 0

    async def _continue(self, have: int) -> None:
        """One request, from byte ``have`` on where the server can."""
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        async with self._client.stream("GET", self._url, headers=headers) as response:
            self._check(response)
            resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
            start = have if resumed else 0
            if resumed and not response.headers.get("content-range", "").startswith(f"bytes {have}-"):
                await in_thread(self._part.unlink)
                raise httpx.RemoteProtocolError("the server answered another range than asked for")
            async with _writer(self._part, start) as write:
                got = start
                async for block in response.aiter_bytes():
                    got += len(block)
                    if got > self._file.size:
                        raise ModelUnavailable(
                            f"The file {self._file.name} from {self._host} is larger than the published one.",
                            code="model_altered",
                            hint="The hub or mirror serves an altered file: use another source.",
                        )
                    await write(block)
                    self._on_bytes(got)
        if got < self._file.size:
            raise httpx.RemoteProtocolError(f"it ended after {got} of {self._file.size} bytes")

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in (401, 403, 404, 410):
            raise ModelUnavailable(
                f"{self._host} does not offer {self._file.name} (HTTP {status}).",
                hint="Check the address in KAIKOU_MODELS__HUGGINGFACE_URL or …MODELSCOPE_URL, "
                "or choose another source.",
            )
        response.raise_for_status()


def _why(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "nothing arrived in time"
    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code}"
    return str(error) or type(error).__name__


@asynccontextmanager
async def _writer(path: Path, start: int) -> AsyncIterator[Callable[[bytes], Awaitable[int]]]:
    """Writes to ``path`` from byte ``start`` on, in a thread."""
    file = await in_thread(path.open, "rb+" if start else "wb")
    try:
        await in_thread(file.seek, start)
        await in_thread(file.truncate)
        yield lambda block: in_thread(file.write, block)
    finally:
        await in_thread(file.close)
