"""What OpenAI-compatible engines of every kind share: the client, and failures in human words."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import openai

from kaikou.engines.presets import Endpoint
from kaikou.errors import EngineFailed, InvalidInput, KaikouError

CONNECT_SECONDS = 5.0
_TOO_LONG = {"context_length_exceeded", "exceed_context_size_error"}


def client_for(endpoint: Endpoint) -> openai.AsyncOpenAI:
    """A client without retries of its own: the adapter knows when a retry is still unheard."""
    return openai.AsyncOpenAI(
        base_url=endpoint.base_url,
        # The package insists on a key; servers without one ignore it.
        api_key=endpoint.api_key or "none",
        organization="",
        project="",
        max_retries=0,
        timeout=openai.Timeout(endpoint.timeout, connect=min(CONNECT_SECONDS, endpoint.timeout)),
    )


def is_local(base_url: str) -> bool:
    """True where the address is this machine, so that nothing leaves it."""
    host = urlsplit(base_url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_passing(error: Exception) -> bool:
    """Worth trying again at once: the server was busy, broke down or could not be reached.

    A time-out is not: whoever waits has waited long enough.
    """
    if (status := _status(error)) is not None:
        return status in {408, 409, 429} or status >= 500
    return isinstance(error, openai.APIConnectionError) and not isinstance(error, openai.APITimeoutError)


def retry_after(error: Exception) -> float | None:
    """Seconds that the server asked us to wait, where it did."""
    if not isinstance(error, openai.APIStatusError):
        return None
    try:
        return max(0.0, float(error.response.headers.get("retry-after", "")))
    except ValueError:
        return None


def failure(error: Exception, endpoint: Endpoint, *, started: bool = False) -> KaikouError:
    """``error`` as a sentence and a hint; ``started`` where a part of the answer had come already.

    Never holds the key, nor more than a line of what the server said.
    """
    who = endpoint.preset.title
    host = urlsplit(endpoint.base_url).netloc.rpartition("@")[2]
    place = f"{who} at {host}" if endpoint.preset.shows_address else who
    if (status := _status(error)) is not None:
        return _status_failure(status, error, endpoint, place)
    # The order matters: a time-out is a connection error in the package's family.
    if isinstance(error, (openai.APITimeoutError, TimeoutError)):
        return EngineFailed(
            f"{place} did not answer within {endpoint.timeout:g} seconds.",
            code="engine_timeout",
            hint="Try again, choose a faster model, or raise the engine's timeout setting.",
            status=504,
        )
    if isinstance(error, openai.APIConnectionError):
        if started:
            return broke_off(endpoint)
        return EngineFailed(
            f"{place} cannot be reached.",
            code="engine_unreachable",
            hint="Check the address, that the server runs, and the network.",
        )
    return EngineFailed(f"{place} reported an error{_quoted(error, endpoint)}.", hint="Try again.")


def broke_off(endpoint: Endpoint) -> EngineFailed:
    """The answer stopped in the middle."""
    return EngineFailed(
        f"{endpoint.preset.title} broke off in the middle of its answer.",
        code="engine_broke_off",
        hint="Try again.",
    )


def _status(error: Exception) -> int | None:
    """The HTTP status, or the number that stands in its place in an error sent mid-stream."""
    if isinstance(error, openai.APIStatusError):
        return error.status_code
    code = error.code if isinstance(error, openai.APIError) else None
    return int(code) if code is not None and code.isdecimal() else None


def _status_failure(status: int, error: Exception, endpoint: Endpoint, who: str) -> KaikouError:
    said = _quoted(error, endpoint)
    kinds = {str(getattr(error, "code", None)), str(getattr(error, "type", None))}
    if kinds & _TOO_LONG:
        return InvalidInput(
            f"The conversation is too long for {who}{said}.",
            code="context_too_long",
            hint="Start a new conversation, or lower live.history_tokens.",
        )
    if status in {401, 403}:
        names = (
            " or ".join(endpoint.preset.key_names)
            or "the key, or the api_key setting of that engine (such as KAIKOU_LLM__API_KEY)"
        )
        return EngineFailed(
            f"{who} did not accept the key.", code="engine_unauthorized", hint=f"Check {names}."
        )
    if status == 404:
        return EngineFailed(
            f"{who} does not know the model {endpoint.model!r}, or nothing is at that address{said}.",
            code="engine_model_unknown",
            hint="Check the model name, and that the base URL ends where the API begins (often /v1).",
        )
    if status == 429:
        return EngineFailed(
            f"{who} says there were too many requests, or that the quota is used up{said}.",
            code="engine_rate_limited",
            hint="Wait a little, or check the account's limits and credit.",
            status=429,
        )
    if status >= 500:
        return EngineFailed(f"{who} has a problem of its own (HTTP {status}){said}.", hint="Try again later.")
    return EngineFailed(
        f"{who} refused the request (HTTP {status}){said}.",
        code="engine_refused",
        hint="The model may not support what was asked for (tools, images, a JSON schema).",
    )


def _quoted(error: Exception, endpoint: Endpoint) -> str:
    """What the server said, cut to one line and freed of the key."""
    body = getattr(error, "body", None)
    message = body.get("message") if isinstance(body, dict) else None
    text = message if isinstance(message, str) else ""
    line = " ".join(text.split())
    if endpoint.api_key:
        line = line.replace(endpoint.api_key, "***")
    return f": {line[:200].rstrip('.')}" if line else ""
