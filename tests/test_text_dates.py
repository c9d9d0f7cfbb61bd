"""Dates as claimed: precision kept, impossible ones refused, seasons and ranges kept whole."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.text.dates import DateReader, find_date, parse_date


@pytest.mark.parametrize(
    ("stated", "value", "precision"),
    [
        ("2024", "2024", "year"),
        ("2024-06", "2024-06", "month"),
        ("2024/06/03", "2024-06-03", "day"),
        ("20240603", "2024-06-03", "day"),
        ("2024-06-03T09:00:00Z", "2024-06-03T09:00:00Z", "time"),
        ("2024-06-03T09:00:00.123+02:00", "2024-06-03T07:00:00Z", "time"),
        ("20260828T121500Z", "2026-08-28T12:15:00Z", "time"),
        ("Mon, 03 Jun 2024 09:00:00 GMT", "2024-06-03T09:00:00Z", "time"),
        ("Mon, 3 Jun 2024 09:00 EDT", "2024-06-03T13:00:00Z", "time"),
        ("Fri, 3 Jun 2024 09:00:00 -0500", "2024-06-03T14:00:00Z", "time"),  # a wrong weekday is no matter
        ("09 Mar 2026 04:00:03 GMT", "2026-03-09T04:00:03Z", "time"),
        ("Sat,29 Jul 2006 10:00:00 GMT", "2006-07-29T10:00:00Z", "time"),
        ("Thu Sep 11 12:00:00 EST 2003", "2003-09-11T17:00:00Z", "time"),
        ("31 Dec 03 23:59:00 GMT", "2003-12-31T23:59:00Z", "time"),
        ("2003-12-31T24:00:00Z", "2004-01-01T00:00:00Z", "time"),
        ("14th June 2023", "2023-06-14", "day"),
        ("June 14, 2023", "2023-06-14", "day"),
        ("2024 Aug 5", "2024-08-05", "day"),
        ("Aug 2024", "2024-08", "month"),
        ("12/2024", "2024-12", "month"),
        ("Fri May 24 2024 10:00:00 GMT+0200 (CEST)", "2024-05-24T08:00:00Z", "time"),
        ("03/04/2024", "2024-04-03", "day"),  # the day stands first …
        ("04/25/2024", "2024-04-25", "day"),  # … unless it cannot
        ("12. März 2024", "2024-03-12", "day"),
        ("3 de junio de 2024", "2024-06-03", "day"),
        ("3 июня 2024 г.", "2024-06-03", "day"),
        ("juin 2024", "2024-06", "month"),
    ],
)
def test_precision_is_that_of_the_source(stated: str, value: str, precision: str) -> None:
    found = parse_date(stated)
    assert found is not None
    assert (found.value, found.precision, found.whole) == (value, precision, None)


@pytest.mark.parametrize(
    ("stated", "value"),
    [
        ("2024 Mar-Apr", "2024-03"),
        ("2023 Jan-Feb 01", "2023-01"),
        ("Mar-Apr 2024", "2024-03"),
        ("2007 Spring", "2007"),
        ("Autumn 2025", "2025"),
        ("1999-2000", "1999"),
        ("2024 Q3", "2024"),
        ("May 2024 - June 2024", "2024-05"),
        ("2024/25", "2024"),
    ],
)
def test_seasons_and_ranges_give_their_beginning_and_stand_whole(stated: str, value: str) -> None:
    found = parse_date(stated)
    assert found is not None
    assert (found.value, found.whole) == (value, stated)


@pytest.mark.parametrize(
    "stated",
    [
        "0000-00-00T00:00:00",
        "2024-06-03T25:00:00Z",
        "soon",
        "10.1101/2024.01.02",
        "Sat, 31 Jun 2006 10:00:00 GMT",
        "2024-02-30",
        "2024-13-01",
        "99.99.2024",
        "16(th) Feb(ruary) 2006",
        "yesterday",
        "",
        None,
    ],
)
def test_impossible_or_relative_dates_are_no_dates(stated: str | None) -> None:
    assert parse_date(stated) is None


def test_formats_of_the_source_come_first() -> None:
    assert parse_date("06/03/2024", ["%m/%d/%Y"]) == parse_date("2024-06-03")
    assert parse_date("03.2024", ["%m.%Y"]) == parse_date("2024-03")


def test_a_date_inside_words_is_found() -> None:
    assert find_date("Published on 3 June 2024 by the agency") == parse_date("2024-06-03")
    assert find_date("Bulletin 14 of the agency") is None


@given(st.text(max_size=40))
def test_any_words_give_a_date_of_the_promised_shape_or_none(words: str) -> None:
    found = parse_date(words)
    assert found is None or re.fullmatch(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\dZ)?)?)?", found.value)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)))
def test_a_moment_written_in_any_zone_comes_back_as_the_same_moment(moment: datetime) -> None:
    utc = moment.replace(microsecond=0, tzinfo=UTC)
    local = utc.astimezone(timezone(timedelta(hours=-5)))
    found = parse_date(local.isoformat())
    assert found is not None
    assert found.value == utc.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_payload_full_of_broken_dates_stops_costing_after_a_hundred() -> None:
    reader = DateReader()
    for i in range(150):
        assert reader(f"nodate {i} 20{i % 90 + 10} xyz") is None
    assert reader("3 juin 2024") is None  # the slow way is shut …
    assert reader("3 June 2024") == parse_date("2024-06-03")  # … the quick one open
