"""Memory and knowing the speaker, and what they need of other rooms, put together."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, cast

from kaikou.errors import NotReady, SettingsError

if TYPE_CHECKING:
    from kaikou.api.runtime import Runtime
    from kaikou.audio.pcm import Pcm
    from kaikou.dialogue.sessions.service import LiveService
    from kaikou.engines.ports import Embedder, LanguageModel, SpeakerEncoder
    from kaikou.intent.modules import IntentModules
    from kaikou.memory.ports import Talk
    from kaikou.memory.room import MemoryRoom
    from kaikou.speakers.room import SpeakerRoom


async def open_mind(runtime: Runtime, stack: AsyncExitStack) -> None:
    """Memory, and knowing the speaker. Opened before the conversations that they keep company, so that
    what is said to the last is written down."""
    speakers = runtime.speakers = _open_speakers(runtime, stack)
    runtime.memory = await _open_memory(runtime, speakers, stack)
    runtime.intents = _open_intents(runtime, stack)


def keep_company(runtime: Runtime, live: LiveService, stack: AsyncExitStack) -> None:
    """Let them be asked by every conversation; nothing is learned any more while those are closed."""
    assert runtime.memory is not None and runtime.speakers is not None and runtime.intents is not None
    live.choose_intent = runtime.intents.choose
    live.companions += [runtime.speakers, runtime.memory]
    stack.push_async_callback(runtime.memory.learner.rest)


def _open_speakers(runtime: Runtime, stack: AsyncExitStack) -> SpeakerRoom:
    """People known by voice; the encoder is loaded when a voice is first looked at."""
    from kaikou.engines.selection import choose
    from kaikou.speakers.library import SpeakerLibrary
    from kaikou.speakers.room import SpeakerRoom
    from kaikou.store.speakers import SpeakerRepository

    settings = runtime.settings

    async def encoder(patience: float) -> SpeakerEncoder:
        if runtime.shelf is None:
            raise NotReady("The server is still starting.")
        found = await runtime.shelf.engine("speaker", choose(settings).speaker, patience=patience)
        return cast("SpeakerEncoder", found)

    def changed(**data: Any) -> None:
        runtime.feed.publish("speakers", **data)

    def heard(conversation_id: str, name: str | None) -> None:
        for session in runtime.live.sessions if runtime.live is not None else ():
            if session.conversation.id == conversation_id and session.conversation.hands is not None:
                session.conversation.hands.caller.speaker = name

    repository = SpeakerRepository(runtime.database)
    library = SpeakerLibrary(repository, encoder, runtime.pool, settings.speaker, changed)
    room = SpeakerRoom(library, settings.speaker, changed, heard)
    stack.push_async_callback(room.stop)
    return room


def _open_intents(runtime: Runtime, stack: AsyncExitStack) -> IntentModules:
    """What decides about tools; the model for it is loaded when it is first asked."""
    from kaikou.intent.meaning import Meaning
    from kaikou.intent.modules import IntentModules

    settings, tools = runtime.settings, runtime.tools
    assert tools is not None

    async def model() -> LanguageModel:
        name = settings.tools.intent_model
        if not name:
            raise SettingsError("tools.intent is model, and no model is named.", param="tools.intent_model")
        if runtime.shelf is None:
            raise NotReady("The server is still starting.")
        found = await runtime.shelf.engine("llm", name, patience=settings.tools.intent_seconds)
        return cast("LanguageModel", found)

    async def embedder(patience: float) -> Embedder:
        return await _embedder(runtime, patience)

    def changed() -> None:
        runtime.feed.publish("intent", change="modules")

    folder = settings.tools.intent_folder or settings.data_dir / "intent"
    modules = IntentModules(folder, settings.tools, tools.threads, model, changed, meaning=Meaning(embedder))
    stack.push_async_callback(modules.close)
    modules.start()
    return modules


async def _embedder(runtime: Runtime, patience: float) -> Embedder:
    from kaikou.engines.selection import choose

    if runtime.shelf is None:
        raise NotReady("The server is still starting.")
    name = choose(runtime.settings).embedding
    return cast("Embedder", await runtime.shelf.engine("embedding", name, patience=patience))


async def _open_memory(runtime: Runtime, speakers: SpeakerRoom, stack: AsyncExitStack) -> MemoryRoom:
    """What agents remember. It learns with the agent's own language model, in the lane that gives way."""
    from kaikou.memory.room import MemoryRoom
    from kaikou.store.memories import MemoryRepository
    from kaikou.store.purge import Purge

    settings, tools = runtime.settings, runtime.tools
    repository = MemoryRepository(runtime.database)
    assert tools is not None

    async def model(agent_id: str) -> LanguageModel:
        agent = await runtime.agents.get(agent_id)
        if runtime.engines is None or runtime.shelf is None:
            raise NotReady("The engines are being made ready.")
        if "llm" in agent.engines:
            chosen = await runtime.shelf.choose(runtime.engines, {"llm": agent.engines["llm"]})
            return chosen.llm
        return runtime.engines.llm

    async def embedder(patience: float) -> Embedder:
        return await _embedder(runtime, patience)

    def changed(**data: Any) -> None:
        runtime.feed.publish("memory", **data)

    async def speaker(talk: Talk, audio: Pcm | None) -> str | None:
        return await speakers.speaker(talk, audio)

    memory = MemoryRoom(
        repository, settings, model, embedder, tools.threads, speaker=speaker, on_change=changed
    )
    purge = Purge(repository, settings.limits.undo_seconds, what="memories")
    stack.push_async_callback(purge.stop)
    purge.start()
    stack.push_async_callback(memory.stop)
    memory.start()
    return memory
