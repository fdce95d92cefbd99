"""HTTP for tools: one client, times and sizes bounded, failures in words a person can use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

from kaikou.errors import KaikouError
from kaikou.settings.services import ToolSettings


class FetchFailed(KaikouError):
    """A service that a tool asks did not give an answer."""

    code = "tool_service_failed"
    status = 502


class Fetcher:
    """Asks other people's servers. The client is made at first use: it costs tens of milliseconds."""

    def __init__(self, settings: ToolSettings) -> None:
        self._settings = settings
        self._client: httpx.AsyncClient | None = None

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def json(self, service: str, method: str, url: str, **request: Any) -> Any:
        """The answer as JSON. FetchFailed, naming ``service``."""
        body = await self.bytes(service, method, url, **request)
        try:
            return json.loads(body)
        except ValueError:
            raise FetchFailed(f"{service} gave an answer that is not JSON.") from None

    async def bytes(
        self,
        service: str,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> bytes:
        """The answer's body; ``body`` is sent as JSON. FetchFailed, naming ``service``."""
        most = self._settings.http_max_bytes
        found = bytearray()
        try:
            async with self._http().stream(method, url, params=params, headers=headers, json=body) as answer:
                async for part in answer.aiter_bytes():
                    found += part
                    if len(found) > most:
                        raise FetchFailed(f"{service} sent more than {most} bytes.")
        except httpx.TimeoutException:
            raise FetchFailed(
                f"{service} did not answer within {self._settings.http_timeout:g} seconds.",
                hint="The connection to the internet may be down.",
            ) from None
        except httpx.TransportError:
            raise FetchFailed(
                f"{service} can't be reached.", hint="This machine may have no connection to the internet."
            ) from None
        except httpx.RequestError as error:  # more redirects than any, a body that can't be unpacked
            raise FetchFailed(f"{service} gave no readable answer ({type(error).__name__}).") from None
        except httpx.InvalidURL:
            raise FetchFailed(f"The address of {service} is not valid.") from None
        if answer.status_code in {401, 403}:
            raise FetchFailed(
                f"{service} refused the key ({answer.status_code}).", hint="Check it in the settings."
            )
        if answer.status_code >= 300:
            raise FetchFailed(f"{service} answered with an error ({answer.status_code}).")
        return bytes(found)

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=self._settings.http_timeout, follow_redirects=True, max_redirects=5
            )
        return self._client
