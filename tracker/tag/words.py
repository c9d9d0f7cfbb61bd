"""Single words that the automaton does not find: short codes, inflected and translated names, OCR swaps, one typo.

Each distinct run of non-space characters is looked at once; runs with nothing in them are remembered, so that the cost
of a text is that of its new words. What is found does not depend on what was seen before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker.tag import candidates as grammar
from tracker.tag.patterns import SHORT
from tracker.tag.sieve import COMPOUND, WORD, Sieve
from tracker.tag.spelling import Speller
from tracker.text.fold import key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracker.tag.patterns import Entry, Patterns

_MEMORY = 60_000  # runs remembered; then forgotten and learnt anew, so that memory stays flat
_PART = 20_000  # characters looked at together
_LONGEST = 120  # characters of a run that can be a name; longer ones are addresses or data

Name = tuple[int, int, "tuple[Entry, ...]", str]
Unknown = tuple[int, int, str, str]


class WordReader:
    """Reads runs of a text against the patterns."""

    def __init__(self, patterns: Patterns) -> None:
        self._patterns = patterns
        self._speller = Speller(patterns)
        self._boring: set[str] = set()
        self._sieve = Sieve(patterns, self._speller, self._boring)
        self._read: dict[str, tuple[tuple[Name, ...], tuple[Unknown, ...]]] = {}

    def read(self, text: str) -> tuple[list[Name], set[Unknown]]:
        """Names that single words stand for, and words that look like unknown names, with their places."""
        names: list[Name] = []
        unknown: set[Unknown] = set()
        for offset, part in _parts(text):
            for run, (known, candidates) in self._interesting(part):
                for place in _places(part, run):
                    at = offset + place
                    names += [(at + start, at + end, entries, how) for start, end, entries, how in known]
                    unknown.update((at + start, at + end, cls, why) for start, end, cls, why in candidates)
        return names, unknown

    def _interesting(self, text: str) -> list[tuple[str, tuple[tuple[Name, ...], tuple[Unknown, ...]]]]:
        if len(self._boring) + len(self._read) >= _MEMORY:
            self._boring.clear()
            self._read.clear()
        runs = set(text.split()) - self._boring
        if not runs:
            return []
        if new := runs.difference(self._read):
            for run in self._sieve.left(new):
                self._remember(run, self._look(run))
        return [(run, self._read[run]) for run in sorted(runs) if run in self._read]

    def _remember(self, run: str, read: tuple[tuple[Name, ...], tuple[Unknown, ...]]) -> None:
        if read[0] or read[1]:
            self._read[run] = read
        else:
            self._boring.add(run)

    def _look(self, run: str) -> tuple[tuple[Name, ...], tuple[Unknown, ...]]:
        if len(run) < 2 or len(run) > _LONGEST or "://" in run or "@" in run:
            return (), ()
        names: list[Name] = []
        unknown: list[Unknown] = []
        for match in COMPOUND.finditer(run):
            compound = match[0]
            if key(compound) in self._patterns.entries and len(key(compound)) > SHORT:
                continue  # the automaton finds it
            whole = self._speller.read(compound) if compound != run or not compound.isalpha() else None
            if whole is not None:
                names.append((match.start(), match.end(), *whole))
                continue
            for word in WORD.finditer(compound):
                entries = self._patterns.short.get(key(word[0])) or self._short_inflected(word[0])
                read = (entries, "exact") if entries else self._speller.read(word[0])
                if read is not None:
                    at = match.start() + word.start()
                    names.append((at, at + len(word[0]), *read))
            guess = grammar.look(compound, self._patterns.entries, self._speller)
            unknown += [(match.start() + s, match.start() + e, cls, why) for s, e, cls, why in guess]
        return tuple(names), tuple(unknown)

    def _short_inflected(self, word: str) -> tuple[Entry, ...] | None:
        if len(word) > 3 and word[-1] == "s" and word[:-1].isupper():
            return self._patterns.short.get(key(word[:-1]))
        return None


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """The text in parts of a bounded size, cut at white space: looking up where runs stand stays linear."""
    start = 0
    while len(text) - start > _PART:
        end = start + _PART
        while end < len(text) and not text[end].isspace():
            end += 1
        yield start, text[start:end]
        start = end
    yield start, text[start:] if start else text


def _places(text: str, run: str) -> Iterator[int]:
    """Where the run stands between white space."""
    at = text.find(run)
    while at >= 0:
        end = at + len(run)
        if (at == 0 or text[at - 1].isspace()) and (end == len(text) or text[end].isspace()):
            yield at
        at = text.find(run, end)
