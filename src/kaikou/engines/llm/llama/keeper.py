"""Keeps the embedded language model's child process running, and hands out its client."""

from __future__ import annotations

import asyncio
import logging
import time

import httpx

from kaikou.engines.llm.chat.client import ChatCompletions
from kaikou.engines.llm.llama.child import ChildConfig
from kaikou.engines.llm.llama.process import LlamaProcess
from kaikou.engines.ports import Health
from kaikou.engines.presets import Endpoint, Preset
from kaikou.errors import EngineFailed, NotReady
from kaikou.settings.tree import LlmSettings

log = logging.getLogger(__name__)

PRESET = Preset("llama", "The embedded language model", "", needs_key=False, shows_address=False)
FIRST_TOKEN_SECONDS = 300.0
"""A long prompt on a slow processor takes minutes; the connection is local and cannot hang unseen."""
RESTART_BACK_OFF = (0.5, 2.0, 5.0, 15.0, 60.0)
RESTART_WAIT = 15.0
"""Seconds a request waits for a restart before it is told so."""
STEADY_SECONDS = 60.0
"""A child that ran this long starts its back-off anew."""
NOTICE_SECONDS = 0.2
"""A child's end is noticed a moment after the end of its connections."""


class LlamaKeeper:
    """One child after the other. ``start`` once, ``stop`` once; ``health`` in between."""

    def __init__(self, config: ChildConfig, settings: LlmSettings) -> None:
        self.health = Health("waiting")
        self._config = config
        self._settings = settings
        self._process: LlamaProcess | None = None
        self._chat: ChatCompletions | None = None
        self._places: httpx.AsyncClient | None = None
        self._up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start the first child and wait until its model is loaded. Raises EngineFailed."""
        process = await self._launch()
        self._task = asyncio.create_task(self._keep(process), name="llama keeper")

    async def stop(self) -> None:
        """End the child for good."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None
        await self._end()
        self.health = Health("waiting", "Closed.")

    async def chat(self) -> ChatCompletions:
        """The running child's client. Waits for a restart a while, then raises NotReady."""
        try:
            async with asyncio.timeout(RESTART_WAIT):
                await self._up.wait()
        except TimeoutError:
            raise NotReady("The language model is being restarted.", hint="Try again soon.") from None
        assert self._chat is not None
        return self._chat

    async def working(self) -> int:
        """How many requests the child is at, told between two of its steps. Raises httpx.HTTPError."""
        if self._places is None:
            return 0
        found = (await self._places.get("/slots")).raise_for_status().json()
        return sum(bool(slot["is_processing"]) for slot in found)

    async def lost(self, chat: ChatCompletions) -> bool:
        """Whether the child behind ``chat`` has ended, asked after a failure."""
        await asyncio.sleep(NOTICE_SECONDS)
        return self._chat is not chat

    async def _launch(self) -> LlamaProcess:
        process = LlamaProcess(self._config)
        address = await process.start()
        timeout = max(self._settings.timeout, FIRST_TOKEN_SECONDS)
        self._process = process
        self._chat = ChatCompletions(
            Endpoint(PRESET, f"{address}/v1", process.api_key, self._config.model, timeout),
            temperature=self._settings.temperature,
            max_tokens=self._settings.max_tokens,
            # Its server closes idle connections after seconds, perhaps just as one is used again.
            back_off=(0.05, 0.2),
        )
        self._places = httpx.AsyncClient(
            base_url=address,
            headers={"authorization": f"Bearer {process.api_key}"},
            timeout=timeout,
            trust_env=False,
        )
        self.health = Health("ready")
        self._up.set()
        return process

    async def _end(self) -> None:
        self._up.clear()
        chat, self._chat = self._chat, None
        places, self._places = self._places, None
        if chat is not None:
            await chat.close()
        if places is not None:
            await places.aclose()
        process, self._process = self._process, None
        if process is not None:
            await process.stop()

    async def _keep(self, process: LlamaProcess) -> None:
        """Start a new child whenever one ends, more patiently each time."""
        failures = 0
        while True:
            began = time.monotonic()
            await process.wait()
            await self._end()
            reason = process.reason()
            log.error("the language model's process ended (%s)", reason)
            if time.monotonic() - began > STEADY_SECONDS:
                failures = 0
            process = await self._relaunch(failures, f"It ended unexpectedly ({reason})")
            failures += 1

    async def _relaunch(self, failures: int, reason: str) -> LlamaProcess:
        while True:
            pause = RESTART_BACK_OFF[min(failures, len(RESTART_BACK_OFF) - 1)]
            self.health = Health("degraded", f"{reason}; starting again in {pause:g} s.")
            await asyncio.sleep(pause)
            self.health = Health("degraded", f"{reason}; starting again.")
            try:
                return await self._launch()
            except (EngineFailed, OSError) as error:
                log.error("the language model could not be started again: %s", error)
                reason = str(error).rstrip(".")
                failures += 1
