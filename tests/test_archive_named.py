"""What names a substance: read leanly it says what whole documents say, and summed by weeks what counting says."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from digest_archive import document, new_archive, poll, source, tags, watched, week

from tracker.analysis import read, weeks
from tracker.analysis.timeline import read_timeline, timeline
from tracker.archive import Archive, reads_named, reads_pages
from tracker.archive import reads_analysis as reads

NAMES = ("bromazolam", "protonitazene", "xylazine", "diazepam", "3-mmc")
WEEKS = 12


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    rng = random.Random(3)
    agency, herald = source(), source("herald", tier="A")
    with new_archive(tmp_path) as archive:
        watched(archive, agency, 12, until=0)
        watched(archive, herald, 5, until=0)
        for number in range(80):
            a, b = rng.sample(NAMES, 2)
            text = f"Case {number}: {a} was sold as {b} and one person died."
            how = {"assertion": rng.choice(("affirmed", "affirmed", "negated", "hypothetical"))}
            how["context"] = rng.choice(("finding", "finding", "panel"))
            made = tags(
                text, a, b, themes={"death": text, "adulteration": text}, countries=(rng.choice(("GB", "SE")),), **how
            )
            poll(archive, (agency, herald)[number % 2], week(number // 10 - 8), (document(f"c{number}", text), made))
        yield archive


def number(count: int) -> int:
    return weeks.number(week(count))


def seen(archive: Archive, at: int) -> dict[str, reads_named.Seen]:
    return reads_named.substances(archive, this_week=number(at), weeks=WEEKS)


@pytest.mark.parametrize("at", [-7, -4, 0, 9])
@pytest.mark.parametrize("name", NAMES)
def test_a_timeline_from_lean_rows_is_that_of_whole_documents(archive: Archive, name: str, at: int) -> None:
    text = "Case 3: nothing but metonitazene was found after all."
    poll(archive, source(), week(1), (document("c3", text), tags(text, "metonitazene")))
    moment = weeks.stamp(week(at))
    rows = reads.documents_by_id(archive, range(1, 200), as_of=moment)
    whole = [d for d in read.document_rows(rows) if d.kept and any(s.name == name for s in d.substances)]
    assert whole
    assert read_timeline(archive, name, as_of=week(at), official={}) == timeline(name, whole, (), as_of=week(at))


def test_sums_by_week_say_what_counting_says(archive: Archive) -> None:
    counted = seen(archive, 0)
    assert reads_named.sum_up(archive, before=number(0), large=1) == 12
    assert seen(archive, 0) == counted
    assert set(counted) == set(NAMES)
    assert sum(s.documents for s in counted.values()) == 160


def test_only_weeks_with_new_tags_are_summed_again(archive: Archive) -> None:
    reads_named.sum_up(archive, before=number(0), large=1)
    assert reads_named.sum_up(archive, before=number(0), large=1) == 0
    text = "Case 14: metonitazene it was."
    poll(archive, source(), week(0), (document("c14", text), tags(text, "metonitazene")))  # first seen in week -7
    counted = seen(archive, 0)  # counted whole while a week is stale
    assert counted["metonitazene"].documents == 1
    assert reads_named.sum_up(archive, before=number(0), large=1) == 1
    assert seen(archive, 0) == counted


def test_the_running_week_is_counted_beside_the_sums(archive: Archive) -> None:
    reads_named.sum_up(archive, before=number(0), large=1)
    text = "New: xylazine again."
    poll(archive, source(), week(0), (document("new", text), tags(text, "xylazine")))
    assert seen(archive, 0)["xylazine"].weeks[-1] == 1
    assert seen(archive, 0)["xylazine"].last_seen == weeks.stamp(week(0))


def test_sums_that_were_deleted_are_made_again(archive: Archive) -> None:
    reads_named.sum_up(archive, before=number(0), large=1)
    counted = seen(archive, 0)
    archive._db.execute("DROP TABLE named_weeks")
    assert seen(archive, 0) == counted
    assert reads_named.sum_up(archive, before=number(0), large=1) == 12


def test_a_small_archive_is_not_summed(archive: Archive) -> None:
    assert reads_named.sum_up(archive, before=number(0)) == 0
    assert "named_weeks" not in {row[0] for row in archive._db.execute("SELECT name FROM sqlite_master")}


def test_candidates_of_a_large_archive_are_found_from_the_newest_back(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for count, name in enumerate(["Fluoxazene", "fluoxazene", "brozolam", "FLUOXAZENE", "brozolam", "metazene"]):
        text = f"Powder {count} held {name}."
        poll(archive, source(), week(count), (document(f"k{count}", text), tags(text, candidates=(name,))))
    whole = reads_pages.candidates(archive)
    assert [(row.key, row.documents) for row in whole] == [("metazene", 1), ("brozolam", 2), ("fluoxazene", 3)]
    monkeypatch.setattr(reads_pages, "MANY", 1)
    assert reads_pages.candidates(archive) == whole
    assert reads_pages.candidates(archive, limit=2) == whole[:2]
