"""The one HTTP client: a request goes out politely, within limits, and comes back as a bounded payload.

Redirects are followed by hand, because each hop has to pass the address guard, robots.txt and the pace of its host.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import IncompleteRead, ProtocolError

from tracker.collect.causes import is_worth_a_retry, translated
from tracker.collect.decode import brotli_works, read_bounded
from tracker.collect.guard import Guard, Origin, origin_of
from tracker.collect.pace import Pacer
from tracker.collect.redact import Redactor, clean_logs, secret_values, without_params
from tracker.collect.settings import CollectSettings, user_agent
from tracker.collect.wire import EXCHANGE, GuardedAdapter, tls_context
from tracker.errors import FetchError, GuardError
from tracker.model import Payload, Request

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_RETRIED = frozenset({502, 504})
_PLAIN = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::(?:[1-5]\d{4}|\d{1,4}))?(?:/[\w~-][\w.~-]*)+/?(?:\?[\w=&.~-]+)?", re.ASCII
)
_PIECE = 64 * 1024
_HEAVY = 1024 * 1024
_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/json;q=0.9, "
    "application/xml;q=0.9, text/xml;q=0.9, text/html;q=0.8, */*;q=0.5"
)
Permit = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer after redirects. `url` is fit for the ledger; `cut` says why the body is not whole."""

    payload: Payload
    url: str
    ms: int
    size: int
    moved_to: str | None = None  # where permanent redirects (and only such) led
    cut: str | None = None
    missing_keys: tuple[str, ...] = ()


