"""What may be chosen for each kind, and what is in force: ``GET /api/providers``."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from kaikou.api.health import engine_states
from kaikou.api.providers.shapes import ChoiceOut, DownloadOut, FieldOut, KindOut, SwitchOut
from kaikou.api.providers.wanted import operators
from kaikou.engines.presets import PRESETS, Preset
from kaikou.engines.registry import available
from kaikou.engines.remote import is_local
from kaikou.engines.selection import AUTO
from kaikou.engines.weights.store import WeightStore
from kaikou.settings.loading import LoadedSettings, Origin
from kaikou.settings.page import BOUND, ChoosableKind, locked_by
from kaikou.settings.tree import ProviderSettings, RemoteEngineChoice

if TYPE_CHECKING:
    from kaikou.api.runtime import Runtime

_LOCAL = {
    "whisper": ("Whisper", ("whisper-tiny.en", "whisper-base"), ("tiny.en", "base", "small")),
    "vosk": ("Vosk", (), ()),
    "llama": ("llama.cpp", ("qwen2.5-1.5b",), ("qwen2.5-1.5b",)),
    "kokoro": ("Kokoro", ("kokoro-82m",), ()),
    "piper": ("Piper", ("piper-en-joe",), ()),
}
"""Title, the models of the catalogue that it fetches unless told otherwise, model names to suggest."""
_EXTRA = {"vosk": "vosk"}
"""Packages that an engine needs and the default install lacks."""
_WHOSE = {"stt": "speech recognition", "llm": "language model", "tts": "voice"}


def kind_out(runtime: Runtime, kind: ChoosableKind, *, saved: bool, switching: SwitchOut | None) -> KindOut:
    """One kind as it is now. Looks at files: call it off the event loop."""
    loaded = runtime.loaded
    section: RemoteEngineChoice = getattr(loaded.settings, kind)
    lock = locked_by(operators(loaded), kind)
    states = {card.kind: (card, health) for card, health in engine_states(runtime)}
    card, health = states[kind]
    preset = PRESETS.get(card.name)
    provider = loaded.settings.providers.get(card.name, ProviderSettings())
    remote = section.base_url or (provider.base_url or preset.base_url if preset else None)
    origins = (loaded.origin((kind, name)) for name in BOUND)
    origin = next((one for one in origins if one.source != "default"), Origin())
    if origin.source == "default" and preset is not None and not saved:
        # Nobody chose: a provider's key did.
        origin = loaded.origin(("providers", card.name, "api_key"))
    return KindOut(
        kind=kind,
        engine=card.name,
        title=card.title,
        model=card.model,
        base_url=remote if preset is not None else None,
        local=card.local,
        state=health.state,
        detail=health.detail,
        progress=health.progress,
        origin=str(origin),
        source=origin.source,
        locked=lock is not None,
        fields=_fields(loaded, kind, section, locked=lock is not None),
        saved=saved,
        switching=switching,
        choices=choices(runtime, kind, in_force=card.name),
    )


def _fields(
    loaded: LoadedSettings, kind: ChoosableKind, section: RemoteEngineChoice, *, locked: bool
) -> dict[str, FieldOut]:
    names = (*BOUND, "model", "voice") if kind == "tts" else (*BOUND, "model")
    found = {}
    for name in names:
        origin = loaded.origin((kind, name))
        value = getattr(section, name)
        secret = name == "api_key"
        chosen = origin.source not in ("default", "page")
        found[name] = FieldOut(
            value=None if secret else value,
            set=bool(value),
            origin=str(origin),
            source=origin.source,
            locked=chosen or (locked and name in BOUND),
        )
    return found


def choices(runtime: Runtime, kind: ChoosableKind, *, in_force: str) -> list[ChoiceOut]:
    """Everything that can be chosen: what decides by itself, local engines, providers, any server."""
    found = [_auto(kind)]
    providers = []
    for name in sorted(available(kind)):
        if name in PRESETS:
            providers.append(_provider(runtime.loaded, kind, PRESETS[name]))
        elif name != "scripted" or in_force == "scripted":
            found.append(_local(runtime, kind, name))
    order = list(PRESETS)
    providers.sort(key=lambda one: order.index(one.engine))
    return [*found, *providers, _custom(kind)]


def _auto(kind: ChoosableKind) -> ChoiceOut:
    return _choice(AUTO, "Automatic", "auto", note=f"Kaikou picks the {_WHOSE[kind]}.")


def _local(runtime: Runtime, kind: ChoosableKind, name: str) -> ChoiceOut:
    title, models, suggested = _LOCAL.get(name, (name, (), ()))
    missing = name in _EXTRA and importlib.util.find_spec(_EXTRA[name]) is None
    note = f"Needs the extra: pip install 'kaikou[{name}]'." if missing else ""
    return _choice(
        name,
        title,
        "local",
        models=list(suggested),
        downloads=_downloads(runtime, models),
        available=not missing,
        note=note,
    )


def _downloads(runtime: Runtime, models: tuple[str, ...]) -> list[DownloadOut]:
    store = runtime.weights
    if not isinstance(store, WeightStore):
        return []
    found = (store.catalogue[one] for one in models if one in store.catalogue)
    return [
        DownloadOut(
            id=model.id, title=model.title, size=model.size, installed=store.installed(model.id) is not None
        )
        for model in found
    ]


def _provider(loaded: LoadedSettings, kind: ChoosableKind, preset: Preset) -> ChoiceOut:
    provider = loaded.settings.providers.get(preset.name, ProviderSettings())
    section: RemoteEngineChoice = getattr(loaded.settings, kind)
    key: tuple[str, ...] = ("providers", preset.name, "api_key")
    stored = provider.api_key
    if section.engine == preset.name and section.base_url is None and section.api_key:
        key, stored = (kind, "api_key"), section.api_key
    base_url = provider.base_url or preset.base_url
    default = preset.models.get(kind)
    own = provider.model if kind == "llm" else None
    first = [one for one in (own, default) if one]
    return _choice(
        preset.name,
        preset.title,
        "provider",
        base_url=base_url,
        needs_key=preset.needs_key,
        key_set=bool(stored),
        key_origin=str(loaded.origin(key)) if stored else None,
        key_names=list(preset.key_names),
        homepage=preset.homepage,
        models=[*dict.fromkeys([*first, *preset.more_models.get(kind, ())])],
        model_needed=not first and kind != "llm",
        local=is_local(base_url),
        note="" if is_local(base_url) else "What is said is sent to this provider.",
    )


def _custom(kind: ChoosableKind) -> ChoiceOut:
    return _choice(
        "openai",
        "OpenAI-compatible server",
        "custom",
        model_needed=kind != "llm",
        local=False,
        note="Any server that speaks the OpenAI API, by its address.",
    )


def _choice(engine: str, title: str, kind: str, **more: object) -> ChoiceOut:
    plain: dict[str, object] = {
        "base_url": None,
        "needs_key": False,
        "key_set": False,
        "key_origin": None,
        "key_names": [],
        "homepage": "",
        "models": [],
        "model_needed": False,
        "local": True,
        "downloads": [],
        "available": True,
        "note": "",
    }
    return ChoiceOut.model_validate({**plain, "engine": engine, "title": title, "type": kind, **more})
