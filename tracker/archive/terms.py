"""Names as numbers: substances, classes, themes, lexicon versions and sources are written once and referred to."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

    from tracker.archive.facts import Found
    from tracker.model import Source


class Terms:
    """Numbers of names for one connection; new names are added in the transaction that first uses them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._numbers: dict[tuple[str, str], int] = {}
        self._details: dict[int, str | None] = {}
        self._names: dict[int, tuple[str, str, str | None]] = {}
        self._sources: dict[str, tuple[tuple[object, ...], int]] = {}

    def forget(self) -> None:
        """After a rollback: numbers handed out may not exist."""
        self._numbers.clear()
        self._details.clear()
        self._names.clear()
        self._sources.clear()

    def source(self, source: Source) -> int:
        """Number of a source; its description follows `sources.yaml`, its state is left alone."""
        described = _description(source)
        known = self._sources.get(source.id)
        if known is None or known[0] != described:
            known = self._sources[source.id] = described, _register(self._db, described)
        return known[1]

    def number(self, kind: str, name: str, detail: str | None = None) -> int:
        """The number of a name, made if it is new; `detail` (JSON) is brought up to date where given."""
        number = self._numbers.get((kind, name))
        if number is None:
            number = self._load(kind, name, detail)
        if detail is not None and self._details.get(number) != detail:
            self._db.execute("UPDATE terms SET detail = ? WHERE id = ?", (detail, number))
            self._details[number] = detail
            self._names.pop(number, None)
        return number

    def _load(self, kind: str, name: str, detail: str | None) -> int:
        row = self._db.execute("SELECT id, detail FROM terms WHERE kind = ? AND name = ?", (kind, name)).fetchone()
        if row:
            number, stored = int(row[0]), row[1]
        else:
            cursor = self._db.execute("INSERT INTO terms (kind, name, detail) VALUES (?, ?, ?)", (kind, name, detail))
            number, stored = int(cursor.lastrowid or 0), detail
        self._numbers[kind, name] = number
        self._details[number] = stored
        return number

    def find(self, kind: str, name: str) -> int | None:
        """The number of a name that is in use, else None."""
        row = self._db.execute(
            "SELECT id FROM terms WHERE kind = ? AND name = ? COLLATE NOCASE", (kind, name)
        ).fetchone()
        return int(row[0]) if row else None

    def name(self, number: int) -> tuple[str, str, str | None]:
        """(kind, name, detail) of a number."""
        if number not in self._names:
            row = self._db.execute("SELECT kind, name, detail FROM terms WHERE id = ?", (number,)).fetchone()
            self._names[number] = (row[0], row[1], row[2])
        return self._names[number]

    def lexicon(self, version: str, at: str) -> int:
        """Number of a lexicon version, made at first use."""
        known = self._numbers.get(("lexicon", version))
        if known:
            return known
        self._db.execute("INSERT OR IGNORE INTO lexicons (version, first_used) VALUES (?, ?)", (version, at))
        row = self._db.execute("SELECT id FROM lexicons WHERE version = ?", (version,)).fetchone()
        self._numbers["lexicon", version] = int(row[0])
        return int(row[0])


@lru_cache(maxsize=4096)
def substance_detail(cls: str, nps: bool) -> str:
    """What is kept of a substance beside its name."""
    return json.dumps({"class": cls, "nps": int(nps)}, ensure_ascii=False)


def _description(source: Source) -> tuple[object, ...]:
    return (
        source.id, source.name or None, source.kind, source.url, source.publisher, source.country, source.type,
        source.tier, source.keep, source.every,
    )  # fmt: skip


def _register(connection: sqlite3.Connection, described: tuple[object, ...]) -> int:
    columns = "id, name, kind, url, publisher, country, type, tier, keep, every"
    known = connection.execute(f"SELECT num, {columns} FROM sources WHERE id = ?", (described[0],)).fetchone()
    if known is not None and tuple(known)[1:] == described:
        return int(known[0])
    connection.execute(
        f"INSERT INTO sources ({columns}) "
        "VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET name=excluded.name, kind=excluded.kind, "
        "url=excluded.url, publisher=excluded.publisher, country=excluded.country, type=excluded.type, "
        "tier=excluded.tier, keep=excluded.keep, every=excluded.every",
        described,
    )
    return int(connection.execute("SELECT num FROM sources WHERE id = ?", (described[0],)).fetchone()[0])


def found_terms(connection: sqlite3.Connection, tagsets: list[int]) -> dict[int, list[Found]]:
    """(kind, number, assertion, primary) of the terms of each tag set."""
    rows = connection.execute(
        "SELECT x.tagset, m.kind, m.id, x.assertion, x.role FROM json_each(?) w "
        "CROSS JOIN tag_terms x ON x.tagset = w.value JOIN terms m ON m.id = x.term ORDER BY x.tagset, x.position",
        (json.dumps(tagsets),),
    )
    found: dict[int, list[Found]] = {}
    for tagset, kind, number, assertion, role in rows:
        found.setdefault(tagset, []).append((kind, number, assertion, role == "primary"))
    return found
