"""How a search is walked: query by query, slice of time by slice, page by page, and on from a kept cursor.

One request follows from the other, so the cursor of the last page says all: what is still to be read of this window.
A slice with more hits than the API (or `max_items`) lets through is halved until it fits.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tracker.model import Window

DAY = timedelta(days=1)
MAX_PAGES = 200  # a poll's default; what is left is read by the next poll


@dataclass(frozen=True, slots=True)
class Slice:
    """One stretch of time of one query; both ends are asked for."""

    since: datetime
    until: datetime
    part: int = 0


@dataclass(frozen=True, slots=True)
class Walk:
    """What is still to be read: the first slice from `pos` on, then the others."""

    slices: tuple[Slice, ...]
    start: datetime
    end: datetime
    parts: int = 1
    unit: timedelta = DAY  # the API's granularity: no slice is cut finer
    pos: str = ""  # the API's own place in the first slice, "" at its beginning
    seen: int = 0  # items read of the first slice
    pages: int = 0  # pages read in this poll

    @property
    def here(self) -> Slice:
        """The slice being read."""
        return self.slices[0]

    def cursor(self) -> str:
        """The text kept in the archive, from which `begin` goes on."""
        return json.dumps(
            {
                "v": 1,
                "start": _iso(self.start),
                "end": _iso(self.end),
                "parts": self.parts,
                "pos": self.pos,
                "seen": self.seen,
                "slices": [[_iso(s.since), _iso(s.until), s.part] for s in self.slices],
            },
            separators=(",", ":"),
        )


@dataclass(frozen=True, slots=True)
class Move:
    """Where a walk goes after a page: no `walk` when nothing is asked for now, no `cursor` when all is read."""

    walk: Walk | None
    cursor: str | None
    problems: tuple[str, ...] = ()


def begin(window: Window, *, overlap: timedelta, parts: int = 1, unit: timedelta = DAY) -> Walk:
    """Return the walk of a window, `overlap` earlier than asked (late entries), on from the window's cursor if it fits.

    An older cursor's remainder is read first, then what came since. A cursor is dropped when the window reaches back
    before it (a backfill) or the queries have changed.
    """
    until = _floor(window.until, unit)
    since = min(_floor(window.since - overlap, unit), until)
    kept = _kept(window.cursor, unit)
    if kept and kept.parts == parts and since >= kept.start:
        newer = min(_floor(kept.end - overlap, unit), until)
        rest = _slices(newer, until, parts) if until > kept.end else ()
        return replace(kept, slices=kept.slices + rest, end=max(kept.end, until))
    if kept:
        since = min(since, kept.start)
    return Walk(slices=_slices(since, until, parts), start=since, end=until, parts=parts, unit=unit)


def advance(
    walk: Walk, *, got: int, pos: str | None, total: int | None = None, ceiling: int = 0, max_pages: int | None = None
) -> Move:
    """Return the move after a page of `got` items: to `pos`, or to the next slice when `pos` is None.

    On a slice's first page with `total` over `ceiling` (0: none), the slice is halved and begun anew.
    """
    problems: tuple[str, ...] = ()
    if not walk.pos and ceiling and total is not None and total > ceiling:
        if halves := _halves(walk.here, walk.unit):
            return _capped(replace(walk, slices=halves + walk.slices[1:], seen=0, pages=walk.pages + 1), max_pages)
        problems = (
            f"{total} hits from {_iso(walk.here.since)} to {_iso(walk.here.until)}: only {ceiling} can be read",
        )
    seen = walk.seen + got
    if pos is not None and pos != walk.pos and not (ceiling and seen >= ceiling):
        return _capped(replace(walk, pos=pos, seen=seen, pages=walk.pages + 1), max_pages, problems)
    if len(walk.slices) == 1:
        return Move(None, None, problems)
    following = replace(walk, slices=walk.slices[1:], pos="", seen=0, pages=walk.pages + 1)
    return _capped(following, max_pages, problems)


def _capped(walk: Walk, max_pages: int | None, problems: tuple[str, ...] = ()) -> Move:
    limit = max_pages or MAX_PAGES
    if walk.pages >= limit:
        line = f"stopped after {limit} pages (max_pages); the next poll goes on from here"
        return Move(None, walk.cursor(), (*problems, line))
    return Move(walk, walk.cursor(), problems)


def _halves(whole: Slice, unit: timedelta) -> tuple[Slice, ...]:
    """The newer and the older half, or () when the slice is as fine as the API allows."""
    steps = (whole.until - whole.since) // unit
    if steps < 1:
        return ()
    middle = whole.since + (steps // 2) * unit
    # Dates include their whole day, so the newer half starts a day later; moments touch.
    newer = middle + unit if unit >= DAY else middle
    if newer == whole.since:
        return ()
    return replace(whole, since=newer), replace(whole, until=middle)


def _slices(since: datetime, until: datetime, parts: int) -> tuple[Slice, ...]:
    return tuple(Slice(since, until, part) for part in range(parts))


def _floor(moment: datetime, unit: timedelta) -> datetime:
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day + ((moment - day) // unit) * unit


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%MZ")


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)


def _kept(cursor: str | None, unit: timedelta) -> Walk | None:
    """The walk that a cursor keeps; None for none and for one of another version or kind."""
    try:
        data: Any = json.loads(cursor or "null")
        if not isinstance(data, dict) or data.get("v") != 1 or not data["slices"]:
            return None
        return Walk(
            slices=tuple(Slice(_moment(s), _moment(u), int(p)) for s, u, p in data["slices"]),
            start=_moment(data["start"]),
            end=_moment(data["end"]),
            parts=int(data["parts"]),
            unit=unit,
            pos=str(data["pos"]),
            seen=int(data["seen"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
