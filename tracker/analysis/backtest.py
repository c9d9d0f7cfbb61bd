"""Replay an archive Monday by Monday: what would have been raised when, and how early was that?

Definitions. *Raised*: named in the new substances (not those known before), the candidates or the signals of a Monday's
digest, with an affirmed mention. *Lead*: days from that Monday to the first official date. *Sensitivity*: raised
before it, over the substances whose first item precedes it; the others had no chance and are listed apart. *False
alarm*: a raised name without an official date within 24 months; each name counts once, in the first week that raised
it without one. Weeks in which no document names a substance of the official file are background weeks and counted
apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from statistics import median
from typing import TYPE_CHECKING, Any

from tracker.analysis import weeks
from tracker.analysis.leadtime import lead
from tracker.analysis.official import Official, first_official, official_dates
from tracker.analysis.read import week_facts
from tracker.analysis.rows import WeekFacts
from tracker.analysis.signals import candidate_groups, first_named, is_emerging, is_settled, signals, why_known
from tracker.archive import reads_analysis as reads

if TYPE_CHECKING:
    from tracker.archive import Archive

ALARM_DAYS = 731  # 24 months


@dataclass(frozen=True, slots=True)
class Replayed:
    """One Monday: names raised with the section that raised them, and the substances that the week's documents name."""

    monday: date
    raised: Mapping[str, str]
    named: frozenset[str]  # affirmed, in kept and relevant documents
    first_published: Mapping[str, str] = field(default_factory=dict)


def raised(facts: WeekFacts) -> dict[str, str]:
    """By name, the section of this week's digest that raises it with an affirmed mention."""
    names: dict[str, str] = {}
    for name, pairs in first_named(facts).items():
        nps, affirmed = pairs[0][1].nps, any(row.assertion == "affirmed" for _, row in pairs)
        if affirmed and why_known(name, (document for document, _ in pairs), facts, nps=nps) is None:
            names[name] = "new_substances"
    for name, documents in candidate_groups(facts).items():
        past = facts.candidates.get(name)
        seen, tier_a = (past.voices, past.tier_a) if past else (0, False)
        if is_emerging(documents, seen, tier_a) and any(is_settled(row, facts) for row in documents):
            names.setdefault(name, "candidates")
    new = {row.name for document in facts.documents for row in document.findings() if row.nps}
    for signal in signals(facts):
        for name in signal.name.split(" + ") if signal.kind == "first_pair" else [signal.name]:
            if name in new:
                names.setdefault(name, "signals")
    return names


def replay(archive: Archive, official: Official, *, as_of: datetime) -> Iterator[Replayed]:
    """Every week with documents up to `as_of`, as its next Monday saw it."""
    for number in reads.weeks_with_documents(archive):
        week = weeks.from_number(number)
        end = weeks.end_of(week)
        if end > as_of:
            return
        facts = week_facts(archive, week=week, as_of=end, official=official)
        named: dict[str, str] = {}
        for document in facts.documents:
            if document.relevant and document.kept:
                for row in document.substances:
                    if row.assertion == "affirmed":
                        named.setdefault(row.name, document.published or document.first_seen.date().isoformat())
        yield Replayed(end.date(), raised(facts), frozenset(named), named)


def backtest(archive: Archive, official: Official, *, as_of: datetime) -> dict[str, Any]:
    """The back-test of an archive against official dates, as the contract's JSON."""
    return summarise(list(replay(archive, official, as_of=as_of.astimezone(UTC))), official)


def summarise(replayed: Iterable[Replayed], official: Official) -> dict[str, Any]:
    """Substances, leads and false alarms of replayed weeks (oldest first). Pure."""
    mondays = list(replayed)
    rows = [_substance(name, mondays, official) for name in official]
    chances = [row for row in rows if row["chance"]]
    early = [row for row in chances if row["raised_before_official"]]
    leads = [row["lead_days"] for row in chances if row["lead_days"] is not None]
    alarms = _false_alarms(mondays, official)
    background = [monday for monday in mondays if not monday.named & set(official)]
    quiet = {monday.monday for monday in background}
    loud = [alarm for alarm in alarms if date.fromisoformat(alarm["monday"]) not in quiet]
    told = len(mondays) - len(background)
    calendar = (mondays[-1].monday - mondays[0].monday).days // 7 + 1 if mondays else 0
    return {
        "substances": rows,
        "summary": {
            "sensitivity": len(early) / len(chances) if chances else None,
            "raised_before_official": len(early),
            "chances": len(chances),
            "no_chance": [row["name"] for row in rows if not row["chance"] and row["first_official"]],
            "no_official_date": [row["name"] for row in rows if not row["first_official"]],
            "missed": [row["name"] for row in chances if row["first_raised"] is None],
            "median_lead_days": median(leads) if leads else None,
            "false_alarms": len(loud),
            "false_alarms_per_week": len(loud) / told if told else 0.0,
            "weeks": told,
            "weeks_without_documents": calendar - len(mondays),
            "background_weeks": len(background),
            "background_false_alarms": len(alarms) - len(loud),
            "background_false_alarms_per_week": (len(alarms) - len(loud)) / len(background) if background else 0.0,
        },
        "false_alarms": alarms,
    }


def _substance(name: str, mondays: list[Replayed], official: Official) -> dict[str, Any]:
    first = first_official(official[name])
    mention = next((monday for monday in mondays if name in monday.named), None)
    raised_on = next((monday for monday in mondays if name in monday.raised), None)
    days, interval = lead(raised_on.monday if raised_on else None, first)
    start = weeks.period(first.date)[0] if first else date.min
    published = mention.first_published[name] if mention else None
    chance = published is not None and weeks.period(published)[1] < start
    return {
        "name": name,
        "first_mention": published,
        "first_raised": raised_on.monday.isoformat() if raised_on else None,
        "first_official": first.date if first else None,
        "official": [
            {"event": row.event, "date": row.date, "body": row.body} for row in official_dates(official[name])
        ],
        "lead_days": days,
        "lead_interval": list(interval) if interval else None,
        "raised_in": raised_on.raised[name] if raised_on else None,
        "chance": chance,
        "raised_before_official": raised_on is not None and raised_on.monday < start,
    }


def _false_alarms(mondays: Iterable[Replayed], official: Official) -> list[dict[str, str]]:
    alarms: dict[str, dict[str, str]] = {}
    for monday in mondays:
        for name, section in sorted(monday.raised.items()):
            if name not in alarms and not _is_near(monday.monday, name, official):
                alarms[name] = {"name": name, "monday": monday.monday.isoformat(), "raised_in": section}
    return list(alarms.values())


def _is_near(day: date, name: str, official: Official) -> bool:
    """Whether an official date, however it is read, lies within 24 months of the day."""
    for row in official_dates(official.get(name, ())):
        first, last = weeks.period(row.date)
        if (first - day).days <= ALARM_DAYS and (day - last).days <= ALARM_DAYS:
            return True
    return False
