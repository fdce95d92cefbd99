"""``/api/login``: the password for a session cookie; who am I; logging out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from kaikou.accounts.guard import COOKIE, SESSION_SECONDS, Approach
from kaikou.accounts.middleware import approach_of
from kaikou.api.problems import Problem
from kaikou.api.runtime import RuntimeDep
from kaikou.errors import Unauthorized

router = APIRouter(tags=["login"])


class Login(BaseModel):
    password: str = Field(max_length=1024)


class LoginState(BaseModel):
    """Whether this server wants a password, and whether the caller may come in."""

    required: bool
    authenticated: bool


@router.get("/api/login")
async def login_state(request: Request, runtime: RuntimeDep) -> LoginState:
    """What the page asks before it shows itself."""
    approach: Approach = approach_of(request.scope)
    try:
        await runtime.guard.admit(approach)
    except Unauthorized:
        return LoginState(required=runtime.guard.required, authenticated=False)
    return LoginState(required=runtime.guard.required, authenticated=True)


@router.post("/api/login", responses={401: {"model": Problem}, 429: {"model": Problem}})
async def login(body: Login, request: Request, response: Response, runtime: RuntimeDep) -> LoginState:
    """Log in with the password. Sets a signed cookie that scripts can't read."""
    address = request.client.host if request.client else ""
    token = await runtime.guard.login(body.password, address)
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(SESSION_SECONDS),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )
    response.headers["cache-control"] = "no-store"
    return LoginState(required=runtime.guard.required, authenticated=True)


@router.post("/api/logout", status_code=204)
async def logout(response: Response) -> None:
    """Forget the session in this browser."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
