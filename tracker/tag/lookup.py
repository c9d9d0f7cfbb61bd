"""Thousands of words and phrases found in one pass: the shared engine behind classes, places and cues.

Only whole words count ("us" is not in "russia"); where two phrases overlap the longer one stands, then the earlier.
The fold is one character for one character, so every span is a span of the text as given.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from ahocorasick_rs import AhoCorasick

from tracker.errors import LexiconError

T = TypeVar("T")
DATA = Path(__file__).parent / "data" / "facts"

# Hyphens, quotes and other marks between words are spaces here, so that "US-based", "(UK)" and "l'ANSM" open up.
_MARKS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\t\n\r\v\f«»“”„‘’‚‹›…·•–—―‐‑‒−→¿¡§°®™\u00a0\u200b\u2009\u202f"
_TABLE = {ord(mark): " " for mark in _MARKS}


@lru_cache(maxsize=2)  # title and text of the document at hand are asked for by several taggers in turn
def folded(text: str) -> str:
    """`text` in lower case with marks as spaces, one space in front and one behind, each character in its place + 1."""
    return _fold(text)


def _fold(text: str) -> str:
    low = text.lower()
    if len(low) != len(text):  # a few capitals (İ) grow when lowered
        low = "".join(small if len(small := char.lower()) == 1 else char for char in text)
    return f" {low.translate(_TABLE)} "


class Found(NamedTuple, Generic[T]):
    """One phrase at [start:end] of the text, with what the table says of it."""

    start: int
    end: int
    value: T


class Table(Generic[T]):
    """Phrases with a value each. A phrase that ends in `*` is a stem: any letters may follow it in the same word."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._stem: list[bool] = []
        self._values: list[T] = []
        patterns: list[str] = []
        for phrase, value in entries:
            stem = phrase.endswith("*")
            pattern = _fold(phrase[:-1] if stem else phrase).rstrip()
            if len(pattern) < 2:
                raise LexiconError(f"phrase {phrase!r} is empty once folded; give it letters or digits")
            patterns.append(pattern)
            self._stem.append(stem)
            self._values.append(value)
        self._search = AhoCorasick(patterns) if patterns else None

    def all(self, text: str) -> list[Found[T]]:
        """Every whole-word occurrence, overlapping ones included, in order of their ends."""
        if self._search is None:
            return []
        low = folded(text)
        out: list[Found[T]] = []
        for index, start, end in self._search.find_matches_as_indexes(low, overlapping=True):
            if low[end] != " ":
                if low[end].isalnum() and not self._stem[index]:
                    continue
                if self._stem[index]:
                    end = low.find(" ", end)
            out.append(Found(start, end - 1, self._values[index]))  # the space in front is text position start - 1
        return out

    def find(self, text: str) -> list[Found[T]]:
        """Occurrences that do not overlap: the longest stands, then the first; in order of position."""
        return longest(self.all(text))


def longest(found: Sequence[Found[T]]) -> list[Found[T]]:
    """Of overlapping finds the longest stands, then the first."""
    taken: list[Found[T]] = []
    for item in sorted(found, key=lambda f: (f.start, f.start - f.end)):
        if taken and item.start < taken[-1].end:
            if item.end - item.start > taken[-1].end - taken[-1].start:
                taken[-1] = item
            continue
        taken.append(item)
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
