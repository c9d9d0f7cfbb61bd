"""Classes, places, lead times, saved searches, method and annex."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from tracker.analysis import weeks
from tracker.analysis.history import BREAK_IN
from tracker.analysis.leadtime import ledger
from tracker.analysis.official import first_official, known_rows, official_dates
from tracker.analysis.rows import Before, DocumentRow, SubstanceRow
from tracker.analysis.signals import Q_LIMIT, stories
from tracker.digest import quotes, words
from tracker.digest.context import Context, by_story, statement, told
from tracker.digest.model import TITLES, Evidence, Item, Section
from tracker.digest.sections_events import LIMIT

CLASSES: dict[str, tuple[str, ...]] = {
    "designer_benzodiazepines": ("designer_benzodiazepine",),
    "nitazenes_opioids": ("nitazene", "fentanyl_analogue", "opioid"),
    "cannabinoids": ("synthetic_cannabinoid", "semi_synthetic_cannabinoid", "cannabinoid"),
    "stimulants": ("synthetic_cathinone", "stimulant", "amphetamine", "aminoindane", "piperazine", "piperidine"),
    "hallucinogens_dissociatives": (
        "phenethylamine", "tryptamine", "lysergamide", "arylcyclohexylamine", "dissociative", "hallucinogen",
    ),
}  # fmt: skip
_PLACED = {cls for classes in CLASSES.values() for cls in classes}
_BUSY = 2.0  # a place is busier than usual from this ratio on


def classes(context: Context) -> list[Section]:
    """One section a group of classes, each also when it is quiet."""
    return [
        _cut(name, _of_classes(context, wanted), f"Nothing on {TITLES[name][:1].lower()}{TITLES[name][1:]} this week.")
        for name, wanted in CLASSES.items()
    ]


def _of_classes(context: Context, wanted: Sequence[str] | None) -> list[Item]:
    """One statement a substance; `wanted` None: the classes that have no section of their own."""
    named: dict[str, list[tuple[DocumentRow, SubstanceRow]]] = defaultdict(list)
    for document in context.relevant:
        for row in document.substances:
            is_here = row.cls in wanted if wanted is not None else row.cls not in _PLACED
            if is_here and row.nps and row.assertion == "affirmed" and document.doctype != "marketing":
                named[row.name].append((document, row))
    found = sorted(named.items(), key=lambda pair: (-stories(d for d, _ in pair[1]), pair[0]))
    return [_substance(context, name, pairs) for name, pairs in found]


def _substance(context: Context, name: str, pairs: Sequence[tuple[DocumentRow, SubstanceRow]]) -> Item:
    documents = [document for document, _ in pairs]
    counts: dict[str, int] = defaultdict(int)
    for document in documents:
        for theme in {row.theme for row in document.affirmed() if name in row.substances}:
            counts[theme] += 1
    themes = sorted(counts, key=lambda theme: (-counts[theme], theme))
    tail = f"; {words.join((words.theme_label(theme) for theme in themes), 4)}" if themes else ""
    found = "" if any(row.finding for _, row in pairs) else " Not reported as found."
    text = f"{name}: {told(documents)}{tail}.{found}"
    return statement(context, documents, text, substance=name, extra={"class": pairs[0][1].cls})


def places(context: Context) -> Section:
    """Countries of the week's stories beside their usual week."""
    found: dict[str, list[DocumentRow]] = defaultdict(list)
    for document in context.relevant:
        for country in document.countries:
            found[country].append(document)
    items = []
    for country, documents in sorted(found.items(), key=lambda pair: (-stories(pair[1]), pair[0])):
        count, usual = stories(documents), context.facts.places_before.get(country)
        beside = f", {words.decimal(usual)} in a usual week" if usual else ", none in the weeks before"
        more = " Busier than usual." if usual and count >= 3 and count >= _BUSY * usual else ""
        item = statement(context, documents, f"{country}: {words.number(count, 'story')}{beside}.{more}", mark="")
        items.append(_plain(item, country=country, stories=count, usual=usual))
    return _cut("places", items, "No place was named this week.")


def lead_time(context: Context) -> Section:
    """Our first sight of the week's substances beside the official dates."""
    items = []
    names = sorted({row.name for document in context.relevant for row in document.findings() if row.nps})
    for name in names:
        rows = known_rows(context.official.get(name, ()), context.facts.as_of.date())
        first, seen = first_official(rows), context.first_seen.get(name)
        if first is None or seen is None:
            continue
        early, late = ((day - seen.date()).days for day in weeks.period(first.date))
        text = (
            f"{name}: first found here {words.day(seen)}, first official date {words.claimed(first.date)} "
            f"({words.EVENTS[first.event]}, {first.body}): {_lead(early, late)}."
        )
        link = Evidence(first.note or None, None, first.source_url or None)
        items.append(
            Item(
                text=text,
                substance=name,
                grade="legal" if first.event.endswith(("control", "scheduling")) else "none",
                sources=len(official_dates(rows)),
                first_seen=seen,
                evidence=link,
                extra={"lead_interval": [early, late], "official": first.date},
            )
        )
    items.sort(key=lambda item: (-item.extra["lead_interval"][0], item.substance or ""))
    cut = _cut("lead_time", items, "None of the week's substances has an official date on file.")
    return replace(cut, note=_ledger(context))


