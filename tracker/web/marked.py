"""A text in pieces: where substances are named, and which sentences are the evidence of a theme. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracker.model import Tags

PART = 20_000  # characters of a text on one page


@dataclass(frozen=True, slots=True)
class Mark:
    """One place [start:end) that a tag points to. `anchor` is where the page explains the tag."""

    start: int
    end: int
    kind: str  # substance, context, class, candidate
    name: str
    assertion: str
    tip: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text: in the evidence of `themes` or none, and one mark or none."""

    text: str
    themes: tuple[str, ...] = ()
    mark: Mark | None = None


def marks_of(tags: Tags | None, field: str) -> list[Mark]:
    """Places of all named things in a field, as the tags have them."""
    if tags is None:
        return []
    found = []
    for tag in tags.substances:
        for m in tag.mentions:
            if m.field == field:
                past = ", in the past" if m.historical else ""
                tip = f"{tag.name} ({_words(tag.cls)}): {m.assertion}, {m.context}{past}; {tag.role} in this document"
                found.append(Mark(m.start, m.end, "substance", tag.name, m.assertion, tip, f"s-{tag.name}"))
    for other in tags.context_substances:
        for m in other.mentions:
            if m.field == field:
                tip = f"{other.name}: named as context only"
                found.append(Mark(m.start, m.end, "context", other.name, m.assertion, tip, "context"))
    for cls in tags.class_mentions:
        if cls.field == field:
            tip = f"a word for the class {_words(cls.cls)}"
            found.append(Mark(cls.start, cls.end, "class", cls.cls, "affirmed", tip, "classes"))
    for unknown in tags.candidates:
        if unknown.field == field:
            kind = f", perhaps a {_words(unknown.cls)}" if unknown.cls else ""
            tip = f"not in the lexicon{kind}: {unknown.why}"
            found.append(Mark(unknown.start, unknown.end, "candidate", unknown.surface, "hypothetical", tip, "unknown"))
    return found


def _words(name: str | None) -> str:
    return (name or "").replace("_", " ")


def evidence_of(tags: Tags | None, field: str) -> list[tuple[int, int, str]]:
    """(start, end, theme) of the evidence sentences in a field."""
    return [(t.start, t.end, t.theme) for t in tags.themes if t.field == field] if tags else []


def pieces(
    text: str, marks: Iterable[Mark], evidence: Sequence[tuple[int, int, str]] = (), *, start: int = 0, end: int = -1
) -> list[Piece]:
    """The text from `start` to `end` cut where a mark or an evidence sentence begins or ends. Where marks overlap the
    first and longest one shows."""
    end = len(text) if end < 0 else min(end, len(text))
    shown = _disjoint([m for m in marks if start <= m.start < m.end <= end])
    inside = [(max(s, start), min(e, end), theme) for s, e, theme in evidence if s < end and e > start and s < e]
    cuts = {start, end, *(p for m in shown for p in (m.start, m.end)), *(p for s, e, _ in inside for p in (s, e))}
    cuts -= {p for m in shown for p in cuts if m.start < p < m.end}  # a name is never torn
    places, at = sorted(cuts), {m.start: m for m in shown}
    return [
        Piece(
            text[a:b], tuple(dict.fromkeys(theme for s, e, theme in inside if s <= a < e)), at.get(a)
        )
        for a, b in pairwise(places)
    ]  # fmt: skip


def _disjoint(marks: Iterable[Mark]) -> list[Mark]:
    found: list[Mark] = []
    for mark in sorted(marks, key=lambda m: (m.start, -m.end)):
        if not found or mark.start >= found[-1].end:
            found.append(mark)
    return found


def parts(text: str) -> list[tuple[int, int]]:
    """Bounds of the parts in which a long text is shown, cut at line ends or spaces where there are any."""
    bounds, start = [], 0
    while start < len(text):
        end = min(len(text), start + PART)
        if end < len(text):
            cut = max(text.rfind("\n", start + PART // 2, end), text.rfind(" ", start + PART * 9 // 10, end))
            end = cut + 1 if cut > start else end
        bounds.append((start, end))
        start = end
    return bounds or [(0, 0)]
