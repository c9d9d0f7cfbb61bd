"""The linked pages of a source with `full_text: true`: fetched within all limits, the feed's own text kept otherwise.

A page is fetched once for each state of its entry. When a later poll brings the same entry again, it is left out of
the result: what is stored (with the page's text) stays as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from tracker.collect import statuses
from tracker.collect.exchange import reading
from tracker.collect.ledger import FULL_TEXT
from tracker.collect.robots import RobotsRefusal
from tracker.collect.statuses import Verdict
from tracker.errors import FetchError, ParseError
from tracker.model import Document, Page, Payload, Request, Source

if TYPE_CHECKING:
    from tracker.collect.poll import Poll

Known = Callable[[Source, Document], bool]
_READABLE = ("text/html", "application/xhtml", "application/pdf", "application/octet-stream")


def fill_in(run: Poll, known: Known | None = None) -> None:
    """Replace the texts of the poll's documents by those of their linked pages, as far as they can be had."""
    budget = run.http.settings.pages_per_poll
    kept: list[Document] = []
    for document in run.documents:
        if not document.url:
            kept.append(document)
            continue
        link, entry = _mark(document.url), _mark(document.title, document.text, document.summary, document.updated)
        if run.pages.get(link) == entry or (known is not None and known(run.source, document)):
            continue  # stored with its page's text already
        if budget <= 0 or run.out_of_time():
            run.keep_validators = False  # the next poll must see the feed again to go on
            kept.append(document)
            continue
        budget -= 1
        filled, final = _with_page(run, document)
        if final:
            run.pages.pop(link, None)
            run.pages[link] = entry  # the newest stand last: the oldest are forgotten first
        kept.append(filled)
    run.documents = kept


def _with_page(run: Poll, document: Document) -> tuple[Document, bool]:
    """The document with its page's text, and whether asking again is of no use."""
    request = Request(url=document.url or "", step=FULL_TEXT, found=True)
    at = run.now()
    try:
        answer = run.asker.fetch(request, obey_robots=True)
    except FetchError as error:
        verdict = Verdict("robots" if isinstance(error, RobotsRefusal) else "error", str(error))
        run.ledger.add(at, request, None, verdict)
        return document, isinstance(error, RobotsRefusal)
    verdict = statuses.judge(
        answer.payload, kind=run.kind.name, asked_conditionally=False, html_due=True, now=run.now()
    )
    filled: Document | None = None
    if verdict.status is None:
        filled, verdict = _read(document, answer.payload, cut=answer.cut)
    run.ledger.add(at, request, answer, verdict, page=Page())
    if filled is None:
        return document, verdict.status in ("blocked", "gone", "empty") or answer.payload.status < 400
    return filled, True


def _read(document: Document, payload: Payload, *, cut: str | None) -> tuple[Document | None, Verdict]:
    from tracker.text.page import with_full_text

    if cut:
        return None, Verdict("error", cut)
    kind = (payload.content_type or "text/html").partition(";")[0].strip().lower()
    if not kind.startswith(_READABLE):
        return None, Verdict("error", f"the linked page is {kind[:60]!r}: neither HTML nor PDF")
    try:
        with reading(payload):
            return with_full_text(document, payload), Verdict("ok")
    except ParseError as error:
        return None, Verdict("error", str(error))


def _mark(*parts: str | None) -> str:
    return hashlib.sha256("\x1f".join(part or "" for part in parts).encode("utf-8", "replace")).hexdigest()[:12]
