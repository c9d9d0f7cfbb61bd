"""Documents in the formats of other tools: one small writer a format, text out. Parquet is in `parquet.py`."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from tracker.archive.times import stamp
from tracker.archive.wire import document_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tracker.archive.read import Record

CSV_COLUMNS = (
    "id", "source", "publisher", "tier", "title", "url", "doi", "pmid", "published", "precision", "updated",
    "first_seen",
    "language", "doctype", "journal", "authors", "countries", "substances", "classes", "themes", "grade", "relevance",
    "story", "editorial_status", "lexicon", "text",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_RIS_TYPES = {
    "journal_article": "JOUR", "news": "NEWS", "report": "RPRT", "official_alert": "RPRT", "factsheet": "RPRT",
    "legal_notice": "STAT",
}  # fmt: skip
_CSL_TYPES = {
    "journal_article": "article-journal", "news": "article-newspaper", "report": "report", "official_alert": "report",
    "factsheet": "report", "legal_notice": "legislation", "forum": "post",
}  # fmt: skip


def flat(record: Record) -> dict[str, Any]:
    """One row of a table: lists as text, absent as None."""
    d, tags = record.document, record.tags
    return {
        "id": record.id,
        "source": record.source,
        "publisher": record.publisher,
        "tier": record.tier,
        "title": d.title,
        "url": d.url,
        "doi": d.doi,
        "pmid": d.pmid,
        "published": d.published,
        "precision": d.precision,
        "updated": d.updated,
        "first_seen": stamp(record.first_seen),
        "language": record.language,
        "doctype": record.doctype,
        "journal": d.journal,
        "authors": "; ".join(d.authors) or None,
        "countries": " ".join((tags.countries if tags else ()) or d.countries) or None,
        "substances": "; ".join(t.name for t in tags.substances) if tags else None,
        "classes": "; ".join(tags.classes) if tags else None,
        "themes": "; ".join(t.theme for t in tags.themes) if tags else None,
        "grade": tags.grade if tags else None,
        "relevance": tags.relevance if tags else None,
        "story": record.story,
        "editorial_status": record.editorial_status,
        "lexicon": tags.lexicon if tags else None,
        "text": d.text,
    }


def to_csv(records: Iterable[Record]) -> Iterator[str]:
    """CSV with a header; a cell that a spreadsheet would take for a formula starts with an apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for record in records:
        row = flat(record)
        writer.writerow([_defused(row[column]) for column in CSV_COLUMNS])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _defused(value: object) -> object:
    if isinstance(value, str) and value.lstrip(" \n\u00a0").startswith(_FORMULA):
        return "'" + value
    return value


def to_jsonl(records: Iterable[Record]) -> Iterator[str]:
    """Whole documents, one a line, as `import` reads them."""
    for record in records:
        yield json.dumps(document_json(record), ensure_ascii=False) + "\n"


def to_ris(records: Iterable[Record]) -> Iterator[str]:
    """RIS through rispy; line breaks of the text become spaces, since a field is one line."""
    import rispy

    for record in records:
        yield rispy.dumps([_ris(record)]).strip() + "\n\n"


def _ris(record: Record) -> dict[str, Any]:
    d = record.document
    entry: dict[str, Any] = {
        "type_of_reference": _RIS_TYPES.get(record.doctype, "ELEC"),
        "id": str(record.id),
        "title": _line(d.title),
        "authors": [_line(a) for a in d.authors] or None,
        "abstract": _line(d.text),
        "journal_name": _line(d.journal),
        "publisher": _line(record.publisher),
        "doi": d.doi,
        "urls": [d.url] if d.url else None,
        "language": record.language,
        "keywords": _keywords(record) or None,
    }
    if d.pmid:
        entry |= {"accession_number": d.pmid, "name_of_database": "PubMed"}
    if d.published:
        parts = [*d.published[:10].split("-"), "", ""][:3]
        entry |= {"publication_year": parts[0], "date": "/".join(parts) + "/"}
    if record.editorial_status != "ok":
        entry["notes"] = [f"Editorial status: {record.editorial_status}"]
    return {name: value for name, value in entry.items() if value}


def _keywords(record: Record) -> list[str]:
    tags = record.tags
    return [*(t.name for t in tags.substances), *(t.theme for t in tags.themes)] if tags else []


