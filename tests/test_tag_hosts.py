"""Claims about what an address says of its site."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.tag import cues
from tracker.tag.hosts import NOWHERE, site


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://www.miamiherald.com/news/local/article1.html", "newspaper"),
        ("https://link.springer.com/article/10.1007/x", "papers"),
        ("https://pubmed.ncbi.nlm.nih.gov/1/", "papers"),  # the longest known name stands, not that of nih.gov
        ("https://www.cdc.gov/han/1.html", "government"),
        ("http://old.reddit.com/r/x", "boards"),
        ("https://de.wikipedia.org/wiki/X", "wikis"),
    ],
)
def test_a_known_host_and_its_parts_are_of_their_kind(url: str, kind: str) -> None:
    assert site(url).kinds == {kind}


@pytest.mark.parametrize(
    "url", ["https://notmiamiherald.com/", "https://miamiherald.com.example/", "https://x.example"]
)
def test_a_name_that_only_contains_a_known_one_is_not_known(url: str) -> None:
    assert site(url).kinds == frozenset()


@pytest.mark.parametrize(
    ("url", "country"),
    [
        ("https://www.police.govt.nz/x", "NZ"),
        ("https://cdc.gov/x", "US"),
        ("https://www.gov.uk/x", "GB"),
        ("https://au.news.example.com/x", "AU"),
        ("https://www.miamiherald.com/x", "US"),
        ("https://ohiorecoverycenters.com/x", "US"),
        ("https://voicesofrecoveryuk.org/x", "GB"),
        ("https://example.com/ohio", None),  # the path names places, not the site's country
        ("https://example.io/x", None),
        ("https://r.example.eu/x", None),
    ],
)
def test_the_country_of_a_site_is_read_from_its_domain_name_or_what_is_known(url: str, country: str | None) -> None:
    assert site(url).country == country


def test_words_in_a_name_point_to_a_kind_of_site() -> None:
    assert "treatment" in site("https://sunriserecovery.example/").words
    assert "law" in site("https://smithattorneys.example/").words


def test_the_shape_of_an_address_tells_dates_numbers_files_and_words() -> None:
    shape = site("https://news.example.com/2024/05/two-die-after-taking-fake-pills-in-town-123456.html").shape
    assert {"domain com", "part of a site", "date", "long number", "file html", "many words"} <= shape.keys()
    assert "front page" in site("https://example.com/").shape


@pytest.mark.parametrize("url", ["", "seed:1", "localhost", "file:///x", "https://", "::"])
def test_what_has_no_host_says_nothing(url: str) -> None:
    assert site(url) == NOWHERE


@given(st.text(max_size=60))
def test_no_address_is_an_error(rest: str) -> None:
    site(rest)
    site("https://" + rest)


def test_each_mark_of_an_address_is_one_that_the_cues_hold() -> None:
    marks = cues.address_marks("https://www.reddit.com/r/x/comments/1")
    assert "host boards" in marks.values()
    assert cues.address_marks(None) == {}
