"""A claimed date is a period: from its first second to its last, whatever its precision."""

from __future__ import annotations

import calendar
from datetime import datetime


def period(claimed: str) -> tuple[str, str]:
    """First and last second of a claimed date (`2024`, `2024-06`, `2024-06-03` or a moment), as UTC stamps."""
    if len(claimed) == 4:
        return f"{claimed}-01-01T00:00:00Z", f"{claimed}-12-31T23:59:59Z"
    if len(claimed) == 7:
        last = calendar.monthrange(int(claimed[:4]), int(claimed[5:7]))[1]
        return f"{claimed}-01T00:00:00Z", f"{claimed}-{last:02}T23:59:59Z"
    if len(claimed) == 10:
        return f"{claimed}T00:00:00Z", f"{claimed}T23:59:59Z"
    return claimed, claimed


def iso_week(claimed: str | None) -> str | None:
    """The ISO week (`2026-W47`, UTC) in which a claimed date ends; None for no date and for a bare year.

    A month counts in the week of its last day: what it dates was certainly published by then.
    """
    if not claimed or len(claimed) < 7:
        return None
    try:
        year, week, _ = datetime.fromisoformat(period(claimed)[1]).isocalendar()
    except ValueError:
        return None
    return f"{year}-W{week:02}"
