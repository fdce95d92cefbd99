"""The page: what browsers may keep, and what protects it."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from kaikou.api import pages


def site(web: Path) -> TestClient:
    (web / "assets").mkdir(parents=True)
    (web / "assets" / "index-3f2a.js").write_text("export {}")
    (web / "index.html").write_text("<!doctype html><title>Kaikou</title>")
    (web / "favicon.svg").write_text("<svg/>")
    app = Starlette(
        routes=[
            Route("/", lambda _request: pages.index_page(web)),
            Mount("/assets", pages.Assets(directory=web / "assets")),
        ]
    )
    return TestClient(pages.SecurityHeaders(app))


def test_hashed_assets_are_kept_for_ever_and_the_index_is_asked_for(tmp_path: Path) -> None:
    client = site(tmp_path / "web")
    assert "immutable" in client.get("/assets/index-3f2a.js").headers["cache-control"]
    assert client.get("/").headers["cache-control"] == "no-cache"


def test_nothing_outside_the_folder_is_served(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    client = site(tmp_path / "web")
    for path in ("/assets/../../secret.txt", "/assets/%2e%2e/%2e%2e/secret.txt", "/assets//etc/passwd"):
        assert client.get(path).status_code == 404, path


def test_every_answer_carries_the_headers_that_protect_it(tmp_path: Path) -> None:
    client = site(tmp_path / "web")
    for path in ("/", "/assets/index-3f2a.js", "/nothing"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "worker-src 'self' blob:" in policy
        assert "unsafe-eval" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "microphone=(self)" in headers["permissions-policy"]


def test_without_a_built_page_the_index_says_what_to_do(tmp_path: Path) -> None:
    answer = pages.index_page(tmp_path)
    assert b"make serve" in answer.body
    assert pages.public_files(tmp_path / "nowhere") == []


def test_files_beside_the_index_are_public(tmp_path: Path) -> None:
    site(tmp_path / "web")
    assert pages.public_files(tmp_path / "web") == ["favicon.svg"]
