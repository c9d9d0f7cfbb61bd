"""Weekly counts of one substance, class, theme, country or tier, in stories by independent sources.

Weeks are ISO weeks in UTC, of first_seen or of the claimed publication. A publication dated to a month or a year
falls in no week and is counted apart, as are undated ones. Affirmed mentions make the count; negated and hypothetical
ones stand beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Literal

from tracker.analysis import weeks
from tracker.analysis.rows import DocumentRow
from tracker.analysis.signals import stories, voices
from tracker.model import Assertion

Dimension = Literal["substance", "class", "theme", "country", "tier"]
Moment = Literal["first_seen", "published"]
NO_WEEK = ""  # undated, or dated too coarsely for a week


@dataclass(frozen=True, slots=True)
class Count:
    """One week of one series. `stories` and `sources` are of affirmed mentions."""

    week: str
    stories: int
    sources: int
    negated: int  # stories in which it is only negated
    hypothetical: int  # stories in which it is at most hypothetical
    holiday: bool = False


def count(
    documents: Iterable[DocumentRow], *, dimension: Dimension, name: str, by: Moment = "first_seen"
) -> tuple[Count, ...]:
    """Weekly counts of one name, oldest week first; weeks without any mention are left out, those without a date come
    first under an empty week."""
    groups: dict[str, dict[Assertion, list[DocumentRow]]] = defaultdict(lambda: defaultdict(list))
    for document in documents:
        if document.relevant and document.kept:
            assertion = _SAYS[dimension](document, name)
            if assertion is not None:
                groups[_week(document, by)][assertion].append(document)
    return tuple(_count(week, groups[week]) for week in sorted(groups))


def reporting_delay(documents: Iterable[DocumentRow]) -> float | None:
    """Median days from publication to first sight, of documents dated to the day and not put in by hand; None without
    any."""
    delays = [
        (document.first_seen.date() - weeks.period(document.published)[0]).days
        for document in documents
        if document.published and len(document.published) >= 10 and not document.backfilled
    ]
    return float(median(delays)) if delays else None


def is_holiday(week: str) -> bool:
    """Whether the week holds days of the year's end or stands in August, when publishers rest: low counts mean
    little."""
    first = weeks.start_of(week).date()
    days = [date.fromordinal(first.toordinal() + offset) for offset in range(7)]
    return any((day.month, day.day) in _YEAR_END for day in days) or all(day.month == 8 for day in days)


_YEAR_END = frozenset({(12, day) for day in range(24, 32)} | {(1, 1)})


def _week(document: DocumentRow, by: Moment) -> str:
    if by == "first_seen":
        return weeks.week_of(document.first_seen)
    claimed = document.published or ""
    return weeks.week_of(weeks.period(claimed)[0]) if len(claimed) >= 10 else NO_WEEK


def _count(week: str, said: Mapping[Assertion, list[DocumentRow]]) -> Count:
    affirmed = said.get("affirmed", [])
    told = {row.story for row in affirmed}
    denied = {row.story for row in said.get("negated", [])} - told
    possible = {row.story for row in said.get("hypothetical", [])} - told - denied
    return Count(week, stories(affirmed), voices(affirmed), len(denied), len(possible), bool(week) and is_holiday(week))


def _strongest(assertions: Iterable[Assertion]) -> Assertion | None:
    found = set(assertions)
    return next((word for word in _ORDER if word in found), None)


_ORDER: tuple[Assertion, ...] = ("affirmed", "negated", "hypothetical")
_SAYS: Mapping[str, Callable[[DocumentRow, str], Assertion | None]] = {
    "substance": lambda row, name: _strongest(tag.assertion for tag in row.substances if tag.name == name),
    "class": lambda row, name: _strongest(tag.assertion for tag in row.substances if tag.cls == name),
    "theme": lambda row, name: _strongest(tag.assertion for tag in row.themes if tag.theme == name),
    "country": lambda row, name: "affirmed" if name in row.countries else None,
    "tier": lambda row, name: "affirmed" if row.tier == name else None,
}
