"""Pages to read: this week, search and its exports, documents, stories, substances."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from tracker.analysis import weeks
from tracker.archive import people
from tracker.errors import UsageError
from tracker.web import auth, diffs, look, marked, plots
from tracker.web.params import Asked, asked, moment
from tracker.web.render import address, page

if TYPE_CHECKING:
    from datetime import datetime

    from tracker.archive.read import Record, Revision
    from tracker.archive.search import SearchResult
    from tracker.digest.model import Item
    from tracker.web.desk import Desk

router = APIRouter(include_in_schema=False, dependencies=[Depends(auth.reading)])
Search = Annotated[Asked, Depends(asked)]
EXPORTS = {
    "csv": "text/csv; charset=utf-8", "ris": "application/x-research-info-systems", "bibtex": "application/x-bibtex",
    "jsonl": "application/x-ndjson", "csl": "application/vnd.citationstyles.csl+json",
}  # fmt: skip
MOST_EXPORTED = 10_000
FACET_ROWS = 8  # values of a facet shown before "more"
NEWEST = 30  # documents on a substance's page
MOST_PIECES = 40  # documents on a story's page
CHUNK = 64 * 1024


# --- this week -------------------------------------------------------------------------------------------------------


@router.get("/")
def this_week(request: Request, as_of: str = "") -> Response:
    auth.who(request)
    return _week(request, None, moment(as_of))


@router.get("/week/{week}")
def one_week(request: Request, week: str, as_of: str = "") -> Response:
    auth.who(request)
    return _week(request, week, moment(as_of))


def _week(request: Request, week: str | None, when: datetime | None) -> Response:
    from tracker.digest import plain

    desk: Desk = request.app.state.desk
    found = look.digest(desk, week, when)
    others = look.digest_weeks(desk, when)
    return page(
        request, "week.html.j2", digest=found, weeks=others, facts=plain.head_facts(found), plot=signal_plot,
        feed="/feeds/alerts.atom", current=weeks.week_of(when or desk.now()), as_of=when,
        before=_beside(others, found.week, 1), after=_beside(others, found.week, -1),
    )  # fmt: skip


def _beside(listed: list[str], week: str, step: int) -> str | None:
    """The week before (1) or after (-1) in a list that is newest first."""
    place = listed.index(week) + step if week in listed else -1
    return listed[place] if 0 <= place < len(listed) else None


def signal_plot(item: Item) -> Any:
    """The plot of a signal in the digest, or nothing."""
    if item.extra.get("kind") != "excess":
        return ""
    from tracker.digest.charts import describe

    low, high = item.extra["interval"]
    recent = [int(count) for count in item.extra["detail"]["recent"]]
    return plots.expected(
        recent, int(item.extra["observed"]), float(item.extra["expected"]), float(low), float(high), describe(item)
    )


# --- search ----------------------------------------------------------------------------------------------------------


@router.get("/search")
def search(request: Request, search: Search) -> Response:
    user = auth.who(request)
    desk: Desk = request.app.state.desk
    result = look.search(desk, search)
    cursor = search.next_cursor(result)
    return page(
        request, "search.html.j2", search=search, result=result, facets=_facets(search, result), cursor=cursor,
        feed=address("", "/feeds/search.atom", search.pairs()), exports=list(EXPORTS), saved=desk.searches,
        decided=_decided(desk, [hit.record for hit in result.results], user), active=_active(search),
        as_of=search.as_of,
    )  # fmt: skip


def _facets(search: Asked, result: SearchResult) -> list[tuple[str, list[tuple[str, int, str]]]]:
    """(facet, [(value, count, address with it added)]) of the values that narrow the search."""
    found, already = [], search.pairs()
    base = urlencode(already)
    for name, values in result.facets.items():
        field = {"cls": "class"}.get(name, name)
        rows = (
            (value, count)
            for value, count in values.items()
            if (field, value) not in already and count < max(result.facets_over, 1)
        )
        shown = [(value, count, _narrowed(search, base, field, value)) for value, count in islice(rows, FACET_ROWS * 3)]
        if shown:
            found.append((field, shown))
    return found


def _narrowed(search: Asked, base: str, field: str, value: str) -> str:
    """The address of the search with one fact more; `base` are its parameters. Years have none of their own; they go
    into the query."""
    if field in ("substance", "theme", "class", "tier", "country", "source", "doctype"):
        return f"/search?{base}{'&' if base else ''}{urlencode({field: value})}"
    wider = replace(search, q=f"{search.q} {field}:{value}".strip())
    return address(
        "", "/search", wider.pairs(), [("sort", "newest")] if search.sort == "newest" and not search.q else []
    )


def _active(search: Asked) -> list[tuple[str, str, str]]:
    """(name, value, address without it) of the filters that are set."""
    pairs = search.pairs()
    return [
        (name, value, address("", "/search", [pair for pair in pairs if pair != (name, value)]))
        for name, value in pairs
        if name not in ("q", "sort", "as_of")  # the moment is told above the page, with the way back
    ]


def _decided(desk: Desk, records: list[Record], user: people.User | None) -> dict[int, list[people.Decision]]:
    """Decisions that stand on these documents; shown to those who are logged in."""
    if user is None:
        return {}
    found = people.standing(desk.archive(), [people.subject("document", record.id) for record in records])
    return {record.id: found.get(f"document:{record.id}", []) for record in records}


@router.get("/export.{form}")
def export(request: Request, form: str, search: Search) -> Response:
    """All hits of a search as a file, at most so many as a page should give."""
    if form not in EXPORTS:
        raise HTTPException(404, f"there is no export as {form}; there are {', '.join(EXPORTS)}")
    desk: Desk = request.app.state.desk
    total = look.search(desk, replace(search, limit=1, before=None, offset=0))
    if not total.exact or total.total > MOST_EXPORTED:
        raise UsageError(
            f"more than {MOST_EXPORTED:,} documents: narrow the search, or use `tracker export` on the command line"
        )
    stream: BinaryIO = tempfile.SpooledTemporaryFile(max_size=4 * 1024 * 1024)  # type: ignore[assignment]  # noqa: SIM115
    desk.archive().export(
        form, stream, now=desk.now(), lexicon=desk.lexicon(), searches=desk.searches, **search.arguments()
    )
    stream.seek(0)
    ending = {"bibtex": "bib", "csl": "json"}.get(form, form)
    name = f"nps-{desk.now():%Y-%m-%d}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_chunks(stream), media_type=EXPORTS[form], headers=headers)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while chunk := stream.read(CHUNK):
            yield chunk


# --- documents -------------------------------------------------------------------------------------------------------


@router.get("/document/{id}")
def document(request: Request, id: int, as_of: str = "", part: int = 1) -> Response:
    user = auth.who(request)
    desk: Desk = request.app.state.desk
    when = moment(as_of)
    record = look.document(desk, id, when)
    text = record.document.text or ""
    bounds = marked.parts(text)
    if not 1 <= part <= len(bounds):
        raise HTTPException(404, f"document {id} has {len(bounds)} parts")
    title = record.document.title or f"Document {id}"
    view = desk.archive().story(id, as_of=when)
    others = desk.archive().documents([n for n in (view.documents if view else ()) if n != id][:12], as_of=when)
    return page(
        request, "document.html.j2", record=record, tags=record.tags, title=title, part=part, parts_count=len(bounds),
        title_pieces=marked.pieces(
            title, marked.marks_of(record.tags, "title"), marked.evidence_of(record.tags, "title")
        ),
        text_pieces=_text_pieces(record, text, bounds[part - 1]), story=view, others=others,
        versions=_versions(desk.archive().revisions(id, as_of=when)), as_of=when,
        decided=_decided(desk, [record], user).get(id, []),
    )  # fmt: skip


def _text_pieces(record: Record, text: str, bounds: tuple[int, int]) -> list[marked.Piece]:
    marks, evidence = marked.marks_of(record.tags, "text"), marked.evidence_of(record.tags, "text")
    return marked.pieces(text, marks, evidence, start=bounds[0], end=bounds[1])


def _versions(found: list[Revision]) -> list[tuple[Revision, list[diffs.Change]]]:
    """Versions, newest first, each with what changed from the one before."""
    pairs = zip([None, *found], found, strict=False)
    return [(new, _changed(old, new)) for old, new in pairs][::-1] if len(found) > 1 else []


def _changed(old: Revision | None, new: Revision) -> list[diffs.Change]:
    if old is None:
        return []
    return diffs.changes(
        f"{old.title or ''}\n{old.text or old.summary or ''}", f"{new.title or ''}\n{new.text or new.summary or ''}"
    )


@router.get("/story/{id}")
def story(request: Request, id: int, as_of: str = "") -> Response:
    user = auth.who(request)
    desk: Desk = request.app.state.desk
    when = moment(as_of)
    found = look.story(desk, id, when)
    if found.id != id:
        root = str(request.scope.get("root_path", ""))
        return RedirectResponse(address(root, f"/story/{found.id}", as_of=as_of or None), 307)
    records = desk.archive().documents(found.documents[:MOST_PIECES], as_of=when)
    records.sort(key=lambda record: (record.first_seen, record.id))
    voice = {document: place for place, group in enumerate(found.voices, 1) for document in group}
    decided = people.standing(desk.archive(), [people.subject("story", id)]) if user else {}
    return page(
        request, "story.html.j2", story=found, records=records, news=_news(records), voice=voice, as_of=when,
        why=_why(found.links), decided=decided.get(f"story:{id}", []), more=len(found.documents) - len(records),
    )  # fmt: skip


def _why(links: tuple[Any, ...]) -> dict[int, list[tuple[str, str, list[int]]]]:
    """(relation, why, earlier numbers) of each document; links for one reason stand together."""
    found: dict[int, dict[tuple[str, str], list[int]]] = {}
    for link in links:
        found.setdefault(max(link.a, link.b), {}).setdefault((link.relation, link.why), []).append(min(link.a, link.b))
    return {
        number: [(relation, why, sorted(others)) for (relation, why), others in reasons.items()]
        for number, reasons in found.items()
    }


def _news(records: list[Record]) -> dict[int, list[str]]:
    """What each document of a story says that none before it did: substances, themes, places, a better grade."""
    known: set[tuple[str, str]] = set()
    told: dict[int, list[str]] = {}
    for record in records:
        tags = record.tags
        facts = [("substance", t.name) for t in tags.substances if t.assertion == "affirmed"] if tags else []
        facts += [("theme", t.theme) for t in tags.themes if t.assertion == "affirmed"] if tags else []
        facts += [("country", code) for code in tags.countries] if tags else []
        facts += [("grade", tags.grade)] if tags and tags.grade != "none" else []
        told[record.id] = [f"{kind} {name}" for kind, name in dict.fromkeys(facts) if (kind, name) not in known]
        known.update(facts)
    return told


# --- substances ------------------------------------------------------------------------------------------------------


SORTS = {
    "name": lambda row: row.name,
    "class": lambda row: (row.cls, row.name),
    "documents": lambda row: (-row.documents, row.name),
    "first": lambda row: (_descending(row.first_seen), row.name),
    "last": lambda row: (_descending(row.last_seen), -row.documents, row.name),
    "recent": lambda row: (-sum(row.weeks[-4:]), -row.documents, row.name),
}


def _descending(stamp: str) -> list[int]:
    return [-ord(c) for c in stamp]


PER_PAGE = 100


@router.get("/substances")
def substances(request: Request, sort: str = "recent", cls: str = "", nps: bool = False, start: int = 0) -> Response:
    auth.who(request)
    if sort not in SORTS:
        raise UsageError(f"sort: {sort!r} is none of {', '.join(SORTS)}")
    if not 0 <= start < 10**6:
        raise UsageError("start: must be a place in the list")
    rows = look.substances(request.app.state.desk)
    classes = sorted({row.cls for row in rows if row.cls})
    shown = [row for row in rows if (not cls or row.cls == cls) and (row.nps or not nps)]
    shown.sort(key=SORTS[sort])
    return page(
        request, "substances.html.j2", rows=shown[start : start + PER_PAGE], total=len(shown), sort=sort, cls=cls,
        nps=nps, classes=classes, spark=plots.spark, new=[row for row in rows if row.new and row.nps][:30],
        start=start, per_page=PER_PAGE,
    )  # fmt: skip


@router.get("/substance/{name:path}")
def substance(request: Request, name: str, as_of: str = "") -> Response:
    auth.who(request)
    desk: Desk = request.app.state.desk
    when = moment(as_of)
    found = look.substance(desk, name, when)
    if found["name"] != name:
        from urllib.parse import quote

        target = f"/substance/{quote(found['name'], safe='')}"
        return RedirectResponse(address(str(request.scope.get("root_path", "")), target, as_of=as_of or None), 307)
    newest = desk.archive().search(
        filters=_named(found["name"]), lexicon=desk.lexicon(), sort="newest", limit=NEWEST, as_of=when
    )
    events = _events(found)
    return page(
        request, "substance.html.j2", s=found, events=events, plot=_timeline(found, events), newest=newest,
        partners=_partners(found), as_of=when, feed=f"/feeds/substance/{_quoted(found['name'])}.atom",
    )  # fmt: skip


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")


def _named(name: str) -> Any:
    from tracker.archive.filters import Filters

    return Filters(substance=(name,))


def _events(found: dict[str, Any]) -> list[tuple[str, str, str, str | None]]:
    """(date, what, by whom, address) of official and control dates, oldest first."""
    from tracker.digest import words

    rows = [
        (row["date"], words.EVENTS.get(row["event"], row["event"]), row["body"], row["source_url"] or None)
        for row in found["official"]
    ]
    rows += [(c["date"], f"control: {c['status']}", c["country"], c["source"]) for c in found["control"] if c["date"]]
    return sorted(rows, key=lambda row: (row[0], row[1]))


def _partners(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**pair, "name": pair["b"] if pair["a"] == found["name"] else pair["a"]} for pair in found["pairs"]][:40]


def _timeline(found: dict[str, Any], events: list[tuple[str, str, str, str | None]]) -> Any:
    """Stories a week from the first to now, with a line for each event that falls into that time."""
    counts = {weeks.number(row["week"]): row["stories"] for row in found["weeks"] if row["week"]}
    if not counts:
        return ""
    last = max(weeks.number(weeks.week_of(_day(found["as_of"]))), max(counts))
    first = min(*counts, last - 11)
    lines = []
    for place, event in enumerate(events, 1):
        start, _ = weeks.period(event[0])
        at = weeks.number(start) - first
        if 0 <= at <= last - first:
            lines.append((float(at), str(place)))
    values = [counts.get(number, 0) for number in range(first, last + 1)]
    said = (
        f"Stories a week on {found['name']} from {weeks.from_number(first)} to {weeks.from_number(last)}: "
        f"{sum(values)} in all, at most {max(values)} in a week."
    )
    return plots.timeline(values, first=weeks.from_number(first), last=weeks.from_number(last), lines=lines, label=said)


def _day(stamp: str) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(stamp)
