"""How a device's session begins, whatever carries it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from kaikou.api.runtime import Runtime, live_service
from kaikou.api.xiaozhi import vision
from kaikou.api.xiaozhi.desk import Desk
from kaikou.api.xiaozhi.hello import ClientHello
from kaikou.api.xiaozhi.identity import Claim, registry_of
from kaikou.api.xiaozhi.link import Link
from kaikou.api.xiaozhi.session import AUTO, DeviceSession
from kaikou.api.xiaozhi.speaker import Packing
from kaikou.api.xiaozhi.tool_source import DeviceTools, set_volume, volume_of
from kaikou.api.xiaozhi.unbound import UnboundSession
from kaikou.devices.device import Device, Sighting
from kaikou.devices.registry import ANEW
from kaikou.dialogue import events as ev
from kaikou.dialogue.session import SessionConfig
from kaikou.errors import InvalidInput, NotFound

Session = DeviceSession | UnboundSession


@dataclass(frozen=True, slots=True)
class Wire:
    """A connection as its session sees it. ``send`` takes a message (text) or a packed packet (bytes) and
    never waits, ``drop`` counts what cannot be used, ``leave`` ends the session with a reason."""

    transport: str
    """As the hello names it: ``websocket`` or ``udp``."""
    framing: Packing
    send: Callable[[str | bytes], None]
    drop: Callable[[str], None]
    leave: Callable[[str], None]
    hello: Mapping[str, Any] | None = None
    """What the answer to a hello says of this transport besides."""


async def open_session(
    runtime: Runtime, desk: Desk, claim: Claim, device: Device | None, hello: ClientHello, wire: Wire
) -> Session:
    """A session with its conversation; one that only tells its code where ``device`` is None. The
    caller opens it, and closes both. Raises KaikouError where there is no place, or no engine yet."""
    settings = runtime.settings.xiaozhi
    live = live_service(runtime)
    registry = registry_of(runtime)
    if (before := registry.online(claim.device_id)) is not None:
        if device is None and before.state != "unbound":
            raise InvalidInput(
                "A device of this address is bound, and connected.",
                code="device_in_use",
                hint="Bind this one with the code it showed when it started.",
                status=409,
            )
        # It is dead, and gives up its place before another is asked for.
        await before.close(ANEW)
    config = SessionConfig(output_rate=settings.output_rate, send_ahead_ms=settings.send_ahead_ms, turn=AUTO)
    session: Session | None = None

    def sink(event: ev.Event) -> None:
        if session is not None:
            session.sink(event)

    if device is None:
        conversation = await live.open(config, sink, surface="xiaozhi", kept=False)
        known = registry.told_waiting(claim.device_id)
        session = UnboundSession(
            conversation,
            settings,
            wire.framing,
            hello,
            code=lambda: registry.code_for(Sighting(claim.device_id, claim.client_id, address=claim.address)),
            language=known.language if known is not None else None,
            transport=wire.transport,
            more_hello=wire.hello,
            send=wire.send,
            leave=wire.leave,
        )
        return session
    agent_id = await _agent_of(runtime, device)
    made: DeviceSession | None = None
    tools = DeviceTools(lambda: made, settings.tool_timeout)
    conversation = await live.open(
        config,
        sink,
        agent_id=agent_id,
        surface="xiaozhi",
        device_id=device.id,
        extra_sources=[tools],
    )
    greeting = conversation.config.greeting
    # Devices are greeted when they are woken, not when they connect.
    conversation.update(replace(conversation.config, greeting=""))
    session = made = DeviceSession(
        conversation,
        settings,
        wire.framing,
        hello,
        greeting=greeting,
        language=conversation.config.language or device.language or None,
        transport=wire.transport,
        more_hello=wire.hello,
        vision=vision.announced(runtime, claim),
        send=wire.send,
        drop=wire.drop,
        leave=wire.leave,
        on_state=partial(desk.moved, registry, device.id),
        on_battery=partial(registry.told_battery, device.id),
    )
    if conversation.hands is not None:
        conversation.hands.volume = partial(set_volume, made)
        conversation.hands.level = partial(volume_of, made)
        conversation.hands.caller.pass_on = made.pass_on
    return session


async def announce(runtime: Runtime, claim: Claim, device: Device | None, link: Link) -> bool:
    """Let a device be found, now that there is a session for it. False, and the connection ends, where it was
    bound, unbound or given to another agent since it was admitted: the change found no connection to end."""
    registry = registry_of(runtime)
    await registry.attach(link)
    now = await registry.bound(claim.device_id, claim.client_id)
    if (now is None) != (device is None) or (now and now.agent_id) != (device and device.agent_id):
        await link.close("its binding was changed")
        return False
    return True


async def _agent_of(runtime: Runtime, device: Device) -> str:
    agents = runtime.agents
    if device.agent_id is None:
        return agents.default_id
    try:
        return (await agents.get(device.agent_id)).id
    except NotFound:
        return agents.default_id
