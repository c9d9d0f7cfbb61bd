"""Searches made from the knowledge base: class terms and substance names as OR queries, cut to what an API takes.

Pure: it is handed the names. `with_lexicon` is what a run calls before it collects, for sources whose `options.query`
is `lexicon`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Protocol
from urllib.parse import quote_plus

from pydantic import model_validator

from tracker.errors import ConfigError
from tracker.model import Source
from tracker.sources._base import SearchOptions

LEXICON = "lexicon"
# Classes whose words name new substances only. "Benzodiazepines", "opioids" or "piperazines" find half of pharmacology.
SEARCHED = frozenset(
    "aminoindane arylcyclohexylamine designer_benzodiazepine fentanyl_analogue lysergamide nbome nboh "
    "new_psychoactive_substance nitazene orphine semi_synthetic_cannabinoid synthetic_cannabinoid synthetic_cathinone "
    "synthetic_opioid thienodiazepine u_compound".split()
)
_ORDINARY = re.compile(r"\W*[^\W\d_]{1,3}\W*")  # "net", "doc", "met": as a search term they find everything else


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an API writes one phrase, and how long (as sent, percent-encoded) a whole query may be."""

    form: str
    max_length: int


# PubMed and Europe PMC answer 414 to addresses of more than about 4,000 characters; parameters need room beside it.
DIALECTS = MappingProxyType(
    {
        "pubmed": Dialect('"{}"[tiab]', 2500),
        "europepmc": Dialect('TITLE_ABS:"{}"', 2500),
        "openalex": Dialect('"{}"', 1500),
    }
)


class Searches(SearchOptions):
    """Options of the search APIs: `query`, or several `queries` that are asked one after the other."""

    queries: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_of_them(self) -> Searches:
        if self.queries and self.query not in (None, LEXICON):
            raise ValueError("give query or queries, not both")
        return self


class ContactSearches(Searches):
    """Options of the search APIs that want to know whom to write to when something goes wrong."""

    mailto: str | None = None

    def identity(self, name: str = "mailto") -> tuple[tuple[str, str], ...]:
        """The parameter `name` with the address, where one is known."""
        return ((name, self.mailto),) if self.mailto else ()


def queries(
    names: Iterable[str], class_terms: Iterable[str], *, max_length: int, form: str = '"{}"'
) -> tuple[str, ...]:
    """Return OR queries that together hold every class term (first) and name once, none longer than `max_length`.

    `max_length` counts the characters as sent (percent-encoded). `form` writes one phrase. A name that alone passes the
    length is left out: no API would take it.
    """
    found: list[str] = []
    group: list[str] = []
    length = 0
    for term in _terms([*class_terms, *names], form):
        size = len(quote_plus(term))
        if size > max_length:
            continue
        more = size + (len("+OR+") if group else 0)
        if length + more > max_length:
            found.append(" OR ".join(group))
            group, length, more = [], 0, size
        group.append(term)
        length += more
    return (*found, " OR ".join(group)) if group else tuple(found)


def _terms(words: Sequence[str], form: str) -> Iterator[str]:
    seen: set[str] = set()
    for word in words:
        # Quotes, brackets and wildcards are operators; the comma separates filters at OpenAlex; all index as a gap.
        phrase = " ".join(re.sub(r'["\[\]*?:,|\\]', " ", word).split())
        if phrase and phrase.casefold() not in seen:
            seen.add(phrase.casefold())
            yield form.format(phrase)


class _Name(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def doubt(self) -> str: ...


class _Substance(Protocol):
    @property
    def nps(self) -> bool: ...
    @property
    def reported(self) -> bool: ...
    @property
    def aliases(self) -> Sequence[_Name]: ...


class _ClassWord(_Name, Protocol):
    @property
    def cls(self) -> str: ...
    @property
    def language(self) -> str: ...


class Knowledge(Protocol):
    """What is needed of the knowledge base (`tracker.lexicon.Lexicon` is one)."""

    @property
    def substances(self) -> Mapping[str, _Substance]: ...
    @property
    def classes(self) -> Sequence[_ClassWord]: ...


def asks_lexicon(sources: Iterable[Source]) -> bool:
    """Whether any of `sources` asks for the names of the knowledge base."""
    return any(source.options.get("query") == LEXICON for source in sources)


def with_lexicon(sources: Sequence[Source], knowledge: Knowledge) -> list[Source]:
    """Return `sources`, those that ask for the lexicon with its queries.

    They hold English class words and the names of new substances. Names and words that the knowledge base doubts
    ("MET", "spice") are left out.
    """
    if not asks_lexicon(sources):
        return list(sources)
    words = [w.text for w in knowledge.classes if w.cls in SEARCHED and w.language in ("en", "") and not w.doubt]
    names = [
        name
        for name, substance in knowledge.substances.items()
        if substance.nps and substance.reported and not any(a.text == name and a.doubt for a in substance.aliases)
    ]
    return [expand(source, names, words) for source in sources]


def with_contact(sources: Sequence[Source], contact: str | None) -> list[Source]:
    """Return `sources`, those of the kinds that ask whom to write to with the mail address `contact`.

    An entry's own `mailto` stays; a contact that is a web page is for the User-Agent only.
    """
    from tracker.sources import kind

    address = (contact or "").strip().removeprefix("mailto:")
    if not re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", address):
        return list(sources)
    return [
        replace(source, options=MappingProxyType({**source.options, "mailto": address}))
        if "mailto" not in source.options and issubclass(kind(source.kind).options, ContactSearches)
        else source
        for source in sources
    ]


def expand(source: Source, names: Iterable[str], class_terms: Iterable[str]) -> Source:
    """Return `source` with the knowledge base's queries in its options; unchanged when it does not ask for them.

    Names of three letters or fewer are left to the tagger: nearly all of them are also words or other abbreviations.
    """
    if source.options.get("query") != LEXICON:
        return source
    dialect = dialect_of(source)
    searchable = (name for name in names if not _ORDINARY.fullmatch(name))
    made = queries(searchable, class_terms, max_length=dialect.max_length, form=dialect.form)
    return replace(source, options=MappingProxyType({**source.options, "queries": made}))


def dialect_of(source: Source) -> Dialect:
    """Return how the source's kind writes queries; ConfigError for a kind that cannot search with the lexicon."""
    if source.kind not in DIALECTS:
        raise ConfigError(
            f"{source.id}: options.query: the kind {source.kind} cannot search with the lexicon "
            f"(only {', '.join(DIALECTS)}); write the words"
        )
    return DIALECTS[source.kind]


def asked(source: Source, options: Searches, *, needed: bool = True) -> tuple[str, ...]:
    """Return the queries to ask, ("",) for a kind that may go without; ConfigError when there are none."""
    if options.queries:
        return options.queries
    if options.query == LEXICON:
        dialect_of(source)
        raise ConfigError(f"{source.id}: options.query: the lexicon's queries were not filled in before the poll")
    if options.query:
        return (options.query,)
    if needed:
        raise ConfigError(f"{source.id}: options.query is missing; write what the kind {source.kind} shall search for")
    return ("",)
