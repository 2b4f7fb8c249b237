"""Every error as RFC 9457 problem+json, without a word of what was sent."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"


def problem(status: int, detail: str, headers: dict[str, str] | None = None, **extra: Any) -> JSONResponse:
    """A response of media type application/problem+json."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **extra}
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def install_problems(app: FastAPI) -> None:
    """Answer every error of the app in this form."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = [{"pointer": "/" + "/".join(map(str, e["loc"][1:])), "detail": str(e["msg"])} for e in error.errors()]
    if any(e["loc"] == ("body",) and e["type"] in ("model_attributes_type", "missing") for e in error.errors()):
        return problem(415, 'expected a JSON object such as {"text": "…"} with Content-Type: application/json')
    if any(e["type"] == "json_invalid" for e in error.errors()):
        return problem(400, 'expected a JSON object such as {"text": "…"}; the body is not valid JSON in UTF-8')
    return problem(422, found[0]["detail"] if found else "the request does not fit the schema", errors=found)


def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, str(error.detail), dict(error.headers or {}))


def _unexpected(_: Request, error: Exception) -> JSONResponse:
    return problem(500, f"an error of ours ({type(error).__name__}); please report it")
