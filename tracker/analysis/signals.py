"""What is new in a week, and what the past does not explain.

Every signal is counted in stories, never in documents: a text that ten papers carry is one. Only affirmed findings of
new psychoactive substances count. A source that is watched for less than four weeks is still telling its backlog and
raises nothing; what is known from an earlier official date or an earlier publication raises no *first*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from tracker.analysis import weeks
from tracker.analysis.history import BREAK_IN
from tracker.analysis.official import official_dates
from tracker.analysis.rows import TIER_ORDER, Before, DocumentRow, SubstanceRow, WeekFacts
from tracker.analysis.stats import benjamini_hochberg, excess
from tracker.model import Signal

REPORTING_DELAY = timedelta(
    days=28
)  # a publication this much older than the week is no news, less is how indexing works
LEAST_STORIES = 2  # one story is a mention, not a rise, however rare the substance
Q_LIMIT = 0.05  # false-discovery rate of `excess`
_NO_CLASS = ("", "other")  # no family: their sum says nothing
_KINDS = ("first_ever", "first_death", "first_tier", "first_country", "first_pair", "excess", "candidate")


def signals(facts: WeekFacts) -> tuple[Signal, ...]:
    """All signals of the week, firsts before excesses before candidates, by name."""
    found = [*_firsts(facts), *_excesses(facts), *_candidates(facts)]
    return tuple(sorted(found, key=lambda signal: (_KINDS.index(signal.kind), signal.name, str(signal.detail))))


def findings_of(documents: Iterable[DocumentRow]) -> dict[str, list[tuple[DocumentRow, SubstanceRow]]]:
    """By substance, the kept and relevant documents that report it as found."""
    found: dict[str, list[tuple[DocumentRow, SubstanceRow]]] = defaultdict(list)
    for document in documents:
        if document.relevant and document.kept and document.editorial_status != "retracted":
            for row in document.findings():
                found[row.name].append((document, row))
    return dict(found)


def first_named(facts: WeekFacts) -> dict[str, list[tuple[DocumentRow, SubstanceRow]]]:
    """By substance, the week's kept and relevant documents that name it, where the archive never held it before."""
    named: dict[str, list[tuple[DocumentRow, SubstanceRow]]] = defaultdict(list)
    for document in facts.documents:
        if document.relevant and document.kept and document.editorial_status != "retracted":
            for row in document.substances:
                before = facts.before.get(row.name)
                if before is None or before.first_named is None:
                    named[row.name].append((document, row))
    return dict(sorted(named.items()))


def is_settled(document: DocumentRow, facts: WeekFacts) -> bool:
    """Whether its source was watched for four weeks when the document was first seen."""
    since = facts.watched_since.get(document.source)
    return since is not None and document.first_seen - since >= BREAK_IN


def why_known(name: str, documents: Iterable[DocumentRow], facts: WeekFacts, *, nps: bool = True) -> str | None:
    """Why a substance that is new to the archive is no news, in words; None where it is news."""
    if not nps:
        return "an established drug or medicine"
    start = weeks.start_of(facts.week)
    rows = facts.official.get(name, ())
    dated = [*official_dates(rows), *(row for row in rows if row.origin == "lexicon")]
    earlier = [row for row in dated if weeks.period(row.date)[1] < start.date()]
    if earlier:
        row = min(earlier, key=lambda row: weeks.period(row.date))
        return f"official date {row.date} ({row.body})"
    documents = tuple(documents)
    published = [document.published for document in documents if document.published]
    before = facts.before.get(name)
    if before and before.first_published:
        published.append(before.first_published)
    old = [claim for claim in published if weeks.period(claim)[1] < (start - REPORTING_DELAY).date()]
    if old:
        return f"published mention of {min(old, key=weeks.period)}"
    if not any(is_settled(document, facts) for document in documents):
        return "its sources have been watched for less than four weeks"
    return None


def stories(documents: Iterable[DocumentRow]) -> int:
    """How many stories the documents tell."""
    return len({document.story for document in documents})


