"""Keep secrets out of everything that is stored, shown or logged.

A secret is sent as a query parameter or mail password and lives in an environment variable whose NAME the
configuration holds. Servers echo addresses in redirects, links and error texts, so what they say is cleaned too.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit, urlunsplit

MASK = "***"
_SHORTEST = 6  # shorter values would mask ordinary words; no service gives out such keys


class Redactor:
    """Knows the secret values in use and masks them in any text, in every usual spelling."""

    def __init__(self) -> None:
        self._spellings: tuple[str, ...] = ()
        self._lock = threading.Lock()

    def learn(self, values: Iterable[str]) -> None:
        """Remember secret values (plain, percent-encoded, form-encoded)."""
        new = {form for value in values if len(value) >= _SHORTEST for form in _forms(value)}
        if new.issubset(self._spellings):
            return
        with self._lock:
            self._spellings = tuple(sorted(new.union(self._spellings), key=len, reverse=True))

    def text(self, text: str) -> str:
        """Return `text` with every known secret masked."""
        for spelling in self._spellings:
            if spelling in text:
                text = text.replace(spelling, MASK)
        return text

    def body(self, body: bytes) -> bytes:
        """Return a payload with every known secret masked (a server may echo the address with its key)."""
        for spelling in self._spellings:
            raw = spelling.encode()
            if raw in body:
                body = body.replace(raw, MASK.encode())
        return body

    def url(self, url: str) -> str:
        """Return an address fit for the ledger: no secret, no user and password before the host."""
        try:
            parts = urlsplit(url)
            if "@" in parts.netloc:
                url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        except ValueError:
            pass
        return self.text(url)


def _forms(value: str) -> set[str]:
    return {value, quote(value, safe=""), quote(value), quote_plus(value), quote(value, safe="").lower()}


def secret_values(names: Iterable[tuple[str, str]], env: Mapping[str, str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Resolve (parameter, NAME of environment variable) pairs: what to send, and the names that are not set."""
    found, missing = [], []
    for parameter, name in names:
        value = env.get(name, "").strip()
        if value:
            found.append((parameter, value))
        else:
            missing.append(name)
    return found, missing


def without_params(url: str, names: Iterable[str]) -> str:
    """Return `url` without the query parameters in `names` (a next link may carry the masked key)."""
    unwanted = set(names)
    parts = urlsplit(url)
    if not unwanted or not parts.query:
        return url
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(k, v) for k, v in pairs if k not in unwanted]
    return url if len(kept) == len(pairs) else urlunsplit(parts._replace(query=urlencode(kept)))


class _LogFilter(logging.Filter):
    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        cleaned = self._redactor.text(message)
        if cleaned != message:
            record.msg, record.args = cleaned, ()
        return True


def clean_logs(redactor: Redactor) -> None:
    """Mask secrets in what the HTTP library logs (it writes whole request lines at level DEBUG)."""
    for name in ("urllib3.connectionpool", "urllib3.util.retry", "urllib3.connection", "requests"):
        logger = logging.getLogger(name)
        for old in [f for f in logger.filters if isinstance(f, _LogFilter)]:
            logger.removeFilter(old)
        logger.addFilter(_LogFilter(redactor))
