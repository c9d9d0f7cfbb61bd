"""robots.txt: obeyed, remembered for a day, read again after an hour when it could not be read."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from collect_support import FAST, NOW, Clock, Lines, ask, make_client, source
from pytest_httpserver import HTTPServer

from tracker.collect import CollectSettings, HostPace
from tracker.collect.robots import Robots, robots_file

OBEYS = Lines(robots=True)


def _read(httpserver: HTTPServer) -> int:
    return sum(asked.path == "/robots.txt" for asked, _ in httpserver.log)


@pytest.mark.parametrize(
    ("code", "text", "status"),
    [
        (200, "User-agent: *\nDisallow: /x", "robots"),
        (200, "User-agent: nps-tracker\nDisallow: /", "robots"),
        (200, "User-agent: *\nDisallow: /\n\nUser-agent: nps-tracker\nAllow: /", "ok"),
        (200, "User-agent: *\nDisallow: /y", "ok"),
        (200, "User-agent: other\nDisallow: /", "ok"),
        (200, "", "ok"),
        (200, "<html>not a robots file</html>", "ok"),
        (404, "User-agent: *\nDisallow: /", "ok"),
        (403, "", "ok"),
        (500, "", "robots"),
        (503, "", "robots"),
    ],
)
def test_what_robots_txt_says_is_obeyed(httpserver: HTTPServer, code: int, text: str, status: str) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data(text, status=code)
    httpserver.expect_request("/x").respond_with_data("lines\nitem a")
    result = ask(source(httpserver.url_for("/x")), kind=OBEYS)
    assert result.status == status
    assert any(asked.path == "/x" for asked, _ in httpserver.log) == (status == "ok")


def test_documented_apis_follow_their_own_terms(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("User-agent: *\nDisallow: /")
    httpserver.expect_request("/x").respond_with_data("lines\nitem a")
    assert ask(source(httpserver.url_for("/x")), kind=Lines(robots=False)).status == "ok"
    assert _read(httpserver) == 0


def test_a_redirect_to_a_forbidden_path_is_not_followed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("User-agent: *\nDisallow: /secret")
    httpserver.expect_request("/x").respond_with_data("", status=302, headers={"Location": "/secret/a"})
    assert ask(source(httpserver.url_for("/x")), kind=OBEYS).status == "robots"


def test_it_is_read_once_a_day_also_across_runs(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("User-agent: *\nDisallow: /y")
    httpserver.expect_request("/x").respond_with_data("lines\nitem a")
    clock, cache = Clock(), {}
    for hours, read in ((0, 1), (6, 1), (17, 1), (2, 2)):
        clock.move(hours=hours)
        client = make_client(clock)  # a new run
        robots = Robots(client, now=clock.now, cache=cache)
        result = ask(source(httpserver.url_for("/x")), kind=OBEYS, clock=clock, client=client, robots=robots)
        assert result.status == "ok"
        assert _read(httpserver) == read


def test_what_could_not_be_read_is_tried_again_after_an_hour(httpserver: HTTPServer) -> None:
    httpserver.expect_ordered_request("/robots.txt").respond_with_data("", status=500)
    httpserver.expect_ordered_request("/robots.txt").respond_with_data("")
    httpserver.expect_ordered_request("/x").respond_with_data("lines\nitem a")
    clock, cache, seen = Clock(), {"http://other:80": "damaged"}, []
    for minutes in (0, 50, 20):
        clock.move(minutes=minutes)
        client = make_client(clock)
        robots = Robots(client, now=clock.now, cache=cache)
        result = ask(
            source(httpserver.url_for("/x")), kind=OBEYS, clock=clock, client=client, robots=robots, force=True
        )
        seen.append(result.status)
    assert seen == ["robots", "robots", "ok"]


def test_an_enormous_robots_txt_is_no_robots_txt(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("Disallow: /\n" * 100_000)
    httpserver.expect_request("/x").respond_with_data("lines\nitem a")
    assert ask(source(httpserver.url_for("/x")), kind=OBEYS).status == "ok"


def test_a_crawl_delay_slows_the_pace_of_its_host(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("User-agent: *\nCrawl-delay: 7")
    httpserver.expect_request("/x").respond_with_data(f"lines\nitem a\nnext {httpserver.url_for('/y')}")
    httpserver.expect_request("/y").respond_with_data("lines\nitem b")
    clock = Clock()
    client = make_client(clock, CollectSettings(pace=HostPace(0.5), hosts={}, limits=FAST.limits))
    ask(source(httpserver.url_for("/x")), kind=OBEYS, clock=clock, client=client)
    assert clock.slept[-1] == pytest.approx(7.0)


def test_the_cache_file_is_kept_between_runs_and_forgets_after_a_day(tmp_path: Path) -> None:
    path = tmp_path / "robots.json"
    path.write_text("damaged")
    old = json.dumps({"at": (NOW - timedelta(days=2)).isoformat(), "text": ""})
    new = json.dumps({"at": NOW.isoformat(), "text": "User-agent: *"})
    with robots_file(path, now=NOW) as cache:
        assert cache == {}
        cache |= {"http://a:80": old, "http://b:80": new}
    with robots_file(path, now=NOW) as cache:
        assert cache == {"http://b:80": new}


def test_a_cache_file_that_cannot_be_written_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with robots_file(tmp_path / "no folder" / "robots.json", now=NOW) as cache:
        cache["http://b:80"] = json.dumps({"at": NOW.isoformat(), "text": ""})
    assert "read anew next time" in caplog.text
