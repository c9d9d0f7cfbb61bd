"""Federal Register: verbatim next pages, 404 as empty, corrections that point at what they correct."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from api_help import answer, ask, counts, only, params, read, source

from tracker.errors import ParseError

URL = "https://register.example.org/api/v1/documents.json?conditions[agencies][]=drug-enforcement-administration"
SITE = "https://register.example.org/documents"


def page_of(*items: dict[str, Any], count: int | None = None, following: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"count": len(items) if count is None else count, "results": list(items)}
    return found | ({"next_page_url": following} if following else {})


def notice(number: str = "2026-17622", **fields: Any) -> dict[str, Any]:
    return {
        "document_number": number, "title": "Schedules of Controlled Substances: Placement of X", "type": "Rule",
        "abstract": "Text.", "html_url": f"{SITE}/2026/08/28/{number}/x", "publication_date": "2026-08-28", **fields,
    }  # fmt: skip


def test_the_conditions_of_the_address_are_kept_and_the_days_added() -> None:
    (request,) = ask(source("federal_register", URL, options={"query": "bromazolam"}))
    assert request.url == URL
    asked = params(request)
    assert (asked["conditions[publication_date][gte]"], asked["conditions[term]"]) == ("2026-11-17", "bromazolam")
    assert ("fields[]", "correction_of") in request.params


def test_a_condition_that_the_address_has_is_not_asked_twice() -> None:
    (request,) = ask(source("federal_register", URL + "&order=oldest&per_page=5"))
    assert "order" not in params(request)
    assert "per_page" not in params(request)


def test_the_next_page_is_followed_as_it_stands_and_guarded() -> None:
    src = source("federal_register", URL)
    (request,) = ask(src)
    following = "https://register.example.org/api/v1/documents?page=2&search_after_cursor=WzE3"
    (after,) = answer(src, request, page_of(notice(), count=200, following=following)).next
    assert (after.url, after.params, after.found) == (following, (), True)


def test_a_next_page_at_another_host_is_asked_at_the_operators() -> None:
    src = source("federal_register", "http://127.0.0.1:8000/documents.json")
    (request,) = ask(src)
    (after,) = answer(src, request, page_of(notice(), count=9, following="https://www.example.org/api?page=2")).next
    assert after.url == "http://127.0.0.1:8000/api?page=2"


def test_more_hits_than_the_api_shows_are_asked_in_halves() -> None:
    src = source("federal_register", URL)
    (request,) = ask(src)
    page = answer(src, request, page_of(notice(), count=10_000, following="https://register.example.org/2"))
    assert [params(r)["conditions[publication_date][gte]"] for r in page.next] == ["2026-11-21", "2026-11-17"]


def test_nothing_found_is_empty_with_404_and_without_results() -> None:
    src = source("federal_register", URL)
    (request,) = ask(src)
    assert answer(src, request, b"", status=404).documents == ()
    assert answer(src, request, {"description": "none", "count": 0}).documents == ()


def test_a_document_is_read() -> None:
    agencies = [
        {"name": "Justice Department", "id": 268, "parent_id": None},
        {"name": "Drug Enforcement Administration", "id": 116, "parent_id": 268},
    ]
    found = only(
        "federal_register", page_of(notice(agencies=agencies, action="Final rule.", effective_on="2026-09-01"))
    )
    assert (found.external_id, found.published, found.doctype) == ("2026-17622", "2026-08-28", "legal_notice")
    assert (found.publisher, found.text) == ("Drug Enforcement Administration", "Text.")
    assert (found.extra["action"], found.extra["effective_on"]) == ("Final rule.", "2026-09-01")


def test_a_missing_abstract_is_no_text() -> None:
    assert only("federal_register", page_of(notice(abstract=None))).text is None


@pytest.mark.parametrize(
    ("fields", "about"),
    [
        ({"title": "Placement of X; Correction"}, ()),
        ({"action": "Correcting amendment."}, ()),
        (
            {"correction_of": "https://register.example.org/api/v1/documents/2026-11111"},
            ("url:https://www.federalregister.gov/d/2026-11111",),
        ),
        ({"correction_of": "C1-2026-11111"}, ("url:https://www.federalregister.gov/d/C1-2026-11111",)),
    ],
)
def test_a_correction_is_a_notice_about_its_original(fields: dict[str, str], about: tuple[str, ...]) -> None:
    found = only("federal_register", page_of(notice(**fields)))
    assert (found.editorial_status, found.relates_to) == ("notice", about)


@pytest.mark.parametrize(
    "fields",
    [
        {"correction_of": "https://register.example.org/api/v1/documents/2026-11111", "title": "Y"},
        {"title": "Schedules of Controlled Substances: Placement of X; Correction"},
    ],
)
def test_an_original_on_the_same_page_is_pointed_at_by_its_address(fields: dict[str, str]) -> None:
    page = read("federal_register", page_of(notice("2026-17622", **fields), notice("2026-11111")))
    correction, original = page.documents
    assert correction.relates_to == (f"url:{original.url}",)
    assert original.editorial_status == "ok"


def test_an_original_of_long_ago_is_asked_for_and_marked() -> None:
    src = source("federal_register", URL)
    (request,) = ask(src)
    page = answer(
        src, request, page_of(notice(correction_of="https://register.example.org/api/v1/documents/2019-11111"))
    )
    (lookup,) = page.next
    assert lookup.url == "https://register.example.org/api/v1/documents/2019-11111.json"
    (original,) = answer(src, lookup, notice("2019-11111", corrections=[])).documents
    assert (original.external_id, original.editorial_status) == ("2019-11111", "corrected")


def test_a_corrected_document_says_so() -> None:
    found = only("federal_register", page_of(notice(corrections=["https://register.example.org/x"])))
    assert found.editorial_status == "corrected"


def test_public_inspection_is_one_request_narrowed_by_agency_and_dated_by_its_filing() -> None:
    url = "https://register.example.org/api/v1/public-inspection-documents/current.json"
    src = source("federal_register", url, options={"agencies": ["drug-enforcement-administration"]})
    (request,) = ask(src)
    assert request.params == ()
    listed = [
        notice("2026-1", title=None, toc_subject="Schedules", toc_doc="Placement of X",
               filed_at="2026-08-26T08:45:00-04:00",
               agencies=[{"name": "DEA", "slug": "drug-enforcement-administration"}]),
        notice("2026-2", agencies=[{"name": "EPA", "slug": "environmental-protection-agency"}]),
    ]  # fmt: skip
    (found,) = answer(src, request, {"count": 2, "results": listed}).documents
    assert (found.title, found.published) == ("Schedules — Placement of X", "2026-08-26T12:45:00Z")
    assert found.extra["publication_date"] == "2026-08-28"


@pytest.mark.parametrize("body", [b"<html><body/></html>", b"", b"[]", b'{"errors":{"per_page":"bad"}}'])
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        read("federal_register", body)


def test_of_a_payload_that_is_cut_off_the_whole_documents_are_read() -> None:
    page = read("federal_register", b'{"count":2,"results":[{"document_number":"2026-1","title":"A"},{"docum')
    assert ([d.external_id for d in page.documents], page.complete) == (["2026-1"], False)


def test_no_recorded_document_is_lost(shared: Path) -> None:
    files = {"federal_register/documents_term.json": 5, "transcribed/federal_register_documents_hhs_2026-08-28.json": 2}
    assert counts(shared, "federal_register", list(files)) == files
