"""Finds what new documents may stand in one story with: lookup by keys, decision by pairs. A page of documents at once.

The links of a pair depend on the two documents alone; only lookup keys that more than `CROWD` documents share are
looked through in part, newest first.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from tracker.archive.identity import Keys, agree
from tracker.archive.sketch import EVENT_DAYS, WEEK, Sketch, copy_of, event_of, may_be_copy, surely_copy

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from tracker.archive.stories import Relation

    Links = dict[int, tuple[Relation, str]]  # other document: relation and why

CROWD = 60  # documents of one key that are looked at, newest first
ENOUGH = 16  # links to copies that are kept of one document: more say nothing new of its story
REACH = EVENT_DAYS // WEEK + 1  # weeks looked into, before and after
_TELLING = ("journal_article", "factsheet", "report", "marketing")  # no event is told in these: same item and copy only


@dataclass(frozen=True, slots=True)
class Arrival:
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

    @property
    def tells(self) -> bool:
        """Whether an event may be told in it."""
        return self.doctype not in _TELLING


@dataclass(frozen=True, slots=True)
class _Doors:
    """Lookup keys of one document: under which it stands, and where others like it may."""

    own: list[int]
    asked: list[int]


def links_of(connection: sqlite3.Connection, arrivals: Sequence[Arrival]) -> dict[int, Links]:
    """Links of each of some documents to those placed before and to those before it in the list; keeps their sketches
    and keys for those that come later."""
    doors = [_doors(a) for a in arrivals]
    near = _near(connection, arrivals, doors)
    _keep(connection, arrivals, doors)
    here = {a.id: a.sketch for a in arrivals}
    others = load(connection, {n for found in near.values() for n in found}.difference(here))
    sketches = {**others, **here}
    links: dict[int, Links] = {}
    events: dict[int, Links] = {}
    for a in arrivals:
        around = {n: sketches[n] for n in near[a.id] if n in sketches}
        copies = _copies(connection, a, around) if around else {}
        links[a.id] = dict(list(copies.items())[:ENOUGH])
        if a.tells and around:
            events[a.id] = _events(a, {n: s for n, s in around.items() if n not in copies})
    told = _tell(connection, {n for found in events.values() for n in found})
    for number, found in events.items():
        links[number] |= {n: why for n, why in found.items() if n in told}
    for number, same in _same_items(connection, arrivals).items():
        links[number] |= same
    return links


def _doors(arrival: Arrival) -> _Doors:
    sketch = arrival.sketch
    bands, week = sketch.bands(), sketch.event_keys()
    asked = [*bands]
    if arrival.tells:
        asked += week
        asked += sketch.event_keys_in(shift for shift in range(-REACH, REACH + 1) if shift)
    return _Doors([*bands, *week], asked)


# --- lookup ----------------------------------------------------------------------------------------------------------


def _near(
    connection: sqlite3.Connection, arrivals: Sequence[Arrival], doors: Sequence[_Doors]
) -> dict[int, Sequence[int]]:
    """Documents that share keys, those with most first: in a crowd of like texts they say all there is to say."""
    before = _stored(connection, {k for door in doors for k in door.asked})
    here: defaultdict[int, list[int]] = defaultdict(list)
    found: dict[int, Sequence[int]] = {}
    for arrival, door in zip(arrivals, doors, strict=True):
        shared: Counter[int] = Counter()
        for key in door.asked:
            inside, outside = here.get(key), before.get(key)
            if inside:
                newest = inside[: -CROWD - 1 : -1]
                shared.update([*newest, *outside[: CROWD - len(newest)]] if outside else newest)
            elif outside:
                shared.update(outside)
        found[arrival.id] = sorted(shared, key=lambda n: (-shared[n], n))[:CROWD] if shared else ()
        for key in door.own:
            here[key].append(arrival.id)
    return found


def _stored(connection: sqlite3.Connection, keys: Iterable[int]) -> dict[int, list[int]]:
    """The newest documents under each key that has any."""
    rows = connection.execute(
        "SELECT w.value, (SELECT json_group_array(document) FROM (SELECT document FROM buckets WHERE key = w.value "
        "ORDER BY document DESC LIMIT ?)) FROM json_each(?) w WHERE EXISTS (SELECT 1 FROM buckets WHERE key = w.value)",
        (CROWD, json.dumps(sorted(keys))),
    )
    return {key: json.loads(documents) for key, documents in rows}


def _keep(connection: sqlite3.Connection, arrivals: Sequence[Arrival], doors: Sequence[_Doors]) -> None:
    rows = []
    for arrival in arrivals:
        s = arrival.sketch
        sets = [
            " ".join(sorted(x.replace(" ", "\x1f") for x in part))
            for part in (s.subjects, s.places, s.names, s.numbers)
        ]
        rows.append((arrival.id, s.minhash, s.size, s.day, *sets, int(s.dated)))
    connection.executemany("INSERT INTO sketches VALUES (?,?,?,?,?,?,?,?,?)", rows)
    keys = {(key, arrival.id) for arrival, door in zip(arrivals, doors, strict=True) for key in door.own}
    connection.executemany("INSERT OR IGNORE INTO buckets VALUES (?,?)", sorted(keys))


def load(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[int, Sketch]:
    """Sketches of these documents, those that have one."""
    cursor = connection.cursor()
    cursor.row_factory = None
    rows = cursor.execute(
        "SELECT k.document, k.minhash, k.size, k.day, k.subjects, k.places, k.names, k.numbers, k.dated "
        "FROM json_each(?) w CROSS JOIN sketches k ON k.document = w.value",
        (json.dumps(sorted(ids)),),
    )
    found = {}
    for number, minhash, size, day, subjects, places, names, numbers, dated in rows:
        sets = _words(subjects), _words(places), _words(names), _words(numbers)
        found[number] = Sketch(minhash, size, day, *sets, dated=bool(dated))
    return found


@lru_cache(maxsize=4096)
def _words(line: str) -> frozenset[str]:
    return frozenset(x.replace("\x1f", " ") for x in line.split(" ") if x)


# --- decision --------------------------------------------------------------------------------------------------------


def _copies(connection: sqlite3.Connection, doc: Arrival, sketches: Mapping[int, Sketch]) -> Links:
    """Copies among these, the sure ones first; texts are read only where the sketches leave a doubt."""
    found: Links = {}
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


def _events(doc: Arrival, sketches: Mapping[int, Sketch]) -> Links:
    return {n: ("event", why) for n, other in sketches.items() if (why := event_of(doc.sketch, other))}


def _tell(connection: sqlite3.Connection, ids: Iterable[int]) -> set[int]:
    """Those of these documents in which an event may be told."""
    rows = connection.execute(
        "SELECT d.id, t.doctype FROM json_each(?) w CROSS JOIN documents d ON d.id = w.value "
        "JOIN tagsets t ON t.id = d.tagset",
        (json.dumps(sorted(ids)),),
    )
    return {number for number, doctype in rows if doctype not in _TELLING}


def _same_items(connection: sqlite3.Connection, arrivals: Sequence[Arrival]) -> dict[int, Links]:
    """Kept documents that share DOI, PMID or canonical link."""
    asked = [(a.id, key) for a in arrivals for key in (a.keys.pmid, a.keys.doi, a.keys.link) if key is not None]
    rows = connection.execute(
        "SELECT DISTINCT w.value ->> 0, o.id, o.doi, o.pmid, o.canonical_url FROM json_each(?) w "
        "CROSS JOIN identities i ON i.key = w.value ->> 1 JOIN documents o ON o.id = i.document "
        "WHERE o.kept AND o.id <> w.value ->> 0",
        (json.dumps(asked),),
    )
    by_id = {a.id: a for a in arrivals}
    found: defaultdict[int, Links] = defaultdict(dict)
    for number, other, doi, pmid, link in rows:
        links = found[number]
        if len(links) < CROWD and (why := _same(by_id[number], doi, pmid, link)):
            links[other] = ("same_item", why)
    return found


def _same(doc: Arrival, doi: str | None, pmid: str | None, link: str | None) -> str | None:
    if pmid and pmid == doc.pmid:
        return f"both are PMID {pmid}"
    if doi and doc.doi and doi.lower() == doc.doi.lower():
        return f"both are DOI {doi}"
    if link and link == doc.link and agree(doc.doi, doc.pmid, doi, pmid):
        return f"both are {link}"
    return None
