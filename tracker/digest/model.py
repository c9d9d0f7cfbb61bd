"""The one content object of a digest: plain data, no rendering. Every rendering shows the same statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from tracker.model import NOTHING, Grade

Mark = Literal["new", "update", "corrected", "concern", "retracted", "notice", "known", "closed", ""]

TITLES: Mapping[str, str] = {
    "new_substances": "New substances",
    "candidates": "Candidate names",
    "signals": "Signals",
    "harm_events": "Harm events",
    "official": "Official alerts and control decisions",
    "corrections": "Corrections and retractions",
    "designer_benzodiazepines": "Designer benzodiazepines",
    "nitazenes_opioids": "Nitazenes and other opioids",
    "cannabinoids": "Cannabinoids",
    "stimulants": "Stimulants",
    "hallucinogens_dissociatives": "Hallucinogens and dissociatives",
    "adulteration": "Adulteration and counterfeits",
    "literature": "New literature",
    "places": "Places",
    "running": "Running events",
    "lead_time": "Lead-time corner",
    "saved_searches": "Saved searches",
    "method": "Method and limits",
    "annex": "Annex",
}
SECTION_IDS = tuple(TITLES)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The sentence that a statement rests on, the document it stands in and its address; None where not to be shown."""

    text: str | None = None
    document: int | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One statement. `sources` counts independent sources; `extra` holds the numbers of signals and the like."""

    text: str
    substance: str | None = None
    title: str | None = None
    grade: Grade = "none"
    sources: int = 0
    known: bool | None = None
    first_seen: datetime | None = None
    evidence: Evidence = Evidence()
    documents: tuple[int, ...] = ()
    mark: Mark = ""
    publisher: str | None = None
    published: str | None = None
    group: str = ""  # sub-heading within its section
    extra: Mapping[str, Any] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Section:
    """Statements under one heading. `quiet` is what is said when there are none; `more` counts what was left out,
    `note` is said below."""

    id: str
    title: str
    items: tuple[Item, ...] = ()
    quiet: str = "Nothing new this week."
    more: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Digest:
    """One week as it was known at `as_of`."""

    week: str
    as_of: datetime
    issue: int
    snapshot: str
    lexicon: str
    finished: bool
    sample: bool
    sources_read: int
    sources_failed: int
    silent: tuple[str, ...]
    failed: tuple[str, ...] = ()
    barren: tuple[str, ...] = ()  # readable, but without the items they always have: a changed layout
    counts: Mapping[str, int] = field(default_factory=dict)
    bottom_line: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()

    def section(self, name: str) -> Section:
        """The section with this id."""
        return next(section for section in self.sections if section.id == name)
