"""openFDA: drug recalls (enforcement reports) and adverse event reports, by the day of the report.

Nothing found is answered with 404. openFDA's disclaimer goes with every document and must be shown with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from tracker.errors import ParseError
from tracker.model import Document, Page, Payload, Request, Source, Window
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
from tracker.sources._base import Kind, claimed, line_of, options_of, read_json, title_of
from tracker.sources._query import Searches, asked
from tracker.sources._walk import Walk, begin
from tracker.text.chars import clean

_LATE = timedelta(days=11)  # reports appear weekly, and are classified later
_SIZE = 100
_CEILING = 25_000  # the largest skip
_RECALL_PAGE = "https://www.accessdata.fda.gov/scripts/ires/"
_NOT_FOUND = "NOT_FOUND"
_REACTIONS = ("serious", "seriousnessdeath", "seriousnesshospitalization", "seriousnesslifethreatening")


class Options(Searches):
    """`query` in openFDA's syntax (`reason_for_recall:tianeptine`); everything of the days when left out."""


def first(source: Source, window: Window) -> Sequence[Request]:
    """The search that opens a poll."""
    options = options_of(source, Options)
    walks = begin(window, overlap=_LATE, parts=len(asked(source, options, needed=False)))
    return [_ask(source, options, walk) for walk in walks]


def _ask(source: Source, options: Options, walk: Walk) -> Request:
    field = "receivedate" if "/event" in source.url else "report_date"
    search = f"{field}:[{walk.since:%Y%m%d} TO {walk.until:%Y%m%d}]"
    query = asked(source, options, needed=False)[walk.part]
    params = (
        ("search", f"{search} AND ({query})" if query else search),
        ("sort", f"{field}:desc"),
        ("limit", str(min(options.page_size or _SIZE, 1000))),
        ("skip", walk.pos or "0"),
    )
    return Request(source.url, params, secrets(source), step="page", state=walk.state())


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Read one page of reports; 404 and the error NOT_FOUND are an empty page."""
    options = options_of(source, Options)
    if payload.status == 404:
        return Page(total=0)
    if b'"results"' not in payload.body:
        data = read_json(source, payload, "openFDA JSON")
        error = data.get("error") if isinstance(data, dict) else None
        if isinstance(error, dict) and error.get("code") == _NOT_FOUND:
            return Page(total=0)
        stated = error.get("message") if isinstance(error, dict) else None
        raise ParseError(f"{source.id}: openFDA results were due, found {stated or 'something else'}")
    listed = read_listed(source, payload, "openFDA JSON", "results")
    meta = mapping(listed.data.get("meta"))
    counts = mapping(meta.get("results"))
    disclaimer = line_of(meta.get("disclaimer"))
    items = [{**item, "_disclaimer": disclaimer} for item in listed.items]
    documents, problems = each(source, items, _document, "report")
    done = (number_of(counts.get("skip")) or 0) + len(listed.items)
    total = number_of(counts.get("total"))
    more = bool(listed.items) and total is not None and done < total
    return walked(
        request, documents, lambda walk: _ask(source, options, walk), got=len(listed.items),
        pos=str(done) if more else None,
        total=total, ceiling=_CEILING,
        max_pages=options.max_pages, problems=problems, complete=listed.complete,
    )  # fmt: skip


def _document(source: Source, item: dict[str, Any]) -> Document | None:
    if "safetyreportid" in item:
        return _event(source, item)
    return _recall(source, item)


# --- recalls ---------------------------------------------------------------------------------------------------------


def _recall(source: Source, item: dict[str, Any]) -> Document | None:
    """One product of one recall. The recall number may come later and the class change: neither is the identity."""
    product, event = line_of(item.get("product_description")), line_of(item.get("event_id"))
    if not product and not event:
        return None
    key = hashlib.sha256((product or "").casefold().encode()).hexdigest()[:12]
    published = claimed(item.get("report_date"))
    firm = line_of(item.get("recalling_firm"))
    return with_type(
        Document(
            external_id=f"{event or 'no-event'}-{key}",
            # The page is the event's, which has many products: the product tells their documents apart.
            url=f"{_RECALL_PAGE}?{urlencode({'Event': event, 'product': key})}" if event else None,
            title=title_of(": ".join(p for p in (firm, (product or "")[:200]) if p)),
            text="\n".join(_recall_lines(item)) or None,
            publisher="FDA",
            published=published.value if published else None,
            precision=published.precision if published else None,
            language="en",
            pub_types=tuple(c for c in (line_of(item.get("classification")),) if c),
            extra=without_empty(
                {
                    "event_id": event,
                    "recall_number": line_of(item.get("recall_number")),
                    "status": line_of(item.get("status")),
                    "recall_initiation_date": _iso(item.get("recall_initiation_date")),
                    "center_classification_date": _iso(item.get("center_classification_date")),
                    "substances": text_list((item.get("openfda") or {}).get("substance_name")),
                    "disclaimer": item.get("_disclaimer"),
                }
            ),
        ),
        source,
        "official_alert",
    )


def _recall_lines(item: dict[str, Any]) -> Iterable[str]:
    for label, name in (
        ("Reason for recall", "reason_for_recall"),
        ("Product", "product_description"),
        ("Recalling firm", "recalling_firm"),
        ("Distribution", "distribution_pattern"),
        ("Classification", "classification"),
    ):
        if value := clean(str(item.get(name) or "")):
            yield f"{label}: {value}"


def _iso(value: Any) -> str | None:
    found = claimed(value)
    return found.value if found else None


# --- adverse events --------------------------------------------------------------------------------------------------


def _event(source: Source, item: dict[str, Any]) -> Document | None:
    number = line_of(item.get("safetyreportid"))
    patient = item.get("patient") or {}
    drugs = _names(patient.get("drug"), "medicinalproduct")
    reactions = _names(patient.get("reaction"), "reactionmeddrapt")
    if not number and not drugs:
        return None
    received, updated = claimed(item.get("receivedate")), claimed(item.get("receiptdate"))
    grave = [name.removeprefix("seriousness") for name in _REACTIONS if str(item.get(name)) == "1"]
    lines = (
        f"Drugs: {', '.join(drugs)}." if drugs else "",
        f"Reactions: {', '.join(reactions)}." if reactions else "",
        f"Reported as: {', '.join(grave)}." if grave else "",
    )
    return with_type(
        Document(
            external_id=number or ", ".join(drugs),
            url=f"https://api.fda.gov/drug/event.json?{urlencode({'search': f'safetyreportid:{number}'})}",
            title=title_of(f"Adverse event report {number or ''}: {', '.join(drugs[:5])}"),
            text="\n".join(line for line in lines if line) or None,
            publisher="FDA",
            published=received.value if received else None,
            precision=received.precision if received else None,
            updated=updated.value if updated and updated != received else None,
            language="en",
            extra=without_empty(
                {
                    "version": line_of(item.get("safetyreportversion")),
                    "country": line_of(item.get("occurcountry")),
                    "disclaimer": item.get("_disclaimer"),
                }
            ),
        ),
        source,
        "report",
    )


def _names(entries: Any, field: str) -> list[str]:
    found = (line_of(e.get(field)) for e in text_list(entries) if isinstance(e, dict))
    return list(dict.fromkeys(name for name in found if name))


KIND = Kind(name="openfda", options=Options, first=first, read=read, file_step="page")
