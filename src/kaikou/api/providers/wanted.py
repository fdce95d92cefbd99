"""What somebody wants of a kind, as settings: with a stored key only where it belongs."""

from __future__ import annotations

from pydantic import SecretStr

from kaikou.engines.presets import PRESETS
from kaikou.engines.selection import choose
from kaikou.errors import InvalidInput
from kaikou.settings.loading import LoadedSettings
from kaikou.settings.page import Choice, ChoosableKind, locked_by, named
from kaikou.settings.tree import RemoteEngineChoice, Settings


def operators(loaded: LoadedSettings) -> LoadedSettings:
    """The settings without the page's choices."""
    return loaded.operator or loaded


def completed(loaded: LoadedSettings, kind: ChoosableKind, asked: Choice) -> Choice:
    """``asked`` with the key it means.

    A key that is left out is the one in force where engine and address are those in force; at a
    provider's own address it is that provider's. At any other address it is none: what was given for
    one address never goes to another.
    """
    preset = PRESETS.get(asked.engine)
    if preset is not None and asked.base_url == preset.base_url.rstrip("/"):
        asked = asked.model_copy(update={"base_url": None})
    if asked.api_key is not None:
        return asked
    section: RemoteEngineChoice = getattr(loaded.settings, kind)
    in_force = (section.base_url or "").rstrip("/") or None
    if asked.base_url == in_force and asked.engine in (section.engine, named(section)):
        key = section.api_key
        # An address without a name has no claim to a provider's key; naming it here gives it none.
        if key is None and in_force is not None and section.engine != asked.engine:
            key = SecretStr("")
        return asked.model_copy(update={"api_key": key})
    return asked if asked.base_url is None else asked.model_copy(update={"api_key": SecretStr("")})


def check_unlocked(loaded: LoadedSettings, kind: ChoosableKind, asked: Choice) -> None:
    """InvalidInput ``setting_locked`` where the operator's word stands against the choice."""
    operator = operators(loaded)
    section: RemoteEngineChoice = getattr(operator.settings, kind)
    for name in ("model", "voice"):
        origin = operator.origin((kind, name))
        wanted = getattr(asked, name)
        if origin.source != "default" and wanted not in (None, getattr(section, name, None)):
            raise _locked(kind, name, str(origin))
    lock = locked_by(operator, kind)
    if lock is None:
        return
    own = asked.api_key.get_secret_value() if asked.api_key else ""
    theirs = section.api_key.get_secret_value() if section.api_key else ""
    if asked.engine not in (section.engine, named(section)):
        raise _locked(kind, "engine", str(lock))
    if asked.base_url not in (None, (section.base_url or "").rstrip("/")):
        raise _locked(kind, "base_url", str(lock))
    if own not in ("", theirs):
        raise _locked(kind, "api_key", str(lock))


def trial_settings(loaded: LoadedSettings, kind: ChoosableKind, asked: Choice, seconds: float) -> Settings:
    """Settings in which ``asked`` serves ``kind``, whoever locked what; a request may take ``seconds``."""
    asked = completed(loaded, kind, asked)
    section: RemoteEngineChoice = getattr(operators(loaded).settings, kind)
    fields = {
        "engine": asked.engine,
        "base_url": asked.base_url,
        "api_key": asked.api_key,
        "model": asked.model,
        "timeout": min(section.timeout, seconds),
    }
    if kind == "tts" and asked.voice is not None:
        fields["voice"] = asked.voice
    return loaded.settings.model_copy(update={kind: section.model_copy(update=fields)})


def engine_name(settings: Settings, kind: ChoosableKind) -> str:
    """The engine that the settings ask for, ``auto`` decided."""
    found: str = getattr(choose(settings), kind)
    return found


def _locked(kind: ChoosableKind, name: str, origin: str) -> InvalidInput:
    return InvalidInput(
        f"{kind}.{name} is set by the operator ({origin}).",
        code="setting_locked",
        hint="Change it there, or take it out there to choose on the page.",
        param=name,
        status=409,
    )
