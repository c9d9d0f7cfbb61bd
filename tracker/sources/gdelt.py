"""GDELT DOC 2.0: news articles of the world by search, titles only. One request in five seconds is allowed.

`seendate` is when GDELT's crawler saw the page, so it is `updated`, never `published`. Answers have at most 250
articles and no second page: a span with more is halved.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from tracker.errors import ParseError
from tracker.model import Document, Page, Payload, Request, Source, Window
from tracker.sources._api import each, read_listed, walked, with_type, without_empty
from tracker.sources._base import Kind, claimed, line_of, options_of, read_json, refuse_html, stable_id, title_of
from tracker.sources._codes import language_code
from tracker.sources._query import Searches, asked
from tracker.sources._walk import Walk, begin
from tracker.text.urls import absolute_url

_UNIT = timedelta(minutes=15)  # GDELT's own step
_SIZE = 250
_JUNK = re.compile(r"""(?:["'\s]|%20|%22|%27){1,9}(?:title|target|rel|class|style)=.*$|["'].*$""", re.IGNORECASE)
_PORT = re.compile(r"^(https://[^/:]+):443(?=/|$)|^(http://[^/:]+):80(?=/|$)")


class Options(Searches):
    """`query` as GDELT writes it: words, "phrases", (a OR b), sourcelang:, sourcecountry:, domainis:."""


def first(source: Source, window: Window) -> Sequence[Request]:
    """The search that opens a poll."""
    options = options_of(source, Options)
    return [_ask(source, options, walk) for walk in begin(window, parts=len(asked(source, options)), unit=_UNIT)]


def _ask(source: Source, options: Options, walk: Walk) -> Request:
    base = source.url.split("?", 1)[0]  # a query in the operator's address is only an example
    params = (
        ("query", asked(source, options)[walk.part]),
        ("mode", "artlist"),
        ("format", "json"),
        ("sort", "datedesc"),
        ("maxrecords", str(min(options.page_size or _SIZE, _SIZE))),
        ("startdatetime", f"{walk.since:%Y%m%d%H%M%S}"),
        ("enddatetime", f"{walk.until:%Y%m%d%H%M%S}"),
    )
    return Request(base, params, step="page", state=walk.state())


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Read one answer. GDELT writes its errors as plain text with status 200, and JSON that is not quite JSON."""
    refuse_html(source, payload, "GDELT JSON")
    options = options_of(source, Options)
    text = payload.body.decode("utf-8-sig", "replace").strip()
    if text and not text.startswith(("{", "[")):
        raise ParseError(f"{source.id}: GDELT answered: {' '.join(text.split())[:200]}")
    lenient = Payload(_lenient(payload.body), payload.url, payload.status, payload.content_type, payload.headers)
    if b'"articles"' not in payload.body:
        data = read_json(source, lenient, "GDELT JSON")
        if data:
            raise ParseError(f"{source.id}: GDELT articles were due, found {json.dumps(data)[:100]}")
        return Page()
    listed = read_listed(source, lenient, "GDELT JSON", "articles")
    documents, problems = each(source, listed.items, _document, "article")
    size = min(options.page_size or _SIZE, _SIZE)
    full = len(listed.items) >= size
    page = walked(
        request, documents, lambda walk: _ask(source, options, walk), got=len(listed.items), pos=None,
        total=size + 1 if full else None, ceiling=size, max_pages=options.max_pages, problems=problems,
        complete=listed.complete,
    )  # fmt: skip
    return replace(page, total=None)  # GDELT does not tell how many there are


def _lenient(body: bytes) -> bytes:
    """The body without the escapes and control characters that JSON does not allow."""
    return re.sub(rb'\\(?!["\\/bfnrtu])|[\x00-\x08\x0b\x0c\x0e-\x1f]', b"", body)


def _document(source: Source, item: dict[str, Any]) -> Document | None:
    url, title = _address(item.get("url")), respaced(title_of(str(item.get("title") or "")))
    if not url and not title:
        return None
    seen = claimed(item.get("seendate"))
    domain = line_of(item.get("domain"))
    return with_type(
        Document(
            external_id=url or stable_id(title, domain),
            url=url,
            title=title,
            publisher=domain,
            updated=seen.value if seen else None,
            language=language_code(line_of(item.get("language"))),
            extra=without_empty({"publisher_country": line_of(item.get("sourcecountry"))}),
        ),
        source,
        "news",
    )


def _address(value: Any) -> str | None:
    """The article's address without default port and without the attributes that were swallowed with it."""
    stated = str(value or "").strip()[:4000]
    if not stated:
        return None
    cleaned = _JUNK.sub("", stated)
    return absolute_url(_PORT.sub(lambda m: m[1] or m[2], cleaned).replace(unquote("%00"), ""))


def respaced(title: str | None) -> str | None:
    """Return a title without the spaces that GDELT's tokeniser put around its signs ("sanctions ; Tehran")."""
    if not title:
        return None
    text = re.sub(r"\s+([,;:.!?%)\]}’”»])", r"\1", title)
    text = re.sub(r"([(\[{“‘«$£€#])\s+", r"\1", text)
    text = re.sub(r"(?<=\w)\s+(['’])\s*(s|t|re|ve|ll|d|m)\b", r"\1\2", text)
    text = re.sub(r"(?<=\d)([.,:]) (?=\d)", r"\1", text)
    return " ".join(text.split()) or None


KIND = Kind(name="gdelt", options=Options, first=first, read=read, file_step="page")
