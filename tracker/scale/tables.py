"""The Parquet tables: their columns, and files that are whole or absent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tracker.model import Document, Tags

_TEXTS = pa.list_(pa.string())
# `position` is the record's place in its part; with `part` it names one state of one record.
DOCUMENTS = pa.schema(
    [
        ("part", pa.string()), ("position", pa.int64()), ("id", pa.string()), ("title", pa.string()),
        ("text", pa.string()), ("summary", pa.string()), ("url", pa.string()), ("authors", _TEXTS),
        ("publisher", pa.string()), ("published", pa.string()), ("precision", pa.string()), ("updated", pa.string()),
        ("week", pa.string()), ("language", pa.string()), ("doi", pa.string()), ("pmid", pa.string()),
        ("journal", pa.string()), ("pub_types", _TEXTS), ("editorial_status", pa.string()), ("relates_to", _TEXTS),
        ("source_doctype", pa.string()), ("source_countries", _TEXTS), ("extra", pa.string()),
        ("relevant", pa.bool_()), ("relevance", pa.float64()), ("doctype", pa.string()), ("countries", _TEXTS),
        ("classes", _TEXTS), ("grade", pa.string()), ("candidates", _TEXTS), ("lexicon", pa.string()),
    ]
)  # fmt: skip
MENTIONS = pa.schema(
    [
        ("part", pa.string()), ("position", pa.int64()), ("id", pa.string()), ("week", pa.string()),
        ("substance", pa.string()), ("class", pa.string()), ("nps", pa.bool_()), ("role", pa.string()),
        ("surface", pa.string()), ("field", pa.string()), ("start", pa.int32()), ("end", pa.int32()),
        ("assertion", pa.string()), ("context", pa.string()), ("historical", pa.bool_()),
    ]
)  # fmt: skip
THEMES = pa.schema(
    [
        ("part", pa.string()), ("position", pa.int64()), ("id", pa.string()), ("week", pa.string()),
        ("theme", pa.string()), ("assertion", pa.string()), ("evidence", pa.string()), ("field", pa.string()),
        ("start", pa.int32()), ("end", pa.int32()), ("substances", _TEXTS),
    ]
)  # fmt: skip
# Every record read, relevant or not: what the counts are made of and what decides which state of a record is the last.
SEEN = pa.schema(
    [
        ("part", pa.string()), ("position", pa.int64()), ("id", pa.string()), ("week", pa.string()),
        ("relevant", pa.bool_()), ("deleted", pa.bool_()),
    ]
)  # fmt: skip
# Documents a week over everything read: series "all", "relevant", "class", "substance", "theme".
COUNTS = pa.schema(
    [("part", pa.string()), ("week", pa.string()), ("series", pa.string()), ("name", pa.string()), ("n", pa.int64())]
)
TABLES: Mapping[str, pa.Schema] = {
    "documents": DOCUMENTS, "mentions": MENTIONS, "themes": THEMES, "seen": SEEN, "counts": COUNTS,
}  # fmt: skip


def file_of(out: Path, table: str, part: str) -> Path:
    """Where the rows of one part stand."""
    return out / table / f"{part}.parquet"


class TableWriter:
    """Writes one part's rows of one table in bounded memory; the file appears only when it is whole."""

    def __init__(self, out: Path, table: str, part: str, *, rows_at_once: int = 2000) -> None:
        self._target = file_of(out, table, part)
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._temporary = self._target.with_name(f".{self._target.name}.part")
        self._schema = TABLES[table]
        self._limit = rows_at_once
        self._rows: list[Mapping[str, Any]] = []
        self._writer = pq.ParquetWriter(self._temporary, self._schema, compression="zstd")
        self.count = 0

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Put rows in; written out when enough have come together."""
        self._rows.extend(rows)
        if len(self._rows) >= self._limit:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
            self.count += len(self._rows)
            self._rows = []

    def finish(self) -> None:
        """Write what is left; the file is still under its temporary name."""
        self._flush()
        self._writer.close()

    def publish(self) -> None:
        """Give the finished file its name."""
        self._temporary.replace(self._target)

    def drop(self) -> None:
        """Forget an unfinished file."""
        with suppress(Exception):
            self._writer.close()
        self._temporary.unlink(missing_ok=True)


def write_table(path: Path, table: pa.Table) -> None:
    """Write a small table whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    pq.write_table(table, temporary, compression="zstd")
    temporary.replace(path)


def document_row(part: str, position: int, week: str | None, document: Document, tags: Tags) -> dict[str, Any]:
    """One row of `documents`."""
    return {
        "part": part, "position": position, "id": document.external_id, "title": document.title, "text": document.text,
        "summary": document.summary, "url": document.url, "authors": list(document.authors),
        "publisher": document.publisher, "published": document.published, "precision": document.precision,
        "updated": document.updated, "week": week, "language": tags.language, "doi": document.doi,
        "pmid": document.pmid, "journal": document.journal, "pub_types": list(document.pub_types),
        "editorial_status": document.editorial_status, "relates_to": list(document.relates_to),
        "source_doctype": document.doctype, "source_countries": list(document.countries),
        "extra": json.dumps(dict(document.extra), ensure_ascii=False, sort_keys=True, default=list),
        "relevant": tags.relevant, "relevance": tags.relevance, "doctype": tags.doctype,
        "countries": list(tags.countries), "classes": list(tags.classes), "grade": tags.grade,
        "candidates": [c.surface for c in tags.candidates], "lexicon": tags.lexicon,
    }  # fmt: skip


def mention_rows(
    part: str, position: int, week: str | None, document: Document, tags: Tags
) -> Sequence[dict[str, Any]]:
    """Rows of `mentions`, one for each place where a substance is named."""
    return [
        {
            "part": part, "position": position, "id": document.external_id, "week": week, "substance": s.name,
            "class": s.cls, "nps": s.nps, "role": s.role, "surface": m.surface, "field": m.field, "start": m.start,
            "end": m.end, "assertion": m.assertion, "context": m.context, "historical": m.historical,
        }
        for s in tags.substances
        for m in s.mentions
    ]  # fmt: skip


def theme_rows(part: str, position: int, week: str | None, document: Document, tags: Tags) -> Sequence[dict[str, Any]]:
    """Rows of `themes`, one for each risk theme with its evidence."""
    return [
        {
            "part": part, "position": position, "id": document.external_id, "week": week, "theme": t.theme,
            "assertion": t.assertion, "evidence": t.evidence, "field": t.field, "start": t.start, "end": t.end,
            "substances": list(t.substances),
        }
        for t in tags.themes
    ]  # fmt: skip
