"""The scheduler: the archive knows what is due, a restart neither repeats nor skips, a stop lets the batch finish."""

from __future__ import annotations

import shutil
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tracker.archive import Archive
from tracker.config import Settings
from tracker.demo.server import serve
from tracker.demo.sources import sample_sources
from tracker.errors import ArchiveError, LexiconError
from tracker.lexicon import load
from tracker.lexicon.load import DATA
from tracker.model import FetchState, Source
from tracker.schedule import FreshTagger, Keeper, due_sources, jitter, last_digest_moment, last_upkeep_moment, run
from tracker.tag import Tagger

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday
SOURCE = Source(id="a", kind="feed", url="https://example.org", every=21600)


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger(load())


def keeper(folder: Path, sources: list[Source], tagger: Tagger, *, now: datetime = NOON) -> tuple[Keeper, list[str]]:
    said: list[str] = []
    settings = Settings(folder=folder)
    made = Keeper(
        db=folder / "db" / "tracker.db", load=lambda: (sources, settings), tagger=lambda: tagger, now=lambda: now,
        say=said.append, stop=threading.Event(),
    )  # fmt: skip
    return made, said


@pytest.mark.parametrize("hours", range(0, 100, 7))
def test_jitter_is_a_share_of_the_interval_and_does_not_change(hours: int) -> None:
    polled = NOON - timedelta(hours=hours)
    assert timedelta() <= jitter(SOURCE, polled) <= timedelta(minutes=10)
    assert jitter(SOURCE, polled) == jitter(SOURCE, polled)


def test_sources_do_not_all_come_at_once() -> None:
    delays = {jitter(Source(id=f"s{n}", kind="feed", url="https://example.org"), NOON) for n in range(50)}
    assert len(delays) == 50


@pytest.mark.parametrize(
    ("ago", "due"), [(None, True), (timedelta(hours=1), False), (timedelta(hours=6, minutes=10), True)]
)
def test_what_is_due_follows_from_the_last_poll(ago: timedelta | None, due: bool) -> None:
    states = {} if ago is None else {"a": FetchState("a", last_polled=NOON - ago, status="ok")}
    assert due_sources([SOURCE], states, now=NOON) == ([SOURCE] if due else [])


@pytest.mark.parametrize(
    ("now", "zone", "due"),
    [
        ("2026-11-24T12:00:00+00:00", "UTC", "2026-11-23T07:00:00+00:00"),
        ("2026-11-23T06:59:00+00:00", "UTC", "2026-11-16T07:00:00+00:00"),
        ("2026-11-23T07:00:00+00:00", "UTC", "2026-11-23T07:00:00+00:00"),
        ("2026-11-23T06:30:00+00:00", "Europe/Berlin", "2026-11-23T06:00:00+00:00"),
        ("2026-10-26T06:30:00+00:00", "Europe/Berlin", "2026-10-26T06:00:00+00:00"),  # after the clocks went back
        ("2026-10-24T12:00:00+00:00", "Europe/Berlin", "2026-10-19T05:00:00+00:00"),  # before
    ],
)
def test_the_digest_is_due_at_its_local_hour(now: str, zone: str, due: str) -> None:
    found = last_digest_moment(datetime.fromisoformat(now), day="monday", hour=7, timezone=zone)
    assert found == datetime.fromisoformat(due)


def test_upkeep_is_due_at_night() -> None:
    assert last_upkeep_moment(NOON, timezone="UTC") == datetime(2026, 11, 24, 3, 30, tzinfo=UTC)


def test_a_digest_is_made_once_however_often_it_is_asked_for(tmp_path: Path, tagger: Tagger) -> None:
    made, said = keeper(tmp_path, [], tagger)
    made.once("digest")
    made.once("digest")
    assert said == ["digest: 6 files, 0 mails"]
    assert (tmp_path / "digests" / "2026-W47.html").exists()
    later, said = keeper(tmp_path, [], tagger, now=NOON + timedelta(days=7))
    later.once("digest")
    assert (tmp_path / "digests" / "2026-W48.html").exists()


def test_upkeep_is_done_once_a_night(tmp_path: Path, tagger: Tagger) -> None:
    made, said = keeper(tmp_path, [], tagger)
    for _ in range(2):
        made.once("upkeep")
    assert said == ["upkeep: 0 texts pruned, 0 findings"]


def test_a_failed_job_is_one_health_line(tmp_path: Path, tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    made, said = keeper(tmp_path, [], tagger)

    def fail(*_: object, **__: object) -> None:
        raise ArchiveError("the disk is full;\nmake room")

    monkeypatch.setattr(Archive, "open", fail)
    made.once("collect")
    assert said == ["collect: the disk is full; make room"]


def test_the_scheduler_collects_what_is_due_and_leaves_when_asked(tmp_path: Path, tagger: Tagger) -> None:
    with serve() as (site, address):
        site.week = 0
        sources = [s for s in sample_sources(address) if s.kind == "feed"][:2]
        made, said = keeper(tmp_path, sources, tagger)
        done = made.say

        def say(line: str) -> None:
            done(line)
            if line.startswith("collect"):
                made.stop.set()

        made.say = say
        run(made)
    assert said[0] == "collect: 2 sources, 2 new, 0 revised, 0 failed"
    with Archive.open(made.db) as archive:
        assert archive.count_documents(everything=True) == 2


HEADER = "name,class,nps,reported,aliases,remove\n"


def test_the_analysts_additions_hold_without_a_restart(tmp_path: Path) -> None:
    own, said = tmp_path / "substances.local.csv", list[str]()
    fresh = FreshTagger(lambda: load(own if own.exists() else None), said.append)
    first = fresh()
    assert fresh() is first
    text = "The tablets contained zorbazolam."
    assert first.tag(text).substances == ()
    own.write_text(f"{HEADER}zorbazolam,designer_benzodiazepine,yes,yes,,\n")
    second = fresh()
    assert [s.name for s in second.tag(text).substances] == ["zorbazolam"]
    assert fresh() is second
    assert [line.split(";")[0] for line in said] == [f"lexicon: now {second.lexicon.version}"]
    own.unlink()
    assert fresh().lexicon.version == first.lexicon.version


def test_additions_that_cannot_be_read_are_said_once_and_stop_nothing(tmp_path: Path) -> None:
    own, said = tmp_path / "substances.local.csv", list[str]()
    fresh = FreshTagger(lambda: load(own if own.exists() else None), said.append)
    first = fresh()
    own.write_text("name,class\nzorbazolam\n")
    assert fresh() is fresh() is first
    (line,) = said
    assert line.startswith("lexicon: substances.local.csv")
    assert line.endswith(f"going on with {first.lexicon.version}")
    with pytest.raises(LexiconError):
        FreshTagger(lambda: load(own), said.append)()


def test_changed_files_of_the_knowledge_base_are_read_anew(tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(DATA, data)
    fresh = FreshTagger(lambda: load(data=data), lambda _: None)
    first = fresh()
    (data / "VERSION").write_text("2099.1\n")
    assert (first is not fresh(), fresh().lexicon.version) == (True, "2099.1")
