"""A CSV file of documents: columns by their usual names, or by a map as the table kind takes it."""

from __future__ import annotations

from dataclasses import replace

from tracker.errors import ParseError
from tracker.model import Page, Payload, Request, Source
from tracker.sources import table
from tracker.sources._base import Kind, Options

# Column heads, lower case, as reference managers, registries and our own export write them.
_USUAL = {
    "external_id": ("external_id", "id", "identifier", "record id", "key"),
    "url": ("url", "link", "uri", "permalink", "web address"),
    "title": ("title", "headline", "name", "article title", "document title", "subject"),
    "text": ("text", "abstract", "description", "content", "body", "full text", "details"),
    "summary": ("summary", "excerpt", "snippet"),
    "authors": ("authors", "author", "author full names", "creator"),
    "publisher": ("publisher", "source", "agency", "organisation", "organization"),
    "published": (
        "published",
        "date",
        "publication date",
        "published date",
        "pub date",
        "date published",
        "created",
        "year",
    ),
    "updated": ("updated", "modified", "last updated", "date modified"),
    "language": ("language", "lang"),
    "doi": ("doi",),
    "pmid": ("pmid", "pubmed id"),
    "journal": ("journal", "source title", "publication title", "journal/book"),
    "countries": ("countries", "country"),
}


class CsvOptions(Options):
    """`columns` as for the table kind; without it columns are known by their usual names."""

    columns: dict[str, str | list[str]] | None = None
    delimiter: str | None = None
    date_format: str | list[str] | None = None


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Return one document a row."""
    options = dict(source.options)
    if not options.get("columns"):
        options["columns"] = _usual_columns(payload, source)
    return table.read(replace(source, options={**options, "format": "csv"}), payload, request)


def _usual_columns(payload: Payload, source: Source) -> dict[str, str]:
    row = table.csv_head(payload.body, source.id, source.options.get("delimiter"))
    heads = {name.lower().replace("_", " "): name for name in row}
    found: dict[str, str] = {}
    for field, names in _USUAL.items():
        head = next((heads[n.replace("_", " ")] for n in names if n.replace("_", " ") in heads), None)
        if head is not None and head not in found.values():
            found[field] = head
    if not {"title", "text"} & set(found):
        raise ParseError(
            f"{source.id}: no column is called title or text; it has: {', '.join(row)}; name them in `columns`"
        )
    return found


KIND = Kind(name="csv", options=CsvOptions, read=read)
