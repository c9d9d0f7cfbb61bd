"""What the pages read beside search and documents: whether anything changed, candidate names, sources.

Plain rows; the web gives them a form. Everything is as it stands now.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracker.archive import Archive

EXAMPLES = 3  # documents shown with a candidate


def lean(archive: Archive) -> Archive:
    """Let one of several connections of a process take little memory; the system's own cache serves them all."""
    archive._db.execute("PRAGMA cache_size = -3072")
    archive._db.execute("PRAGMA mmap_size = 0")
    archive._db.execute("PRAGMA temp_store = FILE")  # only large sorts leave memory
    return archive


def state(archive: Archive) -> str:
    """A short text that changes with every batch, retag and decision: what was worked out before it may be stale."""
    row = archive._db.execute(
        "SELECT (SELECT max(id) FROM documents), (SELECT max(id) FROM revisions), (SELECT max(id) FROM tagsets), "
        "(SELECT max(id) FROM fetches), (SELECT max(id) FROM decisions), (SELECT count(*) FROM cuts)"
    ).fetchone()
    return "-".join(str(value or 0) for value in row)


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
