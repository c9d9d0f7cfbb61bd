"""The plain rows that counting works on. Made by `read.py` from an archive, or by hand in tests; no logic but small
questions.

A *finding* is a substance named in a document with at least one affirmed mention in the context of a finding: what
panels, schedules, references and comparisons name was not seen anywhere, and raises nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tracker.model import NOTHING, Assertion, DocType, EditorialStatus, Field, Grade, Role, Theme, Tier

TIER_ORDER: tuple[Tier, ...] = ("A", "B", "C")  # highest first
QUIET_DOCTYPES = ("forum", "marketing")  # counted, never quoted


@dataclass(frozen=True, slots=True)
class Span:
    """Code points [start:end) of a field of the stored document."""

    field: Field
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SubstanceRow:
    """One substance of one document."""

    name: str
    cls: str
    nps: bool
    role: Role
    assertion: Assertion
    finding: bool  # an affirmed mention in the context of a finding
    spans: tuple[Span, ...] = ()  # of its mentions, affirmed findings first


@dataclass(frozen=True, slots=True)
class ThemeRow:
    """One risk theme of one document with the span of its evidence sentence."""

    theme: Theme
    assertion: Assertion
    span: Span
    substances: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A name that looks like a substance and is not in the lexicon, at one place."""

    surface: str
    cls: str | None
    why: str
    span: Span


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One document as it was known at the as-of moment. `voice` is one for all copies and all texts of one publisher
    in a story: counting voices counts independent sources."""

    id: int
    story: int
    voice: int
    source: str
    publisher: str | None
    tier: Tier
    first_seen: datetime
    published: str | None = None
    url: str | None = None
    title: str | None = None
    doctype: DocType = "other"
    grade: Grade = "none"
    doi: str | None = None
    pmid: str | None = None
    journal: str | None = None
    language: str | None = None
    editorial_status: EditorialStatus = "ok"
    countries: tuple[str, ...] = ()
    relevant: bool = True
    kept: bool = True
    quote: bool = True  # False: text of forums and shops is never shown
    backfilled: bool = False
    hash: str = ""  # of the content, for the snapshot
    substances: tuple[SubstanceRow, ...] = ()
    themes: tuple[ThemeRow, ...] = ()
    candidates: tuple[CandidateRow, ...] = ()

    def findings(self) -> tuple[SubstanceRow, ...]:
        """Substances that this document reports as found."""
        return tuple(row for row in self.substances if row.finding)

    def affirmed(self, *themes: Theme) -> tuple[ThemeRow, ...]:
        """Affirmed themes, all or the named ones."""
        return tuple(row for row in self.themes if row.assertion == "affirmed" and (not themes or row.theme in themes))


@dataclass(frozen=True, slots=True)
class Before:
    """What the archive held of a substance before the week: when it was first named in any way, the rest by
    findings."""

    first_named: datetime | None = None
    first_seen: datetime | None = None
    first_published: str | None = None  # earliest claimed publication over all documents known at the as-of moment
    countries: Mapping[str, datetime] = field(default_factory=lambda: NOTHING)
    tiers: Mapping[str, datetime] = field(default_factory=lambda: NOTHING)
    first_death: datetime | None = None
    partners: Mapping[str, datetime] = field(default_factory=lambda: NOTHING)  # in affirmed adulteration sentences


@dataclass(frozen=True, slots=True)
class CandidateBefore:
    """What was held of a candidate name before the week: independent voices, and whether one was of tier A."""

    first_seen: datetime
    documents: tuple[int, ...]
    voices: int
    tier_a: bool


@dataclass(frozen=True, slots=True)
class OfficialRow:
    """One official event of a substance. `date` is as precise as the source that states it."""

    substance: str
    event: str
    date: str
    body: str
    source_url: str = ""
    note: str = ""
    confidence: str = "stated"
    origin: str = "shipped"  # or "analyst"


@dataclass(frozen=True, slots=True)
class Series:
    """Stories per week of one name, oldest first, the last is the week before the one looked at."""

    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WeekFacts:
    """All that a week's conclusions are drawn from, known at `as_of`."""

    week: str
    as_of: datetime
    lexicon: str
    documents: tuple[DocumentRow, ...]  # first seen in the week
    before: Mapping[str, Before] = field(default_factory=lambda: NOTHING)  # by substance, those named in the week
    substances: Mapping[str, Series] = field(default_factory=lambda: NOTHING)
    classes: Mapping[str, Series] = field(default_factory=lambda: NOTHING)
    quiet_series: int = 0  # further series that were tested and had nothing this week
    class_rates: Mapping[str, float] = field(
        default_factory=lambda: NOTHING
    )  # stories per unit of exposure of the class's middle substance
    exposures: tuple[float, ...] = ()  # per week, as long as the series
    exposure: float = 0.0  # of the week
    candidates: Mapping[str, CandidateBefore] = field(default_factory=lambda: NOTHING)  # by folded surface
    established: frozenset[str] | None = None  # sources whose stories count for `excess`; None: all that are settled
    watched_since: Mapping[str, datetime] = field(default_factory=lambda: NOTHING)  # by source
    official: Mapping[str, tuple[OfficialRow, ...]] = field(default_factory=lambda: NOTHING)
    archive_since: datetime | None = None
    first_found: Mapping[str, datetime] = field(default_factory=lambda: NOTHING)  # of substances with official rows
    places_before: Mapping[str, float] = field(default_factory=lambda: NOTHING)  # stories in a usual week by country
    new_documents: int = 0  # first seen in the week, kept or not
    kept_documents: int = 0
