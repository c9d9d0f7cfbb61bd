"""arXiv API: preprints by submission day, in Atom. One request in three seconds is asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from tracker.errors import ParseError
from tracker.model import Document, Page, Payload, Request, Source, Window
from tracker.sources._api import number_of, walked, with_type, without_empty
from tracker.sources._atom import Entry, read_atom
from tracker.sources._base import Kind, claimed, doi_of, line_of, options_of, text_of, title_of
from tracker.sources._editorial import status_of
from tracker.sources._query import Searches, asked
from tracker.sources._walk import Walk, begin

_LATE = timedelta(days=4)  # papers are announced days after submission
_SIZE = 100
_ID = re.compile(r"/abs/(?P<id>.+?)(?:v(?P<version>\d+))?$")
_GONE = re.compile(r"\b(?:this (?:paper|article|submission|manuscript) has been|has been) withdrawn\b", re.IGNORECASE)


class Options(Searches):
    """`query` as arXiv writes it: `all:fentanyl`, `abs:"synthetic cannabinoid"`, AND, OR."""


def first(source: Source, window: Window) -> Sequence[Request]:
    """The search that opens a poll."""
    options = options_of(source, Options)
    walks = begin(window, overlap=_LATE, parts=len(asked(source, options)))
    return [_ask(source, options, walk) for walk in walks]


def _ask(source: Source, options: Options, walk: Walk) -> Request:
    dates = f"submittedDate:[{walk.since:%Y%m%d}0000 TO {walk.until:%Y%m%d}2359]"
    params = (
        ("search_query", f"({asked(source, options)[walk.part]}) AND {dates}"),
        ("sortBy", "submittedDate"),
        ("sortOrder", "descending"),
        ("start", walk.pos or "0"),
        ("max_results", str(min(options.page_size or _SIZE, 500))),
    )
    return Request(source.url, params, step="page", state=walk.state())


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Read one page of entries; arXiv tells its errors in an entry."""
    feed = read_atom(source, payload)
    for entry in feed.entries:
        if "/api/errors" in entry.texts.get("id", ""):
            raise ParseError(f"{source.id}: arXiv answered: {entry.texts.get('summary', 'an error')[:200]}")
    made = [_document(source, entry) for entry in feed.entries]
    documents = tuple(d for d in made if d)
    problems = [
        f"entry {n} was left out: it has neither an identifier nor a title" for n, d in enumerate(made, 1) if not d
    ]
    options = options_of(source, Options)
    stated = feed.texts.get("totalResults", "")
    total = number_of(stated)
    start = feed.texts.get("startIndex") or dict(request.params).get("start", "0")
    done = (number_of(start) or 0) + len(feed.entries)
    more = bool(feed.entries) and total is not None and done < total
    return walked(
        request, documents, lambda walk: _ask(source, options, walk), got=len(feed.entries),
        pos=str(done) if more else None, total=total, max_pages=options.max_pages,
        problems=problems, complete=feed.complete,
    )  # fmt: skip


def _document(source: Source, entry: Entry) -> Document | None:
    """One document a paper: the versions share the identifier without `vN`."""
    match = _ID.search(entry.texts.get("id", ""))
    title = title_of(entry.texts.get("title"))
    if not match and not title:
        return None
    number, version = (match["id"], match["version"]) if match else (title or "", None)
    published, updated = claimed(entry.texts.get("published")), claimed(entry.texts.get("updated"))
    text = text_of(entry.texts.get("summary"))
    remark = entry.texts.get("comment", "")
    withdrawn = bool(_GONE.search(remark) or (text and _GONE.search(text[:200])))
    return with_type(
        Document(
            external_id=number,
            url=f"https://arxiv.org/abs/{number}" if match else None,
            title=title,
            text=" ".join(text.split()) if text else None,
            authors=tuple(a for name in entry.authors if (a := line_of(name))),
            publisher="arXiv",
            published=published.value if published else None,
            precision=published.precision if published else None,
            updated=updated.value if updated and updated != published else None,
            language="en",
            doi=doi_of(entry.texts.get("doi")),
            journal=line_of(entry.texts.get("journal_ref")),
            pub_types=("preprint",),
            editorial_status="retracted" if withdrawn else status_of((), (), title),
            extra=without_empty(
                {
                    "preprint": True,
                    "version": int(version) if version else None,
                    "categories": entry.categories,
                    "comment": line_of(remark),
                }
            ),
        ),
        source,
        "journal_article",
    )


KIND = Kind(name="arxiv", options=Options, first=first, read=read, file_step="page")
