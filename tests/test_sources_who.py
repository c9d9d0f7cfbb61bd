"""WHO Disease Outbreak News."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from api_help import answer, ask, counts, only, params, read, source

from tracker.errors import ParseError


def item(**fields: Any) -> dict[str, Any]:
    return {
        "Title": "A title", "UrlName": "2026-DON617", "ItemDefaultUrl": "/2026-DON617",
        "PublicationDate": "2026-09-10T08:52:02Z", "Summary": "<p>Words.</p>", **fields,
    }  # fmt: skip


def test_what_was_published_or_changed_in_the_window_is_asked_for() -> None:
    (request,) = ask(source("who", options={"query": "drug's"}))
    asked = params(request)["$filter"]
    assert "PublicationDateAndTime ge 2026-11-13T00:00:00Z" in asked
    assert "LastModified lt 2026-11-25T00:00:00Z" in asked
    assert asked.endswith("and contains(Title,'drug''s')")


def test_full_pages_are_followed() -> None:
    src = source("who", options={"page_size": 2})
    (request,) = ask(src)
    page = answer(src, request, {"value": [item(), item(UrlName="b")]})
    assert [params(r)["$skip"] for r in page.next] == ["2"]
    assert answer(src, request, {"value": [item()]}).next == ()


@pytest.mark.parametrize(
    ("fields", "published"),
    [
        ({}, "2026-09-10T08:52:02Z"),
        ({"PublicationDate": "2026-01-30T00:00:00Z"}, "2026-01-30"),
        ({"PublicationDateAndTime": "2026-09-11T10:00:00Z"}, "2026-09-11T10:00:00Z"),
        ({"PublicationDate": None}, None),
    ],
)
def test_midnight_is_a_day(fields: dict[str, Any], published: str | None) -> None:
    assert only("who", {"value": [item(**fields)]}).published == published


def test_an_item_is_linked_to_its_page_and_has_its_parts() -> None:
    found = only("who", {"value": [item(Assessment="<b>Risk</b> is low.", Overview="Words.")]})
    assert found.url == "https://www.who.int/emergencies/disease-outbreak-news/item/2026-DON617"
    assert (found.external_id, found.text) == ("2026-DON617", "Words.\n\nAssessment: Risk is low.")


@pytest.mark.parametrize("body", [b"<html><body/></html>", b"", b"[]", b'{"error":{}}'])
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        read("who", body)


def test_no_recorded_item_is_lost(shared: Path) -> None:
    name = "transcribed/who_don_odata_sample.json"
    assert counts(shared, "who", [name]) == {name: 3}
