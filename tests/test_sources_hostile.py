"""What no server should send: any value in any place of an answer is read, left out or refused, and never a crash."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from api_help import ask, source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracker.errors import TrackerError
from tracker.model import Document, Page, Payload
from tracker.sources import kind, parse_file

ANSWERS: dict[str, dict[str, Any]] = {
    "europepmc": {
        "hitCount": 9, "nextCursorMark": "c",
        "resultList": {"result": [{
            "id": "1", "source": "MED", "pmid": "1", "doi": "10.1234/a", "title": "T", "abstractText": "<h4>A</h4>b",
            "authorList": {"author": [{"lastName": "R", "firstName": "A"}]}, "language": "eng",
            "journalInfo": {"dateOfPublication": "2026 Oct", "printPublicationDate": "2026-10-01",
                            "journal": {"title": "J"}},
            "firstPublicationDate": "2026-10-01", "pubTypeList": {"pubType": ["x"]},
            "commentCorrectionList": {"commentCorrection": [{"type": "Erratum in", "id": "2", "reference": "r"}]},
            "keywordList": {"keyword": ["k"]}, "chemicalList": {"chemical": [{"name": "c"}]},
        }]},
    },
    "crossref": {
        "message-type": "work-list",
        "message": {"total-results": 9, "next-cursor": "c", "items": [{
            "DOI": "10.1234/a", "title": ["T"], "type": "journal-article", "container-title": ["J"],
            "author": [{"family": "R", "given": "A"}], "abstract": "<jats:p>x</jats:p>", "URL": "https://x.example",
            "issued": {"date-parts": [[2024, 1, 2]], "date-time": "2024-01-02T00:00:00Z"}, "language": "en",
            "update-to": [{"DOI": "10.1234/b", "type": "correction"}], "updated-by": [{"DOI": "10.1234/c"}],
            "relation": {"is-preprint-of": [{"id": "10.1234/d"}]}, "created": {"date-time": "x"}, "subtitle": ["s"],
        }]},
    },
    "openalex": {
        "meta": {"count": 9, "next_cursor": "c"},
        "results": [{
            "id": "https://openalex.org/W1", "doi": "https://doi.org/10.1234/a", "title": "T", "ids": {"pmid": "1"},
            "publication_date": "2026-09-01", "abstract_inverted_index": {"a": [0], "b": [1]}, "type": "article",
            "primary_location": {"landing_page_url": "https://x.example", "source": {"display_name": "J"}},
            "authorships": [{"author": {"display_name": "A"}}], "is_retracted": False, "language": "en",
        }],
    },
    "biorxiv": {
        "messages": [{"status": "ok", "cursor": 0, "total": 9}],
        "collection": [{"doi": "10.1101/a", "title": "T", "authors": "A; B", "date": "2026-09-15", "version": "1",
                        "abstract": "x", "published": "NA", "server": "medrxiv", "category": "c", "type": "t"}],
    },
    "federal_register": {
        "count": 9, "next_page_url": "https://x.example/2",
        "results": [{"document_number": "2026-1", "title": "T", "type": "Rule", "abstract": "x", "action": "a",
                     "html_url": "https://x.example", "publication_date": "2026-08-28", "docket_ids": ["d"],
                     "agencies": [{"name": "A", "id": 1, "parent_id": None, "slug": "a"}],
                     "correction_of": "https://x.example/documents/2026-11111", "corrections": []}],
    },
    "regulations_gov": {
        "meta": {"totalElements": 9, "hasNextPage": True, "pageNumber": 1},
        "data": [{"id": "D", "attributes": {"title": "T", "postedDate": "2025-01-16T05:00:00Z", "withdrawn": False,
                                            "lastModifiedDate": "2025-01-16T05:00:00Z", "documentType": "Rule"}}],
    },
    "openfda": {
        "meta": {"disclaimer": "d", "results": {"skip": 0, "limit": 1, "total": 9}},
        "results": [{"event_id": "1", "product_description": "p", "recalling_firm": "f", "report_date": "20260819",
                     "openfda": {"substance_name": ["s"]}, "reason_for_recall": "r"},
                    {"safetyreportid": "2", "receivedate": "20260801", "serious": "1",
                     "patient": {"drug": [{"medicinalproduct": "d"}], "reaction": [{"reactionmeddrapt": "r"}]}}],
    },
    "govuk": {
        "total": 9, "start": 0,
        "results": [{"title": "T", "link": "/x", "description": "d", "public_timestamp": "2026-09-25T09:00:00Z",
                     "organisations": [{"title": "o"}], "is_withdrawn": False, "format": "f"}],
    },
    "who": {
        "value": [{"Title": "T", "UrlName": "n", "ItemDefaultUrl": "/n", "PublicationDate": "2026-09-10T08:52:02Z",
                   "Summary": "s", "LastModified": "2026-09-10T09:00:00Z"}],
    },
    "gdelt": {
        "articles": [{"url": "https://x.example/a", "title": "T", "seendate": "20260828T121500Z", "domain": "d",
                      "language": "English", "sourcecountry": "Greece"}],
    },
}  # fmt: skip
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(allow_nan=False), st.text(max_size=12),
    st.sampled_from(["²", "9" * 5000, "https://[", "10.1234/\u0000", "<b", "&#xffffffff;", "2026-99-99", "\ud800"]),
    st.lists(st.integers(), max_size=2), st.just({}), st.just([[]]), st.just({"a": None}), st.just([None, "x", {}]),
)  # fmt: skip


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in list(pairs):
        yield value, name
        yield from places(inner)


def read_live(name: str, body: bytes) -> Page:
    """The answer to the first request of a poll."""
    src = source(name, options={} if name == "biorxiv" else {"query": "x"})
    request = ask(src)[0]
    return kind(name).read(src, Payload(body, request.url), request)


@pytest.mark.parametrize("name", sorted(ANSWERS))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_value_in_any_place_is_read_left_out_or_refused(name: str, data: st.DataObject) -> None:
    answer = deepcopy(ANSWERS[name])
    for _ in range(data.draw(st.integers(1, 3))):
        spots = list(places(answer))
        container, where = spots[data.draw(st.integers(0, len(spots) - 1))]
        container[where] = deepcopy(data.draw(ODD))
    try:
        page = read_live(name, json.dumps(answer).encode())
    except TrackerError:
        return
    for document in page.documents:
        assert_is_a_document(document)
    for following in page.next:
        json.dumps(dict(following.state))


def assert_is_a_document(document: Document) -> None:
    """Fields have their types, and absent is absent."""
    assert isinstance(document.external_id, str)
    assert document.external_id
    for value in (document.title, document.text, document.url, document.journal, document.publisher, document.language):
        assert value is None or (isinstance(value, str) and value)
    assert all(isinstance(a, str) and a for a in (*document.authors, *document.pub_types, *document.relates_to))
    assert (document.published is None) == (document.precision is None)


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_the_answers_that_are_bent_here_are_read_as_they_stand(name: str) -> None:
    page = read_live(name, json.dumps(ANSWERS[name]).encode())
    assert page.documents
    assert not page.problems


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("europepmc", json.dumps({"resultList": {"result": [{"id": "1", "abstractText": "<h4>" * 500_000}]}})),
        ("crossref", json.dumps({"message": {"items": [{"DOI": "10.1/a", "title": ["<i>" * 500_000]}]}})),
        ("biorxiv", json.dumps({"collection": [{"doi": "10.1101/a", "abstract": "O_ST_ABS" * 300_000}]})),
        ("gdelt", json.dumps({"articles": [{"url": "https://x.example/" + "%20" * 300_000, "title": " ;" * 10**6}]})),
        ("crossref", '{"message":{"items":' + "[" * 200_000),
        ("openalex", '{"results":[' + '{"a":' * 200_000),
        ("pubmed", "<PubmedArticleSet>" + "<a>" * 400_000),
        ("pubmed", "<PubmedArticleSet><PubmedArticle>" + "<ReferenceList>" * 200_000),
        ("medline", "PMID- 1\n" + "AB  - x\n" * 300_000),
        ("arxiv", '<feed xmlns="http://www.w3.org/2005/Atom">' + "<entry>" * 300_000),
    ],
)  # fmt: skip
def test_hostile_bulk_costs_seconds_at_most(name: str, body: str) -> None:
    started = time.process_time()
    with contextlib.suppress(TrackerError):
        parse_file(name, body.encode())
    assert time.process_time() - started < 5
