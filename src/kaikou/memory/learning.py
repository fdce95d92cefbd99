"""Learning from finished turns, behind the conversations' backs.

Turns are written to the database as they end, so that none is lost when the server stops, and are taken in
once their conversation has ended, or has been quiet for a while, or there are many. The language model is
asked in the lane that gives way to everybody who waits.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import defaultdict, deque
from datetime import timedelta

from kaikou.errors import KaikouError, NotFound
from kaikou.memory.modules import Modules
from kaikou.memory.ports import OnChange, Turn, Whose
from kaikou.settings.services import MemorySettings
from kaikou.store.claims import Claims
from kaikou.store.memories import MemoryRepository, TurnRow
from kaikou.store.records import now

log = logging.getLogger(__name__)

MOST_UNWRITTEN = 500
MOST_TRIES = 3
INTERVAL = 2.0
"""Seconds between two looks at what may be learned now."""
AFTER_FAILURE = 30.0
STOP_SECONDS = 5.0


class Learner:
    """Owns the turns that wait, and the task that learns from them."""

    def __init__(
        self, repository: MemoryRepository, modules: Modules, settings: MemorySettings, on_change: OnChange
    ) -> None:
        self.interval = INTERVAL
        self.after_failure = AFTER_FAILURE
        self._repository = repository
        self._modules = modules
        self._settings = settings
        self._on_change = on_change
        self._claims = Claims(repository.database)
        self._unwritten: deque[TurnRow] = deque(maxlen=MOST_UNWRITTEN)
        self._open: set[str] = set()
        """Conversations under way."""
        self._wake = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._rest_until = 0.0
        self._learning: tuple[Whose, asyncio.Future[None]] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="learn")

    async def rest(self) -> None:
        """Learn no more: what is being learned is given up, to be learned by the next server."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    async def stop(self) -> None:
        """Rest, and write what was said to the last."""
        await self.rest()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.write()
        except (KaikouError, TimeoutError) as error:
            log.warning("%d turns will not be remembered: %s", len(self._unwritten), error)

    def opened(self, conversation_id: str) -> None:
        self._open.add(conversation_id)

    def closed(self, conversation_id: str) -> None:
        self._open.discard(conversation_id)
        self._wake.set()

    def note(self, whose: Whose, module: str, conversation_id: str, said: str, answered: str) -> None:
        """A turn has ended. Returns at once."""
        clip = self._settings.max_turn_chars
        self._unwritten.append(
            TurnRow(
                id=f"turn_{secrets.token_hex(8)}",
                agent_id=whose.agent_id,
                who=whose.who,
                module=module,
                conversation_id=conversation_id,
                said=said[:clip],
                answered=answered[:clip],
                said_at=now(),
            )
        )
        self._wake.set()

    async def waiting(self, whose: Whose) -> tuple[TurnRow, ...]:
        """Turns nothing was learned from yet, oldest first."""
        await self.write()
        return await self._repository.waiting(whose.agent_id, whose.who)

    async def write(self) -> None:
        """Put the turns into the database. Raises DatabaseUnavailable; they are kept then."""
        if self._unwritten:
            # To the end, whoever gives up waiting: a turn is written once.
            await asyncio.shield(asyncio.ensure_future(self._write()))

    async def _write(self) -> None:
        async with self._writing:
            rows = list(self._unwritten)
            if not rows:
                return
            await self._repository.wait(rows)
            written = {row.id for row in rows}
            while self._unwritten and self._unwritten[0].id in written:
                self._unwritten.popleft()

    async def abandon(self, agent_id: str | None = None, who: str | None = None) -> None:
        """Learn nothing from what was said so far by these (None: by anybody)."""
        kept = [row for row in self._unwritten if not _fits(row, agent_id, who)]
        self._unwritten = deque(kept, maxlen=MOST_UNWRITTEN)
        async with self._writing:
            await self._repository.forget_turns(agent_id=agent_id, who=who)
        if self._learning is not None and _fits(self._learning[0], agent_id, who):
            self._learning[1].cancel()
            await asyncio.wait({self._learning[1]})

    # -- the task

    async def _run(self) -> None:
        while True:
            try:
                await self.write()
                again = await self.once()
            except KaikouError as error:
                log.warning("nothing can be remembered now: %s", error)
                again = False
            except Exception:
                log.exception("learning failed")
                again = False
            if again:
                continue
            self._wake.clear()
            try:
                # Quiet conversations become ripe without an event.
                async with asyncio.timeout(self.interval):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def once(self) -> bool:
        """Learn from one person's ripe turns; False where there were none."""
        if asyncio.get_running_loop().time() < self._rest_until:
            return False
        grouped: defaultdict[tuple[Whose, str], list[TurnRow]] = defaultdict(list)
        for row in await self._repository.waiting():
            grouped[Whose(row.agent_id, row.who), row.module].append(row)
        for (whose, module), rows in grouped.items():
            if ripe := self._ripe(rows):
                async with self._claims.held(f"learn {module} {whose.agent_id} {whose.who}"[:300]) as ours:
                    if ours and (left := await self._left(whose, ripe)):
                        await self._learn(whose, module, left[: self._settings.learn_turns])
                        return True
        return False

    async def _left(self, whose: Whose, rows: list[TurnRow]) -> list[TurnRow]:
        """Those of ``rows`` that another server on the database has not learned from meanwhile."""
        left = {row.id for row in await self._repository.waiting(whose.agent_id, whose.who)}
        return [row for row in rows if row.id in left]

    def _ripe(self, rows: list[TurnRow]) -> list[TurnRow]:
        """The turns of conversations that have ended; all, where there are many or it has been quiet."""
        quiet = now() - rows[-1].said_at > timedelta(seconds=self._settings.learn_after)
        if quiet or len(rows) >= self._settings.learn_turns:
            return rows
        return [row for row in rows if row.conversation_id not in self._open]

    async def _learn(self, whose: Whose, name: str, rows: list[TurnRow]) -> None:
        turns = [Turn(row.said, row.answered, row.said_at, row.conversation_id) for row in rows]
        ids = [row.id for row in rows]

        async def learn() -> None:
            await self._modules.get(name).learn(whose, turns)

        task = asyncio.ensure_future(learn())
        self._learning = (whose, task)
        try:
            await asyncio.wait({task})
            if task.cancelled():
                return  # abandoned: the turns are gone
            task.result()
        except NotFound as error:
            log.warning("%d turns are not remembered: %s", len(rows), error)
        except Exception as error:  # noqa: BLE001 - a module may raise anything
            await self._failed(rows, error)
            return
        finally:
            self._learning = None
            task.cancel()
        await self._repository.learned(ids)
        self._on_change(agent=whose.agent_id, who=whose.who, change="learned", ids=[])

    async def _failed(self, rows: list[TurnRow], error: Exception) -> None:
        """Try again after a rest, but not for ever: what a module can't read would stop all others."""
        self._rest_until = asyncio.get_running_loop().time() + self.after_failure
        await self._repository.tried([row.id for row in rows])
        given_up = [row.id for row in rows if row.tries + 1 >= MOST_TRIES]
        said = error.message if isinstance(error, KaikouError) else f"{type(error).__name__}: {error}"
        log.warning("learning from %d turns failed: %s", len(rows), said)
        if given_up and not _may_pass(error):
            log.warning("%d turns are given up", len(given_up))
            await self._repository.learned(given_up)


def _fits(one: TurnRow | Whose, agent_id: str | None, who: str | None) -> bool:
    return agent_id in (None, one.agent_id) and who in (None, one.who)


def _may_pass(error: Exception) -> bool:
    """Whether it is the model's absence that failed, and not what was to be learned."""
    return isinstance(error, KaikouError) and error.status == 503
