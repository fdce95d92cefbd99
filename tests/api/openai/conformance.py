"""Server events held against the official SDK's own types, strictly: nothing missing, nothing of the
wrong type, nothing the types don't know (but for the named extensions)."""

from __future__ import annotations

from typing import Any, get_args

from openai.types.beta.realtime.realtime_server_event import RealtimeServerEvent as BetaServerEvent
from openai.types.realtime.realtime_server_event import RealtimeServerEvent
from pydantic import BaseModel


def _by_type(union: Any) -> dict[str, type[BaseModel]]:
    classes = get_args(get_args(union)[0])
    return {get_args(one.model_fields["type"].annotation)[0]: one for one in classes}


GA = _by_type(RealtimeServerEvent)
BETA = _by_type(BetaServerEvent)

EXTRA = {
    # The types of `session` are those of requests; the server's additions are documented in prose.
    "session.created": {"session.id", "session.object", "session.expires_at", "session.kaikou"},
    "session.updated": {"session.id", "session.object", "session.expires_at", "session.kaikou"},
}
BETA_EXTRA = {
    name: {"session.object", "session.expires_at", "session.kaikou", "session.include"} for name in EXTRA
} | {
    # Harmless additions of the GA shape that old clients ignore.
    "response.function_call_arguments.done": {"name"},
    "response.done": {"response.usage.input_token_details.image_tokens",
                      "response.usage.input_token_details.cached_tokens_details"},
}  # fmt: skip


def check(event: dict[str, Any], *, beta: bool = False) -> None:
    """Fails with what is wrong. ``kaikou.*`` events are ours alone."""
    kind = event["type"]
    if kind.startswith("kaikou."):
        assert event["event_id"]
        return
    classes = BETA if beta else GA
    assert kind in classes, f"the SDK has no event {kind!r}"
    model = classes[kind].model_validate(event, strict=True)
    unknown = set(_extras(model)) - (BETA_EXTRA if beta else EXTRA).get(kind, set())
    assert not unknown, f"{kind} has fields the SDK does not know: {unknown}"


def _extras(value: Any, path: str = "") -> list[str]:
    if isinstance(value, list):
        return [found for one in value for found in _extras(one, path)]
    if not isinstance(value, BaseModel):
        return []
    prefix = f"{path}." if path else ""
    found = [prefix + name for name in value.model_extra or {}]
    for name in type(value).model_fields:
        found += _extras(getattr(value, name), prefix + name)
    return found