def _line(text: str | None) -> str | None:
    return " ".join(text.split()) or None if text else None


def to_bibtex(records: Iterable[Record]) -> Iterator[str]:
    """BibTeX in UTF-8, characters with a meaning in TeX escaped."""
    for record in records:
        kind = "article" if record.doctype == "journal_article" else "misc"
        pairs = [f"  {name} = {{{value}}}" for name, value in _bibtex(record).items() if value]
        yield f"@{kind}{{{_cite_key(record)},\n" + ",\n".join(pairs) + "\n}\n\n"


def _bibtex(record: Record) -> dict[str, str | None]:
    d = record.document
    month = d.published[5:7] if d.published and len(d.published) >= 7 else None
    return {
        "title": f"{{{_tex(d.title)}}}" if d.title else None,
        "author": " and ".join(_bibtex_name(a) for a in d.authors),
        "year": d.published[:4] if d.published else None,
        "month": str(int(month)) if month else None,
        "date": d.published[:10] if d.published else None,
        "journal": _tex(d.journal),
        "publisher": _tex(record.publisher),
        "doi": _verbatim(d.doi),
        "url": _verbatim(d.url),
        "pmid": _tex(d.pmid),
        "language": record.language,
        "abstract": _tex(d.text),
        "keywords": _tex(", ".join(_keywords(record))),
        "note": f"Editorial status: {record.editorial_status}" if record.editorial_status != "ok" else None,
    }


_TEX = {"\\": r"\textbackslash ", "{": r"\textbraceleft ", "}": r"\textbraceright ", "&": r"\&", "%": r"\%",
        "$": r"\$", "#": r"\#", "_": r"\_",
        "~": r"\textasciitilde ", "^": r"\textasciicircum "}  # fmt: skip


def _tex(text: str | None) -> str | None:
    """Escaped and on one line; unbalanced braces would swallow the following entries."""
    return "".join(_TEX.get(c, c) for c in " ".join(text.split())) or None if text else None


def _verbatim(address: str | None) -> str:
    """An address or DOI, which TeX must not escape; as in any address, what would break the entry as %XX."""
    return (address or "").replace("{", "%7B").replace("}", "%7D").replace("\\", "%5C")


def _bibtex_name(author: str) -> str:
    """A name without comma is one unit (a body), so that "and" or spaces in it do not split it."""
    name = _tex(author) or ""
    return name if author.count(",") == 1 and " and " not in author.lower() else f"{{{name}}}"


def _cite_key(record: Record) -> str:
    author = record.document.authors[0] if record.document.authors else record.source
    plain = unicodedata.normalize("NFKD", author.split(",")[0]).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9]", "", plain.split()[-1] if plain.split() else "") or "doc"
    return f"{name.lower()}{(record.document.published or '')[:4]}_{record.id}"


def to_csl(records: Iterable[Record]) -> Iterator[str]:
    """CSL-JSON, one array."""
    yield "["
    for place, record in enumerate(records):
        yield (",\n" if place else "\n") + json.dumps(_csl(record), ensure_ascii=False)
    yield "\n]\n"


def _csl(record: Record) -> dict[str, Any]:
    d = record.document
    item: dict[str, Any] = {
        "id": str(record.id),
        "type": _CSL_TYPES.get(record.doctype, "webpage"),
        "title": d.title,
        "author": [_csl_name(a) for a in d.authors],
        "issued": {"date-parts": [[int(p) for p in d.published[:10].split("-")]]} if d.published else None,
        "container-title": d.journal,
        "publisher": record.publisher,
        "DOI": d.doi,
        "PMID": d.pmid,
        "URL": d.url,
        "language": record.language,
        "abstract": d.text,
        "keyword": ", ".join(_keywords(record)),
        "note": f"Editorial status: {record.editorial_status}" if record.editorial_status != "ok" else None,
    }
    return {name: value for name, value in item.items() if value}


def _csl_name(author: str) -> dict[str, str]:
    family, comma, given = author.partition(",")
    return {"family": family.strip(), "given": given.strip()} if comma and given.strip() else {"literal": author}


WRITERS: dict[str, Callable[[Iterable[Record]], Iterator[str]]] = {
    "csv": to_csv,
    "jsonl": to_jsonl,
    "ris": to_ris,
    "bibtex": to_bibtex,
    "csl": to_csl,
}
