"""Common characters as one byte each, so that whole texts are folded by table.

A text in lower case whose characters are ASCII or among 128 others (letters of Europe's languages, Russian, what
typesetters use) is encoded once; each way to fold it is then a table of 256 bytes, which costs a hundredth of looking
characters up one by one. Symbols that nothing asks for (arrows, emoji) share one place. Texts with other characters
are none of this module's business: `encode` says so, and the caller goes the slow way.
"""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache

SYMBOL = "¤"  # stands for all other symbols: no name or cue has one
_CHARS = (
    "".join(map(chr, range(128)))
    + "–—‘’“”„«»›‹…•·°®™©§£€±²³×′‐‑−\u00a0\u00ad\u200b\u2009\u202f¿¡№º"
    + "ßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿąćęłńśźżčěřšůžőűňœ"
    + "абвгдежзийклмнопрстуфхцчшщъыьэюяё"
    + "αβγδµμ"
    + SYMBOL
)
_PART = 1_000  # characters of a long text that are folded together
_PLACES = {char: place for place, char in enumerate(_CHARS)}
_ENCODING = codecs.charmap_build(_CHARS)


@lru_cache(maxsize=4)  # title and text of the document at hand are folded in several ways
def encode(text: str) -> bytes | None:
    """`text` in lower case, one byte a character; None where it has a character that needs a closer look."""
    return encode_once(text)


def encode_once(text: str) -> bytes | None:
    """As `encode`, for what nobody will ask for again."""
    low = text.lower()
    if low.isascii():
        return low.encode("ascii")
    if len(low) != len(text):  # İ alone grows when lowered
        return None
    try:
        return codecs.charmap_encode(low, "strict", _ENCODING)[0]
    except UnicodeEncodeError:
        pass
    for char in set(low).difference(_PLACES):
        if not is_symbol(char):
            return None
        low = low.replace(char, SYMBOL)
    return codecs.charmap_encode(low, "strict", _ENCODING)[0]


def parts(text: str) -> list[str]:
    """A long text in parts, cut behind white space: rare characters in one are no burden to the others. A text that
    is not long is one part."""
    if len(text) < 20 * _PART:
        return [text]
    out, start = [], 0
    while len(text) - start > _PART:
        end = start + _PART
        while end < len(text) and not text[end - 1].isspace():
            end += 1
        out.append(text[start:end])
        start = end
    return [*out, text[start:]]


def decode(data: bytes) -> str:
    """The characters that the bytes stand for."""
    return data.decode("ascii") if data.isascii() else codecs.charmap_decode(data, "strict", _CHARS)[0]


def table(fold: Callable[[str], str]) -> bytes:
    """For `bytes.translate`: what becomes of each character by a fold that gives one for one."""
    return bytes([_PLACES[fold(char)] for char in _CHARS])


class TableFold:
    """A fold that gives one character for one: by table where `encode` can, and for the rest by `closely`, which looks
    at each character. In a long text rare characters in one part are no burden to the others."""

    def __init__(self, closely: Callable[[str], str]) -> None:
        self._closely = closely
        self._table: bytes | None = None  # made when first used: it costs a start

    def __call__(self, text: str) -> str:
        encoded = encode(text)
        if encoded is not None:
            if self._table is None:
                self._table = table(self._closely)
            return decode(encoded.translate(self._table))
        pieces = parts(text)
        return self._closely(text) if len(pieces) == 1 else "".join(map(self, pieces))


def each(fold: Callable[[str], str]) -> dict[int, str]:
    """What becomes of each character by any fold, by the byte that stands for it."""
    return {place: fold(char) for char, place in _PLACES.items()}


@cache
def is_symbol(char: str) -> bool:
    """Whether a character is a symbol (no letter, digit, punctuation) and not another way to write something."""
    return unicodedata.category(char)[0] == "S" and unicodedata.normalize("NFKD", char) == char
