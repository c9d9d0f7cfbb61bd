"""Notices mark their originals, whichever of the two came first: retracted, of concern, corrected."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tracker.archive.identity import gravest, notice_status, target_key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from tracker.model import Document


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


def mark(connection: sqlite3.Connection, original: int, notice: int, status: str, at: str) -> None:
    """Mark a document as the notice says; the gravest word is shown, the earliest moment of a notice stays."""
    if original == notice:
        return
    connection.execute(
        "INSERT INTO editorial_marks VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET status = excluded.status",
        (original, notice, status, at),
    )
    rows = connection.execute(
        "SELECT status FROM editorial_marks WHERE document = ? UNION ALL "
        "SELECT coalesce(json_extract(r.fields, '$.editorial_status'), 'ok') FROM documents d "
        "JOIN revisions r ON r.id = d.revision WHERE d.id = ?",
        (original, original),
    )
    connection.execute(
        "UPDATE documents SET editorial_status = ? WHERE id = ?", (gravest([r[0] for r in rows]), original)
    )
