"""Finds the names of the lexicon in a text: spelling folded for the search, spans exact in the original.

Boundaries are judged first, then the longest name wins; what stands around a name (a chemical prefix, a class phrase)
may take it away again, and doubtful names (street names, short codes) need drug words or other drugs close by.
"""

from __future__ import annotations

from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from tracker.model import Candidate
from tracker.tag.boundaries import end_of, follows_a_number
from tracker.tag.choosing import Choice, Found, Spans
from tracker.tag.patterns import SHORT, Entry, make_patterns
from tracker.tag.view import Hit
from tracker.tag.words import Unknown, WordReader
from tracker.text.fold import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracker.lexicon import Lexicon
    from tracker.model import Field

_FREE_FROM = 9  # letters and digits from which separators may stand anywhere in a name
_SPAN = itemgetter(1, 2)  # of a Hit
_GOES_ON = "'’:_"  # what an ending may begin with, besides letters
_new: Any = tuple.__new__  # makes a named tuple without the way through Python
_JOINERS = "-‐‑\u00ad\u200b\u200c\u200d\u2060\ufeff"


class NameFinder:
    """`find` gives hits in order, and candidates: names that look like a substance and are not in the lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._patterns = make_patterns(lexicon)
        self._words = WordReader(self._patterns)
        self._held: dict[str, tuple[list[Found], set[Unknown]]] = {}
        self._sure: dict[tuple[Field, str], tuple[list[Hit], list[Candidate]]] = {}

    def find(
        self, field: Field, text: str, *, named: frozenset[str] = frozenset()
    ) -> tuple[list[Hit], list[Candidate]]:
        """Hits and candidates of one field, in the order of the text.

        `named` are substances that another field of the document names; they support doubtful names here.
        """
        if not text:
            return [], []
        known = self._sure.get((field, text))
        if known is not None:
            return known
        found, unknown = self._read(text)
        if not found and not unknown:
            return [], []
        choice = Choice(text, named)
        choice.take(found)
        hits = [_hit(field, text, f, e) for f, e in choice.kept]
        hits.sort(key=_SPAN)
        if choice.unknown:
            unknown = unknown.union(choice.unknown)
        result = hits, _candidates(field, text, hits, unknown) if unknown else []
        if not choice.in_doubt and field == "title":  # whatever else is named; titles are asked for twice
            self._sure.clear()
            self._sure[field, text] = result
        return result

    def _read(self, text: str) -> tuple[list[Found], set[Unknown]]:
        """All that may be a name, and words like unknown ones; kept a while, as titles are read twice."""
        held = self._held.get(text)
        if held is None:
            words, unknown = self._words.read(text)
            found = self._whole_names(text)
            found += [_new(Found, word) for word in words]
            if len(self._held) > 1:
                del self._held[next(iter(self._held))]
            held = self._held[text] = (found, unknown)
        return held

    def _whole_names(self, text: str) -> list[Found]:
        folded = fold(text)
        out: list[Found] = []
        matches = self._patterns.automaton.find_matches_as_indexes(folded.text, overlapping=True)
        if not matches:
            return out
        places = folded.starts()
        group, length = self._patterns.group, len(text)
        for index, low, high in matches:
            start, end = places[low], places[high - 1] + 1
            entries, brand, code, wordless, loose = group(index)
            if wordless:
                out.append(_new(Found, (start, end, entries, "exact")))
                continue
            touched = start and ((before := text[start - 1]).isalnum() or before == "_")
            if touched and (code or not follows_a_number(text, start, high - low)):
                continue  # a letter or digit touches the name on its left
            if low and places[low - 1] == start:
                continue  # it begins inside a ligature
            written = places[low:high] if end - start != high - low or not loose else None
            if end < length and ((after := text[end]).isalnum() or after in _GOES_ON):
                stop = end_of(text, end, high - low, brand=brand, code=code)
                if stop is None:
                    continue
                end = stop
            if written is None:  # in one piece, as each of these names may be
                out.append(_new(Found, (start, end, entries, "exact")))
            elif fitting := tuple([e for e in entries if _separators_fit(text, e, written)]):
                out.append(_new(Found, (start, end, fitting, "exact")))
        return out


def _candidates(field: Field, text: str, hits: Sequence[Hit], unknown: set[Unknown]) -> list[Candidate]:
    """The words like unknown names that no hit overlaps, in order; of overlapping ones the longest."""
    taken = Spans((h.start, h.end) for h in hits)
    candidates = []
    for start, end, cls, why in sorted(unknown, key=lambda u: (u[0] - u[1], u)):
        if not taken.touch(start, end):
            taken.add(start, end)
            candidates.append(Candidate(text[start:end], field, start, end, cls, why))
    return sorted(candidates, key=lambda c: c.start)


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
    if at == 1 and len(places) <= SHORT and not gap.strip() and text[places[1] : places[1] + 2].istitle():
        return False  # "mitragynine.5,6 Its use" is no 6-IT
    if at in entry.breaks or before.isdigit() != after.isdigit():
        stray = at == len(places) - 1 and after.islower() and not gap.strip() and not before.isdigit()
        return not stray and not ("\n" in gap and "-" not in gap)  # "HHC o CBD", a list broken into lines
    if gap[0] not in _JOINERS or len(gap) > 3:
        return False
    return len(gap) > 1 or gap not in "-‐‑" or (at >= 4 and len(places) - at >= 4)


def _hit(field: Field, text: str, f: Found, entry: Entry) -> Hit:
    start, end, _, how = f
    _, (written, kind, _, doubt), s, _ = entry
    how = f"{kind} {written!r}, {how}, {doubt}" if doubt else f"{kind} {written!r}, {how}"
    is_marker = kind == "metabolite"
    hit: Hit = _new(Hit, (field, start, end, text[start:end], s.name, s.cls, s.nps, s.reported, is_marker, how, None))
    return hit
