"""WordPress REST: date_gmt, custom fields, taxonomies, pages and refusals."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tracker.errors import BlockedError, ParseError
from tracker.model import Payload, Source, Window
from tracker.sources import kind, parse_file

POST: dict[str, Any] = {
    "id": 7,
    "date": "2024-06-03T12:25:25",
    "date_gmt": "2024-06-03T19:25:25",
    "modified_gmt": "2024-06-04T00:00:00",
    "link": "https://example.org/alert/",
    "title": {"rendered": "Alert &#8211; <em>N</em>-ethyl"},
    "content": {"rendered": "<p>Found.</p>"},
    "excerpt": {"rendered": "<p>Short</p>"},
    "class_list": ["post-7", "alert", "location_taxonomy-nsw", "drug_taxonomy-bromazolam", "status-publish"],
    "acf": {"alert_publish_date": "20240601"},
}
SOURCE = Source(id="s", kind="wordpress", url="https://example.org/wp-json/wp/v2/alerts", options={"page_size": 2})
WINDOW = Window(since=datetime(2024, 6, 1, tzinfo=UTC), until=datetime(2024, 7, 1, tzinfo=UTC))


def test_a_post_gives_plain_fields_and_the_moment_in_utc() -> None:
    (document,) = parse_file("wordpress", json.dumps([POST]).encode()).documents
    assert (document.external_id, document.url, document.title) == (
        "7",
        "https://example.org/alert/",
        "Alert – N-ethyl",
    )
    assert (document.text, document.summary) == ("Found.", "Short")
    assert (document.published, document.updated) == ("2024-06-03T19:25:25Z", "2024-06-04T00:00:00Z")
    assert document.extra["taxonomies"] == {"location": ["nsw"], "drug": ["bromazolam"]}


def test_local_time_without_offset_gives_the_day_only_and_a_named_field_comes_first() -> None:
    local = {**POST, "date_gmt": None}
    assert parse_file("wordpress", json.dumps([local]).encode()).documents[0].published == "2024-06-03"
    named = parse_file("wordpress", json.dumps([POST]).encode(), options={"date_field": "acf.alert_publish_date"})
    assert (named.documents[0].published, named.documents[0].precision) == ("2024-06-01", "day")


def test_pages_follow_until_the_header_or_a_short_page_ends_them() -> None:
    (first,) = kind("wordpress").first(SOURCE, WINDOW)
    assert {("per_page", "2"), ("page", "1"), ("after", "2024-06-01T00:00:00")} <= set(first.params)
    body = json.dumps([POST, {**POST, "id": 8}]).encode()

    def following(headers: dict[str, str], body: bytes = body) -> list[str]:
        page = kind("wordpress").read(SOURCE, Payload(body, headers=headers), first)
        return [dict(r.params)["page"] for r in page.next]

    assert following({"x-wp-totalpages": "3", "x-wp-total": "6"}) == ["2"]
    assert following({"x-wp-totalpages": "1"}) == []
    assert following({}) == ["2"]
    assert following({}, json.dumps([POST]).encode()) == []


def test_refusals_and_other_answers_are_told_apart() -> None:
    with pytest.raises(BlockedError):
        parse_file("wordpress", b'{"code": "rest_forbidden", "message": "no"}')
    with pytest.raises(ParseError, match="rest_no_route"):
        parse_file("wordpress", b'{"code": "rest_no_route", "message": "no"}')
    assert parse_file("wordpress", b'{"code": "rest_post_invalid_page_number"}').documents == ()
    for body in (b"<html><body>x</body></html>", b"no json", b'"text"'):
        with pytest.raises(ParseError):
            parse_file("wordpress", body)


@pytest.mark.shared
def test_the_recorded_answer_is_read_whole(shared: Path) -> None:
    body = (shared / "data" / "samples" / "news" / "wordpress_wp-json_posts.json").read_bytes()
    documents = parse_file("wordpress", body).documents
    assert len(documents) == len(json.loads(body))
    assert all(d.title and d.text and d.url and d.precision == "time" for d in documents)
