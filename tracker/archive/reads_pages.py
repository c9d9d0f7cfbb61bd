"""What the pages read beside search and documents: whether anything changed, substances at a glance, candidate names.

Plain rows; the web gives them a form. Everything is as it stands now.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracker.archive.reads_analysis import WEEK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracker.archive import Archive

EXAMPLES = 3  # documents shown with a candidate


def lean(archive: Archive) -> Archive:
    """Let one of several connections of a process take little memory; the system's own cache serves them all."""
    archive._db.execute("PRAGMA cache_size = -8192")
    archive._db.execute("PRAGMA mmap_size = 0")
    return archive


def state(archive: Archive) -> str:
    """A short text that changes with every batch, retag and decision: what was worked out before it may be stale."""
    row = archive._db.execute(
        "SELECT (SELECT max(id) FROM documents), (SELECT max(id) FROM revisions), (SELECT max(id) FROM tagsets), "
        "(SELECT max(id) FROM fetches), (SELECT max(id) FROM decisions), (SELECT count(*) FROM cuts)"
    ).fetchone()
    return "-".join(str(value or 0) for value in row)


@dataclass(frozen=True, slots=True)
class Seen:
    """A substance in the archive: kept documents that name it, when it was first and last seen, stories a week."""

    name: str
    documents: int
    first_seen: str
    last_seen: str
    weeks: tuple[int, ...]  # stories of the last weeks, oldest first, this one last


def substances(archive: Archive, *, this_week: int, weeks: int) -> dict[str, Seen]:
    """Every substance that a kept document names, by name. `this_week` is a number of `analysis.weeks`."""
    with archive.reading():
        totals = archive._db.execute(
            "SELECT m.name, f.documents, f.first, f.last FROM (SELECT x.term, count(*) AS documents, "
            "min(d.first_seen) AS first, max(d.first_seen) AS last FROM documents d CROSS JOIN tag_terms x "
            "ON x.tagset = d.tagset AND x.r IS NOT NULL WHERE d.kept GROUP BY x.term) f "  # only substances have a role
            "JOIN terms m ON m.id = f.term AND m.kind = 'substance'"
        ).fetchall()
        series = _series(archive, this_week, weeks)
    return {row[0]: Seen(row[0], row[1], row[2], row[3], tuple(series.get(row[0], [0] * weeks))) for row in totals}


def _series(archive: Archive, this_week: int, weeks: int) -> dict[str, list[int]]:
    """Stories a week of each substance over the last weeks."""
    week = WEEK.format("d.first_seen")
    rows = archive._db.execute(
        f"SELECT m.name, {week} AS week, count(DISTINCT d.story) FROM documents d INDEXED BY documents_first_seen "
        "CROSS JOIN tag_terms x ON x.tagset = d.tagset AND x.assertion = 'affirmed' "
        "CROSS JOIN terms m ON m.id = x.term AND m.kind = 'substance' "
        "WHERE d.first_seen >= datetime('1970-01-05', ?) AND d.kept GROUP BY m.id, week",
        (f"+{7 * (this_week - weeks + 1)} days",),
    )
    found: dict[str, list[int]] = defaultdict(lambda: [0] * weeks)
    for name, number, stories in rows:
        place = number - (this_week - weeks + 1)
        if 0 <= place < weeks:
            found[name][place] = stories
    return found


@dataclass(frozen=True, slots=True)
class Unknown:
    """A candidate name over all kept, relevant documents; `spans` are (document, field, start, end) of the newest."""

    key: str  # folded: lower case
    surface: str
    cls: str | None
    why: str
    documents: int
    sources: int
    first_seen: str
    last_seen: str
    spans: tuple[tuple[int, str, int, int], ...]


def candidates(archive: Archive, *, limit: int = 500) -> list[Unknown]:
    """Names that look like substances and are not in the lexicon, last seen first."""
    with archive.reading():
        rows = archive._db.execute(
            "SELECT lower(c.surface) AS key, c.surface, c.class, c.why, count(DISTINCT d.id), "
            "count(DISTINCT coalesce(d.witness, d.id)), min(d.first_seen), max(d.first_seen) AS last "
            "FROM candidates c JOIN tagsets t ON t.id = c.tagset AND t.relevant "
            "JOIN documents d ON d.id = t.document AND d.tagset = t.id AND d.kept "
            "GROUP BY key ORDER BY last DESC, 5 DESC, key LIMIT ?",
            (limit,),
        ).fetchall()
        spans = _spans(archive, [row[0] for row in rows])
    return [Unknown(*tuple(row), spans=tuple(spans.get(row[0], ())[:EXAMPLES])) for row in rows]  # type: ignore[misc]


def _spans(archive: Archive, keys: Sequence[str]) -> dict[str, list[tuple[int, str, int, int]]]:
    rows = archive._db.execute(
        "SELECT lower(c.surface) AS key, d.id, c.field, c.start, c.end FROM candidates c "
        "JOIN tagsets t ON t.id = c.tagset AND t.relevant JOIN documents d ON d.tagset = t.id AND d.kept "
        "WHERE lower(c.surface) IN (SELECT value FROM json_each(?)) GROUP BY key, d.id "
        "ORDER BY d.first_seen DESC, d.id",
        (json.dumps(list(keys)),),
    )
    found: dict[str, list[tuple[int, str, int, int]]] = defaultdict(list)
    for key, document, field, start, end in rows:
        found[key].append((document, field, start, end))
    return found


@dataclass(frozen=True, slots=True)
class Watched:
    """A source as it was described when last polled."""

    id: str
    name: str | None
    kind: str | None
    url: str | None
    publisher: str | None
    country: str | None
    type: str | None
    tier: str | None
    every: int | None


def sources(archive: Archive) -> list[Watched]:
    """All sources that gave or may give documents, by id."""
    with archive.reading():
        rows = archive._db.execute(
            "SELECT id, name, kind, url, publisher, country, type, tier, every FROM sources ORDER BY id"
        )
        return [Watched(*row) for row in rows]