def _ledger(context: Context) -> str:
    """The whole ledger in one line: how many were seen, how early, misses counted as misses."""
    seen = {name: Before(first_seen=moment) for name, moment in context.first_seen.items()}
    lines = ledger(seen, context.official, as_of=context.facts.as_of)
    if not lines:
        return ""
    missed, middle = sum(line.first_seen is None for line in lines), lines[-1].running_median
    lead = "more than half were missed" if middle is None else f"median lead {middle:,.0f} days, a miss as the worst"
    return f"Of {words.number(len(lines), 'substance')} with an official date, {missed} not yet found here; {lead}."


def _lead(early: int, late: int) -> str:
    """`12 to 42 days ahead`, `1,566 days behind`; where the official date is coarse it may be both."""
    if late < 0:
        return f"{_days(-late, -early)} behind"
    if early < 0:
        return f"between {-early:,} days behind and {late:,} days ahead"
    return f"{_days(early, late)} ahead"


def _days(low: int, high: int) -> str:
    return f"{low:,} days" if low == high else f"{low:,} to {high:,} days"


def saved_searches(context: Context) -> Section:
    """Each saved search with its hits of the week."""
    items = []
    for hits in context.searches:
        lines = [
            statement(
                context,
                group,
                f"{words.DOCTYPES[group[0].doctype]} of {group[0].publisher or group[0].source}",
                title=quotes.title_of(group[0]),
                group=hits.name,
            )
            for group in by_story(hits.documents)[:5]
        ]
        text = f"{hits.name}: {words.number(hits.total, 'document')} this week for “{hits.query}”."
        items.append(Item(text=text, group=hits.name, extra={"search": hits.name, "total": hits.total}))
        items.extend(lines)
    return Section(
        "saved_searches", TITLES["saved_searches"], tuple(items), "No searches are saved; name them in tracker.yaml."
    )


def method(context: Context) -> Section:
    """How the digest was made and what it cannot say."""
    facts = context.facts
    quiet = quotes.any_quiet(context.relevant)
    lines = [
        f"Made from documents first seen from {words.week_span(facts.week)} (Monday to Sunday, UTC), as known on "
        f"{weeks.stamp(facts.as_of)}. First seen is when this archive first held a document, not when the event was.",
        "Independent sources are counted by publisher; copies of one text count once. A story is the documents about "
        "one event.",
        f"Signals count stories with affirmed findings of new psychoactive substances, from sources watched for at "
        f"least {BREAK_IN.days // 7} weeks. Expected counts are negative binomial predictions from the series' own "
        f"past, corrected for how much the sources gave; false discoveries are held at {Q_LIMIT:.0%} "
        f"(Benjamini-Hochberg) over all series of the week.",
        "Tags, evidence sentences and grades are made by rules and may be wrong; read the linked source before acting. "
        "Absence of reports is not absence of events: see the sources that failed or are silent.",
        f"Texts of forums and shops are counted, never quoted ({words.number(quiet, 'document')} this week); prices, "
        f"sellers' addresses and amounts to take are left out.",
        f"Lexicon {facts.lexicon or 'not stated'}; tags as they were made by the date above.",
    ]
    return Section("method", TITLES["method"], tuple(Item(text=line) for line in lines))


def annex(context: Context, shown: frozenset[int]) -> Section:
    """Substances without a section of their own, and every tier A item that stands nowhere else, by title."""
    items = [_grouped(item, "Other substances") for item in _of_classes(context, None)]
    for document in context.facts.documents:
        if document.tier == "A" and document.id not in shown:
            why = "" if document.relevant else " Not about new psychoactive substances by its content."
            if document.doctype == "marketing":
                why = " Found to be marketing, therefore neither quoted nor linked."
            what = words.DOCTYPES[document.doctype]
            text = f"{what[:1].upper()}{what[1:]} of {document.publisher or document.source}.{why}"
            item = statement(context, [document], text, title=quotes.title_of(document))
            items.append(_grouped(_plain(item), "Other items of tier A"))
    return Section("annex", TITLES["annex"], tuple(items), "Nothing further.")


def _plain(item: Item, **extra: object) -> Item:
    return replace(item, extra={**item.extra, **extra})


def _grouped(item: Item, group: str) -> Item:
    return replace(item, group=group)


def _cut(name: str, items: Sequence[Item], quiet: str) -> Section:
    return Section(name, TITLES[name], tuple(items[:LIMIT]), quiet, more=max(0, len(items) - LIMIT))
