"""What every kind is made of, and the small things several kinds do alike.

A kind describes the requests it needs (`first`, and `Page.next` for what follows) and reads one payload at a time
(`read`). It never fetches, stores or looks at the clock. `read` raises ParseError for what is not of the kind and
BlockedError where the payload is a page that refuses scripts.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Protocol, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from tracker.errors import BlockedError, ParseError
from tracker.model import Document, Page, Payload, Request, Source, Window
from tracker.sources._codes import language_code
from tracker.text.chars import clean, title_line
from tracker.text.dates import ClaimedDate, parse_date
from tracker.text.markup import plain


class Options(BaseModel):
    """Base of a kind's options: unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def _selector(value: str) -> str:
    import soupsieve

    css = split_selector(value)[0]
    try:
        if css:
            soupsieve.compile(css)
    except soupsieve.SelectorSyntaxError as error:
        raise ValueError(f"no CSS selector: {str(error).splitlines()[0]}") from None
    return value


def _expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from None
    return value


Selector = Annotated[str, AfterValidator(_selector)]
"""An option that is a CSS selector, `@attribute` allowed at its end."""

Expression = Annotated[str, AfterValidator(_expression)]
"""An option that is a regular expression."""

_ATTRIBUTE = re.compile(r"^(.*?)@([A-Za-z][\w:-]*)$", re.DOTALL)


def split_selector(selector: str) -> tuple[str, str | None]:
    """Return the CSS selector and the attribute to read, if one is named (`time@datetime`)."""
    match = _ATTRIBUTE.match(selector)
    return (match[1].strip(), match[2]) if match else (selector.strip(), None)


class SearchOptions(Options):
    """Options of all kinds that search: what to ask for, how much at once, how far."""

    query: str | None = Field(default=None, min_length=1)
    page_size: int | None = Field(default=None, ge=1)
    max_pages: int | None = Field(default=None, ge=1)


@dataclass(frozen=True, slots=True)
class Recheck:
    """How stored records are asked again: `ask(source, ids)` makes the requests, ids are those of the field `by`.

    `batch` is how many records one run may ask for: a few requests' worth.
    """

    ask: Callable[[Source, Sequence[str]], tuple[Request, ...]]
    by: Literal["pmid", "doi", "url"]
    batch: int


class SourceKind(Protocol):
    """The protocol of a kind, as `tracker.collect` and `parse_file` use it."""

    @property
    def name(self) -> str: ...
    @property
    def options(self) -> type[Options]: ...
    @property
    def robots(self) -> bool:
        """Whether robots.txt governs it (documented APIs follow their own terms)."""

    @property
    def file_step(self) -> str:
        """The `Request.step` under which a recorded file is read."""

    def first(self, source: Source, window: Window) -> Sequence[Request]:
        """The requests that open a poll."""

    def read(self, source: Source, payload: Payload, request: Request) -> Page:
        """The documents of one payload, and the requests that follow from it."""

    @property
    def recheck(self) -> Recheck | None:
        """How stored records are asked again for corrections, None where the kind cannot."""


def _no_requests(source: Source, window: Window) -> Sequence[Request]:
    return ()


@dataclass(frozen=True)
class Kind:
    """A SourceKind made of plain functions. Without `first` it is read from files only."""

    name: str
    options: type[Options]
    read: Callable[[Source, Payload, Request], Page]
    first: Callable[[Source, Window], Sequence[Request]] = _no_requests
    robots: bool = False
    file_step: str = ""
    recheck: Recheck | None = None


AnyOptions = TypeVar("AnyOptions", bound=Options)


def options_of(source: Source, model: type[AnyOptions]) -> AnyOptions:
    """Return the options of a (validated) source as its kind's own record."""
    return model.model_validate(dict(source.options))


def option_problems(kind: SourceKind, options: Mapping[str, Any]) -> list[str]:
    """Return one line for each mistake in `options`."""
    try:
        kind.options.model_validate(dict(options))
    except ValidationError as error:
        return [_problem(kind, dict(e)) for e in error.errors(include_url=False)]
    return []


def _problem(kind: SourceKind, error: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        known = ", ".join(kind.options.model_fields) or "none"
        return f"{where}: the kind {kind.name} has no such option (it knows: {known})"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


# --- payloads that are not what they should be -----------------------------------------------------------------------

_HTML = re.compile(
    rb"^\s*(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*(?:<\?xml[^>]*>\s*)?(?:<!doctype\s+html|<html|<head|<body)",
    re.I | re.S,
)
_CHALLENGE = re.compile(
    rb"just a moment\.\.\.|cf-chl|cf_chl|challenge-platform|attention required! \| cloudflare|captcha|"
    rb"access denied|access to this page has been denied|request unsuccessful\. incapsula|_incapsula_|datadome|"
    rb"whoa there, pardner|perimeterx|request rejected|the requested url was rejected|verify you are (?:a )?human|"
    rb"enable javascript and cookies to continue|ddos-guard|checking your browser|you have been blocked|403 forbidden|"
    rb"unusual traffic|are you a robot|programmatic access|bot challenge",
    re.IGNORECASE,
)


def is_html(body: bytes) -> bool:
    """Whether a body is an HTML page by its beginning."""
    return _HTML.match(body[:4096]) is not None


def looks_blocked(body: bytes) -> bool:
    """Whether an HTML page is a challenge or refusal rather than content."""
    return _CHALLENGE.search(body[:65536]) is not None


def refuse_html(source: Source, payload: Payload, wanted: str) -> None:
    """Raise BlockedError for a challenge page and ParseError for any other HTML page where `wanted` was due."""
    if not is_html(payload.body):
        return
    if looks_blocked(payload.body):
        raise BlockedError(f"{source.id}: a page that refuses scripts came where {wanted} was due")
    address = payload.url or source.url
    raise ParseError(
        f"{source.id}: an HTML page came where {wanted} was due{f'; check the address {address}' if address else ''}"
    )


_OTHER_XML = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*|<!--.{0,2000}?-->\s*)*"
    rb"<(rss|feed|rdf:RDF|urlset|sitemapindex|opml|Pubmed\w+)[\s>]",
    re.DOTALL,
)


