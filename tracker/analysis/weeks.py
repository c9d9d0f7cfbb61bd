"""ISO weeks in UTC, and the periods that coarse dates stand for.

A week is written `2026-W47` and runs from Monday 00:00 to the next Monday 00:00 UTC. A number of a week (`number`)
counts Mondays since 1970-01-05, so that weeks can be subtracted across years.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from tracker.errors import UsageError

_FIRST_MONDAY = date(1970, 1, 5)
_LAST_MONDAY = date(9999, 12, 20)  # so that the week after can be named
_WEEK = re.compile(r"(\d{4})-?W(\d{2})")


def week_of(moment: datetime | date) -> str:
    """The ISO week that holds the moment (an aware datetime is taken in UTC)."""
    year, week, _ = _utc_date(moment).isocalendar()
    return f"{year:04d}-W{week:02d}"


def start_of(week: str) -> datetime:
    """Monday 00:00 UTC of the week; UsageError for what is not an ISO week."""
    match = _WEEK.fullmatch(week.strip())
    try:
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1) if match else None
    except ValueError:
        monday = None
    if monday is None or not _FIRST_MONDAY <= monday < _LAST_MONDAY:
        raise UsageError(f"{week!r} is no ISO week; write it as 2026-W47")
    return datetime(monday.year, monday.month, monday.day, tzinfo=UTC)


def end_of(week: str) -> datetime:
    """The moment after the week: the next Monday 00:00 UTC."""
    return start_of(week) + timedelta(days=7)


def number(moment: datetime | date | str) -> int:
    """Weeks since Monday 1970-01-05; takes a moment or a written week."""
    day = start_of(moment).date() if isinstance(moment, str) else _utc_date(moment)
    return (day - _FIRST_MONDAY).days // 7


def from_number(count: int) -> str:
    """The written week of a week number."""
    return week_of(_FIRST_MONDAY + timedelta(days=7 * count))


def shift(week: str, by: int) -> str:
    """The week `by` weeks later (earlier where negative)."""
    return from_number(number(week) + by)


def last_complete(as_of: datetime) -> str:
    """The last week that had ended by `as_of`."""
    return shift(week_of(as_of), -1)


def period(claimed: str) -> tuple[date, date]:
    """First and last day that a claimed date (`2024`, `2024-06`, `2024-06-03`, `2024-06-03T09:00:00Z`) may mean."""
    parts = [int(part) for part in claimed[:10].split("-")]
    if len(parts) == 1:
        return date(parts[0], 1, 1), date(parts[0], 12, 31)
    if len(parts) == 2:
        following = date(parts[0] + parts[1] // 12, parts[1] % 12 + 1, 1)
        return date(parts[0], parts[1], 1), following - timedelta(days=1)
    day = date(*parts)
    return day, day


def stamp(moment: datetime) -> str:
    """A moment as the reports write it: `2026-11-24T07:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _utc_date(moment: datetime | date) -> date:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).date()
    return moment
