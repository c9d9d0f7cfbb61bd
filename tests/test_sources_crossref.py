"""Crossref: cursors, null dates, JATS, notices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from api_help import answer, ask, only, params, read, source

from tracker.errors import ParseError
from tracker.sources import parse_file
from tracker.sources.crossref import recheck


def works(*items: dict[str, Any], total: int | None = None, cursor: str | None = None) -> dict[str, Any]:
    message: dict[str, Any] = {"total-results": len(items) if total is None else total, "items": list(items)}
    return {
        "status": "ok",
        "message-type": "work-list",
        "message": message | ({"next-cursor": cursor} if cursor else {}),
    }


def work(**fields: Any) -> dict[str, Any]:
    return {"DOI": "10.1234/AB.1", "title": ["A title"], "type": "journal-article", **fields}


def parts(*numbers: int | None) -> dict[str, Any]:
    return {"date-parts": [list(numbers)]}


def test_the_day_of_registration_is_asked_for() -> None:
    src = source("crossref", options={"query": "bromazolam", "filter": "type:journal-article", "mailto": "a@b.example"})
    (request,) = ask(src)
    assert params(request)["filter"] == (
        "from-created-date:2026-11-17,until-created-date:2026-11-24,type:journal-article"
    )
    assert (params(request)["cursor"], params(request)["mailto"]) == ("*", "a@b.example")


def test_pages_follow_the_cursor_until_all_are_read() -> None:
    src = source("crossref", options={"query": "x"})
    (request,) = ask(src)
    page = answer(src, request, works(work(), work(DOI="10.1/2"), total=3, cursor="c=="))
    assert (len(page.documents), page.total) == (2, 3)
    (following,) = page.next
    assert params(following)["cursor"] == "c=="
    assert answer(src, following, works(work(DOI="10.1/3"), total=3, cursor="d==")).next == ()


def test_an_empty_page_ends_a_walk_whatever_the_total_says() -> None:
    src = source("crossref", options={"query": "x"})
    (request,) = ask(src)
    assert answer(src, request, works(total=99, cursor="c")).next == ()


@pytest.mark.parametrize(
    ("fields", "published", "precision"),
    [
        ({"published": parts(2019, 11, 19)}, "2019-11-19", "day"),
        ({"issued": parts(2012, 3)}, "2012-03", "month"),
        ({"issued": parts(2024)}, "2024", "year"),
        ({"issued": parts(None)}, None, None),
        ({"issued": parts(None), "published-print": parts(2001)}, "2001", "year"),
        ({"issued": {"date-parts": [[]]}}, None, None),
        ({"issued": parts(2024, 2, 31)}, None, None),
        ({"type": "posted-content", "posted": parts(2024, 5, 6), "issued": parts(2024)}, "2024-05-06", "day"),
        ({}, None, None),
    ],
)
def test_a_date_has_the_precision_of_its_parts(
    fields: dict[str, Any], published: str | None, precision: str | None
) -> None:
    found = only("crossref", works(work(**fields)))
    assert (found.published, found.precision) == (published, precision)


@pytest.mark.parametrize(
    ("abstract", "text"),
    [
        ("<jats:title>Abstract</jats:title><jats:p>Words <jats:italic>N</jats:italic>-x.</jats:p>", "Words N-x."),
        ("<jats:p>Abstract</jats:p>", None),
        ("<p>Plain one.</p><p>Two.</p>", "Plain one.\nTwo."),
        (
            "<jats:sec><jats:title>Methods</jats:title><jats:p>Did.</jats:p></jats:sec><jats:sec><jats:title>Results"
            "</jats:title><jats:p>Found.</jats:p></jats:sec>",
            "Methods: Did.\nResults: Found.",
        ),
        ("<jats:p><jats:italic>Background.</jats:italic> So.</jats:p>", "Background. So."),
        ("No markup at p < 0.05.", "No markup at p < 0.05."),
        (None, None),
    ],
)
def test_jats_becomes_text_and_the_bare_word_abstract_is_none(abstract: str | None, text: str | None) -> None:
    assert only("crossref", works(work(abstract=abstract))).text == text


@pytest.mark.parametrize(
    ("titles", "title"),
    [(["A &amp; <i>B</i>"], "A & B"), ([], None), ([""], None), (None, None), (["", "Second"], "Second")],
)
def test_titles_are_plain_and_may_be_missing(titles: list[str] | None, title: str | None) -> None:
    assert only("crossref", works(work(title=titles))).title == title


def test_people_are_family_given_and_groups_keep_their_name() -> None:
    people = [{"family": "Roe", "given": "Ann"}, {"name": "NPS Group"}, {"family": "Solo"}, {"given": "Cher"}]
    assert only("crossref", works(work(author=people))).authors == ("Roe, Ann", "NPS Group", "Solo", "Cher")


def test_a_work_is_known_by_its_lower_case_doi() -> None:
    found = only("crossref", works(work(URL="http://dx.doi.org/10.1234/AB.1")))
    assert (found.external_id, found.doi, found.url) == ("10.1234/ab.1", "10.1234/ab.1", "https://doi.org/10.1234/ab.1")


@pytest.mark.parametrize(
    ("fields", "status", "about"),
    [
        ({"update-to": [{"DOI": "10.5000/X", "type": "correction"}]}, "notice", ("doi:10.5000/x",)),
        ({"update-to": [{"DOI": "10.5000/X", "type": "retraction"}]}, "notice", ("doi:10.5000/x",)),
        ({"update-to": [{"DOI": "10.5000/X", "type": "new_version"}]}, "ok", ()),
        ({"updated-by": [{"DOI": "10.5000/N", "type": "correction"}]}, "corrected", ()),
        (
            {"updated-by": [{"type": "correction", "DOI": "10.5000/a"}, {"type": "retraction", "DOI": "10.5000/b"}]},
            "retracted",
            (),
        ),
        ({"updated-by": [{"type": "expression_of_concern", "DOI": "10.5000/a"}]}, "concern", ()),
        ({"title": ["RETRACTED: A title"]}, "retracted", ()),
        ({}, "ok", ()),
    ],
)
def test_updates_give_the_standing_of_notice_and_original(
    fields: dict[str, Any], status: str, about: tuple[str, ...]
) -> None:
    found = only("crossref", works(work(**fields)))
    assert (found.editorial_status, found.relates_to) == (status, about)


def test_a_preprint_names_the_article_that_it_became() -> None:
    relation = {"is-preprint-of": [{"id": "10.1234/Final", "id-type": "doi"}]}
    found = only("crossref", works(work(type="posted-content", subtype="preprint", relation=relation)))
    assert (found.pub_types, found.extra["preprint_of"]) == (("posted-content", "preprint"), ["doi:10.1234/final"])


def test_stored_works_are_asked_again_by_doi() -> None:
    (request,) = recheck(source("crossref"), ["10.1234/a", "10.1234/b"])
    assert params(request)["filter"] == "doi:10.1234/a,doi:10.1234/b"


@pytest.mark.parametrize(
    "body", [b"Resource not found.", b"<html><body/></html>", b"[]", b"", b'{"message-type":"journal","message":{}}']
)
def test_what_is_no_list_of_works_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        read("crossref", body)


def test_of_a_payload_that_is_cut_off_the_whole_works_are_read() -> None:
    body = b'{"status":"ok","message":{"items":[{"DOI":"10.1234/a","title":["A"]},{"DOI":"10.12'
    page = read("crossref", body)
    assert ([d.doi for d in page.documents], page.complete) == (["10.1234/a"], False)


def test_no_recorded_work_is_lost(shared: Path) -> None:
    lists = {"fulltext_abstract_0": 10, "habanero_test_cursor_0": 20, "habanero_test_works_with_select_param_0": 20}
    lists |= {f"habanero_test_workscontainer_with_cursor_{n}": 5 for n in range(3)}
    pairs = ("works_no_id_withlimit", "works_query", "works_sample")
    lists |= {f"habanero_test_{name}_0": 2 for name in pairs}
    files = {f.stem: f for f in (shared / "data/samples/crossref").glob("*.json")}
    refused = {name for name in files if "journals_ids" in name or "bad_id" in name}
    found = {n: len(parse_file("crossref", f.read_bytes()).documents) for n, f in files.items() if n not in refused}
    assert found == {name: lists.get(name, 1) for name in found}
    assert sum(found.values()) == 83
    for name in refused:
        with pytest.raises(ParseError):
            parse_file("crossref", files[name].read_bytes())
