"""WHO Disease Outbreak News: the OData interface of who.int, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from tracker.model import Document, Page, Payload, Request, Source, Window
from tracker.sources._api import each, read_listed, walked, with_type, without_empty
from tracker.sources._base import Kind, SearchOptions, claimed, line_of, options_of, text_of, title_of
from tracker.sources._walk import Walk, begin
from tracker.text.dates import ClaimedDate, of_parts

_PAGES = "https://www.who.int/emergencies/disease-outbreak-news/item"
_LATE = timedelta(days=4)
_SIZE = 50
_TEXTS = (
    ("", "Summary"),
    ("", "Overview"),
    ("Epidemiology", "Epidemiology"),
    ("Assessment", "Assessment"),
    ("Response", "Response"),
    ("Advice", "Advice"),
)


class Options(SearchOptions):
    """`query`: only items whose title contains this word; `pages`: the address under which items are shown."""

    pages: str = _PAGES
    culture: str = "en"


def first(source: Source, window: Window) -> Sequence[Request]:
    """The search that opens a poll."""
    return [_ask(source, options_of(source, Options), walk) for walk in begin(window, overlap=_LATE)]


def _ask(source: Source, options: Options, walk: Walk) -> Request:
    # The published moment of an item may be set in the past: the change is asked for as well.
    since, until = f"{walk.since:%Y-%m-%dT%H:%M:%SZ}", f"{walk.until + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    dates = (f"({name} ge {since} and {name} lt {until})" for name in ("PublicationDateAndTime", "LastModified"))
    wanted = f"({' or '.join(dates)})"
    if options.query:
        word = options.query.replace("'", "''")
        wanted += f" and contains(Title,'{word}')"
    params = (
        ("sf_culture", options.culture),
        ("$filter", wanted),
        ("$orderby", "PublicationDateAndTime desc"),
        ("$top", str(min(options.page_size or _SIZE, 100))),
        ("$skip", walk.pos or "0"),
    )
    return Request(source.url, params, step="page", state=walk.state())


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Read one page of items."""
    listed = read_listed(source, payload, "WHO OData JSON", "value")
    documents, problems = each(source, listed.items, _document, "item")
    options = options_of(source, Options)
    params = dict(request.params)
    full = len(listed.items) >= int(params.get("$top", "0") or 0) > 0
    done = int(params.get("$skip", "0") or 0) + len(listed.items)
    return walked(
        request, documents, lambda walk: _ask(source, options, walk), got=len(listed.items),
        pos=str(done) if full or listed.data.get("@odata.nextLink") else None,
        max_pages=options.max_pages, problems=problems, complete=listed.complete,
    )  # fmt: skip


def _document(source: Source, item: dict[str, Any]) -> Document | None:
    options = options_of(source, Options)
    name = line_of(item.get("UrlName")) or str(line_of(item.get("ItemDefaultUrl")) or "").strip("/")
    number = name or line_of(item.get("DonId")) or line_of(item.get("Id"))
    title = title_of(item.get("Title"))
    if not number and not title:
        return None
    published = _moment(item.get("PublicationDateAndTime")) or _moment(item.get("PublicationDate"))
    updated = _moment(item.get("LastModified"))
    return with_type(
        Document(
            external_id=number or title or "",
            url=f"{options.pages.rstrip('/')}/{name}" if name else _absolute(source, item.get("ItemDefaultUrl")),
            title=title,
            text=_text(item),
            publisher="World Health Organization",
            published=published.value if published else None,
            precision=published.precision if published else None,
            updated=updated.value if updated else None,
            language=options.culture,
            extra=without_empty({"don_id": line_of(item.get("DonId"))}),
        ),
        source,
        "official_alert",
    )


def _absolute(source: Source, path: Any) -> str | None:
    parts = urlsplit(source.url)
    return f"{parts.scheme}://{parts.netloc}{path}" if isinstance(path, str) and path.startswith("/") else None


def _text(item: dict[str, Any]) -> str | None:
    parts: list[str] = []
    for label, name in _TEXTS:
        text = text_of(item.get(name)) if isinstance(item.get(name), str) else None
        if text and text not in parts:
            parts.append(f"{label}: {text}" if label and not text.startswith(label) else text)
    return "\n\n".join(parts) or None


def _moment(value: Any) -> ClaimedDate | None:
    """A moment; midnight sharp is how the interface writes a day without time."""
    found = claimed(value)
    if found and found.precision == "time" and found.value.endswith("T00:00:00Z"):
        day = datetime.strptime(found.value[:10], "%Y-%m-%d")
        return of_parts(day.year, day.month, day.day)
    return found


KIND = Kind(name="who", options=Options, first=first, read=read, file_step="page")
