"""The JSON API: read-only, the contract's names, lists as {"items", "next_cursor"}."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from tracker.analysis.report import signal_json, signals_json
from tracker.analysis.weeks import stamp, week_of
from tracker.archive.wire import document_json, health_json, search_json
from tracker.digest.as_json import as_mapping
from tracker.web import auth, look
from tracker.web.errors import ANSWERS
from tracker.web.params import MOST, Asked, asked, moment

if TYPE_CHECKING:
    from tracker.archive.read import Record

router = APIRouter(prefix="/api", tags=["api"], dependencies=[Depends(auth.reading)], responses=ANSWERS)

Search = Annotated[Asked, Depends(asked)]
Limit = Annotated[int, Query(ge=1, le=MOST)]
Number = Annotated[int, Path(ge=1, lt=look.MOST_ID)]
AsOf = Annotated[str, Query(description="What was known at this moment: 2026-11-24 or 2026-11-24T07:00:00Z.")]
Cursor = Annotated[str, Query(description="next_cursor of the page before.")]


class Listed(BaseModel):
    """A page of a list; `next_cursor` null: the last one."""

    model_config = ConfigDict(extra="allow")
    items: list[dict[str, Any]]
    next_cursor: str | None


class Thing(BaseModel):
    """One object; its fields are those of the command line's JSON."""

    model_config = ConfigDict(extra="allow")


class Fault(BaseModel):
    code: str
    message: str


class Error(BaseModel):
    """Every error, with the status that fits."""

    error: Fault = Field(description="code for programs, message for people")


def _answer(content: Any) -> JSONResponse:
    return JSONResponse(content)


@router.get("/documents", response_model=Listed, summary="Search; newest first without q")
def documents(request: Request, search: Search, limit: Limit = 50) -> JSONResponse:
    """Takes the filters of `tracker search`. Pages stay the same while documents arrive."""
    search = replace(search, limit=limit)
    result = look.search(request.app.state.desk, search)
    found = search_json(result)
    return _answer({"items": found.pop("results"), "next_cursor": search.next_cursor(result), **found})


@router.get("/documents/{id}", response_model=Thing, summary="One document with its tags, notices and versions")
def document(request: Request, id: Number, as_of: AsOf = "") -> JSONResponse:
    desk = request.app.state.desk
    when = moment(as_of)
    record = look.document(desk, id, when)
    found = document_json(record)
    found["tags"] = _tags(record, desk)
    found["notices"] = [
        {"status": n.status, "document": n.document, "at": stamp(n.at), "url": n.url, "title": n.title}
        for n in record.notices
    ]
    found["revisions"] = [
        {"known_from": stamp(r.known_from), "known_until": stamp(r.known_until) if r.known_until else None}
        for r in desk.archive().revisions(id, as_of=when)
    ]
    return _answer(found)


def _tags(record: Record, desk: Any) -> dict[str, Any] | None:
    """Tags as `tracker tag` writes them; evidence is null where the text may not be shown."""
    if record.tags is None:
        return None
    tags: dict[str, Any] = desk.tags_json(record.tags, str(record.id))
    if not record.quote:
        tags["themes"] = [{**theme, "evidence": None} for theme in tags["themes"]]
    return tags


@router.get("/substances", response_model=Listed, summary="Every substance that the archive names, by name")
def substances(request: Request, limit: Limit = 100, cursor: Cursor = "") -> JSONResponse:
    rows = look.substances(request.app.state.desk)
    rest = [row for row in rows if row.name > cursor] if cursor else rows
    items = [
        {"name": r.name, "class": r.cls or None, "nps": r.nps, "documents": r.documents, "first_seen": r.first_seen,
         "last_seen": r.last_seen, "new": r.new}
        for r in rest[:limit]
    ]  # fmt: skip
    return _answer({"items": items, "next_cursor": items[-1]["name"] if len(rest) > limit else None})


@router.get("/substances/{name:path}", response_model=Thing, summary="Profile of a substance, by any of its names")
def substance(request: Request, name: str, as_of: AsOf = "") -> JSONResponse:
    return _answer(look.substance(request.app.state.desk, name, moment(as_of)))


@router.get("/stories/{id}", response_model=Thing, summary="A story: its documents, why they were joined",
            responses={307: {"description": "joined to another story since"}})  # fmt: skip
def story(request: Request, id: Number, as_of: AsOf = "") -> Any:
    desk = request.app.state.desk
    when = moment(as_of)
    found = look.story(desk, id, when)
    if found.id != id:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{request.scope.get('root_path', '')}/api/stories/{found.id}{query}", 307)
    return _answer(
        {
            "id": found.id,
            "sources": found.sources,
            "documents": [document_json(r) for r in desk.archive().documents(found.documents, as_of=when)],
            "links": [{"a": k.a, "b": k.b, "relation": k.relation, "why": k.why} for k in found.links],
            "cuts": [list(pair) for pair in found.cuts],
            "voices": [list(voice) for voice in found.voices],
        }
    )


@router.get("/signals", response_model=Listed, summary="What the past does not explain, of one week")
def signals(
    request: Request,
    week: Annotated[str, Query(description="2026-W47; default: the last complete week.")] = "",
    as_of: AsOf = "",
) -> JSONResponse:
    desk = request.app.state.desk
    when = moment(as_of)
    found_week, found = look.signals(desk, week or None, when)
    said = signals_json(found, week=found_week, as_of=when or desk.now())
    return _answer({"items": [signal_json(s) for s in found], "next_cursor": None, **said})


@router.get("/digests", response_model=Listed, summary="Weeks that have a digest, newest first")
def digests(request: Request, limit: Limit = 100, cursor: Cursor = "") -> JSONResponse:
    desk = request.app.state.desk
    all_weeks = look.digest_weeks(desk)
    first, following = look.page_of(limit, cursor, len(all_weeks))
    current, root = week_of(desk.now()), request.scope.get("root_path", "")
    items = [
        {"week": week, "finished": week != current, "url": f"{root}/api/digests/{week}"}
        for week in all_weeks[first : first + limit]
    ]
    return _answer({"items": items, "next_cursor": following})


@router.get("/digests/{week}", response_model=Thing, summary="The digest of a week")
def digest(request: Request, week: str, as_of: AsOf = "") -> JSONResponse:
    return _answer(as_mapping(look.digest(request.app.state.desk, week, moment(as_of))))


@router.get("/status", response_model=Thing, summary="Health of every source")
def status(request: Request) -> JSONResponse:
    desk = request.app.state.desk
    archive = desk.archive()
    now = desk.now()
    rows = desk.kept("health", lambda a: a.health(now=now))
    return _answer(
        {
            "sources": [health_json(row) for row in rows],
            "documents": desk.kept("documents", lambda _: archive.count_documents()),
            "lexicon": desk.lexicon().version,
        }
    )
