"""Finds the names of the lexicon in a text: spelling folded for the search, spans exact in the original.

Boundaries are judged first, then the longest name wins; what stands around a name (a chemical prefix, a class phrase)
may take it away again, and doubtful names (street names, short codes) need drug words or other drugs close by.
"""

from __future__ import annotations

from dataclasses import dataclass
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
        chosen, taken = _choose(text, found)
        hits = [_hit(field, text, f, e) for f, e in chosen]
        hits.sort(key=lambda h: (h.start, h.end))
        spans = [(f.start, f.end) for f, _ in chosen]
        candidates = [
            Candidate(text[s:e], field, s, e, cls, why)
            for s, e, cls, why in sorted({*taken, *unknown})
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
    """Gaps stand where the name has them; in long names anywhere, in shorter ones where a word was broken by a hyphen."""
    if places[-1] - places[0] == len(places) - 1:
        return True  # written in one piece
    if len(places) >= _FREE_FROM:
        return _gaps_are_small(text, places)
    for at in range(1, len(places)):
        gap = text[places[at - 1] + 1 : places[at]]
        if not gap:
            continue
        before, after = text[places[at - 1]], text[places[at]]
        if at in entry.breaks or before.isdigit() != after.isdigit():
            lone = len(gap.strip("-‐‑–\u00ad\u200b")) and at == len(places) - 1 and after.islower()
            if lone or ("\n" in gap.strip(" ") and "-" not in gap):
                return False  # "HHC o CBD", a list broken into lines
        elif not (gap[0] in "-‐‑\u00ad\u200b\u200c\u200d\u2060\ufeff" and len(gap) <= 3) or (
            len(places) < 7 and gap[0] in "-‐‑" and len(gap) == 1
        ):
            return False
    return True


def _gaps_are_small(text: str, places: Sequence[int]) -> bool:
    return (
        all(b - a <= 4 for a, b in zip(places, places[1:], strict=False)) and "\n\n" not in text[places[0] : places[-1]]
    )


def _choose(text: str, found: Iterable[_Found]) -> tuple[list[tuple[_Found, Entry]], list[tuple[int, int, str, str]]]:
    """Longest first, each place once; doubtful names last, when it is known which drugs are named near."""
    kept: list[tuple[_Found, Entry]] = []
    blocked: list[tuple[int, int]] = []
    unknown: list[tuple[int, int, str, str]] = []
    doubtful: list[_Found] = []
    for f in sorted(found, key=lambda f: (-len(f), f.start)):
        if _overlaps(f, blocked):
            continue
        if f.entries[0].alias.doubt:
            doubtful.append(f)
            continue
        blocked.append((f.start, f.end))
        entry = f.entries[0]
        prefix = surroundings.changed_molecule(text, f.start)
        if prefix is not None:
            unknown.append((prefix, f.end, entry.substance.cls, f"a prefix before {entry.substance.name}"))
        elif not surroundings.names_a_class(text, f.start, f.end):
            kept.append((f, entry))
    certain = {e.substance.name for _, e in kept}
    places = sorted(f.start for f, _ in kept)
    for f in doubtful:
        if _overlaps(f, blocked):
            continue
        supported = next((e for e in f.entries if _is_supported(text, f, e, certain, places)), None)
        if supported and not surroundings.names_a_class(text, f.start, f.end):
            blocked.append((f.start, f.end))
            kept.append((f, supported))
    return kept, unknown


def _overlaps(f: _Found, spans: list[tuple[int, int]]) -> bool:
    return any(a < f.end and f.start < b for a, b in spans)


def _is_supported(text: str, f: _Found, entry: Entry, certain: set[str], places: list[int]) -> bool:
    doubt = entry.alias.doubt
    if doubt == "parent":
        return entry.substance.name in certain
    if doubt == "case":
        listed = entry.alias.text
        if squeezed(text[f.start : f.end]) != squeezed(listed if listed != listed.lower() else listed.upper()):
            return False
    return (
        entry.substance.name in certain
        or any(abs(p - f.start) <= _NEAR for p in places)
        or surroundings.has_drug_word(text, f.start, f.end)
    )


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
