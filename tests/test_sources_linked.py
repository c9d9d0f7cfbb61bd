"""Forums: what a thread links is recorded, who talks is not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tracker.archive import Archive
from tracker.lexicon import load
from tracker.model import FetchState, Payload, Request, Source, SourceResult
from tracker.sources import kind
from tracker.sources._linked import linked
from tracker.tag import Tagger
from tracker.tag.documents import tag_document

FORUM = Source("r", "feed", "https://www.reddit.com/r/x/new/.rss", type="forum", tier="C", keep="all")
THREAD = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><entry>
<author><name>/u/OldTimer_99</name></author><id>t3_1</id><title>Is OldTimer_99 right about bromazolam?</title>
<link href="https://www.reddit.com/r/x/comments/1/"/><updated>2026-11-20T10:00:00+00:00</updated>
<content type="html">&lt;p&gt;oldtimer_99 sent me
&lt;a href="https://www.mdpi.com/10.3390/ijms26178475"&gt;this&lt;/a&gt; and
&lt;a href="https://www.cfsre.org/alert?utm_source=x"&gt;that alert&lt;/a&gt;.&lt;/p&gt;
&lt;p&gt;Jane Roe said: bromazolam is strong&lt;/p&gt;
submitted by &lt;a href="https://www.reddit.com/user/OldTimer_99"&gt; /u/OldTimer_99 &lt;/a&gt;
&lt;a href="https://i.redd.it/x.jpg"&gt;[link]&lt;/a&gt;</content></entry></feed>"""


@pytest.mark.parametrize(
    ("markup", "found"),
    [
        ('<a href="https://doi.org/10.1000/AbC.1">x</a>', ("doi:10.1000/abc.1",)),
        ("see https://pubmed.ncbi.nlm.nih.gov/12345678/.", ("pmid:12345678",)),
        ('<a href="https://www.ncbi.nlm.nih.gov/pubmed/42?x=1">', ("pmid:42",)),
        ("https://www.tandfonline.com/doi/full/10.1080/15563650.2024.1 is it", ("doi:10.1080/15563650.2024.1",)),
        ("https://www.gov.uk/drug-alert?utm_medium=mail", ("url:https://gov.uk/drug-alert",)),
        ("https://old.forum.example/t/2 https://i.redd.it/a.png https://youtu.be/x https://t.me/shop", ()),
        ("https://a.example/1 https://www.a.example/1#top", ("url:https://a.example/1",)),
        ("https://[ http://x", ()),
        (None, ()),
    ],
)
def test_papers_and_pages_are_named_and_the_rest_is_not(markup: str | None, found: tuple[str, ...]) -> None:
    assert linked([markup], ["https://forum.example/t/1"]) == found


def test_a_thread_is_stored_with_its_links_and_without_its_people(tmp_path: Path) -> None:
    page = kind("feed").read(FORUM, Payload(THREAD.encode()), Request(FORUM.url))
    tagger, now = Tagger(load()), datetime(2026, 11, 24, tzinfo=UTC)
    tags = [tag_document(tagger, d, source_type="forum") for d in page.documents]
    result = SourceResult(FORUM, "ok", page.documents, (), FetchState("r"))
    with Archive.open(tmp_path / "t.db", create=True) as archive:
        archive.store(result, tags, now=now, lexicon=tagger.lexicon.version)
        (record,) = archive.documents([1], private=True)
    document = record.document
    assert document.relates_to == ("doi:10.3390/ijms26178475", "url:https://cfsre.org/alert")
    assert document.authors == ()
    said = f"{document.title}\n{document.text}".casefold()
    assert "bromazolam" in said
    assert "oldtimer" not in said
    assert "jane" not in said
    assert b"oldtimer" not in (tmp_path / "t.db").read_bytes().lower()


def test_other_sources_link_what_they_like() -> None:
    page = kind("feed").read(
        Source("n", "feed", "https://n.example/rss", type="news"),
        Payload(THREAD.encode()),
        Request("https://n.example"),
    )
    assert page.documents[0].relates_to == ()
