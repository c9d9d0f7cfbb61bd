"""A saved web page: its main text, title, date and canonical link."""

from __future__ import annotations

from tracker.errors import ParseError
from tracker.model import Document, Page, Payload, Request, Source
from tracker.sources._base import Kind, Options, dated, refuse_other_xml, stable_id
from tracker.text.page import PageText, html_text
from tracker.text.urls import absolute_url


class NoOptions(Options):
    """A page needs none."""


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Return the page as one document."""
    if b"<" not in payload.body[:65536]:
        raise ParseError(f"{source.id}: an HTML page was due, found {payload.body[:60]!r}")
    refuse_other_xml(source, payload, "an HTML page")
    return Page(documents=(page_document(html_text(payload), payload, source),))


def page_document(page: PageText, payload: Payload, source: Source) -> Document:
    """Return what a page or PDF file says as a document; ParseError when it says nothing."""
    if not (page.title or page.text):
        raise ParseError(f"{source.id}: the file has neither title nor text")
    url = page.url or absolute_url(payload.url)
    document = Document(
        external_id=url or stable_id(page.title, page.text),
        url=url,
        title=page.title,
        text=page.text,
        authors=page.authors,
        publisher=source.publisher,
        language=source.language or page.language,
    )
    return dated(document, page.published)


KIND = Kind(name="html", options=NoOptions, read=read)
