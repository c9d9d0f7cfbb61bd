"""Words for classes of substances ("nitazenes", "designer benzos"), each with its place and the lexicon's class.

The words are the knowledge base's (`classes.csv`); what is decided here is whether one is meant: the longest phrase
stands ("opioids" is not in "synthetic opioids"), a word that mostly means something else needs the talk to be of
drugs, an adjective of effect ("a sedative effect") names no class, and what lies inside a substance's name is none.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tracker.model import ClassMention
from tracker.tag.lookup import Found, Table, checked, longest, rows

if TYPE_CHECKING:
    from tracker.lexicon import Lexicon
    from tracker.lexicon.records import ClassWord
    from tracker.model import Field
    from tracker.tag.view import Hit

# After these, a word for a class says how something works, and is no class of substances.
_EFFECT = re.compile(
    r"[\s-]{1,2}(?:effects?|actions?|propert(?:y|ies)|activity|potency|states?|symptoms?|toxidrome|experiences?|trip|like"
    r"|and hypnotic effects?|or hypnotic|quality|qualities|dose[sd]?|load)\b"
)
_EFFECT_CLASSES = frozenset(("sedative", "depressant", "stimulant", "dissociative", "hallucinogen"))
# A word in doubt counts near talk of drugs, their use, their harm and those who deal with them (`drug_talk.csv`).
_WINDOW = 400  # characters either side of a doubtful word in which the talk must be of drugs


class _Word(NamedTuple):
    """A word for a class: whether it is in no doubt, and how it must be written ("": in any case)."""

    cls: str
    doubt: str
    sure: bool
    written: str


class ClassFinder:
    """Finds the words for classes in a text. One instance serves any number of texts."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._words: Table[_Word] = Table((w.text, _word(w)) for w in lexicon.classes if w.doubt != "never")
        self._talk: Table[bool] = Table(
            (row["word"], _is_drug_talk(row)) for row in rows("drug_talk.csv", ("word", "talk"))
        )

    def find(self, field: Field, text: str, hits: Sequence[Hit]) -> list[ClassMention]:
        """The class words of `text`, in order, none inside one of `hits` (the substances of the same field)."""
        found = [f for f in self._words.all(text) if _as_written(text, f)]
        if not found:
            return []
        starts = [h.start for h in hits]
        found = [f for f in found if not _inside(f, hits, starts) and not _is_effect(text, f)]
        sure = {f.value.cls for f in longest(found) if f.value.sure}
        doubtful = [f for f in found if not (f.value.sure or f.value.cls in sure)]
        if doubtful:
            meant = self._meant(text, doubtful, sure, starts)
            found = [f for f in found if f in meant or f.value.sure or f.value.cls in sure]
        kept = longest(_plainest(found))
        return [ClassMention(f.value.cls, text[f.start : f.end], field, f.start, f.end) for f in kept]

    def _meant(
        self, text: str, doubtful: Sequence[Found[_Word]], sure: set[str], starts: list[int]
    ) -> set[Found[_Word]]:
        """Those of the doubtful words around which the talk is of drugs; `starts` are the places of substances."""
        talk = self._talk.all(text)  # in order of their ends
        ends = [f.end for f in talk]
        meant = set()
        for found in doubtful:
            if found.value.doubt == "parent":  # an abbreviation counts where the class is also named in full
                continue
            start, end = max(0, found.start - _WINDOW), found.end + _WINDOW
            around = [f for f in talk[bisect_left(ends, start) : bisect_right(ends, end)] if f.start >= start]
            against = sum(not f.value for f in around)
            drugs = bisect_left(starts, end) - bisect_left(starts, start)
            support = len(around) - against + drugs + 2 * bool(sure)
            if support > 1 and support > 2 * against:
                meant.add(found)
        return meant


def _is_drug_talk(row: Mapping[str, str]) -> bool:
    return checked("drug_talk.csv", row["word"], "talk", row["talk"], ("drugs", "other")) == "drugs"


def _word(word: ClassWord) -> _Word:
    """Abbreviations (NPS, K2, SCRAs) must be written as listed, bar a plural or an ending; other words in any case."""
    text = word.text.removesuffix("*")
    exact = word.doubt == "case" or (" " not in text and sum(c.isupper() for c in text) > 1)
    return _Word(word.cls, word.doubt, word.doubt in ("", "case"), text if exact else "")


def _as_written(text: str, found: Found[_Word]) -> bool:
    start, end, word = found
    return not word.written or text.startswith(word.written, start, end)


def _plainest(found: Sequence[Found[_Word]]) -> Sequence[Found[_Word]]:
    """Of several languages' entries for one span the least doubtful; `longest` keeps the first of equals."""
    return sorted(found, key=lambda f: (f.start, -f.end, bool(f.value.doubt))) if len(found) > 1 else found


def _inside(found: Found[_Word], hits: Sequence[Hit], starts: list[int]) -> bool:
    """Whether it lies in one of the hits, which are in order (`starts` theirs) and do not overlap."""
    at = bisect_right(starts, found.start) - 1
    return at >= 0 and found.end <= hits[at].end


def _is_effect(text: str, found: Found[_Word]) -> bool:
    if text.startswith("[", found.end):  # benzo[c]chromene
        return True
    return found.value.cls in _EFFECT_CLASSES and _EFFECT.match(text, found.end) is not None
