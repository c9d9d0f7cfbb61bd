"""What is missing is noticed: silence, changed layouts, moved and ended addresses; in the health and in the digest."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from collect_support import FAST, NOW
from pytest_httpserver import HTTPServer
from werkzeug import Request as Asked
from werkzeug import Response

from tracker import pipeline
from tracker.archive import Archive
from tracker.digest import make_digest, render
from tracker.lexicon import load
from tracker.model import Source
from tracker.tag import Tagger

OPTIONS = {"item": "article", "title": "h2", "link": "a", "date": "time"}


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger(load())


class Page:
    """A listing whose look can be changed."""

    def __init__(self, server: HTTPServer) -> None:
        self.answer = Response(listing(1))
        server.expect_request("/robots.txt").respond_with_data("", status=404)
        server.expect_request("/alerts").respond_with_handler(self._give)
        self.source = Source("alerts", "listing", server.url_for("/alerts"), tier="A", keep="all", options=OPTIONS)

    def _give(self, request: Asked) -> Response:
        return self.answer


def listing(*numbers: int, dated: bool = True, item: str = "article") -> str:
    date = "<time datetime='2026-10-05'></time>" if dated else "<time>soon</time>"
    return "<html><body>" + "".join(
        f"<{item}><h2>Alert {n}: bromazolam</h2><a href='/a/{n}'>more</a>{date}</{item}>" for n in numbers
    )


def poll(archive: Archive, source: Source, tagger: Tagger, at: datetime) -> None:
    pipeline.collect(archive, [source], tagger, http=FAST, now=lambda: at, force=True)


@pytest.mark.parametrize(
    ("body", "status", "finding"),
    [
        (listing(1, item="section"), 200, "yields nothing, the last time it did was 2026-11-10"),
        (listing(1, 2, dated=False), 200, "no item has a date any more"),
        ("", 410, "the address or interface has ended"),
        ("", 404, "the address or interface has ended"),
        ("", 403, "refuses us"),
        (listing(1, 2), 200, None),
        ("", 304, None),
    ],
)
def test_what_is_wrong_with_a_source_is_a_finding(
    httpserver: HTTPServer, tmp_path: Path, tagger: Tagger, body: str, status: int, finding: str | None
) -> None:
    page = Page(httpserver)
    page.answer = Response(listing(1), headers={"ETag": '"1"'})
    with Archive.open(tmp_path / "t.db", create=True) as archive:
        poll(archive, page.source, tagger, NOW - timedelta(days=14))
        page.answer = Response(body, status=status)
        poll(archive, page.source, tagger, NOW)
        (health,) = archive.health(now=NOW)
    if finding is None:
        assert health.findings == ()
    else:
        assert any(line.startswith(finding) for line in health.findings), health.findings


def test_a_permanent_redirect_is_a_suggestion(httpserver: HTTPServer, tmp_path: Path, tagger: Tagger) -> None:
    page = Page(httpserver)
    httpserver.expect_request("/new").respond_with_data(listing(1))
    page.answer = Response(status=301, headers={"Location": httpserver.url_for("/new")})
    with Archive.open(tmp_path / "t.db", create=True) as archive:
        poll(archive, page.source, tagger, NOW)
        (health,) = archive.health(now=NOW)
    assert health.findings == (f"moved for good to {httpserver.url_for('/new')}: change `url`",)


def test_a_source_that_says_nothing_for_long_is_silent(httpserver: HTTPServer, tmp_path: Path, tagger: Tagger) -> None:
    page = Page(httpserver)
    with Archive.open(tmp_path / "t.db", create=True) as archive:
        for week in range(6):
            page.answer = Response(listing(*range(week + 1)))
            poll(archive, page.source, tagger, NOW - timedelta(weeks=12 - week))
        poll(archive, page.source, tagger, NOW)
        (health,) = archive.health(now=NOW)
    assert health.silent
    assert health.findings == ("nothing new since 2026-10-06; usually every 7 days",)


def test_three_failures_in_a_row_are_no_accident(httpserver: HTTPServer, tmp_path: Path, tagger: Tagger) -> None:
    page = Page(httpserver)
    page.answer = Response("down", status=500)
    with Archive.open(tmp_path / "t.db", create=True) as archive:
        for days in range(3):
            assert archive.health(now=NOW) == [] or archive.health(now=NOW)[0].findings == ()
            poll(archive, page.source, tagger, NOW + timedelta(days=days))
        assert archive.health(now=NOW)[0].findings == ("failed 3 times in a row",)


def test_the_digest_names_who_gave_no_item_any_more(httpserver: HTTPServer, tmp_path: Path, tagger: Tagger) -> None:
    page = Page(httpserver)
    with Archive.open(tmp_path / "t.db", create=True) as archive:
        poll(archive, page.source, tagger, NOW - timedelta(days=7))
        page.answer = Response(listing(1, item="section"))
        poll(archive, page.source, tagger, NOW)
        before = make_digest(archive, week="2026-W47", as_of=NOW, settings={})
        now = make_digest(archive, week="2026-W48", as_of=NOW + timedelta(hours=1), settings={})
    assert (before.barren, now.barren) == ((), ("alerts",))
    assert b"1 without any item (alerts)" in render(now, "md")


def test_items_that_lose_their_dates_are_no_changed_items(
    httpserver: HTTPServer, tmp_path: Path, tagger: Tagger
) -> None:
    page = Page(httpserver)
    with Archive.open(tmp_path / "t.db", create=True) as archive:
        poll(archive, page.source, tagger, NOW - timedelta(days=7))
        page.answer = Response(listing(1, dated=False))
        poll(archive, page.source, tagger, NOW)
        (record,) = archive.all_documents()
        assert (record.document.published, len(archive.revisions(record.id))) == ("2026-10-05", 1)
        page.answer = Response(listing(1, dated=False).replace("bromazolam", "flubromazolam"))
        poll(archive, page.source, tagger, NOW + timedelta(days=1))
        (record,) = archive.all_documents()
        assert (record.document.published, len(archive.revisions(record.id))) == ("2026-10-05", 2)
        assert archive.verify() == []
