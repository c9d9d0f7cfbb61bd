"""Puts documents into stories as they come: lookup by keys, decision by pairs, groups by links. Cost is per document.

The links of a pair depend on the two documents alone, and a story is what links connect, so the order of arrival
does not
matter; only lookup keys that more than `CROWD` documents share are looked through in part.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from tracker.archive.identity import Keys, agree, keys_of
from tracker.archive.sketch import (
    EVENT_DAYS,
    WEEK,
    Sketch,
    copy_of,
    day_of,
    event_of,
    is_dated,
    make_sketch,
    may_be_copy,
    surely_copy,
)
from tracker.archive.stories import Link, grouped, voices_within
from tracker.model import Document

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

CROWD = 60  # documents of one key that are looked at, newest first
ENOUGH = 16  # links to copies that are kept of one document: more say nothing new of its story
REACH = tuple(range(-(EVENT_DAYS // WEEK + 1), EVENT_DAYS // WEEK + 2))  # weeks looked into, before and after
_TELLING = ("journal_article", "factsheet", "report", "marketing")  # no event is told in these: same item and copy only


@dataclass(frozen=True, slots=True)
class _Doc:
    """One document on its way into a story."""

    id: int
    title: str | None
    text: str
    doctype: str | None
    doi: str | None
    pmid: str | None
    link: str | None
    keys: Keys
    sketch: Sketch


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
    for doc in _documents(connection, waiting):
        _place(connection, doc)
    connection.execute(
        "DELETE FROM ungrouped WHERE document IN (SELECT value FROM json_each(?))", (json.dumps(waiting),)
    )
    return len(waiting)


def _documents(connection: sqlite3.Connection, ids: Sequence[int]) -> list[_Doc]:
    """Kept documents of `ids` with fresh sketches; the others leave whatever story they were in."""
    rows = connection.execute(
        "SELECT d.id, r.title, coalesce(r.text, '') AS text, t.doctype, t.countries, d.published, d.first_seen, "
        "d.kept, d.doi, d.pmid, d.canonical_url, d.external_id, t.id AS tagset FROM json_each(?) w CROSS JOIN "
        "documents d ON d.id = w.value "
        "JOIN revisions r ON r.id = d.revision LEFT JOIN tagsets t ON t.id = d.tagset",
        (json.dumps(list(ids)),),
    ).fetchall()
    subjects = _subjects(connection, [row["tagset"] for row in rows])
    found = []
    for row in rows:
        _forget(connection, row["id"])
        if row["kept"]:
            sketch = make_sketch(
                row["title"], row["text"], day=day_of(row["published"], row["first_seen"]),
                dated=is_dated(row["published"]),
                subjects=subjects.get(row["tagset"], ()), places=(row["countries"] or "").split(),
            )  # fmt: skip
            found.append(_doc(row, sketch))
    return found


def _doc(row: sqlite3.Row, sketch: Sketch) -> _Doc:
    link = row["canonical_url"]
    named = Document(external_id=row["external_id"], url=link, doi=row["doi"], pmid=row["pmid"])
    return _Doc(
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
        "SELECT x.tagset, m.kind, m.name, x.role FROM json_each(?) w CROSS JOIN tag_terms x ON x.tagset = w.value "
        "JOIN terms m ON m.id = x.term WHERE m.kind IN ('substance', 'class') ORDER BY x.tagset, x.position",
        (json.dumps([t for t in tagsets if t is not None]),),
    )
    primary: dict[int, list[str]] = {}
    classes: dict[int, list[str]] = {}
    for tagset, kind, name, role in rows:
        if kind == "class":
            classes.setdefault(tagset, []).append(name)
        elif role == "primary":
            primary.setdefault(tagset, []).append(name)
    return {t: (primary.get(t) or classes.get(t) or [])[:3] for t in {*primary, *classes}}


def _forget(connection: sqlite3.Connection, document: int) -> None:
    """A changed document is compared anew: its old keys and links go, and the story it held together is split."""
    old = _load(connection, [document])
    if document in old:
        keys = old[document].lookup_keys()
        connection.executemany("DELETE FROM buckets WHERE key = ? AND document = ?", [(k, document) for k in keys])
        connection.execute("DELETE FROM sketches WHERE document = ?", (document,))
    if connection.execute("DELETE FROM links WHERE a = ? OR b = ?", (document, document)).rowcount:
        story = connection.execute("SELECT story FROM documents WHERE id = ?", (document,)).fetchone()[0]
        regroup(connection, {story})


def _place(connection: sqlite3.Connection, doc: _Doc) -> None:
    _keep(connection, doc)
    links = {**_events_and_copies(connection, doc), **_same_items(connection, doc)}
    links.pop(doc.id, None)
    if not links:
        return
    connection.executemany(
        "INSERT OR REPLACE INTO links VALUES (?,?,?,?)",
        [(min(doc.id, other), max(doc.id, other), relation, why) for other, (relation, why) in links.items()],
    )
    near = {
        row[0]: (row[1], row[2], (row[3] or "").casefold().strip())
        for row in connection.execute(
            "SELECT d.id, d.story, d.witness, coalesce(d.publisher, d.journal, s.publisher, s.id) FROM documents d "
            "JOIN sources s ON s.num = d.source WHERE d.id IN (SELECT value FROM json_each(?))",
            (json.dumps([doc.id, *links]),),
        )
    }
    stories = {story for story, *_ in near.values()}
    own = near[doc.id][0]
    if own == doc.id and len(stories - {own}) == 1 and not _is_cut(connection, stories):
        same_voice = {near[other][1] for other, (relation, _) in links.items() if relation != "event" and other in near}
        publisher, story = near[doc.id][2], (stories - {own}).pop()
        told = {near[other][1] for other in links if other in near and publisher and near[other][2] == publisher}
        same_voice |= told or _told_by(connection, story, publisher)  # in a story a publisher has one voice
        _join(connection, doc.id, story, same_voice)
    else:
        regroup(connection, stories)


def _is_cut(connection: sqlite3.Connection, stories: set[int]) -> bool:
    """Whether a join was cut by hand in one of these stories."""
    row = connection.execute(
        "SELECT 1 FROM cuts c JOIN documents d ON d.id IN (c.a, c.b) "
        "WHERE d.story IN (SELECT value FROM json_each(?)) LIMIT 1",
        (json.dumps(sorted(stories)),),
    ).fetchone()
    return row is not None


def _told_by(connection: sqlite3.Connection, story: int, publisher: str) -> set[int]:
    """The voice with which a publisher speaks in a story, if it does."""
    if not publisher:
        return set()
    rows = connection.execute(
        "SELECT DISTINCT coalesce(d.publisher, d.journal, s.publisher, s.id), d.witness FROM documents d "
        "JOIN sources s ON s.num = d.source WHERE d.story = ?",
        (story,),
    )
    return {witness for name, witness in rows if (name or "").casefold().strip() == publisher}


def _join(connection: sqlite3.Connection, document: int, story: int, same_voice: set[int]) -> None:
    """Add one document to one story: what `regroup` would give, without reading the links of a large story again."""
    witnesses = {document, *same_voice}
    name, voice = min(story, document), min(witnesses)
    connection.execute("UPDATE documents SET story = ?, witness = ? WHERE id = ?", (name, voice, document))
    if name != story:
        connection.execute("UPDATE documents SET story = ? WHERE story = ?", (name, story))
    if others := witnesses - {voice, document}:
        connection.execute(
            "UPDATE documents SET witness = ? WHERE story = ? AND witness IN (SELECT value FROM json_each(?))",
            (voice, name, json.dumps(sorted(others))),
        )


def _keep(connection: sqlite3.Connection, doc: _Doc) -> None:
    s = doc.sketch
    sets = [
        " ".join(sorted(x.replace(" ", "\x1f") for x in part)) for part in (s.subjects, s.places, s.names, s.numbers)
    ]
    connection.execute(
        "INSERT INTO sketches VALUES (?,?,?,?,?,?,?,?,?)", (doc.id, s.minhash, s.size, s.day, *sets, int(s.dated))
    )
    connection.executemany("INSERT OR IGNORE INTO buckets VALUES (?,?)", [(k, doc.id) for k in s.lookup_keys()])


def _load(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[int, Sketch]:
    rows = connection.execute(
        "SELECT k.* FROM json_each(?) w CROSS JOIN sketches k ON k.document = w.value", (json.dumps(list(ids)),)
    )
    return {row["document"]: _sketch(row) for row in rows}


def _sketch(row: sqlite3.Row) -> Sketch:
    subjects, places, names, numbers = (_words(row[part]) for part in ("subjects", "places", "names", "numbers"))
    return Sketch(row["minhash"], row["size"], row["day"], subjects, places, names, numbers, dated=bool(row["dated"]))


@lru_cache(maxsize=4096)
def _words(line: str) -> frozenset[str]:
    return frozenset(x.replace("\x1f", " ") for x in line.split(" ") if x)


def _same_items(connection: sqlite3.Connection, doc: _Doc) -> dict[int, tuple[str, str]]:
    """Kept documents that share DOI, PMID or canonical link."""
    keys = [k for k in (doc.keys.pmid, doc.keys.doi, doc.keys.link) if k is not None]
    rows = connection.execute(
        "SELECT DISTINCT o.id, o.doi, o.pmid, o.canonical_url FROM json_each(?) w "
        "CROSS JOIN identities i ON i.key = w.value JOIN documents o ON o.id = i.document WHERE o.kept AND o.id "
        "<> ? LIMIT ?",
        (json.dumps(keys), doc.id, CROWD),
    )
    found = {}
    for other, doi, pmid, link in rows:
        if pmid and pmid == doc.pmid:
            found[other] = ("same_item", f"both are PMID {pmid}")
        elif doi and doc.doi and doi.lower() == doc.doi.lower():
            found[other] = ("same_item", f"both are DOI {doi}")
        elif link and link == doc.link and agree(doc.doi, doc.pmid, doi, pmid):
            found[other] = ("same_item", f"both are {link}")
    return found


def _events_and_copies(connection: sqlite3.Connection, doc: _Doc) -> dict[int, tuple[str, str]]:
    tells = doc.doctype not in _TELLING
    keys = doc.sketch.bands() + (doc.sketch.event_keys_in(REACH) if tells else [])
    sketches = _load(connection, _near(connection, keys, doc.id))
    if not sketches:
        return {}
    copies = _copies(connection, doc, sketches)
    found = dict(list(copies.items())[:ENOUGH])
    if tells:
        found |= _events(connection, doc, {n: s for n, s in sketches.items() if n not in copies})
    return found


def _near(connection: sqlite3.Connection, keys: Sequence[int], own: int) -> list[int]:
    """Documents that share keys, those with most first: in a crowd of like texts they say all there is to say."""
    cursor = connection.cursor()
    cursor.row_factory = None
    shared: Counter[tuple[int]] = Counter()
    for key in keys:
        found = cursor.execute(
            "SELECT document FROM buckets WHERE key = ? ORDER BY document DESC LIMIT ?", (key, CROWD)
        )
        shared.update(found.fetchall())
    del shared[own,]
    return [other for (other,) in sorted(shared, key=lambda row: (-shared[row], row))[:CROWD]]


def _copies(connection: sqlite3.Connection, doc: _Doc, sketches: dict[int, Sketch]) -> dict[int, tuple[str, str]]:
    """Copies among these, the sure ones first; texts are read only where the sketches leave a doubt."""
    found: dict[int, tuple[str, str]] = {}
    unsure = []
    for number, other in sketches.items():
        if may_be_copy(doc.sketch, other):
            if why := surely_copy(doc.sketch, other):
                found[number] = ("copy", why)
            else:
                unsure.append(number)
    for number, title, text in _texts(connection, unsure) if unsure else ():
        if why := copy_of(doc.sketch, sketches[number], doc.text or doc.title or "", text or title or ""):
            found[number] = ("copy", why)
    return found


def _texts(connection: sqlite3.Connection, ids: Sequence[int]) -> list[tuple[int, str | None, str | None]]:
    rows = connection.execute(
        "SELECT d.id, r.title, r.text FROM json_each(?) w CROSS JOIN documents d ON d.id = w.value "
        "JOIN revisions r ON r.id = d.revision",
        (json.dumps(list(ids)),),
    )
    return [tuple(row) for row in rows]


def _events(connection: sqlite3.Connection, doc: _Doc, sketches: dict[int, Sketch]) -> dict[int, tuple[str, str]]:
    found = {}
    for number, other in sketches.items():
        if why := event_of(doc.sketch, other):
            found[number] = ("event", why)
    if not found:
        return {}
    rows = connection.execute(
        "SELECT d.id, t.doctype FROM json_each(?) w CROSS JOIN documents d ON d.id = w.value "
        "JOIN tagsets t ON t.id = d.tagset",
        (json.dumps(list(found)),),
    )
    return {row[0]: found[row[0]] for row in rows if row[1] not in _TELLING}


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
