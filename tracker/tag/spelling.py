"""Spellings that no list can hold: other languages' forms of a name, OCR swaps, one typo in a long name.

A *skeleton* is a name without what languages do differently to it: amphetamine, Amfetamin, anfetaminas and амфетамин
have one skeleton. Skeletons and OCR forms that two substances share are not used.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from tracker.tag.spelling_data import COMPOUND_TAILS, CYRILLIC, CYRILLIC_GROUPS, ENDINGS, GUARDED, ORDINARY, RESPELLED
from tracker.text.fold import key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tracker.tag.patterns import Entry, Patterns

_MIN_SKELETON = 6  # letters of a skeleton without its ending
_MIN_TYPO = 8  # letters of a name that may have one typo
_MIN_OCR = 6
_LONG_NAME = 20
_DOUBLE = re.compile(r"([a-z])\1+")
_GUARDED = re.compile(GUARDED)
_HALF = 4
_KINDS = frozenset({"name", "systematic", "spelling", "translation", "misspelling", "metabolite"})
_LATIN = re.compile(r"[a-z]+")
_CODE = re.compile(r"[a-z]*\d[a-z\d,']*[a-z]{3}[a-z\d,'()\[\]]*")

Read = tuple["tuple[Entry, ...]", str]


def skeleton(folded: str) -> str:
    """The language-free form of a folded name."""
    if not folded.isascii():
        for old, new in CYRILLIC_GROUPS:
            folded = folded.replace(old, new)
        folded = "".join(CYRILLIC.get(c, c) for c in folded)
    for old, new in RESPELLED:
        folded = folded.replace(old, new)
    return _DOUBLE.sub(r"\1", folded)


def ocr_form(folded: str) -> str:
    """The form in which characters that scanners confuse are one."""
    return (
        folded.replace("rn", "m")
        .replace("vv", "w")
        .replace("1", "l")
        .replace("i", "l")
        .replace("|", "l")
        .replace("0", "o")
    )


def one_edit_apart(a: str, b: str) -> bool:
    """One letter put in, left out, changed, or two neighbours swapped."""
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    at = 0
    for one, other in zip(short, long, strict=False):
        if one != other:
            break
        at += 1
    if len(short) != len(long):
        return short[at:] == long[at + 1 :]
    if short[at + 1 :] == long[at + 1 :]:
        return True
    return short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]


class Speller:
    """Reads one word or hyphenated compound that is not spelt as the lexicon has it."""

    def __init__(self, patterns: Patterns) -> None:
        self._entries = patterns.entries
        self._skeletons: dict[str, tuple[Entry, ...]] = {}
        self._ocr: dict[str, tuple[Entry, ...]] = {}
        self._heads: defaultdict[str, list[str]] = defaultdict(list)
        self._tails: defaultdict[str, list[str]] = defaultdict(list)
        self._build()
        self._stems = {form[:_MIN_SKELETON] for form in self._skeletons}
        self._beginnings = {k[: _MIN_OCR - 2] for k in self._entries}

    def _build(self) -> None:
        skeletons: dict[str, tuple[Entry, ...] | None] = {}
        ocr: dict[str, tuple[Entry, ...] | None] = {}
        for in_latin in (True, False):  # apart, so that what Cyrillic needs is not done for all
            listed = [
                (folded, group)
                for folded, group in self._entries.items()
                if folded.isascii() is in_latin and _is_spelt(folded, group[0])
            ]
            together = "\n".join([folded for folded, _ in listed])
            forms = zip(listed, skeleton(together).split("\n"), ocr_form(together).split("\n"), strict=bool(listed))
            for (folded, group), form, scanned in forms:
                if not _is_letter_code(group[0]):
                    _put(skeletons, _stem(form), group)
                _put(ocr, scanned, group)
                if len(folded) >= _MIN_TYPO and group[0].substance.reported:
                    self._heads[folded[:_HALF]].append(folded)
                    self._tails[folded[-_HALF:]].append(folded)
        self._skeletons = {k: group for k, group in skeletons.items() if group and len(k) >= _MIN_SKELETON}
        self._ocr = {k: group for k, group in ocr.items() if group}

    def read(self, word: str) -> Read | None:
        """The substance that a word stands for and by which fold; None for known spellings and for other words."""
        if len(word) < _MIN_OCR:
            return None
        folded = key(word)
        if len(folded) < _MIN_OCR or folded in self._entries or folded in ORDINARY:
            return None
        stemmed = self._by_skeleton(folded)
        if stemmed:
            return stemmed, "other language or inflected"
        glued = self._by_compound(folded)
        if glued:
            return glued, "compound word"
        scanned = self._by_ocr(word, folded)
        if scanned:
            return scanned, "OCR swap"
        if _GUARDED.search(folded) or not self._may_have_typo(folded):
            return None
        near = self.near(folded)
        return (near, "one typo") if near else None

    def strange(self, keys: Iterable[str]) -> set[str]:
        """Those of the folded words for which `read` or `near_guarded` may have an answer; for the others they have
        none. Asked of many words at once, as the forms of all are made in one go."""
        entries = self._entries
        long = [k for k in keys if len(k) >= _MIN_OCR and k not in entries and k not in ORDINARY]
        together = "\n".join(long)
        stems, ocr = self._stems, self._ocr
        forms = zip(long, skeleton(together).split("\n"), ocr_form(together).split("\n"), strict=bool(long))
        return {
            k
            for k, form, scanned in forms
            if form[:_MIN_SKELETON] in stems
            or scanned in ocr
            or (k[: _MIN_OCR - 2] in self._beginnings and k.endswith(COMPOUND_TAILS))
            or (len(k) >= _MIN_TYPO and self._has_neighbour(k))
        }

    def _has_neighbour(self, folded: str) -> bool:
        size = len(folded)
        for name in (*self._heads.get(folded[:_HALF], ()), *self._tails.get(folded[-_HALF:], ())):
            if -2 < len(name) - size < 2 and one_edit_apart(folded, name):
                return True
        return False

    def near(self, folded: str) -> tuple[Entry, ...] | None:
        """The entries of the only substance one typo away; None if a stem of new substances is touched."""
        groups = [self._entries[n] for n in self._neighbours(folded)]
        if len({g[0].substance.name for g in groups}) != 1 or _GUARDED.search(groups[0][0].key):
            return None
        return groups[0]

    def near_guarded(self, word: str) -> tuple[str, str] | None:
        """For a word like the name of a new substance: its class, and the names one letter away, which it is not."""
        folded = key(word)
        if len(folded) < _MIN_TYPO or folded in self._entries or folded in ORDINARY or not self._may_have_typo(folded):
            return None
        near = (n for n in self._neighbours(folded) if n != folded[:-1])  # a letter more at the end is an ending
        around = [self._entries[n][0] for n in near if _GUARDED.search(n)]
        if not around:
            return None
        names = sorted({entry.substance.name for entry in around})
        return around[0].substance.cls, f"near {' and '.join(names[:2])}"

    def _neighbours(self, folded: str) -> list[str]:
        """Names one edit away. One half of the word is then untouched: only names that share it are compared."""
        sharing = {*self._heads.get(folded[:_HALF], ()), *self._tails.get(folded[-_HALF:], ())}
        return sorted(n for n in sharing if one_edit_apart(folded, n) and not _ethyl_or_methyl(folded, n))

    def _may_have_typo(self, folded: str) -> bool:
        if len(folded) < _MIN_TYPO:
            return False
        return bool(_LATIN.fullmatch(folded) or (len(folded) > _MIN_TYPO + 2 and _CODE.fullmatch(folded)))

    def _by_skeleton(self, folded: str) -> tuple[Entry, ...] | None:
        form = skeleton(folded)
        for length in range(min(7, len(form) - _MIN_SKELETON) + 1):
            base = form[: len(form) - length]
            group = self._skeletons.get(base)
            if group and (not length or form[-length:] in ENDINGS):
                return group
        return None

    def _by_compound(self, folded: str) -> tuple[Entry, ...] | None:
        """The drug that a German, Dutch or Nordic compound begins with."""
        if not folded.endswith(COMPOUND_TAILS):
            return None
        for tail in COMPOUND_TAILS:
            head = folded.removesuffix(tail)
            if head != folded:
                for form in (head, head.removesuffix("s")):
                    group = self._entries.get(form) if len(form) >= _MIN_OCR - 2 else None
                    if group and not group[0].alias.doubt:
                        return group
        return None

    def _by_ocr(self, word: str, folded: str) -> tuple[Entry, ...] | None:
        if not any(c in folded for c in ("1", "0", "i", "l", "m", "rn", "w")):
            return None
        return self._ocr.get(ocr_form(folded))


def _is_spelt(folded: str, entry: Entry) -> bool:
    """Whether a name is long and sure enough to be found in other spellings."""
    alias = entry.alias
    if len(folded) < _MIN_OCR or alias.doubt or alias.kind not in _KINDS:
        return False
    return " " not in alias.text or alias.kind == "systematic"


def _is_letter_code(entry: Entry) -> bool:
    """AB-CHMINACA and the like: no language writes codes in its own way, and each letter counts."""
    return entry.substance.cls == "synthetic_cannabinoid" and len(entry.key) < _LONG_NAME


def _ethyl_or_methyl(a: str, b: str) -> bool:
    """The two differ by the m of methyl: two molecules, no typo."""
    return a.replace("methyl", "ethyl") == b.replace("methyl", "ethyl")


def _stem(form: str) -> str:
    """A skeleton without the ending that its own language gives it."""
    for ending in ("e", "a", "o"):
        if form.endswith(ending):
            return form[:-1]
    return form[:-2] if form.endswith("um") else form


def _put(index: dict[str, tuple[Entry, ...] | None], form: str, group: tuple[Entry, ...]) -> None:
    held = index.setdefault(form, group)
    if held is not None and held[0].substance.name != group[0].substance.name:
        index[form] = None  # two substances: of no use
