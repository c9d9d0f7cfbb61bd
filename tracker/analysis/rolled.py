"""The past of a large archive from weeks summed up once (`tracker.archive.rollup`), equal to counting it all anew.

Small archives are always counted whole. Where the sums do not hold for the moment asked for (tags made later than
it), they are not used.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tracker.analysis import weeks
from tracker.analysis.history import History, gather, settled_since
from tracker.analysis.stats import BASELINE_WEEKS
from tracker.archive import reads_analysis as reads
from tracker.archive import reads_named, rollup
from tracker.errors import ArchiveError

if TYPE_CHECKING:
    from tracker.archive import Archive

ROLL_FROM = 20_000  # documents from which on it pays
_TURN = threading.Lock()  # one thread sums up; the others wait and find it done


def refresh(archive: Archive, *, before: int, roll_from: int = ROLL_FROM) -> int:
    """Sum up the weeks before `before` (a number) that are missing or stale; returns how many. Nothing for small
    archives.

    Worth calling after an import or a retag: the next digest is quick then.
    """
    if not rollup.is_large(archive, roll_from):
        return 0
    with _TURN:
        named = reads_named.sum_up(archive, before=before, large=roll_from)
        return max(named, _refresh(archive, before))


def try_refresh(archive: Archive, *, before: int, roll_from: int = ROLL_FROM) -> bool:
    """`refresh`; False where the file is read-only or somebody else is writing."""
    try:
        refresh(archive, before=before, roll_from=roll_from)
    except ArchiveError:
        return False
    return True


def _refresh(archive: Archive, before: int) -> int:
    missing = rollup.missing_weeks(archive, before=before)
    if not missing:
        return 0
    largest, since = rollup.largest_tagset(archive), settled_since(reads.sources(archive))
    whole = [_sum_up(archive, week, since) for week in missing]
    if not all(whole):
        rollup.forget(archive)
        missing = rollup.missing_weeks(archive, before=before)
        for week in missing:
            _sum_up(archive, week, since)
    rollup.mark(archive, largest)
    return len(missing)


def history(
    archive: Archive,
    *,
    week: str,
    as_of: str,
    names: Iterable[str],
    pairs: Iterable[tuple[str, str]],
    roll_from: int = ROLL_FROM,
) -> History | None:
    """The past of a week from the sums; None where the archive is small or the sums do not hold for the moment."""
    number = weeks.number(week)
    if not rollup.is_large(archive, roll_from):
        return None
    if not try_refresh(archive, before=number, roll_from=roll_from):
        return None  # count it all
    with archive.reading():
        if not rollup.usable(archive, before=number, as_of=as_of):
            return None
        past = History(classes=rollup.classes(archive))
        first = number - BASELINE_WEEKS
        kinds = {"substance": past.stories, "class": past.class_stories, "place": past.places}
        for kind, name, when, count in rollup.read_series(archive, since=first, before=number):
            kinds[kind][name][when] = count
        before = weeks.stamp(weeks.start_of(week))
        for name, kind, key, moment in rollup.read_firsts(archive, names, pairs, before=before):
            past.first(name, kind, key, moment)
        for when, source, documents, relevant in rollup.read_exposure(archive, since=first, before=number):
            past.exposure[when][source] = (documents, relevant)
    return past


def _sum_up(archive: Archive, week: int, since: Mapping[int, str]) -> bool:
    start = weeks.start_of(weeks.from_number(week))
    bounds = {"since": weeks.stamp(start), "until": weeks.stamp(weeks.end_of(weeks.from_number(week)))}
    period = bounds | {"as_of": "9999-12-31T00:00:00Z"}
    with archive.reading():
        known = rollup.known_from(archive, **bounds)
        found = gather(
            reads.findings(archive, **period),
            reads.theme_substances(archive, **period),
            reads.exposure(archive, **period),
            since,
        )
    return rollup.keep(archive, week, _sums(found), known_from=known)


def _sums(found: History) -> rollup.Sums:
    kinds = {"substance": found.stories, "class": found.class_stories, "place": found.places}
    return rollup.Sums(
        series=[
            (kind, name, week, count)
            for kind, counts in kinds.items()
            for name, by_week in counts.items()
            for week, count in by_week.items()
        ],
        firsts=[
            (name, kind, key, moment) for name, firsts in found.firsts.items() for (kind, key), moment in firsts.items()
        ],
        exposure=[
            (week, source, *given) for week, sources in found.exposure.items() for source, given in sources.items()
        ],
    )


def pairs_of(documents: Sequence[Any]) -> set[tuple[str, str]]:
    """Pairs of names (both ways round) that affirmed adulteration sentences of the documents hold."""
    return {
        (name, other)
        for document in documents
        for theme in document.affirmed("adulteration", "counterfeit")
        for name in theme.substances
        for other in theme.substances
        if name != other
    }
