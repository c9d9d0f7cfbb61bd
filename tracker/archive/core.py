"""`Archive`: the one door to the file. Each method is a transaction or a consistent read; the work is in its modules."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.archive import connection as _connection
from tracker.archive import ledger, store
from tracker.archive.store import Stored
from tracker.archive.terms import Terms, register_source
from tracker.archive.times import stamp

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from types import TracebackType

    from tracker.archive.ledger import SourceHealth
    from tracker.model import Document, FetchState, Source, SourceResult, Tags


class Archive:
    """One archive file, opened by one thread; a context manager. Other threads and requests open their own."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db = connection
        self.path = path
        self._terms = Terms(connection)

    @classmethod
    def open(cls, path: Path | str, *, create: bool = False, timeout: float = _connection.BUSY_SECONDS) -> Archive:
        """Open the archive at `path`. Missing: UsageError, or made with `create`; unusable: ArchiveError."""
        path = Path(path)
        return cls(_connection.connect(path, create=create, timeout=timeout), path)

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Several reads of one and the same state, whatever is written meanwhile."""
        with _connection.snapshot(self._db, self.path):
            yield

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            with _connection.transaction(self._db, self.path):
                yield self._db
        except BaseException:
            self._terms.forget()
            raise

    # --- collecting ---

    def states(self) -> dict[str, FetchState]:
        """What is remembered of each source that was ever polled, by source id."""
        with self.reading():
            return ledger.read_states(self._db)

    def unchanged(self, source: Source | str, documents: Sequence[Document]) -> set[int]:
        """Places of the documents that are stored and tagged already with this content: they need no tagging."""
        with self.reading():
            if isinstance(source, str):
                return store.unchanged(self._db, source, documents, None)
            return store.unchanged(self._db, source.id, documents, source)

    def store(self, result: SourceResult, tags: Sequence[Tags | None], *, now: datetime, lexicon: str) -> Stored:
        """Write one poll of one source in one transaction: documents, tags, ledger rows and its next state.

        `tags` is parallel to `result.documents`; None only for places that `unchanged` named. Raises ArchiveError.
        """
        with self._writing() as db:
            num = register_source(db, result.source)
            stored = Stored()
            if result.documents:
                batch = store.Batch(db, self._terms, result.source, now=stamp(now), lexicon=lexicon)
                stored = batch.run(result.documents, tags)
            ledger.write_fetches(db, num, result.fetches)
            ledger.write_state(db, num, result.state)
            return stored

    def store_import(
        self,
        source: Source,
        documents: Sequence[Document],
        tags: Sequence[Tags | None],
        *,
        now: datetime,
        lexicon: str,
        first_seen_published: bool = False,
    ) -> Stored:
        """Write documents put in by hand, in one transaction. With `first_seen_published` a dated one counts as known
        from the end of its published period (never later than now) and is marked `backfilled`; undated ones keep now
        and are counted in `Stored.undated`."""
        with self._writing() as db:
            batch = store.Batch(db, self._terms, source, now=stamp(now), lexicon=lexicon, backfill=first_seen_published)
            return batch.run(documents, tags)

    def health(self, *, now: datetime) -> list[SourceHealth]:
        """How each source does: last success, usual rhythm, silence, error."""
        with self.reading():
            return ledger.health(self._db, now)

    def __repr__(self) -> str:
        return f"Archive({str(self.path)!r})"
