"""What `bulk` has written, read back as documents in bounded memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tracker.errors import UsageError
from tracker.model import Document
from tracker.scale import require

_LISTS = ("authors", "pub_types", "relates_to")
_AS_THEY_ARE = ("url", "title", "text", "summary", "publisher", "published", "precision", "updated", "language", "doi",
                "pmid", "journal", "editorial_status")  # fmt: skip


def documents(path: Path) -> Iterator[Document]:
    """The relevant documents of a folder that `bulk` made, or the rows of one Parquet file of documents."""
    require("pyarrow")
    if path.is_dir():
        files = sorted((path / "documents").glob("*.parquet"))
        if not files:
            raise UsageError(f"{path}: has no documents/*.parquet; `tracker bulk … --out {path}` makes them")
    else:
        files = [path]
    for file in files:
        yield from _rows(file)


def week_counts(folder: Path) -> Iterator[tuple[str, str, int]]:
    """(part, ISO week, documents read in it, relevant or not) of a folder that `bulk` made; undated ones left out."""
    require("pyarrow")
    import pyarrow.parquet as pq

    for file in sorted((folder / "counts").glob("*.parquet")):
        for row in pq.read_table(file, filters=[("series", "=", "all")]).to_pylist():
            if row["week"]:
                yield row["part"], row["week"], row["n"]


def _rows(file: Path) -> Iterator[Document]:
    import pyarrow.parquet as pq

    from tracker.sources._wire import document_from_json

    table = pq.ParquetFile(file)
    ours = "source_doctype" in table.schema_arrow.names
    for batch in table.iter_batches(batch_size=500):
        for row in batch.to_pylist():
            if not ours:
                yield document_from_json({key: value for key, value in row.items() if value not in (None, [], "")})
            elif row["relevant"]:
                yield _document(row)


def _document(row: dict[str, Any]) -> Document:
    values: dict[str, Any] = {name: row[name] for name in _AS_THEY_ARE}
    values.update({name: tuple(row[name] or ()) for name in _LISTS})
    return Document(
        external_id=row["id"],
        doctype=row["source_doctype"],
        countries=tuple(row["source_countries"] or ()),
        extra=json.loads(row["extra"] or "{}"),
        **values,
    )
