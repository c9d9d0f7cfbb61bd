"""A page without entries: one document for each real change of its main text.

Dates, counters and white space are no change: the document's identity is a hash of the words that remain. The page's
address is the same in all of them, so `extra["identity"]` says that `external_id` tells them apart.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from tracker.errors import BlockedError, ParseError
from tracker.model import Document, Page, Payload, Request, Source, Window
from tracker.sources._base import (
    Expression,
    Kind,
    Options,
    Selector,
    language_of,
    looks_blocked,
    options_of,
    refuse_other_xml,
    title_of,
)
from tracker.text.markup import plain
from tracker.text.page import PageText, decode_html, fulltext, is_pdf

_FLEETING = re.compile(
    r"\b(?:last |page )*(?:updated|modified|reviewed|changed|accessed|generated|printed)\b[^\n]{0,60}\d[^\n]*|"
    r"\b\d{1,2}:\d{2}(?::\d{2})?\b|\b[\d,.]+\s+(?:views?|visits?|visitors?|shares?|likes?|comments?|downloads?|reads?)\b|"
    r"(?:©|\(c\)|copyright)[^\n]*",
    re.IGNORECASE,
)
_PAGE_LIMIT = 2_000_000  # bytes; what follows is not read
_SHORT = 20  # letters; below it there is no main text to compare


class WatchOptions(Options):
    """`selector` narrows the page to a part, `ignore` are regular expressions of words that are no change."""

    selector: Selector | None = None
    ignore: tuple[Expression, ...] = ()


def first(source: Source, window: Window) -> Sequence[Request]:
    """The page itself, only when it changed."""
    return (Request(url=source.url, step="page", conditional=True),)


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Return the page as one document whose `external_id` changes when its words do."""
    options = options_of(source, WatchOptions)
    refuse_other_xml(source, payload, "an HTML page or PDF file")
    page = _narrowed(payload, options, source) if options.selector else fulltext(payload)
    words = fingerprint_words(page.text or "", options.ignore)
    if sum(c.isalpha() for c in words) < _SHORT:
        if looks_blocked(payload.body):
            raise BlockedError(f"{source.id}: a page that refuses scripts came where a page was due")
        raise ParseError(f"{source.id}: the page has no main text to watch; give a selector")
    digest = hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:16]
    url = payload.url or source.url or None
    document = Document(
        external_id=f"{source.url or url or ''}#{digest}",
        url=url,
        title=page.title or (source.name or None),
        text=page.text,
        authors=page.authors,
        publisher=source.publisher,
        language=language_of(source, page.language),
        extra={"identity": "external_id"},
    )
    return Page(documents=(document,))


def fingerprint_words(text: str, ignore: Sequence[str] = ()) -> str:
    """Return the words of a page that count as its content: lower case, one space apart, fleeting parts left out."""
    for pattern in ignore:
        text = re.sub(pattern, " ", text)
    return " ".join(re.findall(r"\w+", _FLEETING.sub(" ", text).lower()))


def _narrowed(payload: Payload, options: WatchOptions, source: Source) -> PageText:
    from bs4 import BeautifulSoup

    if is_pdf(payload) or options.selector is None:
        return fulltext(payload)
    soup = BeautifulSoup(decode_html(payload.body[:_PAGE_LIMIT], payload.content_type), "lxml")
    parts = [plain(str(element)) for element in soup.select(options.selector)]
    if not parts:
        if looks_blocked(payload.body):
            raise BlockedError(f"{source.id}: a page that refuses scripts came where a page was due")
        raise ParseError(f"{source.id}: nothing on the page matches selector {options.selector!r}")
    return PageText(
        text="\n\n".join(parts) or None, title=title_of(str(soup.title.string or "")) if soup.title else None
    )


KIND = Kind(name="watch", options=WatchOptions, first=first, read=read, robots=True)
