"""Characters: what is stored has no invisible letters, no control characters and no broken words."""

from __future__ import annotations

import re
import unicodedata

TITLE_LIMIT = 1000  # code points; the contract's

# Removed: soft hyphen, zero-width space, word joiner, byte-order mark, bidirectional controls, invisible operators.
_INVISIBLE = "\u00ad\u200b\u2060\u2061\u2062\u2063\u2064\ufeff\u200e\u200f\u180e" + "".join(
    chr(c) for c in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
)
_CONTROLS = "".join(chr(c) for c in (*range(0x09), 0x0E, *range(0x0F, 0x20), *range(0x7F, 0x85), *range(0x86, 0xA0)))
_TABLE: dict[int, str | None] = {ord(c): None for c in _INVISIBLE + _CONTROLS}
_TABLE |= {
    ord(c): " "
    for c in "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t"
}
_TABLE |= {ord(c): "\n" for c in "\x0b\x0c\x85\u2028\u2029"}
_CHANGED = re.compile(f"[{''.join(map(re.escape, map(chr, _TABLE)))}]")
# Joiners carry meaning in Persian or Hindi, but between Latin, Greek or Cyrillic letters they only hide a word.
_JOINER = re.compile("(?<=[0-9A-Za-z\u00c0-\u052f])[\u200c\u200d]+(?=[0-9A-Za-z\u00c0-\u052f])")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(r" {2,}")
_LINE_EDGE = re.compile(r" *\n *")
_LINES = re.compile(r"\n{3,}")

_BROKEN = re.compile(r"(?P<head>[^\W\d_]+)[-\u2010\u00ad\u00ac]\n[ \t]*(?P<tail>[^\W\d_]{2,})")
# Parts that end in a hyphen for good: the hyphen of "N-pyrrolidino" is part of the name.
_KEEP_HYPHEN = frozenset(
    "alpha beta gamma delta meta para ortho iso tert sec cis trans nor des non self anti pre post sub co ex well "
    "drug multi high low long short pro poly".split()
)
_KEEP_TAIL = frozenset(
    "related based like induced type free using associated specific dependent positive negative old".split()
)


def clean(s: str) -> str:
    """Return `s` as it is stored: NFC, LF line ends, plain spaces, no invisible or control characters.

    At most one empty line stands between paragraphs and no line begins or ends with a space. Idempotent. Offsets of
    mentions refer to the result.
    """
    if s.isascii() and s.isprintable():
        return (_SPACES.sub(" ", s) if "  " in s else s).strip()
    if "\r" in s:
        s = s.replace("\r\n", "\n").replace("\r", "\n")
    if _CHANGED.search(s):  # most texts hold none of these, and a table is slow where not all is ASCII
        s = s.translate(_TABLE)
    if not s.isascii():
        s = unicodedata.normalize("NFC", _JOINER.sub("", _SURROGATE.sub("\ufffd", s)))
    if "  " in s:
        s = _SPACES.sub(" ", s)
    if " \n" in s or "\n " in s:
        s = _LINE_EDGE.sub("\n", s)
    return (_LINES.sub("\n\n", s) if "\n\n\n" in s else s).strip()


def one_line(s: str) -> str:
    """Return `s` cleaned and on one line."""
    return " ".join(clean(s).split())


def title_line(s: str) -> str:
    """Return a title as it is stored: one line, at most 1,000 code points."""
    return one_line(s[: TITLE_LIMIT * 20])[:TITLE_LIMIT].rstrip()


def unbreak(s: str) -> str:
    """Join words that a line break cut with a hyphen ("bromazo-\\nlam"), for text from PDF files and plain-text mail.

    The hyphen stays where it belongs to the name: after a single letter or a chemical or common prefix ("N-", "para-"),
    before a capital, or where the text writes the word with its hyphen elsewhere.
    """

    def join(match: re.Match[str]) -> str:
        head, tail = match["head"], match["tail"]
        hyphened = f"{head}-{tail}"
        fixed = len(head) == 1 or head.lower() in _KEEP_HYPHEN or tail in _KEEP_TAIL
        stays = fixed or not tail[0].islower() or hyphened.lower() in lowered
        return hyphened if stays else head + tail

    if "\n" not in s:
        return s
    lowered = s.lower()
    return _BROKEN.sub(join, s)
