"""Pages that watch: signals, candidates, sources, and what the whole is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from tracker.analysis import weeks
from tracker.archive import people, reads_pages
from tracker.errors import ConfigError
from tracker.web import auth, look, plots
from tracker.web.params import moment
from tracker.web.render import page

if TYPE_CHECKING:
    from tracker.archive.read import Record
    from tracker.model import Signal, Source
    from tracker.web.desk import Desk

router = APIRouter(include_in_schema=False, dependencies=[Depends(auth.reading)])
MOST_BEHIND = 5  # documents shown with a signal
AROUND = 110  # characters shown on each side of a candidate
PER_PAGE = 12  # candidates: each brings its forms
KINDS = {
    "first_ever": "First mention ever",
    "first_death": "First death",
    "first_tier": "First in a higher tier",
    "first_country": "First in a country",
    "first_pair": "First time together",
    "excess": "More than expected",
    "candidate": "Unknown names that spread",
}


@router.get("/signals")
def signals(request: Request, week: str = "", as_of: str = "") -> Response:
    auth.who(request)
    desk: Desk = request.app.state.desk
    when = moment(as_of)
    found_week, found = look.signals(desk, week or None, when)
    numbers = [n for signal in found for n in signal.documents[:MOST_BEHIND]]
    records = {record.id: record for record in desk.archive().documents(numbers, as_of=when)}
    groups = {kind: [s for s in found if s.kind == kind] for kind in KINDS}
    return page(
        request, "signals.html.j2", week=found_week, groups=groups, titles=KINDS, records=records,
        plot=signal_plot, detail=_detail, weeks=look.digest_weeks(desk, when), total=len(found),
        current=weeks.week_of(when or desk.now()), as_of=when,
    )  # fmt: skip


def signal_plot(signal: Signal) -> Any:
    """Observed and expected of an excess; nothing for the others."""
    if signal.kind != "excess" or signal.expected is None or signal.interval is None:
        return ""
    recent = [int(count) for count in signal.detail.get("recent", ())]
    low, high = signal.interval
    said = (
        f"Stories a week on {signal.name}: {sum(recent)} in the {len(recent)} weeks before, {signal.observed} this "
        f"week; expected {signal.expected:.2g}, 95 % interval {low:.0f} to {high:.0f}."
    )
    return plots.expected(recent, signal.observed, signal.expected, low, high, said)


def _detail(signal: Signal) -> str:
    """Country, tier or partner of a first, in words."""
    return ", ".join(
        f"{key} {value}"
        for key, value in signal.detail.items()
        if isinstance(value, str) and key not in ("why", "series", "substance", "partner", "class")
    )


# --- candidates ------------------------------------------------------------------------------------------------------


@router.get("/candidates")
def candidates(request: Request, decided: bool = False, start: int = 0) -> Response:
    user = auth.who(request)
    desk: Desk = request.app.state.desk
    rows = desk.kept("candidates", lambda archive: reads_pages.candidates(archive))
    standing = people.standing(desk.archive(), [people.subject("candidate", row.key) for row in rows])
    done = {key.partition(":")[2] for key, found in standing.items() if any(d.verdict != "note" for d in found)}
    chosen = [row for row in rows if (row.key in done) is decided]
    start = max(0, min(start, 10**6))
    shown = chosen[start : start + PER_PAGE]
    records = {r.id: r for r in desk.archive().documents([n for row in shown for n, *_ in row.spans])}
    contexts = {row.key: [c for c in (_context(records, span) for span in row.spans) if c is not None] for row in shown}
    lexicon = desk.lexicon()
    return page(
        request, "candidates.html.j2", rows=shown, contexts=contexts, decided=decided, total=len(chosen),
        done=len(done), standing=standing if user else {}, start=start, per_page=PER_PAGE,
        classes=sorted({s.cls for s in lexicon.substances.values()}),
        names=sorted(lexicon.substances) if user is not None and user.role == "analyst" and shown else [],
    )  # fmt: skip


def _context(records: dict[int, Record], span: tuple[int, str, int, int]) -> tuple[Record, str, str, str] | None:
    """(document, text before, the name, text after) of one place; the title alone where the text may not be shown."""
    number, field, start, end = span
    record = records.get(number)
    if record is None:
        return None
    text = (record.document.title if field == "title" else record.document.text) or ""
    if end > len(text):
        return record, "", "", ""
    before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
    return (
        record,
        ("…" if start > AROUND else "") + before,
        text[start:end],
        after + ("…" if end + AROUND < len(text) else ""),
    )


# --- sources and about -----------------------------------------------------------------------------------------------


@router.get("/sources")
def sources(request: Request) -> Response:
    auth.who(request)
    desk: Desk = request.app.state.desk
    now = desk.now()
    health = desk.kept("health", lambda archive: archive.health(now=now))
    known = {row.id: row for row in reads_pages.sources(desk.archive())}
    listed, problem = _listed(desk)
    off = [source for source in listed.values() if not source.enabled]
    waiting = [source for source in listed.values() if source.enabled and source.id not in known]
    attention = [row for row in health if row.findings or row.status in ("blocked", "robots", "gone", "error")]
    return page(
        request, "sources.html.j2", health=health, known=known, off=off, waiting=waiting, attention=attention, now=now,
        problem=problem,
    )  # fmt: skip


def _listed(desk: Desk) -> tuple[dict[str, Source], str]:
    """What the list of sources says, or why it cannot be read: the page then still shows what the archive knows."""
    try:
        return {source.id: source for source in desk.watched()}, ""
    except ConfigError as error:
        return {}, error.problems[0]


@router.get("/about")
def about(request: Request) -> Response:
    auth.who(request)
    desk: Desk = request.app.state.desk
    lexicon = desk.lexicon()
    documents = desk.kept("documents", lambda archive: archive.count_documents())
    return page(
        request, "about.html.j2", version=lexicon.version, substances=len(lexicon.substances), documents=documents,
        sources=reads_pages.sources(desk.archive()), state=request.app.version,
    )  # fmt: skip
