"""Thousands of words and phrases found in one pass: the shared engine behind classes, places and cues.

Only whole words count ("us" is not in "russia"); where two phrases overlap the longer one stands, then the earlier.
The fold is one character for one character, so every span is a span of the text as given.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from itertools import accumulate, filterfalse
from operator import itemgetter
from pathlib import Path
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from ahocorasick_rs import AhoCorasick

from tracker.errors import LexiconError
from tracker.text import charset

T = TypeVar("T")
_Matches = list[tuple[int, int, int]]
_new: Any = tuple.__new__  # makes a named tuple without the way through Python
_START = itemgetter(0)  # of what was found
DATA = Path(__file__).parent / "data" / "facts"
READ = 20_000  # characters of a text that shared tables are asked about: what it is of stands in front

_LETTERS = re.compile(r"[^\W\d_]{2,}")


@lru_cache(maxsize=4)  # title and text of the document at hand are asked for by several taggers in turn
def folded(text: str) -> str:
    """`text` in lower case with marks as spaces, one space in front and one behind, each character in its place + 1."""
    return f" {_fold(text)} "


def _closely(text: str) -> str:
    low = text.lower()
    if len(low) != len(text):  # İ alone grows when lowered
        low = "İ".join([part.lower() for part in text.split("İ")])
    for mark in filter(_is_mark, set(low)):
        low = low.replace(mark, " ")
    return low


_fold = charset.TableFold(_closely)


@cache
def _is_mark(char: str) -> bool:
    """Hyphens, quotes, symbols and the like are spaces here, so that "US-based", "(UK)" and "l'ANSM" open up."""
    return not char.isalnum() and char != "\0" and unicodedata.category(char)[0] != "M"  # accents may stand alone


def runs(text: str) -> set[str]:
    """The different words of `text` in lower case, among them all runs of two letters or more."""
    if charset.encode(text) is None and len(low := text.lower()) != len(text):
        return set(_LETTERS.findall(low))
    found = set(folded(text).split())  # quicker than to search for them all: most are words as they stand
    found.update(_LETTERS.findall(" ".join(filterfalse(str.isalpha, found))))
    return found


def letter_words(text: str) -> set[str]:
    """The different runs of two letters or more, in lower case."""
    return {word for word in runs(text) if len(word) > 1 and word.isalpha()}


class Found(NamedTuple, Generic[T]):
    """One phrase at [start:end] of the text, with what the table says of it."""

    start: int
    end: int
    value: T


class Table(Generic[T]):
    """Phrases with a value each. A phrase that ends in `*` is a stem: any letters may follow it in the same word."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        listed = list(entries)
        phrases = [phrase for phrase, _ in listed]
        stems = [phrase.endswith("*") for phrase in phrases]
        together = "\0".join([phrase[:-1] if stem else phrase for phrase, stem in zip(phrases, stems, strict=True)])
        folded_ = map(str.rstrip, _fold(together).split("\0") if listed else [])
        self.patterns: list[str] = [" " + pattern for pattern in folded_]
        # for each pattern whether it is a stem, and its value
        self.uses: list[tuple[bool, T]] = [(stem, value) for stem, (_, value) in zip(stems, listed, strict=True)]
        if " " in self.patterns:
            phrase = phrases[self.patterns.index(" ")]
            raise LexiconError(f"phrase {phrase!r} is empty once folded; give it letters or digits")

    def all(self, text: str) -> list[Found[T]]:
        """Every whole-word occurrence, overlapping ones included, in order of their ends."""
        return self._found(text, self._alone.matches(folded(text))[0])

    def _found(self, text: str, matches: _Matches) -> list[Found[T]]:
        uses, out = self.uses, []
        for index, start, end in matches:
            stem, value = uses[index]  # the space in front of `start` is no character of the text
            out.append(_new(Found, (start, folded(text).find(" ", end) - 1 if stem else end - 2, value)))
        return out

    def find(self, text: str) -> list[Found[T]]:
        """Occurrences that do not overlap: the longest stands, then the first; in order of position."""
        return longest(self.all(text))

    @cached_property
    def _alone(self) -> _Search:
        return _Search([self])


