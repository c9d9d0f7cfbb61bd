"""How early we were: first sight of a substance against the official dates, with the uncertainty of coarse dates.

A lead is counted in days, positive where we were first. An official date that states a month or a year is taken at its
first day for the lead itself, so that no lead is made longer by a coarse date, and gives an interval over its period.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import TYPE_CHECKING, Any

from tracker.analysis import weeks
from tracker.analysis.history import before, gather
from tracker.analysis.official import CONTROL_EVENTS, Official, first_official, known_rows, load_official
from tracker.analysis.rows import Before, OfficialRow
from tracker.archive import reads_analysis as reads

if TYPE_CHECKING:
    from tracker.archive import Archive


@dataclass(frozen=True, slots=True)
class Lead:
    """One line of the ledger. `lead_days` is None where we never saw the substance (a miss) or nothing is official."""

    name: str
    first_seen: date | None
    first_published: str | None
    by_tier: Mapping[str, date]
    first_official: OfficialRow | None
    first_control: OfficialRow | None
    lead_days: int | None
    lead_interval: tuple[int, int] | None
    running_median: float | None = None  # over all leads up to and with this one, misses as the worst


def lead(seen: date | None, official: OfficialRow | None) -> tuple[int | None, tuple[int, int] | None]:
    """Days from `seen` to the official date, and the interval over the period that the date may mean."""
    if seen is None or official is None:
        return None, None
    first, last = weeks.period(official.date)
    return (first - seen).days, ((first - seen).days, (last - seen).days)


def ledger(seen: Mapping[str, Before], official: Official, *, as_of: datetime) -> tuple[Lead, ...]:
    """One line for each substance with an official date by `as_of`, in order of that date."""
    lines = []
    for name, rows in official.items():
        known = known_rows(rows, as_of.date())
        first = first_official(known)
        if first is None:
            continue
        mine = seen.get(name) or Before()
        day = mine.first_seen.date() if mine.first_seen else None
        days, interval = lead(day, first)
        control = first_official(row for row in known if row.event in CONTROL_EVENTS)
        tiers = {tier: moment.date() for tier, moment in mine.tiers.items()}
        lines.append(Lead(name, day, mine.first_published, tiers, first, control, days, interval))
    lines.sort(key=lambda line: (weeks.period(line.first_official.date) if line.first_official else (), line.name))
    return _with_running_median(lines)


def read_ledger(archive: Archive, *, as_of: datetime, official: Official | None = None) -> tuple[Lead, ...]:
    """The ledger of an archive, as known at `as_of`."""
    return ledger(first_sights(archive, as_of=as_of), load_official() if official is None else official, as_of=as_of)


def first_sights(archive: Archive, *, as_of: datetime) -> dict[str, Before]:
    """By substance, when it was first found, by tier and country, as known at `as_of`."""
    moment = weeks.stamp(as_of)
    period = {"since": "1970-01-01T00:00:00Z", "until": "9999-12-31T00:00:00Z", "as_of": moment}
    with archive.reading():
        history = gather(reads.findings(archive, **period), reads.theme_substances(archive, **period), (), {})
    return {name: before(firsts) for name, firsts in sorted(history.firsts.items())}


def as_mapping(lines: Sequence[Lead], *, as_of: datetime) -> dict[str, Any]:
    """The ledger as JSON data."""
    found = [line for line in lines if line.lead_days is not None]
    return {
        "as_of": weeks.stamp(as_of),
        "substances": [line_json(line) for line in lines],
        "summary": {
            "substances": len(lines),
            "missed": len(lines) - len(found),
            "median_lead_days": median(line.lead_days or 0 for line in found) if found else None,
            "running_median_days": lines[-1].running_median if lines else None,
        },
    }


def line_json(line: Lead) -> dict[str, Any]:
    """One line of the ledger as JSON data (the columns of its CSV too)."""
    return {
        "name": line.name,
        "first_seen": line.first_seen.isoformat() if line.first_seen else None,
        "first_published": line.first_published,
        "first_by_tier": {tier: day.isoformat() for tier, day in line.by_tier.items()},
        "first_official": line.first_official.date if line.first_official else None,
        "event": line.first_official.event if line.first_official else None,
        "body": line.first_official.body if line.first_official else None,
        "source_url": line.first_official.source_url if line.first_official else None,
        "first_control": line.first_control.date if line.first_control else None,
        "lead_days": line.lead_days,
        "lead_interval": list(line.lead_interval) if line.lead_interval else None,
        "missed": line.first_seen is None,
        "running_median_days": line.running_median,
    }


def _with_running_median(lines: Sequence[Lead]) -> tuple[Lead, ...]:
    from dataclasses import replace

    values: list[float] = []
    told = []
    for line in lines:
        values.append(float("-inf") if line.lead_days is None else line.lead_days)
        middle = median(values)
        told.append(replace(line, running_median=middle if abs(middle) != float("inf") else None))
    return tuple(told)
