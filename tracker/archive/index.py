"""Rows of the search index: written with a document, changed with its facts, set aside when a newer version comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

SearchRow = tuple[int, int, str, "str | None", "str | None", str]  # document, revision, first_seen, title, text, facts


def add_to_search(connection: sqlite3.Connection, rows: Sequence[SearchRow]) -> None:
    """Make current revisions findable."""
    connection.executemany(
        "INSERT INTO search_rows (id, revision, document, first_seen, facts) VALUES (?,?,?,?,?)",
        [(row[0], row[1], row[0], row[2], row[5]) for row in rows],
    )
    connection.executemany(_INDEX, [(row[0], *row[3:]) for row in rows])


_INDEX = "INSERT INTO search (rowid, title, text, facts) VALUES (?,?,?,?)"
_UNINDEX = "INSERT INTO search (search, rowid, title, text, facts) VALUES ('delete',?,?,?,?)"


def change_facts(
    connection: sqlite3.Connection,
    number: int,
    line: str,
    *,
    to: int | None = None,
    change: Callable[[], object] | None = None,
) -> None:
    """Replace the facts of one row of the search index; with `to` its number, with `change` also its texts."""
    row = connection.execute("SELECT title, text, facts FROM search_content WHERE id = ?", (number,)).fetchone()
    if row is None or (row["facts"] == line and to is None and change is None):
        return
    to = number if to is None else to
    connection.execute(_UNINDEX, (number, row["title"], row["text"], row["facts"]))
    connection.execute("UPDATE search_rows SET id = ?, facts = ? WHERE id = ?", (to, line, number))
    if change is not None:
        change()
        row = connection.execute("SELECT title, text FROM search_content WHERE id = ?", (to,)).fetchone()
    connection.execute(_INDEX, (to, row["title"], row["text"], line))


def retire_from_search(connection: sqlite3.Connection, document: int) -> None:
    """An older revision is found only by reads as of a moment when it was the current one."""
    row = connection.execute("SELECT revision, facts FROM search_rows WHERE id = ?", (document,)).fetchone()
    if row is not None:
        line = " ".join("zo" if w in ("zk", "zu") else w for w in row["facts"].split())
        change_facts(connection, document, line, to=-row["revision"])
