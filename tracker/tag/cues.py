"""What a text sounds like: counts of cue words by subject, and the marks of its layout and address.

The words stand in `data/facts/cues.csv`, the parts of addresses in `data/facts/addresses.csv`. What they mean for the
document's type or relevance is decided elsewhere; here they are only counted.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ahocorasick_rs import AhoCorasick

from tracker.tag.linear import squash
from tracker.tag.lookup import Table, rows

if TYPE_CHECKING:
    from tracker.tag.view import View

READ = 6_000  # characters of a text that are read: what kind of page it is shows early, and cost stays bounded
_WORD = re.compile(r"[^\W\d_]{2,}")
_URL_WORD = re.compile(r"[a-z]{2,}")
_SPEECH = re.compile(r"[“„«\"]|^[–—-] ", re.M)
_BULLET = re.compile(r"^\s*(?:[•*·♦■▪-]|\d{1,2}[.)])\s", re.M)
_MARKS = (
    ("phone", re.compile(r"\(?\b[18]?[-. ]?\(?8(?:00|33|44|55|66|77|88)\)?[-. ]\d{3}[-. ]\d{4}|\b0800[ \d]{6,}|\(\d{3}\) \d{3}-\d{4}")),
    ("price", re.compile(r"[$£€] ?\d|\d ?(?:€|zł|Kč|kr\b)")),
    ("section number", re.compile(r"§|\bArt(?:icle|ikel|\.) \d|\b\d+ CFR\b|\bSI \d{4}/\d+|\bE/CN\.")),
    ("journal reference", re.compile(r"\b(?:19|20)\d\d[; ][^\n]{0,20}?\d+ ?\(\d+\) ?[:,]|\bVol\. ?\d+|\b\d{4};\d+|\bdoi\b|\bDOI\b|\[\d+(?:[,–-] ?\d+)*\]")),
    ("handle", re.compile(r"(?:^|\s)[ur]/\w+|^@\w+", re.M)),
    ("dateline", re.compile(r"\A[^\n]{0,80}(?:\([A-Z]{2,8}\)|[A-ZÀ-Þ]{4,}(?:, \w+\.?)?) ?[–—-] |^[^\n]{0,60}\bBy [A-Z]\w+ [A-Z]\w+", re.M)),
    ("dose", re.compile(r"\b\d+(?:\.\d+)? ?(?:mg|ng/mL|µg|mcg|μg)\b")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cues:
    """Counts of cue subjects in title and text, parts of the address, their plain words, and the layout."""

    text: Mapping[str, int]
    title: Mapping[str, int]
    address: frozenset[str]
    title_words: frozenset[str]
    address_words: frozenset[str]
    layout: Mapping[str, float]


@cache
def _phrases() -> Table[tuple[str, ...]]:
    subjects: dict[str, list[str]] = defaultdict(list)
    for row in rows("cues.csv", ("cue", "phrase")):
        subjects[row["phrase"].lower()].append(row["cue"])
    return Table((phrase, tuple(cues)) for phrase, cues in subjects.items())


@cache
def _parts() -> tuple[AhoCorasick, list[str]]:
    entries = [(row["part"].lower(), row["cue"]) for row in rows("addresses.csv", ("cue", "part"))]
    return AhoCorasick([part for part, _ in entries]), [cue for _, cue in entries]


_last: list[tuple[View, Cues]] = []  # several taggers ask for the cues of one view in turn


def of(view: View) -> Cues:
    """The cues of a document."""
    if _last and _last[0][0] is view:
        return _last[0][1]
    cues = _read(view)
    _last[:] = [(view, cues)]
    return cues


def _read(view: View) -> Cues:
    text = view.text[:READ]
    host, path = _halves((view.url or "").lower())
    return Cues(
        text=_count(text),
        title=_count(view.title),
        address=frozenset([f"host {cue}" for cue in _address(host)] + [f"path {cue}" for cue in _address(path)]),
        title_words=frozenset(_WORD.findall(view.title.lower())),
        address_words=frozenset(_URL_WORD.findall(host + path)),
        layout=_layout(text),
    )


def _halves(url: str) -> tuple[str, str]:
    """Host and the rest of an address, as text between slashes."""
    bare = url.split("://", 1)[-1]
    host, _, path = bare.partition("/")
    return f"/{host.removeprefix('www.')}/", f"/{path}/"


def _address(part: str) -> set[str]:
    search, names = _parts()
    return {names[i] for i, _, _ in search.find_matches_as_indexes(part, overlapping=True)}


def _count(text: str) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for found in _phrases().find(text):
        counts.update(found.value)
    return counts


def _layout(text: str) -> Mapping[str, float]:
    lines = text.count("\n") + 1
    size = len(text) or 1
    out = {
        "lines": squash(lines) / 3,
        "line length": squash(size // lines) / 5,
        "length": squash(size) / 10,
        "bullets": min(1.0, 2 * len(_BULLET.findall(text)) / lines),
        "speech": squash(len(_SPEECH.findall(text))) / 3,
        "questions": squash(text.count("?")) / 2,
        "digits": min(1.0, 10 * sum(map(text.count, "0123456789")) / size),
    }
    for name, pattern in _MARKS:
        if pattern.search(text):
            out[name] = 1.0
    return out
