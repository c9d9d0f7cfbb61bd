"""Sitemaps: indexes, gzip, the news extension; lastmod is never a publication date."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import Any

import pytest

from tracker.errors import ParseError
from tracker.model import Payload, Source, Window
from tracker.sources import kind, parse_file

NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
URLS = f"""<?xml version="1.0"?><urlset {NS}>
<url><loc>https://example.org/news/a</loc><lastmod>2024-06-03</lastmod></url>
<url><loc>https://example.org/about</loc><lastmod>2024-06-02T10:00:00+02:00</lastmod></url>
<url><loc>https://example.org/news/b</loc></url>
<url><loc>https://example.org/news/c</loc><news:news><news:publication><news:name>Desk</news:name>
<news:language>eng</news:language></news:publication><news:publication_date>2024-06-01</news:publication_date>
<news:title>Counterfeit &amp; tablets</news:title></news:news></url></urlset>""".encode()
INDEX = f"""<sitemapindex {NS}>
<sitemap><loc>https://example.org/s1.xml</loc><lastmod>2024-01-01</lastmod></sitemap>
<sitemap><loc>https://example.org/s2.xml.gz</loc><lastmod>2024-06-02</lastmod></sitemap>
<sitemap><loc>/s3.xml</loc></sitemap></sitemapindex>""".encode()


def walk(body: bytes, **options: Any) -> Any:
    source = Source(id="s", kind="sitemap", url="https://example.org/sitemap.xml", options=options)
    since, until = datetime(2024, 6, 1, tzinfo=UTC), datetime(2024, 7, 1, tzinfo=UTC)
    (request,) = kind("sitemap").first(source, Window(since, until))
    return kind("sitemap").read(source, Payload(body, url=source.url), request)


@pytest.mark.parametrize("body", [URLS, gzip.compress(URLS), b"\n " + URLS])
def test_pages_have_lastmod_as_updated_and_the_news_date_as_published(body: bytes) -> None:
    a, about, b, c = parse_file("sitemap", body).documents
    assert (a.url, a.published, a.updated, a.title) == ("https://example.org/news/a", None, "2024-06-03", None)
    assert about.updated == "2024-06-02T08:00:00Z"
    assert (b.published, b.updated) == (None, None)
    assert (c.title, c.publisher, c.published, c.precision) == ("Counterfeit & tablets", "Desk", "2024-06-01", "day")
    assert c.language == "en"


def test_include_and_exclude_choose_by_address() -> None:
    assert [d.external_id[-1] for d in walk(URLS, include="/news/", exclude="c$").documents] == ["a", "b"]


def test_children_of_an_index_are_followed_when_they_changed_in_the_window() -> None:
    page = walk(INDEX)
    assert [r.url for r in page.next] == ["https://example.org/s3.xml", "https://example.org/s2.xml.gz"]
    assert all(r.found for r in page.next)
    assert [r.url for r in walk(INDEX, follow="s2").next] == ["https://example.org/s2.xml.gz"]


def test_pages_older_than_the_window_are_left_out_undated_ones_kept() -> None:
    old = URLS.replace(b"2024-06-03", b"2023-06-03")
    assert [d.external_id.rsplit("/", 1)[1] for d in walk(old).documents] == ["about", "b", "c"]


def test_indexes_nested_without_end_are_not_followed() -> None:
    page, depth = walk(INDEX), 0
    source = Source(id="s", kind="sitemap", url="https://example.org/sitemap.xml")
    while page.next:
        page, depth = kind("sitemap").read(source, Payload(INDEX), page.next[0]), depth + 1
    assert depth <= 3


def test_a_cut_off_sitemap_gives_the_pages_before_the_cut() -> None:
    page = parse_file("sitemap", URLS[: URLS.index(b"news/b")])
    assert not page.complete
    assert [d.external_id.rsplit("/", 1)[1] for d in page.documents] == ["a", "about"]


def test_one_address_a_line_is_a_sitemap_too() -> None:
    assert len(parse_file("sitemap", b"https://example.org/a\nhttps://example.org/b\n").documents) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"words",
        b"<rss></rss>",
        b"<html><body>no</body></html>",
        gzip.compress(URLS)[:20] + b"x",
        gzip.compress(b"a" * 70_000_000),
        b'<!DOCTYPE x [<!ENTITY a "b">]><urlset><url><loc>https://e.org/&a;</loc></url></urlset>',
    ],
    ids=["empty", "words", "feed", "page", "damaged", "bomb", "entity"],
)
def test_what_is_no_sitemap_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse_file("sitemap", body)
