"""From the archive to the plain rows: documents of a week, the past of its series, all known at one moment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tracker.analysis import rolled, weeks
from tracker.analysis.history import BREAK_IN, History, before, gather, past_of, settled_since
from tracker.analysis.official import Official, load_official, with_control_dates
from tracker.analysis.rows import (
    QUIET_DOCTYPES,
    CandidateBefore,
    CandidateRow,
    DocumentRow,
    Span,
    SubstanceRow,
    ThemeRow,
    WeekFacts,
)
from tracker.archive import reads_analysis as reads

if TYPE_CHECKING:
    from tracker.archive import Archive
    from tracker.model import DocType

_USUAL_WEEKS = 12  # what a usual week of a country is worked out from
_LONG_AGO = datetime(1970, 1, 5, tzinfo=UTC)


def week_facts(archive: Archive, *, week: str, as_of: datetime, official: Official | None = None) -> WeekFacts:
    """All that the conclusions of one week are drawn from, known at `as_of`. One consistent read of the archive."""
    ledger = load_official() if official is None else official
    official = with_control_dates(ledger)
    start, end = weeks.start_of(week), min(weeks.end_of(week), as_of + timedelta(seconds=1))
    with archive.reading():
        sources = reads.sources(archive)
        watched = {row["id"]: datetime.fromisoformat(row["since"]) for row in sources if row["since"]}
        span = reads.archive_span(archive, weeks.stamp(as_of))
        documents = seen(archive, since=start, until=end, as_of=as_of)
        candidates = _candidates_before(archive, documents, start=start, as_of=as_of)
        lexicon = reads.lexicon_at(archive, weeks.stamp(as_of))
    history = _history(archive, sources, documents, set(ledger), week=week, end=end, as_of=as_of)
    number = weeks.number(week)
    settled = {row["num"]: weeks.number(_settled(row)) for row in sources if row["since"]}
    past = past_of(history, number, settled)
    named = {row.name for document in documents for row in document.substances}
    tested = named | {row.cls for document in documents for row in document.substances}
    quiet = sum(
        1
        for series in (past.substances, past.classes)
        for name, row in series.items()
        if name not in tested and any(row.counts)
    )
    given = history.exposure.get(number, {}).values()
    usual = range(max(past.first_week, number - _USUAL_WEEKS), number)
    return WeekFacts(
        week=week,
        as_of=as_of,
        lexicon=lexicon,
        documents=documents,
        before={name: before(history.firsts[name]) for name in sorted(named) if name in history.firsts},
        substances={name: past.substances[name] for name in sorted(named) if name in past.substances},
        classes=past.classes,
        quiet_series=quiet,
        class_rates=past.class_rates,
        exposures=past.exposures,
        exposure=past.exposure,
        candidates=candidates,
        watched_since=watched,
        established=frozenset(row["id"] for row in sources if row["num"] in past.established),
        official={name: official[name] for name in sorted(named) if name in official},
        archive_since=datetime.fromisoformat(span[0]) if span else None,
        first_found={
            name: datetime.fromisoformat(history.firsts[name]["any", ""])
            for name in sorted(ledger)
            if ("any", "") in history.firsts.get(name, {})
        },
        places_before={
            country: sum(counts.get(week, 0) for week in usual) / len(usual)
            for country, counts in sorted(history.places.items())
            if len(usual)
        },
        new_documents=sum(documents for documents, _ in given),
        kept_documents=sum(kept for _, kept in given),
    )


def seen(archive: Archive, *, since: datetime, until: datetime, as_of: datetime) -> tuple[DocumentRow, ...]:
    """Kept documents and all of tier A that were first seen in [since, until), by first_seen."""
    rows = reads.documents_seen(archive, since=weeks.stamp(since), until=weeks.stamp(until), as_of=weeks.stamp(as_of))
    return document_rows(rows)


def document_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[DocumentRow, ...]:
    """Typed rows of what `reads_analysis` gives."""
    return tuple(_document(row) for row in rows)


def _document(row: Mapping[str, Any]) -> DocumentRow:
    return DocumentRow(
        id=row["id"],
        story=row["story"],
        voice=row["voice"],
        source=row["source"],
        publisher=row["publisher"],
        tier=row["tier"],
        first_seen=datetime.fromisoformat(row["first_seen"]),
        published=row["published"],
        url=row["url"],
        title=row["title"],
        doctype=_doctype(row),
        grade=row["grade"] or "none",
        doi=row["doi"],
        pmid=row["pmid"],
        journal=row["journal"],
        language=row["language"],
        editorial_status=row["editorial_status"],
        countries=tuple((row["countries"] or "").split()),
        relevant=bool(row["relevant"]),
        kept=bool(row["kept"]),
        quote=bool(row["quote"]),
        backfilled=bool(row["backfilled"]),
        hash=row["hash"],
        substances=_substances(row["mentions"]),
        themes=tuple(
            ThemeRow(t["name"], t["assertion"], _span(t), tuple(json.loads(t["substances"] or "[]")))
            for t in row["themes"]
        ),
        candidates=tuple(CandidateRow(c["surface"], c["cls"], c["why"], _span(c)) for c in row["candidates"]),
    )


def _doctype(row: Mapping[str, Any]) -> DocType:
    """What the tagger made of it; but all that a shop or forum publishes stays that of a shop or forum."""
    declared: DocType | None = row["source_type"]
    found: DocType | None = row["doctype"]
    if declared in QUIET_DOCTYPES and found not in QUIET_DOCTYPES:
        return declared
    return "marketing" if declared == "marketing" else found or declared or "other"


def _substances(mentions: Sequence[Mapping[str, Any]]) -> tuple[SubstanceRow, ...]:
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for mention in mentions:
        grouped.setdefault(mention["name"], []).append(mention)
    return tuple(_substance(name, mine) for name, mine in grouped.items())


def _substance(name: str, mentions: Sequence[Mapping[str, Any]]) -> SubstanceRow:
    ordered = sorted(mentions, key=lambda m: not _is_finding(m))  # stable: in reading order within each kind
    head = mentions[0]
    return SubstanceRow(
        name=name,
        cls=head["cls"] or "",
        nps=bool(head["nps"]),
        role=head["role"] or "incidental",
        assertion=head["overall"] or "affirmed",
        finding=_is_finding(ordered[0]),
        spans=tuple(_span(mention) for mention in ordered),
    )


def _is_finding(mention: Mapping[str, Any]) -> bool:
    return bool(mention["assertion"] == "affirmed" and mention["context"] == "finding")


def _span(row: Mapping[str, Any]) -> Span:
    return Span(row["field"], row["start"], row["end"])


def _settled(source: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(source["since"]) + BREAK_IN


def _history(
    archive: Archive,
    sources: Sequence[Mapping[str, Any]],
    documents: Sequence[DocumentRow],
    names: set[str],
    *,
    week: str,
    end: datetime,
    as_of: datetime,
) -> History:
    """Findings before the week, exposure up to and with it; of the documents' substances and the names at least."""
    moment, start = weeks.stamp(as_of), weeks.stamp(weeks.start_of(week))
    names = names | {row.name for document in documents for row in document.substances}
    past = rolled.history(archive, week=week, as_of=moment, names=names, pairs=rolled.pairs_of(documents))
    if past is None:
        with archive.reading():
            period = {"since": weeks.stamp(_LONG_AGO), "until": start, "as_of": moment}
            past = gather(
                reads.findings(archive, **period),
                reads.theme_substances(archive, **period),
                reads.exposure(archive, **period),
                settled_since(sources),
            )
    for given in reads.exposure(archive, since=start, until=weeks.stamp(end), as_of=moment):
        past.exposure[given.week][given.source] = (given.documents, given.relevant)
    return past


def _candidates_before(
    archive: Archive, documents: Iterable[DocumentRow], *, start: datetime, as_of: datetime
) -> dict[str, CandidateBefore]:
    surfaces = {row.surface for document in documents if document.relevant for row in document.candidates}
    spellings = {form for surface in surfaces for form in (surface, surface.lower(), surface.upper(), surface.title())}
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    rows = reads.candidates_before(archive, spellings, until=weeks.stamp(start), as_of=weeks.stamp(as_of))
    for row in rows:
        grouped.setdefault(row["surface"].casefold(), []).append(row)
    return {
        name: CandidateBefore(
            first_seen=datetime.fromisoformat(mine[0]["first_seen"]),
            documents=tuple(sorted({row["document"] for row in mine})),
            voices=len({row["voice"] for row in mine}),
            tier_a=any(row["tier"] == "A" for row in mine),
        )
        for name, mine in sorted(grouped.items())
    }
