"""The guard in front of an application: who comes in, and what the others are told."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.types import Message
from starlette.websockets import WebSocket

from kaikou.accounts.guard import COOKIE, Guard
from kaikou.accounts.middleware import GuardMiddleware
from kaikou.accounts.passwords import hash_password
from kaikou.settings.tree import Settings

KEY, PASSWORD = "key-0123456789", "correct horse"


async def who(request: Request) -> JSONResponse:
    return JSONResponse(getattr(request.state, "principal", None) and request.state.principal.kind)


async def socket(websocket: WebSocket) -> None:
    await websocket.accept("realtime" if "realtime" in websocket.scope["subprotocols"] else None)
    await websocket.send_json(websocket.state.principal.kind)
    await websocket.close()


def guard_of(**settings: Any) -> Guard:
    return Guard(Settings(**settings), b"secret")


def client_of(guard: Guard, base_url: str = "http://localhost:8000") -> TestClient:
    paths = (
        "/",
        "/app",
        "/app/x",
        "/assets/a.js",
        "/health",
        "/ready",
        "/api/x",
        "/v1/realtime/client_secrets",
        "/api/login",
    )
    routes = [Route(path, who, methods=["GET", "POST", "OPTIONS"]) for path in paths]
    app = Starlette(routes=[*routes, WebSocketRoute("/ws", socket), WebSocketRoute("/health", socket)])
    app.add_middleware(GuardMiddleware, guard=guard)
    return TestClient(app, base_url=base_url, headers={"host": httpx.URL(base_url).netloc.decode()})


@pytest.fixture
def guarded() -> Guard:
    return guard_of(password=SecretStr(PASSWORD), api_keys=[SecretStr("first-key"), SecretStr(KEY)])


def denied(client: TestClient, path: str, **options: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(WebSocketDenialResponse) as caught, client.websocket_connect(path, **options):
        pass
    assert caught.value.headers["content-type"] == "application/problem+json"
    return caught.value.status_code, caught.value.json()


# -- guarded


@pytest.mark.parametrize("path", ["/", "/app", "/app/x", "/assets/a.js", "/health", "/ready", "/api/login"])
def test_the_page_and_liveness_are_open(guarded: Guard, path: str) -> None:
    assert client_of(guarded).get(path).status_code == 200


@pytest.mark.parametrize("path", ["/api/x", "/nowhere", "/healthx", "/assets", "/api/login/x"])
def test_everything_else_is_not(guarded: Guard, path: str) -> None:
    answer = client_of(guarded).get(path)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    body = answer.json()
    assert (body["status"], body["code"]) == (401, "unauthorized")
    assert body["hint"] and body["title"]


@pytest.mark.parametrize("path", ["/ws", "/health"])
def test_sockets_are_denied_with_json(guarded: Guard, path: str) -> None:
    status, body = denied(client_of(guarded), path)
    assert (status, body["code"]) == (401, "unauthorized")


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"authorization": f"Bearer {KEY}"}, "key"),
        ({"authorization": "bearer first-key"}, "key"),
        ({"x-api-key": KEY}, "key"),
        ({"authorization": f"Bearer {PASSWORD}"}, "password"),
        ({"authorization": "Basic abc", "x-api-key": KEY}, "key"),
    ],
)
def test_keys_and_password_come_in(guarded: Guard, headers: dict[str, str], kind: str) -> None:
    assert client_of(guarded).get("/api/x", headers=headers).json() == kind
    with client_of(guarded).websocket_connect("/ws", headers=headers) as websocket:
        assert websocket.receive_json() == kind


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer wrong"},
        {"authorization": "Bearer"},
        {"authorization": KEY},
        {"x-api-key": KEY[:-1]},
        {"x-api-key": ""},
        {"x-api-key": "ключ".encode()},
        {"cookie": f"{COOKIE}=ks_ffffffff.a.b"},
        {"cookie": "\x7f;;=;="},
    ],
)
def test_wrong_ones_do_not(guarded: Guard, headers: dict[str, Any]) -> None:
    assert client_of(guarded).get("/api/x", headers=headers).status_code == 401


def test_a_browsers_socket_brings_its_key_as_a_subprotocol(guarded: Guard) -> None:
    offered = ["realtime", f"openai-insecure-api-key.{KEY}", "openai-agents-sdk.0.1"]
    with client_of(guarded).websocket_connect("/ws", subprotocols=offered) as websocket:
        assert websocket.accepted_subprotocol == "realtime"
        assert websocket.receive_json() == "key"
    status, _ = denied(client_of(guarded), "/ws", subprotocols=["realtime", "openai-insecure-api-key.no"])
    assert status == 401


def test_a_key_in_the_address_is_not_taken(guarded: Guard) -> None:
    """Addresses end up in logs: only short-lived tokens may stand there."""
    assert denied(client_of(guarded), f"/ws?token={KEY}")[0] == 401


def test_an_ephemeral_token_opens_sockets_only(guarded: Guard) -> None:
    token, _ = guarded.mint_ephemeral(60)
    client = client_of(guarded)
    offers: list[tuple[str, dict[str, Any]]] = [
        (f"/ws?token={token}", {}),
        ("/ws", {"subprotocols": ["realtime", f"openai-insecure-api-key.{token}"]}),
        ("/ws", {"headers": {"authorization": f"Bearer {token}"}}),
    ]
    for path, options in offers:
        with client.websocket_connect(path, **options) as websocket:
            assert websocket.receive_json() == "ephemeral"
    bearer = {"authorization": f"Bearer {token}"}
    for method, path in (("GET", "/api/x"), ("POST", "/v1/realtime/client_secrets")):
        answer = client.request(method, path, headers=bearer)
        assert (answer.status_code, answer.json()["code"]) == (403, "token_scope")
    expired, _ = guarded.mint_ephemeral(-1)
    assert denied(client, f"/ws?token={expired}")[0] == 401


async def test_the_cookie_comes_in_from_this_servers_pages_only(guarded: Guard) -> None:
    cookie = await guarded.login(PASSWORD, "1.2.3.4")
    client = client_of(guarded, "https://kaikou.lan:8443")
    headers = {"cookie": f"other=1; {COOKIE}={cookie}"}
    assert client.get("/api/x", headers=headers).json() == "session"
    same = headers | {"origin": "https://kaikou.lan:8443"}
    assert client.get("/api/x", headers=same).json() == "session"
    with client.websocket_connect("/ws", headers=same) as websocket:
        assert websocket.receive_json() == "session"
    for origin in (
        "https://evil.example",
        "https://kaikou.lan",
        "null",
        "https://kaikou.lan:8443.evil.example",
    ):
        status, body = denied(client, "/ws", headers=headers | {"origin": origin})
        assert (status, body["code"]) == (403, "origin_not_allowed")
    with_key = {"origin": "https://elsewhere.example", "authorization": f"Bearer {KEY}"}
    assert client.get("/api/x", headers=with_key).json() == "key"


async def test_allowed_origins_may_use_the_cookie() -> None:
    guard = guard_of(password=SecretStr(PASSWORD), allowed_origins=["https://app.example/"])
    headers = {"cookie": f"{COOKIE}={await guard.login(PASSWORD, '')}", "origin": "https://app.example"}
    assert client_of(guard).get("/api/x", headers=headers).json() == "session"


async def test_a_new_password_ends_sessions(guarded: Guard) -> None:
    cookie = {"cookie": f"{COOKIE}={await guarded.login(PASSWORD, '')}"}
    assert client_of(guard_of(password=SecretStr("new one"))).get("/api/x", headers=cookie).status_code == 401


def test_a_preflight_passes_without_credentials(guarded: Guard) -> None:
    preflight = {"access-control-request-method": "GET", "origin": "https://a.example"}
    assert client_of(guarded).options("/api/x", headers=preflight).status_code == 200
    assert client_of(guarded).options("/api/x").status_code == 401


def test_guesses_get_slower(guarded: Guard) -> None:
    client = client_of(guarded)
    answers = [client.get("/api/x", headers={"authorization": f"Bearer guess{n}"}) for n in range(7)]
    assert [answer.status_code for answer in answers[:5]] == [401] * 5
    last = answers[-1]
    assert (last.status_code, last.json()["code"]) == (429, "too_many_attempts")
    assert int(last.headers["retry-after"]) >= 1
    assert client.get("/api/x", headers={"x-api-key": KEY}).status_code == 200


async def test_the_password_may_be_given_as_a_hash() -> None:
    guard = guard_of(password=SecretStr(hash_password(PASSWORD)))
    client = client_of(guard)
    assert client.get("/api/x", headers={"authorization": f"Bearer {PASSWORD}"}).json() == "password"
    assert client.get("/api/x", headers={"authorization": "Bearer no"}).status_code == 401


# -- open, on this machine


@pytest.mark.parametrize(
    "base_url", ["http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost"]
)
def test_without_a_password_this_machine_comes_in(base_url: str) -> None:
    client = client_of(guard_of(), base_url)
    assert client.get("/api/x").json() == "open"
    assert client.get("/api/x", headers={"origin": base_url}).json() == "open"
    with client.websocket_connect("/ws", headers={"origin": base_url}) as websocket:
        assert websocket.receive_json() == "open"


@pytest.mark.parametrize(
    "base_url", ["http://rebound.example:8000", "http://192.168.1.9:8000", "http://localhost.evil.example"]
)
def test_other_names_of_this_machine_do_not(base_url: str) -> None:
    client = client_of(guard_of(), base_url)
    answer = client.get("/api/x")
    assert (answer.status_code, answer.json()["code"]) == (403, "unknown_host")
    assert denied(client, "/ws", headers={"origin": base_url})[0] == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:3000", "null", "file://"])
def test_other_pages_in_this_machines_browser_do_not(origin: str) -> None:
    client = client_of(guard_of())
    status, body = denied(client, "/ws", headers={"origin": origin})
    assert (status, body["code"]) == (403, "origin_not_allowed")
    assert client.post("/api/x", headers={"origin": origin}).status_code == 403
    assert client.post("/api/login", headers={"origin": origin}).status_code == 403


def test_a_star_does_not_open_an_unguarded_server_to_the_web() -> None:
    evil = {"origin": "https://evil.example"}
    assert client_of(guard_of(allowed_origins=["*"])).get("/api/x", headers=evil).status_code == 403


def test_an_allowed_origin_comes_in_and_lends_its_name() -> None:
    guard = guard_of(allowed_origins=["https://kaikou.example"])
    client = client_of(guard, "https://kaikou.example")
    assert client.get("/api/x", headers={"origin": "https://kaikou.example"}).json() == "open"


# -- the wire


async def test_without_the_denial_extension_the_socket_is_closed(guarded: Guard) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/ws", "headers": [], "subprotocols": [], "client": None}
    await GuardMiddleware(lambda *_: None, guarded)(scope, receive, send)  # type: ignore[arg-type, return-value]
    assert sent == [{"type": "websocket.close", "code": 1008, "reason": "unauthorized"}]


def test_answers_never_repeat_what_was_presented(guarded: Guard) -> None:
    answer = client_of(guarded).get("/api/x", headers={"authorization": "Bearer hush-hush"})
    assert "hush" not in json.dumps(answer.json()) + str(answer.headers)
