"""What changed between two versions of a text, word by word. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

MOST = 6000  # words of a version that are compared; the comparison takes time with the square of it
AROUND = 12  # unchanged words shown beside a change


@dataclass(frozen=True, slots=True)
class Change:
    """A run of text that was kept, taken out or put in; `gap` stands for unchanged text left out."""

    kind: Literal["same", "out", "in", "gap"]
    text: str


def changes(old: str, new: str) -> list[Change]:
    """The difference with some words around each change; [] where nothing changed."""
    if old == new:
        return []
    a, b = _words(old), _words(new)
    found: list[Change] = []
    for kind, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            found += _same(a[i:j], first=i == 0, last=j == len(a))
            continue
        found += [Change("out", "".join(a[i:j]))] if j > i else []
        found += [Change("in", "".join(b[k:m]))] if m > k else []
    if len(old) != len("".join(a)) or len(new) != len("".join(b)):
        found.append(Change("gap", f"only the first {MOST} words were compared"))
    return found


def _words(text: str) -> list[str]:
    return re.findall(r"\S+\s*|\s+", text)[:MOST]


def _same(words: list[str], *, first: bool, last: bool) -> list[Change]:
    if len(words) <= 2 * AROUND:
        return [Change("same", "".join(words))]
    head = [] if first else [Change("same", "".join(words[:AROUND]))]
    tail = [] if last else [Change("same", "".join(words[-AROUND:]))]
    return [*head, Change("gap", ""), *tail]
