"""Order of hits: BM25 over the hits at hand, title weighted, then tier and recency. Pure but for reading the texts."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from tracker.archive.compile import Sought
    from tracker.archive.search import Row

# Robertson & Zaragoza 2009, The Probabilistic Relevance Framework; usual values of the two constants.
K1, B = 1.2, 0.75
TITLE_WEIGHT = 4.0  # a word of the title counts as so many of the text
TAGGED, PRIMARY = 1.5, 3.0  # the document has the substance, or is about it, whatever spelling stands there
MORE_FIRST = 3  # power of the share of what was asked
READ = 3000  # characters of a text that are looked at: what it is about stands early
TIER_WEIGHT = {" la ": 1.25, " lb ": 1.0, " lc ": 0.8}
HALF_LIFE_DAYS = 730.0  # recency adds up to RECENCY to the weight of the newest hit
RECENCY = 0.35


def rank(connection: sqlite3.Connection, rows: Sequence[Row], wanted: Sequence[Sought]) -> list[Row]:
    """`rows` with scores, best first; newest first among equals."""
    if not rows:
        return []
    if wanted:
        _score(connection, rows, wanted)
    newest = _day(max(row.first_seen for row in rows)[:10])
    recency: dict[str, float] = {}  # of a day
    for row in rows:
        tier = next((weight for word, weight in TIER_WEIGHT.items() if word in row.facts), 1.0)
        day = row.first_seen[:10]
        if day not in recency:
            recency[day] = 1 + RECENCY * 0.5 ** ((newest - _day(day)) / HALF_LIFE_DAYS)
        row.score = (row.score if wanted else 1.0) * tier * recency[day]
    return sorted(rows, key=lambda row: (row.score, row.first_seen, row.document), reverse=True)


def _day(stamp: str) -> int:
    return datetime(int(stamp[:4]), int(stamp[5:7]), int(stamp[8:10])).toordinal()


def _score(connection: sqlite3.Connection, rows: Sequence[Row], wanted: Sequence[Sought]) -> None:
    texts = {
        row[0]: (row[1], row[2], row[3])
        for row in connection.execute(
            f"SELECT id, lower(coalesce(title, '')), lower(coalesce(substr(text, 1, {READ}), '')), length(text) "
            "FROM revisions WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps([row.revision for row in rows]),),
        )
    }
    average = sum(min(length or 0, READ) for _, _, length in texts.values()) / len(rows) or 1.0
    columns = [_frequencies(rows, texts, s) for s in wanted]
    frequencies = list(zip(*columns, strict=True))
    hits = [sum(1 for f in column if f > 0) for column in columns]
    idf = [math.log(1 + (len(rows) - n + 0.5) / (n + 0.5)) + 0.1 for n in hits]  # never 0: all hits may have the word
    parts = len({s.part for s in wanted})
    for row, found in zip(rows, frequencies, strict=True):
        length = len(texts[row.revision][1]) if row.revision in texts else 0
        norm = K1 * (1 - B + B * length / average)
        there = {s.part for s, f in zip(wanted, found, strict=True) if f > 0}
        share = len(there) / parts  # of what was asked; 1 unless some of the words are enough: then more come first
        row.score = share**MORE_FIRST * sum(w * f * (K1 + 1) / (f + norm) for w, f in zip(idf, found, strict=True))


def _frequencies(rows: Sequence[Row], texts: dict[int, tuple[str, str, int]], wanted: Sought) -> list[float]:
    """How often each row has what was sought: words of the title count more, tags as several words."""
    found = []
    first, *others = wanted.literals or ("\0",)
    marks = [(f" {word} ", f" p{word[1:].rstrip('anh')} " if word[0] == "s" else None) for word in wanted.facts]
    for row in rows:
        title, text, _ = texts.get(row.revision, ("", "", 0))
        count = TITLE_WEIGHT * title.count(first) + text.count(first)
        for other in others:
            count = max(count, TITLE_WEIGHT * title.count(other) + text.count(other))
        if marks:
            line = f" {row.facts} "
            for word, primary in marks:
                if word in line:
                    count += PRIMARY if primary is not None and primary in line else TAGGED
        found.append(count)
    return found
