"""Watched pages: one document for each real change of the main text."""

from __future__ import annotations

import pytest

from tracker.errors import BlockedError, ParseError
from tracker.sources import parse_file

URL = "https://example.org/list"
BODY = "<p>Bromazolam and metonitazene were added to the list of controlled substances by the ministry.</p>" * 3


def identity(html: str, **options: object) -> str:
    (document,) = parse_file("watch", html.encode(), url=URL, options=options).documents
    assert document.url == URL
    assert document.extra["identity"] == "external_id"
    return document.external_id


def page(body: str, foot: str = "") -> str:
    return f"<html><head><title>List</title></head><body><article><h1>List</h1>{body}{foot}</article></body></html>"


@pytest.mark.parametrize(
    "foot",
    [
        "<p>Last updated: 3 June 2024</p>",
        "<p>1,204 views</p>",
        "  \n ",
        "<p>Page reviewed 12:30:05 on 3.6.2024</p>",
        "<p>© 2026 Agency</p>",
    ],
)
def test_dates_counters_and_white_space_are_no_change(foot: str) -> None:
    assert identity(page(BODY, foot)) == identity(page(BODY))


def test_new_words_are_a_change() -> None:
    assert identity(page(BODY)) != identity(page(BODY, "<p>Etonitazepyne was added as well this week.</p>"))


def test_a_selector_narrows_the_page_and_ignored_words_do_not_count() -> None:
    one = "<div id='x'>Bromazolam and other benzodiazepines</div><p>a</p>"
    two = "<div id='x'>Bromazolam and other benzodiazepines</div><p>b</p>"
    assert identity(one, selector="#x") == identity(two, selector="#x")
    assert identity(
        "<div>Visitors today are many; bromazolam found 17</div>", selector="div", ignore=[r"\d+"]
    ) == identity("<div>Visitors today are many; bromazolam found 18</div>", selector="div", ignore=[r"\d+"])


def test_a_challenge_is_blocked_and_a_page_without_text_an_error() -> None:
    with pytest.raises(BlockedError):
        parse_file("watch", b"<html><title>Just a moment...</title><body></body></html>", url=URL)
    with pytest.raises(ParseError, match="main text"):
        parse_file("watch", b"<html><body></body></html>", url=URL)
    with pytest.raises(ParseError, match="selector"):
        parse_file("watch", page(BODY).encode(), url=URL, options={"selector": "#gone"})
