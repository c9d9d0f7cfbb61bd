"""openFDA: one document a product, 404 as empty, the disclaimer kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from api_help import answer, ask, counts, only, params, read, source

from tracker.errors import ParseError

URL = "https://api.example.org/drug/enforcement.json"


def page_of(*items: dict[str, Any], total: int | None = None, skip: int = 0) -> dict[str, Any]:
    counted = {"skip": skip, "limit": 20, "total": len(items) if total is None else total}
    return {"meta": {"disclaimer": "Do not rely on openFDA.", "results": counted}, "results": list(items)}


def recall(**fields: Any) -> dict[str, Any]:
    return {
        "event_id": "98650", "recall_number": "D-0769-2026", "classification": "Class I", "openfda": {},
        "product_description": "Tianeptine capsules, 30-count", "recalling_firm": "A Firm", "status": "Ongoing",
        "reason_for_recall": "Unapproved drug.", "report_date": "20260819", "recall_initiation_date": "20260321",
        **fields,
    }  # fmt: skip


def test_reports_of_the_days_are_asked_for_some_days_more_than_the_window() -> None:
    (request,) = ask(source("openfda", URL, options={"query": "reason_for_recall:tianeptine"}, key_env="FDA_KEY"))
    assert params(request)["search"] == "report_date:[20261106 TO 20261124] AND (reason_for_recall:tianeptine)"
    assert request.secret_params == (("api_key", "FDA_KEY"),)


def test_each_query_is_asked_on_its_own_because_404_ends_one() -> None:
    assert len(ask(source("openfda", URL, options={"queries": ["a", "b"]}))) == 2


@pytest.mark.parametrize(("skip", "total", "following"), [(0, 50, "2"), (48, 50, None), (20, 50, "22")])
def test_pages_follow_by_what_was_skipped(skip: int, total: int, following: str | None) -> None:
    src = source("openfda", URL)
    (request,) = ask(src)
    page = answer(src, request, page_of(recall(), recall(event_id="2"), total=total, skip=skip))
    assert [params(r)["skip"] for r in page.next] == ([following] if following else [])


def test_more_than_the_api_skips_is_asked_in_halves() -> None:
    src = source("openfda", URL)
    (request,) = ask(src)
    page = answer(src, request, page_of(recall(), total=30_000))
    assert ["[20261116 TO 20261124]" in params(page.next[0])["search"], len(page.next)] == [True, 2]


def test_a_recall_is_read_with_its_disclaimer() -> None:
    found = only("openfda", page_of(recall()))
    assert (found.published, found.title) == ("2026-08-19", "A Firm: Tianeptine capsules, 30-count")
    assert (found.text or "").startswith("Reason for recall: Unapproved drug.\nProduct: Tianeptine capsules")
    assert found.extra["disclaimer"] == "Do not rely on openFDA."
    assert (found.extra["recall_initiation_date"], found.doctype) == ("2026-03-21", "official_alert")


def test_a_recall_is_known_by_event_and_product_not_by_its_number_or_class() -> None:
    early = only("openfda", page_of(recall(recall_number="", classification="Not Yet Classified")))
    late = only("openfda", page_of(recall()))
    other = only("openfda", page_of(recall(product_description="Another product")))
    assert (early.external_id, early.url) == (late.external_id, late.url)
    assert other.external_id != late.external_id
    assert other.url != late.url
    assert "recall_number" not in early.extra


def test_dates_that_are_missing_are_absent() -> None:
    stated = {k: v for k, v in recall().items() if k not in ("report_date", "recall_initiation_date")}
    found = only("openfda", page_of(stated))
    assert found.published is None
    assert "recall_initiation_date" not in found.extra


def test_an_adverse_event_names_drugs_and_reactions() -> None:
    patient = {
        "drug": [{"medicinalproduct": "TIANEPTINE"}, {"medicinalproduct": "TIANEPTINE"}],
        "reaction": [{"reactionmeddrapt": "Seizure"}, {"reactionmeddrapt": "Coma"}],
    }
    found = only("openfda", page_of({"safetyreportid": "10", "receivedate": "20260801", "serious": "1",
                                     "seriousnessdeath": "1", "patient": patient}))  # fmt: skip
    assert (found.external_id, found.published, found.doctype) == ("10", "2026-08-01", "report")
    assert found.text == "Drugs: TIANEPTINE.\nReactions: Seizure, Coma.\nReported as: serious, death."


def test_nothing_found_is_empty() -> None:
    src = source("openfda", URL)
    (request,) = ask(src)
    error = {"error": {"code": "NOT_FOUND", "message": "No matches found!"}}
    assert answer(src, request, error, status=404).documents == ()
    assert answer(src, request, error).documents == ()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error":{"code":"BAD_REQUEST","message":"Invalid search"}}', "Invalid search"),
        (b"<html><body/></html>", "HTML"),
        (b"[]", "results"),
        (b"", "nothing"),
    ],
)
def test_what_is_no_answer_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        read("openfda", body)


def test_no_recorded_recall_is_lost(shared: Path) -> None:
    name = "transcribed/openfda_drug_enforcement_2026-08-19.json"
    assert counts(shared, "openfda", [name]) == {name: 3}
