"""Words that speak for a theme or for an assertion, found in one pass over a document.

The words are data that an analyst edits: `data/themes/cues.csv` (theme, concept, strength 0-3, language, cues) and
`data/themes/assertion.csv` (kind, theme, language, cues). Cues are separated by "|"; a star at an end stands for any
letters ("overdos*", "*tote"). Case and accents do not count. A cue inside a phrase of the theme `mask` is no cue (a
"randomized controlled trial" controls no drug). Each document is read with the cues of its own language; languages
without cues are read with the English ones.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from ahocorasick_rs import AhoCorasick

from tracker.errors import LexiconError
from tracker.model import Theme
from tracker.text import charset

if TYPE_CHECKING:
    from tracker.tag.view import View

DATA = Path(__file__).parent / "data" / "themes"
THEMES: tuple[Theme, ...] = get_args(Theme)
KINDS = (
    "negation", "negation_after", "pseudo", "hypothetical", "hypothetical_after", "can", "end", "historical", "other",
    "comparison", "panel", "schedule", "reference", "decides_negated", "decides_hypothetical", "decides_affirmed",
)  # fmt: skip
# Languages that share a set of cues, or are read with those of a near relative.
_SAME = {
    "nb": "no", "nn": "no", "sr": "hr", "bs": "hr", "sk": "cs", "uk": "ru", "be": "ru", "bg": "ru", "mk": "ru",
    "ca": "es", "gl": "es", "lb": "de", "af": "nl",
}  # fmt: skip
_new: Any = tuple.__new__  # makes a named tuple without the way through Python
_MARKS = "!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~\t\n\r\v\f\x1c\x1d\x1e\x85"
_TABLE = {ord(mark): " " for mark in _MARKS}
_ODD = re.compile(r"[^\x00-\x7f\u0430-\u044f]")
_LETTERS = str.maketrans({"ß": "s", "ø": "o", "æ": "a", "ł": "l", "đ": "d", "ı": "i", "œ": "o", "ð": "d", "þ": "t"})


class Concept(NamedTuple):
    """A named group of cues: it speaks for `theme` with `strength` (3 says it, 2 likely, 1 a hint, 0 context)."""

    theme: str
    name: str
    strength: int

    @property
    def key(self) -> str:
        """`theme.name`, how models and rules call it."""
        return f"{self.theme}.{self.name}"


class Marker(NamedTuple):
    """A cue of assertion: what it does (`kind`) and, where it holds for one theme alone, for which."""

    kind: str
    theme: str


class Cue(NamedTuple):
    """A cue found: [start:end] of the field, and its meaning's index in `Vocabulary.meanings`."""

    start: int
    end: int
    meaning: int


@dataclass(frozen=True, slots=True, eq=False)  # one object a language: it is its own key in caches
class Vocabulary:
    """All cues of one language, ready to search. `meanings` has each Concept or Marker once; the rest goes by index."""

    search: AhoCorasick
    of_pattern: tuple[tuple[int, ...], ...]
    edges: tuple[tuple[int, int], ...]  # of each pattern: from its ends in the folded text to those of the cue
    meanings: tuple[Concept | Marker, ...]
    mask: frozenset[int]  # patterns that hide the cues inside them
    is_concept: tuple[bool, ...]
    theme: tuple[int, ...]  # place in THEMES, -1 for none
    strength: tuple[int, ...]

    def matches(self, text: str) -> Sequence[tuple[int, int, int]]:
        """Patterns in `text` with their ends in the folded text, those inside a masking phrase left out."""
        found = self.search.find_matches_as_indexes(fold(text), overlapping=True)
        masks = sorted([(start, end) for pattern, start, end in found if pattern in self.mask])
        if not masks:
            return found
        whole = set(masks)  # a cue as long as the mask stays: "sold as incense" tells of a sale and of nothing else
        starts = [start for start, _ in masks]
        reach = list(accumulate((end for _, end in masks), max))  # how far the masks up to this one go
        out = []
        for match in found:
            _, start, end = match
            before = bisect_right(starts, start)
            if not before or end > reach[before - 1] or (start, end) in whole:
                out.append(match)
        return out

    def find(self, text: str) -> list[Cue]:
        """Cues in `text`, those inside a masking phrase left out, in order of their ends."""
        out = []
        of_pattern, edges = self.of_pattern, self.edges
        for pattern, start, end in self.matches(text):
            front, back = edges[pattern]
            for meaning in of_pattern[pattern]:
                out.append(Cue(start - front, end - back, meaning))
        return out


