"""Many sources side by side: threads over one client, results handed out as they come, a clean stop.

Parsing holds the interpreter, waiting does not: a handful of threads is enough. A thread takes the next source whose
host may take one more request, so that many sources of one host do not hold up the others.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tracker.collect.exchange import SourceKind
from tracker.collect.heap import give_back
from tracker.collect.http import HttpClient
from tracker.collect.poll import poll, recheck
from tracker.collect.robots import Robots
from tracker.collect.settings import CollectSettings
from tracker.errors import TrackerError
from tracker.model import Fetch, FetchState, Request, Source, SourceResult

if TYPE_CHECKING:
    from tracker.collect.fulltext import Known

_LOG = logging.getLogger("tracker.collect")
_GRACE = 4.0  # seconds in which running polls may end once the run is to stop


def collect(
    sources: Iterable[Source],
    states: Mapping[str, FetchState],
    *,
    settings: CollectSettings,
    now: Callable[[], datetime],
    force: bool = False,
    since: datetime | None = None,
    workers: int = 8,
    on_result: Callable[[SourceResult], None] | None = None,
    stop: threading.Event | Callable[[], bool] | None = None,
    robots_cache: MutableMapping[str, str] | None = None,
    known: Known | None = None,
    kinds: Callable[[str], SourceKind] | None = None,
    http: HttpClient | None = None,
    idle: Callable[[], None] = lambda: None,
) -> Iterator[SourceResult]:
    """Poll every source and yield each result as it comes; the order is that of finishing.

    One result a source, whatever happens in it. When `stop` is set (or says so when called), running requests are
    dropped and the generator ends within five seconds; sources not finished then have no result and stay as they were.
    `robots_cache` (origin → text) is read and filled: keep it between runs. The caller's thread gets the results, so
    it may write; `idle` is called in it when no result has come for a moment.
    """
    from tracker.sources import kind as registered

    def work(run: _Run, source: Source, state: FetchState) -> SourceResult:
        return poll(
            source, state, kind=(kinds or registered)(source.kind), http=run.client, now=now, force=force, since=since,
            robots=run.robots, known=known,
        )  # fmt: skip

    run = _Run(settings, now, stop, robots_cache, http)
    for result in run.results(list(sources), states, work, workers=workers, idle=idle):
        if on_result is not None:
            on_result(result)
        yield result


def recheck_all(
    asked: Mapping[str, Sequence[Request]],
    sources: Iterable[Source],
    states: Mapping[str, FetchState],
    *,
    settings: CollectSettings,
    now: Callable[[], datetime],
    workers: int = 8,
    stop: threading.Event | Callable[[], bool] | None = None,
    robots_cache: MutableMapping[str, str] | None = None,
) -> Iterator[SourceResult]:
    """Make the requests `asked` (source id -> requests of the kind's `recheck`), side by side as `collect` polls."""
    from tracker.sources import kind

    def work(run: _Run, source: Source, state: FetchState) -> SourceResult:
        return recheck(
            source, state, asked[source.id], kind=kind(source.kind), http=run.client, now=now, robots=run.robots
        )

    run = _Run(settings, now, stop, robots_cache, None)
    yield from run.results([s for s in sources if s.id in asked], states, work, workers=workers)


class _Run:
    """What the sources of one run share: client, robots, the word to stop."""

    def __init__(
        self,
        settings: CollectSettings,
        now: Callable[[], datetime],
        stop: threading.Event | Callable[[], bool] | None,
        robots_cache: MutableMapping[str, str] | None,
        http: HttpClient | None,
    ) -> None:
        self._now, self._owns_client = now, http is None
        self._event = stop if isinstance(stop, threading.Event) else None
        self._halt = self._event or threading.Event()
        self._told = stop if callable(stop) else self._halt.is_set
        self.client = http or HttpClient(settings, stop=self._halt)
        self.robots = Robots(self.client, now=now, cache=robots_cache)

    def results(
        self,
        sources: list[Source],
        states: Mapping[str, FetchState],
        work: Callable[[_Run, Source, FetchState], SourceResult],
        *,
        workers: int,
        idle: Callable[[], None] = lambda: None,
    ) -> Iterator[SourceResult]:
        """Each source's result as it comes; the client is closed at the end."""

        def guarded(source: Source) -> SourceResult:
            state = states.get(source.id) or FetchState(source.id)
            return _guarded(source, state, lambda: work(self, source, state), now=self._now, client=self.client)

        try:
            yield from _side_by_side(sources, guarded, workers=workers, client=self.client, told=self._told, idle=idle)
        finally:
            if self._owns_client:
                self.client.close()
                if self._event is None:
                    self._halt.set()  # lets requests go that still run because the caller walked away


def _guarded(
    source: Source,
    state: FetchState,
    work: Callable[[], SourceResult],
    *,
    now: Callable[[], datetime],
    client: HttpClient,
) -> SourceResult:
    """Run one poll; a mistake of ours in it costs that source's poll and is logged with its traceback."""
    try:
        return work()
    except TrackerError as error:
        words = client.redactor.text(str(error))
    except (Exception, RecursionError) as error:
        words = client.redactor.text(f"a mistake of this program while reading it: {type(error).__name__}: {error}")
        _LOG.exception("source %s: %s", source.id, words)
    at = now()
    row = Fetch(source.id, at, client.redactor.url(source.url), "error", error=words[:500])
    failed = replace(state, last_polled=at, failures=state.failures + 1, status="error", error=words[:500])
    return SourceResult(source, "error", (), (row,), failed, error=words[:500])


class _Queue:
    """Sources waiting, given out so that no host has more polls at once than it may have requests."""

    def __init__(self, sources: list[Source], at_once: Callable[[str], int]) -> None:
        self._waiting = deque(sources)
        self._running: Counter[str] = Counter()
        self._at_once = at_once
        self._changed = threading.Condition()

    def take(self, stopping: Callable[[], bool]) -> Source | None:
        """The next source that may run, None when there is none left."""
        with self._changed:
            while self._waiting and not stopping():
                for source in self._waiting:
                    host = _host(source)
                    if self._running[host] < self._at_once(host):
                        self._waiting.remove(source)
                        self._running[host] += 1
                        return source
                self._changed.wait(0.5)
        return None

    def give_back(self, source: Source) -> None:
        """Note that a source is done."""
        with self._changed:
            self._running[_host(source)] -= 1
            self._changed.notify_all()


def _host(source: Source) -> str:
    try:
        return (urlsplit(source.url).hostname or "").lower()
    except ValueError:
        return ""


def _side_by_side(
    sources: list[Source],
    work: Callable[[Source], SourceResult],
    *,
    workers: int,
    client: HttpClient,
    told: Callable[[], bool],
    idle: Callable[[], None],
) -> Iterator[SourceResult]:
    stopping = client.stop.is_set
    waiting = _Queue(sources, client.pacer.at_once)
    abandoned = threading.Event()
    # Bounded, so that a slow archive does not let finished polls pile up in memory.
    done: queue.Queue[SourceResult | None] = queue.Queue(maxsize=max(1, workers))

    def put(item: SourceResult | None) -> None:
        while not abandoned.is_set():
            try:
                done.put(item, timeout=0.5)
                return
            except queue.Full:
                continue

    def run() -> None:
        try:
            while not abandoned.is_set() and (source := waiting.take(stopping)) is not None:
                try:
                    result = work(source)
                    if not (stopping() and result.status in ("error", "robots")):  # interrupted: stays as it was
                        put(result)
                finally:
                    waiting.give_back(source)
                give_back()
        finally:
            put(None)

    threads = [
        threading.Thread(target=run, name=f"collect-{n}", daemon=True)
        for n in range(max(1, min(workers, len(sources))))
    ]
    for thread in threads:
        thread.start()
    try:
        yield from _results(done, len(threads), told, client.stop, idle)
    finally:
        abandoned.set()


def _results(
    done: queue.Queue[SourceResult | None],
    threads: int,
    told: Callable[[], bool],
    halt: threading.Event,
    idle: Callable[[], None],
) -> Iterator[SourceResult]:
    alive, last_call = threads, None
    while alive:
        if told():
            halt.set()
        if halt.is_set():
            last_call = last_call or time.monotonic() + _GRACE
            if time.monotonic() > last_call:
                return
        try:
            item = done.get(timeout=0.25)
        except queue.Empty:
            idle()
            continue
        if item is None:
            alive -= 1
        else:
            yield item