def voices(documents: Iterable[DocumentRow]) -> int:
    """How many independent sources tell it: one publisher once, copies of one text once, over all stories."""
    parent: dict[object, object] = {}

    def root(key: object) -> object:
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    for document in documents:
        parent[root(document.voice)] = root((document.publisher or document.source).casefold().strip())
    return sum(key == up for key, up in parent.items())


# --- firsts ----------------------------------------------------------------------------------------------------------


def _firsts(facts: WeekFacts) -> Iterator[Signal]:
    for name, pairs in sorted(findings_of(facts.documents).items()):
        if not pairs[0][1].nps:
            continue
        settled = [document for document, _ in pairs if is_settled(document, facts)]
        if not settled:
            continue
        before = facts.before.get(name) or Before()
        if before.first_seen is None:
            if why_known(name, (document for document, _ in pairs), facts) is None:
                yield _first("first_ever", name, settled, facts)
            known_here = False
        else:
            known_here = True
            yield from _first_places(name, settled, before, facts)
        yield from _first_death(name, settled, before, facts, known_here)
        yield from _first_pairs(name, settled, before, facts)


def _first_places(name: str, settled: list[DocumentRow], before: Before, facts: WeekFacts) -> Iterator[Signal]:
    for country in sorted({code for document in settled for code in document.countries}):
        if country not in before.countries:
            there = [document for document in settled if country in document.countries]
            yield _first("first_country", name, there, facts, country=country)
    highest = min((TIER_ORDER.index(document.tier) for document in settled), default=len(TIER_ORDER))
    if before.tiers and highest < min(TIER_ORDER.index(tier) for tier in TIER_ORDER if tier in before.tiers):
        there = [document for document in settled if TIER_ORDER.index(document.tier) == highest]
        yield _first("first_tier", name, there, facts, tier=TIER_ORDER[highest])


def _first_death(
    name: str, settled: list[DocumentRow], before: Before, facts: WeekFacts, known_here: bool
) -> Iterator[Signal]:
    dead = [
        document
        for document in settled
        if any(name in theme.substances for theme in document.affirmed("death")) and not _is_old(document, facts)
    ]
    if dead and before.first_death is None:
        yield _first("first_death", name, dead, facts, new_here=not known_here)


def _first_pairs(name: str, settled: list[DocumentRow], before: Before, facts: WeekFacts) -> Iterator[Signal]:
    together: dict[str, list[DocumentRow]] = defaultdict(list)
    new = {row.name: row.nps for document in settled for row in document.substances}
    for document in settled:
        if not _is_old(document, facts):
            for partner in partners(document, name):
                together[partner].append(document)
    for partner, documents in sorted(together.items()):
        if partner not in before.partners and (name < partner or not new.get(partner, False)):
            yield _first("first_pair", f"{name} + {partner}", documents, facts, substance=name, partner=partner)


def partners(document: DocumentRow, name: str) -> tuple[str, ...]:
    """Substances that stand with `name` in a sentence on adulteration or counterfeits that is affirmed."""
    found = {
        other
        for theme in document.affirmed("adulteration", "counterfeit")
        if name in theme.substances
        for other in theme.substances
        if other != name
    }
    return tuple(sorted(found))


def _is_old(document: DocumentRow, facts: WeekFacts) -> bool:
    limit = (weeks.start_of(facts.week) - REPORTING_DELAY).date()
    return bool(document.published) and weeks.period(document.published or "")[1] < limit


def _first(kind: str, name: str, documents: list[DocumentRow], facts: WeekFacts, **detail: object) -> Signal:
    return Signal(
        kind=kind,  # type: ignore[arg-type]
        name=name,
        week=facts.week,
        observed=stories(documents),
        documents=_ids(documents),
        detail={"voices": voices(documents), **detail},
    )


# --- more than expected ----------------------------------------------------------------------------------------------


