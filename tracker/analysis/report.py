"""The signals of a week as the command line and the API give them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tracker.analysis import weeks
from tracker.analysis.official import Official
from tracker.analysis.read import week_facts
from tracker.analysis.signals import signals
from tracker.archive import signal_rows
from tracker.errors import UsageError
from tracker.model import Signal

if TYPE_CHECKING:
    from tracker.archive import Archive


def read_signals(
    archive: Archive, *, week: str | None = None, as_of: datetime, official: Official | None = None
) -> tuple[str, tuple[Signal, ...]]:
    """(week, its signals) as known at `as_of`; the last complete week unless another is named."""
    week = weeks.week_of(weeks.start_of(week)) if week else weeks.last_complete(as_of)
    if weeks.start_of(week) > as_of:
        raise UsageError(f"week {week} begins after {weeks.stamp(as_of)}; nothing of it can be known then")
    return week, signals(week_facts(archive, week=week, as_of=as_of, official=official))


def keep_signals(archive: Archive, *, week: str, as_of: datetime, official: Official | None = None) -> int:
    """Work out the signals of a week and keep them in the archive for `v_signals`; returns how many."""
    facts = week_facts(archive, week=week, as_of=as_of, official=official)
    found = signals(facts)
    signal_rows.keep_signals(archive, found, week=week, as_of=weeks.stamp(as_of), lexicon=facts.lexicon)
    return len(found)


def signals_json(found: Iterable[Signal], *, week: str, as_of: datetime) -> dict[str, Any]:
    """The contract's JSON."""
    return {"as_of": weeks.stamp(as_of), "week": week, "signals": [signal_json(signal) for signal in found]}


def signal_json(signal: Signal) -> dict[str, Any]:
    """One signal; the numbers of statistics are null for firsts and candidates."""
    return {
        "kind": signal.kind,
        "name": signal.name,
        "week": signal.week,
        "observed": signal.observed,
        "expected": signal.expected,
        "interval": list(signal.interval) if signal.interval else None,
        "p": signal.p,
        "q": signal.q,
        "documents": list(signal.documents),
        "detail": dict(signal.detail),
    }
