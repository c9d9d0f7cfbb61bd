"""Which of the names found are kept: longest first, each place once, doubtful ones only in the right company."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING, NamedTuple

from tracker.tag import boundaries, company
from tracker.tag.patterns import SHORT, squeezed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tracker.tag.patterns import Entry

_SURE_GUESS = 9  # characters from which a spelling of another language is no chance word
_NEAR = 200  # characters within which another drug supports a doubtful name


class Found(NamedTuple):
    """A name at a place; `entries` are the lexicon's names of that spelling, certain ones first."""

    start: int
    end: int
    entries: tuple[Entry, ...]
    how: str


class Spans:
    """Places that do not overlap, in order, so that looking one up costs the same in long texts."""

    def __init__(self, spans: Iterable[tuple[int, int]] = ()) -> None:
        self._spans = sorted(spans)

    def add(self, start: int, end: int) -> None:
        insort(self._spans, (start, end))

    def touch(self, start: int, end: int) -> bool:
        """Whether one of the places overlaps [start, end)."""
        at = bisect_left(self._spans, (start, end))
        return (at > 0 and self._spans[at - 1][1] > start) or (at < len(self._spans) and self._spans[at][0] < end)

    def around(self, start: int) -> list[tuple[int, int]]:
        """The places before and after."""
        at = bisect_left(self._spans, (start, start))
        return self._spans[max(0, at - 1) : at + 1]


class Choice:
    """Puts together what is kept of the names found in one text, and what they are taken for instead."""

    def __init__(self, text: str, named: frozenset[str] = frozenset()) -> None:
        self.text = text
        self.kept: list[tuple[Found, Entry]] = []
        self.unknown: list[tuple[int, int, str, str]] = []
        self.in_doubt = False  # whether anything depends on what else is named
        self._certain = set(named)
        self._blocked = Spans()
        self._places = Spans()
        self._acronyms: dict[str, bool] = {}
        self._starts = frozenset[int]()

    def take(self, found: Iterable[Found]) -> None:
        """Judge all names of the text. Certain names first, so that doubtful ones see what is near them."""
        found = list(found)
        self._starts = frozenset([f[0] for f in found])
        doubtful = []
        touch = self._blocked.touch
        for f in sorted(found, key=_longest_first) if len(found) > 1 else found:
            start, end, entries, _ = f
            entry = entries[0]
            if entry.alias.doubt == "never":
                self._blocked.add(start, end)
            elif self._needs_company(f, entry):
                doubtful.append(f)
            elif not touch(start, end):
                self._judge(f, entry)
        if not doubtful:
            return
        self.in_doubt = True
        self._places = Spans((f.start, f.end) for f, _ in self.kept)
        self._certain.update(entry.substance.name for _, entry in self.kept)
        while doubtful and (left := self._take_supported(doubtful)) != doubtful:
            doubtful = left  # a doubtful name that is kept supports its neighbours: "ecstasy, speed"

    def _take_supported(self, doubtful: Sequence[Found]) -> list[Found]:
        """Judge the doubtful names that have support; returns the others."""
        left = []
        before = len(self.kept)
        for f in doubtful:
            if self._blocked.touch(f.start, f.end):
                continue
            entry = next((e for e in f.entries if self._is_supported(f, e)), None)
            if entry is None:
                left.append(f)
            else:
                self._judge(f, entry)
        for f, _ in self.kept[before:]:
            self._places.add(f.start, f.end)
        return left

    def _needs_company(self, f: Found, entry: Entry) -> bool:
        """Doubtful names, guessed spellings, and short codes in small letters."""
        start, end, _, how = f
        if entry.alias.doubt or (how != "exact" and (how == "one typo" or end - start < _SURE_GUESS)):
            return True
        return len(entry.key) <= SHORT and entry.key.isascii() and self.text[start:end].islower()

    def _judge(self, f: Found, entry: Entry) -> None:
        text, substance = self.text, entry.substance
        start, end, _, _ = f
        self._blocked.add(start, end)
        prefix = boundaries.changed_molecule(text, start)
        on = None
        if substance.nps and _is_code(entry) and end + 1 not in self._starts:
            on = boundaries.runs_on(text, end)
        if prefix is not None:
            self.unknown.append((prefix, end, substance.cls, f"a prefix before {substance.name}"))
        elif on is not None:
            self.unknown.append((start, on, substance.cls, f"a code that begins with {substance.name}"))
        elif not (
            company.names_a_class(text, start, end)
            or (entry.alias.kind != "brand" and company.is_class_use(text, start, end, substance.name))
            or (len(entry.key) <= 5 and self._is_other_acronym(f))
        ):
            self.kept.append((f, entry))

    def _is_other_acronym(self, f: Found) -> bool:
        code = self.text[f.start : f.end]
        if not code.isupper():
            return False
        if code == "DOI":
            return company.is_doi(self.text, f.end)
        if code not in self._acronyms:
            self._acronyms[code] = company.is_other_acronym(self.text, code)
        return self._acronyms[code]

    def _is_supported(self, f: Found, entry: Entry) -> bool:
        doubt, surface = entry.alias.doubt, self.text[f.start : f.end]
        if doubt == "case":
            listed = entry.alias.text
            if squeezed(surface) != squeezed(listed if listed != listed.lower() else listed.upper()):
                return False
            strong = not self._certain
            return self._is_near_a_drug(f) or company.has_drug_word(self.text, f.start, f.end, strong=strong)
        if entry.substance.name in self._certain:
            return True
        if doubt == "parent":
            return False
        if doubt == "list":
            return company.in_list(self.text, f.start, f.end, self._places.around(f.start))
        return self._is_near_a_drug(f) or company.has_drug_word(self.text, f.start, f.end)

    def _is_near_a_drug(self, f: Found) -> bool:
        return any(a - f.end <= _NEAR and f.start - b <= _NEAR for a, b in self._places.around(f.start))


def _longest_first(f: Found) -> tuple[int, int, int]:
    start, end, entries, _ = f
    return start - end, start, -len(entries[0][0])


def _is_code(entry: Entry) -> bool:
    """A name of capitals and digits such as 2C-B or MDMB-CHMICA, to which a hyphen may add more."""
    shaped = bool(entry.breaks) or entry.substance.cls == "semi_synthetic_cannabinoid"
    return shaped and len(entry.key) <= 14 and entry.alias.kind in ("name", "systematic", "spelling")
