"""robots.txt: read once a day for each host, remembered across runs, obeyed at every address asked.

A robots.txt that answers 4xx allows everything. One that answers 5xx, or does not answer, means *not now*: its sources
get the status `robots` with the cause, and it is asked again after an hour, because the file may say no.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tracker.collect.guard import origin_of
from tracker.errors import FetchError, GuardError
from tracker.model import Request

if TYPE_CHECKING:
    from tracker.collect.http import HttpClient

AGENT = "nps-tracker"
_LOG = logging.getLogger(__name__)
_KEPT = timedelta(days=1)
_CLOSED_KEPT = timedelta(hours=1)
_LIMIT = 512 * 1024  # what a robots.txt may have (RFC 9309 asks for at least 500 KiB)
_LONGEST_DELAY = 30.0  # seconds; a longer Crawl-delay is kept as this


class RobotsRefusal(FetchError):
    """robots.txt forbids the address, or cannot be read now."""


@dataclass(frozen=True, slots=True)
class _Rules:
    at: datetime
    text: str | None  # None: cannot be read now
    why: str = ""

    def fresh(self, now: datetime) -> bool:
        return timedelta(0) <= now - self.at < (_KEPT if self.text is not None else _CLOSED_KEPT)


class Robots:
    """Answers whether an address may be asked. `cache` (origin → JSON) is kept by the caller between runs."""

    def __init__(
        self, client: HttpClient, *, now: Callable[[], datetime], cache: MutableMapping[str, str] | None = None
    ) -> None:
        self._client, self._now = client, now
        self._cache: MutableMapping[str, str] = {} if cache is None else cache
        self._parsed: dict[str, tuple[_Rules, Any]] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def permit(self, url: str, *, operator_url: str) -> None:
        """Raise RobotsRefusal unless robots.txt of the address's host lets us ask it."""
        host, port = origin_of(url)
        scheme = urlsplit(url).scheme.lower()
        origin = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
        with self._lock_of(origin):
            rules, parser = self._rules(origin, operator_url)
        if rules.text is None:
            raise RobotsRefusal(f"robots.txt of {host} cannot be read ({rules.why}): not now")
        if parser is not None and not parser.can_fetch(url, AGENT):
            raise RobotsRefusal(f"robots.txt of {host} does not allow {self._client.redactor.url(url)}")

    def _rules(self, origin: str, operator_url: str) -> tuple[_Rules, Any]:
        known = self._parsed.get(origin)
        if known and known[0].fresh(self._now()):
            return known
        rules = _loaded(self._cache.get(origin))
        if rules is None or not rules.fresh(self._now()):
            rules = self._fetched(origin, operator_url)
            self._cache[origin] = _dumped(rules)
        parser = None
        if rules.text:
            from protego import Protego

            parser = Protego.parse(rules.text)
            delay = parser.crawl_delay(AGENT)
            if delay:
                self._client.pacer.slow_down(origin_of(origin)[0], min(float(delay), _LONGEST_DELAY))
        self._parsed[origin] = (rules, parser)
        return rules, parser

    def _fetched(self, origin: str, operator_url: str) -> _Rules:
        now = self._now()
        request = Request(url=f"{origin}/robots.txt", found=True, headers=(("Accept", "text/plain, */*;q=0.5"),))
        try:
            answer = self._client.fetch(request, operator_url=operator_url, limit=_LIMIT)
        except GuardError:
            raise
        except FetchError as error:
            if "larger than" in str(error) or "announced as" in str(error):
                return _Rules(now, "", "")  # nobody's rules are that long: it is not a robots.txt
            return _Rules(now, None, str(error))
        status = answer.payload.status
        if status >= 500 or status == 429:
            return _Rules(now, None, f"it answered {status}")
        if not 200 <= status < 300:
            return _Rules(now, "")
        return _Rules(now, answer.payload.body.decode("utf-8", "replace").lstrip("\ufeff"))

    def _lock_of(self, origin: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(origin, threading.Lock())


def _loaded(text: str | None) -> _Rules | None:
    if not text:
        return None
    try:
        values = json.loads(text)
        rules = _Rules(datetime.fromisoformat(values["at"]), values["text"], values.get("why", ""))
        valid = rules.at.tzinfo is not None and isinstance(rules.text, (str, type(None)))
    except (ValueError, KeyError, TypeError):
        return None
    return rules if valid else None


def _dumped(rules: _Rules) -> str:
    return json.dumps({"at": rules.at.isoformat(), "text": rules.text, "why": rules.why}, ensure_ascii=False)


@contextmanager
def robots_file(path: Path, *, now: datetime) -> Iterator[MutableMapping[str, str]]:
    """The cache of robots.txt as a JSON file: read on entering, written on leaving without what is older than a day.

    It can be deleted at any time. A file that cannot be read counts as empty; one that cannot be written is a warning.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        cache = {str(k): v for k, v in values.items() if isinstance(v, str)} if isinstance(values, dict) else {}
    except (OSError, ValueError):
        cache = {}
    before = dict(cache)
    yield cache
    kept = {origin: text for origin, text in cache.items() if (rules := _loaded(text)) and now - rules.at < _KEPT}
    if kept == before:
        return
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8", errors="replace")
        part.replace(path)
    except OSError as cause:
        _LOG.warning("%s cannot be written (%s): robots.txt files are read anew next time", path, cause.strerror)
