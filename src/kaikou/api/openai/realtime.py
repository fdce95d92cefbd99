"""``/v1/realtime``: the socket's life, from admission to the last freed task."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from kaikou.api.ended import first_of
from kaikou.api.line import line_of
from kaikou.api.openai import beta
from kaikou.api.openai import client_events as ce
from kaikou.api.openai.client_secrets import session_of_secret
from kaikou.api.openai.dispatch import LARGE_FRAME, client_event_id, read_frame, report
from kaikou.api.openai.handshake import (
    CLOSE_SECONDS,
    FAILED,
    NORMAL,
    POLICY,
    TAKEN_OVER,
    TRY_LATER,
    pick_subprotocol,
    refusal,
    turn_away,
)
from kaikou.api.openai.live_session import LiveSession
from kaikou.api.openai.resume import Resumable
from kaikou.api.openai.session_config import describe, merge, to_config
from kaikou.api.openai.session_models import Extensions, RealtimeSession
from kaikou.api.outbox import Outbox, SlowClient
from kaikou.api.runtime import Runtime, live_service, runtime_of
from kaikou.dialogue.session import SessionConfig
from kaikou.errors import InvalidInput, KaikouError, LimitReached, NotReady
from kaikou.memory.owners import checked_browser

log = logging.getLogger(__name__)
router = APIRouter()


class Closed(Exception):
    """Why the socket is to be closed; ``code`` None: it is gone already."""

    def __init__(self, code: int | None, reason: str = "", *, resumable: bool = False) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.resumable = resumable


@router.websocket("/v1/realtime")
async def realtime(websocket: WebSocket) -> None:
    """The Realtime API. ``?model=``, ``?intent=transcription``, ``?agent=``, ``?conversation_id=``,
    ``?browser=``."""
    await websocket.accept(subprotocol=pick_subprotocol(websocket.scope.get("subprotocols", [])))
    runtime = runtime_of(websocket)
    resumable: Resumable = runtime.extras.setdefault("realtime.resumable", Resumable())
    if resumable.find(websocket.query_params.get("conversation_id", "")) is None:
        try:
            await live_service(runtime).check_room()
        except (LimitReached, NotReady) as error:
            # Many may dial again and again: what tells them no costs those inside as little as can be.
            await turn_away(websocket, error)
            return
    await Connection(websocket, runtime, resumable).serve()


class Connection:
    """One socket: admission, the receive loop, the send loop, the watch, and leaving."""

    def __init__(self, websocket: WebSocket, runtime: Runtime, resumable: Resumable) -> None:
        self._websocket = websocket
        self._runtime = runtime
        self._line = line_of(websocket)
        self._outbox: Outbox[str] = Outbox.within(
            runtime.settings.limits, self._line.write if self._line else None
        )
        self._session: LiveSession | None = None
        self._kicked = asyncio.Event()
        self._returned = asyncio.Event()
        self._resumable = resumable
        self._retrievals = 0
        self._first = True
        """The client has sent nothing yet."""
        self._handling = False
        """An event is being handled; those after it wait."""
        self._attaching: asyncio.TimerHandle | None = None
        """Set while a session taken over waits to hear how far its client had come."""

    async def serve(self) -> None:
        """Run to the end; frees the conversation unless another socket took it over."""
        try:
            end = await self._run()
            await self._close(end)
            if end.resumable:
                await self._await_return()
        finally:
            if self._attaching is not None:
                self._attaching.cancel()
            session = self._session
            if session is not None and session.owner is self:
                session.outbox = None
                self._resumable.forget(session)
                await session.conversation.close("client gone")

    async def _run(self) -> Closed:
        end: Closed | None = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._outbox.drain(self._websocket.send_text))
                await self._open()
                group.create_task(self._watch())
                await self._receive(group)
        except* Closed as ends:
            end = first_of(ends)
        except* SlowClient:
            end = end or self._too_slow()
        except* (WebSocketDisconnect, RuntimeError) as lost:
            # Starlette raises RuntimeError when a send finds the socket closed; anything else is news.
            if self._websocket.client_state is WebSocketState.CONNECTED and lost.subgroup(RuntimeError):
                log.error("a realtime socket failed", exc_info=lost)
            end = end or Closed(None, resumable=self._may_return)
        assert end is not None, "the receive loop ends with an exception only"
        return end

    # -- coming in

    async def _open(self) -> None:
        """Admission. Raises Closed once the client was told why it is refused."""
        query = self._websocket.query_params
        try:
            if "call_id" in query:
                raise InvalidInput(
                    "Calls (WebRTC, SIP) are not supported yet.", code="calls_not_supported", param="call_id"
                )
            parked = self._resumable.find(query.get("conversation_id", ""))
            if parked is not None:
                # The client says with kaikou.resume from where; until then nothing else is sent.
                self._take_over(parked)
                parked.announce(self._outbox)
                loop = asyncio.get_running_loop()
                self._attaching = loop.call_later(self._runtime.settings.live.attach_seconds, self._attach)
                return
            session = self._new_session(query)
            await self._open_conversation(session, query.get("agent"), query.get("conversation_id"))
        except KaikouError as error:
            self._outbox.put(refusal(error))
            await self._outbox.flushed()
            later = isinstance(error, LimitReached | NotReady)
            raise Closed(TRY_LATER if later else POLICY, error.code) from None
        session.announce()
        session.conversation.start()

    def _new_session(self, query: Mapping[str, str]) -> LiveSession:
        headers = self._websocket.headers
        wire = describe(SessionConfig(), RealtimeSession(model=query.get("model") or "kaikou"))
        if query.get("intent") == "transcription":
            wire = wire.model_copy(update={"type": "transcription"})
        if preset := session_of_secret(self._websocket):
            wire = merge(wire, preset)
        if "agent" in query or "conversation_id" in query:
            extras = Extensions(agent=query.get("agent"), conversation_id=query.get("conversation_id"))
            wire = wire.model_copy(update={"kaikou": extras})
        engines = self._runtime.engines
        return LiveSession(
            wire,
            beta_dialect=beta.wanted(headers.get("openai-beta")),
            voices=engines.tts.voices() if engines is not None else None,
            expires_at=int(time.time() + self._runtime.settings.live.max_session_seconds),
            limits=self._runtime.settings.limits,
        )

    async def _open_conversation(
        self, session: LiveSession, agent: str | None, conversation_id: str | None
    ) -> None:
        live = live_service(self._runtime)
        config = to_config(session.state.session, SessionConfig(), session.voices)
        conversation = await live.open(
            config,
            session.sink,
            agent_id=agent,
            conversation_id=conversation_id,
            surface="realtime",
            browser=checked_browser(self._websocket.query_params.get("browser")),
        )
        session.bind(conversation)
        session.owner = self
        session.outbox = self._outbox
        self._session = session

    # -- being there

    async def _receive(self, group: asyncio.TaskGroup) -> None:
        if self._line is not None:
            self._line.tap = self._hear
        try:
            while True:
                self._handling = False
                message = await self._websocket.receive()
                self._handling = True
                if message["type"] == "websocket.disconnect":
                    # 1000 is a goodbye; anything else may be a dropped line.
                    raise Closed(None, resumable=message.get("code") != NORMAL and self._may_return)
                await self._read(message.get("text") or message.get("bytes") or "", group)
        finally:
            if self._line is not None:
                self._line.tap = None

    async def _read(self, frame: str | bytes, group: asyncio.TaskGroup) -> None:
        """One event; what is wrong with it is told, and the call goes on."""
        raw: dict[str, object] = {}
        try:
            raw = await read_frame(frame, self._runtime.settings.limits.max_frame_bytes)
            if self._attaching is not None and raw.get("type") != "kaikou.resume":
                self._attach()
            if raw.get("type") == "input_audio_buffer.append":
                self._current.append(raw)
            else:
                await self._handle(ce.parse(raw), group)
        except Exception as error:  # noqa: BLE001 - one bad event must not end the call
            report(self._current, error, client_event_id(raw))
        self._first = False

    def _hear(self, frame: str | bytes) -> bool:
        """Do at once what nearly all frames are: a little sound. False: it is to be queued."""
        if self._handling or self._attaching is not None or len(frame) > LARGE_FRAME:
            return False
        if not isinstance(frame, str) or "input_audio_buffer.append" not in frame:
            return False
        # Whatever is wrong with a frame is found and told where all others are read.
        try:
            raw = ce.read(frame)
        except InvalidInput:
            return False
        if raw.get("type") != "input_audio_buffer.append":
            return False
        try:
            self._current.append(raw)
        except Exception as error:  # noqa: BLE001 - one bad event must not end the call
            report(self._current, error, client_event_id(raw))
        self._first = False
        return True

    async def _handle(self, event: ce.ClientEvent, group: asyncio.TaskGroup) -> None:
        session = self._current
        if isinstance(event, ce.Resume):
            await self._resume(event)
        elif isinstance(event, ce.ItemRetrieve):
            session.conversation.item(event.item_id)
            if self._retrievals >= self._runtime.settings.limits.retrievals:
                raise LimitReached("Too many items are being retrieved at once.", code="overloaded")
            self._retrievals += 1
            group.create_task(self._retrieve(session, event))
        elif agent := session.agent_wanted(event):
            await self._change_agent(agent, event)
        else:
            session.handle(event)
            if session.resumable:
                self._resumable.keep(session)

    async def _retrieve(self, session: LiveSession, event: ce.ItemRetrieve) -> None:
        try:
            await session.retrieve(event)
        except KaikouError as error:
            report(session, error, event.event_id)
        finally:
            self._retrievals -= 1

    async def _change_agent(self, agent: str, event: ce.ClientEvent) -> None:
        """Another agent before the first word, in the same session."""
        session = self._current
        if session.conversation.items:
            raise InvalidInput(
                "The agent can be chosen only before the conversation begins.",
                code="conversation_has_begun",
                param="session.kaikou.agent",
                hint="Connect again with ?agent=.",
            )
        session.check(event)  # what is refused changes nothing, the agent included
        await live_service(self._runtime).change_agent(session.conversation, agent)
        session.bind(session.conversation)
        session.handle(event)
        session.conversation.start()
        if session.resumable:
            self._resumable.keep(session)

    async def _watch(self) -> None:
        """Close the socket when it must be, whatever the two loops wait for."""
        session = self._current
        waits = {
            asyncio.ensure_future(event.wait()): end
            for event, end in (
                (self._outbox.overflowed, self._too_slow()),
                (self._kicked, Closed(TAKEN_OVER, "Resumed by another connection.")),
                (session.ended, Closed(FAILED, "The session ended.")),
            )
        }
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        end = waits[done.pop()]
        if end.code == FAILED and session.fatal is None:
            await self._outbox.flushed()
            raise Closed(NORMAL, "The agent took leave.")
        if end.code == FAILED and session.fatal is not None:
            await self._outbox.flushed()
            ours = session.fatal.code in ("session_expired", "session_idle")
            raise Closed(NORMAL if ours else FAILED, session.fatal.code)
        raise end

    @property
    def _current(self) -> LiveSession:
        assert self._session is not None
        return self._session

    # -- leaving and coming back

    @property
    def _may_return(self) -> bool:
        session = self._session
        return (
            session is not None
            and session.owner is self
            and session.resumable
            and not session.conversation.closed
            and self._runtime.settings.live.resume_seconds > 0
            and not self._runtime.draining
        )

    def _too_slow(self) -> Closed:
        return Closed(TRY_LATER, "The client reads too slowly.", resumable=self._may_return)

    async def _close(self, end: Closed) -> None:
        if end.code is None or self._websocket.application_state is not WebSocketState.CONNECTED:
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._websocket.close(end.code, end.reason[:120])
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            log.debug("the socket could not be closed in order")

    async def _await_return(self) -> None:
        """Hold the conversation for a client whose line dropped; it is closed after that."""
        session = self._current
        session.outbox = None
        # It may end before anybody returns: the server stops, or its place is needed.
        session.conversation.when_closed.append(self._returned.set)
        live_service(self._runtime).detach(session.conversation)
        try:
            async with asyncio.timeout(self._runtime.settings.live.resume_seconds):
                await self._returned.wait()
        except TimeoutError:
            log.info("a dropped session was not resumed in time")

    def leave(self) -> None:
        """Another socket takes the session over (called by that one)."""
        self._kicked.set()
        self._returned.set()

    def _take_over(self, session: LiveSession) -> None:
        before = session.owner
        session.owner = self
        session.outbox = None
        self._session = session
        live_service(self._runtime).detach(
            session.conversation
        )  # the old socket may not have noticed its end yet
        live_service(self._runtime).detached(session.conversation.id)
        if isinstance(before, Connection) and before is not self:
            before.leave()

    def _attach(self) -> None:
        """Go on without a word of how far the client had come."""
        if self._attaching is not None:
            self._attaching.cancel()
            self._attaching = None
            self._current.resume(self._outbox)

    async def _resume(self, event: ce.Resume) -> None:
        if not self._first:
            raise InvalidInput(
                "kaikou.resume must be the first event of a socket.", code="resume_too_late", param="type"
            )
        session = self._resumable.get(event.conversation_id)
        if self._attaching is not None:
            self._attaching.cancel()
            self._attaching = None
        here = self._current
        if session is not here:
            self._take_over(session)
            await here.conversation.close("the client resumed another")
        if not session.resume(self._outbox, event.last_event_id, event.played_ms):
            raise InvalidInput(
                "Some events since last_event_id are no longer kept.",
                code="resume_incomplete",
                param="last_event_id",
                hint="GET /api/conversations/{id} has the whole history.",
            )
