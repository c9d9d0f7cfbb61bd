"""What the sections are written from, and how one statement about some documents is put together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from tracker.analysis.rows import TIER_ORDER, DocumentRow, OfficialRow, WeekFacts
from tracker.analysis.signals import stories, voices
from tracker.digest import quotes, words
from tracker.digest.model import Evidence, Item, Mark
from tracker.model import NOTHING, Signal, Theme


@dataclass(frozen=True, slots=True)
class SearchHits:
    """What a saved search found among the documents of the week."""

    name: str
    query: str
    total: int
    documents: tuple[DocumentRow, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a digest is made from. Equal contexts give equal digests."""

    facts: WeekFacts
    signals: tuple[Signal, ...]
    texts: quotes.Texts
    running: Mapping[int, tuple[DocumentRow, ...]] = field(default_factory=dict)  # stories older than the week, whole
    closed: Mapping[int, tuple[DocumentRow, ...]] = field(default_factory=dict)  # stories that fell silent
    marked: tuple[tuple[DocumentRow, DocumentRow | None, str], ...] = ()  # (document, notice, status) set this week
    official: Mapping[str, tuple[OfficialRow, ...]] = field(default_factory=lambda: NOTHING)  # of all substances
    first_seen: Mapping[str, datetime] = field(
        default_factory=lambda: NOTHING
    )  # of all substances with official rows that were ever found
    searches: tuple[SearchHits, ...] = ()
    silent: tuple[str, ...] = ()
    barren: tuple[str, ...] = ()  # readable, but without the items they always have
    read: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    extra_documents: Mapping[int, DocumentRow] = field(default_factory=dict)

    @property
    def relevant(self) -> tuple[DocumentRow, ...]:
        """Kept, relevant documents of the week that were not retracted."""
        return tuple(
            row for row in self.facts.documents if row.relevant and row.kept and row.editorial_status != "retracted"
        )

    def by_id(self, ids: Iterable[int]) -> tuple[DocumentRow, ...]:
        """The documents with these numbers, as far as they are at hand."""
        known = {row.id: row for row in self.facts.documents} | dict(self.extra_documents)
        return tuple(known[number] for number in ids if number in known)


def by_story(documents: Iterable[DocumentRow]) -> list[tuple[DocumentRow, ...]]:
    """Group by story; the best document of each story stands first, and the best story too."""
    groups: dict[int, list[DocumentRow]] = defaultdict(list)
    for document in documents:
        groups[document.story].append(document)
    told = [tuple(sorted(group, key=strength)) for group in groups.values()]
    return sorted(told, key=lambda group: (-voices(group) > -2, strength(group[0])))


def strength(document: DocumentRow) -> tuple[Any, ...]:
    """Sort key: quotable before counted only, higher tier, stronger grade, earlier, smaller number."""
    return (
        quotes.is_quiet(document),
        TIER_ORDER.index(document.tier),
        words.GRADE_ORDER.index(document.grade),
        document.first_seen,
        document.id,
    )


def mark_of(documents: Sequence[DocumentRow], context: Context) -> Mark:
    """The editorial word where there is one, else whether the story is new or goes on."""
    for status in ("retracted", "concern", "corrected", "notice"):
        if any(document.editorial_status == status for document in documents):
            return status
    return "update" if any(document.story in context.running for document in documents) else "new"


def statement(
    context: Context,
    documents: Sequence[DocumentRow],
    text: str,
    *,
    substance: str | None = None,
    themes: Sequence[Theme] = (),
    title: str | None = None,
    mark: Mark | None = None,
    known: bool | None = None,
    group: str = "",
    extra: Mapping[str, Any] = NOTHING,
    naming: bool = False,
) -> Item:
    """A statement resting on documents: the best of them gives the evidence, all of them the count of sources."""
    ordered = sorted(documents, key=strength)
    quote = partial(quotes.evidence, texts=context.texts, substance=substance, themes=themes, naming=naming)
    proof, best = Evidence(), ordered[0] if ordered else None
    for document in ordered:
        proof, best = quote(document), document
        if proof.text:
            break
    if best is not None and not proof.text:
        best = ordered[0]
        proof = quote(best)
    quiet = quotes.any_quiet(ordered)
    if quiet and quiet == len(ordered):
        text = f"{text} Counted from forum or shop texts, which are not quoted."
    return Item(
        text=text,
        substance=substance,
        title=title,
        grade=words.best_grade(document.grade for document in ordered),
        sources=voices(ordered),
        known=known,
        first_seen=min((document.first_seen for document in ordered), default=None),
        evidence=proof,
        documents=tuple(sorted(document.id for document in ordered if document.doctype != "marketing")),
        mark=mark_of(ordered, context) if mark is None else mark,
        publisher=best.publisher if best else None,
        published=best.published if best else None,
        group=group,
        extra=extra,
    )


def places(documents: Iterable[DocumentRow]) -> list[str]:
    """Countries of the documents, the most often named first."""
    counts: dict[str, int] = defaultdict(int)
    for document in documents:
        for country in document.countries:
            counts[country] += 1
    return sorted(counts, key=lambda code: (-counts[code], code))


def told(documents: Sequence[DocumentRow]) -> str:
    """`2 stories from 3 independent sources in GB and SE`."""
    sources = words.number(voices(documents), "independent source")
    return f"{words.number(stories(documents), 'story')} from {sources}{words.countries(places(documents))}"
