"""Each service that can be asked again about a stored record: what it says months later marks the document here."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from collect_support import FAST, NOW
from pytest_httpserver import HTTPServer
from werkzeug import Request as Asked
from werkzeug import Response

from tracker import pipeline
from tracker.archive import Archive
from tracker.lexicon import load
from tracker.model import Source
from tracker.tag import Tagger

MONTHS_AGO = NOW - timedelta(days=150)
DAY = f"{MONTHS_AGO:%Y-%m-%d}"
TITLE = "Fatal poisoning with bromazolam"
TEXT = "Bromazolam was detected in the blood of a man who died of poisoning."
QUERY = {"query": "bromazolam"}


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger(load())


@dataclass(frozen=True)
class Service:
    """A service with one record. `answer(address, later)` is what it says now or months later: (status, body)."""

    path: str
    options: dict[str, Any]
    answer: Callable[[str, bool], tuple[int, Any]]
    again: str  # part of the address under which the stored record is asked again
    status: str


def europepmc(address: str, later: bool) -> tuple[int, Any]:
    record: dict[str, Any] = {
        "id": "38000001", "source": "MED", "pmid": "38000001", "doi": "10.1000/x1", "title": TITLE + ".",
        "abstractText": TEXT, "firstPublicationDate": DAY, "language": "eng",
        "pubTypeList": {"pubType": ["research-article", "Journal Article"]},
        "journalInfo": {"journal": {"title": "Forensics"}},
    }  # fmt: skip
    if later:
        record["pubTypeList"] = {"pubType": ["Retracted Publication", "Journal Article"]}
        notice = {
            "id": "38000099",
            "source": "MED",
            "type": "Retraction in",
            "reference": "Forensics. 2026",
            "orderIn": 1,
        }
        record["commentCorrectionList"] = {"commentCorrection": [notice]}
    found = [] if later and "EXT_ID" not in address else [record]
    return 200, {"version": "6.9", "hitCount": len(found), "resultList": {"result": found}}


def openalex(address: str, later: bool) -> tuple[int, Any]:
    work = {
        "id": "https://openalex.org/W4400000001", "doi": "https://doi.org/10.1000/x1", "title": TITLE, "language": "en",
        "display_name": TITLE, "publication_date": DAY, "type": "article", "is_retracted": later,
        "abstract_inverted_index": {word: [place] for place, word in enumerate(TEXT.split())},
        "primary_location": {"landing_page_url": "https://doi.org/10.1000/x1", "source": {"display_name": "Forensics"}},
    }  # fmt: skip
    found = [] if later and "doi%3A" not in address else [work]
    return 200, {"meta": {"count": len(found), "next_cursor": None}, "results": found}


def crossref(address: str, later: bool) -> tuple[int, Any]:
    work: dict[str, Any] = {
        "DOI": "10.1000/x1", "title": [TITLE], "type": "journal-article", "abstract": f"<jats:p>{TEXT}</jats:p>",
        "published": {"date-parts": [[MONTHS_AGO.year, MONTHS_AGO.month, MONTHS_AGO.day]]},
    }  # fmt: skip
    if later:
        work["updated-by"] = [
            {"type": "expression_of_concern", "DOI": "10.1000/r", "label": "Expression of concern",
             "updated": {"date-parts": [[2026, 10, 1]]}}
        ]  # fmt: skip
    found = [] if later and "doi%3A" not in address else [work]
    return 200, {"status": "ok", "message": {"total-results": len(found), "items": found}}


def pubmed(address: str, later: bool) -> tuple[int, Any]:
    if "esearch" in address:
        ids = "" if later else "<Id>38000001</Id>"
        return 200, f"<eSearchResult><Count>{0 if later else 1}</Count><IdList>{ids}</IdList></eSearchResult>"
    link = (
        '<CommentsCorrectionsList><CommentsCorrections RefType="ErratumIn"><RefSource>Forensics. 2026</RefSource>'
        "<PMID>38000099</PMID></CommentsCorrections></CommentsCorrectionsList>"
    )
    return 200, (
        f"<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>38000001</PMID><Article><Journal><Title>Forensics"
        f"</Title></Journal><ArticleTitle>{TITLE}</ArticleTitle><Abstract><AbstractText>{TEXT}</AbstractText></Abstract>"
        f"<PublicationTypeList><PublicationType>Journal Article</PublicationType></PublicationTypeList></Article>"
        f"{link if later else ''}</MedlineCitation></PubmedArticle></PubmedArticleSet>"
    )


def govuk(address: str, later: bool) -> tuple[int, Any]:
    if "/api/content/" not in address:
        result = {
            "title": TITLE, "description": TEXT, "link": "/drug-device-alerts/bromazolam",
            "format": "medical_safety_alert",
            "public_timestamp": f"{DAY}T09:00:00Z", "is_withdrawn": False, "organisations": [{"title": "MHRA"}],
        }  # fmt: skip
        found = [] if later else [result]
        return 200, {"results": found, "total": len(found), "start": 0}
    return 200, {
        "base_path": "/drug-device-alerts/bromazolam", "title": TITLE, "document_type": "medical_safety_alert",
        "locale": "en", "first_published_at": f"{DAY}T09:00:00Z", "description": TEXT,
        "details": {"body": [{"content_type": "text/html", "content": f"<p>{TEXT}</p>"}]},
        "withdrawn_notice": {"explanation": "<p>Out of date.</p>", "withdrawn_at": "2026-09-01T09:00:00Z"},
    }  # fmt: skip


def federal_register(address: str, later: bool) -> tuple[int, Any]:
    rule = {
        "document_number": "2026-01234", "title": TITLE, "type": "Rule", "abstract": TEXT, "publication_date": DAY,
        "html_url": f"https://www.federalregister.gov/documents/{DAY.replace('-', '/')}/2026-01234/fatal-poisoning",
        "agencies": [{"name": "Drug Enforcement Administration", "slug": "drug-enforcement-administration", "id": 116}],
        "corrections": ["https://www.federalregister.gov/api/v1/documents/2026-09999"] if later else [],
        "correction_of": None,
    }  # fmt: skip
    if "2026-01234" in address:
        return 200, rule  # one document stands alone
    return (404, {"count": 0}) if later else (200, {"count": 1, "results": [rule]})


SERVICES = {
    "europepmc": Service("/rest/search", QUERY, europepmc, "EXT_ID%3A38000001", "retracted"),
    "openalex": Service("/works", QUERY, openalex, "filter=doi%3A10.1000%2Fx1", "retracted"),
    "crossref": Service("/works", QUERY, crossref, "filter=doi%3A10.1000%2Fx1", "concern"),
    "pubmed": Service("/esearch.fcgi", QUERY, pubmed, "id=38000001", "corrected"),
    "govuk": Service("/api/search.json", {}, govuk, "/api/content/drug-device-alerts/bromazolam", "retracted"),
    "federal_register": Service(
        "/api/v1/documents.json", {}, federal_register, "/documents/2026-01234.json", "corrected"
    ),
}


class Running:
    """The service on loopback; keeps the addresses that it was asked for."""

    def __init__(self, server: HTTPServer, service: Service) -> None:
        self._service, self.later, self.asked = service, False, list[str]()
        server.expect_request("/robots.txt").respond_with_data("", status=404)
        server.expect_request("").respond_with_handler(self._answer)

    def _answer(self, request: Asked) -> Response:
        address = request.full_path
        self.asked.append(address)
        status, body = self._service.answer(address, self.later)
        text = body if isinstance(body, str) else json.dumps(body)
        return Response(text, status=status, content_type="text/xml" if isinstance(body, str) else "application/json")


@pytest.mark.parametrize("kind", SERVICES)
def test_a_record_stored_months_ago_gets_the_mark_that_its_service_gives_it_later(
    kind: str, httpserver: HTTPServer, tmp_path: Path, tagger: Tagger
) -> None:
    service = SERVICES[kind]
    running = Running(httpserver, service)
    source = Source("them", kind, httpserver.url_for(service.path), options=service.options, keep="all", every=3600)
    with Archive.open(tmp_path / "t.db", create=True) as archive:
        first = pipeline.collect(archive, [source], tagger, http=FAST, now=lambda: MONTHS_AGO)
        assert (first.new, first.sources[0].status) == (1, "ok"), first
        (held,) = archive.all_documents()
        assert held.editorial_status == "ok"
        running.later, running.asked = True, []
        pipeline.collect(archive, [source], tagger, http=FAST, now=lambda: NOW)
        (held,) = archive.all_documents()
        before = archive.document(held.id, as_of=NOW - timedelta(days=1))
        found = archive.search(f"status:{service.status}").total
        assert archive.verify(tagger) == []
    assert any(service.again in address for address in running.asked), running.asked
    assert (held.editorial_status, found) == (service.status, 1)
    assert held.first_seen == MONTHS_AGO
    assert before is not None
    assert before.editorial_status == "ok", "as of a moment before, nobody knew"


def test_a_page_of_govuk_that_now_leads_elsewhere_stays_as_it_was(
    httpserver: HTTPServer, tmp_path: Path, tagger: Tagger
) -> None:
    def moved(address: str, later: bool) -> tuple[int, Any]:
        if "/api/content/" in address:
            return 200, {"base_path": "/drug-device-alerts/bromazolam", "document_type": "redirect", "redirects": []}
        return govuk(address, later)

    running = Running(httpserver, Service("/api/search.json", {}, moved, "", "ok"))
    source = Source("them", "govuk", httpserver.url_for("/api/search.json"), keep="all", every=3600)
    with Archive.open(tmp_path / "t.db", create=True) as archive:
        pipeline.collect(archive, [source], tagger, http=FAST, now=lambda: MONTHS_AGO)
        running.later = True
        pipeline.collect(archive, [source], tagger, http=FAST, now=lambda: NOW)
        (held,) = archive.all_documents()
        assert (held.document.title, held.document.text, held.editorial_status) == (TITLE, TEXT, "ok")
        assert len(archive.revisions(held.id)) == 1
