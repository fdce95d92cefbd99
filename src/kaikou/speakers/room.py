"""Voices in conversations: each utterance's voice is recognised while the reply is begun.

A conversation sees this room as a companion (``dialogue/ports.py``). The sound it is given is what the
recogniser hears; nothing is recorded for it. Where the encoder is late, the reply goes on without a name.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kaikou.audio.pcm import Pcm
from kaikou.engines.ports import Lane
from kaikou.errors import KaikouError
from kaikou.settings.tree import SpeakerSettings
from kaikou.speakers.library import SpeakerLibrary
from kaikou.speakers.ports import OnChange, Talk
from kaikou.store.records import now

log = logging.getLogger(__name__)

PATIENCE = 0.05
"""Seconds a turn waits for the encoder to be loaded; it goes on loading."""
WRITE_AFTER = 2.0
_SAYS = {
    False: "By the voice, the person speaking now is {name}.",
    True: "从声音听出，现在说话的人是{name}。",
}

OnHeard = Callable[[str, str | None], None]
"""(conversation id, name or None): told whenever somebody else speaks."""


@dataclass(slots=True)
class _Held:
    """A conversation under way."""

    speaker: str | None = None
    heard: Pcm | None = None
    """The utterance asked about last."""
    finding: asyncio.Task[str | None] | None = None


class SpeakerRoom:
    """``stop`` must be called at the end."""

    def __init__(
        self,
        library: SpeakerLibrary,
        settings: SpeakerSettings,
        on_change: OnChange,
        on_heard: OnHeard = lambda _conversation, _name: None,
    ) -> None:
        self.library = library
        self._settings = settings
        self._on_change = on_change
        self._on_heard = on_heard
        self._held: dict[str, _Held] = {}
        self._tasks: set[asyncio.Task[str | None]] = set()
        self._last: dict[str, datetime] = {}
        self._writing: asyncio.Task[None] | None = None

    async def stop(self) -> None:
        for task in [*self._tasks, *([self._writing] if self._writing else [])]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._write(0.0)

    # -- the companion of a conversation

    async def opening(self, talk: Talk) -> str:
        """Nothing: nobody has spoken yet."""
        return ""

    async def enrich(self, talk: Talk, words: str, heard: Pcm | None) -> str:
        """Who speaks, in words."""
        speaker = await self.speaker(talk, heard)
        name = await self.library.name_of(speaker) if speaker else None
        if name is None:
            return ""
        chinese = (talk.language or "").startswith("zh") or any("\u4e00" <= one <= "\u9fff" for one in words)
        return _SAYS[chinese].format(name=name)

    def after_turn(self, talk: Talk, user: str, agent: str) -> None:
        held = self._held.get(talk.conversation_id)
        if held is not None and held.speaker is not None:
            self._last[held.speaker] = now()
            if self._writing is None or self._writing.done():
                self._writing = asyncio.create_task(self._write(WRITE_AFTER), name="speakers heard")

    def closed(self, talk: Talk) -> None:
        self._held.pop(talk.conversation_id, None)

    # -- for others

    async def speaker(self, talk: Talk, heard: Pcm | None) -> str | None:
        """The id of who speaks in a session. The same utterance is looked at once; one that is typed, or
        too short to tell, is taken for the last known speaker's."""
        if not self._settings.enabled:
            return None
        held = self._held.setdefault(talk.conversation_id, _Held())
        if heard is None:
            return held.speaker
        if held.heard is not heard or held.finding is None:
            held.heard = heard
            held.finding = asyncio.create_task(self._find(talk, held, heard), name="who speaks")
            self._tasks.add(held.finding)
            held.finding.add_done_callback(self._tasks.discard)
        # What is given up waiting for goes on: the next turn may need it.
        return await asyncio.shield(held.finding)

    async def _find(self, talk: Talk, held: _Held, heard: Pcm) -> str | None:
        try:
            if not await self.library.anybody():
                return None
            found = await self.library.recognise(heard, patience=PATIENCE, lane=Lane.LIVE)
        except KaikouError as error:
            log.info("who speaks is not known: %s", error)
            return held.speaker
        if not found.scores:
            return held.speaker
        if held.heard is heard and found.speaker_id != held.speaker:
            held.speaker = found.speaker_id
            name = await self.library.name_of(found.speaker_id) if found.speaker_id else None
            self._on_heard(talk.conversation_id, name)
            self._on_change(id=found.speaker_id, change="heard", conversation=talk.conversation_id)
        return found.speaker_id

    async def _write(self, after: float) -> None:
        await asyncio.sleep(after)
        moments, self._last = self._last, {}
        try:
            await self.library.heard(moments)
        except KaikouError as error:
            log.warning("when people were heard was not kept: %s", error)
