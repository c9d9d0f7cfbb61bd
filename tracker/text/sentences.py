"""Sentence spans of a text: exact offsets, linear time.

A line break ends a sentence (headings, table rows and list items stand on lines of their own), unless the line is
wrapped prose. List marks ("•", "-", "3)") are no part of the sentence. Within a line a full stop ends a sentence when
what follows looks like a beginning and what precedes is neither abbreviation, initial nor ordinal; the abbreviations
are data (`data/abbreviations.txt`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_ABBREVIATIONS = Path(__file__).parent / "data" / "abbreviations.txt"
LONGEST = 1500  # code points; what is longer is cut at a space, so that evidence stays readable

_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_MARK = re.compile(
    r"(?:[-–—•*·▪◦‣●○■□➢✓✔►>‐⁃∙]+(?=\s)|[•●▪■►➢✓✔‣◦]+|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})\)|(?:\d{1,2}|[a-zA-F])\.|\([A-TV-Z]\))\s*"
)
_STOP = re.compile("[.!?…]+(?![\\d,;])")
_STOP_ANY = re.compile("[.!?…。！？؟۔।]+")
_CLOSING = frozenset("\"'”’»)]›“*§」』）")
_NOTE = re.compile(r"\[\d{1,3}(?:[,–-]\d{1,3})*\]")  # "… end.[12] Next"
_FULL = frozenset("。！？؟۔।")  # need no space behind them
_OPENING = "\"'“”„«»‘’‚‹›([¿¡*–—- \t\xa0"
_ORDINAL_LANGUAGES = frozenset(
    ("de", "da", "no", "nb", "nn", "fi", "sv", "cs", "sk", "pl", "hu", "is", "hr", "sl", "sr", "et", "lv", "lt", "tr")
)
_LETTERED = frozenset(
    ("schedule", "class", "type", "part", "group", "list", "table", "vitamin", "annex", "category", "tier", "phase")
)
_NUMBERED = frozenset(("no", "nos", "nr", "art", "set"))  # words, unless a number follows
_LATIN = frozenset(("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "pl", "cs", "fi", "hu", "is", "ru"))
_BEGINNERS = frozenset(
    ("the", "a", "an", "it", "in", "this", "that", "these", "he", "she", "they", "we", "i", "there", "on", "at", "but",
     "and", "if", "when", "for", "as", "after", "its", "their")
)  # fmt: skip
_NO_START = frozenset(".,;:!?)]}%")


def sentences(text: str, language: str | None = None) -> list[tuple[int, int]]:
    """Spans (start, end) of the sentences of `text`, in order, trimmed, each with at least one letter or digit."""
    found: list[tuple[int, int]] = []
    for start, end in _lines(text):
        for a, b in _cut(text, start, end, language):
            if b - a > LONGEST:
                found.extend(_bounded(text, a, b))
            elif b > a and (text[a].isalnum() or any(map(str.isalnum, text[a:b]))):
                found.append((a, b))
    return found


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Lines without their list mark; lines of wrapped prose are joined with what goes on below them."""
    begin = last = -1
    for match in _LINE.finditer(text):
        start, end = match.span()
        if text[start].isspace() or text[end - 1].isspace():
            start, end = _trim(text, start, end)
        if start == end:
            continue
        if begin >= 0 and _wrapped(text, begin, last, match, start):
            last = end
            continue
        if begin >= 0:
            yield begin, last
        mark = _MARK.match(text, start, end)
        if mark and mark.end() < end:
            start = mark.end()
        begin, last = start, end
    if begin >= 0:
        yield begin, last


def _wrapped(text: str, begin: int, last: int, line: re.Match[str], start: int) -> bool:
    """Whether the line goes on the sentence of the line just above: a long line without an end, then a small letter."""
    if not text[start].islower() or last - begin < 60 or text[last - 1] in ".!?:;…" or line.start() - last > 3:
        return False
    return text.count("\n", last, line.start()) <= 1 and not text.startswith("http", start)


