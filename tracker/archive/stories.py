"""Stories: documents about one event, over sources. Three relations are kept apart: same item, copy, same event.

A story is what links connect, named after its smallest document. A voice is what counts once in it: all texts of one
publisher, and copies whoever carries them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

Relation = Literal["same_item", "copy", "event"]
_STRENGTH = {"same_item": 0, "copy": 1, "event": 2}


@dataclass(frozen=True, slots=True)
class Link:
    """Why two documents (a < b) stand in one story."""

    a: int
    b: int
    relation: Relation
    why: str


@dataclass(frozen=True, slots=True)
class StoryView:
    """One story: its documents, the links between them, the joins cut by hand, and its independent voices."""

    id: int
    documents: tuple[int, ...]
    links: tuple[Link, ...]
    cuts: tuple[tuple[int, int], ...]
    voices: tuple[tuple[int, ...], ...]  # documents of each voice

    @property
    def sources(self) -> int:
        """Independent sources: publishers once, copies once."""
        return len(self.voices)


def components(members: Iterable[int], links: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Smallest member of the connected group of each member."""
    groups = _Groups(members)
    for a, b in links:
        groups.join(a, b)
    return groups.named()


def grouped(members: Iterable[int], links: Iterable[Link], cuts: set[tuple[int, int]]) -> dict[int, int]:
    """Story of each member. Strong links first; a link that would bring a cut pair together does not join."""
    groups = _Groups(members)
    for link in sorted(links, key=lambda k: (_STRENGTH[k.relation], k.a, k.b)):
        if not cuts or not groups.would_join(link.a, link.b, cuts):
            groups.join(link.a, link.b)
    return groups.named()


class _Groups:
    """Disjoint sets with members listed, named by the smallest."""

    def __init__(self, members: Iterable[int]) -> None:
        self._group = {m: [m] for m in members}

    def join(self, a: int, b: int) -> None:
        left, right = self._group.get(a), self._group.get(b)
        if left is None or right is None or left is right:
            return
        if len(left) < len(right):
            left, right = right, left
        left.extend(right)
        for member in right:
            self._group[member] = left

    def would_join(self, a: int, b: int, cuts: set[tuple[int, int]]) -> bool:
        left, right = self._group.get(a, []), self._group.get(b, [])
        return any((min(x, y), max(x, y)) in cuts for x in left for y in right)

    def named(self) -> dict[int, int]:
        names = {id(group): min(group) for group in self._group.values()}
        return {m: names[id(group)] for m, group in self._group.items()}


def voices(members: Mapping[int, str | None], copies: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Smallest member of the same voice of each member of one story; `members` gives publishers."""
    by_publisher: dict[str, list[int]] = defaultdict(list)
    for member, publisher in members.items():
        if publisher:
            by_publisher[publisher.casefold().strip()].append(member)
    same = [(group[0], other) for group in by_publisher.values() for other in group[1:]]
    return components(members, [*same, *copies])


def voices_within(
    members: Mapping[int, str | None], story: Mapping[int, int], copies: Iterable[tuple[int, int]]
) -> dict[int, int]:
    """`voices`, story by story: one publisher is one voice within a story only."""
    groups: dict[int, dict[int, str | None]] = defaultdict(dict)
    inside: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for member, publisher in members.items():
        groups[story[member]][member] = publisher
    for a, b in copies:
        if a in story and b in story and story[a] == story[b]:
            inside[story[a]].append((a, b))
    found: dict[int, int] = {}
    for number, group in groups.items():
        found.update(voices(group, inside[number]))
    return found


def stories_at(connection: sqlite3.Connection, stories: Iterable[int], as_of: str) -> dict[int, tuple[int, int]]:
    """(story, voice) of each document of these stories that was known at `as_of`, from the documents known then."""
    members = {
        row[0]: row[1]
        for row in connection.execute(
            "SELECT d.id, coalesce(d.publisher, d.journal, s.publisher, s.id) FROM json_each(?) w "
            "CROSS JOIN documents d ON d.story = w.value JOIN sources s ON s.num = d.source WHERE d.first_seen <= ?",
            (json.dumps(sorted(stories)), as_of),
        )
    }
    links = _links(connection, members)
    story = grouped(members, links, set(_cuts(connection, members)))
    voice = voices_within(members, story, [(k.a, k.b) for k in links if k.relation != "event"])
    return {m: (story[m], voice[m]) for m in members}


def view(connection: sqlite3.Connection, number: int, as_of: str | None) -> StoryView | None:
    """The story that a document (or a story since joined to another) is in; None where there is none."""
    row = connection.execute(
        "SELECT story FROM documents WHERE id = ? AND first_seen <= ?", (number, as_of or "9999")
    ).fetchone()
    if row is None:
        return None
    placed = stories_at(connection, {row[0]}, as_of or "9999")
    story = placed[number][0]
    members = sorted(m for m, (s, _) in placed.items() if s == story)
    by_voice: dict[int, list[int]] = defaultdict(list)
    for member in members:
        by_voice[placed[member][1]].append(member)
    return StoryView(
        id=story,
        documents=tuple(members),
        links=tuple(k for k in _links(connection, members) if k.b in members),
        cuts=tuple(_cuts(connection, members)),
        voices=tuple(tuple(group) for group in by_voice.values()),
    )


def _links(connection: sqlite3.Connection, members: Iterable[int]) -> list[Link]:
    rows = connection.execute(
        "SELECT l.a, l.b, l.relation, l.why FROM json_each(?) w CROSS JOIN links l ON l.a = w.value ORDER BY l.a, l.b",
        (json.dumps(sorted(members)),),
    )
    return [Link(*row) for row in rows]


def _cuts(connection: sqlite3.Connection, members: Iterable[int]) -> list[tuple[int, int]]:
    rows = connection.execute(
        "SELECT c.a, c.b FROM json_each(?) w CROSS JOIN cuts c ON c.a = w.value ORDER BY c.a, c.b",
        (json.dumps(sorted(members)),),
    )
    return [(row[0], row[1]) for row in rows]


def cut(connection: sqlite3.Connection, a: int, b: int, *, at: str, who: str | None) -> None:
    """Part two documents for good, and whatever joins them only through links weaker than others."""
    from tracker.archive.grouping import regroup

    low, high = sorted((a, b))
    connection.execute("INSERT OR REPLACE INTO cuts VALUES (?,?,?,?)", (low, high, at, who))
    rows = connection.execute("SELECT DISTINCT story FROM documents WHERE id IN (?, ?)", (a, b))
    regroup(connection, {row[0] for row in rows})
