"""The signals of a week as they were last worked out, for whoever reads the archive directly (`v_signals`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tracker.archive import Archive
    from tracker.model import Signal


def keep_signals(archive: Archive, found: Iterable[Signal], *, week: str, as_of: str, lexicon: str) -> None:
    """Put the signals of a week in place of those kept before."""
    rows = [
        (
            as_of,
            week,
            signal.kind,
            signal.name,
            signal.observed,
            signal.expected,
            *(signal.interval or (None, None)),
            signal.p,
            signal.q,
            json.dumps(list(signal.documents)),
            json.dumps(dict(signal.detail), ensure_ascii=False),
            lexicon,
        )
        for signal in found
    ]
    with archive._writing() as db:
        db.execute("DELETE FROM signals WHERE week = ?", (week,))
        db.executemany(
            "INSERT INTO signals "
            "(as_of, week, kind, name, observed, expected, low, high, p, q, documents, detail, lexicon) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