class SharedTable(Table[T]):
    """A table that is asked about every text: all of them are searched in one pass."""

    def all(self, text: str) -> list[Found[T]]:
        """As of any table."""
        number = _shared_search().number_of.get(id(self))
        return super().all(text) if number is None else self._found(text, _shared_matches(text)[number])

    def begin(self, text: str, length: int) -> list[Found[T]]:
        """What `find` gives of the first `length` characters, at most `READ`, without another pass over them."""
        found = self.all(text[:READ])
        return longest(found if len(text) <= length else [f for f in found if f[1] <= length])


def shared(load: Callable[[], SharedTable[T]]) -> _Loader[T]:
    """Make `load` the one loader of a table that is searched together with all others so made."""
    loader: _Loader[T] = lru_cache(maxsize=None)(load)
    _LOADERS.append(loader)
    return loader


class _Search:
    """Several tables as one automaton."""

    def __init__(self, tables: Sequence[Table[Any]]) -> None:
        patterns = [
            pattern if stem else f"{pattern} "
            for table in tables
            for pattern, (stem, _) in zip(table.patterns, table.uses, strict=True)
        ]
        self._search = AhoCorasick(patterns) if patterns else None
        self._tables = tables  # kept, so that no other gets the identity of one of them
        self.number_of = {id(table): number for number, table in enumerate(tables)}
        self._table = bytes(number for number, table in enumerate(tables) for _ in table.patterns)  # of each pattern
        self._first = [0, *accumulate(len(table.patterns) for table in tables)]  # pattern of each table

    def matches(self, low: str) -> list[_Matches]:
        """For each table number and ends of its patterns in the folded text."""
        out: list[_Matches] = [[] for _ in self._tables]
        if self._search is not None:
            table, first = self._table, self._first
            for index, start, end in self._search.find_matches_as_indexes(low, overlapping=True):
                number = table[index]
                out[number].append((index - first[number], start, end))
        return out


class _Loader(Protocol[T]):
    def __call__(self) -> SharedTable[T]: ...
    def cache_clear(self) -> None: ...


_LOADERS: list[_Loader[Any]] = []


@lru_cache(maxsize=4)  # title, text and its beginnings
def _shared_matches(text: str) -> list[_Matches]:
    return _shared_search().matches(folded(text))


@lru_cache(maxsize=1)
def _shared_search() -> _Search:
    return _Search([load() for load in _LOADERS])


def longest(found: Sequence[Found[T]]) -> list[Found[T]]:
    """Of overlapping finds the longest stands, then the first."""
    taken: list[Found[T]] = []
    last_start = last_end = -1
    for item in sorted(found, key=_START):
        start, end, _ = item
        if start >= last_end:
            taken.append(item)
        elif end - start > last_end - last_start:
            taken[-1] = item
        else:
            continue
        last_start, last_end = start, end
    return taken


def rows(name: str, columns: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """The rows of a data file; a wrong header, missing cell or empty first cell is an error naming the line."""
    return (dict(zip(columns, row, strict=True)) for row in cells(name, columns))


def cells(name: str, columns: Sequence[str]) -> Iterator[list[str]]:
    """As `rows`, each as the list of its cells: quicker for files of thousands."""
    path = DATA / name
    with path.open(encoding="utf-8", newline="") as handle:
        reader = csv.reader(handle)
        header = next(reader, [])
        if header != list(columns):
            raise LexiconError(f"{name}: the header must be {','.join(columns)}; it is {','.join(header)}")
        for row in reader:
            if len(row) != len(header) or not row[0].strip():
                raise LexiconError(f"{name} line {reader.line_num}: give every column, {columns[0]} not empty")
            yield row


def checked(name: str, line: str, field: str, value: str, allowed: Callable[[str], bool] | Container[str]) -> str:
    """`value` when it is allowed, else an error that names file, row and field."""
    fine = allowed(value) if callable(allowed) else value in allowed
    if not fine:
        raise LexiconError(f"{name} row {line!r}: {field} {value!r} is not one that the program knows")
    return value
