"""Upkeep: is the file whole, a copy of it while it runs, dropping what nobody reads."""

from __future__ import annotations

import json
import os
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.archive import facts
from tracker.archive.connection import translated
from tracker.archive.identity import content_hash, document_of
from tracker.archive.index import change_facts
from tracker.archive.terms import found_terms
from tracker.archive.times import stamp
from tracker.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

PAGE = 500

_ORPHANS = {
    "documents without a current revision": """
      SELECT count(*) FROM documents d
      LEFT JOIN revisions r ON r.id = d.revision AND r.document = d.id AND r.known_until IS NULL WHERE r.id IS NULL""",
    "documents whose current tag set is not one of their current revision": """
      SELECT count(*) FROM documents d
      LEFT JOIN tagsets t ON t.id = d.tagset AND t.revision = d.revision AND t.latest AND t.known_until IS NULL
      WHERE d.tagset IS NOT NULL AND t.id IS NULL""",
    "revisions that end before they begin": "SELECT count(*) FROM revisions WHERE known_until < known_from",
    "revisions known before their document": """
      SELECT count(*) FROM revisions r JOIN documents d ON d.id = r.document WHERE r.known_from < d.first_seen""",
    "documents nobody can find again (no identity)": """
      SELECT count(*) FROM documents WHERE id NOT IN (SELECT document FROM identities)""",
    "revisions missing from the search index": """
      SELECT count(*) FROM revisions WHERE id NOT IN (SELECT revision FROM search_rows)""",
    "documents in a story that does not exist": """
      SELECT count(*) FROM documents d LEFT JOIN documents s ON s.id = d.story WHERE s.id IS NULL""",
    "stories not named after their smallest document": """
      SELECT count(*) FROM (SELECT story, min(id) AS low FROM documents GROUP BY story HAVING low <> story)""",
}


def verify(connection: sqlite3.Connection) -> Iterator[str]:
    """What is wrong with the file, one line each; nothing when all is well. Reads everything once."""
    for (line,) in connection.execute("PRAGMA integrity_check(20)"):
        if line != "ok":
            yield f"file: {line}"
    broken = [dict(row) for row in connection.execute("PRAGMA foreign_key_check")]
    for row in broken[:20]:
        yield f"{row['table']}: row {row['rowid']} refers to a row of {row['parent']} that does not exist"
    for what, statement in _ORPHANS.items():
        if count := connection.execute(statement).fetchone()[0]:
            yield f"{count} {what}"
    yield from _search_differences(connection)
    yield from _hash_differences(connection)


def _search_differences(connection: sqlite3.Connection) -> Iterator[str]:
    """The index against the texts, then the facts in it against the tags."""
    connection.execute("BEGIN")
    try:
        connection.execute("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        yield f"search index differs from the texts ({error}): rebuild it with `tracker verify --rebuild`"
    finally:
        connection.execute("ROLLBACK")
    wrong = sum(1 for _ in _wrong_facts(connection))
    if wrong:
        yield f"{wrong} documents whose facts in the search index differ from their tags"


def _wrong_facts(connection: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    """(document, right line) of current rows whose line of facts is not what the tags say."""
    last = 0
    while True:
        rows = connection.execute(
            "SELECT x.id, x.facts, d.kept, d.source, s.tier, d.published, d.first_seen, t.id AS tagset, t.doctype, "
            "t.countries, json_extract(r.fields, '$.countries') AS stated FROM search_rows x "
            "JOIN documents d ON d.id = x.id JOIN sources s ON s.num = d.source JOIN revisions r ON r.id = d.revision "
            "LEFT JOIN tagsets t ON t.id = d.tagset WHERE x.id > ? ORDER BY x.id LIMIT ?",
            (last, PAGE),
        ).fetchall()
        if not rows:
            return
        last = rows[-1]["id"]
        terms = found_terms(connection, [row["tagset"] for row in rows if row["tagset"] is not None])
        for row in rows:
            line = line_of(row, terms.get(row["tagset"], []))
            if set(line.split()) != set(row["facts"].split()):
                yield row["id"], line


def line_of(row: sqlite3.Row, terms: list[facts.Found]) -> str:
    """The line of facts of a current document."""
    countries = {*(row["countries"] or "").split(), *json.loads(row["stated"] or "[]")}
    return facts.words(
        current=True, kept=bool(row["kept"]), source=row["source"], tier=row["tier"], published=row["published"],
        first_seen=row["first_seen"], doctype=row["doctype"], countries=sorted(countries), terms=terms,
    )  # fmt: skip


def _hash_differences(connection: sqlite3.Connection) -> Iterator[str]:
    """What was stored has not changed since."""
    wrong = 0
    for row in connection.execute("SELECT fields, title, text, summary, hash FROM revisions WHERE pruned IS NULL"):
        document = document_of(row["fields"], row["title"], row["text"], row["summary"])
        wrong += content_hash(document) != row["hash"]
    if wrong:
        yield f"{wrong} revisions whose content is not what their hash says"


def rebuild_search(connection: sqlite3.Connection) -> int:
    """Make the search index anew from texts and tags; returns how many lines of facts were wrong."""
    wrong = list(_wrong_facts(connection))
    for document, line in wrong:
        connection.execute("UPDATE search_rows SET facts = ? WHERE id = ?", (line, document))
    connection.execute("INSERT INTO search (search) VALUES ('rebuild')")
    return len(wrong)


def backup(connection: sqlite3.Connection, target: Path) -> None:
    """A consistent copy at `target`, whole or not there. One pass under a read lock, which in WAL keeps no writer."""
    if target.is_dir():
        raise UsageError(f"{target} is a folder; `tracker backup` needs the path of the copy")
    if not target.parent.is_dir():
        raise UsageError(f"no folder {target.parent} to put the copy in")
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with translated(target):
            copy = sqlite3.connect(part)
            try:
                connection.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
            finally:
                copy.close()
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def prune(connection: sqlite3.Connection, *, now: datetime, days: int, limit: int = PAGE) -> int:
    """Empty the text of up to `limit` documents that are not kept and older than `days`; returns how many. Titles,
    dates, identities and hashes stay, so nothing is taken for new. Inside a transaction."""
    before = stamp(now - timedelta(days=days))
    rows = connection.execute(
        "SELECT r.id, d.id AS document, r.known_until FROM documents d JOIN revisions r ON r.document = d.id "
        "WHERE NOT d.kept AND d.first_seen < ? AND r.pruned IS NULL AND (r.text IS NOT NULL OR r.summary IS NOT NULL) "
        "LIMIT ?",
        (before, limit),
    ).fetchall()
    for row in rows:
        number = row["document"] if row["known_until"] is None else -row["id"]
        _empty(connection, row["id"], number, stamp(now))
    return len(rows)


def _empty(connection: sqlite3.Connection, revision: int, number: int, at: str) -> None:
    def drop() -> None:
        connection.execute("UPDATE revisions SET text = NULL, summary = NULL, pruned = ? WHERE id = ?", (at, revision))

    line = connection.execute("SELECT facts FROM search_rows WHERE id = ?", (number,)).fetchone()
    change_facts(connection, number, line["facts"], change=drop)
