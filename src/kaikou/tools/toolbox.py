"""All sources of tools as one: what a model is offered, and its calls carried out.

A call never raises: what goes wrong becomes an outcome that tells the model so in words it can act
on. It never hangs either: a call that outlives its time is cancelled and left behind.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from kaikou.engines.ports import Tool
from kaikou.errors import KaikouError
from kaikou.settings.services import ToolSettings
from kaikou.tools.calls import CallLog, CallRecord, clipped
from kaikou.tools.names import by_safe_name
from kaikou.tools.ports import Caller, Outcome, ToolSource, ToolSpec, speaks_chinese
from kaikou.tools.refusals import not_set_up, refusal
from kaikou.tools.schema import Checkers, parsed

log = logging.getLogger(__name__)

Allowed = frozenset[str] | None
"""Ids ``source/name`` and ``source/*``; None: everything that can be used."""

OnCall = Callable[[ToolSpec, CallRecord], None]


def is_allowed(spec: ToolSpec, allowed: Allowed) -> bool:
    """Whether the list names the tool or all of its source."""
    return allowed is None or spec.id in allowed or f"{spec.source}/*" in allowed


@dataclass(slots=True)
class _Shared:
    """What a toolbox and those made from it for one conversation have in common."""

    settings: ToolSettings
    slots: asyncio.Semaphore
    calls: CallLog
    on_call: OnCall
    checkers: Checkers = field(default_factory=Checkers)
    tasks: set[asyncio.Task[Outcome]] = field(default_factory=set)
    """Calls under way, those left behind included."""


class Toolbox:
    """The tools of all ``sources``; of two with one name, the earlier source's keeps it. A plugin named like
    a built-in tool is offered in its place."""

    def __init__(
        self,
        settings: ToolSettings,
        sources: Sequence[ToolSource] | Callable[[], Sequence[ToolSource]] = (),
        on_call: OnCall = lambda _spec, _record: None,
        *,
        shared: _Shared | None = None,
    ) -> None:
        self._sources = sources if callable(sources) else lambda: sources
        self._named: tuple[Sequence[ToolSpec], dict[str, ToolSpec]] = ((), {})
        self._shared = shared or _Shared(
            settings, asyncio.Semaphore(settings.max_concurrent), CallLog(settings.log_calls), on_call
        )

    @property
    def sources(self) -> Sequence[ToolSource]:
        """As they are now: servers come and go."""
        return self._sources()

    def with_sources(self, extra: Sequence[ToolSource]) -> Toolbox:
        """The same with more sources, such as one device's own; limits and log are shared."""
        shared = self._shared
        return Toolbox(shared.settings, lambda: (*self.sources, *extra), shared=shared) if extra else self

    @property
    def calls(self) -> CallLog:
        return self._shared.calls

    def specs(self, caller: Caller) -> dict[str, ToolSpec]:
        """Every tool, also those that can't be used yet, by the name a model knows it by."""
        found = [spec for source in self.sources for spec in _of(source, caller)]
        known, named = self._named
        # The same tools nearly always: naming hundreds of them anew costs more than the rest of a call.
        if len(found) != len(known) or any(one is not two for one, two in zip(found, known, strict=True)):
            named = by_safe_name(found)
            self._named = (found, named)
        return dict(named)

    def tools(self, caller: Caller, allowed: Allowed = None, *, unready: bool = False) -> tuple[Tool, ...]:
        """What a model is offered: safe names, nothing that still needs something, unless ``unready`` asks
        for that, too. The order is stable, so that prompts keep their prefix."""
        usable = {
            name: spec
            for name, spec in self.specs(caller).items()
            if (unready or not spec.needs) and is_allowed(spec, allowed)
        }
        own = {spec.tool.name for spec in usable.values() if spec.source == "plugin"}
        return tuple(
            spec.tool if spec.tool.name == name else replace(spec.tool, name=name)
            for name, spec in usable.items()
            if spec.source != "builtin" or spec.tool.name not in own
        )

    def spec(self, name: str, caller: Caller) -> ToolSpec | None:
        """The tool that a model knows by ``name``."""
        return self.specs(caller).get(name)

    async def call(self, name: str, arguments_json: str, caller: Caller, allowed: Allowed = None) -> Outcome:
        """Call a tool by the name the model knows. Never raises, cancellation apart."""
        spec = self.spec(name, caller)
        if spec is None or not is_allowed(spec, allowed):
            return Outcome(f"There is no tool named {name}.", failed=True)
        return await self.call_spec(spec, arguments_json, caller)

    async def call_spec(self, spec: ToolSpec, arguments_json: str, caller: Caller) -> Outcome:
        """Call a tool whose spec is at hand, and keep a record of it. Never raises, cancellation apart."""
        began = time.perf_counter()
        try:
            outcome = await self._checked(spec, arguments_json, caller)
        except asyncio.CancelledError:
            self._record(spec, arguments_json, caller, began, Outcome("It was stopped.", failed=True))
            raise
        except KaikouError as error:
            plain = refusal(error, chinese=speaks_chinese(caller))
            outcome = Outcome(str(error), failed=True, plain=plain)
        except Exception as error:
            log.warning("the tool %s failed", spec.id, exc_info=error)
            outcome = Outcome(f"The tool failed: {_line(error)}", failed=True)
        outcome = self._bounded(outcome)
        self._record(spec, arguments_json, caller, began, outcome)
        return outcome

    async def close(self) -> None:
        """Stop the calls under way."""
        tasks = list(self._shared.tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)

    async def _checked(self, spec: ToolSpec, arguments_json: str, caller: Caller) -> Outcome:
        if spec.needs:
            plain = not_set_up(chinese=speaks_chinese(caller))
            return Outcome(f"The tool can't be used: {spec.needs}", failed=True, plain=plain)
        source = _source_of(spec, self.sources, caller)
        if source is None:
            return Outcome(f"The tool {spec.tool.name} is gone.", failed=True)
        given = parsed(arguments_json)
        arguments = self._shared.checkers.of(spec.id, spec.tool.parameters).check(given)
        limit = min(spec.timeout, self._shared.settings.timeout)
        task = asyncio.create_task(self._in_a_slot(source, spec, arguments, caller), name=f"tool {spec.id}")
        self._shared.tasks.add(task)
        task.add_done_callback(self._ended)
        try:
            done, _ = await asyncio.wait({task}, timeout=limit)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if done:
            if task.cancelled():
                return Outcome("The tool was stopped.", failed=True)
            return task.result()
        # Not awaited: a tool that ignores its cancellation must not hold up the turn.
        task.cancel()
        return Outcome(f"The tool took longer than {limit:g} seconds and was stopped.", failed=True)

    async def _in_a_slot(
        self, source: ToolSource, spec: ToolSpec, arguments: Mapping[str, Any], caller: Caller
    ) -> Outcome:
        async with self._shared.slots:
            return await source.call(spec.tool.name, arguments, caller)

    def _ended(self, task: asyncio.Task[Outcome]) -> None:
        self._shared.tasks.discard(task)
        if not task.cancelled():
            task.exception()  # one left behind may fail later; that was told already

    def _bounded(self, outcome: Outcome) -> Outcome:
        longest = self._shared.settings.max_result_chars
        if len(outcome.text) <= longest and len(outcome.speak or "") <= longest:
            return outcome
        text, speak = outcome.text, outcome.speak
        if len(text) > longest:
            text = f"{text[:longest]}\n[cut: {len(text) - longest} more characters]"
        return replace(outcome, text=text, speak=speak[:longest] if speak else speak)

    def _record(self, spec: ToolSpec, arguments: str, caller: Caller, began: float, outcome: Outcome) -> None:
        record = CallRecord(
            at=datetime.now(UTC),
            agent_id=caller.agent_id,
            conversation_id=caller.conversation_id,
            arguments=clipped(arguments),
            seconds=time.perf_counter() - began,
            failed=outcome.failed,
            text=clipped(outcome.text or outcome.speak or ""),
        )
        self._shared.calls.add(spec.id, record)
        self._shared.on_call(spec, record)


def _of(source: ToolSource, caller: Caller) -> Sequence[ToolSpec]:
    """A source's tools; one that fails to tell takes nothing from the others."""
    try:
        return source.specs(caller)
    except Exception:
        log.warning("the source %s can't say what it offers", source.name, exc_info=True)
        return ()


def _source_of(spec: ToolSpec, sources: Sequence[ToolSource], caller: Caller) -> ToolSource | None:
    """The source that offers the tool now; the one of its name is asked first."""
    for source in sorted(sources, key=lambda one: one.name != spec.source):
        if any(one is spec or one.id == spec.id for one in _of(source, caller)):
            return source
    return None


def _line(error: BaseException) -> str:
    """The error as one line, as the end of a traceback has it."""
    said = str(error).strip().splitlines()
    return f"{type(error).__name__}: {said[0]}" if said else type(error).__name__
