"""What happened: harm, official acts, corrections, adulteration, literature, running events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tracker.analysis import weeks
from tracker.analysis.rows import DocumentRow
from tracker.analysis.signals import voices
from tracker.digest import quotes, words
from tracker.digest.context import Context, by_story, places, statement
from tracker.digest.model import TITLES, Item, Section
from tracker.model import Theme

LIMIT = 15  # statements of one section; tier A alerts are never cut
_HARM: tuple[Theme, ...] = ("death", "poisoning")
_FALSE: tuple[Theme, ...] = ("adulteration", "counterfeit")
_RESEARCH = ("journal_article",)
_ACTS = ("official_alert", "legal_notice")
_STATUS = {
    "retracted": "Retracted",
    "concern": "Expression of concern",
    "corrected": "Corrected",
    "notice": "Notice about another item",
}


def harm_events(context: Context) -> Section:
    """Stories with deaths or poisonings of people, laboratory-confirmed ones apart from suspected ones."""
    told = by_story(document for document in context.relevant if _is_harm(document))
    told.sort(key=lambda group: not _is_confirmed(group))  # stable
    return _told("harm_events", context, told, _harm, "No death or poisoning was reported as fact this week.")


def _is_harm(document: DocumentRow) -> bool:
    return document.doctype not in ("legal_notice", "factsheet", "marketing") and bool(document.affirmed(*_HARM))


def _is_confirmed(group: Sequence[DocumentRow]) -> bool:
    return any(document.grade == "lab_confirmed" for document in group)


def _harm(context: Context, group: Sequence[DocumentRow]) -> Item:
    named = [theme for theme in _HARM if any(document.affirmed(theme) for document in group)]
    kind = words.join(words.theme_label(theme) for theme in named)
    about = {name for document in group for theme in document.affirmed(*_HARM) for name in theme.substances}
    drugs = [name for name in _names(group) if name in about] or _names(group)
    whom = f" with {words.join(drugs)}" if drugs else ""
    text = f"{kind[:1].upper()}{kind[1:]} reported{whom}{words.countries(places(group))}."
    return statement(
        context,
        group,
        text,
        substance=drugs[0] if drugs else None,
        themes=_HARM,
        title=quotes.title_of(group[0]),
        group="Confirmed" if _is_confirmed(group) else "Suspected",
    )


def official(context: Context) -> Section:
    """Everything official and relevant: alerts first, then control decisions, then other items of tier A."""
    relevant = [row for row in context.relevant if _is_official(row)]
    items = [
        _official(context, group, kind) for kind, is_kind in _KINDS for group in by_story(filter(is_kind, relevant))
    ]
    return Section("official", TITLES["official"], tuple(items), "No official alert and no control decision this week.")


def _is_official(document: DocumentRow) -> bool:
    if document.doctype in _RESEARCH or quotes.is_quiet(document):
        return False
    return document.tier == "A" or document.doctype in _ACTS


def _is_control(document: DocumentRow) -> bool:
    return document.doctype == "legal_notice" or (
        document.doctype != "official_alert" and bool(document.affirmed("control"))
    )


_KINDS: tuple[tuple[str, Callable[[DocumentRow], bool]], ...] = (
    ("Alerts", lambda row: row.doctype == "official_alert"),
    ("Control decisions", lambda row: row.doctype != "official_alert" and _is_control(row)),
    ("Other official items", lambda row: row.doctype != "official_alert" and not _is_control(row)),
)


def _official(context: Context, group: Sequence[DocumentRow], kind: str) -> Item:
    head = group[0]
    drugs = _names(group)
    what = words.DOCTYPES[head.doctype]
    about = f" on {words.join(drugs)}" if drugs else ""
    text = f"{what[:1].upper()}{what[1:]} of {head.publisher or head.source}{about}{words.countries(places(group))}."
    themes: tuple[Theme, ...] = ("control",) if kind == "Control decisions" else ("death", "poisoning", "adulteration")
    return statement(
        context,
        group,
        text,
        substance=drugs[0] if drugs else None,
        themes=themes,
        title=quotes.title_of(head),
        group=kind,
    )


def corrections(context: Context) -> Section:
    """Notices that came this week, and items of the week that carry an editorial status."""
    items, shown = [], set()
    for document, notice, status in context.marked:
        shown.add(document.id)
        rest = [document] if notice is None else [document, notice]
        words_of = _STATUS.get(status, status)
        text = (
            f"{words_of}: {quotes.title_of(document) or 'title not shown'} ({document.publisher or document.source})."
        )
        items.append(statement(context, rest, text, mark=status, title=quotes.title_of(document)))  # type: ignore[arg-type]
        if notice is not None:
            shown.add(notice.id)
    for document in context.facts.documents:
        if document.editorial_status in _STATUS and document.id not in shown and document.kept:
            text = f"{_STATUS[document.editorial_status]}: {quotes.title_of(document) or 'title not shown'}."
            items.append(statement(context, [document], text, title=quotes.title_of(document)))
    return _cut("corrections", items, "No correction, concern or retraction this week.")


def adulteration(context: Context) -> Section:
    """Stories in which something was sold as, cut with or mistaken for something else."""
    told = by_story(row for row in context.relevant if row.affirmed(*_FALSE) and row.doctype != "marketing")
    quiet = "No adulterated or falsified product was reported as fact this week."
    return _told("adulteration", context, told, _adulteration, quiet)


def _adulteration(context: Context, group: Sequence[DocumentRow]) -> Item:
    pairs = sorted({name for row in group for theme in row.affirmed(*_FALSE) for name in theme.substances})
    kinds = {theme.theme for row in group for theme in row.affirmed(*_FALSE)}
    what = "Fake medicines or tablets" if "counterfeit" in kinds else "Adulteration"
    about = f": {words.join(pairs)}" if pairs else ""
    text = f"{what}{about}{words.countries(places(group))}."
    return statement(
        context,
        group,
        text,
        substance=pairs[0] if pairs else None,
        themes=_FALSE,
        title=quotes.title_of(group[0]),
    )


def literature(context: Context) -> Section:
    """Journal articles, with DOI where there is one."""
    told = by_story(row for row in context.relevant if row.doctype in _RESEARCH)
    return _told("literature", context, told, _article, "No new article this week.")


def _article(context: Context, group: Sequence[DocumentRow]) -> Item:
    head = next((row for row in group if row.doi), group[0])
    drugs = _names(group)
    reference = f"doi:{head.doi}" if head.doi else f"PMID {head.pmid}" if head.pmid else ""
    where = ". ".join(part for part in (head.journal or head.publisher, reference) if part)
    text = f"{where}." if where else "Journal article."
    if drugs:
        text += f" On {words.join(drugs)}."
    extra = {"doi": head.doi, "pmid": head.pmid, "journal": head.journal}
    return statement(
        context,
        group,
        text,
        substance=drugs[0] if drugs else None,
        title=quotes.title_of(head),
        extra=extra,
    )


def running(context: Context) -> Section:
    """Stories that go on, with what changed since last week, and those that fell silent for four weeks."""
    items = [_running(context, told) for _, told in sorted(context.running.items())]
    items.sort(key=lambda item: (-int(item.extra["added"]), item.documents))
    for _, told in sorted(context.closed.items()):
        opened, last = min(told, key=_seen), max(told, key=_seen)
        when = f"opened {words.day(opened.first_seen)}, last update {words.day(last.first_seen)}"
        text = f"Closed: {when}, then four weeks of silence."
        items.append(statement(context, told, text, title=quotes.title_of(opened), mark="closed", group="Closed"))
    return _cut("running", items, "No earlier event was updated and none was closed.")


def _running(context: Context, told: Sequence[DocumentRow]) -> Item:
    start = weeks.start_of(context.facts.week)
    earlier = [row for row in told if row.first_seen < start]
    now = [row for row in told if row.first_seen >= start]
    changes = [words.number(len(now), "new document")]
    more = voices(told) - voices(earlier)
    if more > 0:
        changes.append(words.number(more, "more independent source"))
    gained = [code for code in places(now) if code not in places(earlier)]
    if gained:
        changes.append(f"now also in {words.join(gained)}")
    drugs = [name for name in _names(now) if name not in _names(earlier)]
    if drugs:
        changes.append(f"now also naming {words.join(drugs)}")
    before = {theme.theme for row in earlier for theme in row.affirmed()}
    themes = [theme for theme in _HARM if theme not in before and any(row.affirmed(theme) for row in now)]
    if themes:
        changes.append(f"now with {words.join(words.theme_label(theme) for theme in themes)}")
    opened = min(told, key=_seen)
    text = (
        f"Opened {words.day(opened.first_seen)}, last update {words.day(max(told, key=_seen).first_seen)}. "
        f"Since last week: {', '.join(changes)}."
    )
    return statement(
        context, told, text, title=quotes.title_of(opened), mark="update", group="Open", extra={"added": len(now)}
    )


def _seen(document: DocumentRow) -> tuple[object, int]:
    return document.first_seen, document.id


def _names(documents: Iterable[DocumentRow]) -> list[str]:
    """Substances found in the documents, those they are about first, new psychoactive ones before medicines."""
    rank: dict[str, tuple[bool, bool, int]] = {}
    for place, document in enumerate(documents):
        for row in document.findings():
            key = (row.role != "primary", not row.nps, place)
            rank[row.name] = min(rank.get(row.name, key), key)
    return sorted(rank, key=lambda name: (rank[name], name))


def _told(
    name: str,
    context: Context,
    groups: Sequence[Sequence[DocumentRow]],
    make: Callable[[Context, Sequence[DocumentRow]], Item],
    quiet: str,
) -> Section:
    """A section of one statement a story; those beyond the limit are counted and not made."""
    items = tuple(make(context, group) for group in groups[:LIMIT])
    return Section(name, TITLES[name], items, quiet, more=max(0, len(groups) - LIMIT))


def _cut(name: str, items: Sequence[Item], quiet: str) -> Section:
    return Section(name, TITLES[name], tuple(items[:LIMIT]), quiet, more=max(0, len(items) - LIMIT))
