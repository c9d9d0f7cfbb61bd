"""ISO weeks in UTC and the periods of coarse dates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.analysis import weeks
from tracker.errors import UsageError


@given(st.dates(min_value=date(1971, 1, 1), max_value=date(2100, 1, 1)))
def test_a_week_holds_its_days_and_numbers_come_back(day: date) -> None:
    week = weeks.week_of(day)
    assert weeks.start_of(week).date() <= day < weeks.end_of(week).date()
    assert weeks.from_number(weeks.number(day)) == week
    assert weeks.number(week) == weeks.number(day)


@pytest.mark.parametrize(
    ("moment", "week"),
    [
        (datetime(2026, 11, 23, 0, 0, tzinfo=UTC), "2026-W48"),
        (datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC), "2026-W47"),
        (datetime(2026, 11, 23, 1, 0, tzinfo=timezone(timedelta(hours=2))), "2026-W47"),
        (datetime(2027, 1, 1, tzinfo=UTC), "2026-W53"),
    ],
)
def test_weeks_are_counted_in_utc(moment: datetime, week: str) -> None:
    assert weeks.week_of(moment) == week


def test_the_last_complete_week_is_the_one_that_has_ended() -> None:
    assert weeks.last_complete(datetime(2026, 11, 22, 23, 59, tzinfo=UTC)) == "2026-W46"
    assert weeks.last_complete(datetime(2026, 11, 23, 0, 0, tzinfo=UTC)) == "2026-W47"


def test_weeks_are_shifted_across_a_year_of_53() -> None:
    assert weeks.shift("2026-W53", 1) == "2027-W01"
    assert weeks.shift("2027-W01", -2) == "2026-W52"


@pytest.mark.parametrize("text", ["2026-W54", "2026-W00", "W47", "2026-47", "", "1960-W10", "2025-W53"])
def test_what_is_no_week_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no ISO week"):
        weeks.start_of(text)


@pytest.mark.parametrize(
    ("claimed", "first", "last"),
    [
        ("2024", date(2024, 1, 1), date(2024, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2024-12", date(2024, 12, 1), date(2024, 12, 31)),
        ("2024-06-03", date(2024, 6, 3), date(2024, 6, 3)),
        ("2024-06-03T09:00:00Z", date(2024, 6, 3), date(2024, 6, 3)),
    ],
)
def test_a_coarse_date_is_a_period(claimed: str, first: date, last: date) -> None:
    assert weeks.period(claimed) == (first, last)
