"""Fetch states and the ledger of fetches: what is due, what happened, which source has gone silent."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tracker.archive.times import moment, stamp
from tracker.model import FetchState

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from tracker.model import Fetch, SourceStatus

_MOMENTS = ("last_polled", "last_ok", "not_before", "seen_until")
GOOD: frozenset[str] = frozenset({"ok", "not_modified", "empty"})
SILENT_FACTOR = 4.0  # overdue by this many usual rhythms …
SILENT_DAYS = 7.0  # … and by at least a week: a Christmas pause of a daily source is not silence
MANY_FAILURES = 3  # in a row: no longer an accident
ALWAYS_LIST = ("feed", "listing", "table")  # kinds that show all their items each time: none at all is no answer
RHYTHM_ARRIVALS = 30  # arrivals looked at, newest first


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How one source does. `rhythm_days` is the median of days between arrivals of new items, None below four
    arrivals."""

    id: str
    status: SourceStatus | None
    last_ok: datetime | None
    last_polled: datetime | None
    last_item: datetime | None
    rhythm_days: float | None
    silent: bool
    error: str | None
    documents: int
    failures: int
    moved_to: str | None
    not_before: datetime | None
    first_watched: datetime | None
    findings: tuple[str, ...] = ()  # what is wrong and what to do, a line each, the gravest first


def state_json(state: FetchState) -> str:
    """A state as stored; absent fields left out."""
    values: dict[str, Any] = {}
    for f in fields(state):
        value = getattr(state, f.name)
        if value not in (None, 0) and f.name != "source":
            values[f.name] = stamp(value) if f.name in _MOMENTS else value
    return json.dumps(values, ensure_ascii=False)


def state_of(source: str, text: str | None) -> FetchState:
    """Inverse of `state_json`; a source never polled has an empty state."""
    values = json.loads(text) if text else {}
    for name in _MOMENTS:
        if name in values:
            values[name] = moment(values[name])
    known = {f.name for f in fields(FetchState)}
    return FetchState(source=source, **{k: v for k, v in values.items() if k in known})


def read_states(connection: sqlite3.Connection) -> dict[str, FetchState]:
    rows = connection.execute("SELECT id, state FROM sources WHERE state IS NOT NULL")
    return {row["id"]: state_of(row["id"], row["state"]) for row in rows}


def write(connection: sqlite3.Connection, polls: Sequence[tuple[int, Sequence[Fetch], FetchState]]) -> None:
    """Keep rows and next state of polls, given with the number of their source; the first good poll starts the time
    for which a source counts as watched."""
    connection.executemany(
        "INSERT INTO fetches (source, at, url, status, http, ms, bytes, items, error, note) VALUES "
        "(?,?,?,?,?,?,?,?,?,?)",
        [
            (num, stamp(f.at), f.url, f.status, f.http, f.ms, f.bytes, f.items, f.error, f.note)
            for num, fetches, _ in polls
            for f in fetches
        ],
    )
    connection.executemany(
        "UPDATE sources SET state = ?, first_watched = coalesce(first_watched, ?) WHERE num = ?",
        [(state_json(state), stamp(state.last_ok) if state.last_ok else None, num) for num, _, state in polls],
    )


def identifiers(
    connection: sqlite3.Connection,
    field: str,
    source: str,
    *,
    after: int,
    limit: int,
    read_before: str,
    others: Sequence[str] | None,
) -> list[tuple[int, str, bool]]:
    """See `Archive.identifiers`."""
    if field not in ("pmid", "doi", "url"):
        raise ValueError(field)
    row = connection.execute("SELECT num FROM sources WHERE id = ?", (source,)).fetchone()
    if row is None:
        return []
    nums = [row[0]]
    if others is not None:
        known = connection.execute("SELECT num, id FROM sources")
        nums += [num for num, name in known.fetchall() if name != source and name not in others]
    rows = connection.execute(
        f"SELECT id, {field}, source = ? FROM documents WHERE id > ? AND kept AND {field} IS NOT NULL "
        f"AND source IN (SELECT value FROM json_each(?)) AND editorial_status NOT IN ('retracted', 'notice') "
        f"AND fetched < ? ORDER BY id LIMIT ?",
        (row[0], after, json.dumps(nums), read_before, limit),
    )
    return [(number, identifier, bool(own)) for number, identifier, own in rows]


def health(connection: sqlite3.Connection, now: datetime) -> list[SourceHealth]:
    """Every source that was ever polled or given documents, in order of id."""
    rows = connection.execute("SELECT * FROM sources ORDER BY id").fetchall()
    counts = _documents_by_source(connection, stamp(now))
    return [_health(connection, row, now, counts.get(row["num"], 0)) for row in rows]


