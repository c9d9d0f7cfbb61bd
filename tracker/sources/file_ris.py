"""RIS, the export of reference managers and library catalogues, through rispy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tracker.errors import ParseError
from tracker.model import DocType, Document, Page, Payload, Request, Source
from tracker.sources._base import Kind, Options, dated, doi_of, line_of, newest_first, stable_id, text_of, title_of
from tracker.sources._codes import language_code
from tracker.text.dates import ClaimedDate, parse_date
from tracker.text.urls import absolute_url

_TYPES: dict[str, DocType] = {
    "JOUR": "journal_article", "EJOUR": "journal_article", "MGZN": "news", "NEWS": "news", "RPRT": "report",
    "GOVDOC": "report", "LEGAL": "legal_notice", "STAT": "legal_notice", "BILL": "legal_notice",
    "UNPB": "journal_article", "CPAPER": "journal_article", "ABST": "journal_article", "INPR": "journal_article",
}  # fmt: skip
_TAG = re.compile(r"^[A-Z][A-Z0-9]  ?-", re.MULTILINE)


class NoOptions(Options):
    """RIS needs none."""


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Return the references of a RIS file; one cut off after the last whole reference is marked so."""
    import rispy

    text = _decoded(payload.body)
    if not re.search(r"^TY  ?-", text, re.MULTILINE):
        raise ParseError(f"{source.id}: RIS was due (lines like 'TY  - JOUR'), found {text[:60]!r}")
    begun, ended = len(re.findall(r"^TY  ?-", text, re.MULTILINE)), len(re.findall(r"^ER  ?-", text, re.MULTILINE))
    whole = text[: list(re.finditer(r"^ER  ?-[^\n]*", text, re.MULTILINE))[-1].end()] if ended else ""
    start = _TAG.search(whole)
    try:
        records = rispy.loads(whole[start.start() :] + "\n") if start else []
    except Exception as error:  # rispy raises OSError, ValueError and its own for broken lines
        raise ParseError(f"{source.id}: the RIS file cannot be read: {error}") from None
    found = [_document(record, source) for record in records]
    kept, cut = newest_first([d for d in found if d is not None], source.max_items)
    complete = begun == ended
    problems = cut if complete else (*cut, f"{begun - ended} of {begun} references have no end (ER)")
    return Page(documents=kept, problems=problems, complete=complete)


def _decoded(body: bytes) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _first(record: Mapping[str, Any], *keys: str) -> str | None:
    for key in keys:
        value = record.get(key)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


def _document(record: Mapping[str, Any], source: Source) -> Document | None:
    title = title_of(_first(record, "title", "primary_title", "translated_title", "short_title"))
    text = text_of(_first(record, "abstract", "notes_abstract"))
    if not (title or text):
        return None
    url = absolute_url(_first(record, "urls", "url"))
    doi = doi_of(_first(record, "doi")) or doi_of(url)
    pmid = _pmid(record)
    authors = record.get("authors") or record.get("first_authors") or []
    keywords = [k for k in map(line_of, record.get("keywords") or []) if k]
    document = Document(
        external_id=doi or pmid or url or _first(record, "id") or stable_id(title, text),
        url=url or (f"https://doi.org/{doi}" if doi else None),
        title=title,
        text=text,
        authors=tuple(a for a in map(line_of, authors) if a),
        publisher=line_of(_first(record, "publisher")) or source.publisher,
        language=language_code(_first(record, "language")) or source.language,
        doctype=_TYPES.get(record.get("type_of_reference", "")),
        doi=doi,
        pmid=pmid,
        journal=line_of(_first(record, "journal_name", "secondary_title", "alternate_title3", "alternate_title2")),
        extra={"categories": keywords} if keywords else {},
    )
    return dated(document, _published(record))


def _pmid(record: Mapping[str, Any]) -> str | None:
    number = _first(record, "accession_number") or ""
    database = f"{_first(record, 'name_of_database') or ''} {_first(record, 'database_provider') or ''}".lower()
    match = re.fullmatch(r"(?:PMID:?\s*)?(\d{1,9})", number)
    named = number.upper().startswith("PMID") or any(w in database for w in ("pubmed", "medline", "nlm"))
    return match[1] if match and named else None


def _published(record: Mapping[str, Any]) -> ClaimedDate | None:
    """DA is the finest ("2024/06/03/"), then Y1 and PY; a slash for what is missing is no date part."""
    for key in ("date", "publication_year", "year"):
        stated = re.sub(r"/+[^/]*$", "", value) if (value := _first(record, key)) and value.count("/") == 3 else value
        if found := parse_date((stated or "").rstrip("/ ")):
            return found
    return None


KIND = Kind(name="ris", options=NoOptions, read=read)
