"""What ``kaikou doctor`` looks at."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import socket
import sys
from collections.abc import Iterator

from kaikou import server
from kaikou.accounts.exposure import check_exposure
from kaikou.cli.finding import Finding, Verdict
from kaikou.cli.microphone import NoMicrophone, devices
from kaikou.engines.ports import Card, Progress
from kaikou.engines.registry import Kind
from kaikou.engines.selection import choose
from kaikou.engines.weights.store import WeightStore
from kaikou.errors import KaikouError, SettingsError
from kaikou.machine import gpu_available, kaikou_version, memory_usage, page_built
from kaikou.settings.tree import Settings
from kaikou.store.database import Database, async_url, database_url
from kaikou.store.windows import HINT as PGVECTOR_HINT
from kaikou.store.windows import pgvector_version

KINDS: tuple[Kind, ...] = ("vad", "turn", "stt", "llm", "tts")
LEAST_DISK = 3e9
LEAST_MEMORY = 3e9
LOAD_SECONDS = 300.0


async def examine(settings: Settings, progress: Progress, *, load: bool) -> list[Finding]:
    """Everything, in the order a person would ask. Never raises for what it finds."""
    findings = [*environment(settings), *await asyncio.to_thread(lambda: list(disk(settings)))]
    findings += [await vectors(settings), port(settings), guard(settings), microphone()]
    findings += await asyncio.to_thread(lambda: list(models(settings)))
    for kind in KINDS:
        progress(f"engine: {kind}", None)
        findings.append(await engine(settings, kind, load=load))
    return findings


def environment(settings: Settings) -> Iterator[Finding]:
    """Interpreter, processor, memory, graphics."""
    version = platform.python_version()
    yield Finding("environment", "kaikou", "ok", f"{kaikou_version()} on Python {version}, {sys.platform}")
    yield Finding("environment", "processor", "ok", f"{os.cpu_count()} cores, {platform.machine()}")
    memory = memory_usage()
    if memory is not None:
        free = memory["free"]
        enough = free >= LEAST_MEMORY
        yield Finding(
            "environment",
            "memory",
            "ok" if enough else "warning",
            f"{free / 1e9:.1f} GB free of {memory['total'] / 1e9:.1f}",
            "" if enough else "The embedded models need about 3 GB; choose a remote language model.",
        )
    yield Finding("environment", "graphics card", "ok", "found" if gpu_available() else "none, none needed")
    built = page_built()
    hint = "" if built else "Run `make serve` once: it builds the page."
    yield Finding(
        "environment", "page", "ok" if built else "warning", "built" if built else "not built", hint
    )


def disk(settings: Settings) -> Iterator[Finding]:
    """Can be written to, and has room."""
    places = {"data": settings.data_dir, "models": WeightStore(settings.models).folder}
    for name, folder in places.items():
        there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
        free = shutil.disk_usage(there).free
        if not os.access(there, os.W_OK):
            hint = f"Check the permissions of {there}."
            yield Finding("disk", name, "failed", f"{folder} cannot be written to", hint)
        else:
            enough = free >= LEAST_DISK
            hint = "" if enough else "The default models need about 2 GB."
            yield Finding(
                "disk", name, "ok" if enough else "warning", f"{folder}: {free / 1e9:.1f} GB free", hint
            )


async def vectors(settings: Settings) -> Finding:
    """Where the vectors of knowledge are compared. Changes nothing in the database."""
    area, what, wanted = "database", "knowledge", settings.knowledge.vectors
    memory: Verdict = "failed" if wanted == "pgvector" else "ok"
    try:
        url = database_url(settings)
        if async_url(url).get_backend_name() == "sqlite":
            return Finding(area, what, memory, "SQLite: vectors are compared in memory")
        database = Database(url)
        try:
            version = await pgvector_version(database)
        finally:
            await database.close()
    except KaikouError as error:
        return Finding(area, what, "failed", error.message, error.hint)
    if wanted == "memory":
        return Finding(area, what, "ok", "PostgreSQL: vectors are compared in memory")
    if version is None:
        hint = f"The server creates pgvector at its start where it may. Else: {PGVECTOR_HINT}"
        return Finding(area, what, "warning", "PostgreSQL without pgvector", hint)
    return Finding(area, what, "ok", f"PostgreSQL: vectors are compared by pgvector {version}")


def port(settings: Settings) -> Finding:
    """Free, or a Kaikou answers there already."""
    where = f"{settings.host}:{settings.port}"
    try:
        with socket.create_server((settings.host, settings.port)):
            return Finding("network", "port", "ok", f"{where} is free")
    except OSError as error:
        hint = "A running server is fine; else choose another: KAIKOU_PORT=8001."
        return Finding("network", "port", "warning", f"{where}: {error.strerror}", hint)


def guard(settings: Settings) -> Finding:
    """Not open to the network without a password."""
    try:
        check_exposure(settings)
    except SettingsError as error:
        return Finding("network", "guard", "failed", error.message, error.hint)
    return Finding(
        "network", "guard", "ok", "password or key set" if settings.password else f"{settings.host} only"
    )


def microphone() -> Finding:
    """Only `kaikou talk` without a file needs one."""
    try:
        names = devices()
    except NoMicrophone as error:
        return Finding("sound", "microphone", "warning", error.message, error.hint)
    if None in names:
        return Finding("sound", "microphone", "warning", "none", "The page uses the browser's own.")
    return Finding("sound", "microphone", "ok", f"{names[0]} → {names[1]}")


def models(settings: Settings) -> Iterator[Finding]:
    """Which of the catalogue are here."""
    for state in WeightStore(settings.models).states():
        if state.state == "installed":
            yield Finding("models", state.model.id, "ok", f"{state.model.size / 1e6:.0f} MB in {state.path}")
        elif "default" in state.model.sets:
            detail = "missing" if state.state == "missing" else "half downloaded"
            hint = f"`kaikou serve` fetches it, or `kaikou models pull {state.model.id}`."
            yield Finding("models", state.model.id, "warning", detail, hint)


async def engine(settings: Settings, kind: Kind, *, load: bool) -> Finding:
    """Its card; with ``load`` it is really loaded, but nothing is downloaded for it."""
    area = "engines"
    try:
        name = getattr(choose(settings), kind)
    except SettingsError as error:
        return Finding(area, kind, "failed", error.message, error.hint)
    if name is None:
        return Finding(area, kind, "ok", "none: silence alone ends a turn")
    offline = settings.model_copy(update={"models": settings.models.model_copy(update={"offline": True})})
    try:
        async with server.open_engine(offline, kind, _quiet, load=load) as made:
            card: Card = made.card
            health = made.health()
    except KaikouError as error:
        return Finding(
            area, kind, "warning" if kind == "turn" else "failed", f"{name}: {error.message}", error.hint
        )
    except TimeoutError:
        return Finding(area, kind, "failed", f"{name}: not loaded within {LOAD_SECONDS:.0f} s")
    parts = [card.title, card.model, " ".join(card.languages), card.licence]
    parts.append("" if card.local else "leaves this machine")
    parts.append("scripted answers, for tests and demos" if card.scripted else "")
    parts.append(health.state if load else "not loaded")
    detail = " · ".join(part for part in parts if part)
    return Finding(area, kind, "failed" if health.state == "failed" else "ok", detail, health.detail)


def _quiet(_what: str, _done: float | None) -> None:
    """The doctor tells what it does itself."""
