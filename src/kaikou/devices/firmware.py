"""Firmware images that devices load: ``{model}_{version}.bin`` in one folder."""

from __future__ import annotations

import asyncio
import re
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kaikou.errors import InvalidInput, LimitReached, NotFound

_NAME = re.compile(r"[A-Za-z0-9._-]{1,180}\.bin")
_MODEL = re.compile(r"[A-Za-z0-9.-][A-Za-z0-9._-]{0,99}")
_VERSION = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6}){0,5}")
_DIGITS = re.compile(r"[0-9]{1,9}")
"""No others, such as full-width ones: a device would stop at them."""
_ESP_IMAGE = 0xE9
"""The first byte of an application image for an ESP32 (esp_image_header_t.magic)."""


@dataclass(frozen=True, slots=True)
class Firmware:
    """One image."""

    model: str
    version: str
    name: str
    size: int


def version_key(version: str) -> tuple[int, ...]:
    """A dotted version as numbers, for comparing; what a segment holds after its digits is left out."""
    numbers = [int(found.group()) if (found := _DIGITS.match(part)) else 0 for part in version.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def numeric_version(version: str) -> str:
    """The version with numbers only: devices abort at a segment that is none."""
    found = [_DIGITS.match(part) for part in version.strip().removeprefix("v").split(".")[:6]]
    return ".".join(one.group() if one else "0" for one in found) if any(found) else "0.0.0"


class FirmwareStore:
    """A folder of images, at most ``most`` of ``max_bytes`` each. The disk is touched in threads."""

    def __init__(self, folder: Path, max_bytes: int, most: int = 200) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._most = most

    @property
    def max_bytes(self) -> int:
        return self._max_bytes

    async def all(self) -> tuple[Firmware, ...]:
        """By model, the newest version first."""
        return await asyncio.to_thread(self._list)

    async def newer(self, model: str, version: str) -> Firmware | None:
        """The newest image for ``model``, if it is newer than ``version``."""
        mine = [one for one in await self.all() if one.model == model]
        best = max(mine, key=lambda one: version_key(one.version), default=None)
        return best if best is not None and version_key(best.version) > version_key(version) else None

    async def path(self, name: str) -> Path:
        """Where an image lies, for sending it. NotFound ``firmware_not_found``."""
        return await asyncio.to_thread(self._confined, name)

    async def add(self, model: str, version: str, data: bytes) -> Firmware:
        """Keep an image. InvalidInput ``invalid_firmware``, LimitReached ``firmware_limit``."""
        if not _MODEL.fullmatch(model):
            raise _invalid("The model may hold letters, digits, '.', '_' and '-'.", "model")
        if not _VERSION.fullmatch(version):
            raise _invalid("The version must be numbers with dots, such as 2.0.1.", "version")
        if len(data) > self._max_bytes:
            raise _invalid(f"An image may have {self._max_bytes} bytes.", "file")
        if not data or data[0] != _ESP_IMAGE:
            raise _invalid("The file is not an ESP32 application image.", "file")
        return await asyncio.to_thread(
            self._write, Firmware(model, version, f"{model}_{version}.bin", len(data)), data
        )

    async def delete(self, name: str) -> None:
        """NotFound ``firmware_not_found``."""
        await asyncio.to_thread(lambda: self._confined(name).unlink(missing_ok=True))

    def _list(self) -> tuple[Firmware, ...]:
        if not self._folder.is_dir():
            return ()
        found = []
        for path in self._folder.iterdir():
            model, _, version = path.stem.rpartition("_")
            if path.suffix == ".bin" and _MODEL.fullmatch(model) and _VERSION.fullmatch(version):
                with suppress(FileNotFoundError):  # deleted at this moment
                    held = path.stat()
                    if stat.S_ISREG(held.st_mode):
                        found.append(Firmware(model, version, path.name, held.st_size))
        found.sort(key=lambda one: version_key(one.version), reverse=True)
        return tuple(sorted(found, key=lambda one: one.model))

    def _confined(self, name: str) -> Path:
        missing = NotFound("There is no such firmware.", code="firmware_not_found", param="file")
        if not _NAME.fullmatch(name):
            raise missing
        folder = self._folder.resolve()
        path = (folder / name).resolve()
        if path.parent != folder or not path.is_file():
            raise missing
        return path

    def _write(self, firmware: Firmware, data: bytes) -> Firmware:
        self._folder.mkdir(parents=True, exist_ok=True)
        if len(self._list()) >= self._most and not (self._folder / firmware.name).exists():
            raise LimitReached(
                f"{self._most} images are kept already.", code="firmware_limit", hint="Delete some."
            )
        partial = self._folder / f".{secrets.token_hex(6)}.part"
        try:
            partial.write_bytes(data)
            partial.replace(self._folder / firmware.name)
        finally:
            partial.unlink(missing_ok=True)
        return firmware


def _invalid(message: str, param: str) -> InvalidInput:
    return InvalidInput(message, code="invalid_firmware", param=param)
