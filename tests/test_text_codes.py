"""Codes of countries and languages."""

from __future__ import annotations

import pytest

from tracker.text.codes import country_name, country_named, is_country, language_of


@pytest.mark.parametrize("code", ["GB", "US", "IE", "CI", "HK", "PR"])
def test_codes_of_iso_3166_are_countries(code: str) -> None:
    assert is_country(code)
    assert country_named(country_name(code) or "") == code


@pytest.mark.parametrize("code", ["UK", "EU", "XX", "gb", "", "USA", "UN", "ZZ"])
def test_other_codes_are_none(code: str) -> None:
    assert not is_country(code)
    assert country_name(code) is None


@pytest.mark.parametrize(
    ("name", "code"),
    [("Ireland", "IE"), ("united kingdom", "GB"), ("Scotland", "GB"), ("Türkiye", "TR"), ("Azur", None)],
)  # fmt: skip
def test_a_country_is_found_by_its_english_name(name: str, code: str | None) -> None:
    assert country_named(name) == code


@pytest.mark.parametrize(
    ("word", "code"),
    [("eng", "en"), ("ger", "de"), ("deu", "de"), ("per", "fa"), ("German", "de"), ("norwegian", "no"), ("haw", "haw"),
     ("qqq", None), ("gibberish", None)],
)  # fmt: skip
def test_a_language_is_found_by_code_and_name(word: str, code: str | None) -> None:
    assert language_of(word) == code
