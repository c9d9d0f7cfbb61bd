"""Feeds: every format, the fine print of the contract, and what hostile or broken payloads cost."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.errors import BlockedError, ParseError
from tracker.model import Document, Page, Payload, Request, Source
from tracker.sources import kind, parse_file, validate_options

URL = "https://example.org/feeds/all.xml"


WITH_BASE = (
    b'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://b.org/x/">'
    b'<entry><id>1</id><link href="d"/></entry></feed>'
)


def rss(*items: str, head: str = "", root: str = '<rss version="2.0">', close: str = "</channel></rss>") -> bytes:
    joined = "".join(f"<item>{item}</item>" for item in items)
    return f"<?xml version='1.0'?>{root}<channel><title>Feed</title>{head}{joined}{close}".encode()


def atom(*entries: str, head: str = "") -> bytes:
    joined = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Feed</title>{head}{joined}</feed>'.encode()


def only(data: bytes) -> Document:
    (document,) = parse_file("feed", data, url=URL).documents
    return document


def test_an_rss_item_gives_all_its_fields() -> None:
    document = only(
        rss(
            "<title>Bromazolam &amp;amp; deaths</title><link>https://example.org/1</link><guid>g1</guid>"
            "<description>&lt;p&gt;Found in &lt;i&gt;N&lt;/i&gt;-ethyl&lt;/p&gt;</description>"
            "<pubDate>Mon, 03 Jun 2024 09:00:00 +0200</pubDate><author>jane@example.org (Jane Doe)</author>"
            "<category>alert</category>",
            head="<language>en-GB</language>",
        )
    )
    assert document == Document(
        external_id="g1",
        url="https://example.org/1",
        title="Bromazolam & deaths",
        text="Found in N-ethyl",
        authors=("Jane Doe",),
        published="2024-06-03T07:00:00Z",
        precision="time",
        language="en",
        extra={"categories": ["alert"]},
    )


def test_content_is_the_text_and_the_summary_stands_apart() -> None:
    both = only(
        atom("<id>1</id><title>T</title><summary>Short</summary><content type='html'>&lt;p&gt;Long&lt;/p&gt;</content>")
    )
    alone = only(atom("<id>1</id><title>T</title><summary>Short</summary>"))
    content = only(atom("<id>1</id><title>T</title><content>Long</content>"))
    assert (both.text, both.summary) == ("Long", "Short")
    assert (alone.text, alone.summary) == ("Short", None)
    assert (content.text, content.summary) == ("Long", None)


def test_only_updated_leaves_published_absent() -> None:
    document = only(atom("<id>1</id><title>T</title><updated>2024-06-03T09:00:00Z</updated>"))
    assert (document.published, document.precision, document.updated) == (None, None, "2024-06-03T09:00:00Z")


@pytest.mark.parametrize("element", ["dc:date", "dcterms:issued", "dcterms:created"])
def test_dublin_core_dates_count_as_published(element: str) -> None:
    data = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"><channel rdf:about="c">'
        f'<title>c</title></channel><item rdf:about="https://e.org/1"><title>T</title><link>https://e.org/1</link>'
        f"<{element}>2024-06</{element}></item></rdf:RDF>"
    ).encode()
    document = only(data)
    assert (document.published, document.precision, document.updated) == ("2024-06", "month", None)


@pytest.mark.parametrize("date", ["Sat, 31 Jun 2006 10:00:00 GMT", "soon", "2024-02-30"])
def test_an_impossible_date_is_absent_and_the_entry_stays(date: str) -> None:
    assert only(rss(f"<title>T</title><pubDate>{date}</pubDate>")).published is None


def test_an_entry_without_id_and_link_has_the_same_hash_in_every_run() -> None:
    data = rss("<title>Only a title</title>", "<description>Only a text</description>", "<pubDate>2024-06-03</pubDate>")
    first, second = parse_file("feed", data).documents
    assert first.external_id.startswith("sha256:")
    assert first.external_id != second.external_id
    assert parse_file("feed", data) == parse_file("feed", data)


def test_an_entry_without_author_takes_the_feeds() -> None:
    data = atom(
        "<id>1</id><title>a</title>",
        "<id>2</id><title>b</title><author><name>B</name></author>",
        head="<author><name>F</name></author>",
    )
    assert [d.authors for d in parse_file("feed", data).documents] == [("F",), ("B",)]


def test_one_guid_for_several_links_gives_one_document_a_link() -> None:
    data = rss(
        *(f"<title>t{i}</title><link>https://e.org/{i}</link><guid isPermaLink='false'>same</guid>" for i in (1, 2, 2))
    )
    assert [d.external_id for d in parse_file("feed", data).documents] == ["https://e.org/1", "https://e.org/2"]


def test_entries_that_share_a_link_keep_their_guids_or_differ_by_title() -> None:
    with_guid = rss(
        *(f"<title>t{i}</title><link>https://e.org/</link><guid isPermaLink='false'>g{i}</guid>" for i in (1, 2))
    )
    without = rss(*(f"<title>t{i}</title><link>https://e.org/</link>" for i in (1, 2)))
    assert [d.external_id for d in parse_file("feed", with_guid).documents] == ["g1", "g2"]
    assert len({d.external_id for d in parse_file("feed", without).documents}) == 2


def test_a_news_search_loses_the_source_in_the_title_and_keeps_it_as_publisher() -> None:
    document = only(
        rss(
            "<title>Nitazenes found - The Example Times</title><link>https://news.google.com/rss/articles/CBMi</link>"
            "<guid isPermaLink='false'>CBMi</guid><pubDate>Mon, 03 Jun 2024 07:00:00 GMT</pubDate>"
            "<source url='https://times.example.org'>The Example Times</source>"
        )
    )
    assert (document.title, document.publisher) == ("Nitazenes found", "The Example Times")
    assert (document.published, document.precision) == ("2024-06-03", "day")


@pytest.mark.parametrize(
    ("data", "url"),
    [
        (rss("<title>t</title><link>/a/b</link>"), "https://example.org/a/b"),
        (rss("<title>t</title><link>c.html</link>"), "https://example.org/feeds/c.html"),
        (
            atom("<id>1</id><title>t</title><link href='d'/>", head="<link rel='self' href='x'/>"),
            "https://example.org/feeds/d",
        ),
        (
            WITH_BASE,
            "https://b.org/x/d",
        ),
        (rss("<title>t</title><link>mailto:a@b.org</link>"), None),
        (rss("<title>t</title><link uri='at://x'>https://example.org/y</link>"), "https://example.org/y"),
        (rss("<title>t</title><guid>https://example.org/perma</guid>"), "https://example.org/perma"),
    ],
)
def test_links_are_made_absolute(data: bytes, url: str | None) -> None:
    assert only(data).url == url


def test_json_feed_is_read_with_the_same_rules() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "F",
        "language": "en-US",
        "authors": [{"name": "Desk"}],
        "items": [
            {
                "id": 7,
                "url": "/1",
                "title": "A &amp; B",
                "content_html": "<p>x</p>",
                "summary": "s",
                "date_published": "2024-06-03T09:00:00+02:00",
            },
            {"title": "no id", "content_text": "1 < 2", "date_modified": "2024-06-04", "author": {"name": "Old style"}},
            {"date_published": "2024-06-03"},
            "no object",
        ],
    }
    first, second = parse_file("feed", json.dumps(feed).encode(), url=URL).documents
    assert (first.external_id, first.url, first.title, first.text, first.summary) == (
        "7",
        "https://example.org/1",
        "A & B",
        "x",
        "s",
    )
    assert (first.published, first.language, first.authors) == ("2024-06-03T07:00:00Z", "en", ("Desk",))
    assert (second.text, second.published, second.updated, second.authors) == (
        "1 < 2",
        None,
        "2024-06-04",
        ("Old style",),
    )


# --- what is not whole, not a feed, or not friendly ------------------------------------------------------------------


@pytest.mark.parametrize(
    "data", [rss(), atom(), b'{"version":"https://jsonfeed.org/version/1","title":"t","items":[]}']
)
def test_a_feed_without_entries_is_empty_and_no_error(data: bytes) -> None:
    page = parse_file("feed", data)
    assert (page.documents, page.complete) == ((), True)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  \n",
        b"plain words",
        b"<html><body>Not found</body></html>",
        b"<opml><body/></opml>",
        b'{"items": []}',
        b"[1]",
        b"\x00\x01\xff",
    ],
)
def test_what_is_no_feed_is_refused_with_words(data: bytes) -> None:
    with pytest.raises(ParseError, match="feed"):
        parse_file("feed", data)


def test_a_feed_behind_an_html_document_type_is_still_a_feed() -> None:
    assert (
        only(b"<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0//EN' 'x.dtd'>" + rss("<title>t</title>")[21:]).title == "t"
    )


def test_a_challenge_page_is_told_from_a_broken_feed() -> None:
    with pytest.raises(BlockedError):
        parse_file("feed", b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>")


@pytest.mark.parametrize("end", [0.5, 0.7, 0.9, 0.99])
def test_a_cut_off_feed_gives_the_entries_before_the_cut(end: float) -> None:
    whole = rss(
        *(f"<title>t{i}</title><link>https://e.org/{i}</link><description>text {i}</description>" for i in range(50))
    )
    page = parse_file("feed", whole[: int(len(whole) * end)])
    titles = [d.title for d in page.documents]
    assert not page.complete
    assert titles == [f"t{i}" for i in range(len(titles))]
    assert whole[: int(len(whole) * end)].count(b"</item>") == len(titles) > 0
    assert all(d.text == f"text {i}" for i, d in enumerate(page.documents))


def test_a_cut_off_json_feed_gives_the_items_before_the_cut() -> None:
    items = [{"id": str(i), "title": f"t{i}"} for i in range(20)]
    whole = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "F", "items": items}).encode()
    page = parse_file("feed", whole[:-100])
    assert not page.complete
    assert [d.external_id for d in page.documents] == [str(i) for i in range(len(page.documents))]
    assert len(page.documents) >= 15


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
    b"<rss><channel><item><title>&c;</title></item></channel></rss>"
)
HUGE = BOMB.replace(b'"&a;&a;&a;&a;"', b'"' + b"x" * 5000 + b'"')
EXTERNAL = (
    b'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    b"<rss><channel><item><title>a &x; b</title></item></channel></rss>"
)


@pytest.mark.parametrize("data", [BOMB, HUGE, b"\xff\xfe" + BOMB.decode().encode("utf-16-le")])
def test_an_entity_bomb_is_an_error_and_never_expanded(data: bytes) -> None:
    with pytest.raises(ParseError, match="entit"):
        parse_file("feed", data)


def test_an_external_entity_is_neither_fetched_nor_shown() -> None:
    assert only(EXTERNAL).title == "a &x; b"


@pytest.mark.parametrize(
    "data",
    [
        b"\n\n  " + rss("<title>caf\u00e9</title>").replace(b"caf\\xc3\\xa9", b""),
        "\ufeff".encode() + rss("<title>caf\u00e9</title>"),
        rss("<title>caf\u00e9</title>")
        .decode()
        .replace("version='1.0'", "version='1.0' encoding='iso-8859-1'")
        .encode("latin-1"),
        rss("<title>caf\u00e9</title>")
        .decode()
        .replace("version='1.0'", "version='1.0' encoding='utf-8'")
        .encode("latin-1"),
        rss("<title>caf\u00e9</title>").decode().encode("utf-16"),
        rss("<title>caf&eacute;</title>"),
        rss("<title>caf\u00e9\x00\x0b</title>"),
        rss("<title>caf&#233;&#1;</title>"),
    ],
)
def test_encodings_white_space_and_control_characters_do_no_harm(data: bytes) -> None:
    assert only(data).title == "café"


def test_a_huge_feed_is_cut_newest_first_and_says_so() -> None:
    items = [f"<title>t{i}</title><guid>g{i}</guid><pubDate>2024-06-{i % 28 + 1:02}</pubDate>" for i in range(100)]
    source = Source(id="s", kind="feed", url=URL, max_items=10)
    page = kind("feed").read(source, Payload(rss(*items)), Request(URL))
    assert len(page.documents) == 10
    assert min(d.published or "" for d in page.documents) >= "2024-06-25"
    assert "10 of 100" in page.problems[0]


def test_a_title_of_five_megabytes_costs_little_and_is_cut() -> None:
    started = time.perf_counter()
    document = only(rss("<title>" + "x " * 2_500_000 + "</title>"))
    assert len(document.title or "") <= 1000
    assert time.perf_counter() - started < 5


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 400))
def test_damage_anywhere_gives_a_page_or_a_clear_error(noise: bytes, at: int) -> None:
    whole = rss("<title>a</title><link>https://e.org/1</link><description>&lt;b&gt;x&lt;/b&gt;</description>")
    try:
        page = parse_file("feed", whole[:at] + noise + whole[at + len(noise) :])
    except (ParseError, BlockedError):
        return
    assert isinstance(page, Page)


def test_options_that_a_feed_does_not_know_are_named() -> None:
    assert validate_options("feed", {"selector": "x"}) == [
        "selector: the kind feed has no such option (it knows: none)"
    ]


@pytest.mark.shared
def test_recorded_feeds_yield_their_documents(shared: Path) -> None:
    folder = shared / "data" / "samples"
    expected = {"miniflux_rdf_UTF8.xml": 60, "miniflux_large_rss.xml": 25}
    found = {name: len(parse_file("feed", (folder / "feeds" / name).read_bytes()).documents) for name in expected}
    assert found == expected
    news = parse_file("feed", (folder / "news" / "google_news_search.xml").read_bytes())
    assert len(news.documents) == 92
    assert all(d.publisher and not (d.title or "").endswith(f" - {d.publisher}") for d in news.documents)


@pytest.mark.parametrize(
    ("entry", "is_default", "item", "feed", "expected"),
    [
        ("en", False, "de", "fr", "en"),  # what the list says of this source holds
        ("en", True, "de", "fr", "de"),  # a mere default of the list does not beat the feed
        ("en", True, "", "fr", "fr"),
        ("en", True, "", "", "en"),
        (None, False, "de", "fr", "de"),
        (None, False, "", "fr", "fr"),
        (None, False, "", "", None),
        ("en", True, "und", "", "en"),
    ],
)
def test_whose_word_on_the_language_holds(
    entry: str | None, is_default: bool, item: str, feed: str, expected: str | None
) -> None:
    head = f"<language>{feed}</language>" if feed else ""
    stated = f"<dc:language>{item}</dc:language>" if item else ""
    data = rss(
        f"<title>a</title><link>https://a.example/1</link>{stated}",
        head=head,
        root='<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">',
    )
    source = Source("f", "feed", URL, language=entry, language_is_default=is_default)
    (document,) = kind("feed").read(source, Payload(data), Request(URL)).documents
    assert document.language == expected
