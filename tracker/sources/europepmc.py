"""Europe PMC REST search: the literature of PubMed, preprints and more, asked by the day it was first indexed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from tracker.model import Document, Page, Payload, Request, Source, Window
from tracker.sources._abstracts import labelled
from tracker.sources._api import each, number_of, read_listed, text_list, walked, with_type, without_empty
from tracker.sources._base import Kind, Recheck, claimed, doi_of, line_of, options_of, title_of
from tracker.sources._codes import language_code
from tracker.sources._editorial import ABOUT, OF_NOTICES, key, status_of
from tracker.sources._pubmed_record import medline_date
from tracker.sources._query import ContactSearches, asked
from tracker.sources._walk import Walk, begin
from tracker.text.dates import ClaimedDate, of_parts

_SIZE = 500


class Options(ContactSearches):
    """`date`: by first index date (new records) or by update date (`UPDATE_DATE`, corrections).

    `filter` narrows every query in Europe PMC's own syntax (`SRC:PPR`, `NOT SRC:MED`).
    """

    date: Literal["FIRST_IDATE", "UPDATE_DATE", "FIRST_PDATE"] = "FIRST_IDATE"
    filter: str | None = None


def first(source: Source, window: Window) -> Sequence[Request]:
    """The search that opens a poll."""
    options = options_of(source, Options)
    return [_ask(source, options, walk) for walk in begin(window, parts=len(asked(source, options)))]


def recheck(source: Source, ids: Sequence[str]) -> tuple[Request, ...]:
    """Return the requests that ask stored records (by PMID) again, for corrections that came later."""
    contact = options_of(source, Options).identity("email")
    groups = (ids[i : i + 100] for i in range(0, len(ids), 100))
    queries = ("(" + " OR ".join(f"EXT_ID:{i}" for i in group) + ") AND SRC:MED" for group in groups)
    return tuple(Request(source.url, (*_params(query, _SIZE, "*"), *contact)) for query in queries)


def _ask(source: Source, options: Options, walk: Walk) -> Request:
    dates = f"{options.date}:[{walk.since:%Y-%m-%d} TO {walk.until:%Y-%m-%d}]"
    query = f"({asked(source, options)[walk.part]}) AND ({dates})"
    if options.filter:
        query += f" {options.filter}" if options.filter.startswith("NOT ") else f" AND ({options.filter})"
    params = _params(query, min(options.page_size or _SIZE, 1000), walk.pos or "*")
    return Request(source.url, (*params, *options.identity("email")), step="page", state=walk.state())


def _params(query: str, size: int, cursor: str) -> tuple[tuple[str, str], ...]:
    return (
        ("query", query),
        ("format", "json"),
        ("resultType", "core"),
        ("pageSize", str(size)),
        ("cursorMark", cursor),
    )


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Read one page of results."""
    listed = read_listed(source, payload, "Europe PMC JSON", "resultList", "result")
    documents, problems = each(source, listed.items, _document, "record")
    following = line_of(listed.data.get("nextCursorMark"))
    asked_for = dict(request.params).get("cursorMark")
    # The last page has no next mark, or repeats its own.
    pos = following if following and following != asked_for and listed.items else None
    total = number_of(listed.data.get("hitCount"))
    options = options_of(source, Options)
    return walked(
        request, documents, lambda walk: _ask(source, options, walk), got=len(listed.items), pos=pos,
        total=total, max_pages=options.max_pages,
        problems=problems, complete=listed.complete,
    )  # fmt: skip


