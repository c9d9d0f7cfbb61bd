"""One substance in the archive: first mentions by tier and country, weekly counts, pairs, official dates, lead."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from tracker.analysis import comentions, weeks
from tracker.analysis.counts import Count, count
from tracker.analysis.leadtime import lead
from tracker.analysis.official import Official, first_official, known_rows, load_official
from tracker.analysis.rows import DocumentRow, OfficialRow, Span, SubstanceRow, ThemeRow
from tracker.archive import reads_named

if TYPE_CHECKING:
    from tracker.archive import Archive
    from tracker.archive.reads_named import Naming
    from tracker.model import Assertion, Grade, Theme, Tier

_NOWHERE = Span("text", 0, 0)  # a timeline quotes nothing


def read_timeline(archive: Archive, name: str, *, as_of: datetime, official: Official | None = None) -> dict[str, Any]:
    """The timeline of a canonical name, as known at `as_of`."""
    official = load_official() if official is None else official
    moment = weeks.stamp(as_of)
    with archive.reading():
        rows = reads_named.naming(archive, name, as_of=moment)
        themes = reads_named.themes_naming(archive, name, comentions.PAIR_THEMES, as_of=moment)
    documents = (_document(row, name, themes.get(row.document, ())) for row in rows)
    return timeline(name, documents, official.get(name, ()), as_of=as_of)


def _document(row: Naming, name: str, themes: Iterable[tuple[str, list[str]]]) -> DocumentRow:
    """Of a document what a timeline looks at: this one substance, and the sentences that pair it with others."""
    return DocumentRow(
        id=row.document,
        story=row.story,
        voice=row.voice,
        source=row.source,
        publisher=row.publisher,
        tier=cast("Tier", row.tier),
        first_seen=datetime.fromisoformat(row.first_seen),
        published=row.published,
        grade=cast("Grade", row.grade or "none"),
        countries=tuple(row.countries.split()),
        substances=(SubstanceRow(name, "", True, "primary", cast("Assertion", row.assertion), bool(row.finding)),),
        themes=tuple(
            ThemeRow(cast("Theme", theme), "affirmed", _NOWHERE, tuple(together)) for theme, together in themes
        ),
    )


def timeline(
    name: str, documents: Iterable[DocumentRow], official: Iterable[OfficialRow], *, as_of: datetime
) -> dict[str, Any]:
    """JSON data: `first`, `by_tier`, `by_country`, `weeks` (of first_seen and of published), `pairs`, `official`,
    lead."""
    naming = [row for row in documents if row.relevant]
    found = sorted(
        (row for row in naming if any(tag.name == name and tag.finding for tag in row.substances)),
        key=lambda row: (row.first_seen, row.id),
    )
    rows = known_rows(official, as_of.date())
    first = first_official(rows)
    days, interval = lead(found[0].first_seen.date() if found else None, first)
    return {
        "name": name,
        "as_of": weeks.stamp(as_of),
        "documents": len(naming),
        "findings": len(found),
        "first": _mention(found[0]) if found else None,
        "by_tier": _first_by(found, lambda row: [row.tier]),
        "by_country": _first_by(found, lambda row: row.countries),
        "weeks": [_count(row) for row in count(naming, dimension="substance", name=name)],
        "weeks_published": [_count(row) for row in count(naming, dimension="substance", name=name, by="published")],
        "pairs": [comentions.pair_json(pair) for pair in comentions.pairs(naming) if name in (pair.a, pair.b)],
        "official": [
            {
                "event": row.event,
                "date": row.date,
                "body": row.body,
                "source_url": row.source_url,
                "note": row.note,
                "confidence": row.confidence,
            }
            for row in rows
        ],
        "first_official": first.date if first else None,
        "lead_days": days,
        "lead_interval": list(interval) if interval else None,
    }


def _first_by(found: Iterable[DocumentRow], keys: Any) -> dict[str, Any]:
    first: dict[str, DocumentRow] = {}
    for row in found:
        for key in keys(row):
            first.setdefault(key, row)
    return {key: _mention(row) for key, row in sorted(first.items())}


def _mention(row: DocumentRow) -> dict[str, Any]:
    return {
        "document": row.id,
        "first_seen": weeks.stamp(row.first_seen),
        "published": row.published,
        "publisher": row.publisher,
        "tier": row.tier,
        "grade": row.grade,
    }


def _count(row: Count) -> dict[str, Any]:
    return {
        "week": row.week,
        "stories": row.stories,
        "sources": row.sources,
        "negated": row.negated,
        "hypothetical": row.hypothetical,
    }