def refuse_other_xml(source: Source, payload: Payload, wanted: str) -> None:
    """Raise ParseError for a feed, sitemap or set of records where an HTML page was due."""
    if found := _OTHER_XML.match(payload.body[:8192]):
        raise ParseError(f"{source.id}: {wanted} was due, found XML with the root <{found[1].decode()}>")


def read_json(source: Source, payload: Payload, wanted: str) -> Any:
    """Return the decoded JSON of a payload (UTF-8, a byte-order mark allowed, wrong escapes read as they stand)."""
    refuse_html(source, payload, wanted)
    text = payload.body.decode("utf-8-sig", "replace").strip().replace("\x00", "")
    try:
        return json.loads(text, strict=False)
    except RecursionError:
        raise ParseError(f"{source.id}: {wanted} was due; the JSON is nested too deeply") from None
    except ValueError as error:
        try:
            return json.loads(re.sub(r'\\(?!["\\/bfnrtu])', r"\\\\", text), strict=False)
        except (ValueError, RecursionError):
            raise ParseError(f"{source.id}: {wanted} was due, found {_start(text)}: {error}") from None


def _start(text: str) -> str:
    return repr(text[:60]) if text else "nothing"


# --- the fields of a document ----------------------------------------------------------------------------------------


def stable_id(*parts: str | None) -> str:
    """Return a stable identifier made of an entry's own words, for entries that have none."""
    joined = "\x1f".join(part or "" for part in parts)
    return "sha256:" + hashlib.sha256(joined.encode("utf-8", "replace")).hexdigest()[:32]


def title_of(markup: str | None) -> str | None:
    """Return a title as stored (plain, one line, at most 1,000 characters), or None."""
    return title_line(plain(markup[:100_000])) or None if markup else None


def text_of(markup: str | None) -> str | None:
    """Return a text as stored (plain, its paragraphs kept), or None."""
    return plain(markup) or None if markup else None


def line_of(value: object) -> str | None:
    """Return a short field (a name, a journal) as one clean line, or None."""
    if value is None or isinstance(value, (dict, list, bool)):
        return None
    return " ".join(clean(plain(str(value))).split())[:1000] or None


def language_of(source: Source, *declared: str | None) -> str | None:
    """Return the language of an item: what its entry in the list says, else the first that the payload declares, else
    the list's default."""
    if source.language and not source.language_is_default:
        return source.language
    return next((code for code in map(language_code, declared) if code), None) or source.language


def dated(document: Document, published: ClaimedDate | None, updated: ClaimedDate | None = None) -> Document:
    """Return `document` with its claimed dates; what they say beyond their value goes to `extra`."""
    extra = dict(document.extra)
    if published and published.whole:
        extra["published_as_stated"] = published.whole
    return replace(
        document,
        published=published.value if published else None,
        precision=published.precision if published else None,
        updated=updated.value if updated else None,
        extra=extra,
    )


def claimed(value: object, formats: Sequence[str] = ()) -> ClaimedDate | None:
    """Return the date in any JSON or table value (a number counts as written: 20240603, 2024)."""
    if isinstance(value, bool) or value is None:
        return None
    return parse_date(str(value), formats)


_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(10\.\d{4,9}/[^\s\"<>]+)", re.IGNORECASE)


def doi_of(value: str | None) -> str | None:
    """Return the lower-case DOI that `value` is (bare, with `doi:` or as an address), or None."""
    match = _DOI.match((value or "").strip())
    return match[1].rstrip(".,;)").lower() if match else None


def newest_first(documents: Sequence[Document], limit: int) -> tuple[tuple[Document, ...], tuple[str, ...]]:
    """Return at most `limit` documents and the line that says a cut was made.

    Newest first by claimed date when there is something to cut (undated ones keep their place at the end); in the
    source's own order otherwise.
    """
    if len(documents) <= limit:
        return tuple(documents), ()
    ordered = sorted(documents, key=lambda d: d.published or d.updated or "", reverse=True)
    return tuple(ordered[:limit]), (f"cut at max_items: {limit} of {len(documents)} items kept, newest first",)


def told_apart(documents: Iterable[Document]) -> list[Document]:
    """Give entries that share a guid or a link identifiers of their own, the same from run to run; drop repetitions."""
    unique = list({(d.external_id, d.url, d.title): d for d in reversed(list(documents))}.values())[::-1]
    links: dict[str, set[str | None]] = {}
    for d in unique:
        links.setdefault(d.external_id, set()).add(d.url)
    shared = Counter(d.external_id for d in unique)
    return [
        d if shared[d.external_id] == 1 else replace(d, external_id=_own_id(d, len(links[d.external_id]) > 1))
        for d in unique
    ]


def _own_id(document: Document, guid_reused: bool) -> str:
    if guid_reused and document.url:
        return document.url
    return stable_id(document.external_id, document.url, document.title)
