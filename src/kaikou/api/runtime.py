"""What the routes work with: built once by ``server.py``, found at ``app.state.runtime``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends
from starlette.requests import HTTPConnection

from kaikou.api.events import Feed
from kaikou.api.metrics import Telemetry
from kaikou.errors import NotReady

if TYPE_CHECKING:
    from kaikou.accounts.guard import Guard
    from kaikou.agents.service import AgentService
    from kaikou.devices.registry import DeviceRegistry
    from kaikou.dialogue.sessions.service import LiveService
    from kaikou.engines.pool import Pool
    from kaikou.engines.ports import Engines
    from kaikou.engines.registry import Weights
    from kaikou.engines.shelf import EngineShelf
    from kaikou.engines.warmup import Warmup
    from kaikou.intent.modules import IntentModules
    from kaikou.jobs.schedule import Schedule
    from kaikou.knowledge.library import KnowledgeBase
    from kaikou.memory.room import MemoryRoom
    from kaikou.settings.loading import LoadedSettings
    from kaikou.settings.tree import Settings
    from kaikou.speakers.room import SpeakerRoom
    from kaikou.store.conversations import ConversationRepository
    from kaikou.store.database import Database
    from kaikou.store.journal import Journal
    from kaikou.tools.room import ToolRoom
    from kaikou.voices.library import VoiceLibrary


@dataclass(slots=True)
class Runtime:
    """The running process's parts. ``server.py`` owns their lives; routes only use them.

    Engines warm in the background: ``engines`` is None until they are constructed; ``warmup``
    tells what is waited for.
    """

    settings: Settings
    loaded: LoadedSettings
    pool: Pool
    weights: Weights
    database: Database
    journal: Journal
    conversations: ConversationRepository
    agents: AgentService
    guard: Guard
    feed: Feed = field(default_factory=Feed)
    """State changes for pages; ``feed.publish(kind, **data)`` from the event loop."""
    telemetry: Telemetry = field(default_factory=Telemetry)
    engines: Engines | None = None
    warmup: Warmup | None = None
    """Engine states and progress."""
    voices: VoiceLibrary | None = None
    live: LiveService | None = None
    shelf: EngineShelf | None = None
    devices: DeviceRegistry | None = None
    tools: ToolRoom | None = None
    knowledge: KnowledgeBase | None = None
    memory: MemoryRoom | None = None
    speakers: SpeakerRoom | None = None
    intents: IntentModules | None = None
    schedule: Schedule | None = None
    """Reminders, and what is pushed to devices at a time."""
    draining: bool = False
    """The server is about to stop: nobody new is taken in."""
    extras: dict[str, Any] = field(default_factory=dict)
    """Parts of later capabilities, by room name."""


def runtime_of(connection: HTTPConnection) -> Runtime:
    """FastAPI dependency for HTTP routes and WebSockets alike."""
    found: Runtime = connection.app.state.runtime
    return found


def live_service(runtime: Runtime) -> LiveService:
    """What opens live sessions. NotReady while the server starts (``not_ready``) or stops
    (``server_stopping``)."""
    if runtime.draining:
        raise NotReady("The server is about to stop.", code="server_stopping", hint="Connect again shortly.")
    if runtime.live is None:
        raise NotReady("The server is still starting.", hint="GET /api/health says what is waited for.")
    return runtime.live


RuntimeDep = Annotated[Runtime, Depends(runtime_of)]
