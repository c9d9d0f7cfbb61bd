"""What every request shares: the archive, the knowledge base, settings, the clock, and what was worked out before."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from tracker.archive import Archive, reads_pages
from tracker.errors import ArchiveError, UsageError
from tracker.model import Source

T = TypeVar("T")
BUSY_SECONDS = 4.0  # how long a decision waits for a running collect before the page says so
FRESH_SECONDS = 30.0  # results are not made anew more often, however fast documents arrive …
PATIENCE = 20.0  # … nor more often than this many times what they took: a large archive is not read all day
KEPT = 64  # results kept


@dataclass(slots=True)
class Desk:
    """Made once by the command line, or by a test with its own clock and secret."""

    db: Path
    secret: str  # signs sessions; a new one ends them all
    now: Callable[[], datetime]  # aware UTC
    lexicon: Callable[[], Any]  # the knowledge base with the analyst's additions; cheap when nothing changed
    official: Callable[[], Mapping[str, Any]]  # official dates by substance
    tags_json: Callable[..., dict[str, Any]]  # a tag set as the contract writes it
    additions: Path  # substances.local.csv, where decisions on candidates are written
    check_additions: Callable[[Path], object]  # raises where the knowledge base would not load with this file
    watched: Callable[[], Sequence[Source]] = lambda: ()  # what sources.yaml lists
    searches: Mapping[str, str] = field(default_factory=dict)  # saved searches
    digest: Mapping[str, Any] = field(default_factory=dict)  # what the digest takes of the settings
    login: str = "open"  # or "required": reading needs a login too
    hosts: frozenset[str] = frozenset()  # names that Host may have beside loopback
    root_path: str = ""
    _local: threading.local = field(default_factory=threading.local)
    _kept: Kept = field(default_factory=lambda: Kept())

    def archive(self) -> Archive:
        """The archive, opened once in each thread and again when the file was replaced."""
        try:
            found = self.db.stat()
        except OSError as error:
            raise ArchiveError(f"there is no archive at {self.db}: run `tracker collect`") from error
        identity = (found.st_ino, found.st_dev)
        opened: Archive | None = getattr(self._local, "archive", None)
        if opened is None or self._local.identity != identity:
            if opened is not None:
                opened.close()
            self._local.archive = opened = self._open()
            self._local.identity = identity
        return opened

    def _open(self) -> Archive:
        try:
            return reads_pages.lean(Archive.open(self.db, timeout=BUSY_SECONDS))
        except UsageError as error:
            raise ArchiveError(str(error)) from error

    def kept(self, key: object, make: Callable[[Archive], T]) -> T:
        """What `make` gives, kept until the archive changes, and for half a minute even then."""
        archive = self.archive()
        return self._kept.get(key, reads_pages.state(archive), lambda: make(archive))


class Kept:
    """A small store of results; one thread works one out while the others wait for it. A result made at the present
    state of the archive is always good."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._locks: dict[object, threading.Lock] = {}
        self._found: OrderedDict[object, tuple[str, float, Any]] = OrderedDict()  # key -> state, good until, result

    def get(self, key: object, state: str, make: Callable[[], T]) -> T:
        """The result for `key` at `state`, made if there is none that may still be shown."""
        with self._lock:
            mine = self._locks.setdefault(key, threading.Lock())
        with mine:
            with self._lock:
                held = self._found.get(key)
                if held and (held[0] == state or self._clock() < held[1]):
                    self._found.move_to_end(key)
                    result: T = held[2]
                    return result
            begun = self._clock()
            made = make()
            until = self._clock() + max(FRESH_SECONDS, PATIENCE * (self._clock() - begun))
            with self._lock:
                self._found[key] = (state, until, made)
                self._found.move_to_end(key)
                while len(self._found) > KEPT:
                    old, _ = self._found.popitem(last=False)
                    self._locks.pop(old, None)
            return made

    def clear(self) -> None:
        """Forget all: after a decision that changes what is shown."""
        with self._lock:
            self._found.clear()
