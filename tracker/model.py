"""The vocabulary of the house: small frozen records, no logic.

All moments are aware UTC `datetime`s; dates that a source claims stay strings cut to their precision
(`2024`, `2024-06`, `2024-06-03`, `2024-06-03T09:00:00Z`), because a coarse date is not a moment.
Spans are code points, half-open, into the string exactly as stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

Precision = Literal["year", "month", "day", "time"]
Tier = Literal["A", "B", "C"]  # A official or peer-reviewed, B professional or news, C public forum
Keep = Literal["relevant", "all"]
Assertion = Literal["affirmed", "negated", "hypothetical"]
Context = Literal["finding", "panel", "schedule", "reference", "comparison"]
Field = Literal["title", "text"]
Role = Literal["primary", "incidental"]
EditorialStatus = Literal["ok", "corrected", "concern", "retracted", "notice"]
DocType = Literal[
    "official_alert", "journal_article", "legal_notice", "news", "report", "factsheet", "forum", "marketing", "other"
]
Grade = Literal["lab_confirmed", "clinical_suspected", "self_report", "seizure", "market", "legal", "none"]
Theme = Literal[
    "death", "poisoning", "dependence", "polydrug", "adulteration", "counterfeit", "potency", "supply", "control",
    "emergence", "analytics", "vulnerable", "impairment", "mental_health", "response", "prevalence", "pharmacology",
]  # fmt: skip
SourceStatus = Literal["ok", "not_modified", "empty", "blocked", "robots", "gone", "error", "skipped"]

NOTHING: Mapping[str, Any] = MappingProxyType({})


# --- what is watched -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """One validated entry of `sources.yaml`, defaults filled in."""

    id: str
    kind: str
    url: str
    name: str = ""
    publisher: str | None = None
    country: str | None = None  # ISO 3166-1 alpha-2, or "EU", or None
    language: str | None = None  # ISO 639-1; None: detect per document
    language_is_default: bool = False  # only the list's defaults say so: what a feed declares itself goes before
    type: DocType | None = None
    tier: Tier = "B"
    every: int = 21600  # seconds between polls
    enabled: bool = True
    why: str | None = None  # reason when not enabled
    full_text: bool = False
    keep: Keep = "relevant"
    max_items: int = 5000
    max_time: int = 600  # seconds one poll of this source may take
    options: Mapping[str, Any] = field(default_factory=lambda: NOTHING)  # validated by the kind
    key_env: str | None = None  # name of the environment variable with the API key


@dataclass(frozen=True, slots=True)
class Window:
    """What one poll asks for: items that became known in [since, until), going on from `cursor` when one was kept."""

    since: datetime
    until: datetime
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One request that a kind wants made. `secret_params` are sent but never stored, shown or logged."""

    url: str
    params: tuple[tuple[str, str], ...] = ()
    secret_params: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    step: str = ""  # the kind's own word for where it is ("esearch", "efetch", "page")
    state: Mapping[str, Any] = field(default_factory=lambda: NOTHING)  # the kind's own memory, handed back to `read`
    found: bool = False  # the address was found in fetched content and must pass the address guard
    conditional: bool = False  # send If-None-Match / If-Modified-Since


@dataclass(frozen=True, slots=True)
class Payload:
    """One answer, body already decompressed and bounded."""

    body: bytes
    url: str = ""  # final address after redirects
    status: int = 200
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: NOTHING)  # lower-case names


@dataclass(frozen=True, slots=True)
class Page:
    """What a kind read in one payload, and what it wants next."""

    documents: tuple[Document, ...] = ()
    next: tuple[Request, ...] = ()
    cursor: str | None = None  # kept in the archive when the poll ends well
    total: int | None = None  # how many the server says there are
    problems: tuple[str, ...] = ()  # entries left out or read with doubt, one line each
    complete: bool = True  # False: the payload was cut off; documents hold what stood before the cut


# --- what a source said ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Document:
    """One item as its source states it. Absent is None or (), never "" or today."""

    external_id: str
    url: str | None = None
    title: str | None = None
    text: str | None = None
    summary: str | None = None
    authors: tuple[str, ...] = ()
    publisher: str | None = None
    published: str | None = None
    precision: Precision | None = None
    updated: str | None = None
    language: str | None = None
    doctype: DocType | None = None
    doi: str | None = None
    pmid: str | None = None
    journal: str | None = None
    pub_types: tuple[str, ...] = ()
    editorial_status: EditorialStatus = "ok"
    relates_to: tuple[str, ...] = ()  # "pmid:…", "doi:…", "url:…" of the item a notice is about
    countries: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=lambda: NOTHING)


