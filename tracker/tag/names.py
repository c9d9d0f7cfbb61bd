"""Finds the names of the lexicon in a text: spelling folded for the search, spans exact in the original.

Boundaries are judged first, then the longest name wins; what stands around a name (a chemical prefix, a class phrase)
may take it away again, and doubtful names (street names, short codes) need drug words or other drugs close by.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tracker.model import Candidate
from tracker.tag import surroundings
from tracker.tag.patterns import Entry, is_wordless, make_patterns, squeezed
from tracker.tag.view import Hit
from tracker.tag.words import WordReader
from tracker.text.fold import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tracker.lexicon import Lexicon
    from tracker.model import Field

_FREE_FROM = 9  # letters and digits from which separators may stand anywhere in a name
_JOINERS = "-‐‑\u00ad\u200b\u200c\u200d\u2060\ufeff"
_NEAR = 200  # characters within which another drug supports a doubtful name


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    entries: tuple[Entry, ...]
    how: str

    def __len__(self) -> int:
        return self.end - self.start


class NameFinder:
    """`find` gives hits in order, and candidates: names that look like a substance and are not in the lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._patterns = make_patterns(lexicon)
        self._words = WordReader(self._patterns)

    def find(self, field: Field, text: str) -> tuple[list[Hit], list[Candidate]]:
        """Hits and candidates of one field, in the order of the text."""
        found = [*self._whole_names(text), *self._single_words(text)]
        unknown = self._words.candidates(text)
        if not found and not unknown:
            return [], []
        choice = _Choice(text)
        choice.take(found)
        hits = [_hit(field, text, f, e) for f, e in choice.kept]
        hits.sort(key=lambda h: (h.start, h.end))
        spans = [(f.start, f.end) for f, _ in choice.kept]
        candidates = [
            Candidate(text[s:e], field, s, e, cls, why)
            for s, e, cls, why in sorted({*choice.unknown, *unknown})
            if not any(a < e and s < b for a, b in spans)
        ]
        return hits, _outermost(candidates)

    def _whole_names(self, text: str) -> Iterator[_Found]:
        folded = fold(text)
        matches = self._patterns.automaton.find_matches_as_indexes(folded.text, overlapping=True)
        if not matches:
            return
        places = folded.starts()
        keys, entries = self._patterns.keys, self._patterns.entries
        for index, low, high in matches:
            start, last = places[low], places[high - 1]
            group = entries[keys[index]]
            if is_wordless(group[0].key):
                yield _Found(start, last + 1, group, "exact")
            elif surroundings.left_is_free(text, start) and (low == 0 or places[low - 1] != start):
                end = surroundings.end_of(text, last + 1, high - low)
                fitting = tuple(e for e in group if _separators_fit(text, e, places[low:high]))
                if end is not None and fitting:
                    yield _Found(start, end, fitting, "exact")

    def _single_words(self, text: str) -> Iterator[_Found]:
        for start, end, entries, how in self._words.names(text):
            yield _Found(start, end, entries, how)


def _separators_fit(text: str, entry: Entry, places: Sequence[int]) -> bool:
    """Gaps stand where the name has them; in long names anywhere, in short ones where a hyphen broke the word."""
    if places[-1] - places[0] == len(places) - 1:  # written in one piece
        return not (entry.alias.kind == "street" and entry.breaks)
    gaps = [(at, text[a + 1 : b]) for at, (a, b) in enumerate(pairwise(places), 1) if b - a > 1]
    if len(places) >= _FREE_FROM:
        return all(_may_break(text, entry, places, at, gap) for at, gap in gaps)
    return all(_may_part(text, entry, places, at, gap) for at, gap in gaps)


def _may_break(text: str, entry: Entry, places: Sequence[int], at: int, gap: str) -> bool:
    """A gap in a long name: small, and no stray piece of a letter or two where the name has no gap."""
    if len(gap) > 3 or gap.count("\n") > 1:
        return False
    lone = len(places) - at <= 2 or at <= 2
    return not (lone and at not in entry.breaks and gap[0] not in _JOINERS and text[places[at - 1] :][:1].isalpha())