def _document(source: Source, item: dict[str, Any]) -> Document | None:
    title = title_of(item.get("title"))
    identifier = line_of(item.get("id")) or line_of(item.get("pmid")) or doi_of(item.get("doi"))
    if not identifier:
        return None
    origin = line_of(item.get("source")) or "MED"
    journal = item.get("journalInfo") or {}
    types = tuple(t for t in map(line_of, text_list((item.get("pubTypeList") or {}).get("pubType"))) if t)
    links = list(_links(item))
    published, whole = _published(item, journal)
    updated = claimed(item.get("dateOfRevision"))
    extra = {
        "origin": origin,
        "pmcid": line_of(item.get("pmcid")),
        "preprint": True if origin == "PPR" else None,
        "first_index_date": line_of(item.get("firstIndexDate")),
        "published_as_stated": whole,
        "keywords": text_list((item.get("keywordList") or {}).get("keyword")),
        "chemicals": [c.get("name") for c in text_list((item.get("chemicalList") or {}).get("chemical"))],
        "notices": [target for kind, target in links if kind in OF_NOTICES and target],
    }
    return with_type(
        Document(
            external_id=identifier,
            url=f"https://europepmc.org/article/{origin}/{identifier}",
            title=title,
            text=labelled(item.get("abstractText")),
            authors=tuple(_authors(item)),
            publisher=line_of((item.get("bookOrReportDetails") or {}).get("publisher")),
            published=published.value if published else None,
            precision=published.precision if published else None,
            updated=updated.value if updated else None,
            language=language_code(item.get("language")),
            doi=doi_of(item.get("doi")),
            pmid=line_of(item.get("pmid")),
            journal=line_of((journal.get("journal") or {}).get("title")),
            pub_types=types,
            editorial_status=status_of(types, [kind for kind, _ in links], title),
            relates_to=tuple(dict.fromkeys(t for kind, t in links if kind in ABOUT and t)),
            extra=without_empty(extra),
        ),
        source,
        "journal_article",
    )


def _authors(item: dict[str, Any]) -> Iterable[str]:
    listed = text_list((item.get("authorList") or {}).get("author"))
    for author in listed:
        family, given = line_of(author.get("lastName")), line_of(author.get("firstName"))
        name = ", ".join(p for p in (family, given) if p) if family else None
        name = name or line_of(author.get("collectiveName")) or line_of(author.get("fullName"))
        if name:
            yield name
    if not listed and (stated := line_of(item.get("authorString"))):
        yield from (name for part in stated.rstrip(".").split(",") if (name := part.strip()))


def _links(item: dict[str, Any]) -> Iterable[tuple[str, str | None]]:
    """Kind of link ("erratumfor") and what it points to."""
    for link in text_list((item.get("commentCorrectionList") or {}).get("commentCorrection")):
        pmid = line_of(link.get("id")) if link.get("source", "MED") == "MED" else None
        doi = doi_of((re.search(r"10\.\d{4,9}/\S+", str(link.get("reference") or "")) or [""])[0])
        yield key(str(link.get("type") or "")), f"pmid:{pmid}" if pmid else f"doi:{doi}" if doi else None


def _published(item: dict[str, Any], journal: dict[str, Any]) -> tuple[ClaimedDate | None, str | None]:
    """The first publication date, cut where its day was made up.

    For a journal that names only a month or a year, Europe PMC writes the first day of it ("2026 Oct" is
    2026-10-01): then the issue's own words say how fine the date is.
    """
    stated = str(journal.get("dateOfPublication") or "")
    issue, whole = medline_date(stated)
    electronic = claimed(journal.get("electronicPublicationDate") or item.get("electronicPublicationDate"))
    found = claimed(item.get("firstPublicationDate")) or electronic
    if whole and issue and re.fullmatch(r"\d{4}(?: [A-Za-z]{3})?(?: \d{1,2})?", whole):
        whole = None  # says no more than the date does
    if found is None:
        return issue or claimed(item.get("pubYear")), whole
    printed = claimed(journal.get("printPublicationDate"))
    made_up = printed == found and found != electronic and not re.search(r"[A-Za-z] \d{1,2}$", stated)
    if made_up and issue and found.value.startswith(issue.value):
        return issue, whole
    if made_up and not stated and found.value.endswith("-01"):
        return of_parts(int(found.value[:4]), int(found.value[5:7])), None
    return found, whole


KIND = Kind(
    name="europepmc",
    options=Options,
    first=first,
    read=read,
    file_step="page",
    recheck=Recheck(recheck, by="pmid", batch=200),
)
