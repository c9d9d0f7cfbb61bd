"""Regulations.gov API v4: titles of docket documents by the moment of their last change (a key is needed).

The API shows 20 pages of a search; beyond them the search is begun anew from the last moment seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tracker.model import Document, Page, Payload, Request, Source, Window
from tracker.sources._api import each, mapping, number_of, read_listed, secrets, walked, with_type, without_empty
from tracker.sources._base import Kind, claimed, line_of, options_of, title_of
from tracker.sources._query import Searches, asked
from tracker.sources._walk import Walk, begin
from tracker.text.dates import ClaimedDate, parse_date

_SIZE = 250
_PAGES = 20
_EASTERN = timedelta(hours=4)  # summer; the filter takes Washington's time, and in winter one hour more is asked


class Options(Searches):
    """`agency`: only this agency's documents (its acronym, `DEA`)."""

    agency: str | None = None


def first(source: Source, window: Window) -> Sequence[Request]:
    """The search that opens a poll."""
    options = options_of(source, Options)
    parts = len(asked(source, options, needed=options.agency is None))
    return [_ask(source, options, walk) for walk in begin(window, parts=parts)]


def _ask(source: Source, options: Options, walk: Walk) -> Request:
    query = asked(source, options, needed=options.agency is None)[walk.part]
    since, _, page = (walk.pos or f"{_local(walk.since)}|1").partition("|")
    params = (
        *((("filter[searchTerm]", query),) if query else ()),
        *((("filter[agencyId]", options.agency),) if options.agency else ()),
        ("filter[lastModifiedDate][ge]", since),
        ("filter[lastModifiedDate][le]", _local(walk.until + timedelta(days=1))),
        ("sort", "lastModifiedDate,documentId"),
        ("page[size]", str(min(options.page_size or _SIZE, _SIZE))),
        ("page[number]", page or "1"),
    )
    return Request(source.url, params, secrets(source), step="page", state=walk.state())


def _local(moment: datetime) -> str:
    return (moment - _EASTERN).strftime("%Y-%m-%d %H:%M:%S")


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Read one page of documents."""
    listed = read_listed(source, payload, "Regulations.gov JSON", "data")
    documents, problems = each(source, listed.items, _document, "document")
    meta = mapping(listed.data.get("meta"))
    options = options_of(source, Options)
    return walked(
        request, documents, lambda walk: _ask(source, options, walk), got=len(listed.items),
        pos=_following(request, listed.items, meta),
        total=number_of(meta.get("totalElements")), max_pages=options.max_pages, problems=problems,
        complete=listed.complete,
    )  # fmt: skip


def _following(request: Request, items: Sequence[dict[str, Any]], meta: dict[str, Any]) -> str | None:
    """The next page's number, or after the last that the API shows, page 1 from the last change seen."""
    params = dict(request.params)
    since, page = params.get("filter[lastModifiedDate][ge]", ""), int(params.get("page[number]", "1"))
    if not items or meta.get("hasNextPage") is not True or meta.get("pageNumber", page) != page:
        return None
    if page < _PAGES:
        return f"{since}|{page + 1}"
    last = parse_date(str(mapping(items[-1].get("attributes")).get("lastModifiedDate")))
    if last is None or last.precision != "time":
        return None
    moment = datetime.strptime(last.value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    again = _local(moment - timedelta(hours=1))
    return None if again <= since else f"{again}|1"


def _document(source: Source, item: dict[str, Any]) -> Document | None:
    facts = item.get("attributes") or {}
    number, title = line_of(item.get("id")), title_of(facts.get("title"))
    if not number and not title:
        return None
    posted = _day(facts.get("postedDate"))
    updated = claimed(facts.get("lastModifiedDate"))
    kinds = (line_of(facts.get("documentType")), line_of(facts.get("subtype")))
    return with_type(
        Document(
            external_id=number or title or "",
            url=f"https://www.regulations.gov/document/{number}" if number else None,
            title=title,
            publisher=line_of(facts.get("agencyId")),
            published=posted.value if posted else None,
            precision=posted.precision if posted else None,
            updated=updated.value if updated else None,
            language="en",
            pub_types=tuple(k for k in kinds if k),
            editorial_status="retracted" if facts.get("withdrawn") is True else "ok",
            extra=without_empty(
                {
                    "docket": line_of(facts.get("docketId")),
                    "federal_register": line_of(facts.get("frDocNum")),
                    "comments_until": line_of(facts.get("commentEndDate")),
                }
            ),
        ),
        source,
        "legal_notice",
    )


def _day(value: Any) -> ClaimedDate | None:
    """The day in Washington: posted dates are midnight there, written in UTC (04:00Z or 05:00Z)."""
    found = claimed(value)
    if found is None or found.precision != "time":
        return found
    moment = datetime.strptime(found.value, "%Y-%m-%dT%H:%M:%SZ") - _EASTERN
    return replace(found, value=f"{moment:%Y-%m-%d}", precision="day")


KIND = Kind(name="regulations_gov", options=Options, first=first, read=read, file_step="page")
