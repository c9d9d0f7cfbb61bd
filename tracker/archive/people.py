"""People: who may log in, what they decided on documents, stories and candidates, and what was done by whom.

Decisions are kept apart from what sources said and from tags: rows are only ever added, so that nothing is lost when
two people decide at once. An undone decision keeps its row and is named by a later one. `subject` is `document:12`,
`story:5` or `candidate:NAME` (folded).
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tracker.archive.times import stamp
from tracker.errors import UsageError
from tracker.model import NOTHING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from tracker.archive import Archive

Person = Literal["reader", "analyst"]
ROLES: tuple[Person, ...] = ("reader", "analyst")
RIGHT = ("read", "important")  # verdicts that confirm a document; read without objection counts as confirmed
VERDICTS = (*RIGHT, "not_relevant", "wrong_tag", "note")
CANDIDATE_VERDICTS = ("alias", "new_substance", "never", "note")
UNDOABLE = 20  # of a person's newest decisions

TABLES = """
CREATE TABLE users (
  name TEXT PRIMARY KEY, role TEXT NOT NULL,
  hash TEXT NOT NULL,                   -- argon2, never the password
  epoch INTEGER NOT NULL DEFAULT 1,     -- raised with every change: sessions begun before end
  created_at TEXT NOT NULL, changed_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE audit (id INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT, what TEXT NOT NULL, detail TEXT);
ALTER TABLE decisions ADD COLUMN detail TEXT;  -- JSON: the tag that is wrong, the substance a candidate became
ALTER TABLE decisions ADD COLUMN undoes INTEGER REFERENCES decisions(id);
CREATE INDEX decisions_undoes ON decisions(undoes) WHERE undoes IS NOT NULL;
CREATE INDEX decisions_who ON decisions(who, id);
"""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may log in. `epoch` is in every session; one begun before the last change is over."""

    name: str
    role: Person
    hash: str
    epoch: int
    created_at: str
    changed_at: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided. `undone` says that a later row takes it back."""

    id: int
    subject: str
    verdict: str
    who: str | None
    at: str
    note: str | None = None
    document: int | None = None
    detail: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    undone: bool = False


# --- users -----------------------------------------------------------------------------------------------------------


def users(archive: Archive) -> list[User]:
    """Everybody who may log in, by name."""
    with archive.reading():
        rows = archive._db.execute("SELECT name, role, hash, epoch, created_at, changed_at FROM users ORDER BY name")
        return [User(*row) for row in rows]


def user(archive: Archive, name: str) -> User | None:
    """The user of that name (case does not matter), None where there is none."""
    with archive.reading():
        row = archive._db.execute(
            "SELECT name, role, hash, epoch, created_at, changed_at FROM users WHERE name = ?", (_name(name),)
        ).fetchone()
    return User(*row) if row else None


def add_user(archive: Archive, name: str, *, role: str, hash: str, now: datetime, who: str | None = None) -> None:
    """Let somebody log in; UsageError where the name is taken or not usable."""
    name = _name(name)
    if not name or len(name) > 60 or not name.isprintable() or " " in name:
        raise UsageError(f"{name!r} cannot be a user's name: up to 60 characters without spaces")
    if role not in ROLES:
        raise UsageError(f"role {role!r} is none of {', '.join(ROLES)}")
    moment = stamp(now)
    with archive._writing() as db:
        if db.execute("SELECT 1 FROM users WHERE name = ?", (name,)).fetchone():
            raise UsageError(f"there is a user {name!r} already; `tracker user password {name}` sets a new password")
        db.execute(
            "INSERT INTO users (name, role, hash, created_at, changed_at) VALUES (?,?,?,?,?)",
            (name, role, hash, moment, moment),
        )
        _audit(db, moment, who, "user added", f"{name} ({role})")


def set_password(archive: Archive, name: str, *, hash: str, now: datetime, who: str | None = None) -> None:
    """Give a user a new password; all of the user's sessions end."""
    with archive._writing() as db:
        changed = db.execute(
            "UPDATE users SET hash = ?, epoch = epoch + 1, changed_at = ? WHERE name = ?",
            (hash, stamp(now), _name(name)),
        ).rowcount
        if not changed:
            raise UsageError(f"there is no user {name!r}; see `tracker user list`")
        _audit(db, stamp(now), who, "password changed", _name(name))


def remove_user(archive: Archive, name: str, *, now: datetime, who: str | None = None) -> None:
    """Take the login away; decisions keep the name."""
    with archive._writing() as db:
        if not db.execute("DELETE FROM users WHERE name = ?", (_name(name),)).rowcount:
            raise UsageError(f"there is no user {name!r}; see `tracker user list`")
        _audit(db, stamp(now), who, "user removed", _name(name))


def audit(archive: Archive, what: str, *, now: datetime, who: str | None = None, detail: str | None = None) -> None:
    """Note that something was done: logins, changes of users, exports of decisions."""
    with archive._writing() as db:
        _audit(db, stamp(now), who, what, detail)


def audit_rows(archive: Archive, limit: int = 200) -> list[tuple[str, str | None, str, str | None]]:
    """(at, who, what, detail), newest first."""
    with archive.reading():
        rows = archive._db.execute("SELECT at, who, what, detail FROM audit ORDER BY id DESC LIMIT ?", (limit,))
        return [(row[0], row[1], row[2], row[3]) for row in rows]


# --- decisions -------------------------------------------------------------------------------------------------------

_COLUMNS = """d.id, d.subject, d.verdict, d.who, d.at, d.note, d.document, d.detail,
  EXISTS (SELECT 1 FROM decisions u WHERE u.undoes = d.id) AS undone"""


def subject(kind: str, key: int | str) -> str:
    """`document:12`, `story:5`, `candidate:fluetazolam`."""
    return f"{kind}:{str(key).casefold().strip()}"


def decide(
    archive: Archive,
    subject: str,
    verdict: str,
    *,
    who: str,
    now: datetime,
    note: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> int:
    """Add a decision and return its number. UsageError for an unknown verdict or a subject that does not exist."""
    kind, _, key = subject.partition(":")
    allowed = CANDIDATE_VERDICTS if kind == "candidate" else VERDICTS
    if kind not in ("document", "story", "candidate") or not key:
        raise UsageError(f"{subject!r} cannot be decided on: write document:12, story:5 or candidate:NAME")
    if verdict not in allowed:
        raise UsageError(f"verdict {verdict!r} is none of {', '.join(allowed)}")
    if verdict == "note" and not (note or "").strip():
        raise UsageError("a note needs words")
    number = _number(key) if kind != "candidate" else None
    with archive._writing() as db:
        if number is not None and not db.execute("SELECT 1 FROM documents WHERE id = ?", (number,)).fetchone():
            raise UsageError(f"there is no {kind} {key}")
        cursor = db.execute(
            "INSERT INTO decisions (document, subject, verdict, note, who, at, detail) VALUES (?,?,?,?,?,?,?)",
            (
                number if kind == "document" else None, subject, verdict, (note or "").strip() or None, who, stamp(now),
                json.dumps(dict(detail), ensure_ascii=False) if detail else None,
            ),
        )  # fmt: skip
        return int(cursor.lastrowid or 0)


def undo(archive: Archive, number: int, *, who: str, now: datetime) -> Decision:
    """Take back one of the person's last twenty decisions; returns it. UsageError for any other."""
    with archive._writing() as db:
        found = next((d for d in _mine(db, who) if d.id == number), None)
        if found is None:
            raise UsageError(f"decision {number} is not among your last {UNDOABLE} that stand")
        db.execute(
            "INSERT INTO decisions (document, subject, verdict, who, at, undoes) VALUES (?,?,'undo',?,?,?)",
            (found.document, found.subject, who, stamp(now), number),
        )
        return found


def own_decisions(archive: Archive, who: str) -> list[Decision]:
    """The person's last twenty decisions that stand, newest first: those that can be undone."""
    with archive.reading():
        return _mine(archive._db, who)


def _mine(db: sqlite3.Connection, who: str) -> list[Decision]:
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM decisions d WHERE d.who = ? AND d.undoes IS NULL AND NOT undone "
        "ORDER BY d.id DESC LIMIT ?",
        (who, UNDOABLE),
    )
    return [_decision(row) for row in rows]


def standing(archive: Archive, subjects: Iterable[str]) -> dict[str, list[Decision]]:
    """Decisions that stand on each of these subjects, oldest first; subjects without any are left out."""
    with archive.reading():
        rows = archive._db.execute(
            f"SELECT {_COLUMNS} FROM json_each(?) w CROSS JOIN decisions d ON d.subject = w.value "
            "WHERE d.undoes IS NULL AND NOT undone ORDER BY d.id",
            (json.dumps(sorted(set(subjects))),),
        )
        found: dict[str, list[Decision]] = defaultdict(list)
        for row in rows:
            found[row["subject"]].append(_decision(row))
    return dict(found)


def all_decisions(archive: Archive) -> Iterator[Decision]:
    """Every decision, undone ones marked, oldest first: for export."""
    with archive.reading():
        rows = archive._db.execute(f"SELECT {_COLUMNS} FROM decisions d WHERE d.undoes IS NULL ORDER BY d.id")
        yield from map(_decision, rows.fetchall())


def decisions_csv(archive: Archive) -> str:
    """Every decision as CSV with a header; cells that a spreadsheet would take for formulas are defused."""
    from tracker.text.csvcells import defused

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(["id", "subject", "document", "verdict", "who", "at", "note", "detail", "undone"])
    for d in all_decisions(archive):
        detail = json.dumps(dict(d.detail), ensure_ascii=False) if d.detail else None
        cells = [d.id, d.subject, d.document, d.verdict, d.who, d.at, d.note, detail, int(d.undone)]
        writer.writerow([defused(cell) if isinstance(cell, str) else cell for cell in cells])
    return stream.getvalue()


def _decision(row: sqlite3.Row) -> Decision:
    return Decision(
        row["id"], row["subject"], row["verdict"], row["who"], row["at"], row["note"], row["document"],
        json.loads(row["detail"]) if row["detail"] else NOTHING, bool(row["undone"]),
    )  # fmt: skip


# --- what decisions say of sources and rules -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Precision:
    """Of the documents (or tags) of one source (or rule) that people judged in a month, how many they found right."""

    name: str
    month: str  # of the judgement, "2026-11"
    right: int
    judged: int


def precision_of_sources(archive: Archive) -> list[Precision]:
    """By source and month, from the newest verdict on each document: read and important are right, not relevant is
    wrong."""
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for source, _, verdict, at in _judged(archive):
        counts[source, at[:7]][0] += verdict in RIGHT
        counts[source, at[:7]][1] += 1
    return [Precision(name, month, *found) for (name, month), found in sorted(counts.items())]


def precision_of_rules(archive: Archive) -> list[Precision]:
    """By rule of the theme tags and month: the tags of documents found right count as right, those that somebody marked
    as wrong do not."""
    wrong: Counter[tuple[str, str]] = Counter()
    denied: dict[int, set[str]] = defaultdict(set)
    for decision in all_decisions(archive):
        if decision.verdict == "wrong_tag" and not decision.undone and decision.detail.get("theme"):
            theme = str(decision.detail["theme"])
            wrong[f"{theme}: {decision.detail.get('rule') or 'no rule'}", decision.at[:7]] += 1
            denied[decision.document or 0].add(theme)
    right: Counter[tuple[str, str]] = Counter()
    judged = {document: at for _, document, verdict, at in _judged(archive) if verdict in RIGHT}
    for record in archive.documents(list(judged)):
        for tag in record.tags.themes if record.tags else ():
            if tag.theme not in denied[record.id]:
                right[f"{tag.theme}: {tag.rule or 'no rule'}", judged[record.id][:7]] += 1
    keys = sorted({*wrong, *right})
    return [Precision(name, month, right[name, month], right[name, month] + wrong[name, month]) for name, month in keys]


def _judged(archive: Archive) -> list[tuple[str, int, str, str]]:
    """(source, document, verdict, at) of the newest verdict on the relevance of each document."""
    marks = ", ".join(f"'{verdict}'" for verdict in (*RIGHT, "not_relevant"))
    with archive.reading():
        rows = archive._db.execute(
            "SELECT s.id, d.document, d.verdict, d.at FROM decisions d JOIN documents x ON x.id = d.document "
            "JOIN sources s ON s.num = x.source WHERE d.id IN (SELECT max(n.id) FROM decisions n WHERE n.document IS "
            f"NOT NULL AND n.verdict IN ({marks}) AND NOT EXISTS (SELECT 1 FROM decisions u WHERE u.undoes = n.id) "
            "GROUP BY n.document) ORDER BY d.id"
        )
        return [(row[0], row[1], row[2], row[3]) for row in rows]


def _number(key: str) -> int:
    if not key.isdecimal() or len(key) > 15:
        raise UsageError(f"{key!r} is not the number of a document")
    return int(key)


def _name(name: str) -> str:
    return name.strip().casefold()


def _audit(db: sqlite3.Connection, at: str, who: str | None, what: str, detail: str | None) -> None:
    db.execute("INSERT INTO audit (at, who, what, detail) VALUES (?,?,?,?)", (at, who, what, detail))
