"""Moments as the archive writes them: UTC text whose order is time order."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from tracker.errors import UsageError
from tracker.text.periods import period

__all__ = ["as_date", "moment", "period", "stamp"]


def stamp(moment: datetime) -> str:
    """`2026-11-24T07:00:00Z`. Naive datetimes are a programming mistake."""
    if moment.tzinfo is None:
        raise ValueError("a moment without time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str | None) -> datetime | None:
    """Inverse of `stamp`."""
    return datetime.fromisoformat(text) if text else None


def as_date(text: str, what: str) -> str:
    """A date or moment typed by a person, checked: `2024`, `2024-06`, `2024-06-03`, `2024-06-03T09:00:00Z`."""
    text = text.strip()
    if re.fullmatch(r"\d{4}(-\d\d){0,2}", text):
        try:
            datetime.fromisoformat((text + "-01-01")[:10])
        except ValueError:
            pass
        else:
            return text
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{what}: {text!r} is not a date; write 2024, 2024-06, 2024-06-03 or 2024-06-03T09:00:00Z"
        ) from None
    return stamp(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))
