"""Federal Register API: documents by publication day, and documents on public inspection (a day or more earlier).

The address holds the conditions (agency, type, term) as the API writes them. Nothing found is answered with 404.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from tracker.errors import ParseError
from tracker.model import Document, Page, Payload, Request, Source, Window
from tracker.sources._api import each, number_of, read_listed, text_list, walked, with_type, without_empty
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
from tracker.sources._walk import Walk, begin
from tracker.text.urls import absolute_url

_SIZE = 100
_CEILING = 2000  # results past it answer 400
_FIELDS = (
    "document_number title type subtype abstract html_url pdf_url publication_date agencies action effective_on "
    "docket_ids citation correction_of corrections"
).split()
_SHORT = "https://www.federalregister.gov/d/{}"
_NUMBER = re.compile(r"(?:/documents/|/d/|^)(?:\d{4}/\d\d/\d\d/)?((?:[A-Z]\d?-)?\d{2,4}-\d{3,6})(?=[/.?]|$)")
_CORRECTS = re.compile(r"[;,:]\s*(?:technical )?correct(?:ion|ing amendments?)s?\s*$", re.IGNORECASE)
_ACTION = re.compile(r"\bcorrect(?:ion|ing amendments?)\b", re.IGNORECASE)


class Options(SearchOptions):
    """`agencies`: keep only these (slugs), for public inspection, which cannot be asked by agency."""

    agencies: tuple[str, ...] = ()


def first(source: Source, window: Window) -> Sequence[Request]:
    """The search that opens a poll; the list on public inspection is one request for what is there today."""
    if _inspection(source):
        return (Request(source.url, step="inspection"),)
    return [_ask(source, options_of(source, Options), walk) for walk in begin(window)]


def recheck(source: Source, urls: Sequence[str]) -> tuple[Request, ...]:
    """Return the request that asks stored documents again, for corrections that this source's search does not find."""
    base, found, _ = source.url.partition("/documents.json")
    numbers = list(dict.fromkeys(match[1] for url in urls if (match := _NUMBER.search(url))))
    if not found or not numbers:
        return ()
    fields = tuple(("fields[]", field) for field in _FIELDS)
    return (Request(f"{base}/documents/{','.join(numbers)}.json", fields, step="again"),)


def _inspection(source: Source) -> bool:
    return "public-inspection-documents" in source.url


