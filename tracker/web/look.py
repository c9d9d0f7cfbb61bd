"""What pages and API both ask of the archive, with the desk's arguments filled in. No rendering."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException

from tracker.analysis import weeks
from tracker.archive import reads_named
from tracker.errors import ArchiveError, TrackerError, UsageError

if TYPE_CHECKING:
    from tracker.archive import Archive
    from tracker.archive.read import Record
    from tracker.archive.search import SearchResult
    from tracker.archive.stories import StoryView
    from tracker.digest.model import Digest
    from tracker.model import Signal
    from tracker.web.desk import Desk
    from tracker.web.params import Asked

SPARK_WEEKS = 26
WAIT_SECONDS = 10.0  # for a turn to search; then the answer is that too many ask
MOST_ID = 2**53


def prepare(desk: Desk) -> None:
    """Before anybody asks: sum up what is missing of a large archive, and make the pages that everybody opens first.
    Nothing for a small one, which is read in no time."""
    from tracker.analysis import rolled

    try:
        archive = desk.archive()
        if reads_named.is_large(archive):
            rolled.refresh(archive, before=weeks.number(desk.now()))
            digest(desk, None)
            substances(desk)
    except TrackerError:  # no archive yet, or it is being written: whoever opens a page is told, or waits
        return


def search(desk: Desk, asked: Asked) -> SearchResult:
    """One page of a search."""
    with _turn(_PAST if asked.as_of else _NOW):
        return desk.archive().search(
            **asked.arguments(), lexicon=desk.lexicon(), searches=desk.searches, sort=asked.sort,
            limit=asked.limit, offset=asked.offset, before=asked.before,
        )  # fmt: skip


# One search at a time, the others in a row: side by side they only hand the interpreter to and fro, and all end later.
# What was known at a past moment takes longer to find and must not hold up the rest.
_NOW, _PAST = threading.Lock(), threading.Lock()


@contextmanager
def _turn(lock: threading.Lock) -> Iterator[None]:
    if not lock.acquire(timeout=WAIT_SECONDS):
        raise ArchiveError("too many search at once; try again in a few seconds")
    try:
        yield
    finally:
        lock.release()


def document(desk: Desk, number: int, as_of: datetime | None) -> Record:
    """A document; HTTPException 404 where there is none."""
    found = desk.archive().document(number, as_of=as_of) if 0 < number < MOST_ID else None
    if found is None:
        raise HTTPException(404, f"there is no document {number}" + (" known at that moment" if as_of else ""))
    return found


def story(desk: Desk, number: int, as_of: datetime | None) -> StoryView:
    """The story that this number is or was; HTTPException 404 where there is none."""
    found = desk.archive().story(number, as_of=as_of) if 0 < number < MOST_ID else None
    if found is None:
        raise HTTPException(404, f"there is no story {number}")
    return found


def substance(desk: Desk, name: str, as_of: datetime | None) -> dict[str, Any]:
    """The profile of a substance by any of its names; HTTPException 404 where the lexicon has none."""
    from tracker.analysis.profile import profile

    lexicon = desk.lexicon()
    known = lexicon.find(name)
    if known is None:
        raise HTTPException(404, f"{name!r} is not in the lexicon; search finds it as a word")
    official = desk.official()

    def make(archive: Archive) -> dict[str, Any]:
        return profile(archive, lexicon, known.name, as_of=as_of or desk.now(), official=official)

    return desk.kept(("substance", known.name, as_of, lexicon.version), make)


@dataclass(frozen=True, slots=True)
class Row:
    """A substance in the table of all."""

    name: str
    cls: str
    nps: bool
    documents: int
    first_seen: str
    last_seen: str
    weeks: tuple[int, ...]
    new: bool  # first seen this week or the last complete one


def substances(desk: Desk) -> list[Row]:
    """Every substance that the archive names, by name."""
    from tracker.analysis import rolled

    now = desk.now()
    fresh = weeks.stamp(weeks.start_of(weeks.last_complete(now)))

    def make(archive: Archive) -> list[Row]:
        rolled.try_refresh(archive, before=weeks.number(now))
        seen = reads_named.substances(archive, this_week=weeks.number(now), weeks=SPARK_WEEKS)
        known = desk.lexicon().substances
        return [
            Row(name, known[name].cls if name in known else "", name in known and known[name].nps, s.documents,
                s.first_seen, s.last_seen, s.weeks, s.first_seen >= fresh)
            for name, s in sorted(seen.items())
        ]  # fmt: skip

    return desk.kept(("substances", weeks.week_of(now)), make)


def digest(desk: Desk, week: str | None, as_of: datetime | None = None) -> Digest:
    """The digest of a week (default: the one that runs). UsageError for what is no week."""
    from tracker.digest import make_digest

    now = desk.now()
    wanted = weeks.week_of(weeks.start_of(week)) if week else weeks.week_of(as_of or now)
    settings = {**desk.digest, "searches": desk.searches}

    def make(archive: Archive) -> Digest:
        return make_digest(archive, week=wanted, as_of=as_of or now, settings=settings)

    return desk.kept(("digest", wanted, as_of or f"{now:%Y-%m-%d}"), make)


def digest_weeks(desk: Desk, as_of: datetime | None = None) -> list[str]:
    """Weeks that have a digest, this one first."""
    from tracker.archive.reads_analysis import archive_span

    now = as_of or desk.now()
    span = archive_span(desk.archive(), weeks.stamp(now))
    if span is None:
        return []
    first, last = weeks.number(datetime.fromisoformat(span[0])), weeks.number(now)
    return [weeks.from_number(n) for n in range(last, max(first, 0) - 1, -1)]


def signals(desk: Desk, week: str | None, as_of: datetime | None) -> tuple[str, tuple[Signal, ...]]:
    """(week, its signals): the last complete week unless another is named."""
    from tracker.analysis.report import read_signals

    moment, official = as_of or desk.now(), desk.official()
    if week:
        weeks.start_of(week)

    def make(archive: Archive) -> tuple[str, tuple[Signal, ...]]:
        return read_signals(archive, week=week or None, as_of=moment, official=official)

    return desk.kept(("signals", week, as_of or f"{moment:%Y-%m-%d}"), make)


def page_of(limit: int, cursor: str, total: int) -> tuple[int, str | None]:
    """(first, next cursor) of a page of a list that is short and does not move."""
    if cursor and not (cursor.isdecimal() and len(cursor) < 10):
        raise UsageError("cursor: is not one of ours; take next_cursor of the page before")
    first = int(cursor or 0)
    return first, str(first + limit) if first + limit < total else None
