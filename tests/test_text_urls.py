"""Addresses: the same page is recognised under all its forms, and links become absolute."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.text.urls import absolute_url, canonical_url, without_tracking

PAGE = "https://example.org/a/b?id=5"


@pytest.mark.parametrize(
    "variant",
    [
        "https://example.org/a/b?id=5",
        "http://www.Example.ORG:80/a/b?id=5",
        "https://m.example.org/a/b/?id=5#part",
        "https://example.org/a/b?utm_source=rss&id=5&utm_medium=x",
        "https://example.org/a/b?id=5&fbclid=abc&rss=true",
        "https://example.org/a//b?id=5&amp=1",
        "https://example.org/a/b/amp?id=5",
        "https://www.google.com/amp/s/example.org/a/b?id=5",
        "https://example-org.cdn.ampproject.org/c/s/example.org/a/b/amp/?id=5",
        "https://example.org/%61/b?id=5",
    ],
)
def test_variants_of_one_page_have_one_key(variant: str) -> None:
    assert canonical_url(variant) == PAGE


@pytest.mark.parametrize(
    "other",
    [
        "https://example.org/a/b?id=6",
        "https://example.org/A/b?id=5",
        "https://news.example.org/a/b?id=5",
        "https://example.org:8443/a/b?id=5",
    ],
)
def test_different_pages_keep_different_keys(other: str) -> None:
    assert canonical_url(other) != PAGE


@given(st.one_of(st.text(max_size=60), st.from_regex(r"https?://[a-z0-9.\[\]:@%-]{1,20}/[ -~]{0,30}", fullmatch=True)))
def test_canonical_forms_are_stable_for_any_input(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(once) == once


@pytest.mark.parametrize(
    ("link", "base", "url"),
    [
        ("/a", "https://e.org/x/y", "https://e.org/a"),
        (" https://e.org/a b ", "", "https://e.org/a%20b"),
        ("https://e.org/a\n/b", "", "https://e.org/a/b"),
        ("mailto:x@e.org", "https://e.org/", None),
        ("javascript:alert(1)", "https://e.org/", None),
        ("", "https://e.org/", None),
        (None, "https://e.org/", None),
        ("http://[bad", "https://e.org/", None),
    ],
)
def test_links_become_absolute_web_addresses_or_nothing(link: str | None, base: str, url: str | None) -> None:
    assert absolute_url(link, base) == url


def test_tracking_is_removed_from_an_address_without_touching_the_rest() -> None:
    assert without_tracking("https://e.org/a?b=1&utm_source=x&c=%20#top") == "https://e.org/a?b=1&c=%20#top"
