"""Documents as they were known at a moment, whole: what the source said, tags, marks, story."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from tracker.archive.identity import document_of, gravest
from tracker.archive.tagrows import read_tags
from tracker.archive.times import moment, stamp

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from tracker.archive.terms import Terms
    from tracker.model import Document, EditorialStatus, Tags, Tier

TagMode = Literal["then", "now"]
PAGE = 500  # documents read at once: a long export does not hold the file


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notice says of a document."""

    status: EditorialStatus
    document: int  # the notice
    at: datetime
    url: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One document as known at a moment. `document.text` and `.summary` are None and evidence is "" where the text may
    not be shown (forum and marketing sources)."""

    id: int
    source: str
    document: Document
    first_seen: datetime
    fetched: datetime
    publisher: str | None
    tier: Tier | None
    source_type: str | None
    kept: bool
    backfilled: bool
    quote: bool
    story: int
    voice: int  # one for all copies and all texts of one publisher in a story
    editorial_status: EditorialStatus
    notices: tuple[Notice, ...]
    revision: int
    revised: datetime | None  # when the text changed last, None for the first revision
    hash: str
    pruned: bool
    tags: Tags | None
    tagset: int | None
    tagged_at: datetime | None

    @property
    def doctype(self) -> str:
        """As the tagger judged, else as the source says."""
        return self.tags.doctype if self.tags else self.document.doctype or self.source_type or "other"

    @property
    def language(self) -> str | None:
        return self.document.language or (self.tags.language if self.tags else None)


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of a document's words."""

    id: int
    known_from: datetime
    known_until: datetime | None
    title: str | None
    text: str | None
    summary: str | None
    pruned: bool


def known_at(as_of: str | None, tags: TagMode) -> tuple[str, dict[str, Any]]:
    """FROM clause (documents d, revisions r, tagsets t, sources s, lexicons l) of what was known, and its
    parameters."""
    if as_of is None:
        joins = "JOIN revisions r ON r.id = d.revision LEFT JOIN tagsets t ON t.id = d.tagset"
    else:
        joins = (
            "JOIN revisions r ON r.document = d.id AND r.known_from <= :as_of "
            "AND (r.known_until IS NULL OR r.known_until > :as_of) "
        )
        if tags == "then":
            joins += (
                "LEFT JOIN tagsets t ON t.revision = r.id AND t.known_from <= :as_of "
                "AND (t.known_until IS NULL OR t.known_until > :as_of)"
            )
        else:
            joins += "LEFT JOIN tagsets t ON t.revision = r.id AND t.latest"
    clause = f"documents d JOIN sources s ON s.num = d.source {joins} LEFT JOIN lexicons l ON l.id = t.lexicon"
    return clause, {"as_of": as_of} if as_of else {}


_COLUMNS = """
d.id AS document, s.id AS source, coalesce(json_extract(r.fields, '$.publisher'), s.publisher) AS publisher, s.tier,
s.type AS source_type, d.first_seen, d.fetched, d.backfilled, d.quote, d.story, d.witness, d.kept AS document_kept,
r.id AS revision, r.known_from AS revision_from, r.title, r.text, r.summary, r.fields, r.hash, r.pruned,
t.id, t.made_at, t.relevant, t.relevance, t.kept, t.doctype, t.grade, t.language, t.countries, l.version
"""


def records(
    connection: sqlite3.Connection,
    terms: Terms,
    ids: Sequence[int],
    *,
    as_of: str | None = None,
    tags: TagMode = "then",
    private: bool = False,
) -> list[Record]:
    """Records of these documents, in the order given; those not known at `as_of` are left out. `private` also gives
    text that may not be shown: for tagging and checking only."""
    clause, values = known_at(as_of, tags)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM {clause} WHERE d.id IN (SELECT value FROM json_each(:ids))"
        + (" AND d.first_seen <= :as_of" if as_of else ""),
        {**values, "ids": json.dumps(list(ids))},
    ).fetchall()
    shown = {row["id"]: _texts(row, private) for row in rows if row["id"] is not None}
    found = read_tags(connection, [row for row in rows if row["id"] is not None], terms, shown)
    notices = _notices(connection, ids, as_of)
    made = {row["document"]: _record(row, found, notices, private) for row in rows}
    placed = _stories_at(connection, list(made.values()), as_of) if as_of else made
    return [placed[i] for i in ids if i in placed]


