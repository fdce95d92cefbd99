"""Errors over HTTP: RFC 9457 problem+json with a stable ``code``, whatever went wrong."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from kaikou.accounts.middleware import problem
from kaikou.errors import InvalidInput, KaikouError

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """The body of every error of the REST routes."""

    type: str = "about:blank"
    title: str = Field(description="What went wrong, for a person.")
    status: int
    detail: str = Field("", description="The title with what to do next.")
    code: str = Field(description="Stable name of the error, for programs.")
    message: str = ""
    hint: str = ""
    param: str | None = Field(None, description="The field at fault, dotted.")


def install(app: FastAPI) -> None:
    """Let ``app`` answer every error as a problem."""
    app.add_exception_handler(KaikouError, _kaikou)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def problem_response(error: KaikouError) -> JSONResponse:
    """One error as an answer."""
    status, body = problem(error)
    headers = {}
    if (wait := getattr(error, "retry_after", None)) is not None:
        headers["retry-after"] = str(wait)
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


async def _kaikou(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, KaikouError)
    if error.status >= 500:
        log.warning("%s: %s", error.code, error)
    return problem_response(error)


async def _validation(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place, *path = (str(part) for part in first["loc"])
    param = ".".join(path) or place
    return problem_response(
        InvalidInput(
            f"{param}: {first['msg'][:1].lower()}{first['msg'][1:]}.", code="invalid_request", param=param
        )
    )


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_").replace("-", "_")
    response = problem_response(KaikouError(f"{error.detail}.", code=code, status=error.status_code))
    response.headers.update(error.headers or {})
    return response


async def _unexpected(_request: Request, error: Exception) -> JSONResponse:
    log.error("unexpected error", exc_info=error)
    return problem_response(
        KaikouError(
            "Something went wrong inside the server.", hint="Its log says more.", code="internal_error"
        )
    )
