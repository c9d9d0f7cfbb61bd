"""Whole runs, as cron, the scheduler and the demo make them: collect under the writer's lock, then the digests.

Order only; every step is somebody else's function.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker import pipeline
from tracker.archive import Archive
from tracker.lock import writing
from tracker.model import Source
from tracker.pipeline import Clock, CollectReport, SourceReport

if TYPE_CHECKING:
    from tracker.collect import CollectSettings
    from tracker.tag import Tagger

FORMATS = ("html", "md", "json")
# The demo's clock: eight Mondays, 07:00 UTC.
DEMO_MONDAYS = tuple(datetime(2026, 9, 28, 7, tzinfo=UTC) + timedelta(weeks=n) for n in range(8))


def collect_once(
    db: Path,
    sources: Sequence[Source],
    tagger: Tagger,
    *,
    http: CollectSettings,
    now: Clock,
    force: bool = False,
    since: datetime | None = None,
    wait: float = 0.0,
    on_result: Callable[[SourceReport], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> CollectReport:
    """One collect into the archive `db`, made if it is missing.

    Waits up to `wait` seconds for another run; raises TrackerError when that is still writing then, ArchiveError when
    the archive cannot be written.
    """
    with writing(db, wait=wait), Archive.open(db, create=True) as archive:
        return pipeline.collect(
            archive,
            sources,
            tagger,
            http=http,
            now=now,
            force=force,
            since=since,
            on_result=on_result,
            stop=stop,
        )


def write_digests(archive: Archive, settings: Mapping[str, Any], *, folder: Path, now: datetime) -> list[Path]:
    """Write the last complete week's digest if it is absent, and rewrite `current.*`; returns what was written.

    `settings` is what the digest takes (contact, timezone, searches, the names of the sources …).
    """
    from tracker.digest import current_week, last_complete_week, make_digest

    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    week = last_complete_week(now)
    if not all((folder / f"{week}.{form}").exists() for form in FORMATS):
        written += _write(make_digest(archive, week=week, as_of=now, settings=settings), folder, week)
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
            collect_once(db, sources, tagger, http=http, now=lambda moment=monday: moment, force=True)  # type: ignore[misc]
            on_week(f"{monday:%Y-%m-%d}")
    with Archive.open(db) as archive:
        return write_digests(archive, {"sample": True}, folder=digests, now=DEMO_MONDAYS[-1])
