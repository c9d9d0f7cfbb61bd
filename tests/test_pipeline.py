"""A run stores what has come a handful at a time, each source whole, and loses nothing that can be kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from collect_support import FAST, NOW
from pytest_httpserver import HTTPServer

from tracker import pipeline
from tracker.archive import Archive
from tracker.archive.polls import Poll
from tracker.archive.store import Stored
from tracker.errors import ArchiveError
from tracker.lexicon import load
from tracker.model import Source

FEED = (
    '<rss version="2.0"><channel><title>F</title><item><title>Bromazolam {0}</title><link>http://x.example/{0}</link>'
    "<guid>{0}</guid><description>Bromazolam killed two people in town {0}.</description></item></channel></rss>"
)


def sources(server: HTTPServer, count: int) -> list[Source]:
    server.expect_request("/robots.txt").respond_with_data("", status=404)
    for n in range(count):
        server.expect_request(f"/{n}").respond_with_data(FEED.format(n))
    return [Source(f"s{n}", "feed", server.url_for(f"/{n}")) for n in range(count)]


class Watched:
    """Notes how many polls each transaction holds; refuses those with more than one, or with a source, when told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, alone: bool = False, never: str = "") -> None:
        self.sizes: list[int] = []
        self._store, self._alone, self._never = Archive.store_all, alone, never
        monkeypatch.setattr(
            Archive, "store_all", lambda archive, polls, *, lexicon: self._take(archive, polls, lexicon)
        )

    def _take(self, archive: Archive, polls: Sequence[Poll], lexicon: str) -> list[Stored]:
        if (self._alone and len(polls) > 1) or any(poll.result.source.id == self._never for poll in polls):
            raise ArchiveError("it cannot be stored")
        self.sizes.append(len(polls))
        return self._store(archive, polls, lexicon=lexicon)


def collected(path: Path, watched: list[Source]) -> pipeline.CollectReport:
    with Archive.open(path, create=True) as archive:
        return pipeline.collect(archive, watched, pipeline.LateTagger(load), http=FAST, now=lambda: NOW)


def count(path: Path) -> int:
    with Archive.open(path) as archive:
        assert archive.verify() == []
        return archive.count_documents(everything=True)


def test_polls_that_finish_together_are_stored_together(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(monkeypatch)
    report = collected(tmp_path / "t.db", sources(httpserver, 12))
    assert (report.new, len(report.sources), sum(watched.sizes)) == (12, 12, 12)
    assert len(watched.sizes) < 12
    assert count(tmp_path / "t.db") == 12


def test_what_cannot_be_stored_together_is_stored_one_by_one(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Watched(monkeypatch, alone=True)
    assert collected(tmp_path / "t.db", sources(httpserver, 5)).new == 5
    assert count(tmp_path / "t.db") == 5


def test_what_came_before_a_poll_that_cannot_be_stored_is_kept(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Watched(monkeypatch, never="s2")
    listed = sources(httpserver, 3)
    with Archive.open(tmp_path / "t.db", create=True) as archive, pytest.raises(ArchiveError, match="cannot be stored"):
        pipeline.collect(archive, listed, pipeline.LateTagger(load), http=FAST, now=lambda: NOW, workers=1)
    assert count(tmp_path / "t.db") == 2


def test_a_run_that_finds_nothing_new_reads_no_lexicon(httpserver: HTTPServer, tmp_path: Path) -> None:
    listed = sources(httpserver, 2)
    collected(tmp_path / "t.db", listed)

    def unwanted() -> None:
        raise AssertionError("the knowledge base was read")

    with Archive.open(tmp_path / "t.db") as archive:
        late = pipeline.LateTagger(unwanted)  # type: ignore[arg-type]
        again = pipeline.collect(archive, listed, late, http=FAST, now=lambda: NOW, force=True)
    assert [(row.status, row.unchanged) for row in again.sources] == [("ok", 1), ("ok", 1)]
