"""Official dates: the packaged file, the analyst's, and what coarse dates do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tracker.analysis.official import (
    by_substance,
    first_official,
    known_rows,
    load_official,
    official_dates,
    read_file,
    read_rows,
    with_control_dates,
)
from tracker.analysis.rows import OfficialRow
from tracker.errors import UsageError

HEAD = "substance,event,date,country_or_body,source_url,note,confidence\n"


def row(event: str, when: str, body: str = "GB") -> OfficialRow:
    return OfficialRow("newazolam", event, when, body)


def test_the_packaged_file_is_read_whole() -> None:
    official = load_official()
    assert len(official) == 18
    assert sum(len(rows) for rows in official.values()) == 151
    assert all(item.source_url.startswith("http") for rows in official.values() for item in rows)


def test_the_analysts_file_wins_for_the_substances_it_names(tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text(HEAD + "Bromazolam,uk_control,2021-05-01,GB,https://example.org,,stated\n", encoding="utf-8-sig")
    official = load_official(mine)
    assert [(item.date, item.origin) for item in official["bromazolam"]] == [("2021-05-01", "analyst")]
    assert official["etizolam"] == load_official()["etizolam"]


def test_the_analysts_names_are_turned_into_the_lexicons(tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text(HEAD + "xanax-x,uk_control,2021,GB,,,\n", encoding="utf-8")
    assert "bromazolam" in load_official(mine, canonical={"xanax-x": "bromazolam"}.__getitem__)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("substance,event,date\n", "column country_or_body is missing"),
        (HEAD + "a,uk_control,2021-13,GB,,,\n", "line 2: column date: '2021-13'"),
        (HEAD + "a,uk_control,2021-02-30,GB,,,\n", "line 2: column date"),
        (HEAD + "a,uk_control,May 2021,GB,,,\n", "line 2: column date"),
        (HEAD + "a,banned,2021,GB,,,\n", "line 2: column event: 'banned'"),
        (HEAD + ",uk_control,2021,GB,,,\n", "line 2: column substance is empty"),
        ("", "line 1"),
    ],
)
def test_mistakes_are_named_by_file_line_and_column(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_rows(text, "mine.csv", origin="analyst")


def test_a_file_that_is_no_text_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read as UTF-8"):
        read_file(tmp_path / "mine.csv")


@pytest.mark.parametrize(
    ("dates", "first"),
    [
        (["2017", "2017-05-31"], "2017-05-31"),  # one event told twice: the finer wins
        (["2017-05", "2017-05-31"], "2017-05-31"),
        (["2016", "2017-05-31"], "2016"),  # another year is another event
        (["2017", "2018-01-01"], "2017"),
        (["2019-03-02", "2019-03-01"], "2019-03-01"),
    ],
)
def test_the_first_official_date_is_the_earliest_and_the_finer_wins(dates: list[str], first: str) -> None:
    found = first_official([row("uk_control", when) for when in dates])
    assert found is not None
    assert found.date == first


def test_only_the_nine_official_events_count() -> None:
    rows = [row("first_seizure_or_sample", "2010"), row("other", "2011"), row("un_scheduling", "2020")]
    assert [item.event for item in official_dates(rows)] == ["un_scheduling"]
    assert first_official(rows[:2]) is None


def test_a_coarse_date_is_known_when_its_period_is_over() -> None:
    rows = [row("uk_control", "2020"), row("eu_control", "2020-03-01")]
    assert [item.event for item in known_rows(rows, date(2020, 6, 1))] == ["eu_control"]
    assert len(known_rows(rows, date(2020, 12, 31))) == 2


def test_the_lexicons_control_dates_stand_in_only_where_no_file_says_more() -> None:
    files = by_substance([row("uk_control", "2020")])
    both = with_control_dates(files)
    assert both["newazolam"] == files["newazolam"]
    others = {item.origin for name, rows in both.items() if name != "newazolam" for item in rows}
    assert others == {"lexicon"}
    assert [item.date for item in both["etonitazene"]] == ["2013"]


def test_no_control_of_a_new_substance_is_dated_by_the_year_of_a_convention() -> None:
    dates = {item.date for rows in with_control_dates({}).values() for item in rows}
    assert not dates & {"1961", "1971"}
