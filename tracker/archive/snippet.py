"""The piece of a text in which the words sought stand, with their places. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH = 240  # characters
MARK = "**"


@dataclass(frozen=True, slots=True)
class Snippet:
    """Part of a text on one line; `marks` are half-open spans into `text`, in order, not overlapping."""

    text: str
    marks: tuple[tuple[int, int], ...]

    def marked(self, before: str = MARK, after: str = MARK) -> str:
        """The text with each hit between `before` and `after`."""
        pieces, at = [], 0
        for start, end in self.marks:
            pieces += [self.text[at:start], before, self.text[start:end], after]
            at = end
        return "".join([*pieces, self.text[at:]])


def snippet(text: str, words: Sequence[str], tagged: Sequence[tuple[int, int]] = ()) -> Snippet:
    """The window with the most different hits; the beginning where there are none."""
    spans = sorted({*_places(text, words), *((s, e) for s, e in tagged if 0 <= s < e <= len(text))})
    start = _best_start(text, spans)
    end = min(len(text), start + WIDTH)
    if end < len(text) and (space := text.rfind(" ", start + WIDTH // 2, end)) > 0:
        end = space
    head, tail = ("…" if start else ""), ("…" if end < len(text) else "")
    body = text[start:end].translate({ord(c): " " for c in "\n\r\t"})
    shift = len(head) - start
    marks = tuple((s + shift, e + shift) for s, e in _disjoint(spans) if s >= start and e <= end)
    return Snippet(head + body + tail, marks)


def _places(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    found = _pattern(tuple(words))
    return [match.span() for match in found.finditer(text[:50_000])] if found is not None else []


@lru_cache(maxsize=64)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    """Any of the words, whatever stands between their parts, from the beginning of a word on."""
    patterns = [r"[\W_]*".join(re.escape(t) for t in re.findall(r"[^\W_]+", w)) for w in words]
    patterns = sorted({p for p in patterns if p}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})", re.IGNORECASE) if patterns else None


def _best_start(text: str, spans: Sequence[tuple[int, int]]) -> int:
    best, most = 0, 0
    for start, _ in spans[:200]:
        window = {text[s:e].lower() for s, e in spans if start <= s and e <= start + WIDTH * 3 // 4}
        if len(window) > most:
            best, most = start, len(window)
    if best < WIDTH // 3:
        return 0
    begin = best - WIDTH // 4
    space = text.find(" ", begin, best)
    return space + 1 if space >= 0 else begin


def _disjoint(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda s: (s[0], -s[1])):
        if not found or start >= found[-1][1]:
            found.append((start, end))
    return found
