"""The main text of a linked page or PDF file, with what the page says of its own title, date and address."""

from __future__ import annotations

import codecs
import io
import re
import warnings
from dataclasses import dataclass, replace
from typing import Any

from tracker.errors import ParseError
from tracker.model import Document, Payload
from tracker.text.chars import clean, title_line, unbreak
from tracker.text.dates import ClaimedDate, parse_date
from tracker.text.markup import plain
from tracker.text.urls import absolute_url

_HTML_LIMIT = 1_500_000  # bytes given to the extractor, whose time grows faster than its input; a longer page is cut
_THOROUGH_LIMIT = 300_000  # characters up to which its slower second opinions are asked
_PDF_PAGES = 300
_TEXT_LIMIT = 1_000_000  # code points of one text
_DECLARATION = re.compile(r"<\?xml[^>]{0,300}\?>", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_LANG = re.compile(rb"<html[^>]{0,500}\blang\s*=\s*[\"']?([A-Za-z]{2})\b", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class PageText:
    """What a page or PDF yields. `url` is its canonical link, `published` its own date (day precision)."""

    text: str | None
    title: str | None = None
    published: ClaimedDate | None = None
    url: str | None = None
    language: str | None = None
    authors: tuple[str, ...] = ()


def fulltext(payload: Payload) -> PageText:
    """Return the main text of an HTML page or PDF file; ParseError for anything else or a broken file."""
    if is_pdf(payload):
        return pdf_text(payload.body, payload.url)
    if b"<" not in payload.body[:65536]:
        raise ParseError(
            f"{payload.url or 'page'}: a page or PDF file was due, found {payload.content_type or 'no HTML'}"
        )
    return html_text(payload)


def with_full_text(document: Document, payload: Payload) -> Document:
    """Return `document` with the text of its linked page.

    The longer of both texts stays as `text`, the source's own becomes the `summary` when it had none. The page's date
    fills only a missing one. ParseError leaves the caller with the document as it was.
    """
    page = fulltext(payload)
    own = document.text
    longer = page.text if page.text and len(page.text) > len(own or "") else own
    extra = dict(document.extra)
    if page.url and page.url != document.url:
        extra["canonical_url"] = page.url
    undated = document.published is None and page.published is not None
    return replace(
        document,
        text=longer,
        summary=document.summary or (own if longer is not own else None),
        title=document.title or page.title,
        published=page.published.value if undated and page.published else document.published,
        precision=page.published.precision if undated and page.published else document.precision,
        language=document.language or page.language,
        authors=document.authors or page.authors,
        extra=extra,
    )


def is_pdf(payload: Payload) -> bool:
    """Whether a payload is a PDF file by its beginning or declared type."""
    return b"%PDF-" in payload.body[:1024] or (payload.content_type or "").lower().startswith("application/pdf")


def html_text(payload: Payload) -> PageText:
    """Return the main text (trafilatura), date (htmldate), title and canonical link of an HTML page."""
    import trafilatura

    markup = decode_html(payload.body[:_HTML_LIMIT], payload.content_type)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: Any = trafilatura.bare_extraction(
            markup,
            url=payload.url or None,
            include_comments=False,
            include_tables=True,
            with_metadata=True,
            fast=len(markup) > _THOROUGH_LIMIT,
        )
    text = clean(found.text)[:_TEXT_LIMIT] if found is not None and found.text else None
    title = found.title if found is not None and found.title else _title(markup)
    declared = _LANG.search(payload.body[:4096])
    return PageText(
        text=text or None,
        title=title_line(plain(plain(title))) if title else None,
        published=page_date(markup, payload.url),
        url=canonical_link(markup, payload.url),
        language=declared[1].decode().lower() if declared else None,
        authors=_authors(found),
    )


def _title(markup: str) -> str | None:
    match = _TITLE.search(markup[:200_000])
    return match[1] if match else None


def _authors(found: Any) -> tuple[str, ...]:
    stated = found.author if found is not None else None
    return tuple(a for a in (clean(part) for part in (stated or "").split(";")) if a)


def decode_html(body: bytes, content_type: str | None = None) -> str:
    """Return the text of an HTML page without the XML declaration that XHTML begins with (see `_decoded`)."""
    text = _decoded(body, content_type)
    return _DECLARATION.sub("", text[:2000]) + text[2000:]  # the tree builder warns of XML otherwise


def _decoded(body: bytes, content_type: str | None) -> str:
    """Return the text of an HTML page: byte-order mark, declared charset (header, then page), UTF-8, Windows-1252."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if body.startswith(mark):
            return body.decode(name, "replace")
    header = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", content_type or "", re.IGNORECASE)
    meta = _META_CHARSET.search(body[:8192])
    named = [header[1] if header else None, meta[1].decode("ascii", "replace") if meta else None, "utf-8"]
    for name in (n for n in named if n):
        try:
            return body.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    tolerant = body.decode("utf-8", "replace")  # one bad byte does not make a page Windows-1252
    return tolerant if tolerant.count("\ufffd") < 5 + len(body) // 2000 else body.decode("cp1252", "replace")


def page_date(markup: str, url: str = "") -> ClaimedDate | None:
    """Return the publication date that a page's own markup states (day precision), None rather than a guess."""
    import htmldate

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stated = htmldate.find_date(markup, extensive_search=False, original_date=True, url=url or None)
    except Exception:  # the library raises what its parsers raise; no date stays no date
        return None
    return parse_date(stated)


def canonical_link(markup: str, url: str = "") -> str | None:
    """Return the address that the page names as its canonical one (link rel=canonical, else og:url)."""
    from bs4 import BeautifulSoup, SoupStrainer

    head = BeautifulSoup(markup[:300_000], "lxml", parse_only=SoupStrainer(["link", "meta"]))
    link = head.select_one("link[rel~=canonical][href]")
    if link is not None:
        return absolute_url(str(link["href"]), url)
    meta = head.select_one("meta[property='og:url'][content]")
    return absolute_url(str(meta["content"]), url) if meta is not None else None


def pdf_text(body: bytes, url: str = "") -> PageText:
    """Return the text of a PDF file, its pages in order and its broken words joined; ParseError when unreadable."""
    import logging

    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(body))
        if reader.is_encrypted:
            reader.decrypt("")
        pages = [page.extract_text() for page in reader.pages[:_PDF_PAGES]]
        title = reader.metadata.title if reader.metadata else None
    except Exception as error:  # damaged files break the library in many ways; all mean the same to us
        raise ParseError(f"{url or 'file'}: the PDF cannot be read: {type(error).__name__}: {error}") from None
    text = clean(unbreak("\n\n".join(pages).replace("\u00ad\n", "-\n")))[:_TEXT_LIMIT]
    return PageText(text=text or None, title=title_line(title) or None if isinstance(title, str) else None)
