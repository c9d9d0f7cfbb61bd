"""Which words of a text need a closer look: nearly all are none of a drug's, and knowing so must cost little.

The questions are those of the reader (`words`), asked of many words at once and answered too often with yes rather
than once too often with no.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tracker.tag.candidates import may_be_new
from tracker.tag.patterns import SHORT
from tracker.text.fold import keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tracker.tag.patterns import Patterns
    from tracker.tag.spelling import Speller

_EDGES = ".,;:!?()[]{}<>\"'“”„‘’‚«»‹›…•·*–—-/\\|=+&%$#~^`"  # stand around words and join none at an end
WORD = re.compile(r"[^\W_]+")
COMPOUND = re.compile(r"[^\W_]+(?:[-‐‑–,'’′+()\[\].]{1,3}[^\W_]+)*")
_DIGIT = re.compile(r"\d")


class Sieve:
    """Remembers what it has let through as nothing, in the set that it is given."""

    def __init__(self, patterns: Patterns, speller: Speller, dull: set[str]) -> None:
        self._entries, self._short = patterns.entries, patterns.short
        self._speller = speller
        self._dull = dull

    def left(self, runs: Iterable[str]) -> list[str]:
        """Those of the runs of non-space characters that may hold a name; the others go to the dull ones."""
        left: list[str] = []
        single: dict[str, list[str]] = {}  # word of letters alone -> the runs that hold it
        mixed: list[tuple[str, list[str]]] = []
        dull = self._dull
        for run in runs:
            core = run.strip(_EDGES)
            if core in dull:
                dull.add(run)
            elif core.isalpha():
                single.setdefault(core, []).append(run)
            elif core.isdigit() and len(core) < 6:
                dull.add(run)
            elif _DIGIT.search(core) or "://" in run or "@" in run:
                left.append(run)
            else:
                mixed.append((run, _pieces(core)))
        flat = [*single, *(piece for _, pieces in mixed for piece in pieces)]
        doubtful = self._doubtful(flat)
        for core, holders in single.items():
            if core in doubtful:
                left += holders
            else:
                dull.update(holders)
        for run, pieces in mixed:
            if doubtful.isdisjoint(pieces):
                dull.add(run)
            else:
                left.append(run)
        return left

    def _doubtful(self, words: list[str]) -> set[str]:
        """Those of the words and compounds that are short names, near one, or have the stem of one."""
        folded = list(zip(words, keys(words), strict=True))
        dull = self._dull
        new = {k for word, k in folded if may_be_new(word, k)}
        unknown = {k for _, k in folded}.difference(dull, new)
        strange = self._speller.strange(unknown)
        strange.update(k for k in unknown if len(k) <= SHORT + 1 and (k in self._short or k[:-1] in self._short))
        dull.update(unknown.difference(strange))
        strange |= new
        return {word for word, k in folded if k in strange}


def _pieces(core: str) -> list[str]:
    """The compounds of a run and their words."""
    pieces = []
    for compound in COMPOUND.findall(core):
        words = WORD.findall(compound)
        pieces += words if len(words) == 1 else [compound, *words]
    return pieces
