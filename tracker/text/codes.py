"""Codes of countries (ISO 3166-1) and languages (ISO 639), from the CLDR tables of babel."""

from __future__ import annotations

from functools import lru_cache

# In CLDR's list of territories, but no countries of ISO 3166-1.
_NO_COUNTRY = frozenset("AC CP CQ DG EA EU EZ IC QO TA UN XA XB XK ZZ".split())
_ALSO = {"uk": "GB", "usa": "US", "britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "turkey": "TR",
         "ivory coast": "CI", "czech republic": "CZ", "hong kong": "HK", "macau": "MO"}  # fmt: skip


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """Code -> English name."""
    from babel import Locale

    territories = Locale("en").territories
    return {c: n for c, n in territories.items() if len(c) == 2 and c.isalpha() and c not in _NO_COUNTRY}


@lru_cache(maxsize=1)
def _country_names() -> dict[str, str]:
    names = {name.lower().replace("’", "'"): code for code, name in _countries().items()}
    short = {name.split(" (")[0]: code for name, code in names.items()}  # "Myanmar (Burma)"
    return {**short, **names, **_ALSO}


def is_country(code: str) -> bool:
    """Whether `code` is an ISO 3166-1 alpha-2 code."""
    return code in _countries()


def country_name(code: str) -> str | None:
    """The English name of a country, None for what is no country code."""
    return _countries().get(code)


def country_named(name: str) -> str | None:
    """The code of an English country name in any case, None where it is none."""
    return _country_names().get(name.strip().lower().replace("’", "'"))


@lru_cache(maxsize=1)
def _language_names() -> dict[str, str]:
    from babel import Locale

    return {name.lower(): code for code, name in Locale("en").languages.items() if "_" not in code}


def language_of(word: str) -> str | None:
    """The ISO 639 code (two letters where there is one) of a three-letter code or an English name; None otherwise."""
    from babel.core import get_global

    if len(word) == 3 and word.isalpha():
        short = get_global("language_aliases").get(word.lower())
        if short and len(short) == 2:
            return str(short)
        return word.lower() if word.lower() in _language_names().values() else None
    return _language_names().get(word.lower())
