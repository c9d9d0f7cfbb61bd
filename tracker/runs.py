"""Whole runs, as cron, the scheduler and the demo make them: collect under the writer's lock, then the digests.

Order only; every step is somebody else's function.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker import pipeline
from tracker.archive import Archive
from tracker.lock import writing
from tracker.model import Source, SourceResult
from tracker.pipeline import Clock, CollectReport, LateTagger, SourceReport

if TYPE_CHECKING:
    from tracker.collect import CollectSettings
    from tracker.config import Settings
    from tracker.tag import Tagger

FORMATS = ("html", "md", "json")
# The demo's clock: eight Mondays, 07:00 UTC.
DEMO_MONDAYS = tuple(datetime(2026, 9, 28, 7, tzinfo=UTC) + timedelta(weeks=n) for n in range(8))


def collect_once(
    db: Path,
    sources: Sequence[Source],
    tagger: Tagger | LateTagger,
    *,
    http: CollectSettings,
    now: Clock,
    force: bool = False,
    since: datetime | None = None,
    wait: float = 0.0,
    workers: int = 8,
    on_result: Callable[[SourceReport], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> CollectReport:
    """One collect into the archive `db`, made if it is missing.

    Waits up to `wait` seconds for another run; raises TrackerError when that is still writing then, ArchiveError when
    the archive cannot be written.
    """
    from tracker.collect.robots import robots_file

    kept = db.with_name(db.name + ".robots.json")
    with writing(db, wait=wait), Archive.open(db, create=True) as archive, robots_file(kept, now=now()) as robots:
        return pipeline.collect(
            archive,
            sources,
            tagger,
            http=http,
            now=now,
            force=force,
            since=since,
            workers=workers,
            on_result=on_result,
            stop=stop,
            robots_cache=robots,
        )


def write_digests(archive: Archive, settings: Mapping[str, Any], *, folder: Path, now: datetime) -> list[Path]:
    """Write the last complete week's digest if it is absent, and rewrite `current.*`; returns what was written.

    `settings` is what the digest takes (contact, timezone, searches, the names of the sources …).
    """
    from tracker.analysis.report import keep_signals
    from tracker.digest import current_week, last_complete_week, make_digest
    from tracker.digest.make import official_of

    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    week = last_complete_week(now)
    if not all((folder / f"{week}.{form}").exists() for form in FORMATS):
        written += _write(make_digest(archive, week=week, as_of=now, settings=settings), folder, week)
        keep_signals(archive, week=week, as_of=now, official=official_of(settings))
    digest = make_digest(archive, week=current_week(now), as_of=now, settings=settings)
    return [*written, *_write(digest, folder, "current")]


def _write(digest: Any, folder: Path, name: str) -> list[Path]:
    from tracker.digest import render

    paths = []
    for form in FORMATS:
        path = folder / f"{name}.{form}"
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(render(digest, form))
        part.replace(path)
        paths.append(path)
    return paths


def digest_settings(settings: Settings, official: Path | None = None) -> dict[str, Any]:
    """What the digest takes of a deployment's settings: saved searches, and the analyst's own dates and names."""
    from tracker.lexicon import load
    from tracker.lexicon.load import LOCAL_FILE

    own, names = settings.folder / "first_reports.local.csv", settings.folder / LOCAL_FILE
    return {
        "searches": dict(settings.searches),
        "official": official or (own if own.exists() else None),
        "lexicon": load(names if names.exists() else None) if settings.searches or official or own.exists() else None,
    }


def deliver(archive: Archive, settings: Settings, *, now: Clock) -> int:
    """Mail the last complete week's digest to whom has not got it; returns how many mails are out. The caller holds the
    writer's lock."""
    if not settings.mail or not settings.mail.get("recipients"):
        return 0
    from tracker.digest import make_digest
    from tracker.digest.mail import deliver as send

    digest = make_digest(archive, as_of=now(), settings=digest_settings(settings))
    return sum(row.status == "sent" for row in send(archive, digest, settings.mail, now=now, environ=os.environ))


def probe(
    sources: Sequence[Source],
    *,
    http: CollectSettings,
    now: Clock,
    stop: Callable[[], bool] = lambda: False,
    on_result: Callable[[str], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """Ask each source once as if for the first time, store nothing, and say what came; in the order of `sources`.

    `finding` is a line where something is wrong: a failure, an address that has moved, items without dates or titles.
    """
    from tracker.collect import collect
    from tracker.lexicon import load
    from tracker.sources._query import with_lexicon

    found = {}
    for result in collect(with_lexicon(sources, load()), {}, settings=http, now=now, force=True, stop=stop):
        found[result.source.id] = _probed(result)
        on_result(result.source.id)
    return [found[source.id] for source in sources if source.id in found]


def _probed(result: SourceResult) -> dict[str, Any]:
    documents = result.documents
    undated = sum(document.published is None and document.updated is None for document in documents)
    dates = [document.published or document.updated or "" for document in documents]
    finding = result.error
    if finding is None and result.state.moved_to:
        finding = f"moved for good to {result.state.moved_to}"
    if finding is None and documents and undated == len(documents) and _has_dates(result.source):
        finding = "no item has a date: has the layout changed?"
    if finding is None and result.status == "empty" and result.source.kind == "listing":
        finding = "the listing yields nothing: has the layout changed?"
    return {
        "id": result.source.id,
        "status": result.status,
        "http": result.http,
        "items": len(documents),
        "undated": undated,
        "newest": max(dates, default="") or None,
        "error": finding,
        "finding": finding is not None or result.status in pipeline.FAILED,
    }


def _has_dates(source: Source) -> bool:
    """Whether items of a source are to have dates: a watched page has none, others where the entry says where."""
    if source.kind == "table":
        return "published" in source.options.get("columns", {})
    return source.kind != "watch" and (source.kind != "listing" or "date" in source.options)


def run_demo(folder: Path, *, on_week: Callable[[str], None] = lambda _: None) -> list[Path]:
    """Eight weekly collects of the packaged sample over loopback HTTP, then its digests; the same bytes every time.

    The folder's archive and digests are made anew; other files in it are left alone.
    """
    from tracker.collect import CollectSettings, HostPace
    from tracker.demo.server import serve
    from tracker.demo.sources import sample_sources
    from tracker.lexicon import load
    from tracker.tag import Tagger

    db, digests = folder / "tracker.db", folder / "digests"
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("tracker.db*"):
        stale.unlink()
    shutil.rmtree(digests, ignore_errors=True)
    tagger = Tagger(load())
    http = CollectSettings(pace=HostPace(interval=0.0))  # our own server: nobody to be polite to
    with serve() as (site, address):
        sources = sample_sources(address)
        for week, monday in enumerate(DEMO_MONDAYS):
            site.week = week
            # One after the other: document numbers, and so the digest's bytes, come in the order of the list.
            collect_once(
                db,
                sources,
                tagger,
                http=http,
                now=lambda moment=monday: moment,  # type: ignore[misc]
                force=True,
                workers=1,
            )
            on_week(f"{monday:%Y-%m-%d}")
    with Archive.open(db) as archive:
        return write_digests(archive, {"sample": True}, folder=digests, now=DEMO_MONDAYS[-1])
