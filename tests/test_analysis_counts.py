"""Weekly counts, pairs and timelines from hand-made rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tracker.analysis.comentions import pairs
from tracker.analysis.counts import count, is_holiday, reporting_delay
from tracker.analysis.rows import DocumentRow, OfficialRow, Span, SubstanceRow, ThemeRow
from tracker.analysis.timeline import timeline

START = datetime(2026, 9, 28, tzinfo=UTC)
PLACE = Span("text", 0, 5)


def document(
    number: int, *, assertion: str = "affirmed", themes: tuple[ThemeRow, ...] = (), **changes: Any
) -> DocumentRow:
    row = SubstanceRow("newazolam", "designer_benzodiazepine", True, "primary", assertion, assertion == "affirmed")  # type: ignore[arg-type]
    base = DocumentRow(
        number, number, number, "agency", f"P{number}", "B", START + timedelta(days=number), substances=(row,),
        themes=themes,
    )  # fmt: skip
    return replace(base, **changes)


def test_copies_count_once_and_assertions_apart() -> None:
    rows = [
        document(1),
        document(2, story=1, voice=1),
        document(3, assertion="negated"),
        document(4, assertion="hypothetical"),
        document(5, assertion="negated", story=1),
    ]
    (week,) = count(rows, dimension="substance", name="newazolam")
    assert (week.week, week.stories, week.negated, week.hypothetical) == ("2026-W40", 1, 1, 1)


@pytest.mark.parametrize(
    ("dimension", "name"),
    [("class", "designer_benzodiazepine"), ("country", "GB"), ("tier", "B"), ("theme", "death")],
)
def test_every_dimension_is_counted(dimension: Any, name: str) -> None:
    rows = [document(1, countries=("GB",), themes=(ThemeRow("death", "affirmed", PLACE),))]
    assert [row.stories for row in count(rows, dimension=dimension, name=name)] == [1]
    assert count(rows, dimension=dimension, name="none of it") == ()


def test_weeks_of_publication_leave_coarse_dates_apart() -> None:
    rows = [document(1, published="2026-08-05"), document(2, published="2026-08"), document(3)]
    found = {row.week: row.stories for row in count(rows, dimension="substance", name="newazolam", by="published")}
    assert found == {"": 2, "2026-W32": 1}


def test_the_reporting_delay_is_the_median_of_exactly_dated_documents() -> None:
    rows = [
        document(1, published="2026-09-27"),
        document(2, published="2026-09-20"),
        document(3, published="2025"),
        document(4, published="2020-01-01", backfilled=True),
    ]
    assert reporting_delay(rows) == 6.0
    assert reporting_delay([]) is None


@pytest.mark.parametrize(("week", "quiet"), [("2026-W53", True), ("2026-W33", True), ("2026-W40", False)])
def test_holiday_weeks_are_known(week: str, quiet: bool) -> None:
    assert is_holiday(week) == quiet


def test_pairs_stand_in_one_affirmed_sentence() -> None:
    together = ThemeRow("adulteration", "affirmed", PLACE, ("xylazine", "newazolam"))
    denied = replace(together, assertion="negated")
    rows = [
        document(1, themes=(together,), published="2026-09-01"),
        document(2, themes=(together,), story=1, voice=1),
        document(3, themes=(denied,)),
        document(4, themes=(together,), relevant=False),
    ]
    (pair,) = pairs(rows)
    assert (pair.a, pair.b, pair.theme, pair.stories, pair.documents) == (
        "newazolam",
        "xylazine",
        "adulteration",
        1,
        (1, 2),
    )
    assert (pair.first_seen, pair.first_published) == (START + timedelta(days=1), "2026-09-01")


def test_a_timeline_has_firsts_by_tier_and_country_and_the_lead() -> None:
    rows = [
        document(1, countries=("GB",)),
        document(2, countries=("GB", "SE"), tier="A"),
        document(3, assertion="negated", countries=("DE",)),
    ]
    official = [
        OfficialRow("newazolam", "uk_control", "2026-10-09", "GB"),
        OfficialRow("newazolam", "eu_control", "2027", "EU"),
    ]
    made = timeline("newazolam", rows, official, as_of=datetime(2026, 11, 1, tzinfo=UTC))
    assert made["first"]["document"] == 1
    assert {tier: row["document"] for tier, row in made["by_tier"].items()} == {"A": 2, "B": 1}
    assert {code: row["document"] for code, row in made["by_country"].items()} == {"GB": 1, "SE": 2}
    assert (made["documents"], made["findings"]) == (3, 2)
    assert (made["first_official"], made["lead_days"]) == ("2026-10-09", 10)
    assert [row["date"] for row in made["official"]] == ["2026-10-09"]


def test_the_timeline_of_an_unknown_name_is_empty() -> None:
    made = timeline("nothing", [], [], as_of=START)
    assert (made["first"], made["weeks"], made["lead_days"]) == (None, [], None)
