"""GOV.UK: the search API by public timestamp; also reads its Atom feeds and answers of the content API.

An item is known by its link: the identifiers of the feeds change with every update. Withdrawn pages stay online and
are marked; nothing else tells them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from tracker.errors import ParseError
from tracker.model import Document, EditorialStatus, Page, Payload, Request, Source, Window
from tracker.sources._api import each, merged, number_of, read_listed, text_list, walked, with_type, without_empty
from tracker.sources._atom import Entry, read_atom
from tracker.sources._base import (
    Kind,
    Recheck,
    SearchOptions,
    claimed,
    line_of,
    options_of,
    read_json,
    text_of,
    title_of,
)
from tracker.sources._codes import language_code
from tracker.sources._walk import Walk, begin
from tracker.text.dates import ClaimedDate

_SITE = "https://www.gov.uk"
_SIZE = 200
# The API refuses (422) a field that it does not know: these stand in its base schema.
_FIELDS = "title,description,link,public_timestamp,format,content_store_document_type,organisations,is_withdrawn"
_NO_PAGE = ("gone", "redirect", "vanish", "placeholder")  # what the content API says where a page once was
_WITHDRAWN = re.compile(r"\s*\[?withdrawn\]?\b", re.IGNORECASE)
_NOTICE = re.compile(r"\bthis (?:\w+ ){1,4}was withdrawn on\b", re.IGNORECASE)


class Options(SearchOptions):
    """`query`: words to search for (`q`); the filters stand in the address."""


def first(source: Source, window: Window) -> Sequence[Request]:
    """The search that opens a poll, or the request for an Atom feed."""
    if urlsplit(source.url).path.endswith(".atom"):
        return (Request(source.url, step="atom", conditional=True),)
    return [_ask(source, options_of(source, Options), walk) for walk in begin(window)]


def recheck(source: Source, urls: Sequence[str]) -> tuple[Request, ...]:
    """Return the requests that ask stored pages again, for changes and withdrawals that the search may not show."""
    site = urlsplit(source.url)
    paths = (urlsplit(url).path for url in urls)
    return tuple(Request(f"{site.scheme}://{site.netloc}/api/content{path}", step="content") for path in paths if path)


def _ask(source: Source, options: Options, walk: Walk) -> Request:
    given = {name for name, _ in parse_qsl(urlsplit(source.url).query, keep_blank_values=True)}
    size = str(min(options.page_size or _SIZE, 1500))
    wanted = (
        ("q", options.query or ""),
        ("filter_public_timestamp", f"from:{walk.since:%Y-%m-%d},to:{walk.until:%Y-%m-%d}"),
        ("order", "-public_timestamp"),
        ("fields", _FIELDS),
        ("count", size),
        ("start", walk.pos or "0"),
    )
    params = tuple((name, value) for name, value in wanted if value and name not in given)
    return Request(source.url, params, step="page", state=walk.state())


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Read a page of the search, an Atom feed or one item of the content API."""
    if payload.body.lstrip()[:1] == b"<" or payload.body.startswith(b"\xef\xbb\xbf<"):
        return _feed(source, payload)
    if b'"results"' not in payload.body:
        data = read_json(source, payload, "GOV.UK JSON")
        if isinstance(data, dict) and data.get("base_path"):
            documents, problems = each(source, [data], _content, "item")
            return Page(documents, problems=problems)
        error = data.get("error") or data.get("message") if isinstance(data, dict) else None
        raise ParseError(f"{source.id}: GOV.UK search results were due, found {str(error or 'something else')[:200]}")
    listed = read_listed(source, payload, "GOV.UK JSON", "results")
    documents, problems = each(source, listed.items, _result, "result")
    total = number_of(listed.data.get("total"))
    done = (number_of(listed.data.get("start")) or 0) + len(listed.items)
    more = bool(listed.items) and total is not None and done < total
    options = options_of(source, Options)
    return walked(
        request, documents, lambda walk: _ask(source, options, walk), got=len(listed.items),
        pos=str(done) if more else None, total=total,
        max_pages=options.max_pages, problems=problems, complete=listed.complete,
    )  # fmt: skip