def _texts(row: sqlite3.Row, private: bool) -> tuple[str, str]:
    return row["title"] or "", (row["text"] or "") if row["quote"] or private else ""


def _record(row: sqlite3.Row, tags: dict[int, Tags], notices: dict[int, list[Notice]], private: bool) -> Record:
    open_ = row["quote"] or private
    document = document_of(
        row["fields"], row["title"], row["text"] if open_ else None, row["summary"] if open_ else None
    )
    about = tuple(notices.get(row["document"], ()))
    status: Any = gravest([document.editorial_status, *(n.status for n in about)])
    first_seen = row["first_seen"]
    return Record(
        id=row["document"],
        source=row["source"],
        document=document,
        first_seen=_moment(first_seen),
        fetched=_moment(row["fetched"]),
        publisher=row["publisher"],
        tier=row["tier"],
        source_type=row["source_type"],
        kept=bool(row["kept"]) if row["kept"] is not None else bool(row["document_kept"]),
        backfilled=bool(row["backfilled"]),
        quote=bool(row["quote"]),
        story=row["story"],
        voice=row["witness"],
        editorial_status=status,
        notices=about,
        revision=row["revision"],
        revised=_moment(row["revision_from"]) if row["revision_from"] > first_seen else None,
        hash=row["hash"].hex(),
        pruned=row["pruned"] is not None,
        tags=tags.get(row["id"]),
        tagset=row["id"],
        tagged_at=moment(row["made_at"]),
    )


def _moment(text: str) -> datetime:
    found = moment(text)
    assert found is not None
    return found


def _notices(connection: sqlite3.Connection, ids: Sequence[int], as_of: str | None) -> dict[int, list[Notice]]:
    rows = connection.execute(
        "SELECT m.document, m.status, m.notice, m.at, n.url, r.title FROM json_each(?) w "
        "CROSS JOIN editorial_marks m ON m.document = w.value JOIN documents n ON n.id = m.notice "
        "JOIN revisions r ON r.id = n.revision WHERE m.at <= ? AND m.notice <> m.document ORDER BY m.at, m.notice",
        (json.dumps(list(ids)), as_of or "9999"),
    )
    found: dict[int, list[Notice]] = {}
    for row in rows:
        notice = Notice(row["status"], row["notice"], _moment(row["at"]), row["url"], row["title"])
        found.setdefault(row["document"], []).append(notice)
    return found


def _stories_at(connection: sqlite3.Connection, found: Sequence[Record], as_of: str) -> dict[int, Record]:
    """Stories as they stood: later documents neither join nor bridge."""
    from tracker.archive.stories import stories_at

    places = stories_at(connection, {r.story for r in found}, as_of)
    return {r.id: replace(r, story=places[r.id][0], voice=places[r.id][1]) if r.id in places else r for r in found}


def revisions(connection: sqlite3.Connection, document: int, as_of: datetime | None = None) -> list[Revision]:
    """All versions known by `as_of`, oldest first; text None where it may not be shown or was pruned."""
    rows = connection.execute(
        "SELECT r.*, d.quote FROM revisions r JOIN documents d ON d.id = r.document "
        "WHERE r.document = ? AND r.known_from <= ? ORDER BY r.known_from, r.id",
        (document, stamp(as_of) if as_of else "9999"),
    )
    return [
        Revision(
            row["id"], _moment(row["known_from"]), moment(row["known_until"]), row["title"],
            row["text"] if row["quote"] else None, row["summary"] if row["quote"] else None, row["pruned"] is not None,
        )
        for row in rows
    ]  # fmt: skip


def all_ids(connection: sqlite3.Connection, *, as_of: str | None, everything: bool) -> Iterator[list[int]]:
    """Numbers of the documents known at a moment in pages, smallest first; kept ones only unless `everything`."""
    clause, values = known_at(as_of, "then")
    wanted = "" if everything else " AND coalesce(t.kept, d.kept)"
    seen = " AND d.first_seen <= :as_of" if as_of else ""
    last = 0
    while True:
        rows = connection.execute(
            f"SELECT d.id FROM {clause} WHERE d.id > :last{seen}{wanted} ORDER BY d.id LIMIT {PAGE}",
            {**values, "last": last},
        ).fetchall()
        if not rows:
            return
        yield [row[0] for row in rows]
        last = rows[-1][0]
