"""The application: routers, static files, error forms and the guard put together."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

import tracker
from tracker.web import api, auth, errors, feeds, look, pages, triage, watching
from tracker.web.errors import LoginNeededError
from tracker.web.guard import Guard
from tracker.web.render import STATIC

if TYPE_CHECKING:
    from tracker.web.desk import Desk

THREADS = 12  # requests worked on at once, each on its own connection; searches are fewer, see look.py


def create_app(desk: Desk) -> Guard:
    """The web page and the API of one archive, as an ASGI application."""

    @asynccontextmanager
    async def begin(app: FastAPI) -> AsyncIterator[None]:
        from anyio.to_thread import current_default_thread_limiter

        current_default_thread_limiter().total_tokens = THREADS
        threading.Thread(target=look.prepare, args=(desk,), name="prepare", daemon=True).start()
        yield

    app = FastAPI(
        title="nps-tracker", version=tracker.__version__, docs_url=None, redoc_url=None,
        description="Early-warning literature tracker for new psychoactive substances: read-only.", lifespan=begin,
        redirect_slashes=False,
    )  # fmt: skip
    app.state.desk = desk
    app.state.brake = auth.Brake()
    errors.install(app)
    app.add_exception_handler(LoginNeededError, _to_login)
    for router in (api.router, feeds.router, pages.router, watching.router, triage.router):
        app.include_router(router)
    app.mount("/static", _Static(directory=STATIC), name="static")
    app.get("/robots.txt", include_in_schema=False)(_robots)
    app.get("/favicon.ico", include_in_schema=False)(_favicon)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return Guard(app, hosts=desk.hosts, root_path=desk.root_path)  # outermost: our faults have its headers too


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The description that FastAPI makes, with our one error form in it."""
    if app.openapi_schema is None:
        made = FastAPI.openapi(app)
        for name, model in (("Error", api.Error), ("Fault", api.Fault)):
            described = model.model_json_schema(ref_template="#/components/schemas/{model}")
            described.pop("$defs", None)
            made["components"]["schemas"][name] = described
        for unused in ("HTTPValidationError", "ValidationError"):
            made["components"]["schemas"].pop(unused, None)
        made["servers"] = [{"url": app.state.desk.root_path or "/"}]
        app.openapi_schema = made
    return app.openapi_schema


def _to_login(request: Request, error: Exception) -> Response:
    if errors.is_machine(request) or request.method != "GET":
        return errors.answer(request, 401, "reading needs a login here")
    root = str(request.scope.get("root_path", ""))
    target = request.url.path.removeprefix(root) + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{root}/login?next={quote(target, safe='')}", 303)


class _Static(StaticFiles):
    """Files of ours; their addresses carry a hash, so that browsers may keep them."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


def _robots() -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


def _favicon(request: Request) -> Response:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/static/icon.svg", 301)
