"""What changed between two versions of the knowledge base, in lines an analyst can read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING

from tracker.lexicon.records import Substance

if TYPE_CHECKING:
    from tracker.lexicon.load import Lexicon

_FACTS = [f.name for f in fields(Substance) if f.name not in ("name", "aliases", "control")]
_LABELS = {"cls": "class"}


def diff(old: Lexicon, new: Lexicon) -> list[str]:
    """One line a change: `+` and `-` substances, aliases and controls, `~` changed facts. Sorted by name."""
    lines = []
    for name in sorted(old.substances.keys() | new.substances.keys()):
        before, after = old.substances.get(name), new.substances.get(name)
        if before is None and after is not None:
            lines.append(f"+ {name} ({after.cls}, {len(after.aliases)} names)")
        elif after is None and before is not None:
            lines.append(f"- {name} ({before.cls})")
        elif before is not None and after is not None:
            lines += _changes(before, after)
    before_words = {(w.cls, w.text) for w in old.classes}
    after_words = {(w.cls, w.text) for w in new.classes}
    lines += [f"+ class word {text!r} ({cls})" for cls, text in sorted(after_words - before_words)]
    lines += [f"- class word {text!r} ({cls})" for cls, text in sorted(before_words - after_words)]
    return lines


def _changes(before: Substance, after: Substance) -> Iterator[str]:
    for fact in _FACTS:
        was, now = getattr(before, fact), getattr(after, fact)
        if was != now:
            yield f"~ {after.name}: {_LABELS.get(fact, fact)} {was!r} -> {now!r}"
    was_named = {a.text: a for a in before.aliases}
    now_named = {a.text: a for a in after.aliases}
    yield from (f"+ {after.name}: alias {text!r}" for text in now_named if text not in was_named)
    yield from (f"- {after.name}: alias {text!r}" for text in was_named if text not in now_named)
    for text, alias in now_named.items():
        if text in was_named and was_named[text] != alias:
            yield f"~ {after.name}: alias {text!r} is now {alias.kind}{', ' + alias.doubt if alias.doubt else ''}"
    yield from (
        f"+ {after.name}: control {c.country} {c.date} {c.status}" for c in after.control if c not in before.control
    )
    yield from (
        f"- {after.name}: control {c.country} {c.date} {c.status}" for c in before.control if c not in after.control
    )
