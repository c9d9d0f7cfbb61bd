"""What a text sounds like: counts of cue words by subject, and the marks of its layout and address.

The words stand in `data/facts/cues.csv`, the parts of addresses in `data/facts/addresses.csv`. What they mean for the
document's type or relevance is decided elsewhere; here they are only counted.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ahocorasick_rs import AhoCorasick

from tracker.tag.linear import squash
from tracker.tag.lookup import Found, SharedTable, checked, letter_words, rows, shared

if TYPE_CHECKING:
    from tracker.tag.view import View

EVENTS = frozenset(("illicit", "fake", "harm", "control words", "emerging"))
READ = 6_000  # characters of a text that are read: what kind of page it is shows early, and cost stays bounded
_URL_WORD = re.compile(r"[a-z]{2,}")
_OPENINGS = ("abstract", "background", "objective", "introduction", "purpose", "aim", "summary", "skip to main content")
_BROADCASTER = re.compile(r"/(?:amp\.)?[wk][a-z]{2,3}(?:-?tv|-?dt|\d{1,2})?\.(?:com|org)/")  # American call letters
PHONE = re.compile(r"8(?:00|33|44|55|66|77|88)\)?[-. ]\d{3}[-. ]\d{4}\b")  # a toll-free number, as sellers give
_SIGNS = (("speech", '“„«"'), ("dash", "–—"), ("bullets", "•*·♦■▪"), ("questions", "?"), ("prices", "$£€"))


@dataclass(frozen=True, slots=True)
class Cues:
    """Counts of cue subjects in title and text, parts of the address, their plain words, and the layout."""

    text: Mapping[str, int]
    title: Mapping[str, int]
    address: frozenset[str]
    title_words: frozenset[str]
    address_words: frozenset[str]
    layout: Mapping[str, float]
    events: Sequence[int]  # where in the text words of harm, market, fakes, control or novelty stand


@shared
def _phrases() -> SharedTable[tuple[str, ...]]:
    subjects: dict[str, list[str]] = defaultdict(list)
    for row in rows("cues.csv", ("cue", "phrase")):
        subjects[row["phrase"].lower()].append(row["cue"])
    return SharedTable((phrase, tuple(cues)) for phrase, cues in subjects.items())


@cache
def _parts() -> tuple[AhoCorasick, list[tuple[str, str]]]:
    entries = []
    for row in rows("addresses.csv", ("cue", "where", "part")):
        where = checked("addresses.csv", row["part"], "where", row["where"], ("host", "path", "any"))
        entries.append((row["part"].lower(), (row["cue"], where)))
    return AhoCorasick([part for part, _ in entries]), [value for _, value in entries]


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
    found = _phrases().begin(view.text, READ)
    host, path = _halves((view.url or "").lower())
    return Cues(
        text=_counted(found),
        title=_counted(_phrases().find(view.title)),
        events=[start for start, _, names in found if not EVENTS.isdisjoint(names)],
        address=frozenset(_address(host, "host") | _address(path, "path")),
        title_words=frozenset(letter_words(view.title)),
        address_words=frozenset(_URL_WORD.findall(host + path)),
        layout=_layout(text) | _headline(view.title) | {"broadcaster": float(_BROADCASTER.match(host) is not None)},
    )


def _counted(found: Sequence[Found[tuple[str, ...]]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for _, _, names in found:
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    return counts


def _halves(url: str) -> tuple[str, str]:
    """Host and the rest of an address, as text between slashes."""
    bare = url.split("://", 1)[-1]
    host, _, path = bare.partition("/")
    return f"/{host.removeprefix('www.')}/", f"/{path}/"


def _address(part: str, place: str) -> set[str]:
    search, values = _parts()
    found = [values[i] for i, _, _ in search.find_matches_as_indexes(part, overlapping=True)]
    return {f"{place} {cue}" for cue, where in found if where in (place, "any")}


def address_marks(url: str | None) -> dict[tuple[str, str, int], str]:
    """Each entry of the table of addresses that holds for `url`, with the cue it gives: what fitting needs."""
    search, values = _parts()
    out = {}
    for half, place in zip(_halves((url or "").lower()), ("host", "path"), strict=True):
        for i, _, _ in search.find_matches_as_indexes(half, overlapping=True):
            cue, where = values[i]
            if where in (place, "any"):
                out[place, cue, i] = f"{place} {cue}"
    return out


def _headline(title: str) -> dict[str, float]:
    """The manner of the title: a headline, a paper's title, a question, a bare name."""
    words = title.split()
    capitals = sum(w[0].isupper() for w in words) / (len(words) or 1)
    flags = (
        ("title quotes", '"' in title or "“" in title or "'" in title or "‘" in title),
        ("title question", "?" in title),
        ("title colon", ": " in title),
        ("title dash", " – " in title or " - " in title or " | " in title),
        ("title digits", any(map(str.isdigit, title))),
        ("title short", len(words) < 5),
        ("title long", len(words) > 13),
        ("title capitals", capitals > 0.7 and len(words) > 3),
        ("title small", capitals < 0.4 and len(words) > 3),
    )
    return {name: 1.0 for name, holds in flags if holds}


def _layout(text: str) -> dict[str, float]:
    lines = text.count("\n") + 1
    size = len(text) or 1
    out = {
        "lines": squash(lines) / 3,
        "line length": squash(size // lines) / 5,
        "length": squash(size) / 10,
        "list lines": min(1.0, 2 * (text.count("\n- ") + text.count("\n• ")) / lines),
        "digits": min(1.0, 10 * sum(map(text.count, "0123456789")) / size),
    }
    out.update((name, squash(sum(map(text.count, kind))) / 3) for name, kind in _SIGNS)
    flags = (
        ("phone", PHONE.search(text) is not None),
        ("handle", " u/" in text or "\nu/" in text or " r/" in text or text.startswith("r/")),
        ("section sign", "§" in text),
        ("references", "[1" in text or "[2" in text),
        ("opens as a paper", text[:40].lstrip().lower().startswith(_OPENINGS)),
    )
    out.update((name, 1.0) for name, holds in flags if holds)
    return out
