"""How a search is walked: each query over its stretch of time, page by page, in requests that stand for themselves.

A stretch with more hits than the API lets through is halved until it fits. A walk travels in `Request.state` as plain
values, so a request that had to wait can be made in a later run. The window comes with its overlap; `begin` adds more
only for sources that are late by nature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tracker.model import Window

DAY = timedelta(days=1)
_FORM = "%Y-%m-%dT%H:%MZ"


@dataclass(frozen=True, slots=True)
class Walk:
    """One query over one stretch of time, both ends asked for, and how far it has come."""

    since: datetime
    until: datetime
    part: int = 0  # which query
    parts: int = 1  # of how many
    unit: timedelta = DAY  # the API's granularity: no stretch is cut finer
    pos: str = ""  # the API's own place, "" at the beginning
    seen: int = 0  # items read
    pages: int = 0  # pages read

    def state(self, **more: Any) -> dict[str, Any]:
        """The plain values that a request carries, `more` beside them."""
        walk = {
            "since": self.since.strftime(_FORM),
            "until": self.until.strftime(_FORM),
            "part": self.part,
            "parts": self.parts,
            "unit": int(self.unit.total_seconds()),
            "pos": self.pos,
            "seen": self.seen,
            "pages": self.pages,
        }
        return {"walk": walk, **more}


@dataclass(frozen=True, slots=True)
class Move:
    """Where a walk goes after a page (nowhere when it is done; two ways when it was halved), and what is to be said."""

    walks: tuple[Walk, ...] = ()
    problems: tuple[str, ...] = ()


def begin(
    window: Window, *, parts: int = 1, unit: timedelta = DAY, overlap: timedelta = timedelta()
) -> tuple[Walk, ...]:
    """Return the walks of a window, one a query, its ends cut to the API's granularity."""
    until = _floor(window.until, unit)
    since = min(_floor(window.since - overlap, unit), until)
    return tuple(Walk(since, until, part, parts, unit) for part in range(parts))


def walk_in(state: Mapping[str, Any]) -> Walk | None:
    """Return the walk that a request's state carries, None for a recorded file or a look-up."""
    walk = state.get("walk")
    if not isinstance(walk, Mapping):
        return None
    return Walk(
        since=_moment(walk["since"]),
        until=_moment(walk["until"]),
        part=walk["part"],
        parts=walk["parts"],
        unit=timedelta(seconds=walk["unit"]),
        pos=walk["pos"],
        seen=walk["seen"],
        pages=walk["pages"],
    )


def advance(
    walk: Walk, *, got: int, pos: str | None, total: int | None = None, ceiling: int = 0, max_pages: int | None = None
) -> Move:
    """Return the move after a page of `got` items: to `pos`, or nowhere when it is None.

    On the first page, with `total` over `ceiling` (0: none), the stretch is halved and both halves begin anew.
    """
    problems: tuple[str, ...] = ()
    if not walk.pos and ceiling and total is not None and total > ceiling:
        if halves := _halves(walk):
            return Move(halves)
        problems = (f"{total} hits from {walk.since:{_FORM}} to {walk.until:{_FORM}}: only {ceiling} can be read",)
    onward = replace(walk, pos=pos or "", seen=walk.seen + got, pages=walk.pages + 1)
    if pos is None or pos == walk.pos or (ceiling and onward.seen >= ceiling):
        return Move(problems=problems)
    if max_pages and onward.pages >= max_pages:
        of = f" of {total}" if total is not None else ""
        line = f"stopped after {onward.pages} pages (max_pages): {onward.seen}{of} items of this search were read"
        return Move(problems=(*problems, line))
    return Move((onward,), problems)


def _halves(walk: Walk) -> tuple[Walk, ...]:
    """The newer and the older half, or () when the stretch is as fine as the API allows."""
    steps = (walk.until - walk.since) // walk.unit
    if steps < 1:
        return ()
    middle = walk.since + (steps // 2) * walk.unit
    # Days include all of themselves, so the newer half starts a day later; moments touch.
    newer = middle + walk.unit if walk.unit >= DAY else middle
    if newer == walk.since:
        return ()
    return replace(walk, since=newer, seen=0), replace(walk, until=middle, seen=0)


def _floor(moment: datetime, unit: timedelta) -> datetime:
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day + ((moment - day) // unit) * unit


def _moment(text: str) -> datetime:
    return datetime.strptime(text, _FORM).replace(tzinfo=UTC)
