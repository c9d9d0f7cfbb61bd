"""Weeks summed up once, so that the digest of a large archive need not count its whole past: a cache, never a source.

`rolled_weeks` says which weeks are summed and since when the tags they rest on were known. A document tagged
anew makes its week stale; stale weeks are found by the numbers of the tag sets, which only grow. Deleting the four
tables loses nothing: they are made again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracker.archive.reads_analysis import WEEK
from tracker.archive.schema import run_script

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from tracker.archive import Archive

TABLES = """
CREATE TABLE IF NOT EXISTS rolled_weeks (week INTEGER PRIMARY KEY, known_from TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rolled_series (
  kind TEXT NOT NULL, name TEXT NOT NULL, week INTEGER NOT NULL, stories INTEGER NOT NULL,
  PRIMARY KEY (kind, name, week)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rolled_firsts (
  name TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, moment TEXT NOT NULL, PRIMARY KEY (name, kind, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rolled_exposure (
  week INTEGER NOT NULL, source INTEGER NOT NULL, documents INTEGER NOT NULL, relevant INTEGER NOT NULL,
  PRIMARY KEY (week, source)
) WITHOUT ROWID;
"""
_MARK = "rolled_tagset"  # the note with the largest tag set that the sums know


@dataclass(frozen=True, slots=True)
class Sums:
    """What is kept of some weeks: rows of the tables above without their heads."""

    series: Sequence[tuple[str, str, int, int]]
    firsts: Sequence[tuple[str, str, str, str]]
    exposure: Sequence[tuple[int, int, int, int]]


def is_large(archive: Archive, documents: int) -> bool:
    """Whether the archive has at least so many documents (numbers are never reused, so the largest will do)."""
    row = archive._db.execute("SELECT max(id) FROM documents").fetchone()
    return bool((row[0] or 0) >= documents)


def missing_weeks(archive: Archive, *, before: int) -> list[int]:
    """Weeks before `before` that are not summed up, or stale."""
    if not _exists(archive._db):
        return _weeks(archive._db, 0, before)
    last = archive._db.execute("SELECT max(week) FROM rolled_weeks").fetchone()[0]
    fresh = _weeks(archive._db, (last + 1) if last is not None else 0, before)
    mark = _mark(archive._db)
    week = WEEK.format("d.first_seen")
    stale = archive._db.execute(
        f"SELECT DISTINCT {week} AS w FROM tagsets t JOIN documents d ON d.id = t.document WHERE t.id > ? AND w < ?",
        (mark, before),
    )
    return sorted({*fresh, *(row[0] for row in stale)})


def usable(archive: Archive, *, before: int, as_of: str) -> bool:
    """Whether the sums hold for what was known at the moment: no week is missing and no tag set younger than it."""
    if missing_weeks(archive, before=before):
        return False
    row = archive._db.execute("SELECT max(known_from) FROM rolled_weeks WHERE week < ?", (before,)).fetchone()
    return row[0] is not None and row[0] <= as_of


def largest_tagset(archive: Archive) -> int:
    """The number that `keep` notes, read before the weeks are summed."""
    return int(archive._db.execute("SELECT coalesce(max(id), 0) FROM tagsets").fetchone()[0])


def forget(archive: Archive) -> None:
    """Drop all sums."""
    with archive._writing() as db:
        run_script(db, TABLES)
        for table in ("rolled_weeks", "rolled_series", "rolled_firsts", "rolled_exposure"):
            db.execute(f"DELETE FROM {table}")


def keep(archive: Archive, week: int, sums: Sums, *, known_from: str) -> bool:
    """Put the sums of one week in place of what was there. False where a first that the week had gave is gone: then the
    firsts of later weeks are not known and all must be summed anew."""
    with archive._writing() as db:
        run_script(db, TABLES)
        for table in ("rolled_series", "rolled_exposure"):
            db.execute(f"DELETE FROM {table} WHERE week = ?", (week,))
        lost = _lost(db, week, sums) if _is_rolled(db, week) else False
        db.executemany("INSERT INTO rolled_series VALUES (?, ?, ?, ?)", sums.series)
        db.executemany("INSERT INTO rolled_exposure VALUES (?, ?, ?, ?)", sums.exposure)
        db.executemany(
            "INSERT INTO rolled_firsts VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET moment = excluded.moment "
            "WHERE excluded.moment < moment",
            sums.firsts,
        )
        db.execute("INSERT OR REPLACE INTO rolled_weeks VALUES (?, ?)", (week, known_from))
    return not lost


def mark(archive: Archive, tagset: int) -> None:
    """All weeks are summed with the tag sets up to this one."""
    with archive._writing() as db:
        db.execute("INSERT OR REPLACE INTO notes (key, value) VALUES (?, ?)", (_MARK, str(tagset)))


def known_from(archive: Archive, *, since: str, until: str) -> str:
    """Since when the youngest current tag set of the documents first seen in [since, until) is known."""
    row = archive._db.execute(
        "SELECT max(t.known_from), max(t.known_until) FROM documents d INDEXED BY documents_first_seen "
        "JOIN tagsets t ON t.document = d.id WHERE d.first_seen >= ? AND d.first_seen < ?",
        (since, until),
    ).fetchone()
    return str(max(row[0] or "", row[1] or ""))


def read_series(archive: Archive, *, since: int, before: int) -> list[tuple[str, str, int, int]]:
    """(kind, name, week, stories) of the weeks in [since, before)."""
    rows = archive._db.execute(
        "SELECT kind, name, week, stories FROM rolled_series WHERE week >= ? AND week < ?", (since, before)
    )
    return [tuple(row) for row in rows]


def read_firsts(
    archive: Archive, names: Iterable[str], pairs: Iterable[tuple[str, str]], *, before: str
) -> list[tuple[str, str, str, str]]:
    """(name, kind, key, moment) of these names where earlier than `before`; partners for the given pairs only."""
    rows = archive._db.execute(
        "SELECT f.name, f.kind, f.key, f.moment FROM json_each(?) w CROSS JOIN (SELECT value AS kind FROM "
        """json_each('["named","any","tier","country","death"]')) k CROSS JOIN rolled_firsts f """
        "ON f.name = w.value AND f.kind = k.kind WHERE f.moment < ?",
        (json.dumps(sorted(set(names))), before),
    ).fetchall()
    rows += archive._db.execute(
        "SELECT f.name, f.kind, f.key, f.moment FROM json_each(?) w CROSS JOIN rolled_firsts f ON "
        "f.name = json_extract(w.value, '$[0]') AND f.kind = 'partner' AND f.key = json_extract(w.value, '$[1]') "
        "WHERE f.moment < ?",
        (json.dumps(sorted(set(pairs))), before),
    ).fetchall()
    return [tuple(row) for row in rows]


def read_exposure(archive: Archive, *, since: int, before: int) -> list[tuple[int, int, int, int]]:
    """(week, source, documents, relevant) of the weeks in [since, before)."""
    rows = archive._db.execute("SELECT * FROM rolled_exposure WHERE week >= ? AND week < ?", (since, before))
    return [tuple(row) for row in rows]


def classes(archive: Archive) -> dict[str, str]:
    """Class of each new psychoactive substance that was ever named."""
    rows = archive._db.execute(
        "SELECT name, json_extract(detail, '$.class') FROM terms WHERE kind = 'substance' "
        "AND json_extract(detail, '$.nps')"
    )
    return {row[0]: row[1] or "" for row in rows}


def _exists(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM sqlite_master WHERE name = 'rolled_weeks'").fetchone() is not None


def _is_rolled(db: sqlite3.Connection, week: int) -> bool:
    return db.execute("SELECT 1 FROM rolled_weeks WHERE week = ?", (week,)).fetchone() is not None


def _mark(db: sqlite3.Connection) -> int:
    row = db.execute("SELECT value FROM notes WHERE key = ?", (_MARK,)).fetchone()
    return int(row[0]) if row else 0


def _weeks(db: sqlite3.Connection, first: int, before: int) -> list[int]:
    """Weeks in [first, before) with documents: one step of the index a week."""
    found: list[int] = []
    week, moment = WEEK.format("first_seen"), first
    while moment < before:
        row = db.execute(
            f"SELECT {week} FROM documents WHERE first_seen >= strftime('%Y-%m-%dT%H:%M:%SZ', ? * 7 + 2440591.5) "
            f"ORDER BY first_seen LIMIT 1",
            (moment,),
        ).fetchone()
        if row is None or row[0] >= before:
            break
        found.append(row[0])
        moment = row[0] + 1
    return found


def _lost(db: sqlite3.Connection, week: int, sums: Sums) -> bool:
    now = {(name, kind, key): moment for name, kind, key, moment in sums.firsts}
    rows = db.execute(
        f"SELECT name, kind, key, moment FROM rolled_firsts WHERE {WEEK.format('moment')} = ? AND kind <> 'published'",
        (week,),
    )
    return any(now.get((name, kind, key), "~") > moment for name, kind, key, moment in rows)
