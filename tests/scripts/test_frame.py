"""The scripts that run before anything is installed: bootstrap, the page's build, the locks."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def script(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A fresh copy of ``scripts/<name>.py``, safe to change."""
    monkeypatch.syspath_prepend(ROOT / "scripts")
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The page's build in a small tree of its own."""
    module = script("page", monkeypatch)
    monkeypatch.setattr(module, "FRONTEND", tmp_path / "frontend")
    monkeypatch.setattr(module, "OUTPUT", tmp_path / "web")
    monkeypatch.setattr(module, "STAMP", tmp_path / "web" / ".digest")
    source = tmp_path / "frontend" / "src"
    source.mkdir(parents=True)
    (source / "main.ts").write_text("one")
    return module


def build(page: ModuleType) -> None:
    page.OUTPUT.mkdir(exist_ok=True)
    (page.OUTPUT / "index.html").write_text("<!doctype html>")
    page.STAMP.write_text(page.digest(), encoding="ascii")


def test_a_built_page_is_fresh_until_a_source_changes(page: ModuleType) -> None:
    assert not page.fresh()
    build(page)
    assert page.fresh()
    (page.FRONTEND / "node_modules").mkdir()
    (page.FRONTEND / "node_modules" / "anything.js").write_text("installed")
    assert page.fresh()
    (page.FRONTEND / "src" / "main.ts").write_text("two")
    assert not page.fresh()


def test_a_new_or_renamed_source_counts(page: ModuleType) -> None:
    build(page)
    (page.FRONTEND / "src" / "main.ts").rename(page.FRONTEND / "src" / "other.ts")
    assert not page.fresh()


def test_a_build_cut_short_is_done_again(page: ModuleType) -> None:
    build(page)
    page.STAMP.unlink()
    assert not page.fresh()


def test_a_tree_without_sources_takes_the_page_it_came_with(
    page: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(page)
    page.STAMP.unlink()
    monkeypatch.setattr(page, "FRONTEND", tmp_path / "nowhere")
    assert page.fresh()
    (page.OUTPUT / "index.html").unlink()
    with pytest.raises(RuntimeError, match="neither a built page"):
        page.build()


@pytest.mark.parametrize("version", ["v20.19.0", "v22.12.0", "v24.1.0"])
def test_a_node_that_vite_runs_on_is_taken(
    page: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    pretend_node(tmp_path, monkeypatch, version)
    assert page.system_node() == (str(tmp_path / "node"), str(tmp_path / "npm"))


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.9", "v21.7.0", "v22.11.0", "nonsense"])
def test_another_node_is_left_alone(
    page: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    pretend_node(tmp_path, monkeypatch, version)
    assert page.system_node() is None


def pretend_node(folder: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    for name in ("node", "npm"):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho {version}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_bootstrap_says_what_to_install_where_no_python_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap = script("bootstrap", monkeypatch)
    monkeypatch.setattr(bootstrap, "version_of", lambda python: (3, 13))
    monkeypatch.setattr(bootstrap, "uv_python", lambda: None)
    with pytest.raises(SystemExit) as stopped:
        bootstrap.fitting_python()
    assert "python3.12-venv" in str(stopped.value)


def test_bootstrap_looks_past_a_python_that_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap = script("bootstrap", monkeypatch)
    known = {"/new": (3, 13), "/gone": None, "/old": (3, 10), "/right": (3, 11)}
    monkeypatch.setattr(bootstrap, "candidates", lambda: iter(known))
    monkeypatch.setattr(bootstrap, "version_of", known.get)
    assert bootstrap.fitting_python() == "/right"


def test_bootstrap_takes_the_pythons_the_package_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap = script("bootstrap", monkeypatch)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (oldest, newest) = (".".join(map(str, one)) for one in (bootstrap.OLDEST, bootstrap.NEWEST))
    assert project["requires-python"] == f">={oldest},<3.{int(newest.split('.')[1]) + 1}"


def test_bootstrap_runs_once_for_each_state_of_locks_and_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap = script("bootstrap", monkeypatch)
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml", "hatch_build.py"):
        (tmp_path / name).write_text(name)
    done: list[str] = []
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "ready.json")
    monkeypatch.setattr(bootstrap, "fits", lambda python: True)
    monkeypatch.setattr(bootstrap, "install_packages", done.append)
    monkeypatch.setattr(bootstrap, "install_kaikou", lambda: done.append("kaikou"))
    monkeypatch.setattr(bootstrap, "install_node", lambda: None)
    monkeypatch.setattr(bootstrap, "page_is_fresh", lambda: True)

    def run(*arguments: str) -> list[str]:
        done.clear()
        monkeypatch.setattr(sys, "argv", ["bootstrap.py", *arguments])
        bootstrap.main()
        return list(done)

    assert run() == ["requirements.lock", "kaikou"]
    assert run() == []
    assert run("--dev") == ["requirements-dev.lock"]
    assert run() == []
    (tmp_path / "pyproject.toml").write_text("changed")
    assert run() == ["kaikou"]
    (tmp_path / "requirements-dev.lock").write_text("changed")
    assert run() == ["requirements-dev.lock"]
    monkeypatch.setattr(bootstrap, "page_is_fresh", lambda: False)
    assert run() == ["kaikou"]


def test_bootstrap_can_be_read_by_an_old_python() -> None:
    """It is what tells the owner of an old Python what to do: it must not fail on its own syntax."""
    code = "import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version=(3, 7))"
    subprocess.run([sys.executable, "-c", code, ROOT / "scripts" / "bootstrap.py"], check=True)


def test_the_locks_name_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    lock = script("lock", monkeypatch)
    assert lock.addresses() == []


def test_the_lock_holds_all_the_package_needs() -> None:
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in project["dependencies"]:
        name = requirement.split(";")[0].split("[")[0].strip()
        for sign in (">", "=", "<", "~", "!"):
            name = name.split(sign)[0]
        assert f"\n{name.lower().replace('_', '-')}==" in locked, requirement


def test_addresses_are_taken_out_of_the_pages_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    lock = script("lock", monkeypatch)
    tree = {"packages": {"a": {"version": "1", "resolved": "x", "funding": [{"url": "y"}]}}, "list": [{}]}
    assert lock.without_addresses(tree) == {"packages": {"a": {"version": "1"}}, "list": [{}]}
