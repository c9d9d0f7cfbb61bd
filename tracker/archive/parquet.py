"""Documents as Parquet, in bounded memory; pyarrow is in the extra `scale`."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from tracker.archive.formats import flat
from tracker.archive.wire import document_json
from tracker.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tracker.archive.read import Record

ROWS = 5000  # a row group
_LISTS = ("authors", "countries", "substances", "classes", "themes")


def write_parquet(records: Iterable[Record], out: BinaryIO) -> int:
    """Write one table of documents; returns how many. Lists are lists, `document` is the whole of it as JSON."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise UsageError("Parquet needs pyarrow: pip install 'nps-tracker[scale]'") from None
    schema = _schema(pa)
    rows, count = iter(records), 0
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        while batch := [_row(record) for record in islice(rows, ROWS)]:
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))
            count += len(batch)
    return count


def _schema(pa: Any) -> Any:
    types = {"id": pa.int64(), "story": pa.int64(), "relevance": pa.float64()}
    names = ("id", "source", "publisher", "tier", "title", "text", "url", "doi", "pmid", "published", "precision",
             "updated", "first_seen", "language", "doctype", "journal", *_LISTS, "grade", "relevance", "story",
             "editorial_status", "lexicon", "document")  # fmt: skip
    return pa.schema([(n, pa.list_(pa.string()) if n in _LISTS else types.get(n, pa.string())) for n in names])


def _row(record: Record) -> dict[str, Any]:
    row, tags = flat(record), record.tags
    row["authors"] = list(record.document.authors)
    row["countries"] = list((tags.countries if tags else ()) or record.document.countries)
    row["substances"] = [t.name for t in tags.substances] if tags else []
    row["classes"] = list(tags.classes) if tags else []
    row["themes"] = [t.theme for t in tags.themes] if tags else []
    row["document"] = json.dumps(document_json(record), ensure_ascii=False)
    return row
