"""GDELT: crawl times are no publication, titles put right, JSON that is not quite JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from api_help import answer, ask, counts, only, params, read, source
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import BlockedError, ParseError
from tracker.sources.gdelt import respaced


def article(**fields: Any) -> dict[str, Any]:
    return {
        "url": "https://news.example.org/a", "title": "A title", "seendate": "20260828T121500Z",
        "domain": "news.example.org", "language": "English", "sourcecountry": "Greece", **fields,
    }  # fmt: skip


def page_of(*items: dict[str, Any]) -> dict[str, Any]:
    return {"articles": list(items)}


def test_the_window_is_asked_for_in_quarters_of_an_hour() -> None:
    (request,) = ask(source("gdelt", "https://api.example.org/doc?query=old", options={"query": "bromazolam"}))
    asked = params(request)
    assert request.url == "https://api.example.org/doc"
    assert (asked["startdatetime"], asked["enddatetime"]) == ("20261117070000", "20261124070000")
    assert (asked["query"], asked["maxrecords"]) == ("bromazolam", "250")


def test_a_full_answer_is_asked_again_in_halves_that_touch() -> None:
    src = source("gdelt", options={"query": "x", "page_size": 2})
    (request,) = ask(src)
    page = answer(src, request, page_of(article(), article(url="https://news.example.org/b")))
    newer, older = (params(r) for r in page.next)
    assert newer["startdatetime"] == older["enddatetime"]
    assert len(page.documents) == 2
    assert page.total is None
    assert answer(src, request, page_of(article())).next == ()


def test_the_time_of_the_crawl_is_updated_and_never_published() -> None:
    found = only("gdelt", page_of(article()))
    assert (found.published, found.updated) == (None, "2026-08-28T12:15:00Z")
    assert (found.publisher, found.language, found.text) == ("news.example.org", "en", None)
    assert (found.countries, found.extra["publisher_country"]) == ((), "Greece")


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        (
            "Iran sanctions ; Tehran hits back , calls them  state terrorism  ",
            "Iran sanctions; Tehran hits back, calls them state terrorism",
        ),
        ("After six months , the war", "After six months, the war"),
        ("Police : 3 . 5 kg seized ( again )", "Police: 3.5 kg seized (again)"),
        ("UK ' s ban isn ' t enough", "UK's ban isn't enough"),
        ("Plain title - Site", "Plain title - Site"),
        ("", None),
    ],
)
def test_titles_lose_the_spaces_of_the_tokeniser(stated: str, shown: str | None) -> None:
    assert respaced(stated) == shown


@given(st.text(max_size=80))
def test_a_title_put_right_stays_as_it_is(title: str) -> None:
    once = respaced(title)
    assert respaced(once) == once or respaced(respaced(once)) == respaced(once)


@pytest.mark.parametrize(
    ("stated", "url"),
    [
        ("https://news.example.org:443/a", "https://news.example.org/a"),
        ("http://news.example.org:80/a", "http://news.example.org/a"),
        ("https://news.example.org:8443/a", "https://news.example.org:8443/a"),
        ("https://news.example.org/a%20title=", "https://news.example.org/a"),
        ('https://news.example.org/a"target="_blank', "https://news.example.org/a"),
        ("https://news.example.org/a?title=b", "https://news.example.org/a?title=b"),
    ],
)
def test_addresses_lose_what_was_swallowed_with_them(stated: str, url: str) -> None:
    assert only("gdelt", page_of(article(url=stated))).url == url


@pytest.mark.parametrize(("stated", "code"), [("Spanish", "es"), ("Chinese", "zh"), ("Klingonese", None), ("", None)])
def test_languages_are_named_in_english(stated: str, code: str | None) -> None:
    assert only("gdelt", page_of(article(language=stated))).language == code


def test_json_with_wrong_escapes_and_control_characters_is_read() -> None:
    body = b'{"articles": [{"url": "https://news.example.org/a", "title": "It\\\'s \x01 here\\x"}]}'
    assert only("gdelt", body).title == "It's herex"


def test_no_article_is_empty() -> None:
    assert read("gdelt", b"{}").documents == ()


def test_errors_in_plain_words_are_told() -> None:
    with pytest.raises(ParseError, match="too short or too long"):
        read("gdelt", b"Your query was too short or too long.\n")


@pytest.mark.parametrize("body", [b"<html><body/></html>", b"", b'{"status":"x"}'])
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        read("gdelt", body)


def test_a_challenge_is_a_refusal() -> None:
    with pytest.raises(BlockedError):
        read("gdelt", b"<html><title>Just a moment...</title></html>")


def test_no_recorded_article_is_lost(shared: Path) -> None:
    name = "transcribed/gdelt_doc_artlist_2026-08-28.json"
    assert counts(shared, "gdelt", [name]) == {name: 5}
