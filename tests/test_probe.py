"""`tracker sources check`: each entry is asked once, nothing is stored, and what is wrong is a line."""

from __future__ import annotations

from typing import Any

import pytest
from collect_support import FAST, NOW
from pytest_httpserver import HTTPServer

from tracker.model import Source
from tracker.runs import probe

PAGE = "<html><head><title>Alerts</title></head><body><main><h1>Alert</h1><p>{}</p></main></body></html>".format(
    "Bromazolam is sold as Xanax in the north of the country, the service says; two people died of it. " * 3
)
LISTING = "<article><h2>Bromazolam</h2><a href='/a'>more</a>{}</article>"
ITEM = {"item": "article", "title": "h2", "link": "a"}
FEED = (
    '<rss version="2.0"><channel><title>F</title><item><title>Bromazolam</title><link>http://x.example/1</link>{}</item>'
    "</channel></rss>"
)
DATE = "<pubDate>Mon, 02 Nov 2026 07:00:00 GMT</pubDate>"


@pytest.mark.parametrize(
    ("kind", "options", "body", "finding"),
    [
        ("feed", {}, FEED.format(DATE), None),
        ("feed", {}, FEED.format(""), "no item has a date"),
        ("feed", {}, "<html><body>hello", "an HTML page came"),
        ("watch", {}, PAGE, None),
        ("listing", ITEM, LISTING.format(""), None),
        ("listing", {**ITEM, "date": "time"}, LISTING.format("<time>soon</time>"), "no item has a date"),
        ("listing", ITEM, "<p>nothing here</p>", "the listing yields nothing"),
        ("table", {"columns": {"title": "drug"}}, "drug,day\nbromazolam,2026-11-01\n", None),
        (
            "table",
            {"columns": {"title": "drug", "published": "day"}},
            "drug,day\nbromazolam,soon\n",
            "no item has a date",
        ),
    ],
)
def test_what_is_wrong_with_an_entry_is_found(
    httpserver: HTTPServer, kind: str, options: dict[str, Any], body: str, finding: str | None
) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    httpserver.expect_request("/it").respond_with_data(body)
    seen: list[str] = []
    source = Source("it", kind, httpserver.url_for("/it"), options=options)
    (row,) = probe([source], http=FAST, now=lambda: NOW, on_result=seen.append)
    assert (row["id"], row["http"], seen) == ("it", 200, ["it"])
    if finding is None:
        assert (row["error"], row["finding"], row["items"]) == (None, False, 1)
    else:
        assert row["finding"]
        assert finding in row["error"]


def test_an_entry_that_moved_or_is_gone_is_a_finding_and_the_order_is_that_of_the_list(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    httpserver.expect_request("/gone").respond_with_data("", status=404)
    httpserver.expect_request("/new").respond_with_data(FEED.format(DATE))
    there = httpserver.url_for("/new")
    httpserver.expect_request("/old").respond_with_data("", status=301, headers={"Location": there})
    sources = [Source(name, "feed", httpserver.url_for(f"/{name}")) for name in ("gone", "old", "new")]
    rows = probe(sources, http=FAST, now=lambda: NOW)
    assert [(row["id"], row["status"], row["finding"]) for row in rows] == [
        ("gone", "gone", True), ("old", "ok", True), ("new", "ok", False),
    ]  # fmt: skip
    assert rows[1]["error"] == f"moved for good to {there}"
