"""Signals of one week as read from an archive and as the contract's JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tracker.analysis import weeks
from tracker.analysis.official import Official
from tracker.analysis.read import week_facts
from tracker.analysis.signals import signals
from tracker.model import Signal

if TYPE_CHECKING:
    from tracker.archive import Archive


def read_signals(
    archive: Archive, *, week: str | None = None, as_of: datetime, official: Official | None = None
) -> tuple[str, tuple[Signal, ...]]:
    """The week (default: the last complete one) and its signals, from what was known at `as_of`."""
    as_of = as_of.astimezone(UTC)
    chosen = weeks.week_of(weeks.start_of(week)) if week else weeks.last_complete(as_of)
    return chosen, signals(week_facts(archive, week=chosen, as_of=as_of, official=official))


def signals_json(found: Sequence[Signal], *, week: str, as_of: datetime) -> dict[str, Any]:
    """`{"as_of", "week", "signals": [...]}`."""
    return {"as_of": weeks.stamp(as_of), "week": week, "signals": [_signal(s) for s in found]}


def _signal(signal: Signal) -> dict[str, Any]:
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
        **{key: value for key, value in signal.detail.items() if key not in ("documents",)},
    }