def _may_part(text: str, entry: Entry, places: Sequence[int], at: int, gap: str) -> bool:
    """A gap in a short name or code."""
    before, after = text[places[at - 1]], text[places[at]]
    if at in entry.breaks or before.isdigit() != after.isdigit():
        stray = at == len(places) - 1 and after.islower() and not gap.strip() and not before.isdigit()
        return not stray and not ("\n" in gap and "-" not in gap)  # "HHC o CBD", a list broken into lines
    if gap[0] not in _JOINERS or len(gap) > 3:
        return False
    return len(places) >= 7 or len(gap) > 1 or gap not in "-‐‑"


class _Choice:
    """Puts together what is kept: longest first, each place once, doubtful names when it is known what is near."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.kept: list[tuple[_Found, Entry]] = []
        self.unknown: list[tuple[int, int, str, str]] = []
        self._blocked: list[tuple[int, int]] = []

    def take(self, found: Iterable[_Found]) -> None:
        doubtful = []
        for f in sorted(found, key=lambda f: (-len(f), f.start)):
            if f.entries[0].alias.doubt:
                doubtful.append(f)
            elif not self._is_blocked(f):
                self._blocked.append((f.start, f.end))
                self._judge(f, f.entries[0])
        certain = {e.substance.name for _, e in self.kept}
        spans = sorted((f.start, f.end) for f, _ in self.kept)
        for f in doubtful:
            if self._is_blocked(f):
                continue
            entry = next((e for e in f.entries if _is_supported(self.text, f, e, certain, spans)), None)
            if entry is not None:
                self._blocked.append((f.start, f.end))
                self._judge(f, entry)

    def _is_blocked(self, f: _Found) -> bool:
        return any(a < f.end and f.start < b for a, b in self._blocked)

    def _judge(self, f: _Found, entry: Entry) -> None:
        text, substance = self.text, entry.substance
        prefix = surroundings.changed_molecule(text, f.start)
        on = surroundings.runs_on(text, f.end) if substance.nps and _is_code(entry) else None
        if prefix is not None:
            self.unknown.append((prefix, f.end, substance.cls, f"a prefix before {substance.name}"))
        elif on is not None:
            self.unknown.append((f.start, on, substance.cls, f"a code that begins with {substance.name}"))
        elif not (
            surroundings.names_a_class(text, f.start, f.end)
            or surroundings.is_class_use(text, f.start, f.end, substance.name)
            or (len(entry.key) <= 5 and surroundings.is_other_acronym(text, text[f.start : f.end], f.end))
        ):
            self.kept.append((f, entry))


def _is_code(entry: Entry) -> bool:
    """A name of capitals and digits such as 2C-B or MDMB-CHMICA, to which a hyphen may add more."""
    return bool(entry.breaks) and len(entry.key) <= 14 and entry.alias.kind in ("name", "systematic", "spelling")


def _is_supported(text: str, f: _Found, entry: Entry, certain: set[str], spans: list[tuple[int, int]]) -> bool:
    doubt, surface = entry.alias.doubt, text[f.start : f.end]
    if entry.substance.name in certain and doubt != "case":
        return True
    if doubt == "parent":
        return False
    if doubt == "list":
        return surroundings.in_list(text, f.start, f.end, spans)
    if doubt == "case":
        listed = entry.alias.text
        if squeezed(surface) != squeezed(listed if listed != listed.lower() else listed.upper()):
            return False
    return any(abs(a - f.start) <= _NEAR for a, _ in spans) or surroundings.has_drug_word(text, f.start, f.end)


def _hit(field: Field, text: str, f: _Found, entry: Entry) -> Hit:
    s = entry.substance
    return Hit(
        field=field,
        start=f.start,
        end=f.end,
        surface=text[f.start : f.end],
        name=s.name,
        cls=s.cls,
        nps=s.nps,
        reported=s.reported,
        marker=entry.alias.kind == "metabolite",
        how=f"{entry.alias.kind} {entry.alias.text!r}, {f.how}"
        + (f", {entry.alias.doubt}" if entry.alias.doubt else ""),
    )


def _outermost(candidates: list[Candidate]) -> list[Candidate]:
    """Of candidates that overlap the longest."""
    kept: list[Candidate] = []
    for c in sorted(candidates, key=lambda c: (c.start - c.end, c.start)):
        if not any(k.start < c.end and c.start < k.end for k in kept):
            kept.append(c)
    return sorted(kept, key=lambda c: c.start)
