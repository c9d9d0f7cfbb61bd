"""The outbox of the digest: one row an issue and recipient. The intent is stored before a mail leaves, the result
after.

Statuses: `intended` not tried yet, `sending` being tried by the process that holds the writer's lock, `sent` accepted
by the mail server, `failed` refused or not reached (tried again next time), `doubt` it may or may not have arrived
(sent again with the same Message-ID, so that a mail program shows it once).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracker.archive.times import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tracker.archive import Archive


@dataclass(frozen=True, slots=True)
class Delivery:
    """One mail of one issue to one recipient."""

    issue: str
    recipient: str
    message_id: str
    status: str
    attempts: int
    changed_at: str
    error: str | None = None


def intend(archive: Archive, issue: str, recipients: Iterable[tuple[str, str]], *, now: datetime) -> None:
    """Note that the issue shall go to these (recipient, Message-ID); those noted before keep their row and its id.

    Rows that a killed process left as `sending` are in doubt from here on: call only under the writer's lock.
    """
    moment = stamp(now)
    with archive._writing() as db:
        db.execute("UPDATE deliveries SET status = 'doubt', changed_at = ? WHERE status = 'sending'", (moment,))
        db.executemany(
            "INSERT OR IGNORE INTO deliveries (issue, recipient, message_id, status, intended_at, changed_at) "
            "VALUES (?, ?, ?, 'intended', ?, ?)",
            [(issue, recipient, message_id, moment, moment) for recipient, message_id in recipients],
        )


def begin(archive: Archive, issue: str, recipient: str, *, now: datetime) -> None:
    """The mail is about to leave."""
    with archive._writing() as db:
        db.execute(
            "UPDATE deliveries SET status = 'sending', attempts = attempts + 1, changed_at = ?, error = NULL "
            "WHERE issue = ? AND recipient = ?",
            (stamp(now), issue, recipient),
        )


def finish(
    archive: Archive, issue: str, recipient: str, *, status: str, now: datetime, error: str | None = None
) -> None:
    """What became of it: sent, failed or doubt."""
    with archive._writing() as db:
        db.execute(
            "UPDATE deliveries SET status = ?, changed_at = ?, error = ? WHERE issue = ? AND recipient = ?",
            (status, stamp(now), error, issue, recipient),
        )


def deliveries(archive: Archive, issue: str | None = None) -> list[Delivery]:
    """The rows of one issue, or of all, oldest first."""
    rows = archive._db.execute(
        "SELECT issue, recipient, message_id, status, attempts, changed_at, error FROM deliveries "
        "WHERE ? IS NULL OR issue = ? ORDER BY id",
        (issue, issue),
    )
    return [Delivery(*row) for row in rows]
