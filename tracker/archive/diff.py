"""What changed between two versions of a text, in words that a person can read. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WORD = re.compile(r"\w+|[^\w\s]|\s+")
CONTEXT = 6  # words shown on either side of a change
MOST = 4000  # words compared by word; longer texts are compared by sentence first


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that stayed, went or came."""

    kind: Literal["same", "removed", "added"]
    text: str


def word_diff(old: str, new: str) -> list[Piece]:
    """All of both texts in order: the "same" and "added" pieces give `new`, "same" and "removed" give `old`."""
    if old == new:
        return [Piece("same", old)] if old else []
    a, b = _WORD.findall(old), _WORD.findall(new)
    if len(a) + len(b) > MOST:
        a, b = _sentences(old), _sentences(new)
    pieces: list[Piece] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(a[i1:i2])))
            continue
        if i2 > i1:
            pieces.append(Piece("removed", "".join(a[i1:i2])))
        if j2 > j1:
            pieces.append(Piece("added", "".join(b[j1:j2])))
    return _joined(pieces)


def _sentences(text: str) -> list[str]:
    return re.findall(r"[^.!?\n]*[.!?\n]*\s*", text)


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """A space that stayed between two changes is part of them: `two men` to `three women` is one change."""
    found: list[Piece] = []
    for place, piece in enumerate(pieces):
        inside = piece.kind == "same" and piece.text.isspace() and 0 < place < len(pieces) - 1
        for kind in ("removed", "added") if inside else (piece.kind,):
            _append(found, Piece(kind, piece.text))
    return found


def _append(found: list[Piece], piece: Piece) -> None:
    """Keep a run of changes as one removed and one added piece, in that order."""
    if piece.kind == "same":
        found.append(piece)
        return
    start = len(found)
    while start and found[start - 1].kind != "same":
        start -= 1
    run = {p.kind: p.text for p in found[start:]}
    run[piece.kind] = run.get(piece.kind, "") + piece.text
    found[start:] = [Piece(kind, run[kind]) for kind in ("removed", "added") if kind in run]


def readable(pieces: Iterable[Piece], *, context: int = CONTEXT) -> str:
    """One line: `… said [-two-] {+three+} men died …`, far from changes shortened."""
    parts = list(pieces)
    shown = []
    for place, piece in enumerate(parts):
        if piece.kind == "same":
            shown.append(_shortened(piece.text, context, first=place == 0, last=place == len(parts) - 1))
        else:
            shown.append(f"[-{piece.text.strip()}-]" if piece.kind == "removed" else f"{{+{piece.text.strip()}+}}")
    return " ".join(" ".join(shown).split())


def _shortened(text: str, context: int, *, first: bool, last: bool) -> str:
    words = text.split()
    if first and last:
        return " ".join(words)
    head = [] if first else words[:context]
    tail = [] if last else words[-context:]
    if len(words) <= len(head) + len(tail):
        return " ".join(words)
    return " ".join([*head, "…", *tail])
