"""Weeks summed up once say the same as counting the whole past anew, whatever happens to the archive in between."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from digest_archive import document, new_archive, poll, source, tags, watched, week

from tracker.analysis import read, rolled, weeks
from tracker.analysis.report import keep_signals
from tracker.analysis.rows import WeekFacts
from tracker.archive import Archive, rollup

NAMES = ("bromazolam", "protonitazene", "xylazine", "diazepam", "3-mmc")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    rng = random.Random(5)
    agency, herald = source(), source("herald", tier="A")
    with new_archive(tmp_path) as archive:
        watched(archive, agency, 12, until=1)
        watched(archive, herald, 5, until=1)
        for number in range(60):
            a, b = rng.sample(NAMES, 2)
            text = f"Case {number}: {a} was sold as {b} and one person died."
            made = tags(text, a, b, themes={"death": text, "adulteration": text}, countries=(rng.choice(("GB", "SE")),))
            poll(archive, agency, week(number // 6 - 9), (document(f"c{number}", text), made))
        yield archive


def both(archive: Archive, monkeypatch: pytest.MonkeyPatch, at: int = 1) -> tuple[WeekFacts, WeekFacts]:
    """The facts of the last week before week `at`, with the sums and without."""
    facts = []
    for threshold in (0, 10**9):
        monkeypatch.setattr(rolled.history, "__kwdefaults__", {"roll_from": threshold})
        facts.append(read.week_facts(archive, week=weeks.last_complete(week(at)), as_of=week(at)))
    return facts[0], facts[1]


def same(pair: tuple[WeekFacts, WeekFacts]) -> None:
    summed, counted = pair
    assert summed.documents == counted.documents
    assert summed.exposures == pytest.approx(counted.exposures)
    assert summed.exposure == pytest.approx(counted.exposure)
    assert summed.substances == counted.substances
    assert {name: row for name, row in summed.classes.items() if any(row.counts)} == counted.classes
    assert summed.class_rates == pytest.approx(counted.class_rates)
    assert summed.quiet_series == counted.quiet_series
    assert summed.places_before == counted.places_before
    for name, before in counted.before.items():
        mine = summed.before[name]
        assert replace(mine, first_published=None, partners={}) == replace(before, first_published=None, partners={})
        assert all(mine.partners.get(key) in (None, moment) for key, moment in before.partners.items())


def test_the_sums_say_what_counting_says(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    same(both(archive, monkeypatch))
    assert rollup.usable(archive, before=weeks.number("2026-W40"), as_of="2026-10-05T07:00:00Z")


def test_a_week_that_is_tagged_anew_is_summed_anew(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    both(archive, monkeypatch)
    changed = "Case 3: metonitazene was found."
    poll(archive, source(), week(0), (document("c3", changed), tags(changed, "metonitazene")))
    poll(archive, source(), week(1), (document("new", changed + " Again."), tags(changed, "metonitazene")))
    same(both(archive, monkeypatch, 2))


def test_the_past_before_a_retag_is_counted_and_not_summed(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Case 3: metonitazene was found."
    poll(archive, source(), week(3), (document("c3", text), tags(text, "metonitazene")))
    summed, _ = pair = both(archive, monkeypatch)
    same(pair)
    assert "metonitazene" not in summed.substances
    assert not rollup.usable(archive, before=weeks.number("2026-W40"), as_of="2026-10-05T07:00:00Z")


def test_a_small_archive_keeps_no_sums(archive: Archive) -> None:
    assert rolled.refresh(archive, before=weeks.number("2026-W41")) == 0
    assert rolled.refresh(archive, before=weeks.number("2026-W41"), roll_from=1) > 0
    assert rolled.refresh(archive, before=weeks.number("2026-W41"), roll_from=1) == 0


def test_the_signals_of_a_week_are_kept_for_direct_readers(archive: Archive) -> None:
    text = "Newazolam was found in Leeds."
    poll(archive, source(), week(0), (document("one", text), tags(text, "newazolam")))
    count = keep_signals(archive, week="2026-W40", as_of=week(1))
    again = keep_signals(archive, week="2026-W40", as_of=week(2))
    with sqlite3.connect(archive.path) as reader:
        rows = reader.execute("SELECT week, kind, name, observed, as_of FROM v_signals").fetchall()
    reader.close()
    assert count == again == len(rows) > 0
    assert {row[0] for row in rows} == {"2026-W40"}
    assert {row[4] for row in rows} == {"2026-10-12T07:00:00Z"}


def test_a_retag_from_the_command_line_sums_the_weeks_up_anew(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner

    from tracker.cli import cli

    monkeypatch.setattr(rolled.refresh, "__kwdefaults__", {"roll_from": 0})
    (tmp_path / "sources.yaml").write_text("sources: []\n")
    assert rolled.refresh(archive, before=weeks.number(week(2))) > 0
    words = ["--db", str(tmp_path / "tracker.db"), "--sources", str(tmp_path / "sources.yaml"), "retag"]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    assert rollup.missing_weeks(archive, before=weeks.number(week(2))) == []
