"""The names of the lexicon prepared for finding: keys, their entries, and the automaton over them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from tracker.tag.nomenclature import equivalents
from tracker.text.fold import key, keys, separated

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick

    from tracker.lexicon import Alias, Lexicon, Substance

_CHEMICAL = frozenset({"name", "systematic", "spelling"})
_HAS_RULES = ("-", "fentan", "tamine", "thylamine", "binaca")  # parts that some rule of nomenclature needs
_new: Any = tuple.__new__  # makes a named tuple without the way through Python
_BRANDS = ("brand", "street")
_DIGIT = re.compile(r"\d")
_CODE = 10  # letters and digits below which a name with a digit is a code
SHORT = 4  # letters; shorter names are looked up word by word, they would match inside anything


class Entry(NamedTuple):
    """One name of one substance as it is matched."""

    key: str
    alias: Alias
    substance: Substance
    written: str  # the alias, or another form of it

    @property
    def breaks(self) -> frozenset[int]:
        """Places in the key before which the name has a space or hyphen."""
        return _breaks(self.written)


@lru_cache(maxsize=4096)
def _breaks(written: str) -> frozenset[int]:
    return separated(written)[1]


class Group(NamedTuple):
    """The entries of one key, with what the search asks of each match."""

    entries: tuple[Entry, ...]
    brand: bool
    code: bool  # a short name with digits (2C-B, 5-MAPB): a letter more is another one
    wordless: bool  # in a script without spaces between words
    loose: bool  # may be written in one piece wherever it is found


@dataclass(frozen=True)
class Patterns:
    """`entries` by key; `automaton` finds the keys of `groups`; `short` holds the words of up to four letters."""

    keys: list[str]  # by the automaton's number
    entries: dict[str, tuple[Entry, ...]]
    short: dict[str, tuple[Entry, ...]]
    automaton: AhoCorasick
    _groups: dict[int, Group] = field(default_factory=dict, repr=False, compare=False)

    def group(self, number: int) -> Group:
        """What the automaton's number stands for; worked out when it is first asked for, as most never are."""
        group = self._groups.get(number)
        if group is None:
            folded = self.keys[number]
            group = self._groups[number] = _group(folded, self.entries[folded])
        return group


def is_wordless(text: str) -> bool:
    """Scripts that set no space between words (Chinese, Japanese) or glue the article to the word (Arabic)."""
    return any("\u0600" <= c <= "\u06ff" or "\u2e80" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7af" for c in text)


def make_patterns(lexicon: Lexicon) -> Patterns:
    """Names that are never to be tagged are left out; a certain name stands before a doubtful one of the same key."""
    from ahocorasick_rs import AhoCorasick, MatchKind

    groups: defaultdict[str, list[Entry]] = defaultdict(list)
    # a phrase that is no mention hides the name inside it
    listed = [(a, s) for a, s in lexicon.surfaces() if a.doubt != "never" or " " in a.text]
    for folded, (alias, substance) in zip(keys([a.text for a, _ in listed]), listed, strict=True):
        groups[folded].append(_new(Entry, (folded, alias, substance, alias.text)))
    _widen(lexicon, groups)
    entries = {k: tuple(sorted(group, key=_doubt) if len(group) > 1 else group) for k, group in groups.items()}
    short = {k: group for k, group in entries.items() if len(k) <= SHORT and _is_short(group)}
    searched = [k for k in entries if k not in short]
    return Patterns(searched, entries, short, AhoCorasick(searched, matchkind=MatchKind.Standard))


def _group(folded: str, entries: tuple[Entry, ...]) -> Group:
    return Group(
        entries,
        brand=entries[0].alias.kind in _BRANDS,
        code=len(folded) < _CODE and not folded.isalpha() and _DIGIT.search(folded) is not None,
        wordless=not folded.isascii() and is_wordless(folded),
        loose=not entries[0].breaks and (len(entries) == 1 or not any(e.breaks for e in entries)),
    )


def _doubt(entry: Entry) -> tuple[bool, bool]:
    return entry.alias.doubt == "never", bool(entry.alias.doubt)


def _widen(lexicon: Lexicon, groups: dict[str, list[Entry]]) -> None:
    """Add the other forms of chemical names, where no substance has that form already."""
    listed = frozenset(groups)
    for alias, substance in lexicon.surfaces():
        if alias.doubt or alias.kind not in _CHEMICAL or not any(c in alias.text for c in _HAS_RULES):
            continue
        for form in equivalents(alias.text.lower(), substance.cls):
            folded = key(form)
            if folded not in listed and len(folded) > SHORT and folded not in groups:
                groups[folded] = [Entry(folded, alias, substance, form)]


def _is_short(group: tuple[Entry, ...]) -> bool:
    folded = group[0].key
    return folded.isalpha() and not is_wordless(folded) and not any(e.breaks for e in group)


def squeezed(text: str) -> str:
    """A name without separators, case kept."""
    return "".join(c for c in text if key(c))
