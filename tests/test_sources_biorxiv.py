"""bioRxiv and medRxiv: one document a DOI, readable abstracts, pages as long as the server likes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from api_help import answer, ask, counts, only, read, source

from tracker.errors import ParseError
from tracker.sources.biorxiv import readable

URL = "https://api.example.org/details/medrxiv"


def page_of(*items: dict[str, Any], total: Any = None, cursor: Any = 0, status: str = "ok") -> dict[str, Any]:
    message = {"status": status, "cursor": cursor, "total": len(items) if total is None else total}
    return {"messages": [message], "collection": list(items)}


def preprint(**fields: Any) -> dict[str, Any]:
    return {
        "doi": "10.64898/2026.09.11.1", "title": "A title", "authors": "Roe, A. B.; Poe, E.", "date": "2026-09-15",
        "version": "1", "type": "new results", "category": "toxicology", "abstract": "Words.", "published": "NA",
        "server": "medrxiv", **fields,
    }  # fmt: skip


def test_the_days_stand_in_the_address() -> None:
    (request,) = ask(source("biorxiv", URL))
    assert request.url == f"{URL}/2026-11-17/2026-11-24/0/json"


@pytest.mark.parametrize(("total", "cursor", "following"), [(72, 0, "/2/json"), ("72", "30", "/32/json"), (2, 0, "")])
def test_the_next_page_begins_after_what_came(total: Any, cursor: Any, following: str) -> None:
    src = source("biorxiv", URL)
    (request,) = ask(src)
    page = answer(src, request, page_of(preprint(), preprint(doi="10.1101/2"), total=total, cursor=cursor))
    assert [r.url.endswith(following) for r in page.next] == ([True] if following else [])


def test_a_preprint_is_read() -> None:
    found = only("biorxiv", page_of(preprint()))
    assert (found.external_id, found.published, found.updated) == ("10.64898/2026.09.11.1", "2026-09-15", None)
    assert (found.authors, found.publisher) == (("Roe, A. B.", "Poe, E."), "medRxiv")
    assert found.url == "https://www.medrxiv.org/content/10.64898/2026.09.11.1v1"
    assert "published_in" not in found.extra


def test_versions_of_one_doi_are_one_document_dated_by_the_first() -> None:
    found = only(
        "biorxiv",
        page_of(
            preprint(version="2", date="2026-10-01", abstract="Better."),
            preprint(version="10", date="2026-11-01", abstract="Best."),
            preprint(version="1"),
        ),
    )
    assert (found.text, found.published, found.updated) == ("Best.", "2026-09-15", "2026-11-01")
    assert found.extra["version"] == 10


def test_a_revision_alone_was_updated_and_does_not_say_when_it_was_published() -> None:
    found = only("biorxiv", page_of(preprint(version="2", date="2026-10-01")))
    assert (found.published, found.updated) == (None, "2026-10-01")


def test_both_prefixes_are_known_and_the_article_it_became_is_kept() -> None:
    found = only("biorxiv", page_of(preprint(doi="10.1101/2020.01.01.1", published="10.1234/Final")))
    assert (found.doi, found.extra["published_in"]) == ("10.1101/2020.01.01.1", "doi:10.1234/final")


@pytest.mark.parametrize(
    ("abstract", "text"),
    [
        (
            "BackgroundThe drug.\n\nMethodsWe did.\n\nResults5 of 9.",
            "Background: The drug.\nMethods: We did.\nResults: 5 of 9.",
        ),
        ("Cohens O_SCPLOWKC_SCPLOW = 0.6", "Cohens K = 0.6"),
        ("({rho} = 0.9, {micro}g)", "(ρ = 0.9, µg)"),
        ("TextO_ST_ABSWhat is new?C_ST_ABSO_LIOne.\nC_LIO_LITwo.\nC_LI", "Text\nWhat is new?\nOne.\nTwo."),
        ("Results are shown.", "Results are shown."),
        ("Background noise was low.", "Background noise was low."),
        ("", None),
    ],
)
def test_residues_of_the_export_are_taken_out(abstract: str, text: str | None) -> None:
    assert readable(abstract) == text


@pytest.mark.parametrize(
    "fields",
    [{"type": "withdrawn"}, {"title": "WITHDRAWN: A title"}, {"abstract": "This manuscript has been withdrawn by X."}],
)
def test_withdrawn_preprints_are_marked(fields: dict[str, str]) -> None:
    assert only("biorxiv", page_of(preprint(**fields))).editorial_status == "retracted"


def test_categories_narrow_without_ending_the_walk() -> None:
    src = source("biorxiv", URL, options={"categories": ["Toxicology"]})
    (request,) = ask(src)
    page = answer(src, request, page_of(preprint(category="neurology"), preprint(doi="10.1101/2"), total=9))
    assert [d.doi for d in page.documents] == ["10.1101/2"]
    assert page.next[0].url.endswith("/2/json")


def test_days_without_posts_are_empty() -> None:
    page = read("biorxiv", {"messages": [{"status": "no posts found"}], "collection": []})
    assert (page.documents, page.next) == ((), ())


@pytest.mark.parametrize(
    "body",
    [b"<html><body/></html>", b"", b"[]", b'{"messages":[{"status":"Error: bad dates"}],"collection":[]}'],
)
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        read("biorxiv", body)


def test_no_recorded_preprint_is_lost(shared: Path) -> None:
    name = "transcribed/medrxiv_details_2026-09-15.json"
    assert counts(shared, "biorxiv", [name]) == {name: 2}
