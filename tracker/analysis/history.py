"""The past of every series, gathered from findings: stories a week, firsts, and what the sources gave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

from tracker.analysis import weeks
from tracker.analysis.rows import Before, Series
from tracker.analysis.stats import BASELINE_WEEKS

if TYPE_CHECKING:
    from tracker.archive.reads_analysis import Exposure, Finding

BREAK_IN = timedelta(days=28)  # a source's backlog: its documents of the first four weeks raise nothing
ThemeSubstances = Mapping[int, list[tuple[str, list[str]]]]


@dataclass(slots=True)
class History:
    """Sums over weeks (numbers). `stories` and `class_stories` count what settled sources told; `firsts` holds all."""

    stories: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    class_stories: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    firsts: dict[str, dict[tuple[str, str], str]] = field(default_factory=lambda: defaultdict(dict))
    exposure: dict[int, dict[int, tuple[int, int]]] = field(default_factory=lambda: defaultdict(dict))
    places: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))  # stories by country
    classes: dict[str, str] = field(default_factory=dict)  # of each new psychoactive substance

    def first(self, name: str, kind: str, key: str, moment: str) -> None:
        """Note that something was there at a moment; the earliest stays."""
        firsts = self.firsts[name]
        if moment < firsts.get((kind, key), "~"):
            firsts[kind, key] = moment

    def add(self, other: History) -> None:
        """Take in the sums of other weeks."""
        pairs = (self.stories, other.stories), (self.class_stories, other.class_stories), (self.places, other.places)
        for mine, theirs in pairs:
            for name, counts in theirs.items():
                mine[name].update(counts)
        for name, firsts in other.firsts.items():
            for (kind, key), moment in firsts.items():
                self.first(name, kind, key, moment)
        for week, given in other.exposure.items():
            self.exposure[week].update(given)
        self.classes.update(other.classes)


def gather(
    findings: Iterable[Finding], themes: ThemeSubstances, exposure: Iterable[Exposure], since: Mapping[int, str]
) -> History:
    """Sum up findings and exposure. `since`: by source number, the stamp from which its documents count (watched for
    four weeks). All but places and the first naming is of findings of new psychoactive substances only."""
    history = History()
    stories: dict[tuple[str, int], set[int]] = defaultdict(set)
    by_class: dict[tuple[str, int], set[int]] = defaultdict(set)
    by_place: dict[tuple[str, int], set[int]] = defaultdict(set)
    for row in findings:
        for country in row.countries.split():
            by_place[country, row.week].add(row.story)
        history.first(row.name, "named", "", row.first_seen)
        if not (row.nps and row.finding):
            continue
        history.classes[row.name] = row.cls
        if row.first_seen >= since.get(row.source, "~"):
            stories[row.name, row.week].add(row.story)
            by_class[row.cls, row.week].add(row.story)
        _note_firsts(history, row, themes.get(row.tagset, ()))
    for sums, sets in ((history.stories, stories), (history.class_stories, by_class), (history.places, by_place)):
        for (name, week), told in sets.items():
            sums[name][week] = len(told)
    for given in exposure:
        history.exposure[given.week][given.source] = (given.documents, given.relevant)
    return history


def _note_firsts(history: History, row: Finding, themes: Iterable[tuple[str, list[str]]]) -> None:
    history.first(row.name, "any", "", row.first_seen)
    history.first(row.name, "tier", row.tier, row.first_seen)
    for country in row.countries.split():
        history.first(row.name, "country", country, row.first_seen)
    if row.published:
        history.first(row.name, "published", "", row.published)
    for theme, names in themes:
        if row.name in names:
            if theme == "death":
                history.first(row.name, "death", "", row.first_seen)
                continue
            for other in names:
                if other != row.name:
                    history.first(row.name, "partner", other, row.first_seen)


def settled_since(sources: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    """By source number, the stamp from which its documents count."""
    return {row["num"]: weeks.stamp(datetime.fromisoformat(row["since"]) + BREAK_IN) for row in sources if row["since"]}


def before(firsts: Mapping[tuple[str, str], str]) -> Before:
    """What was there of one substance, from its firsts."""

    def keyed(kind: str) -> dict[str, datetime]:
        return {key: datetime.fromisoformat(moment) for (k, key), moment in sorted(firsts.items()) if k == kind}

    return Before(
        first_named=keyed("named").get(""),
        first_seen=keyed("any").get(""),
        first_published=firsts.get(("published", "")),
        countries=keyed("country"),
        tiers=keyed("tier"),
        first_death=keyed("death").get(""),
        partners=keyed("partner"),
    )


@dataclass(frozen=True, slots=True)
class Past:
    """The weeks before one week, as the statistics want them: equally long rows, oldest first."""

    first_week: int
    substances: Mapping[str, Series]
    classes: Mapping[str, Series]
    exposures: tuple[float, ...]
    exposure: float
    class_rates: Mapping[str, float]
    established: frozenset[int]  # sources (numbers) that count now: settled for half of these weeks at least


def past_of(history: History, week: int, since: Mapping[int, int]) -> Past:
    """Cut the history to the weeks before `week` (a number). `since`: by source number, the week from which it counts.

    Exposure of a week is the number of documents that a source gave, weighted with the share of relevant ones that this
    source has had over the whole time: a busy source that rarely writes of drugs does not water it down.

    A source that specialises in one substance would still raise an alarm when it is added. So the week is counted, and
    exposure measured, over established sources only: those settled for at least half of the weeks looked at. What
    younger ones told in the past stays in the baseline, which can only make it higher.
    """
    weeks_seen = [number for number, given in history.exposure.items() if number < week and given]
    first = max(min(weeks_seen, default=week), week - BASELINE_WEEKS)
    span = range(first, week)
    share = _shares(history, range(first, week + 1))
    established = frozenset(source for source, start in since.items() if start <= week - len(span) / 2)
    settled = {source: start for source, start in since.items() if source in established}
    exposures = tuple(_exposure(history, number, share, settled) for number in span)
    total = sum(exposures)
    rates: dict[str, list[float]] = defaultdict(list)
    for name, counts in history.stories.items():
        summed = sum(count for number, count in counts.items() if first <= number < week)
        if summed and total:
            rates[history.classes.get(name, "")].append(summed / total)
    return Past(
        first_week=first,
        substances={name: _series(counts, span) for name, counts in history.stories.items()},
        classes={name: _series(counts, span) for name, counts in history.class_stories.items()},
        exposures=exposures,
        exposure=_exposure(history, week, share, settled),
        established=established,
        class_rates={cls: median(values) for cls, values in rates.items()},
    )


def _series(counts: Mapping[int, int], span: range) -> Series:
    return Series(tuple(counts.get(number, 0) for number in span))


def _shares(history: History, span: range) -> dict[int, float]:
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for number in span:
        for source, (documents, relevant) in history.exposure.get(number, {}).items():
            sums[source][0] += documents
            sums[source][1] += relevant
    return {source: (relevant + 0.5) / (documents + 1) for source, (documents, relevant) in sums.items()}


def _exposure(history: History, number: int, share: Mapping[int, float], since: Mapping[int, int]) -> float:
    return sum(
        documents * share[source]
        for source, (documents, _) in sorted(history.exposure.get(number, {}).items())
        if number >= since.get(source, number + 1)
    )