def _excesses(facts: WeekFacts) -> list[Signal]:
    tested: list[tuple[Signal, float]] = []
    for series, name, cls, documents in _observed_series(facts):
        past = (facts.substances if series == "substance" else facts.classes).get(name)
        counts = past.counts if past else (0,) * len(facts.exposures)
        rate = facts.class_rates.get(cls) if series == "substance" else None
        result = excess(stories(documents), facts.exposure, counts, facts.exposures, class_rate=rate)
        if result is None:
            continue
        detail = {
            "series": series,
            "baseline_weeks": result.baseline_weeks,
            "baseline_count": result.baseline_count,
            "dispersion": round(result.dispersion, 2),
            "seasonal": result.seasonal,
            "recent": list(counts[-25:]),
            "voices": voices(documents),
        }
        low, high = result.interval
        signal = Signal(
            kind="excess",
            name=name,
            week=facts.week,
            observed=result.observed,
            expected=result.expected,
            interval=(float(low), float(high)),
            p=result.p,
            documents=_ids(documents),
            detail=detail,
        )
        tested.append((signal, result.p))
    # series without a story this week have p = 1; they count in the number of series that were looked at
    q_values = benjamini_hochberg([p for _, p in tested] + [1.0] * facts.quiet_series)
    raised = [
        replace(signal, q=q)
        for (signal, _), q in zip(tested, q_values, strict=False)
        if q <= Q_LIMIT and signal.observed >= LEAST_STORIES
    ]
    single = {signal.documents for signal in raised if signal.detail["series"] == "substance"}
    # a class whose stories are all of one raised substance says nothing more
    return [signal for signal in raised if signal.detail["series"] == "substance" or signal.documents not in single]


def _observed_series(facts: WeekFacts) -> Iterator[tuple[str, str, str, list[DocumentRow]]]:
    by_class: dict[str, list[DocumentRow]] = defaultdict(list)
    for name, pairs in sorted(findings_of(facts.documents).items()):
        if not pairs[0][1].nps:
            continue
        settled = [document for document, _ in pairs if _counts(document, facts)]
        if settled:
            cls = pairs[0][1].cls
            by_class[cls].extend(settled)
            yield "substance", name, cls, settled
    for cls, documents in sorted(by_class.items()):
        if cls not in _NO_CLASS:
            yield "class", cls, cls, documents


def _counts(document: DocumentRow, facts: WeekFacts) -> bool:
    """Whether a document counts towards more than expected: its source has been there for long enough to compare."""
    return is_settled(document, facts) and (facts.established is None or document.source in facts.established)


# --- names that the lexicon does not have ----------------------------------------------------------------------------


def candidate_groups(facts: WeekFacts) -> dict[str, list[DocumentRow]]:
    """By folded name, the kept and relevant documents of the week that hold the candidate."""
    groups: dict[str, dict[int, DocumentRow]] = defaultdict(dict)
    for document in facts.documents:
        if document.relevant and document.kept:
            for row in document.candidates:
                groups[row.surface.casefold()][document.id] = document
    return {name: list(documents.values()) for name, documents in sorted(groups.items())}


def is_emerging(documents: Iterable[DocumentRow], before_voices: int = 0, before_tier_a: bool = False) -> bool:
    """Two independent documents, or one of tier A."""
    documents = tuple(documents)
    return before_tier_a or voices(documents) + before_voices >= 2 or any(row.tier == "A" for row in documents)


def _candidates(facts: WeekFacts) -> Iterator[Signal]:
    for name, documents in candidate_groups(facts).items():
        settled = [document for document in documents if is_settled(document, facts)]
        past = facts.candidates.get(name)
        seen_before, tier_a = (past.voices, past.tier_a) if past else (0, False)
        was_emerging = tier_a or seen_before >= 2
        if not settled or was_emerging or not is_emerging(settled, seen_before):
            continue
        row = next(row for row in settled[0].candidates if row.surface.casefold() == name)
        yield Signal(
            kind="candidate",
            name=row.surface,
            week=facts.week,
            observed=stories(settled),
            documents=tuple(sorted({*_ids(settled), *(past.documents if past else ())})),
            detail={"class": row.cls, "why": row.why, "voices": voices(settled) + seen_before},
        )


def _ids(documents: Iterable[DocumentRow]) -> tuple[int, ...]:
    return tuple(sorted({document.id for document in documents}))
