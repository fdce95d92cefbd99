"""Memory in conversations: what an agent knows of somebody enters its prompt, and what they say is noted.

A conversation sees this room as a companion (``dialogue/ports.py``): it is asked when the conversation
opens and before each reply, and told of each finished turn and of the end.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kaikou.audio.pcm import Pcm
from kaikou.errors import KaikouError
from kaikou.memory.grounding import is_chinese
from kaikou.memory.kit import ModuleKit
from kaikou.memory.learning import Learner
from kaikou.memory.library import MemoryLibrary
from kaikou.memory.modules import Modules
from kaikou.memory.owners import owner_of
from kaikou.memory.ports import NONE, EmbedderSource, ModelSource, OnChange, SpeakerSource, Talk, Whose
from kaikou.reloading.folder import Threads
from kaikou.settings.tree import Settings
from kaikou.store.memories import MemoryRepository

log = logging.getLogger(__name__)

LATELY = 6
"""Turns not yet learned from that are told as they were said."""
_LATELY_CHARS = 160
_ABOUT = {
    False: "What you remember of the person you are talking with, from earlier conversations. Use it where "
    "it helps, don't list it:",
    True: "你记得的关于对方的事（来自以前的对话，合适时自然地用上，不要逐条复述）：",
}
_SAID = {False: "They said lately:", True: "对方最近说过："}


@dataclass(slots=True)
class _Held:
    """A conversation under way: whose memory its opening told."""

    opened_for: Whose | None = None
    whose: Whose | None = None


async def nobody_known(talk: Talk, heard: Pcm | None) -> str | None:
    """Where voices are not told apart."""
    return None


class MemoryRoom:
    """All of it. ``start`` loads the modules and begins to learn; ``stop`` must follow."""

    def __init__(
        self,
        repository: MemoryRepository,
        settings: Settings,
        model: ModelSource,
        embedder: EmbedderSource,
        threads: Threads,
        *,
        speaker: SpeakerSource = nobody_known,
        on_change: OnChange,
    ) -> None:
        own = settings.memory
        self._settings = own
        self._repository = repository
        self._speaker = speaker
        folder = own.folder or Path(settings.data_dir) / "memory"

        def kit(name: str) -> ModuleKit:
            return ModuleKit(name, repository, model, embedder, own)

        self.modules = Modules(folder, own, threads, kit, lambda: on_change(change="modules"))
        self.learner = Learner(repository, self.modules, own, on_change)
        self.library = MemoryLibrary(repository, embedder, own, on_change, self.learner.abandon)
        self._held: dict[str, _Held] = {}

    def start(self) -> None:
        self.modules.start()
        self.learner.start()

    async def stop(self) -> None:
        await self.learner.stop()
        await self.modules.close()

    async def forget_conversations(self, ids: Sequence[str]) -> None:
        """Learn nothing more from these: they were thrown away. What was learned stays."""
        await self.learner.write()
        await self._repository.forget_turns(conversations=ids)

    # -- the companion of a conversation

    async def opening(self, talk: Talk) -> str:
        """What the agent knows of who is likely to speak; empty where it remembers nothing."""
        if talk.memory == NONE:
            return ""
        held = self._held.setdefault(talk.conversation_id, _Held())
        self.learner.opened(talk.conversation_id)
        whose = held.opened_for = held.whose = await self._whose(talk, None)
        return await self._known(whose, talk)

    async def enrich(self, talk: Talk, words: str, heard: Pcm | None) -> str:
        """What the user's words recall beside; all that is known, where the voice turned out to be another
        person's than expected."""
        held = self._held.get(talk.conversation_id)
        if talk.memory == NONE or held is None:
            return ""
        whose = held.whose = await self._whose(talk, heard)
        parts = []
        if whose != held.opened_for:
            parts.append(await self._known(whose, talk))
        recalled = await self._recall(talk.memory, whose, words)
        if recalled:
            parts.append(_told(recalled))
        return "\n".join(part for part in parts if part)

    def after_turn(self, talk: Talk, user: str, agent: str) -> None:
        """Note a turn to learn from; returns at once."""
        held = self._held.get(talk.conversation_id)
        if talk.memory == NONE or not talk.kept or held is None or held.whose is None or not user.strip():
            return
        self.learner.note(held.whose, talk.memory, talk.conversation_id, user, agent)

    def closed(self, talk: Talk) -> None:
        if self._held.pop(talk.conversation_id, None) is not None:
            self.learner.closed(talk.conversation_id)

    # -- inside

    async def _whose(self, talk: Talk, heard: Pcm | None) -> Whose:
        speaker = await self._speaker(talk, heard)
        return Whose(talk.agent_id, owner_of(speaker, talk.device_id, talk.browser))

    async def _known(self, whose: Whose, talk: Talk) -> str:
        notes = await self._recall(talk.memory, whose, "")
        waiting = [
            row.said[:_LATELY_CHARS]
            for row in await self.learner.waiting(whose)
            if row.conversation_id != talk.conversation_id
        ]
        parts = [_told(notes)] if notes else []
        if waiting:
            lately = "\n".join(f"- “{said}”" for said in waiting[-LATELY:])
            parts.append(f"{_SAID[is_chinese(lately)]}\n{lately}")
        return "\n".join(parts)

    async def _recall(self, name: str, whose: Whose, query: str) -> str:
        """What the module says; a module that fails, or isn't there, remembers nothing."""
        try:
            return (await self.modules.get(name).recall(whose, query)).strip()
        except KaikouError as error:
            log.info("memory %s recalls nothing: %s", name, error)
        except Exception:
            log.warning("memory %s failed to recall", name, exc_info=True)
        return ""


def _told(notes: str) -> str:
    lines = "\n".join(f"- {line}" for line in notes.splitlines() if line.strip())
    return f"{_ABOUT[is_chinese(notes)]}\n{lines}"
