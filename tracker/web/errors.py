"""Every error in one form: JSON for the API and the feeds, a short page for people."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from tracker.errors import ArchiveError, TrackerError, UsageError
from tracker.web.render import page

if TYPE_CHECKING:
    from fastapi import FastAPI, Request
    from starlette.responses import Response

CODES = {
    400: "bad_value", 401: "login_needed", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    413: "too_large", 422: "bad_value", 429: "too_many", 503: "busy",
}  # fmt: skip
MACHINE = ("/api", "/feeds", "/openapi.json")
ANSWERS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": HTTPStatus(status).phrase,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    for status in (400, 401, 404, 422, 503)
}  # what an endpoint may answer beside 200, for the OpenAPI description


class LoginNeededError(Exception):
    """Reading needs a login here."""


def install(app: FastAPI) -> None:
    """Make the application answer every error in our form."""
    app.add_exception_handler(TrackerError, _expected)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


def _expected(request: Request, error: Exception) -> Response:
    if isinstance(error, UsageError):
        return answer(request, 400, str(error))
    if isinstance(error, ArchiveError):
        return answer(request, 503, str(error), headers={"Retry-After": "10"})
    return answer(request, 500, str(error))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = error.detail if isinstance(error.detail, str) else HTTPStatus(error.status_code).phrase
    if message == "Not Found":
        message = "there is nothing at this address"
    return answer(request, error.status_code, message, headers=dict(error.headers or {}))


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    lines = [f"{'.'.join(str(p) for p in e['loc'][1:])}: {e['msg'][:1].lower()}{e['msg'][1:]}" for e in error.errors()]
    return answer(request, 422, "; ".join(lines[:5]))


def _unexpected(request: Request, error: Exception) -> Response:
    return answer(request, 500, "something went wrong here; the log has the cause")


def is_machine(request: Request) -> bool:
    """Whether a program asks."""
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    return path.startswith(MACHINE)


def answer(request: Request, status: int, message: str, *, headers: dict[str, str] | None = None) -> Response:
    """One error in the form that fits who asks."""
    if is_machine(request):
        content = {"error": {"code": CODES.get(status, "error"), "message": message}}
        return JSONResponse(content, status_code=status, headers=headers)
    made = page(request, "error.html.j2", status=status, message=message, reason=HTTPStatus(status).phrase)
    made.status_code = status
    made.headers.update(headers or {})
    return made
