"""Atom and JSON Feed of all documents, official alerts, a substance, or any search: newest first seen first."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal
from xml.sax.saxutils import escape, quoteattr

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from tracker.analysis.weeks import stamp
from tracker.archive.filters import Filters
from tracker.web import auth, look
from tracker.web.errors import ANSWERS
from tracker.web.params import Asked, asked
from tracker.web.render import out

if TYPE_CHECKING:
    from tracker.archive.search import Hit

router = APIRouter(prefix="/feeds", tags=["feeds"], dependencies=[Depends(auth.reading)], responses=ANSWERS)
ENTRIES = 50
ATOM, JSON_FEED = "application/atom+xml; charset=utf-8", "application/feed+json; charset=utf-8"
Form = Literal["atom", "json"]
_UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The feed", "content": {"application/atom+xml": {}, "application/feed+json": {}}}
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One document as a feed tells it."""

    number: int
    title: str
    url: str | None
    page: str
    text: str
    updated: str
    published: str
    authors: tuple[str, ...]
    tags: tuple[str, ...]


@router.get("/all.{form}", responses=_CONTENT, response_class=Response, summary="Everything that was kept")
def everything(request: Request, form: Form) -> Response:
    return _feed(request, form, Asked(), "All documents", f"/feeds/all.{form}", "/search")


@router.get("/alerts.{form}", responses=_CONTENT, response_class=Response, summary="Official alerts")
def alerts(request: Request, form: Form) -> Response:
    search = Asked(filters=Filters(doctype=("official_alert",)))
    return _feed(request, form, search, "Official alerts", f"/feeds/alerts.{form}", "/search?doctype=official_alert")


@router.get("/substance/{name:path}.{form}", responses=_CONTENT, response_class=Response, summary="One substance")
def substance(request: Request, name: str, form: Form) -> Response:
    known = request.app.state.desk.lexicon().find(name)
    if known is None:
        raise HTTPException(404, f"{name!r} is not in the lexicon; /feeds/search.{form}?q=… finds it as a word")
    search = Asked(filters=Filters(substance=(known.name,)))
    target = f"/search?{search.address()}"
    return _feed(request, form, search, f"Documents on {known.name}", request.url.path, target)


@router.get("/search.{form}", responses=_CONTENT, response_class=Response, summary="Any search")
def search(request: Request, form: Form, search: Annotated[Asked, Depends(asked)]) -> Response:
    said = search.q or ", ".join(v for _, v in search.pairs()) or "everything"
    address = f"/feeds/search.{form}" + (f"?{request.url.query}" if request.url.query else "")
    return _feed(request, form, search, f"Search: {said}", address, f"/search?{search.address()}")


def _feed(request: Request, form: Form, search: Asked, title: str, own: str, page: str) -> Response:
    result = look.search(request.app.state.desk, replace(search, sort="newest", limit=ENTRIES, before=None, offset=0))
    root = str(request.base_url).rstrip("/")
    entries = [_entry(hit, root) for hit in result.results if hit.record.doctype != "marketing"]  # counted, not linked
    own = root + own.removeprefix(str(request.scope.get("root_path", "")))
    if form == "json":
        return JSONResponse(_json_feed(title, own, root + page, entries), media_type=JSON_FEED)
    return Response(_atom(title, own, root + page, entries), media_type=ATOM)


def _entry(hit: Hit, root: str) -> Entry:
    record = hit.record
    moment = stamp(record.revised or record.first_seen)
    names = [tag.name for tag in record.tags.substances] if record.tags else []
    themes = [tag.theme for tag in record.tags.themes] if record.tags else []
    said = " ".join(hit.snippet.text.split()) if hit.snippet else ""
    status = "" if record.editorial_status == "ok" else f"[{record.editorial_status}] "
    return Entry(
        number=record.id,
        title=status + (record.document.title or f"Document {record.id}"),
        url=out(record.document.url),
        page=f"{root}/document/{record.id}",
        text=said,
        updated=moment,
        published=stamp(record.first_seen),
        authors=(record.publisher or record.source,),
        tags=tuple(dict.fromkeys([*names, *themes])),
    )


def _json_feed(title: str, own: str, page: str, entries: list[Entry]) -> dict[str, Any]:
    """https://www.jsonfeed.org/version/1.1/"""
    items = []
    for e in entries:
        item: dict[str, Any] = {
            "id": _identity(e), "url": e.page, "title": e.title, "content_text": e.text or e.title,
            "date_published": e.published, "date_modified": e.updated, "tags": list(e.tags),
            "authors": [{"name": name} for name in e.authors],
        }  # fmt: skip
        if e.url:
            item["external_url"] = e.url
        items.append(item)
    return {"version": "https://jsonfeed.org/version/1.1", "title": f"NPS tracker: {title}", "home_page_url": page,
            "feed_url": own, "language": "en", "items": items}  # fmt: skip


def _identity(entry: Entry) -> str:
    return f"urn:nps-tracker:document:{entry.number}"


def _atom(title: str, own: str, page: str, entries: list[Entry]) -> str:
    """RFC 4287."""
    updated = max((e.updated for e in entries), default="1970-01-01T00:00:00Z")
    head = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">',
        f"<id>{_text(own)}</id>",
        f"<title>{_text(f'NPS tracker: {title}')}</title>",
        f"<updated>{updated}</updated>",
        f'<link rel="self" href={_quoted(own)}/>',
        f'<link rel="alternate" type="text/html" href={_quoted(page)}/>',
        "<author><name>nps-tracker</name></author>",
    ]
    return "\n".join([*head, *(line for e in entries for line in _atom_entry(e)), "</feed>", ""])


def _atom_entry(e: Entry) -> list[str]:
    related = [f'<link rel="via" href={_quoted(e.url)}/>'] if e.url else []
    return [
        "<entry>",
        f"<id>{_identity(e)}</id>",
        f"<title>{_text(e.title)}</title>",
        f"<updated>{e.updated}</updated>",
        f"<published>{e.published}</published>",
        f'<link rel="alternate" type="text/html" href={_quoted(e.page)}/>',
        *related,
        *(f"<author><name>{_text(name)}</name></author>" for name in e.authors),
        *(f"<category term={_quoted(tag)}/>" for tag in e.tags),
        f"<summary>{_text(e.text or e.title)}</summary>",
        "</entry>",
    ]


def _text(content: str) -> str:
    return escape(_UNPRINTABLE.sub("", content))


def _quoted(content: str) -> str:
    return quoteattr(_UNPRINTABLE.sub("", content))
