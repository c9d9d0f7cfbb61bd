"""Foldings used for finding names, with a map back to the original offsets. Stored text is never changed.

`fold` lowers case, takes accents and look-alike characters away, spells Greek letters and leaves out white space,
hyphens and invisible characters, so that "4‑CMC", "4 cmc" and "4-\\nCMC" are one string. What a match means at its
place (was there a space? a line break?) is the caller's to check in the original.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import accumulate, compress
from typing import TYPE_CHECKING, NamedTuple

from tracker.text import charset

if TYPE_CHECKING:
    from collections.abc import Sequence

GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ψ": "psi", "ω": "omega", "λ": "lambda",
}  # fmt: skip
HYPHENS = "-\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63\uff0d\u00b7\u2027\u05be"
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2061\u2062\u2063"
PRIMES = "'’‘′`´ʹʼ＇‛"
_SPACES = " \t\n\r\f\v\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_SPECIAL = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "″": "''",
    "“": '"', "”": '"', "„": '"',
}  # fmt: skip

_ASCII: dict[str, str] = {chr(c): chr(c).lower() for c in range(128)}
_ASCII.update({c: "" for c in _SPACES + "-" if c < "\x80"} | {"`": "'"})
_ASCII_TABLE = str.maketrans({c: folded or None for c, folded in _ASCII.items()})  # None, not "": the quick way of str
_ASCII_GAP = re.compile(r"[\s-]+")
_NOWHERE = frozenset[int]()
_SEVERAL = re.compile(rb"[\x02-\xff]")
_ODD = re.compile(r"[^\x00-\x7f]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")  # stand for lengths below
_KEPT = bytes(bool(_ASCII[chr(c)]) for c in range(128)) + bytes(128)
_KEPT_OR_COUNT = bytes(c if c < 32 and _ASCII[chr(c)] else _KEPT[c] for c in range(256))
_NUMBERS = list(range(10_000))  # made once: most texts are shorter


class Folded(NamedTuple):
    """A folded text and what it was made from."""

    text: str
    original: str
    encoded: bytes | None = None  # the original by `charset`, where that can be
    lengths: bytes | None = None  # of each character how many folded ones it became, where that is known

    def starts(self) -> list[int]:
        """The offset in the original of each folded character; one more for the end."""
        original = self.original
        kept = self._kept()
        numbers: Sequence[int] = _NUMBERS if len(kept) <= len(_NUMBERS) else range(len(kept))
        places: list[int] = []
        at = 0
        plain = kept.count(0) + kept.count(1) == len(kept)
        for match in () if plain else _SEVERAL.finditer(kept):  # ligatures, Greek letters: one character became several
            here = match.start()
            places += compress(numbers[at:here], kept[at:here])
            places += [here] * kept[here]
            at = here + 1
        places += compress(numbers[at : len(kept)], kept[at:]) if at else compress(numbers, kept)
        places.append(len(original))
        return places

    def _kept(self) -> bytes:
        if self.lengths is not None:
            return self.lengths
        return _lengths(self.original) if self.encoded is None else self.encoded.translate(_tables().lengths)


def _lengths(original: str) -> bytes:
    """For each character how many folded ones it became."""
    if original.isascii():
        return original.encode("ascii").translate(_KEPT)
    if _CONTROL.search(original):
        return original.translate(_LENGTHS).encode("latin-1")
    for char in set(_ODD.findall(original)):
        length = _LENGTHS[ord(char)]
        if length != 1:  # put in a sign for its length; what stays is one for one
            original = original.replace(char, chr(length) if length else "-")
    return original.encode("ascii", "replace").translate(_KEPT_OR_COUNT)


class _Table(dict[int, str | None]):
    """Folded form of each character, worked out when it is first met. None leaves it out."""

    def __missing__(self, code: int) -> str | None:
        self[code] = folded = _folded(chr(code)) or None
        return folded


class _Lengths(dict[int, int]):
    """Number of folded characters of each character."""

    def __missing__(self, code: int) -> int:
        self[code] = length = len(_TABLE[code] or "")
        return length


def _folded(char: str) -> str:
    if char in _ASCII:
        return _ASCII[char]
    if char in INVISIBLE or char in HYPHENS or char in _SPACES:
        return ""
    if char in PRIMES:
        return "'"
    lower = char.lower()
    if lower in GREEK or lower in _SPECIAL:
        return GREEK.get(lower) or _SPECIAL[lower]
    plain = unicodedata.normalize("NFKD", char).lower()
    if plain == char:
        if charset.is_symbol(char):
            return charset.SYMBOL
        return char if not unicodedata.combining(char) else ""
    kept = (c for c in plain if not unicodedata.combining(c) and c not in _SPACES and c not in HYPHENS)
    return "".join(GREEK.get(c) or _SPECIAL.get(c, c) for c in kept)


_TYPESET = (("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"'), ("–", "-"), ("—", "-"), ("\u2011", "-"), ("\u00a0", " "))
_TABLE = _Table()
_LENGTHS = _Lengths()


def _fold_char(char: str) -> str:
    return _TABLE[ord(char)] or ""


class _Tables(NamedTuple):
    """How encoded texts fold: character for character, which are left out, which become several, how many each."""

    single: bytes
    gone: bytes
    several: list[tuple[bytes, bytes]]
    lengths: bytes


@cache
def _tables() -> _Tables:
    folded = charset.each(_fold_char)
    single, several = bytearray(range(256)), []
    for place, became in folded.items():
        if len(became) == 1:
            single[place : place + 1] = charset.encode(became) or b""
        elif became:
            several.append((bytes((place,)), became.encode("ascii")))
    gone = bytes(place for place, became in folded.items() if not became)
    return _Tables(bytes(single), gone, several, bytes(map(len, folded.values())))


def fold(text: str) -> Folded:
    """The text as names are compared, with the way back. Cost is linear; common characters take the fast path."""
    encoded = charset.encode(text)
    if encoded is None:
        parts = charset.parts(text)
        if len(parts) == 1:
            return _fold_any(text)
        pieces = [fold(part) for part in parts]
        return Folded("".join([p.text for p in pieces]), text, lengths=b"".join([p._kept() for p in pieces]))
    tables = _tables()
    folded = encoded.translate(tables.single, tables.gone)
    if not folded.isascii():
        for place, became in tables.several:
            folded = folded.replace(place, became)
    return Folded(charset.decode(folded), text, encoded)


def _fold_any(text: str) -> Folded:
    """As `fold`, for texts with characters of any script, and quick for single words."""
    if text.isascii():
        return Folded(text.translate(_ASCII_TABLE), text)
    for char, plain in _TYPESET:  # English prose often has no other characters
        text = text.replace(char, plain)
    low = text
    for char in set(_ODD.findall(text)):  # replacing is far quicker than a table, for what becomes ASCII
        folded = _TABLE[ord(char)] or ""
        if (folded and folded.translate(_ASCII_TABLE) != folded) or not folded.isascii():
            return Folded(text.translate(_TABLE), text)
        low = low.replace(char, folded)
    return Folded(low.translate(_ASCII_TABLE), text)


def key(name: str) -> str:
    """The folded form of one name, for looking it up."""
    return name.lower() if name.isascii() and name.isalnum() else _fold_any(name).text


def keys(names: Sequence[str]) -> list[str]:
    """The key of each: quicker for many."""
    together = "\n".join(names)
    if not names or together.count("\n") != len(names) - 1:
        return list(map(key, names))
    encoded = charset.encode_once(together)
    if encoded is not None:
        return _keys_of_lines(encoded)
    known = iter(_keys_of_lines("\n".join([name for name in names if name.isascii()]).lower().encode("ascii")))
    return [next(known) if name.isascii() else key(name) for name in names]


def _keys_of_lines(encoded: bytes) -> list[str]:
    """The keys of encoded lines."""
    tables = _tables()
    folded = encoded.translate(tables.single, tables.gone.replace(b"\n", b""))
    if not folded.isascii():
        for place, became in tables.several:
            folded = folded.replace(place, became)
    return charset.decode(folded).split("\n")


def separated(name: str) -> tuple[str, frozenset[int]]:
    """Key of a name and the places in the key before which the name has a space or hyphen."""
    if name.isascii() and name.isprintable():
        if name.isalnum():
            return name.lower(), _NOWHERE
        parts = name.lower().replace("`", "'").replace("-", " ").split()
        return "".join(parts), frozenset(accumulate(map(len, parts[:-1]))) if len(parts) > 1 else _NOWHERE
    folded = key(name)
    if len(folded) == len(name):
        return folded, _NOWHERE
    breaks, length = set(), 0
    if name.isascii():
        removed = 0
        for gap in _ASCII_GAP.finditer(name):
            breaks.add(gap.start() - removed)
            removed += gap.end() - gap.start()
    else:
        for char in name:
            piece = _fold_char(char)
            length += len(piece)
            if not piece:
                breaks.add(length)
    return folded, frozenset(b for b in breaks if 0 < b < len(folded))
