"""Every error as RFC 9457 problem+json, without a word of what was sent."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
BODIES = {
    "/v1/classify": '{"text": "…"}',
    "/predict": '{"tasks": [{"data": {"text": "…"}}]}',
    "/setup": '{"schema": "<View>…</View>"}',
    "/webhook": '{"action": "ANNOTATION_CREATED"}',
}


def problem(status: int, detail: str, headers: dict[str, str] | None = None, **extra: Any) -> JSONResponse:
    """A response of media type application/problem+json."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **extra}
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def install_problems(app: FastAPI) -> None:
    """Answer every error of the app in this form."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    if "json" not in request.headers.get("content-type", ""):
        return problem(415, f"{_expected(request)} with Content-Type: application/json")
    if any(e["type"] == "json_invalid" for e in error.errors()):
        return _no_json(request)
    found = [_finding(e) for e in error.errors()]
    return problem(422, found[0]["detail"], errors=found)


def _no_json(request: Request) -> JSONResponse:
    return problem(400, f"{_expected(request)}; the body is not valid JSON in UTF-8")


def _expected(request: Request) -> str:
    """What the route that was asked takes, by an example where it has one."""
    body = BODIES.get(getattr(request.scope.get("route"), "path", ""))
    return f"expected a JSON object such as {body}" if body else "expected a JSON object"


def _finding(error: dict[str, Any]) -> dict[str, str]:
    """Where it is wrong and what was expected there, without the input itself."""
    if error["type"] == "extra_forbidden":
        return {"pointer": "", "detail": "an unknown key; expected text or sentences"}
    pointer = "/" + "/".join(map(str, error["loc"][1:]))
    return {"pointer": pointer, "detail": str(error["msg"]).removeprefix("Value error, ")}


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 400:  # the framework's own, for a body that is no text
        return _no_json(request)
    return problem(error.status_code, str(error.detail), dict(error.headers or {}))


def _unexpected(_: Request, error: Exception) -> JSONResponse:
    return problem(500, f"an error of ours ({type(error).__name__}); please report it")
