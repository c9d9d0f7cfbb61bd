"""Regulations.gov: days in Washington, twenty pages and then on from the last change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from api_help import answer, ask, counts, only, params, read, source

from tracker.errors import ParseError


def item(number: str = "DEA-2026-0001-0001", **facts: Any) -> dict[str, Any]:
    stated = {"title": "A title", "agencyId": "DEA", "postedDate": "2025-01-16T05:00:00Z", **facts}
    return {"id": number, "type": "documents", "attributes": stated}


def page_of(*items: dict[str, Any], more: bool = False) -> dict[str, Any]:
    return {"data": list(items), "meta": {"hasNextPage": more, "totalElements": 9}}


def test_changes_are_asked_for_in_washingtons_time_with_the_key_by_name() -> None:
    (request,) = ask(source("regulations_gov", options={"agency": "DEA"}, key_env="REG_KEY"))
    asked = params(request)
    assert asked["filter[lastModifiedDate][ge]"] == "2026-11-16 20:00:00"
    assert (asked["filter[agencyId]"], asked["page[size]"], asked["page[number]"]) == ("DEA", "250", "1")
    assert request.secret_params == (("api_key", "REG_KEY"),)


def test_pages_follow_and_after_the_twentieth_the_search_begins_at_the_last_change() -> None:
    src = source("regulations_gov", options={"agency": "DEA"})
    (request,) = ask(src)
    for number in range(2, 21):
        (request,) = answer(src, request, page_of(item(), more=True)).next
        assert params(request)["page[number]"] == str(number)
    last = page_of(item(lastModifiedDate="2026-11-20T15:00:00Z"), more=True)
    (request,) = answer(src, request, last).next
    assert params(request)["page[number]"] == "1"
    assert params(request)["filter[lastModifiedDate][ge]"] == "2026-11-20 10:00:00"


def test_a_server_that_repeats_its_first_page_ends_the_search() -> None:
    src = source("regulations_gov", options={"agency": "DEA"})
    (request,) = ask(src)
    same = page_of(item(), more=True)
    same["meta"]["pageNumber"] = 1
    (second,) = answer(src, request, same).next
    assert answer(src, second, same).next == ()


def test_a_search_that_would_begin_where_it_began_ends() -> None:
    src = source("regulations_gov", options={"agency": "DEA"})
    (request,) = ask(src)
    for _ in range(19):
        (request,) = answer(src, request, page_of(item(), more=True)).next
    stuck = page_of(item(lastModifiedDate="2026-11-10T00:00:00Z"), more=True)
    assert answer(src, request, stuck).next == ()


@pytest.mark.parametrize(
    ("posted", "published"),
    [("2025-01-16T05:00:00Z", "2025-01-16"), ("2024-07-16T04:00:00Z", "2024-07-16"), (None, None)],
)
def test_midnight_in_washington_is_that_day(posted: str | None, published: str | None) -> None:
    assert only("regulations_gov", page_of(item(postedDate=posted))).published == published


def test_a_withdrawn_document_is_marked() -> None:
    found = only("regulations_gov", page_of(item(withdrawn=True, frDocNum="2025-00863")))
    assert (found.editorial_status, found.extra["federal_register"]) == ("retracted", "2025-00863")
    assert found.url == "https://www.regulations.gov/document/DEA-2026-0001-0001"


@pytest.mark.parametrize("body", [b"<html><body/></html>", b"", b"[]", b'{"errors":[]}'])
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        read("regulations_gov", body)


def test_no_recorded_document_is_lost(shared: Path) -> None:
    name = "federal_register/regulations_gov_docs.json"
    assert counts(shared, "regulations_gov", [name]) == {name: 25}
