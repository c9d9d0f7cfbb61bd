"""From an archive to a `Digest`: read everything once, as of one moment, then write the sections. Nothing is
rendered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from tracker.analysis import weeks
from tracker.analysis.official import Official, load_official
from tracker.analysis.read import document_rows, week_facts
from tracker.analysis.rows import DocumentRow, WeekFacts
from tracker.analysis.signals import signals
from tracker.archive import reads_analysis as reads
from tracker.digest import sections_events, sections_news, sections_rest
from tracker.digest.bottom_line import bottom_line
from tracker.digest.context import Context, SearchHits
from tracker.digest.model import Digest, Section
from tracker.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from tracker.archive import Archive

CLOSING_WEEKS = 4  # a story is closed after so much silence
_GOOD = ("ok", "not_modified", "empty")
_HITS = 50  # of a saved search that are read


def current_week(now: datetime) -> str:
    """The week that `now` stands in."""
    return weeks.week_of(now)


def last_complete_week(now: datetime) -> str:
    """The last week that had ended by `now`: what a digest covers unless told otherwise."""
    return weeks.last_complete(now)


def make_digest(
    archive: Archive, *, week: str | None = None, as_of: datetime, settings: Mapping[str, Any] | None = None
) -> Digest:
    """The digest of one ISO week (default: the last complete one) from what was known at `as_of`.

    `settings` may hold `searches` {name: query}, `official` (path of the analyst's CSV), `lexicon` (with the
    analyst's own names) and `sample` (said in the head).
    """
    settings = settings or {}
    as_of = as_of.astimezone(UTC).replace(microsecond=0)
    week = weeks.week_of(weeks.start_of(week)) if week else last_complete_week(as_of)
    if weeks.start_of(week) > as_of:
        raise UsageError(f"week {week} begins after {weeks.stamp(as_of)}; nothing of it can be known then")
    context = read_context(archive, week=week, as_of=as_of, settings=settings)
    return digest_of(context, settings)


def digest_of(context: Context, settings: Mapping[str, Any]) -> Digest:
    """Write the sections; a pure function of the context."""
    facts = context.facts
    sections = _sections(context)
    since = facts.archive_since or weeks.start_of(facts.week)
    return Digest(
        week=facts.week,
        as_of=facts.as_of,
        issue=max(1, weeks.number(facts.week) - weeks.number(since) + 1),
        snapshot=snapshot(context),
        lexicon=facts.lexicon,
        finished=weeks.end_of(facts.week) <= facts.as_of,
        sample=bool(settings.get("sample")),
        sources_read=len(context.read),
        sources_failed=len(context.failed),
        silent=context.silent,
        failed=context.failed,
        barren=context.barren,
        counts=_counts(context),
        bottom_line=bottom_line(sections, read=len(context.read), failed=len(context.failed)),
        sections=sections,
    )


def _sections(context: Context) -> tuple[Section, ...]:
    first = [
        sections_news.new_substances(context),
        sections_news.candidates(context),
        sections_news.signals(context),
        sections_events.harm_events(context),
        sections_events.official(context),
        sections_events.corrections(context),
        *sections_rest.classes(context),
        sections_events.adulteration(context),
        sections_events.literature(context),
        sections_rest.places(context),
        sections_events.running(context),
        sections_rest.lead_time(context),
        sections_rest.saved_searches(context),
        sections_rest.method(context),
    ]
    shown = frozenset(
        number for section in first if section.id not in ("places", "saved_searches") for item in section.items
        for number in item.documents
    )  # fmt: skip
    return (*first, sections_rest.annex(context, shown))


def _counts(context: Context) -> dict[str, int]:
    relevant = context.relevant
    return {
        "new": context.facts.new_documents,
        "kept": context.facts.kept_documents,
        "relevant": len(relevant),
        "stories": len({document.story for document in relevant}),
        "substances": len({row.name for document in relevant for row in document.findings()}),
        "signals": len(context.signals),
        "forum": sum(document.doctype == "forum" for document in relevant),
        "marketing": sum(document.doctype == "marketing" for document in relevant),
    }


def snapshot(context: Context) -> str:
    """Hash of all that the digest was made from; equal content has an equal snapshot, whenever it was made."""
    facts = context.facts
    made_from: tuple[object, ...] = (
        facts.week,
        facts.lexicon,
        [_trace(document) for document in facts.documents],
        sorted((name, repr(before)) for name, before in facts.before.items()),
        sorted((name, series.counts) for name, series in facts.substances.items()),
        [round(value, 6) for value in (*facts.exposures, facts.exposure)],
        [[_trace(row) for row in told] for told in (*context.running.values(), *context.closed.values())],
        [(signal.kind, signal.name, signal.observed, signal.documents) for signal in context.signals],
        sorted((name, repr(rows)) for name, rows in facts.official.items()),
        [(hits.name, hits.query, hits.total) for hits in context.searches],
        (context.read, context.failed, context.silent, *((context.barren,) if context.barren else ())),
    )
    return blake2b(repr(made_from).encode(), digest_size=8).hexdigest()


def _trace(document: DocumentRow) -> list[Any]:
    tags = [document.substances, document.themes, document.candidates, document.countries, document.grade]
    return [document.id, document.hash, document.story, document.voice, document.editorial_status, repr(tags)]


# --- reading ---------------------------------------------------------------------------------------------------------


def read_context(archive: Archive, *, week: str, as_of: datetime, settings: Mapping[str, Any]) -> Context:
    """Read all that the digest needs, as of the moment."""
    official = official_of(settings)
    facts = week_facts(archive, week=week, as_of=as_of, official=official)
    found = signals(facts)
    start, end = weeks.start_of(week), weeks.end_of(week)
    period = {"since": weeks.stamp(start), "until": weeks.stamp(min(end, as_of + timedelta(seconds=1)))}
    moment = weeks.stamp(as_of)
    running = _running(archive, facts, start, moment)
    closed = _closed(archive, start, moment)
    marked = _marked(archive, facts, period, moment)
    extra = {row.id: row for told in (*running.values(), *closed.values()) for row in told}
    extra |= {row.id: row for pair in marked for row in pair[:2] if row is not None}
    read, failed = _polled(reads.polls(archive, **period))
    searches = _searches(archive, settings, period, as_of)
    extra |= {row.id: row for hits in searches for row in hits.documents}
    extra |= {row.id: row for row in _older(archive, found, facts, moment)}
    wanted = [row.id for row in facts.documents if row.relevant or row.tier == "A"]
    return Context(
        facts=facts,
        signals=found,
        texts=reads.texts(archive, [*wanted, *extra], as_of=moment),
        running=running,
        closed=closed,
        marked=marked,
        official=official,
        first_seen=_first_seen(facts),
        searches=searches,
        silent=tuple(reads.silent_sources(archive, as_of=moment)),
        barren=tuple(reads.barren_sources(archive, **period)),
        read=read,
        failed=failed,
        extra_documents=extra,
    )


def official_of(settings: Mapping[str, Any]) -> Official:
    """The official dates; the analyst's file, where settings name one, may write substances by any of their names."""
    own = settings.get("official")
    if own is None:
        return load_official()
    names: Any = settings.get("lexicon") or reads.names()

    def canonical(name: str) -> str:
        found = names.find(name)
        return found.name if found else name

    return load_official(own, canonical=canonical)


def _running(archive: Archive, facts: WeekFacts, start: datetime, moment: str) -> dict[int, tuple[DocumentRow, ...]]:
    here = {row.id for row in facts.documents}
    older = {row.story for row in facts.documents if row.relevant and row.kept and row.story not in here}
    told = _stories(document_rows(reads.documents_in_stories(archive, older, as_of=moment)))
    return {story: rows for story, rows in told.items() if any(row.first_seen < start for row in rows)}


def _closed(archive: Archive, start: datetime, moment: str) -> dict[int, tuple[DocumentRow, ...]]:
    last, end = start - timedelta(weeks=CLOSING_WEEKS), start + timedelta(weeks=1)
    silent = reads.stories_last_seen(
        archive, since=weeks.stamp(last), until=weeks.stamp(last + timedelta(weeks=1)), before=weeks.stamp(end),
        as_of=moment,
    )  # fmt: skip
    told = _stories(document_rows(reads.documents_in_stories(archive, silent, as_of=moment)))
    return {story: rows for story, rows in told.items() if any(row.relevant for row in rows)}


def _stories(rows: Iterable[DocumentRow]) -> dict[int, tuple[DocumentRow, ...]]:
    told: dict[int, list[DocumentRow]] = {}
    for row in rows:
        told.setdefault(row.story, []).append(row)
    return {story: tuple(members) for story, members in sorted(told.items())}


def _marked(
    archive: Archive, facts: WeekFacts, period: Mapping[str, str], moment: str
) -> tuple[tuple[DocumentRow, DocumentRow | None, str], ...]:
    marks = reads.notices_seen(archive, since=period["since"], until=period["until"], as_of=moment)
    ids = {number for document, notice, _ in marks for number in (document, notice)}
    known = {row.id: row for row in facts.documents}
    known |= {row.id: row for row in document_rows(reads.documents_by_id(archive, ids - set(known), as_of=moment))}
    return tuple(
        (known[document], known.get(notice) if notice != document else None, status)
        for document, notice, status in marks
        if document in known and known[document].kept
    )


def _older(archive: Archive, found: Iterable[Any], facts: WeekFacts, moment: str) -> tuple[DocumentRow, ...]:
    here = {row.id for row in facts.documents}
    ids = {number for signal in found for number in signal.documents} - here
    return document_rows(reads.documents_by_id(archive, ids, as_of=moment))


def _polled(polls: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sources read at least once in the week, and those asked in vain."""
    asked: dict[str, bool] = {}
    for source, status in polls:
        if status != "skipped":
            asked[source] = asked.get(source, False) or status in _GOOD
    return tuple(name for name, good in asked.items() if good), tuple(name for name, good in asked.items() if not good)


def _searches(
    archive: Archive, settings: Mapping[str, Any], period: Mapping[str, str], as_of: datetime
) -> tuple[SearchHits, ...]:
    """Each saved search over the documents of the week; nothing close to it stands in where nothing fits."""
    searches: Mapping[str, str] = settings.get("searches") or {}
    if not searches:
        return ()
    names = settings.get("lexicon") or reads.names()
    found = []
    for name, query in sorted(searches.items()):
        bounded = f"({query}) seen-after:{period['since']} seen-before:{period['until']}"
        try:
            result = archive.search(bounded, lexicon=names, searches=searches, as_of=as_of, sort="newest", limit=_HITS)
        except UsageError as error:
            raise ConfigError(f"searches.{name}: {error}") from None
        ids = [] if result.relaxed else [hit.record.id for hit in result.results]
        rows = document_rows(reads.documents_by_id(archive, ids, as_of=weeks.stamp(as_of)))
        found.append(SearchHits(name, query, 0 if result.relaxed else result.total, rows))
    return tuple(found)


def _first_seen(facts: WeekFacts) -> dict[str, datetime]:
    first = dict(facts.first_found)
    first |= {name: before.first_seen for name, before in facts.before.items() if before.first_seen}
    for document in facts.documents:
        if document.relevant and document.kept:
            for row in document.findings():
                if document.first_seen < first.get(row.name, datetime.max.replace(tzinfo=UTC)):
                    first[row.name] = document.first_seen
    return first


__all__ = ["current_week", "digest_of", "last_complete_week", "make_digest", "read_context", "snapshot"]
