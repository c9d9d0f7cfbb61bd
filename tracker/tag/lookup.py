"""Thousands of words and phrases found in one pass: the shared engine behind classes, places and cues.

Only whole words count ("us" is not in "russia"); where two phrases overlap the longer one stands, then the earlier.
The fold is one character for one character, so every span is a span of the text as given.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import filterfalse
from operator import itemgetter
from pathlib import Path
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from ahocorasick_rs import AhoCorasick

from tracker.errors import LexiconError

T = TypeVar("T")
_START = itemgetter(0)  # of what was found
DATA = Path(__file__).parent / "data" / "facts"

# Hyphens, quotes and other marks between words are spaces here, so that "US-based", "(UK)" and "l'ANSM" open up.
_MARKS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\t\n\r\v\f«»“”„‘’‚‹›…·•–—―‐‑‒−→¿¡§°®™\u00a0\u200b\u2009\u202f"
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_ASCII_TABLE = {ord(mark): " " for mark in _MARKS if mark.isascii()}


@lru_cache(maxsize=2)  # title and text of the document at hand are asked for by several taggers in turn
def folded(text: str) -> str:
    """`text` in lower case with marks as spaces, one space in front and one behind, each character in its place + 1."""
    return _fold(text)


def _fold(text: str) -> str:
    low = text.lower()
    if low.isascii():
        return f" {low.translate(_ASCII_TABLE)} "
    if len(low) != len(text):  # İ alone grows when lowered
        low = "İ".join([part.lower() for part in text.split("İ")])
    for mark in _MARKS:  # far quicker than a table where not all is ASCII
        low = low.replace(mark, " ")
    return f" {low} "


def runs(text: str) -> set[str]:
    """The different words of `text` in lower case, among them all runs of two letters or more."""
    low = text.lower()
    if len(low) != len(text):
        return set(_LETTERS.findall(low))
    found = set(_fold(text).split())  # quicker than to search for them all: most are words as they stand
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
        self.patterns: list[str] = []
        self.uses: list[tuple[bool, T]] = []  # for each pattern whether it is a stem, and its value
        listed = list(entries)
        phrases = [phrase for phrase, _ in listed]
        folded_ = _fold("\0".join([phrase.removesuffix("*") for phrase in phrases]))[1:-1].split("\0")
        for phrase, pattern, (_, value) in zip(phrases, folded_, listed, strict=bool(listed)):
            if not (pattern := pattern.rstrip()):
                raise LexiconError(f"phrase {phrase!r} is empty once folded; give it letters or digits")
            self.patterns.append(" " + pattern)
            self.uses.append((phrase.endswith("*"), value))

    def all(self, text: str) -> list[Found[T]]:
        """Every whole-word occurrence, overlapping ones included, in order of their ends."""
        return self._alone.read(folded(text))[0]

    def find(self, text: str) -> list[Found[T]]:
        """Occurrences that do not overlap: the longest stands, then the first; in order of position."""
        return longest(self.all(text))

    @cached_property
    def _alone(self) -> _Search:
        return _Search([self])


class SharedTable(Table[T]):
    """A table that is asked about every text: all of them are searched in one pass."""

    def all(self, text: str) -> list[Found[T]]:
        """As of any table; what is returned is kept for the next to ask, and must not be changed."""
        found = _all_shared(text).get(id(self))
        return super().all(text) if found is None else found


def shared(load: Callable[[], SharedTable[T]]) -> _Loader[T]:
    """Make `load` the one loader of a table that is searched together with all others so made."""
    loader: _Loader[T] = lru_cache(maxsize=None)(load)
    _LOADERS.append(loader)
    return loader


class _Search:
    """Several tables as one automaton."""

    def __init__(self, tables: Sequence[Table[Any]]) -> None:
        uses: dict[str, list[tuple[int, bool, Any]]] = {}
        for number, table in enumerate(tables):
            for pattern, (stem, value) in zip(table.patterns, table.uses, strict=True):
                uses.setdefault(pattern, []).append((number, stem, value))
        self._uses = list(uses.values())
        self._tables = len(tables)
        self._search = AhoCorasick(list(uses)) if uses else None

    def read(self, low: str) -> list[list[Found[Any]]]:
        """For each table what it has in the folded text."""
        out: list[list[Found[Any]]] = [[] for _ in range(self._tables)]
        if self._search is None:
            return out
        uses = self._uses
        for index, start, end in self._search.find_matches_as_indexes(low, overlapping=True):
            if low[end] == " ":
                for number, _, value in uses[index]:
                    out[number].append(Found(start, end - 1, value))  # the space in front is text position start - 1
                continue
            goes_on = low[end].isalnum()
            for number, stem, value in uses[index]:
                if stem:
                    out[number].append(Found(start, low.find(" ", end) - 1, value))
                elif not goes_on:
                    out[number].append(Found(start, end - 1, value))
        return out


class _Loader(Protocol[T]):
    def __call__(self) -> SharedTable[T]: ...
    def cache_clear(self) -> None: ...


_LOADERS: list[_Loader[Any]] = []


@lru_cache(maxsize=4)  # title, text and its beginnings
def _all_shared(text: str) -> Mapping[int, list[Found[Any]]]:
    """What each shared table has in the text, by the table's identity."""
    tables, search = _shared_search()
    return dict(zip(map(id, tables), search.read(folded(text)), strict=True))


@lru_cache(maxsize=1)
def _shared_search() -> tuple[list[SharedTable[Any]], _Search]:
    tables = [load() for load in _LOADERS]
    return tables, _Search(tables)


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
    path = DATA / name
    with path.open(encoding="utf-8", newline="") as handle:
        reader = csv.reader(handle)
        header = next(reader, [])
        if header != list(columns):
            raise LexiconError(f"{name}: the header must be {','.join(columns)}; it is {','.join(header)}")
        for cells in reader:
            if len(cells) != len(header) or not cells[0].strip():
                raise LexiconError(f"{name} line {reader.line_num}: give every column, {columns[0]} not empty")
            yield dict(zip(header, cells, strict=True))


def checked(name: str, line: str, field: str, value: str, allowed: Callable[[str], bool] | Container[str]) -> str:
    """`value` when it is allowed, else an error that names file, row and field."""
    fine = allowed(value) if callable(allowed) else value in allowed
    if not fine:
        raise LexiconError(f"{name} row {line!r}: {field} {value!r} is not one that the program knows")
    return value