# --- fetching --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fetch:
    """One row of the ledger: one request made, or one poll that was skipped. The address is without secrets."""

    source: str
    at: datetime
    url: str
    status: SourceStatus
    http: int | None = None
    ms: int = 0
    bytes: int = 0
    items: int = 0
    error: str | None = None
    note: str | None = None  # e.g. a cut at max_items, a 301 kept as a suggestion


@dataclass(frozen=True, slots=True)
class FetchState:
    """What must be remembered of a source between polls."""

    source: str
    last_polled: datetime | None = None
    last_ok: datetime | None = None
    etag: str | None = None
    last_modified: str | None = None
    not_before: datetime | None = None  # from Retry-After, or a day after a refusal
    cursor: str | None = None
    seen_until: datetime | None = None  # the window is complete up to here
    failures: int = 0  # in a row
    status: SourceStatus | None = None
    error: str | None = None
    moved_to: str | None = None  # target of a permanent redirect: a suggestion for the operator


@dataclass(frozen=True, slots=True)
class SourceResult:
    """One poll of one source: its documents in the order read, its ledger rows and its next state."""

    source: Source
    status: SourceStatus
    documents: tuple[Document, ...]
    fetches: tuple[Fetch, ...]
    state: FetchState
    http: int | None = None
    ms: int = 0
    error: str | None = None


# --- what the tagger found -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mention:
    """One place where a substance is named."""

    surface: str
    field: Field
    start: int
    end: int
    assertion: Assertion = "affirmed"
    context: Context = "finding"
    historical: bool = False


@dataclass(frozen=True, slots=True)
class SubstanceTag:
    """A substance of the lexicon found in a document. Assertion: affirmed, else negated, else hypothetical."""

    name: str
    cls: str  # written "class" in JSON
    nps: bool
    role: Role
    assertion: Assertion
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name that looks like a substance and is not in the lexicon."""

    surface: str
    field: Field
    start: int
    end: int
    cls: str | None
    why: str


@dataclass(frozen=True, slots=True)
class ContextSubstance:
    """An antidote, cutting agent, alcohol and the like: named, never a substance tag."""

    name: str
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class ClassMention:
    """A word for a class of substances ("nitazenes"), normalised to the lexicon's spelling of the class."""

    cls: str
    surface: str
    field: Field
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ThemeTag:
    """A risk theme with the one sentence that justifies it best."""

    theme: Theme
    assertion: Assertion
    evidence: str
    field: Field
    start: int
    end: int
    substances: tuple[str, ...] = ()
    rule: str | None = None  # what fired, for --explain and per-rule precision


@dataclass(frozen=True, slots=True)
class Tags:
    """All facts derived from one text, with the version of lexicon and rules that made them."""

    language: str | None
    relevant: bool
    relevance: float  # 0..1
    doctype: DocType
    countries: tuple[str, ...]
    lexicon: str
    substances: tuple[SubstanceTag, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    context_substances: tuple[ContextSubstance, ...] = ()
    grade: Grade = "none"
    classes: tuple[str, ...] = ()
    class_mentions: tuple[ClassMention, ...] = ()
    themes: tuple[ThemeTag, ...] = ()
    reasons: tuple[str, ...] = field(default=())  # why relevant or not, in words


# --- what was concluded ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Story:
    """Documents about one event; `sources` counts independent publishers, wire copies once."""

    id: int
    documents: tuple[int, ...]
    sources: int


@dataclass(frozen=True, slots=True)
class Signal:
    """An observed count that the past does not explain. Counts are stories per ISO week."""

    kind: Literal["first_ever", "first_country", "first_tier", "first_death", "first_pair", "excess", "candidate"]
    name: str
    week: str
    observed: int
    expected: float | None = None
    interval: tuple[float, float] | None = None  # central 95 % predictive interval
    p: float | None = None
    q: float | None = None  # Benjamini-Hochberg over all series of the week
    documents: tuple[int, ...] = ()
    detail: Mapping[str, Any] = field(
        default_factory=lambda: NOTHING
    )  # country, tier, partner substance, baseline weeks …
