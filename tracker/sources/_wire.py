"""A document as the JSON of the contract, and back. Absent is absent: never "" or null."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from tracker.errors import ParseError
from tracker.model import Document, Source


def document_json(document: Document) -> dict[str, Any]:
    """What `tracker parse` prints: every field that the document has, tuples as lists."""
    row: dict[str, Any] = {}
    for field in fields(document):
        value = getattr(document, field.name)
        if field.name == "editorial_status" or value:
            row[field.name] = (
                list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value
            )
    return row


def document_from_json(record: Any) -> Document:
    """Inverse of `document_json`, as `import --kind jsonl` reads it; ParseError says what is wrong with a record."""
    from tracker.sources.file_jsonl import document_of

    if not isinstance(record, Mapping):
        raise ParseError(f"a JSON object was due, found a {type(record).__name__}")
    try:
        return document_of(record, Source(id="jsonl", kind="jsonl", url=""))
    except ValueError as error:
        raise ParseError(str(error)) from None
