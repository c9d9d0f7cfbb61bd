"""Puts documents into stories as they come: their links are found (`neighbours.py`), a story is what links connect.

The order of arrival does not matter. Cost is per document, however large a story has grown.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tracker.archive.identity import keys_of
from tracker.archive.neighbours import Arrival, links_of, load
from tracker.archive.sketch import day_of, is_dated, make_sketch
from tracker.archive.stories import Link, grouped, voices_within
from tracker.model import Document

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from tracker.archive.neighbours import Links
    from tracker.archive.sketch import Sketch

PAGE = 200  # documents compared at once


def group(connection: sqlite3.Connection, *, limit: int = 2000, only: Sequence[int] | None = None) -> int:
    """Put up to `limit` waiting documents, or of those `only` these, into stories, oldest first; returns how many.
    Inside a transaction."""
    rows = connection.execute(
        "SELECT document FROM ungrouped ORDER BY document LIMIT ?"
        if only is None
        else "SELECT document FROM ungrouped WHERE document IN (SELECT value FROM json_each(?)) ORDER BY document",
        (limit if only is None else json.dumps(list(only)),),
    )
    waiting = [row[0] for row in rows]
    for start in range(0, len(waiting), PAGE):
        _group_page(connection, waiting[start : start + PAGE])
    return len(waiting)


def _group_page(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    _forget(connection, ids)
    arrivals = _arrivals(connection, ids)
    links = links_of(connection, arrivals)
    connection.executemany(
        "INSERT OR REPLACE INTO links VALUES (?,?,?,?)",
        [
            (min(number, other), max(number, other), relation, why)
            for number, found in links.items()
            for other, (relation, why) in found.items()
        ],
    )
    stories = _Stories(connection)
    for number, found in links.items():
        if found:
            stories.place(number, found)
    connection.execute("DELETE FROM ungrouped WHERE document IN (SELECT value FROM json_each(?))", (_list(ids),))


def _arrivals(connection: sqlite3.Connection, ids: Sequence[int]) -> list[Arrival]:
    """The kept documents of `ids` with fresh sketches."""
    rows = connection.execute(
        "SELECT d.id, r.title, coalesce(r.text, '') AS text, t.doctype, t.countries, d.published, d.first_seen, "
        "d.doi, d.pmid, d.canonical_url, d.external_id, t.id AS tagset FROM json_each(?) w CROSS JOIN "
        "documents d ON d.id = w.value "
        "JOIN revisions r ON r.id = d.revision LEFT JOIN tagsets t ON t.id = d.tagset WHERE d.kept",
        (_list(ids),),
    ).fetchall()
    subjects = _subjects(connection, [row["tagset"] for row in rows])
    found = []
    for row in rows:
        sketch = make_sketch(
            row["title"], row["text"], day=day_of(row["published"], row["first_seen"]),
            dated=is_dated(row["published"]),
            subjects=subjects.get(row["tagset"], ()), places=(row["countries"] or "").split(),
        )  # fmt: skip
        found.append(_arrival(row, sketch))
    return found


def _arrival(row: sqlite3.Row, sketch: Sketch) -> Arrival:
    link = row["canonical_url"]
    named = Document(external_id=row["external_id"], url=link, doi=row["doi"], pmid=row["pmid"])
    return Arrival(
        row["id"],
        row["title"],
        row["text"],
        row["doctype"],
        row["doi"],
        row["pmid"],
        link,
        keys_of(named, link),
        sketch,
    )


def _subjects(connection: sqlite3.Connection, tagsets: Sequence[int]) -> dict[int, list[str]]:
    """Primary substances of each tag set, at most three; the classes where none is primary."""
    rows = connection.execute(
        "SELECT x.tagset, m.kind, m.name, x.r FROM json_each(?) w CROSS JOIN tag_terms x ON x.tagset = w.value "
        "JOIN terms m ON m.id = x.term WHERE m.kind IN ('substance', 'class') ORDER BY x.tagset, x.position",
        (json.dumps([t for t in tagsets if t is not None]),),
    )
    primary: dict[int, list[str]] = {}
    classes: dict[int, list[str]] = {}
    for tagset, kind, name, role in rows:
        if kind == "class":
            classes.setdefault(tagset, []).append(name)
        elif role == _PRIMARY:
            primary.setdefault(tagset, []).append(name)
    return {t: (primary.get(t) or classes.get(t) or [])[:3] for t in {*primary, *classes}}


_PRIMARY = 0  # as `tag_terms.r` has it


def _forget(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Changed documents are compared anew: their old keys and links go, and the stories they held together split."""
    old = load(connection, ids)
    if old:
        keys = [(key, number) for number, sketch in old.items() for key in sketch.lookup_keys()]
        connection.executemany("DELETE FROM buckets WHERE key = ? AND document = ?", keys)
        connection.executemany("DELETE FROM sketches WHERE document = ?", [(number,) for number in old])
    linked = connection.execute(
        "SELECT value FROM json_each(?) w WHERE EXISTS (SELECT 1 FROM links WHERE a = w.value) "
        "OR EXISTS (SELECT 1 FROM links WHERE b = w.value)",
        (_list(ids),),
    )
    for (number,) in linked.fetchall():
        connection.execute("DELETE FROM links WHERE a = ? OR b = ?", (number, number))
        story = connection.execute("SELECT story FROM documents WHERE id = ?", (number,)).fetchone()[0]
        regroup(connection, {story})


