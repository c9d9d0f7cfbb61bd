"""Stored records asked again for what came later: corrections, concerns, retractions, withdrawals.

After a source was read, a small batch of the records that it can be asked about is asked again. What is known of the
round (when it began, how far it has come) is a note in the archive. A round goes through all kept records once; the
next begins when the last has begun thirty days ago or more.

A literature service is asked about its own records. The first PubMed (else Europe PMC) source also answers for PMIDs,
the first Crossref (else OpenAlex) source for DOIs, of items from sources that cannot be asked themselves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tracker.model import Document, Request, Source, SourceResult

if TYPE_CHECKING:
    from tracker.archive import Archive
    from tracker.collect import CollectSettings

Clock = Callable[[], datetime]
ROUND = timedelta(days=30)
FRESH = timedelta(days=7)  # what was read since is not asked again
ASKED_AGAIN = "stored records asked again"  # begins the note of their rows in the ledger
_ANSWERS_FOR_OTHERS = ("pubmed", "europepmc", "crossref", "openalex")  # by preference


@dataclass(frozen=True, slots=True)
class Batch:
    """The records of one source that are asked again in one run."""

    requests: tuple[Request, ...]
    own: frozenset[str]  # identifiers stored under this source; the answers about others only count when they say more
    field: str
    note: str  # what to remember once they were asked


def due(archive: Archive, sources: Sequence[Source], read: Collection[str], *, now: datetime) -> dict[str, Batch]:
    """What to ask again in this run, by source; `read` names the sources that were read well in it."""
    from tracker.sources import kind

    asking = {source.id: kind(source.kind).recheck for source in sources if source.enabled}
    able = [source.id for source in sources if asking.get(source.id)]
    for_others = _for_others([source for source in sources if source.id in able])
    found: dict[str, Batch] = {}
    for source in sources:
        how = asking.get(source.id)
        if how is None or source.id not in read:
            continue
        place = _place(archive.note(_key(source.id)), now)
        if place is None:
            continue
        began, after = place
        rows = archive.identifiers(
            how.by,
            source.id,
            after=after,
            limit=how.batch,
            read_before=now - FRESH,
            others=able if source.id in for_others else None,
        )
        last = rows[-1][0] if len(rows) == how.batch else None
        found[source.id] = Batch(
            requests=how.ask(source, list(dict.fromkeys(name for _, name, _ in rows))) if rows else (),
            own=frozenset(name.lower() for _, name, own in rows if own),
            field=how.by,
            note=json.dumps({"began": began.isoformat(), "after": last}),
        )
    return found


def _for_others(able: Sequence[Source]) -> set[str]:
    """The source that answers for PMIDs, and the one for DOIs, of items that stand under other sources."""
    chosen: dict[str, str] = {}
    for name in _ANSWERS_FOR_OTHERS:
        by = "pmid" if name in ("pubmed", "europepmc") else "doi"
        first = next((source.id for source in able if source.kind == name), None)
        if first is not None:
            chosen.setdefault(by, first)
    return set(chosen.values())


def _key(source: str) -> str:
    return f"recheck:{source}"


def _place(note: str | None, now: datetime) -> tuple[datetime, int] | None:
    """When the round began and after which document it goes on; None while a finished round is recent enough."""
    if note is None:
        return now, 0
    values = json.loads(note)
    began, after = datetime.fromisoformat(values["began"]), values["after"]
    if after is not None:
        return began, int(after)
    return (now, 0) if now - began >= ROUND else None


def ask(
    archive: Archive,
    sources: Sequence[Source],
    read: Collection[str],
    *,
    http: CollectSettings,
    now: Clock,
    workers: int = 8,
    stop: Callable[[], bool] = lambda: False,
    robots_cache: MutableMapping[str, str] | None = None,
) -> Iterator[SourceResult]:
    """Ask the batch that is due of each source in `read`; yields what is to be stored, remembers how far it came."""
    from tracker.collect import recheck_all

    batches = due(archive, sources, read, now=now())
    for name, batch in batches.items():
        if not batch.requests:
            archive.set_note(_key(name), batch.note)
    requests = {name: batch.requests for name, batch in batches.items() if batch.requests}
    if not requests or stop():
        return
    answers = recheck_all(
        requests, sources, archive.states(), settings=http, now=now, workers=workers, stop=stop,
        robots_cache=robots_cache,
    )  # fmt: skip
    for result in answers:
        batch = batches[result.source.id]
        yield replace(
            result,
            documents=tuple(d for d in result.documents if _says_more(d, batch)),
            fetches=tuple(replace(row, note=_noted(row.note)) for row in result.fetches),
        )
        if not _to_be_repeated(result):  # after it is stored: a run that is killed before asks again
            archive.set_note(_key(result.source.id), batch.note)


def _says_more(document: Document, batch: Batch) -> bool:
    """Own records may have changed; about others only a flag is news."""
    name = getattr(document, batch.field) or ""
    return name.lower() in batch.own or document.editorial_status not in ("ok", "notice")


def _noted(note: str | None) -> str:
    return f"{ASKED_AGAIN}; {note}" if note else ASKED_AGAIN


def _to_be_repeated(result: SourceResult) -> bool:
    """The server was not reached or asked to wait; an answer that cannot be read would be the same next time."""
    if result.status == "skipped":
        return True
    failed = result.status in ("error", "blocked", "robots")
    return failed and (result.http is None or result.http in (401, 403, 429) or result.http >= 500)


__all__ = ["ASKED_AGAIN", "Batch", "ask", "due"]
