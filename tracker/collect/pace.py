"""Politeness to one host name: so many requests at once, so many a second, whoever asks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from tracker.collect.settings import HostPace
from tracker.errors import FetchError

_TURN = 0.5  # seconds between looks at whether we are to stop


class _Host:
    __slots__ = ("next_at", "pace", "slots")

    def __init__(self, pace: HostPace) -> None:
        self.pace = pace
        self.slots = threading.BoundedSemaphore(max(1, pace.at_once))
        self.next_at = float("-inf")


class Pacer:
    """Hands out turns. `clock` is monotonic seconds; `sleep` must return early when the run is to stop."""

    def __init__(
        self,
        default: HostPace,
        hosts: Mapping[str, HostPace],
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        stopping: Callable[[], bool],
    ) -> None:
        self._default, self._known = default, hosts
        self._clock, self._sleep, self._stopping = clock, sleep, stopping
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    def at_once(self, host: str) -> int:
        """How many requests to `host` may run at the same time."""
        return max(1, self._known.get(host, self._default).at_once)

    def slow_down(self, host: str, interval: float) -> None:
        """Keep at least `interval` seconds between requests to `host` (a robots.txt Crawl-delay)."""
        entry = self._entry(host)
        with self._lock:
            if interval > entry.pace.interval:
                entry.pace = replace(entry.pace, interval=interval)

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Wait for a turn at `host` and hold it; raises FetchError when the run is to stop meanwhile."""
        entry = self._entry(host)
        while not entry.slots.acquire(timeout=_TURN):
            self._raise_if_stopping()
        try:
            with self._lock:
                now = self._clock()
                start = max(now, entry.next_at)
                entry.next_at = start + entry.pace.interval
            if start > now:
                self._sleep(start - now)
            self._raise_if_stopping()
            yield
        finally:
            entry.slots.release()

    def _raise_if_stopping(self) -> None:
        if self._stopping():
            raise FetchError("stopped before the request was made")

    def _entry(self, host: str) -> _Host:
        with self._lock:
            entry = self._hosts.get(host)
            if entry is None:
                entry = self._hosts[host] = _Host(self._known.get(host, self._default))
            return entry
