"""Notices mark their originals, whichever of the two came first: retracted, of concern, corrected."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tracker.archive.identity import gravest, notice_status, target_key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from tracker.model import Document

FLAGS = frozenset({"retracted", "concern", "corrected"})
"""What a record may say of itself; `notice` is about others."""


def apply_notice(connection: sqlite3.Connection, notice: int, document: Document, seen: str) -> None:
    """Remember what a notice is about, and mark what of it is stored already."""
    status = notice_status(document)
    for target in document.relates_to:
        key = target_key(target)
        if key is None:
            continue
        connection.execute("INSERT OR REPLACE INTO relations VALUES (?,?,?,?)", (notice, key, target, status))
        for (original,) in connection.execute("SELECT document FROM identities WHERE key = ?", (key,)).fetchall():
            mark(connection, original, notice, status, seen)


def apply_waiting(connection: sqlite3.Connection, fresh: Sequence[tuple[int, int]]) -> None:
    """Mark new documents, given as (key, document), about which notices were stored before them."""
    waiting = connection.execute(
        "SELECT r.key, r.notice, r.status FROM json_each(?) w CROSS JOIN relations r ON r.key = w.value",
        (json.dumps([key for key, _ in fresh]),),
    ).fetchall()
    owner = dict(fresh)
    for key, notice, status in waiting:
        seen = connection.execute(
            "SELECT max(first_seen) FROM documents WHERE id IN (?, ?)", (owner[key], notice)
        ).fetchone()[0]
        mark(connection, owner[key], notice, status, seen)


def apply_flag(
    connection: sqlite3.Connection, document: int, strong: Sequence[int], status: str, at: str, *, revised: bool
) -> None:
    """A record that says of itself that it is retracted, of concern or corrected: remember when it came to say so
    (`revised`: it did not before), and mark the same item held from other sources (`strong`: keys of DOI and PMID).

    A record that takes it back loses its own mark and gives none.
    """
    if status not in FLAGS:
        connection.execute("DELETE FROM editorial_marks WHERE notice = ?", (document,))
        return
    if revised and _said_before(connection, document) != status:
        _remember(connection, document, document, status, at)
    twins = connection.execute(
        "SELECT i.document FROM json_each(?) w CROSS JOIN identities i ON i.key = w.value WHERE i.document <> ?",
        (json.dumps(list(strong)), document),
    ).fetchall()
    for (twin,) in twins:
        mark(connection, twin, document, status, at)


def _said_before(connection: sqlite3.Connection, document: int) -> str | None:
    """What the version before the current one said of itself."""
    row = connection.execute(
        "SELECT json_extract(fields, '$.editorial_status') FROM revisions WHERE document = ? "
        "ORDER BY id DESC LIMIT 1 OFFSET 1",
        (document,),
    ).fetchone()
    return row[0] if row else None


def apply_flagged(connection: sqlite3.Connection, fresh: Sequence[tuple[int, int]], at: str) -> None:
    """Mark new documents, given as (key of DOI or PMID, document), that another source is known to have flagged."""
    flagged = connection.execute(
        "SELECT w.value, d.id, json_extract(r.fields, '$.editorial_status') AS status FROM json_each(?) w "
        "CROSS JOIN identities i ON i.key = w.value JOIN documents d ON d.id = i.document "
        "JOIN revisions r ON r.id = d.revision WHERE d.editorial_status IN ('retracted', 'concern', 'corrected')",
        (json.dumps([key for key, _ in fresh]),),
    ).fetchall()
    owner = dict(fresh)
    for key, twin, status in flagged:
        if status in FLAGS:
            mark(connection, owner[key], twin, status, at)


def mark(connection: sqlite3.Connection, original: int, notice: int, status: str, at: str) -> None:
    """Mark a document as the notice says; the gravest word is shown, the earliest moment of a notice stays."""
    if original == notice:
        return
    _remember(connection, original, notice, status, at)
    rows = connection.execute(
        "SELECT status FROM editorial_marks WHERE document = ? UNION ALL "
        "SELECT coalesce(json_extract(r.fields, '$.editorial_status'), 'ok') FROM documents d "
        "JOIN revisions r ON r.id = d.revision WHERE d.id = ?",
        (original, original),
    )
    connection.execute(
        "UPDATE documents SET editorial_status = ? WHERE id = ?", (gravest([r[0] for r in rows]), original)
    )


def _remember(connection: sqlite3.Connection, original: int, notice: int, status: str, at: str) -> None:
    connection.execute(
        "INSERT INTO editorial_marks VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET status = excluded.status",
        (original, notice, status, at),
    )
