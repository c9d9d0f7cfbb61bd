"""The back-test and the ledger, by their definitions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from digest_archive import document, new_archive, source, tags

from tracker.analysis.backtest import Replayed, backtest, summarise
from tracker.analysis.leadtime import as_mapping, lead, ledger, read_ledger
from tracker.analysis.official import by_substance
from tracker.analysis.rows import Before, OfficialRow
from tracker.archive import Archive

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def official(**dates: str) -> dict[str, tuple[OfficialRow, ...]]:
    return by_substance(OfficialRow(name, "uk_control", when, "GB") for name, when in dates.items())


def monday(when: str, *raised: str, named: Mapping[str, str] | None = None) -> Replayed:
    names = dict(named) if named is not None else dict.fromkeys(raised, when)
    return Replayed(date.fromisoformat(when), dict.fromkeys(raised, "new_substances"), frozenset(names), names)


@pytest.mark.parametrize(
    ("when", "days", "interval"),
    [
        ("2020-02-01", 31, (31, 31)),
        ("2020-02", 31, (31, 59)),
        ("2020", 0, (0, 365)),
        ("2019-12-31", -1, (-1, -1)),
    ],
)
def test_a_lead_is_counted_to_the_first_day_and_coarse_dates_give_an_interval(
    when: str, days: int, interval: tuple[int, int]
) -> None:
    assert lead(date(2020, 1, 1), OfficialRow("a", "uk_control", when, "GB")) == (days, interval)


def test_without_sight_or_date_there_is_no_lead() -> None:
    assert lead(None, OfficialRow("a", "uk_control", "2020", "GB")) == (None, None)
    assert lead(date(2020, 1, 1), None) == (None, None)


def test_sensitivity_is_over_the_substances_that_had_a_chance() -> None:
    weeks = [
        monday("2019-01-07", "early"),
        monday("2019-01-14", named={"missed": "2019-01-08"}),
        monday("2020-01-06", "late", named={"late": "2019-12-30"}),
        monday("2020-01-13", "chanceless"),
    ]
    dates = official(early="2019-06-01", missed="2019-06-01", late="2020-01-02", chanceless="2019-01-01")
    made = summarise(weeks, dates)
    summary = made["summary"]
    assert summary["chances"] == 3
    assert summary["raised_before_official"] == 1
    assert summary["sensitivity"] == pytest.approx(1 / 3)
    assert summary["no_chance"] == ["chanceless"]
    assert summary["missed"] == ["missed"]
    rows = {row["name"]: row for row in made["substances"]}
    assert (rows["early"]["first_raised"], rows["early"]["lead_days"]) == ("2019-01-07", 145)
    assert (rows["late"]["lead_days"], rows["missed"]["lead_days"]) == (-4, None)
    assert summary["median_lead_days"] == 70.5


def test_a_coarse_first_item_has_a_chance_only_where_its_whole_period_is_before() -> None:
    weeks = [monday("2020-01-06", "coarse", named={"coarse": "2019"})]
    assert summarise(weeks, official(coarse="2019-06-01"))["summary"]["no_chance"] == ["coarse"]
    assert summarise(weeks, official(coarse="2020-06-01"))["summary"]["chances"] == 1


def test_a_false_alarm_is_a_name_without_an_official_date_within_two_years() -> None:
    weeks = [
        monday("2019-01-07", "near", "far", "unknown", named={"near": "2019", "far": "2019"}),
        monday("2019-01-14", "unknown", named={"near": "2019"}),
    ]
    made = summarise(weeks, official(near="2020-12-31", far="2021-06-01"))
    assert {alarm["name"] for alarm in made["false_alarms"]} == {"far", "unknown"}
    assert made["summary"]["false_alarms"] == 2
    assert made["summary"]["false_alarms_per_week"] == 1.0


def test_weeks_of_background_only_are_counted_apart() -> None:
    weeks = [monday("2019-01-07", "known"), monday("2019-01-14", "noise"), monday("2019-02-04", named={})]
    summary = summarise(weeks, official(known="2019-06-01"))["summary"]
    assert (summary["weeks"], summary["background_weeks"], summary["weeks_without_documents"]) == (1, 2, 2)
    assert (summary["false_alarms"], summary["background_false_alarms"]) == (0, 1)


def test_nothing_replayed_is_no_error() -> None:
    assert summarise([], official(a="2020"))["summary"]["sensitivity"] is None


def backfile(archive: Archive, *items: tuple[str, str, str]) -> None:
    """(published, text, substance) as documents whose first_seen is their publication."""
    documents, made = [], []
    for number, (published, text, name) in enumerate(items):
        precision = {4: "year", 7: "month", 10: "day"}[len(published)]
        documents.append(document(f"b{number}", text, publisher=f"P{number}", published=published, precision=precision))
        made.append(tags(text, *([name] if name else [])))
    archive.store_import(source(), documents, made, now=NOW, lexicon="2026.1", first_seen_published=True)


@pytest.fixture
def replayed(tmp_path: Path) -> dict[str, object]:
    with new_archive(tmp_path) as archive:
        backfile(
            archive,
            ("2018-01-10", "Nothing of note.", ""),
            ("2019-03-05", "Newazolam was found in Leeds.", "newazolam"),
            ("2019-09-05", "Newazolam was found in Hull.", "newazolam"),
            ("2020-02", "Oldazolam was found too.", "oldazolam"),
        )
        return backtest(archive, official(newazolam="2019-12-01", oldazolam="2020-02-10"), as_of=NOW)


def test_an_archive_is_replayed_as_of_each_monday(replayed: dict[str, object]) -> None:
    rows = {row["name"]: row for row in replayed["substances"]}  # type: ignore[attr-defined]
    new, old = rows["newazolam"], rows["oldazolam"]
    assert (new["first_mention"], new["first_raised"], new["raised_in"]) == (
        "2019-03-05",
        "2019-03-11",
        "new_substances",
    )
    assert new["lead_days"] == 265
    assert not old["chance"]
    assert old["first_raised"] is None  # by Monday 2 March its official date had come: known, no news
    assert json.loads(json.dumps(replayed)) == replayed


def test_a_replay_ends_at_the_moment_asked_for(tmp_path: Path) -> None:
    with new_archive(tmp_path) as archive:
        backfile(archive, ("2018-01-10", "Nothing.", ""), ("2019-03-05", "Newazolam was found.", "newazolam"))
        made = backtest(archive, official(newazolam="2019-12-01"), as_of=datetime(2019, 3, 10, tzinfo=UTC))
    assert made["substances"][0]["first_raised"] is None


def test_the_ledger_counts_misses_as_the_worst_leads() -> None:
    seen = {"a": Before(first_seen=datetime(2020, 1, 1, tzinfo=UTC)), "c": Before(first_seen=NOW)}
    lines = ledger(seen, official(a="2020-02-01", b="2020-03-01", c="2021-01-01"), as_of=NOW)
    assert [(line.name, line.lead_days, line.running_median) for line in lines[:2]] == [
        ("a", 31, 31),
        ("b", None, None),
    ]
    data = as_mapping(lines, as_of=NOW)
    assert data["summary"]["missed"] == 1
    assert [row["missed"] for row in data["substances"]] == [False, True, False]


def test_the_ledger_knows_no_official_date_of_later() -> None:
    then = datetime(2020, 2, 15, tzinfo=UTC)
    assert [line.name for line in ledger({}, official(a="2020-02-01", b="2020-03-01"), as_of=then)] == ["a"]


def test_the_ledger_of_an_archive_has_first_sights_by_tier(tmp_path: Path) -> None:
    with new_archive(tmp_path) as archive:
        backfile(archive, ("2019-03-05", "Newazolam was found.", "newazolam"))
        (line,) = read_ledger(archive, as_of=NOW, official=official(newazolam="2019-12-01"))
    assert line.by_tier == {"B": date(2019, 3, 5)}
    assert line.lead_days == 271
