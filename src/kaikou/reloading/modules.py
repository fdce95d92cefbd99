"""One file as a module of its own, put in the place of the version before it."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType


@contextmanager
def replaced_module(package: str, name: str, path: Path) -> Iterator[ModuleType]:
    """The empty module ``package.name`` for the file at ``path``, known to ``sys.modules``; ``execute`` it
    inside the block. Whatever the block raises, the version before is the module of that name again."""
    full = f"{package}.{name}"
    parent = sys.modules.setdefault(package, ModuleType(package))
    parent.__path__ = []
    within = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(full, path, submodule_search_locations=within)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is no Python file")
    before = forget_module(package, name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    try:
        yield module
    except BaseException:
        forget_module(package, name)
        sys.modules.update(before)
        raise


def execute(module: ModuleType, path: Path) -> None:
    """Run the file in the module. Blocks. Raises what the file raises."""
    # Compiled here, and the files of a folder without a cache: a cached one is taken for fresh where a file
    # was saved twice within a second, at the same length.
    if path.name == "__init__.py":
        for cached in list(path.parent.rglob("__pycache__")):
            shutil.rmtree(cached, ignore_errors=True)
    code = compile(path.read_bytes(), str(path), "exec")
    kept, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        exec(code, module.__dict__)  # noqa: S102 - running the operator's code is what such a folder is for
    finally:
        sys.dont_write_bytecode = kept


def forget_module(package: str, name: str) -> dict[str, ModuleType]:
    """Take a file's modules out of ``sys.modules``; gives them."""
    full = f"{package}.{name}"
    gone = [one for one in sys.modules if one == full or one.startswith(f"{full}.")]
    return {one: sys.modules.pop(one) for one in gone}


def last_line(error: BaseException, path: Path) -> str:
    """The traceback's last line, with the line of the file where there is one."""
    line: int | None = None
    if isinstance(error, SyntaxError):
        # Python itself says the line of some: it is told once.
        message = re.sub(r" \((detected at|on) line \d+\)$", "", error.msg)
        error, line = SyntaxError(message), error.lineno
    trace = error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename) == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    said = str(error).strip().splitlines()
    if isinstance(error, ModuleNotFoundError) and str(error) == f"No module named {error.name!r}":
        said = [f"the package {error.name} is not installed where Kaikou runs"]
    told = f"{type(error).__name__}: {said[0]}" if said else type(error).__name__
    return f"{told} (line {line})" if line else told