def _ask(source: Source, options: Options, walk: Walk) -> Request:
    if walk.pos:  # the next page's address holds a cursor and is followed as it stands
        return Request(walk.pos, step="page", state=walk.state(), found=True)
    given = {name for name, _ in parse_qsl(urlsplit(source.url).query, keep_blank_values=True)}
    wanted = (
        ("conditions[term]", options.query or ""),
        ("conditions[publication_date][gte]", f"{walk.since:%Y-%m-%d}"),
        ("conditions[publication_date][lte]", f"{walk.until:%Y-%m-%d}"),
        ("per_page", str(min(options.page_size or _SIZE, _SIZE))),
        ("order", "newest"),
    )
    params = [(name, value) for name, value in wanted if value and name not in given]
    if "fields[]" not in given:
        params += [("fields[]", field) for field in _FIELDS]
    return Request(source.url, tuple(params), step="page", state=walk.state())


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Read a page of documents, or one document; 404 is an empty page."""
    if payload.status == 404:
        return Page(total=0)
    options = options_of(source, Options)
    if b'"results"' not in payload.body:
        return _without_results(source, payload, request)
    listed = read_listed(source, payload, "Federal Register JSON", "results")
    items = [item for item in listed.items if _wanted(item, options)]
    documents, problems = each(source, items, _document, "document")
    total, following = number_of(listed.data.get("count")), listed.data.get("next_page_url")
    linked = _linked(documents)
    page = walked(
        request, linked, lambda walk: _ask(source, options, walk), got=len(listed.items),
        pos=_at_home(source, following) if isinstance(following, str) and listed.items else None,
        total=total, ceiling=_CEILING,
        max_pages=options.max_pages, problems=problems, complete=listed.complete,
    )  # fmt: skip
    return replace(page, next=(*page.next, *_originals(source, request, linked)))


def _originals(source: Source, request: Request, documents: Sequence[Document]) -> list[Request]:
    """Requests for what corrections name and this page does not hold: it is marked, however long ago it was stored."""
    here = {d.external_id for d in documents}
    named = dict.fromkeys(n for d in documents for n in d.extra.get("corrects", ()) if n not in here)
    base, found, _ = source.url.partition("/documents.json")
    if not found or request.step != "page":
        return []
    return [Request(f"{base}/documents/{number}.json", step="original") for number in named]


def _at_home(source: Source, stated: str) -> str | None:
    """The next page's address as it stands, on the host that the operator named (a mirror repeats the original's)."""
    following = absolute_url(stated, source.url)
    if following is None:
        return None
    there, here = urlsplit(following), urlsplit(source.url)
    if not here.netloc or there.netloc == here.netloc:
        return following
    return urlunsplit(there._replace(scheme=here.scheme, netloc=here.netloc))


def _without_results(source: Source, payload: Payload, request: Request) -> Page:
    """One document alone, or a search without a hit ({"count": 0} has no results)."""
    data = read_json(source, payload, "Federal Register JSON")
    if isinstance(data, dict) and data.get("document_number"):
        documents, problems = each(source, [data], _document, "document")
        if request.step == "original":  # asked for because a correction names it
            documents = tuple(replace(d, editorial_status="corrected") for d in documents)
        return Page(documents, problems=problems)
    if isinstance(data, dict) and data.get("count") == 0:
        return Page(total=0)
    found = str(data.get("errors") or data.get("message") or list(data)[:5]) if isinstance(data, dict) else "a list"
    raise ParseError(f"{source.id}: Federal Register JSON with results was due, found {found[:200]}")


def _wanted(item: dict[str, Any], options: Options) -> bool:
    slugs = {str(a.get("slug")) for a in text_list(item.get("agencies")) if isinstance(a, dict)}
    return not options.agencies or bool(slugs & set(options.agencies))


def _document(source: Source, item: dict[str, Any]) -> Document | None:
    number = line_of(item.get("document_number"))
    title = title_of(item.get("title")) or _toc_title(item)
    if not number and not title:
        return None
    action = line_of(item.get("action"))
    corrected = list(_corrected(item))
    filed, printed = claimed(item.get("filed_at")), claimed(item.get("publication_date"))
    published = filed or printed
    notice = bool(corrected) or bool(_CORRECTS.search(title or "")) or bool(_ACTION.search(action or ""))
    kind = line_of(item.get("type"))
    agencies = list(_agencies(item))
    return with_type(
        Document(
            external_id=number or title or "",
            url=line_of(item.get("html_url")) or (_SHORT.format(number) if number else None),
            title=title,
            text=text_of(item.get("abstract")),
            publisher=agencies[0] if agencies else None,
            published=published.value if published else None,
            precision=published.precision if published else None,
            language="en",
            pub_types=(kind,) if kind else (),
            editorial_status="notice" if notice else "corrected" if item.get("corrections") else "ok",
            relates_to=tuple(f"url:{_SHORT.format(n)}" for n in corrected),
            extra=without_empty(
                {
                    "action": action,
                    "agencies": agencies,
                    "effective_on": line_of(item.get("effective_on")),
                    "docket_ids": text_list(item.get("docket_ids")),
                    "citation": line_of(item.get("citation")),
                    "pdf_url": line_of(item.get("pdf_url")),
                    "publication_date": line_of(item.get("publication_date")) if filed else None,
                    "corrects": corrected,
                }
            ),
        ),
        source,
        "legal_notice",
    )


def _toc_title(item: dict[str, Any]) -> str | None:
    """Documents on public inspection may have a place in the table of contents instead of a title."""
    parts = [line_of(item.get(name)) for name in ("toc_subject", "toc_doc", "subject_1", "subject_2", "subject_3")]
    return title_of(" — ".join(dict.fromkeys(p for p in parts if p))) or None


def _agencies(item: dict[str, Any]) -> Iterable[str]:
    """Names of agencies, those that stand under another named one first (the bureau before its department)."""
    listed = [a for a in text_list(item.get("agencies")) if isinstance(a, dict)]
    parents = {a.get("parent_id") for a in listed} - {None}
    for agency in sorted(listed, key=lambda a: a.get("id") in parents):
        if name := line_of(agency.get("name")) or line_of(agency.get("raw_name")):
            yield name


def _corrected(item: dict[str, Any]) -> Iterable[str]:
    """Numbers of the documents that this one corrects."""
    for value in text_list(item.get("correction_of")):
        stated = value.get("document_number") if isinstance(value, dict) else value
        text = str(stated or "")
        if match := _NUMBER.search(text):
            yield match[1]


def _linked(documents: Sequence[Document]) -> tuple[Document, ...]:
    """Point corrections at the original's own address where it is on the same page, by number, else by title."""
    by_number = {d.external_id: d for d in documents}
    by_title = {(d.title or "").casefold(): d for d in documents if d.editorial_status != "notice"}
    found = []
    for document in documents:
        targets = [by_number[n] for n in document.extra.get("corrects", ()) if n in by_number]
        if document.editorial_status == "notice" and not document.relates_to:
            original = by_title.get(_CORRECTS.sub("", document.title or "").casefold())
            targets = [original] if original else []
        if targets:
            document = replace(document, relates_to=tuple(f"url:{t.url}" for t in targets))
        found.append(document)
    return tuple(found)


KIND = Kind(
    name="federal_register",
    options=Options,
    first=first,
    read=read,
    file_step="file",
    recheck=Recheck(recheck, by="url", batch=50),
)
