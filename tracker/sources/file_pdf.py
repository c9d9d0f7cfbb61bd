"""A PDF file: its text, pages in order."""

from __future__ import annotations

from tracker.errors import ParseError
from tracker.model import Page, Payload, Request, Source
from tracker.sources._base import Kind, Options
from tracker.sources.file_html import page_document
from tracker.text.page import is_pdf, pdf_text


class NoOptions(Options):
    """A PDF file needs none."""


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Return the file as one document."""
    if not is_pdf(payload):
        raise ParseError(f"{source.id}: a PDF file was due, found {payload.body[:40]!r}")
    return Page(documents=(page_document(pdf_text(payload.body, payload.url), payload, source),))


KIND = Kind(name="pdf", options=NoOptions, read=read)
