"""How many documents whole corpora gave in each week, of which only the relevant ones are stored: the exposure that
signals need as their denominator.

Rows come from `tracker bulk` by way of an import; importing the same part again replaces its rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker.archive.schema import run_script

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from tracker.archive import Archive

TABLES = """
CREATE TABLE IF NOT EXISTS given_counts (
  source INTEGER NOT NULL, part TEXT NOT NULL, week INTEGER NOT NULL, documents INTEGER NOT NULL,
  PRIMARY KEY (source, part, week)
) WITHOUT ROWID;
"""


def keep_counts(archive: Archive, source: str, rows: Iterable[tuple[str, int, int]]) -> int:
    """Note (part of a corpus, week number, documents in it) under a source; returns how many rows. Nothing for a source
    of which no document is stored: there is nothing to compare with."""
    kept = list(rows)
    with archive._writing() as db:
        found = db.execute("SELECT num FROM sources WHERE id = ?", (source,)).fetchone()
        if found is None or not kept:
            return 0
        run_script(db, TABLES)
        parts = {(found[0], part) for part, _, _ in kept}
        db.executemany("DELETE FROM given_counts WHERE source = ? AND part = ?", sorted(parts))
        db.executemany("INSERT INTO given_counts VALUES (?, ?, ?, ?)", [(found[0], *row) for row in kept])
    return len(kept)


def given(db: sqlite3.Connection, *, since: int, until: str) -> dict[tuple[int, int], int]:
    """(week, source) -> documents, of weeks from number `since` on that begin before the stamp `until`."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'given_counts'").fetchone():
        return {}
    rows = db.execute(
        "SELECT week, source, sum(documents) FROM given_counts WHERE week >= ? "
        "AND strftime('%Y-%m-%dT%H:%M:%SZ', week * 7 + 2440591.5) < ? GROUP BY week, source",
        (since, until),
    )
    return {(week, source): documents for week, source, documents in rows}
