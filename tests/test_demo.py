"""The packaged sample: every source is read whole by its kind, in its true format."""

from __future__ import annotations

import urllib.request

import pytest

from tracker.demo.formats import FEEDS
from tracker.demo.server import SampleSite, load_items, serve
from tracker.demo.sources import sample_sources
from tracker.model import Payload, Request, Source
from tracker.sources import kind, validate_options

ITEMS = load_items()


def read_whole(source: Source) -> list[str]:
    """Titles of a sample source as its kind reads them in the last week."""
    site = SampleSite()
    site.week = 7
    name = source.id.removeprefix("sample_")
    path = f"/{name}"
    if source.kind == "pubmed":
        path = "/pubmed/efetch.fcgi?id=" + ",".join(i["pmid"] for i in ITEMS["pubmed"])
    elif source.kind in ("crossref", "federal_register"):
        path = {"crossref": "/crossref/works", "federal_register": "/register/documents.json"}[source.kind]
    status, content_type, body = site.answer(path)
    assert status == 200
    reader = kind(source.kind)
    payload = Payload(body, source.url, 200, content_type)
    page = reader.read(source, payload, Request(source.url, step=reader.file_step))
    assert page.problems == ()
    return sorted(document.title or "" for document in page.documents)


@pytest.mark.parametrize("source", sample_sources("http://127.0.0.1:1"), ids=lambda source: source.id)
def test_each_sample_source_is_read_without_loss(source: Source) -> None:
    items = ITEMS[source.id.removeprefix("sample_")]
    assert [t.rstrip(".") for t in read_whole(source)] == sorted(i["title"] for i in items)


def test_the_sample_has_sixty_items_over_eight_weeks() -> None:
    everything = [item for items in ITEMS.values() for item in items]
    assert len(everything) == 61
    assert {item["week"] for item in everything} == set(range(8))


@pytest.mark.parametrize("source", sample_sources("http://127.0.0.1:1"), ids=lambda source: source.id)
def test_the_entries_would_be_accepted_in_a_sources_file(source: Source) -> None:
    assert validate_options(source.kind, source.options) == []


def test_a_later_week_offers_what_an_earlier_one_did_and_more() -> None:
    site = SampleSite()
    sizes = []
    for site.week in range(8):
        sizes.append(sum(len(site.answer(f"/{name}")[2]) for name in FEEDS))
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_the_loopback_server_answers_conditional_requests() -> None:
    with serve() as (_, address):
        with urllib.request.urlopen(f"{address}/alerts") as answer:
            etag = answer.headers["ETag"]
        again = urllib.request.Request(f"{address}/alerts", headers={"If-None-Match": etag})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(again)
        with refused.value as error:
            assert error.code == 304
