"""Bulk export: documents in a format, with a manifest that says what was asked, of which state, and what came out."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from tracker.archive.formats import WRITERS
from tracker.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tracker.archive.read import Record

FORMATS = (*WRITERS, "parquet")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What stands beside an export, so that it can be cited and repeated."""

    format: str
    query: str
    filters: Mapping[str, Any]
    as_of: str | None
    tags: str
    everything: bool
    exported_at: str
    documents: int
    by_source: Mapping[str, int]
    lexicons: Mapping[str, int]  # lexicon version -> documents tagged with it
    sha256: str
    bytes: int

    def as_json(self) -> dict[str, Any]:
        return {
            "format": self.format,
            "query": self.query,
            "filters": dict(self.filters),
            "as_of": self.as_of,
            "tags": self.tags,
            "all": self.everything,
            "exported_at": self.exported_at,
            "lexicon": dict(self.lexicons),
            "counts": {"documents": self.documents, "sources": dict(self.by_source)},
            "sha256": self.sha256,
            "bytes": self.bytes,
        }


class _Counted:
    """Passes bytes on and keeps their hash and number."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self.hash, self.size = out, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        data = bytes(data)
        self.hash.update(data)
        self.size += len(data)
        self._out.write(data)
        return len(data)

    def flush(self) -> None:
        self._out.flush()

    def tell(self) -> int:
        return self.size

    closed = False

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        """The stream belongs to the caller."""


def export(records: Iterable[Record], format: str, out: BinaryIO, *, said: Mapping[str, Any]) -> Manifest:
    """Write `records` to `out`; `said` is what the manifest repeats (query, filters, as_of, tags …)."""
    if format not in FORMATS:
        raise UsageError(f"format {format!r} is none of {', '.join(FORMATS)}")
    counted, sources, lexicons = _Counted(out), Counter[str](), Counter[str]()

    def watched() -> Iterator[Record]:
        for record in records:
            sources[record.source] += 1
            lexicons[record.tags.lexicon if record.tags else "none"] += 1
            yield record

    if format == "parquet":
        from tracker.archive.parquet import write_parquet

        write_parquet(watched(), counted)  # type: ignore[arg-type]
    else:
        for piece in WRITERS[format](watched()):
            counted.write(piece.encode("utf-8"))
    return Manifest(
        format=format,
        documents=sum(sources.values()),
        by_source=dict(sorted(sources.items())),
        lexicons=dict(sorted(lexicons.items())),
        sha256=counted.hash.hexdigest(),
        bytes=counted.size,
        **said,
    )
