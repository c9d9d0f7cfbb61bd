"""Crossref REST works: what publishers registered, asked by the day it was registered, page by cursor.

`date: index` also brings old works that were re-indexed (a correction registered later, but mostly nothing new).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from tracker.errors import ParseError
from tracker.model import Document, EditorialStatus, Page, Payload, Request, Source, Window
from tracker.sources._abstracts import labelled
from tracker.sources._api import (
    Listed,
    each,
    mapping,
    number_of,
    read_listed,
    text_list,
    walked,
    with_type,
    without_empty,
)
from tracker.sources._base import Kind, Recheck, doi_of, line_of, options_of, read_json, title_of
from tracker.sources._codes import language_code
from tracker.sources._editorial import status_of
from tracker.sources._query import ContactSearches, asked
from tracker.sources._walk import Walk, begin, walk_in
from tracker.text.dates import ClaimedDate, of_parts, parse_date

_SIZE = 100
_FILTERS = {"created": "created-date", "index": "index-date", "update": "update-date", "pub": "pub-date"}
_DATES = ("published", "issued", "published-online", "published-print")
_TYPES = {"report": "report", "dataset": "other", "peer-review": "other", "grant": "other", "component": "other"}
# What a notice says about the work that it is about; other updates (new version, addendum) change nothing in it.
_UPDATES: dict[str, EditorialStatus] = {
    "retraction": "retracted",
    "withdrawal": "retracted",
    "removal": "retracted",
    "expression_of_concern": "concern",
    "correction": "corrected",
    "corrigendum": "corrected",
    "erratum": "corrected",
    "partial_retraction": "corrected",
}
_RANK: tuple[EditorialStatus, ...] = ("retracted", "concern", "corrected")


class Options(ContactSearches):
    """`date`: which day is asked for; `filter`: further filters as Crossref writes them (`type:posted-content`)."""

    date: Literal["created", "index", "update", "pub"] = "created"
    filter: str | None = None


def first(source: Source, window: Window) -> Sequence[Request]:
    """The search that opens a poll; without a query everything of the address (a journal's works) is asked for."""
    options = options_of(source, Options)
    parts = len(asked(source, options, needed=False))
    return [_ask(source, options, walk) for walk in begin(window, parts=parts)]


def recheck(source: Source, dois: Sequence[str]) -> tuple[Request, ...]:
    """Return the requests that ask stored works again, for corrections and retractions that came later."""
    contact = options_of(source, Options).identity()
    groups = (dois[i : i + 50] for i in range(0, len(dois), 50))
    return tuple(
        Request(source.url, (("filter", ",".join(f"doi:{doi}" for doi in group)), ("rows", str(len(group))), *contact))
        for group in groups
    )


def _ask(source: Source, options: Options, walk: Walk) -> Request:
    name = _FILTERS[options.date]
    filters = [f"from-{name}:{walk.since:%Y-%m-%d}", f"until-{name}:{walk.until:%Y-%m-%d}"]
    if options.filter:
        filters.append(options.filter)
    query = asked(source, options, needed=False)[walk.part]
    params = (
        *((("query.bibliographic", query),) if query else ()),
        ("filter", ",".join(filters)),
        ("rows", str(min(options.page_size or _SIZE, 1000))),
        ("cursor", walk.pos or "*"),
        *options.identity(),
    )
    return Request(source.url, params, step="page", state=walk.state())


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Read a page of works, one work, or a work as it stands alone in a file."""
    listed, total, cursor = _works(source, payload)
    documents, problems = each(source, listed.items, _document, "work")
    options = options_of(source, Options)
    walk = walk_in(request.state)
    seen = (walk.seen if walk else 0) + len(listed.items)
    more = bool(listed.items) and (seen < total if total is not None else True)
    return walked(
        request, documents, lambda walk: _ask(source, options, walk), got=len(listed.items),
        pos=cursor if cursor and more else None, total=total, max_pages=options.max_pages,
        problems=problems, complete=listed.complete,
    )  # fmt: skip


def _works(source: Source, payload: Payload) -> tuple[Listed, int | None, str | None]:
    """The works in an answer, how many there are in all, and the cursor of the next page."""
    wanted = "Crossref JSON"
    if payload.body.lstrip()[:1] != b"{":
        read_json(source, payload, wanted)
        raise ParseError(f"{source.id}: {wanted} was due, found a list or a single value")
    if b'"items"' not in payload.body:
        data = read_json(source, payload, wanted)
        work = data.get("message", data)
        if not isinstance(work, dict) or not isinstance(work.get("DOI"), str):
            found = data.get("message-type") or ", ".join(list(data)[:5])
            raise ParseError(f"{source.id}: works of Crossref were due, found {found}")
        return Listed(data, [work]), None, None
    listed = read_listed(source, payload, wanted, "message", "items")
    kind = listed.data.get("message-type", "work-list")
    if kind != "work-list":
        raise ParseError(f"{source.id}: works of Crossref were due, found {kind}")
    message = mapping(listed.data.get("message"))
    return listed, number_of(message.get("total-results")), line_of(message.get("next-cursor"))


def _document(source: Source, item: dict[str, Any]) -> Document | None:
    doi = doi_of(item.get("DOI"))
    title = next((t for t in map(title_of, text_list(item.get("title"))) if t), None)
    if not doi and not title:
        return None
    kind = line_of(item.get("type"))
    posted = kind == "posted-content"
    published = _published(item, posted)
    updates = [u for u in text_list(item.get("update-to")) if str(u.get("type")) in _UPDATES]
    relation = item.get("relation") or {}
    extra = {
        "subtitle": [s for s in map(line_of, text_list(item.get("subtitle"))) if s],
        "original_title": [s for s in map(line_of, text_list(item.get("original-title"))) if s],
        "issn": text_list(item.get("ISSN")),
        "created": line_of((item.get("created") or {}).get("date-time")),
        "preprint": True if posted else None,
        "preprint_of": _related(relation, "is-preprint-of"),
        "has_preprint": _related(relation, "has-preprint"),
        "updates": [str(u.get("type")) for u in text_list(item.get("update-to")) + text_list(item.get("updated-by"))],
        "notices": [f"doi:{d}" for u in text_list(item.get("updated-by")) if (d := doi_of(u.get("DOI")))],
    }
    types = tuple(t for t in (kind, line_of(item.get("subtype"))) if t)
    document = Document(
        external_id=doi or title or "",
        url=_link(item, doi),
        title=title,
        text=labelled(item.get("abstract")),
        authors=tuple(_authors(item)),
        publisher=line_of(item.get("publisher")),
        published=published.value if published else None,
        precision=published.precision if published else None,
        language=language_code(item.get("language")),
        doi=doi,
        journal=next((j for j in map(line_of, text_list(item.get("container-title"))) if j), None),
        pub_types=types,
        editorial_status="notice" if updates else _standing(item, title),
        relates_to=tuple(dict.fromkeys(f"doi:{d}" for u in updates if (d := doi_of(u.get("DOI"))))),
        extra=without_empty(extra),
    )
    return with_type(document, source, _TYPES.get(kind or "", "journal_article"))


def _standing(item: dict[str, Any], title: str | None) -> EditorialStatus:
    """What the notices about a work say of it, the gravest first; else what its title says."""
    told = {_UPDATES.get(str(u.get("type"))) for u in text_list(item.get("updated-by"))}
    return next((status for status in _RANK if status in told), status_of((), (), title))


def _authors(item: dict[str, Any]) -> Iterable[str]:
    for author in text_list(item.get("author")):
        family, given, suffix = (line_of(author.get(k)) for k in ("family", "given", "suffix"))
        first_names = " ".join(p for p in (given, suffix) if p)
        name = ", ".join(p for p in (family, first_names) if p) if family else line_of(author.get("name")) or given
        if name:
            yield name


def _link(item: dict[str, Any], doi: str | None) -> str | None:
    """The DOI's own address: stable, and the same in whatever form (`dx.doi.org`, http) the work states it."""
    if doi:
        return f"https://doi.org/{doi}"
    stated = str(item.get("URL") or "")
    return stated if urlsplit(stated).scheme in ("http", "https") else None


def _related(relation: dict[str, Any], name: str) -> list[str]:
    return [f"doi:{doi}" for r in text_list(relation.get(name)) if (doi := doi_of(str(r.get("id") or "")))]


def _published(item: dict[str, Any], posted: bool) -> ClaimedDate | None:
    """The first date that has a year; `[[null]]` occurs."""
    for name in ("posted", *_DATES) if posted else (*_DATES, "posted"):
        found = _parts(item.get(name))
        if found:
            return found
    return None


def _parts(value: Any) -> ClaimedDate | None:
    if not isinstance(value, dict):
        return None
    rows = value.get("date-parts")
    numbers = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], list) else []
    if numbers and all(isinstance(n, int) for n in numbers[:3]):
        return of_parts(*numbers[:3])
    stated = value.get("date-time")
    found = parse_date(stated) if isinstance(stated, str) else None
    return parse_date(found.value[:10]) if found else None


KIND = Kind(
    name="crossref",
    options=Options,
    first=first,
    read=read,
    file_step="page",
    recheck=Recheck(recheck, by="doi", batch=100),
)
