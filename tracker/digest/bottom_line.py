"""The week in at most five points, or "nothing new" said plainly."""

from __future__ import annotations

from collections.abc import Sequence

from tracker.digest import words
from tracker.digest.model import Item, Section

MOST = 5
NOTHING_NEW = (
    "Nothing new this week: no new substance, no signal, no death or poisoning, no official action and no correction."
)


def bottom_line(sections: Sequence[Section], *, read: int, failed: int) -> tuple[str, ...]:
    """At most five points from the sections, the gravest first. `read` and `failed` count sources: silence of a week in
    which none could be read is no good news, and is not called so."""
    by_id = {section.id: section for section in sections}
    points = (
        _harm(by_id["harm_events"]),
        _new(by_id["new_substances"]),
        _signals(by_id["signals"]),
        _official(by_id["official"], by_id["corrections"]),
        _candidates(by_id["candidates"]),
        _adulteration(by_id["adulteration"]),
    )
    said = tuple(point for point in points if point)
    if failed and not read:
        return (f"None of {words.number(failed, 'source')} could be read this week: no news means nothing.", *said)[
            :MOST
        ]
    return said[:MOST] or (NOTHING_NEW,)


def _harm(section: Section) -> str:
    if not section.items:
        return ""
    count = len(section.items) + section.more
    confirmed = sum(1 for item in section.items if item.group == "Confirmed")
    deaths = [item for item in section.items if item.text.startswith("Deaths")]
    drugs = _named(deaths or section.items)
    kind = f"{words.number(count, 'harm event')} ({confirmed} laboratory confirmed)"
    return f"{kind}{f', {len(deaths)} with deaths' if deaths else ''}{f': {words.join(drugs, 4)}' if drugs else ''}."


def _new(section: Section) -> str:
    items = [item for item in section.items if not item.known]
    found = [item for item in items if item.extra["found"]]
    names = [f"{item.substance} ({words.class_label(str(item.extra['class']))})" for item in found or items]
    if not names:
        return ""
    if not found:
        return f"Named for the first time, though not as found: {words.join(names, 4)}."
    return f"{words.number(len(names), 'new substance')}: {words.join(names, 4)}."


def _signals(section: Section) -> str:
    excess = [item for item in section.items if item.extra["kind"] == "excess" and item.substance]
    firsts = [item for item in section.items if item.extra["kind"] not in ("excess", "first_ever")]
    parts = []
    if excess:
        told = [
            f"{item.substance} ({words.number(item.extra['observed'], 'story')}, "
            f"{words.decimal(item.extra['expected'])} expected)"
            for item in excess
        ]
        parts.append(f"more than expected: {words.join(told, 3)}")
    if firsts:
        parts.append(f"{words.number(len(firsts), 'first')}, such as {_lower(firsts[0].text.split(':')[0])}")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _official(section: Section, corrections: Section) -> str:
    groups = {
        group: [item for item in section.items if item.group == group] for group in ("Alerts", "Control decisions")
    }
    parts = []
    for group, noun in (("Alerts", "official alert"), ("Control decisions", "control decision")):
        items = groups[group]
        if items:
            drugs = _named(items)
            about = f" ({words.join(drugs, 3)})" if drugs else ""
            parts.append(f"{words.number(len(items), noun)}{about}")
    grave = [item for item in corrections.items if item.mark in ("retracted", "concern", "corrected")]
    if grave:
        parts.append(f"{words.number(len(grave), 'correction or retraction')}".replace("retractions", "retraction"))
    return f"{'; '.join(parts)}." if parts else ""


def _candidates(section: Section) -> str:
    if not section.items:
        return ""
    names = [f"“{item.title}”" for item in section.items]
    return f"{words.number(len(names), 'unknown name')} to look at: {words.join(names, 4)}."


def _adulteration(section: Section) -> str:
    if not section.items:
        return ""
    drugs = _named(section.items)
    about = f": {words.join(drugs, 4)}" if drugs else ""
    return f"{words.number(len(section.items) + section.more, 'report')} of adulterated or falsified products{about}."


def _named(items: Sequence[Item]) -> list[str]:
    return list(dict.fromkeys(item.substance for item in items if item.substance))


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
