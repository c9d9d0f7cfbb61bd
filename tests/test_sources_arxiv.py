"""arXiv: one document a paper, whatever its version."""

from __future__ import annotations

import pytest
from api_help import answer, ask, only, params, read, source

from tracker.errors import ParseError

OPENSEARCH = 'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom"'


def feed(*entries: str, total: int | None = None) -> bytes:
    count = len(entries) if total is None else total
    return (
        f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" {OPENSEARCH}>'
        f"<opensearch:totalResults>{count}</opensearch:totalResults>{''.join(entries)}</feed>"
    ).encode()


def entry(ident: str = "http://arxiv.org/abs/2609.01234v2", extra: str = "", summary: str = "  Words\n  on. ") -> str:
    return (
        f"<entry><id>{ident}</id><title>A\n  title</title><summary>{summary}</summary>"
        "<published>2026-09-01T10:00:00Z</published><updated>2026-09-05T10:00:00Z</updated>"
        "<author><name>Ann Roe</name><arxiv:affiliation>Lab</arxiv:affiliation></author><author><name>E Poe</name>"
        f"</author><category term='q-bio.BM'/>{extra}</entry>"
    )


def test_submission_days_are_asked_for_some_days_more_than_the_window() -> None:
    (request,) = ask(source("arxiv", options={"query": "abs:nitazene OR abs:xylazine"}))
    assert params(request)["search_query"] == (
        "(abs:nitazene OR abs:xylazine) AND submittedDate:[202611130000 TO 202611242359]"
    )


def test_pages_follow_until_all_are_read() -> None:
    src = source("arxiv", options={"query": "x"})
    (request,) = ask(src)
    (following,) = answer(src, request, feed(entry(), total=2)).next
    assert params(following)["start"] == "1"
    assert answer(src, following, feed(entry("http://arxiv.org/abs/2609.05555v1"), total=2)).next == ()


def test_a_paper_is_read_and_known_without_its_version() -> None:
    extra = "<arxiv:doi>10.1234/AB</arxiv:doi><arxiv:journal_ref>J 1</arxiv:journal_ref>"
    found = only("arxiv", feed(entry(extra=extra)))
    assert (found.external_id, found.url) == ("2609.01234", "https://arxiv.org/abs/2609.01234")
    assert (found.title, found.text, found.authors) == ("A title", "Words on.", ("Ann Roe", "E Poe"))
    assert (found.published, found.updated) == ("2026-09-01T10:00:00Z", "2026-09-05T10:00:00Z")
    assert (found.doi, found.journal, found.extra["version"]) == ("10.1234/ab", "J 1", 2)


def test_old_identifiers_keep_their_archive() -> None:
    assert only("arxiv", feed(entry("http://arxiv.org/abs/q-bio/0601001v1"))).external_id == "q-bio/0601001"


@pytest.mark.parametrize(
    ("extra", "summary"),
    [
        ("<arxiv:comment>This paper has been withdrawn by the author</arxiv:comment>", "W."),
        ("", "This paper has been withdrawn."),
    ],
)
def test_withdrawn_papers_are_marked(extra: str, summary: str) -> None:
    assert only("arxiv", feed(entry(extra=extra, summary=summary))).editorial_status == "retracted"


def test_an_error_entry_is_an_error() -> None:
    with pytest.raises(ParseError, match="incorrect id"):
        read("arxiv", feed(entry("http://arxiv.org/api/errors#x", summary="incorrect id format")))


def test_no_paper_is_empty() -> None:
    page = read("arxiv", feed())
    assert (page.documents, page.total) == ((), 0)


def test_a_feed_that_is_cut_off_gives_its_whole_entries() -> None:
    page = read("arxiv", feed(entry(), entry("http://arxiv.org/abs/2609.05555v1"))[:-80])
    assert ([d.external_id for d in page.documents], page.complete) == (["2609.01234"], False)


@pytest.mark.parametrize("body", [b"<html><body/></html>", b"", b"{}", b"<rss/>"])
def test_what_is_no_atom_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        read("arxiv", body)
