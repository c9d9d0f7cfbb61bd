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
MANY = 20_000  # places of candidates from which on only the newest names are looked at


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
        newest = _newest(archive, limit)
        chosen = "" if newest is None else "WHERE c.surface IN (SELECT value FROM json_each(?)) "
        rows = archive._db.execute(
            "SELECT lower(c.surface) AS key, c.surface, c.class, c.why, count(DISTINCT d.id), "
            "count(DISTINCT coalesce(d.witness, d.id)), min(d.first_seen), max(d.first_seen) AS last "
            "FROM candidates c JOIN tagsets t ON t.id = c.tagset AND t.relevant "
            f"JOIN documents d ON d.id = t.document AND d.tagset = t.id AND d.kept {chosen}"
            "GROUP BY key ORDER BY last DESC, 5 DESC, key LIMIT ?",
            (limit,) if newest is None else (json.dumps(newest), limit),
        ).fetchall()
        spans = _spans(archive, [row[0] for row in rows], newest)
    return [Unknown(*tuple(row), spans=tuple(spans.get(row[0], ())[:EXAMPLES])) for row in rows]  # type: ignore[misc]


def _newest(archive: Archive, limit: int) -> list[str] | None:
    """Spellings of the names last tagged, enough of them for `limit` names; None where there are so few places that all
    names are looked at. An odd spelling (`fLUoro`) that stands in older documents only is not counted then."""
    few = "SELECT count(*) FROM (SELECT 1 FROM candidates LIMIT ?)"
    if archive._db.execute(few, (MANY,)).fetchone()[0] < MANY:
        return None
    names: set[str] = set()
    spellings: set[str] = set()
    for (surface,) in archive._db.execute(
        "SELECT c.surface FROM candidates c CROSS JOIN tagsets t ON t.id = c.tagset AND t.relevant "
        "CROSS JOIN documents d ON d.id = t.document AND d.tagset = t.id AND d.kept ORDER BY c.tagset DESC"
    ):
        names.add(surface.lower())
        if len(names) > limit:
            break
        spellings.update((surface, surface.lower(), surface.upper(), surface.title(), surface.capitalize()))
    return sorted(spellings)


def _spans(
    archive: Archive, keys: Sequence[str], newest: Sequence[str] | None
) -> dict[str, list[tuple[int, str, int, int]]]:
    chosen = "" if newest is None else "c.surface IN (SELECT value FROM json_each(?)) AND "
    rows = archive._db.execute(
        "SELECT lower(c.surface) AS key, d.id, c.field, c.start, c.end FROM candidates c "
        "JOIN tagsets t ON t.id = c.tagset AND t.relevant JOIN documents d ON d.tagset = t.id AND d.kept "
        f"WHERE {chosen}lower(c.surface) IN (SELECT value FROM json_each(?)) GROUP BY key, d.id "
        "ORDER BY d.first_seen DESC, d.id",
        (json.dumps(list(keys)),) if newest is None else (json.dumps(newest), json.dumps(list(keys))),
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
