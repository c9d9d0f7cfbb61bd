"""The long-running scheduler: APScheduler only asks whether something is due; the archive knows.

Each job is one call that the command line can make as well and says one health line when it is done.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tracker.errors import LexiconError, TrackerError
from tracker.model import FetchState, Source

if TYPE_CHECKING:
    from tracker.config import Settings
    from tracker.lexicon import Lexicon
    from tracker.pipeline import LateTagger
    from tracker.tag import Tagger

Clock = Callable[[], datetime]
TICK = 60  # seconds between two looks at what is due
UPKEEP_HOUR = 3  # local time: when readers sleep
_JITTER = timedelta(minutes=10)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def jitter(source: Source, last_polled: datetime | None) -> timedelta:
    """How much later than its interval a source is asked, up to a tenth of the interval and ten minutes.

    Derived from the source and its last poll, so that a restart does not throw the dice again.
    """
    if last_polled is None:
        return timedelta()
    seed = hashlib.sha256(f"{source.id}@{last_polled.isoformat()}".encode()).digest()
    share = int.from_bytes(seed[:4], "big") / 2**32
    return min(timedelta(seconds=source.every) / 10, _JITTER) * share


def due_sources(sources: Sequence[Source], states: dict[str, FetchState], *, now: datetime) -> list[Source]:
    """The enabled sources whose interval and jitter have passed and whom no server holds back."""
    from tracker.collect.due import decide

    due = []
    for source in sources:
        state = states.get(source.id) or FetchState(source.id)
        delayed = now - jitter(source, state.last_polled)
        if decide(source, state, now=delayed).due and decide(source, state, now=now).due:
            due.append(source)
    return due


def last_digest_moment(now: datetime, *, day: str, hour: int, timezone: str) -> datetime:
    """The latest moment, at or before `now`, at which a digest was due on its local day and hour."""
    zone = ZoneInfo(timezone)
    local = now.astimezone(zone)
    days_back = (local.weekday() - _WEEKDAYS.index(day)) % 7
    due = (local - timedelta(days=days_back)).replace(hour=hour, minute=0, second=0, microsecond=0)
    if due > local:
        due -= timedelta(days=7)
    return due.astimezone(UTC)


def last_upkeep_moment(now: datetime, *, timezone: str) -> datetime:
    """The latest local night hour at or before `now`."""
    local = now.astimezone(ZoneInfo(timezone))
    due = local.replace(hour=UPKEEP_HOUR, minute=30, second=0, microsecond=0)
    return (due if due <= local else due - timedelta(days=1)).astimezone(UTC)


@dataclass(slots=True)
class FreshTagger:
    """Gives a tagger of the knowledge base as it is now: a new one when its files or the analyst's additions changed.

    Additions that cannot be read are said once; the knowledge base that was read before them goes on.
    """

    load: Callable[[], Lexicon]
    say: Callable[[str], None]
    _lexicon: Lexicon | None = None
    _tagger: LateTagger | None = None
    _told: str = ""

    def __call__(self) -> LateTagger:
        from tracker.pipeline import LateTagger

        try:
            lexicon = self.load()
        except LexiconError as error:
            if self._tagger is None or self._lexicon is None:
                raise
            if str(error) != self._told:
                self._told = str(error)
                self.say(f"lexicon: {self._told}; going on with {self._lexicon.version}")
            return self._tagger
        if self._tagger is None or lexicon is not self._lexicon:
            if self._lexicon is not None:
                self.say(f"lexicon: now {lexicon.version}; what is stored keeps its tags until `tracker retag`")
            self._lexicon, self._told = lexicon, ""
            self._tagger = LateTagger(lambda: lexicon)
        return self._tagger


@dataclass(slots=True)
class Keeper:
    """The jobs of one deployment. `load` gives sources and settings anew and `tagger` a tagger of the knowledge base as
    it is now, so that edits hold without a restart."""

    db: Path
    load: Callable[[], tuple[list[Source], Settings]]
    tagger: Callable[[], Tagger | LateTagger]
    now: Clock
    say: Callable[[str], None]
    stop: threading.Event

    def collect(self) -> None:
        """Ask the sources that are due."""
        from tracker.archive import Archive
        from tracker.collect import CollectSettings
        from tracker.runs import collect_once

        sources, settings = self.load()
        with Archive.open(self.db, create=True) as archive:
            states = archive.states()
        due = due_sources(sources, states, now=self.now())
        if not due or self.stop.is_set():
            return
        report = collect_once(
            self.db,
            due,
            self.tagger(),
            http=CollectSettings(contact=settings.contact),
            now=self.now,
            stop=self.stop.is_set,
        )
        failed = sum(row.status in ("blocked", "robots", "gone", "error") for row in report.sources)
        self.say(f"collect: {len(report.sources)} sources, {report.new} new, {report.revised} revised, {failed} failed")

    def digest(self) -> None:
        """Make and send the digest when its day and hour have passed and it was not made since."""
        from tracker.archive import Archive
        from tracker.lock import writing
        from tracker.runs import deliver, digest_settings, write_digests

        _, settings = self.load()
        now = self.now()
        wanted = settings.digest
        due = last_digest_moment(now, day=wanted["day"], hour=wanted["hour"], timezone=settings.timezone)
        with Archive.open(self.db, create=True) as archive:
            if not self._is_due(archive, "digest", due):
                return
            written = write_digests(
                archive, digest_settings(settings), folder=settings.folder / wanted["folder"], now=now
            )
            with writing(self.db):
                sent = deliver(archive, settings, now=self.now)
            self._is_done(archive, "digest", now)
        self.say(f"digest: {len(written)} files, {sent} mails")

    def upkeep(self) -> None:
        """Once a night: prune by policy, check the file, let SQLite tidy its indexes."""
        from tracker.archive import Archive
        from tracker.lock import writing

        _, settings = self.load()
        now = self.now()
        with Archive.open(self.db, create=True) as archive:
            if not self._is_due(archive, "upkeep", last_upkeep_moment(now, timezone=settings.timezone)):
                return
            with writing(self.db):
                pruned = archive.prune(now=now)
                findings = archive.quick_check()
                self._is_done(archive, "upkeep", now)
        self.say(f"upkeep: {pruned} texts pruned, {len(findings)} findings" + "".join(f"; {f}" for f in findings))

    def _is_due(self, archive: Any, job: str, due: datetime) -> bool:
        last = archive.note(f"job:{job}")
        return last is None or datetime.fromisoformat(last) < due

    def _is_done(self, archive: Any, job: str, now: datetime) -> None:
        archive.set_note(f"job:{job}", now.isoformat())

    def once(self, name: str) -> None:
        """Run one job; a failure is a health line, and the next tick tries again."""
        if self.stop.is_set():
            return
        try:
            getattr(self, name)()
        except TrackerError as error:
            self.say(f"{name}: {' '.join(str(error).split())}")
        except OSError as error:
            self.say(f"{name}: {error}")


def run(keeper: Keeper) -> None:
    """Keep the jobs going until `keeper.stop` is set; leaves once the batch in hand is stored."""
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.schedulers.background import BackgroundScheduler

    scheduler = BackgroundScheduler(
        timezone="UTC",
        executors={"default": ThreadPoolExecutor(1)},  # jobs write: one after the other
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for offset, name in enumerate(("collect", "digest", "upkeep")):
        scheduler.add_job(
            keeper.once,
            "interval",
            args=(name,),
            seconds=TICK,
            id=name,
            next_run_time=datetime.now(UTC) + timedelta(seconds=offset),
        )
    scheduler.start()
    try:
        keeper.stop.wait()
    finally:
        scheduler.shutdown(wait=True)
