"""Europe PMC: paging by mark, made-up days, glued headings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from api_help import answer, ask, counts, only, params, read, source

from tracker.errors import ParseError
from tracker.sources.europepmc import recheck


def payload(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"version": "6.9", "hitCount": len(items), "resultList": {"result": list(items)}, **more}


def item(**fields: Any) -> dict[str, Any]:
    return {"id": "42", "source": "MED", "pmid": "42", "title": "A title.", **fields}


def test_the_day_of_first_indexing_is_asked_for() -> None:
    (request,) = ask(source("europepmc", options={"query": "bromazolam", "filter": "NOT SRC:MED"}))
    assert params(request)["query"] == "(bromazolam) AND (FIRST_IDATE:[2026-11-17 TO 2026-11-24]) NOT SRC:MED"
    assert (params(request)["resultType"], params(request)["cursorMark"]) == ("core", "*")


@pytest.mark.parametrize(
    ("mark", "items", "goes_on"), [("AoE=", 2, True), ("*", 2, False), (None, 2, False), ("AoE=", 0, False)]
)
def test_pages_follow_until_the_mark_is_absent_or_repeats(mark: str | None, items: int, goes_on: bool) -> None:
    src = source("europepmc", options={"query": "x"})
    (request,) = ask(src)
    more = {"nextCursorMark": mark} if mark else {}
    page = answer(src, request, payload(*[item(id=str(n)) for n in range(items)], **more))
    assert [params(r)["cursorMark"] for r in page.next] == (["AoE="] if goes_on else [])


@pytest.mark.parametrize(
    ("fields", "published"),
    [
        ({"firstPublicationDate": "2026-09-29"}, "2026-09-29"),
        (
            {
                "firstPublicationDate": "2026-10-01",
                "journalInfo": {"dateOfPublication": "2026 Oct", "printPublicationDate": "2026-10-01"},
            },
            "2026-10",
        ),
        (
            {
                "firstPublicationDate": "2026-10-01",
                "journalInfo": {"dateOfPublication": "2026 Oct 1", "printPublicationDate": "2026-10-01"},
            },
            "2026-10-01",
        ),
        (
            {
                "firstPublicationDate": "2026-10-01",
                "electronicPublicationDate": "2026-10-01",
                "journalInfo": {"dateOfPublication": "2026 Oct", "printPublicationDate": "2026-10-01"},
            },
            "2026-10-01",
        ),
        (
            {
                "firstPublicationDate": "2026-01-01",
                "journalInfo": {"dateOfPublication": "2026", "printPublicationDate": "2026-01-01"},
            },
            "2026",
        ),
        ({"journalInfo": {"dateOfPublication": "2026 Spring"}}, "2026"),
        ({"pubYear": "2025"}, "2025"),
        ({}, None),
    ],
)
def test_a_day_that_was_made_up_is_not_claimed(fields: dict[str, Any], published: str | None) -> None:
    assert only("europepmc", payload(item(**fields))).published == published


def test_headings_are_set_apart_from_the_sentences_they_are_glued_to() -> None:
    text = "<h4>Background and objective</h4>Urine was tested.<h4>Methods</h4>We <i>did</i>."
    found = only("europepmc", payload(item(abstractText=text)))
    assert found.text == "Background and objective: Urine was tested.\nMethods: We did."


def test_authors_are_family_given_else_as_stated() -> None:
    people = {"author": [{"lastName": "Roe", "firstName": "Ann"}, {"collectiveName": "Group"}, {"fullName": "Poe E"}]}
    assert only("europepmc", payload(item(authorList=people))).authors == ("Roe, Ann", "Group", "Poe E")
    assert only("europepmc", payload(item(authorString="Roe A, Poe E."))).authors == ("Roe A", "Poe E")


def test_a_preprint_without_journal_is_read() -> None:
    found = only(
        "europepmc",
        payload({"id": "PPR1", "source": "PPR", "doi": "10.1101/X", "title": "P", "language": "eng"}),
    )
    assert (found.external_id, found.doi, found.journal) == ("PPR1", "10.1101/x", None)
    assert (found.url, found.extra["preprint"], found.language) == (
        "https://europepmc.org/article/PPR/PPR1",
        True,
        "en",
    )


@pytest.mark.parametrize(
    ("link", "status", "about"),
    [
        ({"type": "Erratum in", "id": "9", "source": "MED"}, "corrected", ()),
        ({"type": "Retraction in", "id": "9", "source": "MED"}, "retracted", ()),
        ({"type": "Retraction of", "id": "9", "source": "MED"}, "notice", ("pmid:9",)),
        ({"type": "Erratum for", "reference": "J. 2024. doi: 10.1234/AB"}, "notice", ("doi:10.1234/ab",)),
    ],
)
def test_links_to_notices_give_the_standing(link: dict[str, str], status: str, about: tuple[str, ...]) -> None:
    found = only("europepmc", payload(item(commentCorrectionList={"commentCorrection": [link]})))
    assert (found.editorial_status, found.relates_to) == (status, about)


def test_stored_records_are_asked_again() -> None:
    (request,) = recheck(source("europepmc"), ["1", "2"])
    assert params(request)["query"] == "(EXT_ID:1 OR EXT_ID:2) AND SRC:MED"


def test_an_item_that_cannot_be_read_is_told_and_the_others_are_kept() -> None:
    page = read("europepmc", payload(item(journalInfo="?"), item(id="43")))
    assert [d.external_id for d in page.documents] == ["43"]
    assert page.problems[0].startswith("record 1 was left out")


def test_of_a_payload_that_is_cut_off_the_whole_items_are_read() -> None:
    body = b'{"hitCount":2,"resultList":{"result":[{"id":"1","title":"A"},{"id":"2","tit'
    page = read("europepmc", body)
    assert ([d.external_id for d in page.documents], page.complete) == (["1"], False)


@pytest.mark.parametrize("body", [b"<html><body/></html>", b"[]", b'{"version":"6.9"}', b"oops", b""])
def test_what_is_no_answer_of_europe_pmc_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        read("europepmc", body)


def test_no_recorded_item_is_lost(shared: Path) -> None:
    name = "transcribed/europepmc_search_core_2026-10.json"
    assert counts(shared, "europepmc", [name]) == {name: 2}