def _result(source: Source, item: dict[str, Any]) -> Document | None:
    link, title = line_of(item.get("link")), title_of(item.get("title"))
    if not link and not title:
        return None
    kind = line_of(item.get("content_store_document_type")) or line_of(item.get("format"))
    return _document(
        source, link, title, text_of(item.get("description")),
        published=claimed(item.get("public_timestamp")), kind=kind, organisations=list(_organisations(item)),
        withdrawn=item.get("is_withdrawn") is True,
    )  # fmt: skip


def _organisations(item: dict[str, Any]) -> Iterable[str]:
    for entry in text_list(item.get("organisations")):
        name = line_of(entry.get("title")) if isinstance(entry, dict) else line_of(entry)
        if name:
            yield name


def _content(source: Source, item: dict[str, Any]) -> Document | None:
    """An item of the content API: its whole text, when it was first published and why it was withdrawn."""
    if item.get("document_type") in _NO_PAGE:
        return None
    details = item.get("details") or {}
    notice = item.get("withdrawn_notice") or {}
    linked = (item.get("links") or {}).get("organisations")
    body = details.get("body")
    if isinstance(body, list):  # several forms of one text
        body = next((part.get("content") for part in body if part.get("content_type") == "text/html"), None)
    history = text_list(details.get("change_history"))
    return _document(
        source, line_of(item.get("base_path")), title_of(item.get("title")),
        text_of(body) or text_of(item.get("description")), published=claimed(item.get("first_published_at")),
        updated=claimed(item.get("public_updated_at")), kind=line_of(item.get("document_type")),
        organisations=list(_organisations({"organisations": linked})), withdrawn=bool(notice),
        explanation=text_of(notice.get("explanation")), language=language_code(item.get("locale")),
        note=line_of((history[0] if history and isinstance(history[0], dict) else {}).get("note")),
    )  # fmt: skip


def _feed(source: Source, payload: Payload) -> Page:
    feed = read_atom(source, payload)
    documents = merged([d for entry in feed.entries if (d := _from_entry(source, entry))])
    return Page(documents, problems=(feed.problem,) if feed.problem else (), complete=feed.complete)


def _from_entry(source: Source, entry: Entry) -> Document | None:
    """An entry of an Atom feed: it says when it was updated, never when it was published."""
    tag = re.sub(r"^tag:[^:]*:|[#/]\d{4}-\d\d-\d\dT.*$", "", entry.texts.get("id", ""))
    link = entry.links.get("alternate") or tag
    title = title_of(entry.texts.get("title"))
    if not link and not title:
        return None
    text = text_of(entry.texts.get("content")) or text_of(entry.texts.get("summary"))
    return _document(
        source, link, title, text, published=claimed(entry.texts.get("published")),
        updated=claimed(entry.texts.get("updated")), withdrawn=bool(text and _NOTICE.search(text[:300])),
    )  # fmt: skip


def _document(
    source: Source, link: str | None, title: str | None, text: str | None, *, published: ClaimedDate | None,
    updated: ClaimedDate | None = None, kind: str | None = None, organisations: Sequence[str] = (),
    withdrawn: bool = False, explanation: str | None = None, language: str | None = "en", note: str | None = None,
) -> Document:  # fmt: skip
    url = urljoin(_SITE, link) if link else None
    status: EditorialStatus = "retracted" if withdrawn or _WITHDRAWN.match(title or "") else "ok"
    return with_type(
        Document(
            external_id=urlsplit(url).path if url and url.startswith(_SITE) else url or title or "",
            url=url,
            title=title,
            text=text,
            publisher=organisations[0] if organisations else None,
            published=published.value if published else None,
            precision=published.precision if published else None,
            updated=updated.value if updated else None,
            language=language,
            pub_types=(kind,) if kind else (),
            editorial_status=status,
            extra=without_empty(
                {"organisations": list(organisations), "withdrawn_because": explanation, "change_note": note}
            ),
        ),
        source,
        "official_alert" if kind in ("medical_safety_alert", "drug_safety_update") else None,
    )


KIND = Kind(
    name="govuk",
    options=Options,
    first=first,
    read=read,
    file_step="page",
    recheck=Recheck(recheck, by="url", batch=20),
)
