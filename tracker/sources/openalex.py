"""OpenAlex works: a search by publication day with a long overlap, because works are added weeks after they appeared.

Asking by the day of addition needs a paid plan. A key is required (`key_env`); without one a few calls a day are
answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Literal

from tracker.model import Document, EditorialStatus, Page, Payload, Request, Source, Window
from tracker.sources._api import (
    each,
    mapping,
    number_of,
    read_listed,
    secrets,
    text_list,
    walked,
    with_type,
    without_empty,
)
from tracker.sources._base import Kind, Recheck, claimed, doi_of, line_of, options_of, read_json, title_of
from tracker.sources._codes import language_code
from tracker.sources._editorial import status_of
from tracker.sources._query import ContactSearches, asked
from tracker.sources._walk import Walk, begin
from tracker.text.chars import clean
from tracker.text.dates import ClaimedDate, parse_date

_LATE = timedelta(days=42)
_AHEAD = timedelta(days=31)  # dates ahead of the day, up to the next month's first, are common
_SIZE = 100
_TYPES = {"dataset": "other", "peer-review": "other", "report": "report", "paratext": "other"}


class Options(ContactSearches):
    """`date`: publication (free) or created (paid plans); `filter`: further filters as OpenAlex writes them."""

    date: Literal["publication", "created"] = "publication"
    filter: str | None = None


def first(source: Source, window: Window) -> Sequence[Request]:
    """The search that opens a poll."""
    options = options_of(source, Options)
    late = _LATE if options.date == "publication" else timedelta()
    walks = begin(window, overlap=late, parts=len(asked(source, options)))
    return [_ask(source, options, walk) for walk in walks]


def recheck(source: Source, dois: Sequence[str]) -> tuple[Request, ...]:
    """Return the requests that ask stored works again, for retractions that came later."""
    contact = options_of(source, Options).identity()
    groups = (dois[i : i + 50] for i in range(0, len(dois), 50))
    return tuple(
        Request(source.url, (("filter", "doi:" + "|".join(group)), ("per_page", "50"), *contact), secrets(source))
        for group in groups
    )


def _ask(source: Source, options: Options, walk: Walk) -> Request:
    query = asked(source, options)[walk.part].replace(",", " ")  # the comma separates filters
    filters = [
        f"from_{options.date}_date:{walk.since:%Y-%m-%d}",
        f"to_{options.date}_date:{walk.until + _AHEAD:%Y-%m-%d}",
        f"title_and_abstract.search:{query}",
        *((options.filter,) if options.filter else ()),
    ]
    params = (
        ("filter", ",".join(filters)),
        ("sort", f"{options.date}_date:desc"),
        ("per_page", str(min(options.page_size or _SIZE, 100))),
        ("cursor", walk.pos or "*"),
        *options.identity(),
    )
    return Request(source.url, params, secrets(source), step="page", state=walk.state())


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Read a page of works, or a work that stands alone."""
    if b'"results"' not in payload.body:
        work = read_json(source, payload, "OpenAlex JSON")
        if isinstance(work, dict) and str(work.get("id", "")).startswith("https://openalex.org/W"):
            documents, problems = each(source, [work], _document, "work")
            return Page(documents, problems=problems)
    listed = read_listed(source, payload, "OpenAlex JSON", "results")
    documents, problems = each(source, listed.items, _document, "work")
    meta = mapping(listed.data.get("meta"))
    options = options_of(source, Options)
    return walked(
        request, documents, lambda walk: _ask(source, options, walk), got=len(listed.items),
        pos=line_of(meta.get("next_cursor")) if listed.items else None,
        total=number_of(meta.get("count")),
        max_pages=options.max_pages, problems=problems, complete=listed.complete,
    )  # fmt: skip


def _document(source: Source, item: dict[str, Any]) -> Document | None:
    title = title_of(item.get("title") or item.get("display_name"))
    number = str(item.get("id") or "").rsplit("/", 1)[-1] or None
    doi = doi_of(item.get("doi"))
    if not (doi or number or title):
        return None
    ids = item.get("ids") or {}
    place = item.get("primary_location") or {}
    journal = place.get("source") or {}
    kind = line_of(item.get("type"))
    published, whole = _published(item.get("publication_date"))
    updated = claimed(item.get("updated_date"))
    document = Document(
        external_id=doi or number or title or "",
        url=line_of(place.get("landing_page_url")) or (f"https://doi.org/{doi}" if doi else line_of(item.get("id"))),
        title=title,
        text=rebuilt(item.get("abstract_inverted_index")),
        authors=tuple(_authors(item)),
        publisher=line_of(journal.get("host_organization_name")),
        published=published.value if published else None,
        precision=published.precision if published else None,
        updated=updated.value if updated else None,
        language=language_code(item.get("language")),
        doi=doi,
        pmid=_pmid(ids.get("pmid")),
        journal=line_of(journal.get("display_name")) or line_of(place.get("raw_source_name")),
        pub_types=(kind,) if kind else (),
        editorial_status=_standing(item, kind, title),
        extra=without_empty(
            {
                "openalex": number,
                "published_as_stated": whole,
                "created": line_of(item.get("created_date")),
                "preprint": True if kind == "preprint" else None,
            }
        ),
    )
    return with_type(document, source, _TYPES.get(kind or "", "journal_article"))


def _standing(item: dict[str, Any], kind: str | None, title: str | None) -> EditorialStatus:
    if item.get("is_retracted") is True:
        return "retracted"
    return status_of(("Erratum",) if kind in ("erratum", "retraction") else (), (), title)


def _authors(item: dict[str, Any]) -> Iterable[str]:
    for authorship in text_list(item.get("authorships")):
        name = line_of((authorship.get("author") or {}).get("display_name")) or line_of(
            authorship.get("raw_author_name")
        )
        if name:
            yield name


def _pmid(value: Any) -> str | None:
    digits = str(value or "").rstrip("/").rsplit("/", 1)[-1]
    return digits if number_of(digits) else None


def _published(value: Any) -> tuple[ClaimedDate | None, str | None]:
    """The publication date, cut where its day is made up, and what was stated.

    Where only a month or a year is known, OpenAlex writes its first day (2026-09-01, 2026-01-01): such a date is
    given as the month or the year, coarse but never wrong.
    """
    found = claimed(value)
    if found is None or found.precision != "day" or not found.value.endswith("-01"):
        return found, None
    return parse_date(found.value[:4] if found.value.endswith("-01-01") else found.value[:7]), found.value


def rebuilt(index: Any) -> str | None:
    """Return the abstract of an inverted index {word: [positions]}; "…" stands for a gap, None for no index."""
    if not isinstance(index, dict):
        return None
    words: dict[int, str] = {}
    for word, places in index.items():
        for place in text_list(places):
            if isinstance(place, int) and 0 <= place < 100_000:
                words[place] = str(word)
    text: list[str] = []
    last = -1
    for place in sorted(words):
        if place > last + 1:
            text.append("…")
        text.append(words[place])
        last = place
    return clean(" ".join(text)) or None


KIND = Kind(
    name="openalex",
    options=Options,
    first=first,
    read=read,
    file_step="page",
    recheck=Recheck(recheck, by="doi", batch=100),
)