def fold(text: str) -> str:
    """`text` in lower case without accents, marks as spaces, a space at both ends; character i stands at i + 1."""
    return f" {_fold(text)} "


def _closely(text: str) -> str:
    low = text.lower()
    if len(low) != len(text):  # İ alone grows when lowered
        low = "İ".join([part.lower() for part in text.split("İ")])
    if not low.isascii():
        low = _ODD.sub(lambda m: _plain(m.group()), low)
    return low.translate(_TABLE)


_fold = charset.TableFold(_closely)


@cache
def _plain(char: str) -> str:
    """One character for one: the letter without its accent, a space for punctuation and symbols."""
    base = unicodedata.normalize("NFKD", char)[0].translate(_LETTERS).lower()[:1]
    return base if base.isalnum() or base in "%£€" else " "


def relative(language: str | None) -> str:
    """The language whose cues a text in `language` is read with: its own, or those of a near relative; English for
    none."""
    return _SAME.get(language or "en", language or "en")


@cache
def vocabulary(language: str | None) -> Vocabulary:
    """The cues for texts in `language`; the English ones where there are none for it."""
    language = relative(language)
    rows = _rows()
    if language not in rows:
        language = "en"
    patterns: dict[str, list[int]] = {}
    meanings: dict[Concept | Marker, int] = {}
    of_cue = [meaning for meaning, cues in rows[language] for _ in cues]
    for meaning, pattern in zip(of_cue, _patterns([c for _, cues in rows[language] for c in cues]), strict=True):
        number = meanings.setdefault(meaning, len(meanings))
        numbers = patterns.setdefault(pattern, [])
        if number not in numbers:
            numbers.append(number)
    found = tuple(meanings)
    mask = frozenset(i for i, (_, ms) in enumerate(patterns.items()) if any(found[m][0] == "mask" for m in ms))
    concepts_only = [m if isinstance(m, Concept) else None for m in found]
    return Vocabulary(
        search=AhoCorasick(list(patterns)),
        of_pattern=tuple(map(tuple, patterns.values())),
        edges=tuple((int(p[0] != " "), 1 + (p[-1] == " ")) for p in patterns),
        meanings=found,
        mask=mask,
        is_concept=tuple(c is not None for c in concepts_only),
        theme=tuple(THEMES.index(c.theme) if c and c.theme in THEMES else -1 for c in concepts_only),
        strength=tuple(c.strength if c else 0 for c in concepts_only),
    )


def speaks_of_drugs(text: str, language: str | None) -> bool:
    """Whether `text` has one of the words of `general,drug`: where no drug is named, they let themes be looked for."""
    return bool(_drug_words(language).find_matches_as_indexes(fold(text)))


@cache
def _drug_words(language: str | None) -> AhoCorasick:
    language = relative(language)
    rows = _rows().get(language) or _rows()["en"]
    return AhoCorasick(_patterns([cue for meaning, cues in rows if meaning[:2] == ("general", "drug") for cue in cues]))


def languages() -> frozenset[str]:
    """Languages with cues of their own."""
    return frozenset(_rows())


def concepts() -> tuple[Concept, ...]:
    """Every concept of any language, masks left out, in the order of the file."""
    found = dict.fromkeys(m for rows in _rows().values() for m, _ in rows if isinstance(m, Concept))
    return tuple(c for c in found if c.theme != "mask")


def _patterns(cues: Sequence[str]) -> list[str]:
    """The cues as they are searched: folded, with a space where a word must begin or end."""
    cores = fold("\0".join([cue.strip("*") for cue in cues])).split("\0")  # at once, which is far quicker
    return [
        ("" if cue[0] == "*" else " ") + core.strip() + ("" if cue[-1] == "*" else " ")
        for cue, core in zip(cues, cores, strict=bool(cues))
    ]


