"""What kind of site an address leads to and of which country it is: known hosts, words in the name, and its shape.

Known hosts stand in `data/facts/hosts.csv`, words within the names of others in `data/facts/host_words.csv`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from tracker.tag.lookup import cells, checked

_TLD_COUNTRY = {"uk": "GB", "gov": "US", "mil": "US"}
# Domains of countries that anybody takes for another meaning.
_NO_LAND = frozenset("eu io ai tv me co cc ly to gg fm am ws nu la gs is sh st im tips".split())
_EDITIONS = {"uk": "GB", "us": "US", **{c.lower(): c for c in "AU CA NZ IE SG DE FR ES IT NL ZA".split()}}
_ENDINGS = (("uk", "GB"), ("usa", "US"), ("nz", "NZ"))  # of names: recoveryuk.org
_PLAIN = frozenset(("com", "org", "net", "gov", "edu", "int", "info", "eu"))
_SECOND = frozenset(("co", "com", "org", "gov", "ac", "net", "edu", "gob", "gouv", "nhs", "or", "go"))
_EXTENSION = re.compile(r"\.(html?|php|pdf|aspx?|shtml|cfm|jsp|xml)\b")
_DATED = re.compile(r"/(?:19|20)\d\d(?:([/-]\d{1,2})|/|\b)")
_NUMBER = re.compile(r"\d{3,}")


class Site(NamedTuple):
    """What an address says by itself."""

    kinds: frozenset[str]  # known for: newspaper, papers, government …
    words: frozenset[str]  # what words in the name of the host point to
    country: str | None  # ISO 3166-1 alpha-2
    shape: Mapping[str, float]


NOWHERE = Site(frozenset(), frozenset(), None, {})


@cache
def _known() -> dict[str, tuple[str, str]]:
    """Kind and country of each known host."""
    return {host: (cue, country) for host, cue, country in cells("hosts.csv", ("host", "cue", "country"))}


@cache
def _words() -> tuple[AhoCorasick, list[tuple[str, str]]]:
    """Parts of names with what each points to: a kind of site, or a country in capitals."""
    listed = []
    for part, means in cells("host_words.csv", ("part", "means")):
        listed.append((part, checked("host_words.csv", part, "means", means, lambda m: m.isupper() or m.islower())))
    return AhoCorasick([part for part, _ in listed]), listed


@lru_cache(maxsize=2)  # asked for by several taggers in turn
def site(url: str) -> Site:
    """What the address says; `NOWHERE` for one without a host."""
    scheme, found, rest = url.lower().partition("://")
    host, _, path = (rest if found else scheme).partition("/")
    host = host.rpartition("@")[2].partition(":")[0].partition("?")[0].removeprefix("www.")
    if "." not in host:
        return NOWHERE
    known = _known()
    name, entry = host, known.get(host)
    while entry is None and "." in name:
        name = name.partition(".")[2]
        entry = known.get(name)
    kind, country = entry or ("", "")
    search, listed = _words()
    hits = [listed[i] for i, _, _ in search.find_matches_as_indexes(host, overlapping=True)]
    return Site(
        kinds=frozenset((kind,)) if kind else frozenset(),
        words=frozenset(means for _, means in hits if means.islower()),
        country=_country(host, country, {part: means for part, means in hits if means.isupper()}),
        shape=_shape(host, path),
    )


def _country(host: str, known: str, parts: Mapping[str, str]) -> str | None:
    """By the domain of the country, as known, or from a place in the name."""
    first, _, _ = host.partition(".")
    name, _, last = host.rpartition(".")
    if last in _TLD_COUNTRY:
        return _TLD_COUNTRY[last]
    if len(last) == 2 and last.isalpha() and last not in _NO_LAND:
        return last.upper()
    if first in _EDITIONS and "." in name:  # uk.news.example.com
        return _EDITIONS[first]
    if known:
        return known
    if parts:
        return parts[max(parts, key=len)]
    return next((country for ending, country in _ENDINGS if name.endswith(ending)), None)


def _shape(host: str, path: str) -> dict[str, float]:
    """How the address is built: its domain, how deep it leads, whether it ends in words, a number, a date or a file."""
    labels = host.split(".")
    last, second = labels[-1], labels[-2]
    official = len(labels) > 2 and second in _SECOND
    name = labels[-3] if official else second
    segments = list(filter(None, path.replace("?", "/").replace("#", "/").split("/")))
    dashes = max([s.count("-") + s.count("_") for s in segments], default=0)
    out = {f"domain {last if last in _PLAIN else 'of a country' if len(last) == 2 else 'odd'}": 1.0}
    if official:
        out[f"domain {second}."] = 1.0
    if len(labels) > 2:
        out["part of a site"] = 1.0
    if not name.isalpha():
        out["name with dash" if "-" in name else "name with digit"] = 1.0
    if dashes > 5:
        out["many words"] = 1.0
    elif dashes == 0:
        out["no words" if segments else "front page"] = 1.0
    if numbers := _NUMBER.findall(path):
        out["long number" if len(max(numbers, key=len)) > 4 else "number"] = 1.0
        if dated := _DATED.search(f"/{path}"):
            out["date" if dated[1] else "year"] = 1.0
    if file := _EXTENSION.search(path[-30:]):
        out[f"file {file[1]}"] = 1.0
    if "?" in path:
        out["query"] = 1.0
    if "%" in path:
        out["escaped"] = 1.0
    out["length of name"], out["depth"], out["words"] = min(len(name), 30) / 15, len(segments) / 4, min(dashes, 14) / 7
    return out
