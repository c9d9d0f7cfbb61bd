"""Walking a search: no moment is left out, no request needs another's answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.model import Window
from tracker.sources._walk import DAY, Walk, advance, begin, walk_in

NOW = datetime(2026, 11, 24, 7, 3, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
QUARTER = timedelta(minutes=15)


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=400)), st.sampled_from([DAY, QUARTER]))
def test_a_walk_covers_its_window_in_whole_units(since: datetime, length: timedelta, unit: timedelta) -> None:
    (walk,) = begin(Window(since, since + length), unit=unit)
    assert walk.since <= since
    assert walk.until <= since + length < walk.until + unit


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=400)), st.sampled_from([DAY, QUARTER]))
def test_halves_are_whole_and_smaller_until_a_unit_is_left(since: datetime, length: timedelta, unit: timedelta) -> None:
    (walk,) = begin(Window(since, since + length), unit=unit)
    halves = advance(walk, got=1, pos=None, total=10, ceiling=5).walks
    if not halves:
        assert walk.until - walk.since < 2 * unit
        return
    newer, older = halves
    assert (older.since, newer.until) == (walk.since, walk.until)
    assert newer.since - older.until == (unit if unit == DAY else timedelta(0))
    assert all(h.until - h.since < walk.until - walk.since for h in halves)


@given(MOMENTS, st.integers(0, 5), st.text(max_size=10))
def test_a_walk_survives_being_written_down(since: datetime, part: int, pos: str) -> None:
    (walk,) = begin(Window(since, since + DAY))
    moved = Walk(walk.since, walk.until, part=part, parts=6, pos=pos, seen=3, pages=2)
    assert walk_in(json.loads(json.dumps(moved.state(more=1)))) == moved


def test_every_query_has_a_walk_of_its_own() -> None:
    assert [w.part for w in begin(Window(NOW - DAY, NOW), parts=3)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("pos", "total", "ceiling", "max_pages", "onward"),
    [
        ("2", 10, 0, None, True),
        (None, 10, 0, None, False),
        ("2", 10, 0, 1, False),  # the cap that the operator stated
        ("2", None, 3, None, False),  # the API gives no more
        ("", 10, 0, None, False),  # the same place again would never end
    ],
)
def test_a_walk_goes_on_until_it_is_done_or_capped(
    pos: str | None, total: int | None, ceiling: int, max_pages: int | None, onward: bool
) -> None:
    (walk,) = begin(Window(NOW, NOW))
    move = advance(walk, got=5, pos=pos, total=total, ceiling=ceiling, max_pages=max_pages)
    assert bool(move.walks) is onward
    assert bool(move.problems) is bool(max_pages)


def test_a_window_that_ends_before_it_begins_is_one_moment() -> None:
    (walk,) = begin(Window(NOW, NOW - timedelta(days=3)))
    assert walk.since == walk.until
