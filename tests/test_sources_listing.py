"""Listings: entries by CSS selectors, dates by the source's formats, pages while there is something new."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tracker.errors import BlockedError, ParseError
from tracker.model import Payload, Source, Window
from tracker.sources import kind, parse_file, validate_options

URL = "https://example.org/alerts"
PAGE = b"""<html><body><ul class="alerts">
<li><h3><a href="/a/1?x=1">Alert <i>N</i>-ethyl</a></h3><time datetime="2024-06-03">3 June</time>
<p class="t">One</p></li>
<li><h3><a href="2">Second</a></h3><span class="date">Published 14th June 2023</span></li>
<li><h3>Without link or date</h3></li>
<li></li>
</ul><a class="next" href="?page=2">Older</a></body></html>"""
OPTIONS: dict[str, Any] = {
    "item": "ul.alerts > li",
    "title": "h3",
    "link": "h3 a",
    "date": "time, .date",
    "text": "p.t",
    "next": "a.next",
}


def source(**options: Any) -> Source:
    return Source(id="s", kind="listing", url=URL, options={**OPTIONS, **options})


def window(day: int) -> Window:
    return Window(since=datetime(2024, 6, day, tzinfo=UTC), until=datetime(2024, 7, 1, tzinfo=UTC))


def test_entries_are_read_by_their_selectors_and_an_undated_one_stays_undated() -> None:
    page = parse_file("listing", PAGE, url=URL, options=OPTIONS)
    first, second, third = page.documents
    assert (first.title, first.url, first.published, first.text) == (
        "Alert N-ethyl",
        "https://example.org/a/1?x=1",
        "2024-06-03",
        "One",
    )
    assert (second.url, second.published, second.text) == ("https://example.org/2", "2023-06-14", None)
    assert (third.url, third.published, third.precision) == (None, None, None)
    assert third.external_id.startswith("sha256:")
    assert page.problems == ("1 of 3 items have no readable date",)


@pytest.mark.parametrize(
    ("markup", "options", "published"),
    [
        ("<li><a href='x'>t</a><i>06/03/2024</i></li>", {"date": "i", "date_format": "%m/%d/%Y"}, "2024-06-03"),
        ("<li><a href='x'>t</a><i>06/03/2024</i></li>", {"date": "i"}, "2024-03-06"),
        ("<li><a href='x'>t</a><i>3. Juni 2024</i></li>", {"date": "i"}, "2024-06-03"),
        ("<li><a href='/r-20240603.pdf'>t</a></li>", {"date": "a@href", "date_pattern": r"(\d{8})"}, "2024-06-03"),
        ("<li><a href='x'>Report May 2024</a></li>", {"date": "a"}, "2024-05"),
        ("<li data-day='2024-06-03'><a href='x'>t</a></li>", {"date": "@data-day"}, "2024-06-03"),
    ],
)
def test_dates_are_read_where_and_how_the_options_say(markup: str, options: dict[str, Any], published: str) -> None:
    page = parse_file("listing", markup.encode(), url=URL, options={"item": "li", **options})
    assert page.documents[0].published == published


def test_the_next_page_is_a_found_address_and_asked_while_entries_are_new() -> None:
    (first,) = kind("listing").first(source(), window(1))
    page = kind("listing").read(source(), Payload(PAGE, url=URL), first)
    (following,) = page.next
    assert (following.url, following.found) == ("https://example.org/alerts?page=2", True)
    assert kind("listing").read(source(max_pages=1), Payload(PAGE, url=URL), first).next == ()
    (late,) = kind("listing").first(source(), window(10))
    assert kind("listing").read(source(), Payload(PAGE, url=URL), late).next == ()


def test_a_next_link_that_leads_back_ends_the_walk() -> None:
    (first,) = kind("listing").first(source(), window(1))
    loop = PAGE.replace(b"?page=2", URL.encode())
    assert kind("listing").read(source(), Payload(loop, url=URL), first).next == ()


def test_a_page_where_nothing_matches_is_a_changed_layout_a_challenge_is_blocked() -> None:
    page = parse_file("listing", b"<html><p>New look</p></html>", url=URL, options=OPTIONS)
    assert page.documents == ()
    assert "layout may have changed" in page.problems[0]
    with pytest.raises(BlockedError):
        parse_file("listing", b"<html><title>Just a moment...</title></html>", options=OPTIONS)
    with pytest.raises(ParseError, match="HTML"):
        parse_file("listing", b"%PDF-1.4", options=OPTIONS)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({}, "item: Field required"),
        ({"item": "li["}, "item: no CSS selector"),
        ({"item": "li", "date_pattern": "("}, "date_pattern: no regular expression"),
        ({"item": "li", "selector": "x"}, "selector: the kind listing has no such option"),
        ({"item": "li", "max_pages": "many"}, "max_pages: Input should be a valid integer"),
    ],
)
def test_every_mistake_in_the_options_is_one_line_that_names_it(options: dict[str, Any], line: str) -> None:
    (problem,) = validate_options("listing", options)
    assert problem.startswith(line)
