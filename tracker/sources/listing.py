"""HTML listings: pages of entries, read with the CSS selectors that the source's options give.

A selector may end in `@attribute` to read that attribute (`time@datetime`); otherwise the element's text counts.
Without `title` the link's text is the title, without `link` the first link inside the item.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from tracker.errors import BlockedError, ParseError
from tracker.model import Document, Page, Payload, Request, Source, Window
from tracker.sources._base import (
    Expression,
    Kind,
    Options,
    Selector,
    dated,
    doi_of,
    looks_blocked,
    newest_first,
    options_of,
    refuse_other_xml,
    split_selector,
    stable_id,
    text_of,
    title_of,
    told_apart,
)
from tracker.sources._linked import linked
from tracker.text.dates import ClaimedDate, DateReader, find_date
from tracker.text.page import decode_html
from tracker.text.urls import absolute_url

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag


_PAGE_LIMIT = 2_000_000  # bytes of one page; what follows is not read
_ITEMS_LIMIT = 20_000


class ListingOptions(Options):
    """`item` marks one entry; the others are looked for inside it, `next` in the whole page."""

    item: Selector
    title: Selector | None = None
    link: Selector | None = None
    date: Selector | None = None
    text: Selector | None = None
    next: Selector | None = None
    date_format: str | list[str] | None = None
    date_pattern: Expression | None = None  # regular expression that cuts the date out of longer words or a file name
    max_pages: int = Field(default=10, ge=1)

    @property
    def formats(self) -> Sequence[str]:
        """The strptime formats of the dates, tried in order."""
        return [self.date_format] if isinstance(self.date_format, str) else self.date_format or []


def first(source: Source, window: Window) -> Sequence[Request]:
    """The first page; following pages are asked for while their entries are new."""
    since = window.since.strftime("%Y-%m-%d")
    return (Request(url=source.url, step="page", state={"page": 1, "since": since}, conditional=True),)


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Return the entries of one page, and the request for the next one while there is any with something new."""
    from bs4 import BeautifulSoup

    options = options_of(source, ListingOptions)
    if b"<" not in payload.body[:65536]:
        raise ParseError(f"{source.id}: an HTML listing was due, found {payload.body[:40]!r}")
    refuse_other_xml(source, payload, "an HTML listing")
    soup = BeautifulSoup(decode_html(payload.body[:_PAGE_LIMIT], payload.content_type), "lxml")
    items = soup.select(split_selector(options.item)[0], limit=_ITEMS_LIMIT)
    if not items:
        if looks_blocked(payload.body):
            raise BlockedError(f"{source.id}: a page that refuses scripts came where a listing was due")
        return Page(problems=(f"nothing on the page matches item {options.item!r}; its layout may have changed",))
    base = _base(soup, payload.url or source.url)
    dates = DateReader(options.formats)
    documents = told_apart(
        d for d in (_document(item, options, source, base, dates) for item in items) if d is not None
    )
    kept, cut = newest_first(documents, source.max_items)
    return Page(
        documents=kept,
        next=_next(soup, options, documents, request, base),
        problems=(*cut, *_undated(documents, options)),
    )


def _base(soup: BeautifulSoup, url: str) -> str:
    base = soup.select_one("base[href]")
    return absolute_url(str(base["href"]), url) or url if base is not None else url


def _undated(documents: Sequence[Document], options: ListingOptions) -> tuple[str, ...]:
    missing = sum(d.published is None for d in documents)
    return (f"{missing} of {len(documents)} items have no readable date",) if options.date and missing else ()


def _next(
    soup: BeautifulSoup, options: ListingOptions, documents: Iterable[Document], request: Request, base: str
) -> tuple[Request, ...]:
    page = int(request.state.get("page", 1))
    if options.next is None or page >= options.max_pages:
        return ()
    since = str(request.state.get("since", ""))
    dates = [d.published for d in documents if d.published]
    if dates and all(date < since[: len(date)] for date in dates):
        return ()
    url = absolute_url(next(_values(soup, options.next, "href"), None), base)
    seen = [*request.state.get("seen", ()), request.url]
    if url is None or url in seen or url == base:
        return ()
    return (Request(url=url, step="page", state={"page": page + 1, "since": since, "seen": seen}, found=True),)


# --- one entry -------------------------------------------------------------------------------------------------------


def _values(item: Tag, selector: str, attribute: str | None = None) -> Iterator[str]:
    """Yield what a selector finds, attribute or inner markup; an empty selector is the item itself."""
    css, named = split_selector(selector)
    for element in item.select(css) if css else [item]:
        wanted = named or attribute
        value = element.get(wanted) if wanted else None
        if value is not None:
            yield " ".join(value) if isinstance(value, list) else str(value)
        elif wanted is None:
            yield element.decode_contents()


def _document(item: Tag, options: ListingOptions, source: Source, base: str, dates: DateReader) -> Document | None:
    url = _link(item, options, base)
    title = title_of(next(_values(item, options.title), None) if options.title else _link_text(item, options))
    text = text_of("\n".join(f"<p>{v}</p>" for v in _values(item, options.text))) if options.text else None
    if not (url or title or text):
        return None
    date = _date(item, options, dates)
    document = Document(
        external_id=url or stable_id(title, text),
        url=url,
        title=title,
        text=text,
        publisher=source.publisher,
        language=source.language,
        doi=doi_of(url),
        relates_to=linked([item.decode_contents()], (source.url, url)) if source.type == "forum" else (),
    )
    return dated(document, date)


def _link_element(item: Tag, options: ListingOptions) -> Tag | None:
    if options.link:
        css = split_selector(options.link)[0]
        return item.select_one(css) if css else item
    return item if item.name == "a" and item.get("href") else item.select_one("a[href]")


def _link(item: Tag, options: ListingOptions, base: str) -> str | None:
    element = _link_element(item, options)
    attribute = (split_selector(options.link)[1] if options.link else None) or "href"
    return absolute_url(str(element.get(attribute) or ""), base) if element is not None else None


def _link_text(item: Tag, options: ListingOptions) -> str | None:
    element = _link_element(item, options)
    return element.decode_contents() if element is not None else None


def _date(item: Tag, options: ListingOptions, dates: DateReader) -> ClaimedDate | None:
    if options.date is None:
        return None
    css, named = split_selector(options.date)
    for element in item.select(css) if css else [item]:
        stated = (
            [str(element.get(named) or "")] if named else [str(element.get("datetime") or ""), element.get_text(" ")]
        )
        for words in stated:
            cut = _cut(words, options.date_pattern)
            if found := dates(cut) or find_date(cut, dates):
                return found
    return None


def _cut(words: str, pattern: str | None) -> str:
    if pattern is None:
        return words
    match = re.search(pattern, words)
    return (match[1] if match.groups() else match[0]) or "" if match else ""


KIND = Kind(name="listing", options=ListingOptions, first=first, read=read, robots=True)
