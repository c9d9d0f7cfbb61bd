"""OpenAlex: abstracts from the inverted index, made-up days, late additions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from api_help import answer, ask, counts, only, params, read, source
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import ParseError
from tracker.sources.openalex import rebuilt, recheck


def work(**fields: Any) -> dict[str, Any]:
    return {"id": "https://openalex.org/W1", "doi": "https://doi.org/10.1234/AB.1", "title": "A title", **fields}


def page_of(*items: dict[str, Any], cursor: str | None = None, count: int | None = None) -> dict[str, Any]:
    return {"meta": {"count": len(items) if count is None else count, "next_cursor": cursor}, "results": list(items)}


def test_the_days_asked_for_reach_back_and_ahead_and_the_key_goes_by_name() -> None:
    (request,) = ask(source("openalex", options={"query": '"a" OR "b, c"'}, key_env="OPENALEX_KEY"))
    assert params(request)["filter"] == (
        'from_publication_date:2026-10-06,to_publication_date:2026-12-25,title_and_abstract.search:"a" OR "b  c"'
    )
    assert request.secret_params == (("api_key", "OPENALEX_KEY"),)


@pytest.mark.parametrize(("cursor", "goes_on"), [("c", True), (None, False)])
def test_pages_follow_the_cursor(cursor: str | None, goes_on: bool) -> None:
    src = source("openalex", options={"query": "x"})
    (request,) = ask(src)
    assert bool(answer(src, request, page_of(work(), cursor=cursor, count=9)).next) is goes_on


@given(st.lists(st.sampled_from("alpha beta gamma N-ethyl p<0.05 delta".split()), min_size=1, max_size=40))
def test_an_abstract_is_rebuilt_word_for_word(words: list[str]) -> None:
    index: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        index.setdefault(word, []).append(place)
    assert rebuilt(dict(sorted(index.items()))) == " ".join(words)


@pytest.mark.parametrize(
    ("index", "text"),
    [
        ({"Despite": [0], "growing": [1], "in": [4]}, "Despite growing … in"),
        ({"late": [2]}, "… late"),
        ({}, None),
        (None, None),
        ({"x": ["?", -1, 10**9]}, None),
    ],
)
def test_gaps_of_an_index_show_and_nothing_is_made_up(index: Any, text: str | None) -> None:
    assert only("openalex", page_of(work(abstract_inverted_index=index))).text == text


@pytest.mark.parametrize(
    ("date", "published", "whole"),
    [
        ("2026-09-17", "2026-09-17", None),
        ("2026-09-01", "2026-09", "2026-09-01"),
        ("2026-01-01", "2026", "2026-01-01"),
        ("2026-02-31", None, None),
        (None, None, None),
    ],
)
def test_the_first_of_a_month_is_only_the_month(date: str | None, published: str | None, whole: str | None) -> None:
    found = only("openalex", page_of(work(publication_date=date)))
    assert (found.published, found.extra.get("published_as_stated")) == (published, whole)


@pytest.mark.parametrize(
    "place", [None, {}, {"source": None}, {"source": {"display_name": None}, "raw_source_name": "A &amp; B"}]
)
def test_a_work_without_a_place_is_read(place: Any) -> None:
    found = only("openalex", page_of(work(primary_location=place)))
    assert found.journal in (None, "A & B")
    assert found.url == "https://doi.org/10.1234/ab.1"


def test_identifiers_lose_their_addresses() -> None:
    found = only("openalex", page_of(work(ids={"pmid": "https://pubmed.ncbi.nlm.nih.gov/123"}, language="en")))
    assert (found.external_id, found.doi, found.pmid, found.language) == ("10.1234/ab.1", "10.1234/ab.1", "123", "en")


def test_a_work_without_doi_is_known_by_its_number() -> None:
    assert only("openalex", page_of(work(doi=None))).external_id == "W1"


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"is_retracted": True}, "retracted"), ({"type": "erratum"}, "notice"), ({"is_retracted": False}, "ok")],
)
def test_retractions_and_errata_are_marked(fields: dict[str, Any], status: str) -> None:
    assert only("openalex", page_of(work(**fields))).editorial_status == status


def test_stored_works_are_asked_again() -> None:
    (request,) = recheck(source("openalex", key_env="K"), ["10.1234/a", "10.1234/b"])
    assert params(request)["filter"] == "doi:10.1234/a|10.1234/b"


@pytest.mark.parametrize("body", [b"<html><body/></html>", b"[]", b'{"error":"x"}', b""])
def test_what_is_no_answer_of_openalex_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        read("openalex", body)


def test_no_recorded_work_is_lost(shared: Path) -> None:
    files = ["openalex/work_W2741809807.json", "transcribed/openalex_works_filter_doi_2026-09.json"]
    assert counts(shared, "openalex", files) == dict.fromkeys(files, 1)
