"""Records stored long ago are asked again: a paper that is retracted later becomes so here, and is said to be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from collect_support import FAST, NOW
from pytest_httpserver import HTTPServer
from werkzeug import Request as Asked
from werkzeug import Response

from tracker import pipeline, rechecks
from tracker.archive import Archive
from tracker.digest import make_digest
from tracker.lexicon import load
from tracker.model import Document, Source
from tracker.tag import Tagger

MONTHS_AGO = NOW - timedelta(days=150)
TITLE = "Fatal poisoning with bromazolam"
ABSTRACT = "Bromazolam was detected in the blood of a man who died of poisoning."


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger(load())


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    with Archive.open(path / "t.db", create=True) as archive:
        yield archive


def record(pmid: str, *, retracted: bool) -> str:
    kind = "Retracted Publication" if retracted else "Journal Article"
    link = (
        '<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><PMID>99</PMID></CommentsCorrections>'
        "</CommentsCorrectionsList>"
        if retracted
        else ""
    )
    return (
        f"<PubmedArticle><MedlineCitation><PMID>{pmid}</PMID><Article><Journal><Title>Forensics</Title></Journal>"
        f"<ArticleTitle>{TITLE} {pmid}</ArticleTitle><Abstract><AbstractText>{ABSTRACT}</AbstractText></Abstract>"
        f"<PublicationTypeList><PublicationType>{kind}</PublicationType></PublicationTypeList></Article>{link}"
        f"</MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType='doi'>10.1000/x{pmid}</ArticleId>"
        f"</ArticleIdList></PubmedData></PubmedArticle>"
    )


class PubMed:
    """A service with a few records; what it answers to a search and what is retracted can be changed."""

    def __init__(self, server: HTTPServer, pmids: list[str]) -> None:
        self.found, self.retracted, self.asked, self.failing = pmids, set[str](), list[list[str]](), False
        server.expect_request("/esearch.fcgi").respond_with_handler(self._search)
        server.expect_request("/efetch.fcgi").respond_with_handler(self._fetch)
        self.source = Source(
            "papers", "pubmed", server.url_for("/esearch.fcgi"), tier="A", options={"query": "bromazolam"}, every=3600
        )

    def _search(self, request: Asked) -> Response:
        ids = "".join(f"<Id>{i}</Id>" for i in self.found)
        return Response(f"<eSearchResult><Count>{len(self.found)}</Count><IdList>{ids}</IdList></eSearchResult>")

    def _fetch(self, request: Asked) -> Response:
        wanted = parse_qs(request.query_string.decode())["id"][0].split(",")
        self.asked.append(wanted)
        if self.failing and not self.found:
            return Response("busy", status=500)
        records = "".join(record(i, retracted=i in self.retracted) for i in wanted)
        return Response(f"<PubmedArticleSet>{records}</PubmedArticleSet>")


def run(archive: Archive, sources: list[Source], tagger: Tagger, at: datetime) -> pipeline.CollectReport:
    return pipeline.collect(archive, sources, tagger, http=FAST, now=lambda: at)


def test_a_paper_stored_months_ago_becomes_retracted_in_search_and_digest(
    httpserver: HTTPServer, tmp_path: Path, tagger: Tagger
) -> None:
    service = PubMed(httpserver, ["1", "2"])
    with opened(tmp_path) as archive:
        assert run(archive, [service.source], tagger, MONTHS_AGO).new == 2
        service.found, service.retracted = [], {"2"}
        report = run(archive, [service.source], tagger, NOW)
        assert (report.new, report.revised) == (0, 1)
        assert [row.id for row in report.sources] == ["papers"]
        retracted = archive.search("status:retracted").results
        assert [hit.record.document.pmid for hit in retracted] == ["2"]
        digest = make_digest(archive, week="2026-W48", as_of=NOW + timedelta(hours=1), settings={})
        (item,) = next(s for s in digest.sections if s.id == "corrections").items
        assert (item.mark, item.documents) == ("retracted", (2,))
        before = archive.document(2, as_of=NOW - timedelta(days=1))
        assert before is not None
        assert before.document.editorial_status == "ok", "as of a moment before, nobody knew"


def test_a_round_is_asked_once_in_thirty_days(httpserver: HTTPServer, tmp_path: Path, tagger: Tagger) -> None:
    service = PubMed(httpserver, ["1", "2"])
    with opened(tmp_path) as archive:
        run(archive, [service.source], tagger, MONTHS_AGO)
        assert service.asked == [["1", "2"]], "what was read just now is not asked again"
        service.found = []
        for days in (0, 1, 29, 31):
            run(archive, [service.source], tagger, NOW + timedelta(days=days))
    assert service.asked == [["1", "2"]] * 3


def test_small_batches_go_on_where_the_last_run_stopped(
    httpserver: HTTPServer, tmp_path: Path, tagger: Tagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from tracker.sources import pubmed

    assert pubmed.KIND.recheck is not None
    small = replace(pubmed.KIND, recheck=replace(pubmed.KIND.recheck, batch=2))
    monkeypatch.setattr("tracker.sources.kind", lambda name: small)
    service = PubMed(httpserver, ["1", "2", "3", "4", "5"])
    with opened(tmp_path) as archive:
        run(archive, [service.source], tagger, MONTHS_AGO)
        service.found, service.asked = [], []
        for hours in (0, 2, 4, 6, 8):
            run(archive, [service.source], tagger, NOW + timedelta(hours=hours))
    assert service.asked == [["1", "2"], ["3", "4"], ["5"]]


def test_a_batch_that_failed_is_asked_again_and_fails_no_run(
    httpserver: HTTPServer, tmp_path: Path, tagger: Tagger
) -> None:
    service = PubMed(httpserver, ["1"])
    with opened(tmp_path) as archive:
        run(archive, [service.source], tagger, MONTHS_AGO)
        service.found, service.retracted, service.failing = [], {"1"}, True
        report = run(archive, [service.source], tagger, NOW)
        assert [row.status for row in report.sources] == ["empty"]
        assert not report.nothing_could_be_read
        service.failing = False
        assert run(archive, [service.source], tagger, NOW + timedelta(hours=2)).revised == 1


def test_a_paper_known_from_elsewhere_is_marked_too(httpserver: HTTPServer, tmp_path: Path, tagger: Tagger) -> None:
    work = {
        "DOI": "10.1000/x7", "title": [TITLE], "type": "journal-article", "abstract": ABSTRACT,
        "updated-by": [{"type": "retraction", "DOI": "10.1000/r", "label": "Retraction"}],
    }  # fmt: skip
    asked: list[str] = []

    def answer(request: Asked) -> Response:
        asked.append(request.query_string.decode())
        items = [work] if "doi%3A" in asked[-1] else []
        return Response(json.dumps({"message": {"items": items, "total-results": len(items)}}))

    httpserver.expect_request("/works").respond_with_handler(answer)
    crossref = Source("crossref", "crossref", httpserver.url_for("/works"), options={"query": "bromazolam"})
    paper = Document("g7", url="https://journal.example/7", title=TITLE, text=ABSTRACT, doi="10.1000/x7")
    feed = Source("journal", "feed", "https://journal.example/feed", keep="all")
    with opened(tmp_path) as archive:
        archive.store_import(
            feed, [paper], [tagger.tag(ABSTRACT, title=TITLE)], now=MONTHS_AGO, lexicon=tagger.lexicon.version
        )
        run(archive, [crossref], tagger, MONTHS_AGO)
        run(archive, [crossref], tagger, NOW)
        held = archive.document(1)
        assert held is not None
        assert held.editorial_status == "retracted"
    assert any("10.1000%2Fx7" in query for query in asked)


def test_a_source_that_could_not_be_read_is_not_asked_more(tmp_path: Path) -> None:
    source = Source("papers", "pubmed", "https://x.example/esearch.fcgi", options={"query": "x"})
    with opened(tmp_path) as archive:
        assert rechecks.due(archive, [source], set(), now=datetime(2026, 1, 1, tzinfo=UTC)) == {}