# From the newest document to the newest one of the batch before, by two steps of an index: batches may be large.
_ARRIVALS = f"""
WITH RECURSIVE latest(id) AS (
  SELECT (SELECT id FROM documents WHERE source = :source AND first_seen <= :until AND NOT backfilled
    ORDER BY id DESC LIMIT 1)
  UNION ALL SELECT (SELECT d.id FROM documents d WHERE d.source = :source AND NOT d.backfilled AND d.id < (
    SELECT min(b.id) FROM documents b WHERE NOT b.backfilled AND b.first_seen = (
      SELECT c.first_seen FROM documents c WHERE c.id = latest.id)) ORDER BY d.id DESC LIMIT 1)
  FROM latest WHERE latest.id IS NOT NULL LIMIT {RHYTHM_ARRIVALS}
) SELECT DISTINCT d.first_seen FROM latest CROSS JOIN documents d ON d.id = latest.id ORDER BY 1 DESC
"""


def arrivals(connection: sqlite3.Connection, source: int, until: str) -> list[datetime]:
    """The latest moments up to `until` at which a source (its number) gave something new, newest first."""
    rows = connection.execute(_ARRIVALS, {"source": source, "until": until})
    return [datetime.fromisoformat(row[0]) for row in rows]


def _documents_by_source(connection: sqlite3.Connection, until: str) -> dict[int, int]:
    """How many documents each source gave by the moment; from the index alone where nothing is younger."""
    newest = connection.execute("SELECT max(first_seen) FROM documents").fetchone()[0]
    bound = "WHERE first_seen <= ?" if newest and newest > until else "WHERE ? IS NOT NULL"
    rows = connection.execute(f"SELECT source, count(*) FROM documents {bound} GROUP BY source", (until,))
    return dict(rows.fetchall())


def _health(connection: sqlite3.Connection, row: sqlite3.Row, now: datetime, count: int) -> SourceHealth:
    state = state_of(row["id"], row["state"])
    times = arrivals(connection, row["num"], stamp(now))
    rhythm = rhythm_days(times)
    last = times[0] if times else None
    silent = is_silent(last, rhythm, now)
    findings = [*_of_state(state), *_of_layout(connection, row, state)]
    if silent and last is not None:
        findings.append(f"nothing new since {last:%Y-%m-%d}; usually every {rhythm:g} days")
    return SourceHealth(
        id=row["id"],
        status=state.status,
        last_ok=state.last_ok,
        last_polled=state.last_polled,
        last_item=last,
        rhythm_days=rhythm,
        silent=silent,
        error=state.error,
        documents=count,
        failures=state.failures,
        moved_to=state.moved_to,
        not_before=state.not_before,
        first_watched=moment(row["first_watched"]),
        findings=tuple(findings),
    )


def _of_state(state: FetchState) -> list[str]:
    """What the latest poll says: gone, refused, failing again and again, moved."""
    found = []
    if state.status == "gone":
        found.append("the address or interface has ended: look for its successor and change `url`")
    elif state.status == "blocked":
        found.append("refuses us: ask the publisher, or read its newsletter with kind mailbox")
    elif state.failures >= MANY_FAILURES:
        found.append(f"failed {state.failures} times in a row")
    if state.moved_to:
        found.append(f"moved for good to {state.moved_to}: change `url`")
    return found


def _of_layout(connection: sqlite3.Connection, row: sqlite3.Row, state: FetchState) -> list[str]:
    """What lists its items always has some, and they keep having dates."""
    if row["kind"] not in ALWAYS_LIST or state.status not in GOOD:
        return []
    latest = connection.execute(
        "SELECT at, note FROM fetches WHERE source = ? AND items > 0 ORDER BY at DESC, id DESC LIMIT 1", (row["num"],)
    ).fetchone()
    if latest is None:
        return []
    if state.status == "empty":
        return [f"yields nothing, the last time it did was {latest['at'][:10]}: has its layout changed?"]
    undated = re.search(r"(\d+) of (\d+) items have no readable date", latest["note"] or "")
    if undated and undated[1] == undated[2]:
        return ["no item has a date any more: has its layout changed?"]
    return []


def rhythm_days(arrivals: Sequence[datetime]) -> float | None:
    """Median days between arrivals given newest first; None with fewer than four, where a median says nothing."""
    if len(arrivals) < 4:
        return None
    from statistics import median

    gaps = [(a - b).total_seconds() / 86400 for a, b in itertools.pairwise(arrivals)]
    return round(median(gaps), 2)


def is_silent(last_item: datetime | None, rhythm: float | None, now: datetime) -> bool:
    """Nothing new for much longer than usual."""
    if last_item is None or rhythm is None:
        return False
    return now - last_item > timedelta(days=max(rhythm * SILENT_FACTOR, SILENT_DAYS))
