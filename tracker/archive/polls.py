"""Writes what polls of sources have brought: documents with their tags, rows of the ledger, next states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracker.archive import ledger, store
from tracker.archive.index import add_to_search
from tracker.archive.times import stamp

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime

    from tracker.archive.index import SearchRow
    from tracker.archive.store import Stored
    from tracker.archive.terms import Terms
    from tracker.model import SourceResult, Tags


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll of one source as it is to be stored; `tags` is parallel to the documents, None for unchanged ones."""

    result: SourceResult
    tags: Sequence[Tags | None]
    at: datetime


def write_polls(connection: sqlite3.Connection, terms: Terms, polls: Sequence[Poll], *, lexicon: str) -> list[Stored]:
    """Write polls inside one open transaction; stories are left to the caller."""
    written: list[Stored] = []
    waiting: list[SearchRow] = []
    sources: set[str] = set()
    for poll in polls:
        result = poll.result
        if result.source.id in sources:  # may change what the earlier poll has brought: that must be findable by then
            add_to_search(connection, waiting)
            waiting.clear()
        sources.add(result.source.id)
        stored = store.Stored()
        if result.documents:
            batch = store.Batch(connection, terms, result.source, now=stamp(poll.at), lexicon=lexicon)
            stored = batch.run(result.documents, poll.tags)
            waiting += batch.search
        written.append(stored)
    add_to_search(connection, waiting)
    ledger.write(connection, [(terms.source(p.result.source), p.result.fetches, p.result.state) for p in polls])
    return written