class _Stories:
    """Places documents into stories, one after the other; what was read of a story is remembered while they are."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._may_be_cut = connection.execute("SELECT 1 FROM cuts LIMIT 1").fetchone() is not None
        self._known: dict[int, tuple[int, int, str]] = {}  # document: story, voice, publisher
        self._voices: dict[int, dict[str, int]] = {}  # story: voice of each publisher in it

    def place(self, document: int, links: Links) -> None:
        """Put one document into the story that its links lead to."""
        near = self._near([document, *links])
        stories = {story for story, _, _ in near.values()}
        own, _, publisher = near[document]
        if own != document or len(stories - {own}) != 1 or (self._may_be_cut and _is_cut(self._db, stories)):
            regroup(self._db, stories)
            self._known.clear()
            self._voices.clear()
            return
        story = (stories - {own}).pop()
        same_voice = {near[other][1] for other, (relation, _) in links.items() if relation != "event" and other in near}
        if publisher:  # in a story a publisher has one voice
            told = {near[other][1] for other in links if other in near and near[other][2] == publisher}
            same_voice |= told or self._told_by(story, publisher)
        self._join(document, story, same_voice, publisher)

    def _near(self, ids: Sequence[int]) -> dict[int, tuple[int, int, str]]:
        if missing := [n for n in ids if n not in self._known]:
            rows = self._db.execute(
                "SELECT d.id, d.story, d.witness, coalesce(d.publisher, d.journal, s.publisher, s.id) FROM "
                "json_each(?) w CROSS JOIN documents d ON d.id = w.value JOIN sources s ON s.num = d.source",
                (_list(missing),),
            )
            self._known.update((row[0], (row[1], row[2], (row[3] or "").casefold().strip())) for row in rows)
        return {n: self._known[n] for n in ids if n in self._known}

    def _told_by(self, story: int, publisher: str) -> set[int]:
        """The voice with which a publisher speaks in a story, if it does."""
        if story not in self._voices:
            rows = self._db.execute(
                "SELECT DISTINCT coalesce(d.publisher, d.journal, s.publisher, s.id), d.witness FROM documents d "
                "JOIN sources s ON s.num = d.source WHERE d.story = ?",
                (story,),
            )
            self._voices[story] = {(name or "").casefold().strip(): witness for name, witness in rows}
        voice = self._voices[story].get(publisher)
        return set() if voice is None else {voice}

    def _join(self, document: int, story: int, same_voice: set[int], publisher: str) -> None:
        """Add one document to one story: what `regroup` would give, without reading the links of a large one again."""
        witnesses = {document, *same_voice}
        name, voice = min(story, document), min(witnesses)
        self._db.execute("UPDATE documents SET story = ?, witness = ? WHERE id = ?", (name, voice, document))
        others = witnesses - {voice, document}
        if name != story:
            self._db.execute("UPDATE documents SET story = ? WHERE story = ?", (name, story))
        if others:
            self._db.execute(
                "UPDATE documents SET witness = ? WHERE story = ? AND witness IN (SELECT value FROM json_each(?))",
                (voice, name, _list(others)),
            )
        if name != story or others:  # more than this document has changed
            self._known.clear()
            self._voices.clear()
            return
        self._known[document] = (name, voice, publisher)
        if story in self._voices:
            self._voices[story][publisher] = voice


def _is_cut(connection: sqlite3.Connection, stories: set[int]) -> bool:
    """Whether a join was cut by hand in one of these stories."""
    row = connection.execute(
        "SELECT 1 FROM cuts c JOIN documents d ON d.id IN (c.a, c.b) "
        "WHERE d.story IN (SELECT value FROM json_each(?)) LIMIT 1",
        (_list(stories),),
    ).fetchone()
    return row is not None


def regroup(connection: sqlite3.Connection, stories: set[int]) -> None:
    """Work out anew the stories and voices of all documents that are in one of `stories`."""
    members = {
        row[0]: (row[1], row[2], row[3])
        for row in connection.execute(
            "SELECT d.id, coalesce(d.publisher, d.journal, s.publisher, s.id), d.story, d.witness FROM json_each(?) w "
            "CROSS JOIN documents d ON d.story = w.value JOIN sources s ON s.num = d.source",
            (json.dumps(sorted(stories)),),
        )
    }
    ids = json.dumps(sorted(members))
    links = [
        Link(*row)
        for row in connection.execute(
            "SELECT l.a, l.b, l.relation, l.why FROM json_each(?) w CROSS JOIN links l ON l.a = w.value", (ids,)
        )
    ]
    cuts = {
        (row[0], row[1])
        for row in connection.execute("SELECT c.a, c.b FROM json_each(?) w CROSS JOIN cuts c ON c.a = w.value", (ids,))
    }
    story = grouped(members, links, cuts)
    copies = [(k.a, k.b) for k in links if k.relation != "event"]
    voice = voices_within({m: publisher for m, (publisher, _, _) in members.items()}, story, copies)
    connection.executemany(
        "UPDATE documents SET story = ?, witness = ? WHERE id = ?",
        [(story[m], voice[m], m) for m, (_, s, v) in members.items() if (story[m], voice[m]) != (s, v)],
    )


def _list(numbers: Iterable[int]) -> str:
    return json.dumps(sorted(numbers))
