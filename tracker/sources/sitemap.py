"""Sitemaps: indexes, URL sets (plain, gzip, one address a line) and the news extension. `lastmod` is `updated`."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from tracker.errors import ParseError
from tracker.model import Document, Page, Payload, Request, Source, Window
from tracker.sources._base import (
    Expression,
    Kind,
    Options,
    dated,
    language_of,
    line_of,
    newest_first,
    options_of,
    refuse_html,
    title_of,
)
from tracker.text.dates import ClaimedDate, parse_date
from tracker.text.urls import absolute_url

if TYPE_CHECKING:
    from lxml.etree import _Element

_UNPACKED_LIMIT = 60_000_000  # bytes; the protocol allows 50 MB unpacked
_DEPTH = 3  # of indexes in indexes


class SitemapOptions(Options):
    """`include` and `exclude` are regular expressions on page addresses, `follow` on those of child sitemaps."""

    include: Expression | None = None
    exclude: Expression | None = None
    follow: Expression | None = None
    max_pages: int = Field(default=50, ge=1)


def first(source: Source, window: Window) -> Sequence[Request]:
    """The sitemap or index; children that changed in the window follow."""
    since = window.since.strftime("%Y-%m-%dT%H:%M:%SZ")
    return (Request(url=source.url, step="sitemap", state={"since": since, "depth": 0}, conditional=True),)


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Return the pages changed since the window began (undated ones always), or the children of an index."""
    options = options_of(source, SitemapOptions)
    body = _unpacked(payload.body, source)
    refuse_html(source, payload, "a sitemap")
    if b"<" not in body[:2000]:
        return _of_lines(body, options, source)
    root, complete = _tree(body, source)
    base, since = payload.url or source.url, str(request.state.get("since", ""))
    kind = _local(root)
    if kind == "sitemapindex":
        return Page(next=_children(root, options, request, base, since), complete=complete)
    if kind != "urlset":
        raise ParseError(f"{source.id}: a sitemap was due, found <{kind}>")
    found = (_document(element, options, source, base) for element in root if _local(element) == "url")
    documents = [d for d in found if d is not None and not _older(d.published or d.updated, since)]
    kept, cut = newest_first(documents, source.max_items)
    return Page(documents=kept, problems=cut, complete=complete)


def _unpacked(body: bytes, source: Source) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        data = unpacker.decompress(body, _UNPACKED_LIMIT)
    except zlib.error as error:
        raise ParseError(f"{source.id}: the gzip sitemap is damaged: {error}") from None
    if unpacker.unconsumed_tail:
        raise ParseError(f"{source.id}: the gzip sitemap unpacks to more than {_UNPACKED_LIMIT // 1_000_000} MB")
    return data


def _tree(body: bytes, source: Source) -> tuple[_Element, bool]:
    """Return the root and whether the document was whole; a cut-off one is read up to the cut."""
    from lxml import etree

    if b"<!ENTITY" in body[:65536]:
        raise ParseError(f"{source.id}: the sitemap declares entities; refused unread")
    for recover in (False, True):
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, recover=recover, huge_tree=False
        )
        try:
            root = etree.fromstring(body.strip(), parser)
        except (etree.XMLSyntaxError, ValueError):
            continue
        if root is not None:
            if recover and len(root):
                root.remove(root[-1])  # the entry that the cut went through
            return root, not recover
    raise ParseError(f"{source.id}: a sitemap was due, found {body[:60]!r}")


def _local(element: _Element) -> str:
    return element.tag.rsplit("}", 1)[-1].lower() if isinstance(element.tag, str) else ""


def _children(root: _Element, options: SitemapOptions, request: Request, base: str, since: str) -> tuple[Request, ...]:
    depth = int(request.state.get("depth", 0)) + 1
    if depth > _DEPTH:
        return ()
    rows = [(dict(_fields(e)), e) for e in root if _local(e) == "sitemap"]
    dates = [(absolute_url(f.get("loc"), base), parse_date(f.get("lastmod"))) for f, _ in rows]
    kept = [(u, d) for u, d in dates if u and _wanted(u, options.follow) and not _older(d.value if d else None, since)]
    kept.sort(key=lambda row: row[1].value if row[1] else "9999", reverse=True)
    state = {"since": since, "depth": depth}
    return tuple(Request(url=u, step="sitemap", state=state, found=True) for u, _ in kept[: options.max_pages])


def _older(date: str | None, since: str) -> bool:
    return date is not None and date < since[: len(date)]


def _wanted(url: str, include: str | None, exclude: str | None = None) -> bool:
    return (not include or re.search(include, url) is not None) and not (exclude and re.search(exclude, url))


def _fields(element: _Element) -> Iterator[tuple[str, str]]:
    """Yield local name and text of all parts, last first: in a dict the first of each name wins."""
    parts = [(_local(e), (e.text or "").strip()) for e in element.iter() if e is not element]
    return iter([(name, text) for name, text in reversed(parts) if text])


def _document(element: _Element, options: SitemapOptions, source: Source, base: str) -> Document | None:
    fields: dict[str, Any] = dict(_fields(element))
    url = absolute_url(fields.get("loc"), base)
    if url is None or not _wanted(url, options.include, options.exclude):
        return None
    keywords = [k.strip() for k in str(fields.get("keywords", "")).split(",") if k.strip()]
    news = any("sitemap-news" in str(e.tag) for e in element)
    document = Document(
        external_id=url,
        url=url,
        title=title_of(fields.get("title")) if news else None,
        publisher=(line_of(fields.get("name")) if news else None) or source.publisher,
        language=language_of(source, fields.get("language")),
        extra={"categories": keywords} if keywords else {},
    )
    published: ClaimedDate | None = parse_date(fields.get("publication_date")) if news else None
    return dated(document, published, parse_date(fields.get("lastmod")))


def _of_lines(body: bytes, options: SitemapOptions, source: Source) -> Page:
    lines = [line.strip() for line in body.decode("utf-8-sig", "replace").splitlines() if line.strip()]
    urls = [u for u in map(absolute_url, lines) if u and re.match(r"https?://", u)]
    if not urls:
        raise ParseError(f"{source.id}: a sitemap was due, found {body[:60]!r}")
    kept = [u for u in urls if _wanted(u, options.include, options.exclude)]
    documents = [Document(external_id=u, url=u, publisher=source.publisher, language=source.language) for u in kept]
    limited, cut = newest_first(documents, source.max_items)
    return Page(documents=limited, problems=cut)


KIND = Kind(name="sitemap", options=SitemapOptions, first=first, read=read, robots=True)
