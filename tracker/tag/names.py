"""Finds the names of the lexicon in a text: spelling folded for the search, spans exact in the original.

Boundaries are judged first, then the longest name wins; what stands around a name (a chemical prefix, a class phrase)
may take it away again, and doubtful names (street names, short codes) need drug words or other drugs close by.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from tracker.model import Candidate
from tracker.tag.boundaries import end_of, left_is_free
from tracker.tag.choosing import Choice, Found, Spans
from tracker.tag.patterns import Entry, make_patterns
from tracker.tag.view import Hit
from tracker.tag.words import WordReader
from tracker.text.fold import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tracker.lexicon import Lexicon
    from tracker.model import Field

_FREE_FROM = 9  # letters and digits from which separators may stand anywhere in a name
_BRANDS = ("brand", "street")
_JOINERS = "-‐‑\u00ad\u200b\u200c\u200d\u2060\ufeff"


class NameFinder:
    """`find` gives hits in order, and candidates: names that look like a substance and are not in the lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._patterns = make_patterns(lexicon)
        self._words = WordReader(self._patterns)

    def find(
        self, field: Field, text: str, *, named: frozenset[str] = frozenset()
    ) -> tuple[list[Hit], list[Candidate]]:
        """Hits and candidates of one field, in the order of the text.

        `named` are substances that another field of the document names; they support doubtful names here.
        """
        words, unknown = self._words.read(text)
        found = [*self._whole_names(text), *(Found(*word) for word in words)]
        if not found and not unknown:
            return [], []
        choice = Choice(text, named)
        choice.take(found)
        hits = [_hit(field, text, f, e) for f, e in choice.kept]
        hits.sort(key=lambda h: (h.start, h.end))
        taken = Spans((h.start, h.end) for h in hits)
        candidates = []
        for start, end, cls, why in sorted({*choice.unknown, *unknown}, key=lambda u: (u[0] - u[1], u)):
            if not taken.touch(start, end):  # of overlapping candidates the longest
                taken.add(start, end)
                candidates.append(Candidate(text[start:end], field, start, end, cls, why))
        return hits, sorted(candidates, key=lambda c: c.start)

    def _whole_names(self, text: str) -> Iterator[Found]:
        folded = fold(text)
        matches = self._patterns.automaton.find_matches_as_indexes(folded.text, overlapping=True)
        if not matches:
            return
        places = folded.starts()
        keys, entries, wordless = self._patterns.keys, self._patterns.entries, self._patterns.wordless
        for index, low, high in matches:
            start, last = places[low], places[high - 1]
            group = entries[keys[index]]
            if keys[index] in wordless:
                yield Found(start, last + 1, group, "exact")
            elif left_is_free(text, start) and (low == 0 or places[low - 1] != start):
                end = end_of(text, last + 1, high - low, brand=group[0].alias.kind in _BRANDS, code=group[0].code)
                fitting = tuple(e for e in group if _separators_fit(text, e, places[low:high]))
                if end is not None and fitting:
                    yield Found(start, end, fitting, "exact")


def _separators_fit(text: str, entry: Entry, places: Sequence[int]) -> bool:
    """Gaps stand where the name has them; in long names anywhere, in short ones where a hyphen broke the word."""
    if places[-1] - places[0] == len(places) - 1:  # written in one piece
        return not entry.breaks or not (entry.alias.kind == "street" or _is_a_word(text, entry, places))
    gaps = [(at, text[a + 1 : b]) for at, (a, b) in enumerate(pairwise(places), 1) if b - a > 1]
    if len(places) >= _FREE_FROM:
        return all(_may_break(text, entry, places, at, gap) for at, gap in gaps)
    return all(_may_part(text, entry, places, at, gap) for at, gap in gaps)


def _is_a_word(text: str, entry: Entry, places: Sequence[int]) -> bool:
    """A short hyphenated name of letters alone, written as one word in small letters ("o-ff" and "off")."""
    return len(places) <= 6 and entry.key.isalpha() and text[places[0] : places[-1] + 1].islower()


def _may_break(text: str, entry: Entry, places: Sequence[int], at: int, gap: str) -> bool:
    """A gap in a long name: small, and no stray piece of a letter or two where the name has no gap."""
    if len(gap) > 3 or gap.count("\n") > 1:
        return False
    lone = len(places) - at <= 2 or at <= 2
    return not (lone and at not in entry.breaks and gap[0] not in _JOINERS and text[places[at - 1] :][:1].isalpha())


def _may_part(text: str, entry: Entry, places: Sequence[int], at: int, gap: str) -> bool:
    """A gap in a short name or code."""
    before, after = text[places[at - 1]], text[places[at]]
    if at == 1 and before.islower() and after.isalpha() and not gap.strip():
        return False  # "a PHP port" is no a-PHP
    if at in entry.breaks or before.isdigit() != after.isdigit():
        stray = at == len(places) - 1 and after.islower() and not gap.strip() and not before.isdigit()
        return not stray and not ("\n" in gap and "-" not in gap)  # "HHC o CBD", a list broken into lines
    if gap[0] not in _JOINERS or len(gap) > 3:
        return False
    return len(gap) > 1 or gap not in "-‐‑" or (at >= 4 and len(places) - at >= 4)


def _hit(field: Field, text: str, f: Found, entry: Entry) -> Hit:
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
