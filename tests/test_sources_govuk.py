"""GOV.UK: items known by their link, withdrawn pages marked, three forms of answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from api_help import answer, ask, counts, only, params, read, source

from tracker.errors import ParseError
from tracker.sources.govuk import recheck

URL = "https://www.example.org/api/search.json?filter_organisations=advisory-council&order=-public_timestamp"


def results(*items: dict[str, Any], total: int | None = None, start: int = 0) -> dict[str, Any]:
    return {"results": list(items), "total": len(items) if total is None else total, "start": start}


def result(**fields: Any) -> dict[str, Any]:
    return {
        "title": "A title", "link": "/drug-device-alerts/x", "description": "Words &amp; more.",
        "public_timestamp": "2026-09-25T09:00:00.000+01:00", "format": "medical_safety_alert", **fields,
    }  # fmt: skip


def feed(*entries: str) -> bytes:
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">{"".join(entries)}</feed>'.encode()


def entry(ident: str = "tag:www.gov.uk,2005:/x#2026-09-25T09:00:00Z", title: str = "T", summary: str = "") -> str:
    return (
        f"<entry><id>{ident}</id><updated>2026-09-25T09:00:00+01:00</updated><title>{title}</title>"
        f'<link rel="alternate" type="text/html" href="https://www.gov.uk/x"/>'
        f'<summary type="html">{summary}</summary></entry>'
    )


def test_filters_of_the_address_are_kept_and_the_order_is_always_said() -> None:
    (request,) = ask(source("govuk", URL, options={"query": "nitazenes"}))
    asked = params(request)
    assert asked["filter_public_timestamp"] == "from:2026-11-17,to:2026-11-24"
    assert (asked["q"], asked["start"]) == ("nitazenes", "0")
    assert "order" not in asked  # the address has it
    (request,) = ask(source("govuk", "https://www.example.org/api/search.json"))
    assert params(request)["order"] == "-public_timestamp"


def test_pages_follow_from_where_the_last_ended() -> None:
    src = source("govuk", URL)
    (request,) = ask(src)
    page = answer(src, request, results(result(), result(link="/y"), total=5, start=2))
    assert [params(r)["start"] for r in page.next] == ["4"]


def test_a_result_is_read_and_known_by_its_link() -> None:
    found = only("govuk", results(result(organisations=[{"title": "MHRA", "slug": "mhra"}])))
    assert (found.external_id, found.url) == ("/drug-device-alerts/x", "https://www.gov.uk/drug-device-alerts/x")
    assert (found.published, found.text, found.publisher) == ("2026-09-25T08:00:00Z", "Words & more.", "MHRA")
    assert found.doctype == "official_alert"


@pytest.mark.parametrize("fields", [{"is_withdrawn": True}, {"title": "[Withdrawn] A title"}])
def test_withdrawn_results_are_marked(fields: dict[str, Any]) -> None:
    assert only("govuk", results(result(**fields))).editorial_status == "retracted"


def test_an_atom_entry_says_when_it_was_updated_and_never_when_it_was_published() -> None:
    found = only("govuk", feed(entry(summary="&lt;p&gt;Words.&lt;/p&gt;")))
    assert (found.external_id, found.updated, found.published) == ("/x", "2026-09-25T08:00:00Z", None)
    assert found.text == "Words."


def test_an_update_of_an_entry_is_no_second_document() -> None:
    page = read("govuk", feed(entry(), entry("tag:www.gov.uk,2005:/x#2026-10-01T09:00:00Z")))
    assert [d.external_id for d in page.documents] == ["/x"]


def test_a_withdrawn_entry_is_marked() -> None:
    found = only("govuk", feed(entry(summary="This publication was withdrawn on 1 May 2026.")))
    assert found.editorial_status == "retracted"


def test_an_item_of_the_content_api_has_its_whole_text_and_its_withdrawal() -> None:
    found = only(
        "govuk",
        {
            "base_path": "/government/publications/x", "title": "A title", "description": "Short.", "locale": "en",
            "document_type": "guidance", "first_published_at": "2024-05-01T10:00:00Z",
            "public_updated_at": "2026-01-01T10:00:00Z",
            "details": {"body": [{"content_type": "text/html", "content": "<p>Long <b>text</b>.</p>"}]},
            "withdrawn_notice": {"explanation": "<p>Superseded.</p>", "withdrawn_at": "2026-02-01T00:00:00Z"},
        },
    )  # fmt: skip
    assert (found.text, found.published, found.updated) == (
        "Long text.", "2024-05-01T10:00:00Z", "2026-01-01T10:00:00Z",
    )  # fmt: skip
    assert (found.editorial_status, found.extra["withdrawn_because"]) == ("retracted", "Superseded.")


def test_stored_pages_are_asked_again_at_the_content_api() -> None:
    (request,) = recheck(
        source("govuk", "https://www.gov.uk/api/search.json"), ["https://www.gov.uk/drug-device-alerts/x"]
    )
    assert request.url == "https://www.gov.uk/api/content/drug-device-alerts/x"


def test_a_feed_that_is_cut_off_gives_its_whole_entries() -> None:
    page = read("govuk", feed(entry(), entry("tag:www.gov.uk,2005:/y"))[:-60])
    assert (len(page.documents), page.complete) == (1, False)


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body/></html>", b"<rss/>", b"", b"[]", b'{"error":"Unexpected parameters: x"}',
        b'<!DOCTYPE a [<!ENTITY b "c">]><feed xmlns="http://www.w3.org/2005/Atom">&b;</feed>',
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        read("govuk", body)


def test_no_recorded_entry_is_lost(shared: Path) -> None:
    assert counts(shared, "govuk", ["govuk/drug-device-alerts.atom.xml"]) == {"govuk/drug-device-alerts.atom.xml": 2}