@cache
def _rows() -> Mapping[str, list[tuple[Concept | Marker, list[str]]]]:
    """Language -> (meaning, cues), English first. Raises LexiconError for the first row that makes no sense."""
    found: dict[str, list[tuple[Concept | Marker, list[str]]]] = {"en": []}
    strengths: dict[str, int] = {}
    for where, row in _read("cues.csv", ("theme", "concept", "strength", "language", "cues")):
        theme = row["theme"]
        if theme not in THEMES and theme not in ("general", "mask"):
            raise LexiconError(f"{where}: unknown theme {theme!r}; use one of {', '.join(THEMES)}, general, mask")
        if row["strength"] not in ("0", "1", "2", "3"):
            raise LexiconError(f"{where}: strength {row['strength']!r} must be 0, 1, 2 or 3")
        concept = Concept(theme, row["concept"], int(row["strength"]))
        if strengths.setdefault(concept.key, concept.strength) != concept.strength:
            raise LexiconError(f"{where}: {concept.key} has strength {strengths[concept.key]} in a row above")
        found.setdefault(row["language"], []).append((concept, _cues(where, row["cues"])))
    for where, row in _read("assertion.csv", ("kind", "theme", "language", "cues")):
        if row["kind"] not in KINDS:
            raise LexiconError(f"{where}: unknown kind {row['kind']!r}; use one of {', '.join(KINDS)}")
        if bool(row["theme"]) != row["kind"].startswith("decides") or (row["theme"] and row["theme"] not in THEMES):
            raise LexiconError(f"{where}: a kind that decides needs a theme, the others have none: {row['theme']!r}")
        marker = Marker(row["kind"], row["theme"])
        found.setdefault(row["language"], []).append((marker, _cues(where, row["cues"])))
    return found


def _read(name: str, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    path = DATA / name
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        if tuple(next(reader, ())) != columns:
            raise LexiconError(f"{path}: the columns must be {', '.join(columns)}")
        for cells in filter(None, reader):
            where = f"{path}, line {reader.line_num}"
            if len(cells) != len(columns):
                raise LexiconError(f"{where}: the row must have {len(columns)} fields")
            yield where, dict(zip(columns, cells, strict=True))


def _cues(where: str, cell: str) -> list[str]:
    cues = [*map(str.strip, cell.split("|"))]
    for cue in cues:
        if not cue[:1].isalpha() and not fold(cue.strip("*")).strip():
            raise LexiconError(f"{where}: an empty cue between two bars; remove it")
        if "*" in cue and "*" in cue.strip("*"):
            raise LexiconError(f"{where}: {cue!r} has a star inside; a star may stand at the ends only")
    return cues


class Said(NamedTuple):
    """What a sentence holds: cues of concepts, and cues of assertion, each in order of their ends."""

    concepts: list[Cue]
    marks: list[Cue]


@dataclass(frozen=True, slots=True)
class Scan:
    """The cues of a document: for each sentence of the view, in order, those that begin in it."""

    vocabulary: Vocabulary
    sentences: list[Said]


@cache
def _shapes(words: Vocabulary) -> list[tuple[int, int, tuple[int, ...], tuple[int, ...]]]:
    """Of each pattern the edges, its meanings that are concepts, and those that are marks."""
    of = words.is_concept
    return [
        (front, back, tuple(m for m in meanings if of[m]), tuple(m for m in meanings if not of[m]))
        for (front, back), meanings in zip(words.edges, words.of_pattern, strict=True)
    ]


_last: list[tuple[View, Scan]] = []  # assertion and themes ask for the same view in turn


def scan(view: View) -> Scan:
    """The cues of both fields, by sentence; spans are those of the field."""
    if _last and _last[0][0] is view:
        return _last[0][1]
    words = vocabulary(view.language)
    shapes = _shapes(words)
    said: list[Said] = [_new(Said, ([], [])) for _ in view.sentences]
    first = 0
    for field, text in (("title", view.title), ("text", view.text)):
        starts = [s.start for s in view.sentences if s.field == field]
        if not starts:
            continue
        for pattern, start, end in words.matches(text):
            front, back, concepts_, marks = shapes[pattern]
            start -= front
            at = bisect_right(starts, start) - 1
            if at >= 0:
                told = said[first + at]
                end -= back
                for meaning in concepts_:
                    told[0].append(_new(Cue, (start, end, meaning)))
                for meaning in marks:
                    told[1].append(_new(Cue, (start, end, meaning)))
        first += len(starts)
    result = Scan(words, said)
    _last[:] = [(view, result)]
    return result
