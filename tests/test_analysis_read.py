"""Facts read from an archive: exposure, and that sources coming and growing raise no alarm."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from digest_archive import document, new_archive, poll, source, tags, watched, week

from tracker.analysis import weeks
from tracker.analysis.read import week_facts
from tracker.analysis.report import read_signals, signals_json
from tracker.archive import Archive
from tracker.errors import UsageError

AGENCY = source()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with new_archive(tmp_path) as archive:
        yield archive


def give(archive: Archive, at: int, count: int, names: int = 0, *, of: Any = AGENCY) -> None:
    """In week `at`, `count` documents of a source, each a story of its own, the first `names` on protonitazene."""
    pairs = []
    for number in range(count):
        name = "Protonitazene" if number < names else "Nothing"
        rng = random.Random(f"{of.id} {at} {number}")  # words of its own: else it is one story with the others
        text = f"{name} was found: " + " ".join("".join(rng.choices("abcdefghij", k=7)) for _ in range(40)) + "."
        made = tags(text, *(["protonitazene"] if number < names else []), relevant=number < names)
        pairs.append((document(f"{of.id}{at}.{number}", text, of=of.id, title=text[17:40]), made))
    poll(archive, of, week(at), *pairs)


def excesses(archive: Archive, at: int) -> list[str]:
    """Names in excess in the week `at`, as its next Monday saw it."""
    _, found = read_signals(archive, week=weeks.week_of(week(at)), as_of=week(at + 1))
    return [signal.name for signal in found if signal.kind == "excess"]


def test_a_rise_in_watched_sources_is_an_excess(archive: Archive) -> None:
    for at in range(-40, 0):
        give(archive, at, 10, 1 if at % 4 == 0 else 0)
    give(archive, 0, 10, 6)
    assert "protonitazene" in excesses(archive, 0)


def test_as_many_more_documents_with_as_many_more_findings_are_none(archive: Archive) -> None:
    keep_all = source(keep="all")
    for at in range(-40, 0):
        give(archive, at, 10, 1, of=keep_all)
    give(archive, 0, 60, 6, of=keep_all)
    assert excesses(archive, 0) == []


def test_a_new_source_that_only_writes_of_one_substance_never_raises_an_alarm(archive: Archive) -> None:
    special = source("special")
    alarms = []
    for at in range(-40, 30):
        give(archive, at, 10, 1)
        if at >= -10:
            give(archive, at, 4, 3, of=special)
            alarms += excesses(archive, at)
    assert alarms == []


def test_a_week_is_known_by_the_moment_asked_for_and_not_more(archive: Archive) -> None:
    watched(archive, AGENCY, 10)
    give(archive, 0, 5, 2)
    facts = week_facts(archive, week="2026-W40", as_of=week(0))
    assert len(facts.documents) == 2  # those that are kept
    assert facts.new_documents == 5
    earlier = week_facts(archive, week="2026-W40", as_of=week(0).replace(hour=6))
    assert (earlier.documents, earlier.new_documents) == ((), 0)


def test_signals_are_given_as_the_contract_says(archive: Archive) -> None:
    watched(archive, AGENCY, 10)
    give(archive, 0, 1, 0)
    text = "Newazolam was found."
    poll(archive, AGENCY, week(0), (document("n", text), tags(text, "newazolam")))
    name, found = read_signals(archive, as_of=week(1))
    made = signals_json(found, week=name, as_of=week(1))
    assert made["week"] == "2026-W40"
    assert made["as_of"] == "2026-10-05T07:00:00Z"
    (row,) = made["signals"]
    assert {"kind", "name", "week", "observed", "expected", "interval", "p", "q", "documents"} <= set(row)
    assert (row["kind"], row["name"]) == ("first_ever", "newazolam")


def test_the_signals_of_a_week_to_come_are_refused(archive: Archive) -> None:
    with pytest.raises(UsageError, match="begins after"):
        read_signals(archive, week="2030-W01", as_of=week(0))


def test_an_empty_archive_has_no_signals(archive: Archive) -> None:
    assert read_signals(archive, as_of=week(1)) == ("2026-W40", ())
