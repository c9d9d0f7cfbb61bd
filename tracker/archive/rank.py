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
    newest = _day(max(row.first_seen for row in rows))
    for row in rows:
        tier = next((weight for word, weight in TIER_WEIGHT.items() if word in row.facts), 1.0)
        age = newest - _day(row.first_seen)
        row.score = (row.score if wanted else 1.0) * tier * (1 + RECENCY * 0.5 ** (age / HALF_LIFE_DAYS))
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
    frequencies = [[_frequency(row, texts, s) for s in wanted] for row in rows]
    hits = [sum(1 for f in frequencies if f[i] > 0) for i in range(len(wanted))]
    idf = [math.log(1 + (len(rows) - n + 0.5) / (n + 0.5)) + 0.1 for n in hits]  # never 0: all hits may have the word
    for row, found in zip(rows, frequencies, strict=True):
        length = len(texts[row.revision][1]) if row.revision in texts else 0
        norm = K1 * (1 - B + B * length / average)
        share = sum(1 for f in found if f > 0) / len(found)  # of what was asked; 1 unless some of the words are enough
        row.score = share * sum(w * f * (K1 + 1) / (f + norm) for w, f in zip(idf, found, strict=True))


def _frequency(row: Row, texts: dict[int, tuple[str, str, int]], wanted: Sought) -> float:
    title, text, _ = texts.get(row.revision, ("", "", 0))
    count = max((TITLE_WEIGHT * title.count(w) + text.count(w) for w in wanted.literals), default=0.0)
    if wanted.facts:
        line = f" {row.facts} "
        for word in wanted.facts:
            if f" {word} " in line:
                count += PRIMARY if word[0] == "s" and f" p{word[1:].rstrip('anh')} " in line else TAGGED
    return count
