"""What names a substance: every document of one, and all substances at a glance.

The glance of a large archive rests on `named_weeks`: documents and stories by substance and week of first sight, summed
once. It is a cache, never a source: deleting the table and its note loses nothing. Sums made before a document was
tagged anew are found by the numbers of tag sets, which only grow, and made again; stories stay as they stood when
their week was summed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tracker.archive.reads_analysis import KNOWN, WEEK
from tracker.archive.schema import run_script
from tracker.archive.stories import stories_at

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from tracker.archive import Archive

LARGE = 20_000  # documents from which on it pays to sum up
_MARK = "named_tagset"  # the note with the largest tag set that the sums know
_TABLE = """
CREATE TABLE IF NOT EXISTS named_weeks (
  term INTEGER NOT NULL, week INTEGER NOT NULL, documents INTEGER NOT NULL, stories INTEGER NOT NULL,
  first_seen TEXT NOT NULL, last_seen TEXT NOT NULL, PRIMARY KEY (term, week)
) WITHOUT ROWID;
"""
_KNOWN = KNOWN.format("t")


# --- one substance ---------------------------------------------------------------------------------------------------


class Naming(NamedTuple):
    """A kept, relevant document that names a substance, as known at a moment."""

    document: int
    story: int
    voice: int
    source: str
    publisher: str | None
    tier: str
    first_seen: str
    published: str | None
    grade: str | None
    countries: str
    assertion: str
    finding: bool  # at least one affirmed mention in the context of a finding


def naming(archive: Archive, substance: str, *, as_of: str) -> list[Naming]:
    """Every document that names a substance, in no order. Call within `archive.reading()` with `themes_naming`."""
    cursor = archive._db.cursor()
    cursor.row_factory = None  # plain tuples: there may be very many
    rows = [
        Naming._make(row)
        for row in cursor.execute(
            f"SELECT d.id, coalesce(d.story, d.id), coalesce(d.witness, d.id), s.id, "
            f"coalesce(d.publisher, s.publisher), coalesce(s.tier, 'B'), d.first_seen, d.published, t.grade, "
            f"t.countries, coalesce(x.assertion, 'affirmed'), EXISTS (SELECT 1 FROM mentions n WHERE n.tagset = t.id "
            f"AND n.term = x.term AND n.assertion = 'affirmed' AND n.context = 'finding') "
            f"FROM terms m CROSS JOIN tag_terms x ON x.term = m.id "
            f"CROSS JOIN tagsets t ON t.id = x.tagset AND t.relevant AND t.kept AND {_KNOWN} "
            f"CROSS JOIN documents d ON d.id = t.document AND d.first_seen <= :as_of "
            f"CROSS JOIN sources s ON s.num = d.source WHERE m.kind = 'substance' AND m.name = :name",
            {"name": substance, "as_of": as_of},
        )
    ]
    if not _is_past(archive, as_of):
        return rows
    told = stories_at(archive._db, {row.story for row in rows}, as_of)
    return [
        row._replace(story=told[row.document][0], voice=told[row.document][1]) if row.document in told else row
        for row in rows
    ]


def themes_naming(
    archive: Archive, substance: str, themes: Iterable[str], *, as_of: str
) -> dict[int, list[tuple[str, list[str]]]]:
    """By document, (theme, substances) of the affirmed sentences on these themes that name it and at least one other
    substance."""
    found: dict[int, list[tuple[str, list[str]]]] = defaultdict(list)
    for document, theme, names in archive._db.execute(
        f"SELECT t.document, k.name, h.substances FROM terms m CROSS JOIN tag_terms x ON x.term = m.id "
        f"CROSS JOIN tagsets t ON t.id = x.tagset AND t.relevant AND t.kept AND {_KNOWN} "
        f"CROSS JOIN themes h ON h.tagset = t.id AND h.assertion = 'affirmed' AND instr(h.substances, ',') "
        f"CROSS JOIN terms k ON k.id = h.term AND k.name IN (SELECT value FROM json_each(:themes)) "
        f"WHERE m.kind = 'substance' AND m.name = :name ORDER BY h.tagset, h.seq",
        {"name": substance, "as_of": as_of, "themes": json.dumps(list(themes))},
    ):
        together = json.loads(names)
        if substance in together:
            found[document].append((theme, together))
    return dict(found)


def _is_past(archive: Archive, as_of: str) -> bool:
    """Whether anything was first seen after the moment: else stories are as they stand."""
    newest = archive._db.execute("SELECT max(first_seen) FROM documents").fetchone()[0]
    return newest is not None and newest > as_of


# --- all substances --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """A substance in the archive: kept documents that name it, when it was first and last seen, stories a week."""

    name: str
    documents: int
    first_seen: str
    last_seen: str
    weeks: tuple[int, ...]  # stories of the last weeks, oldest first, this one last


def substances(archive: Archive, *, this_week: int, weeks: int) -> dict[str, Seen]:
    """Every substance that a kept document names, by name, as it stands now. `this_week` is a number of
    `analysis.weeks`."""
    with archive.reading():
        before = this_week if _is_summed(archive._db, this_week) else 0
        rows = [*_summed(archive._db, before), *_counted(archive._db, before, None)]
        names = dict(archive._db.execute("SELECT id, name FROM terms WHERE kind = 'substance'").fetchall())
    by_term: dict[int, list[tuple[int, int, int, str, str]]] = defaultdict(list)
    for term, *rest in rows:
        by_term[term].append(tuple(rest))  # type: ignore[arg-type]
    return {names[term]: _seen(names[term], mine, this_week, weeks) for term, mine in by_term.items() if term in names}


def _seen(name: str, rows: list[tuple[int, int, int, str, str]], this_week: int, weeks: int) -> Seen:
    series = [0] * weeks
    for week, _, stories, _, _ in rows:
        place = week - (this_week - weeks + 1)
        if 0 <= place < weeks:
            series[place] = stories
    return Seen(
        name, sum(row[1] for row in rows), min(row[3] for row in rows), max(row[4] for row in rows), tuple(series)
    )


def is_large(archive: Archive, documents: int = LARGE) -> bool:
    """Whether the archive has so many documents that sums pay (numbers are never reused, so the largest will do)."""
    return bool((archive._db.execute("SELECT max(id) FROM documents").fetchone()[0] or 0) >= documents)


def sum_up(archive: Archive, *, before: int, large: int = LARGE) -> int:
    """Sum up the weeks before `before` that are missing or stale; returns how many. Nothing for small archives."""
    db = archive._db
    if not is_large(archive, large):
        return 0
    largest = db.execute("SELECT coalesce(max(id), 0) FROM tagsets").fetchone()[0]
    stale = _stale(db, before)
    for week in stale:
        with archive._writing():
            run_script(db, _TABLE)
            db.execute("DELETE FROM named_weeks WHERE week = ?", (week,))
            rows = _counted(db, week, week + 1)
            db.executemany("INSERT INTO named_weeks VALUES (?, ?, ?, ?, ?, ?)", rows)
    if stale or _mark(db) != largest:
        with archive._writing():
            run_script(db, _TABLE)
            db.execute("INSERT OR REPLACE INTO notes (key, value) VALUES (?, ?)", (_MARK, str(largest)))
    return len(stale)


def _exists(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM sqlite_master WHERE name = 'named_weeks'").fetchone() is not None


def _is_summed(db: sqlite3.Connection, before: int) -> bool:
    return _exists(db) and not _stale(db, before)


def _mark(db: sqlite3.Connection) -> int:
    row = db.execute("SELECT value FROM notes WHERE key = ?", (_MARK,)).fetchone()
    return int(row[0]) if row and _exists(db) else 0


def _stale(db: sqlite3.Connection, before: int) -> list[int]:
    """Weeks before `before` of documents tagged since the sums were made: all documents, where there are none."""
    week = WEEK.format("d.first_seen")
    rows = db.execute(
        f"SELECT DISTINCT {week} AS w FROM tagsets t CROSS JOIN documents d ON d.id = t.document "
        f"WHERE t.id > ? AND w < ? ORDER BY w",
        (_mark(db), before),
    )
    return [row[0] for row in rows]


def _summed(db: sqlite3.Connection, before: int) -> list[tuple[int, int, int, int, str, str]]:
    if not before:
        return []
    rows = db.execute(
        "SELECT term, week, documents, stories, first_seen, last_seen FROM named_weeks WHERE week < ?", (before,)
    )
    return [tuple(row) for row in rows]


def _counted(db: sqlite3.Connection, first: int, end: int | None) -> list[tuple[int, int, int, int, str, str]]:
    """(term, week, documents, stories, first seen, last seen) of the weeks in [first, end), counted now. Stories are of
    affirmed mentions."""
    bound = "AND d.first_seen < strftime('%Y-%m-%dT%H:%M:%SZ', :end * 7 + 2440591.5) " if end is not None else ""
    rows = db.execute(
        f"SELECT x.term, {WEEK.format('d.first_seen')} AS week, count(*), "
        f"count(DISTINCT CASE WHEN x.assertion = 'affirmed' THEN d.story END), min(d.first_seen), max(d.first_seen) "
        f"FROM documents d INDEXED BY documents_first_seen CROSS JOIN tag_terms x ON x.tagset = d.tagset "
        f"AND x.r IS NOT NULL "  # only substances have a role
        f"WHERE d.first_seen >= strftime('%Y-%m-%dT%H:%M:%SZ', :first * 7 + 2440591.5) {bound}AND d.kept "
        f"GROUP BY x.term, week",
        {"first": first, "end": end},
    )
    return [tuple(row) for row in rows]