class HttpClient:
    """Shared by all threads of a run. Clocks, sleep, resolver and environment are handed in by tests."""

    def __init__(
        self,
        settings: CollectSettings | None = None,
        *,
        guard: Guard | None = None,
        env: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.settings = settings or CollectSettings()
        self.stop = stop or threading.Event()
        self.clock = clock
        self.redactor = Redactor()
        self.env = os.environ if env is None else env
        self._sleep = sleep or (lambda seconds: void(self.stop.wait(seconds)))
        self.pacer = Pacer(
            self.settings.pace, self.settings.hosts, clock=clock, sleep=self._sleep, stopping=self.stop.is_set
        )
        self._guard = guard or Guard()
        context = tls_context()
        self._open = GuardedAdapter(self._guard, context, found=False)
        self._checked = GuardedAdapter(self._guard, context, found=True)
        self._proxies = {k: v for k, v in getproxies().items() if k in ("http", "https", "all")}
        self._headers = {
            "User-Agent": user_agent(self.settings.contact),
            "Accept": _ACCEPT,
            "Accept-Encoding": "gzip, deflate, br" if brotli_works() else "gzip, deflate",
        }
        clean_logs(self.redactor)

    def close(self) -> None:
        """Close idle connections."""
        self._open.close()
        self._checked.close()

    def fetch(
        self,
        request: Request,
        *,
        operator_url: str,
        etag: str | None = None,
        last_modified: str | None = None,
        permit: Permit | None = None,
        limit: int | None = None,
    ) -> Answer:
        """Make `request` and return its answer, whatever its status code.

        `operator_url` is what the operator wrote: its host and port may be anywhere, every other address that was found
        in content must be public. `permit` is called with each address about to be asked and raises to forbid it.
        Raises FetchError (GuardError for a forbidden address); no message holds a secret.
        """
        secrets, missing = secret_values(request.secret_params, self.env)
        self.redactor.learn(value for _, value in secrets)
        trusted = {origin_of(operator_url)}
        if not request.found:
            trusted.add(origin_of(request.url))
        url = without_params(request.url, [name for name, _ in request.secret_params])
        headers = {**self._headers, **dict(request.headers)}
        if request.conditional:
            headers |= {k: v for k, v in (("If-None-Match", etag), ("If-Modified-Since", last_modified)) if v}
        exchange = _Exchange(self, trusted, permit, limit or self.settings.limits.body)
        try:
            return exchange.run(url, (*request.params, *secrets), headers, missing)
        except FetchError as error:
            raise type(error)(self.redactor.text(str(error))) from None

    # The parts below are used by _Exchange.

    def send_once(self, prepared: requests.PreparedRequest, *, trusted: bool) -> requests.Response:
        """Send over the adapter that fits: open for the operator's own addresses, checked for found ones."""
        limits = self.settings.limits
        proxies = self._proxies_for(str(prepared.url))
        if proxies and not trusted:
            self._guard.check(*origin_of(str(prepared.url)))  # the proxy connects, so only the name can be checked
        adapter: HTTPAdapter = self._open if trusted else self._checked
        return adapter.send(prepared, stream=True, timeout=(limits.connect, limits.read), verify=True, proxies=proxies)

    def _proxies_for(self, url: str) -> dict[str, str]:
        if not self._proxies or proxy_bypass(urlsplit(url).hostname or ""):
            return {}
        return self._proxies

    def rest(self, seconds: float) -> None:
        """Wait, or less when the run is to stop."""
        self._sleep(seconds)


class _Exchange:
    """One request with its retries and redirects, under one deadline (waiting for a turn does not count)."""

    def __init__(self, client: HttpClient, trusted: set[Origin], permit: Permit | None, limit: int) -> None:
        self._client, self._trusted, self._permit, self._limit = client, trusted, permit, limit
        self._spent = 0.0
        self._retries = 0

    def run(
        self, url: str, params: Sequence[tuple[str, str]], headers: dict[str, str], missing: Sequence[str]
    ) -> Answer:
        client, limits = self._client, self._client.settings.limits
        seen: set[str] = set()
        permanent = True
        prepared = _prepare(url, params, headers)
        for _ in range(limits.redirects + 1):
            here = str(prepared.url)
            if here in seen:
                raise FetchError(f"a redirect loop at {client.redactor.url(here)}")
            seen.add(here)
            payload, cut = self._ask(prepared)
            target = _location(payload, here)
            if target is None:
                moved = here if len(seen) > 1 and permanent else None
                return self._answer(payload, cut, moved, params, missing)
            permanent = permanent and payload.status in _PERMANENT
            origin_of(target)  # only web addresses are followed
            prepared = _prepare(target, (), _onward(headers, here, target))
        raise FetchError(f"more than {limits.redirects} redirects, the last to {client.redactor.url(here)}")

    def _answer(
        self,
        payload: Payload,
        cut: str | None,
        moved: str | None,
        params: Sequence[tuple[str, str]],
        missing: Sequence[str],
    ) -> Answer:
        clean = self._client.redactor
        url = clean.url(payload.url)
        moved_to = without_params(clean.url(moved), [name for name, _ in params]) if moved else None
        return Answer(
            payload=Payload(
                body=clean.body(payload.body),
                url=url,
                status=payload.status,
                content_type=payload.content_type,
                headers={k: clean.text(v) for k, v in payload.headers.items()},
            ),
            url=url,
            ms=int(self._spent * 1000),
            size=len(payload.body),
            moved_to=moved_to,
            cut=cut,
            missing_keys=tuple(missing),
        )

    def _ask(self, prepared: requests.PreparedRequest) -> tuple[Payload, str | None]:
        """One hop, asked again where a second time can help: a dropped connection, 502, 504."""
        client = self._client
        while True:
            url = str(prepared.url)
            if self._permit is not None:
                self._permit(url)
            try:
                payload, cut = self._ask_once(prepared, url)
            except Exception as cause:
                error = translated(cause, client.settings.limits)
                if error is None:
                    raise
                if not is_worth_a_retry(cause) or not self._may_retry():
                    raise error from None
            else:
                if payload.status not in _RETRIED or not self._may_retry():
                    return payload, cut
            client.rest(client.settings.limits.backoff * 2**self._retries)
            self._retries += 1

    def _may_retry(self) -> bool:
        limits = self._client.settings.limits
        return self._retries < limits.retries and self._spent < limits.total and not self._client.stop.is_set()

    def _ask_once(self, prepared: requests.PreparedRequest, url: str) -> tuple[Payload, str | None]:
        client, limits = self._client, self._client.settings.limits
        origin = origin_of(url)
        with client.pacer.turn(origin[0]):
            started = time.monotonic()
            EXCHANGE.deadline = started + max(0.01, limits.total - self._spent)
            EXCHANGE.read, EXCHANGE.stopping = limits.read, client.stop.is_set
            try:
                response = client.send_once(prepared, trusted=origin in self._trusted)
                return _read(response, url, self._limit)
            finally:
                EXCHANGE.deadline = None
                self._spent += time.monotonic() - started


def _read(response: requests.Response, url: str, limit: int) -> tuple[Payload, str | None]:
    """The bounded body. A connection that ends early gives what came and the reason; what follows is not reused."""
    headers = {name.lower(): value for name, value in response.headers.items() if name.lower() != "set-cookie"}
    status = response.status_code
    bodiless = status in (204, 304) or status in _REDIRECTS
    declared = headers.get("content-length", "")
    cut: list[str] = []
    try:
        if bodiless:
            body = b""
        else:
            if declared.isdigit() and int(declared) > limit:
                raise FetchError(f"the body is announced as {int(declared):,} bytes; the limit is {limit:,}")
            chunks = _chunks(response.raw, cut)
            body, whole = read_bounded(chunks, encoding=headers.get("content-encoding"), limit=limit)
            if not whole and not cut:
                cut.append("the compressed body ends early")
    except BaseException:
        response.raw.close()  # the rest of the body is on the wire: this connection is of no more use
        raise
    if cut or (status in _REDIRECTS and declared != "0"):
        response.raw.close()  # something of the body is still on the wire
    else:
        response.raw.release_conn()
    return Payload(body, url, status, headers.get("content-type"), headers), cut[0] if cut else None


def _chunks(raw: Any, cut: list[str]) -> Any:
    size = 0
    try:
        for piece in raw.stream(_PIECE, decode_content=False):
            size += len(piece)
            EXCHANGE.heavy = EXCHANGE.heavy or size > _HEAVY
            yield piece
    except ProtocolError as cause:  # what came so far is kept: entries before the cut are worth having
        ended = isinstance(cause, IncompleteRead) or isinstance(cause.__cause__, IncompleteRead)
        cut.append("the connection ended before the whole body came" if ended else "the connection broke in the body")


def _prepare(url: str, params: Sequence[tuple[str, str]], headers: Mapping[str, str]) -> requests.PreparedRequest:
    prepared = requests.PreparedRequest()
    if not params and _PLAIN.fullmatch(url):  # as most addresses of feeds: `prepare` would leave it as it is
        prepared.method, prepared.url = "GET", url
        prepared.headers = CaseInsensitiveDict(headers)
        return prepared
    try:
        prepared.prepare(
            method="GET",
            url=urldefrag(url)[0],
            params=list(params),
            headers=dict(headers),
            hooks={},
            cookies={},
        )
    except (requests.RequestException, ValueError, UnicodeError):
        raise FetchError(f"not a valid address: {url[:200]!r}") from None
    return prepared


def _location(payload: Payload, here: str) -> str | None:
    """Where a redirect leads, None when the answer is none (a redirect without a place is judged by its status)."""
    if payload.status not in _REDIRECTS:
        return None
    location = payload.headers.get("location", "").strip()
    if not location:
        return None
    with suppress(UnicodeEncodeError, UnicodeDecodeError):
        location = location.encode("latin-1").decode("utf-8")  # header bytes come as latin-1; addresses are UTF-8
    try:
        target = urljoin(here, location)
        parts = urlsplit(target)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
    except ValueError:
        raise GuardError(f"a redirect leads to what is not an address: {location[:200]!r}") from None


def _onward(headers: Mapping[str, str], here: str, target: str) -> dict[str, str]:
    """Headers for the next hop: nothing personal or conditional crosses to another host and port."""
    if origin_of(here) == origin_of(target):
        return dict(headers)
    private = {"authorization", "cookie", "if-none-match", "if-modified-since", "x-api-key"}
    return {name: value for name, value in headers.items() if name.lower() not in private}


def void(_: object) -> None:
    """Drop a value where None is due."""
