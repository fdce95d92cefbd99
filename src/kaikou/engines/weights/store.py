"""The cache of model weights: fetched once, verified, shared by every process of the user."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from kaikou.engines.ports import Progress
from kaikou.engines.weights import folder, hub_source, registry_source
from kaikou.engines.weights.catalogue import Catalogue, Model, Source, WeightFile
from kaikou.engines.weights.threads import in_thread
from kaikou.engines.weights.transfers import Transfers
from kaikou.errors import KaikouError, ModelUnavailable, SettingsError
from kaikou.settings.tree import ModelSettings

log = logging.getLogger(__name__)

_NETWORK = ("registry", "huggingface", "modelscope")
_LOCK_POLL = 0.3
_CLIENT_PATIENCE = 10
"""pip and npm retry on their own, quietly: they may be silent this many times longer than a hub."""


def cache_folder() -> Path:
    """``kaikou/models`` in the user's cache: XDG_CACHE_HOME or ~/.cache, ~/Library/Caches on macOS,
    %LOCALAPPDATA% on Windows."""
    if xdg := os.environ.get("XDG_CACHE_HOME"):
        base = Path(xdg)
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path.home() / ".cache"
    return base / "kaikou" / "models"


@dataclass(frozen=True, slots=True)
class ModelState:
    """A catalogue entry and how much of it is here."""

    model: Model
    path: Path
    state: Literal["installed", "partial", "missing"]


class WeightStore:
    """Implements ``registry.Weights``: the folder of a model, downloaded when it is not there yet."""

    def __init__(self, settings: ModelSettings, catalogue: Catalogue | None = None) -> None:
        self.settings = settings
        self.catalogue = catalogue or Catalogue.packaged()
        self.folder = (settings.folder or cache_folder()).expanduser().resolve()
        self.transfers = Transfers()

    def path(self, model: str) -> Path:
        """Where ``model`` lies or will lie. Raises NotFound."""
        return self.folder / self.catalogue[model].id

    def installed(self, model: str) -> Path | None:
        """The folder of ``model`` if every file is there at its size (a few ``stat`` calls)."""
        path = self.path(model)
        return path if folder.complete(path, self.catalogue[model]) else None

    def states(self) -> list[ModelState]:
        """Every model of the catalogue with its state."""
        states = []
        for model in self.catalogue:
            partial = (self.folder / ".partial" / model.id).exists()
            state: Literal["installed", "partial", "missing"] = (
                "installed" if self.installed(model.id) else "partial" if partial else "missing"
            )
            states.append(ModelState(model, self.path(model.id), state))
        return states

    async def pull(
        self, names: Iterable[str], progress: Progress, *, source: str | None = None, force: bool = False
    ) -> dict[str, Path]:
        """Fetch models named by id or set (``default``, ``all``), one after the other; ``source`` as in
        the settings, e.g. a folder with an offline copy; ``force`` fetches again what is there."""
        models = self.catalogue.select(names)
        return {
            model.id: await self.fetch(model.id, progress, source=source, force=force) for model in models
        }

    async def fetch(
        self, model: str, progress: Progress, *, source: str | None = None, force: bool = False
    ) -> Path:
        """The verified folder of ``model``, downloaded if need be. ``progress`` gets a sentence and the
        fraction of bytes. Raises NotFound, SettingsError, ModelUnavailable."""
        entry = self.catalogue[model]
        target = self.folder / entry.id
        self.transfers.asked.add(entry.id)
        try:
            if not force and await in_thread(self._verified, entry, target):
                return target
            self.transfers.begin(entry)
            async with self._lock(entry, progress):
                if force or not await in_thread(self._verified, entry, target):
                    await self._download(entry, target, progress, source or self.settings.source)
        except OSError as error:
            trouble = _disk_trouble(error, self.folder)
            self.transfers.failed(entry, trouble)
            raise trouble from error
        except KaikouError as error:
            self.transfers.failed(entry, error)
            raise
        except BaseException:
            self.transfers.ended(entry)
            raise
        self.transfers.ended(entry)
        return target

    @staticmethod
    def _verified(model: Model, path: Path) -> bool:
        """False where it must be fetched; ModelUnavailable where a file was altered."""
        files = folder.complete(path, model)
        if files is None:
            return False
        folder.verify(path, model.id, files)
        return True

    async def _download(self, model: Model, target: Path, progress: Progress, source: str) -> None:
        staging = self.folder / ".partial" / model.id
        if source not in ("auto", *_NETWORK):
            got, files = await in_thread(_copy, Path(source), model, staging / "copy")
            await in_thread(folder.verify, got, model.id, files)
            await in_thread(_install, got, target, staging)
            return
        if self.settings.offline:
            raise ModelUnavailable(
                f"The model {model.id} is not here, and KAIKOU_MODELS__OFFLINE forbids fetching it.",
                hint=f"Copy it in: `kaikou models pull {model.id} --from DIR`.",
            )
        reasons: list[ModelUnavailable] = []
        for number, origin in enumerate(model.sources):
            if source not in ("auto", origin.kind):
                continue
            stage = staging / f"{number}-{origin.kind}"
            files = origin.files or model.files
            self.transfers.source(model, origin.kind)
            try:
                got = await self._get(origin, files, stage, self._reporter(model, progress))
                self.transfers.checking(model)
                progress(f"Checking {model.title}", None)
                await in_thread(folder.verify, got, model.id, files)
            except ModelUnavailable as error:
                log.warning("model %s from %s: %s", model.id, origin.kind, error)
                reasons.append(error)
                if error.code == "model_altered":
                    await in_thread(shutil.rmtree, stage, ignore_errors=True)
                continue
            await in_thread(_install, got, target, staging)
            log.info("model %s fetched from %s", model.id, origin.kind)
            return
        raise _nothing_answered(model, source, reasons)

    def _reporter(self, model: Model, progress: Progress) -> registry_source.OnBytes:
        def report(done: int, total: int) -> None:
            self.transfers.got(model, done, total)
            of = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB"
            progress(f"Downloading {model.title}: {of}", min(1.0, done / total) if total else None)

        return report

    async def _get(
        self, origin: Source, files: Sequence[WeightFile], stage: Path, on_bytes: registry_source.OnBytes
    ) -> Path:
        silence = self.settings.stall_timeout
        if origin.kind == "registry":
            return await registry_source.download(
                origin, files, stage, on_bytes, silence=silence * _CLIENT_PATIENCE
            )
        hubs = {"huggingface": self.settings.huggingface_url, "modelscope": self.settings.modelscope_url}
        return await hub_source.download(
            origin, files, stage, on_bytes, base_url=hubs[origin.kind], silence=silence
        )

    @asynccontextmanager
    async def _lock(self, model: Model, progress: Progress) -> AsyncIterator[None]:
        """One downloader of a model at a time, whatever the process."""
        path = self.folder / ".locks" / f"{model.id}.lock"
        await in_thread(path.parent.mkdir, parents=True, exist_ok=True)
        lock = FileLock(path, thread_local=False)
        while True:
            try:
                await in_thread(lock.acquire, blocking=False)
                break
            except Timeout:
                progress(f"Waiting for another process that fetches {model.title}", None)
                await asyncio.sleep(_LOCK_POLL)
        try:
            yield
        finally:
            lock.release()


def _copy(origin: Path, model: Model, stage: Path) -> tuple[Path, tuple[WeightFile, ...]]:
    """Copy ``origin/<id>/`` (or ``origin`` itself, if it is the model's folder) into ``stage``."""
    origin = origin.expanduser()
    if not origin.is_dir():
        raise SettingsError(
            f"The model source {str(origin)!r} is neither auto, {', '.join(_NETWORK)} nor a folder.",
            hint="Set KAIKOU_MODELS__SOURCE, or --from, to one of these.",
            param="models.source",
        )
    for place in (origin / model.id, origin):
        if files := folder.complete(place, model):
            break
    else:
        place = origin / model.id
        missing = next(
            (file.name for file in model.files if not _sized(place / file.name, file.size)), model.id
        )
        raise ModelUnavailable(
            f"The folder {origin} holds no whole copy of {model.id}: {missing} is missing or cut.",
            hint=f"On a machine with a network run `kaikou models pull {model.id}` and copy "
            f"the folder that `kaikou models path {model.id}` prints.",
        )
    shutil.rmtree(stage, ignore_errors=True)
    for file in files:
        (stage / file.name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(place / file.name, stage / file.name)
    return stage, files


def _sized(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _install(got: Path, target: Path, staging: Path) -> None:
    """Put a verified folder in its place in one rename."""
    if target.exists():
        old = staging / "replaced"
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
    got.rename(target)
    shutil.rmtree(staging, ignore_errors=True)


def _nothing_answered(model: Model, source: str, reasons: Sequence[ModelUnavailable]) -> ModelUnavailable:
    if not reasons:
        return ModelUnavailable(
            f"The catalogue knows no source of kind {source} for {model.id}.",
            hint="Set KAIKOU_MODELS__SOURCE=auto.",
        )
    if len(reasons) == 1:
        return reasons[0]
    return ModelUnavailable(
        f"No source of {model.id} worked. " + " ".join(reason.message for reason in reasons),
        hint=reasons[0].hint,
        code=reasons[0].code,
    )


def _disk_trouble(error: OSError, where: Path) -> KaikouError:
    if error.errno == errno.ENOSPC:
        return ModelUnavailable(
            f"The disk that holds {where} is full.",
            hint="Free some space, or set KAIKOU_MODELS__FOLDER to another disk.",
        )
    return ModelUnavailable(
        f"The model folder {where} cannot be used: {error.strerror or type(error).__name__}.",
        hint="Check its permissions, or set KAIKOU_MODELS__FOLDER to another folder.",
    )