def _cut(text: str, start: int, end: int, language: str | None) -> Iterator[tuple[int, int]]:
    begin = start
    for match in (_STOP if language in _LATIN else _STOP_ANY).finditer(text, start, end):
        stop, after = match.span()
        while after < end and text[after] in _CLOSING:
            after += 1
        if after < end and text[after] == "[" and (note := _NOTE.match(text, after, end)):
            after = note.end()
        if after >= end:
            break
        if _ends(text, begin, stop, after, end, language):
            yield begin, after
            begin = after
            while text[begin].isspace():  # the line does not end in a space
                begin += 1
    yield begin, end


def _ends(text: str, begin: int, stop: int, after: int, end: int, language: str | None) -> bool:
    """Whether the mark at `stop`, with what closes behind it up to `after`, ends the sentence that began at `begin`."""
    mark = text[stop]
    if mark in _FULL:
        return True
    if not text[after].isspace():  # only "word.Next", never "www.Site" or "Node.JS"
        return after == stop + 1 and mark == "." and _glued(text, stop, after, end)
    limit = min(end, after + 8)
    while after < limit and text[after] in _OPENING:
        after += 1
    if after >= end or text[after].islower() or text[after] in _NO_START:
        return False
    return mark != "." or text[stop + 1] == "." or not _abbreviated(text, begin, stop, after, language)


def _glued(text: str, stop: int, after: int, end: int) -> bool:
    if not (text[after].isupper() and after + 1 < end and text[after + 1].islower() and stop >= 2):
        return False
    word = text[max(0, stop - 40) : stop].rpartition(" ")[2]
    return (
        word[-2:].isalpha()
        and word[-2:].islower()
        and not word.lower().endswith("www")
        and not any(c in word for c in "/@.\\_")
    )


def _abbreviated(text: str, begin: int, stop: int, after: int, language: str | None) -> bool:
    """Whether the full stop at `stop` belongs to an abbreviation, an initial or an ordinal."""
    before = text[max(begin, stop - 24) : stop].rsplit(None, 1)
    word = before[-1].lstrip(_OPENING).lower() if before else ""
    if not word:
        return False
    always, unless_capital = _abbreviations(language)
    if word in always:
        return word not in _NUMBERED or text[after].isdigit()
    if word in unless_capital or (len(word) >= 3 and "." in word and all(len(part) == 1 for part in word.split("."))):
        return not _begins(text, after)
    if len(word) == 1 and word.isalpha():
        return _before_that(text, begin, stop - 1) not in _LETTERED
    return word.isdigit() and len(word) <= 2 and language in _ORDINAL_LANGUAGES


def _before_that(text: str, begin: int, stop: int) -> str:
    return text[max(begin, stop - 20) : stop].rstrip().rpartition(" ")[2].lower()


def _begins(text: str, after: int) -> bool:
    """Whether a word that commonly begins a sentence stands at `after` ("the U.S. The …", not "U.S. Customs")."""
    return re.split(r"\W", text[after : after + 12], maxsplit=1)[0].lower() in _BEGINNERS


def _bounded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The span, in pieces of at most LONGEST, without what has no letter or digit."""
    while end - start > LONGEST:
        space = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
        stop = space if space > 0 else start + LONGEST
        piece = _trim(text, start, stop)
        if any(map(str.isalnum, text[piece[0] : piece[1]])):
            yield piece
        start, end = _trim(text, stop, end)
    if any(map(str.isalnum, text[start:end])):
        yield start, end


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    if start < end and (text[start].isspace() or text[end - 1].isspace()):
        piece = text[start:end].rstrip()
        end = start + len(piece)
        start = end - len(piece.lstrip())
    return start, end


@cache
def _abbreviations(language: str | None) -> tuple[frozenset[str], frozenset[str]]:
    """Abbreviations that never end a sentence, and those that do before a beginning, for one language."""
    always: set[str] = set()
    maybe: set[str] = set()
    for line in _ABBREVIATIONS.read_text("utf-8").splitlines():
        key, colon, words = line.partition(":")
        if not colon or line.startswith("#"):
            continue
        name, _, flag = key.partition(" ")
        if name in ("*", language or "en"):
            (maybe if flag else always).update(words.split())
    return frozenset(always - maybe), frozenset(maybe)
