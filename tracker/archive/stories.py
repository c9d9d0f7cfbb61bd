"""Stories: documents about one event, over sources. Three relations are kept apart: same item, copy, same event."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping


def components(members: Iterable[int], links: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Smallest member of the connected group of each member."""
    parent = {m: m for m in members}

    def root(x: int) -> int:
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    for a, b in links:
        if a in parent and b in parent:
            low, high = sorted((root(a), root(b)))
            parent[high] = low
    return {m: root(m) for m in parent}


def voices(members: Mapping[int, str | None], copies: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Smallest member of the same voice: all texts of one publisher, and copies whoever carries them."""
    by_publisher: dict[str, list[int]] = defaultdict(list)
    for member, publisher in members.items():
        if publisher:
            by_publisher[publisher.casefold().strip()].append(member)
    same = [(group[0], other) for group in by_publisher.values() for other in group[1:]]
    return components(members, [*same, *copies])


def stories_at(connection: sqlite3.Connection, stories: Iterable[int], as_of: str) -> dict[int, tuple[int, int]]:
    """(story, voice) of each document of these stories that was known at `as_of`, from the documents known then."""
    ids = json.dumps(sorted(stories))
    members = {
        row[0]: row[1]
        for row in connection.execute(
            "SELECT d.id, coalesce(d.publisher, s.publisher, s.id) FROM json_each(?) w "
            "CROSS JOIN documents d ON d.story = w.value JOIN sources s ON s.num = d.source WHERE d.first_seen <= ?",
            (ids, as_of),
        )
    }
    links = connection.execute(
        "SELECT l.a, l.b, l.relation FROM json_each(?) w CROSS JOIN links l ON l.a = w.value",
        (json.dumps(sorted(members)),),
    ).fetchall()
    story = components(members, [(a, b) for a, b, _ in links])
    voice = voices_within(members, story, [(a, b) for a, b, relation in links if relation != "event"])
    return {m: (story[m], voice[m]) for m in members}


def voices_within(
    members: Mapping[int, str | None], story: Mapping[int, int], copies: list[tuple[int, int]]
) -> dict[int, int]:
    """`voices`, story by story: one publisher is one voice within a story only."""
    groups: dict[int, dict[int, str | None]] = defaultdict(dict)
    for member, publisher in members.items():
        groups[story[member]][member] = publisher
    found: dict[int, int] = {}
    for group in groups.values():
        found.update(voices(group, [(a, b) for a, b in copies if a in group and b in group]))
    return found
