"""One request of one source and what its answer means: fetched, judged, read by the kind, written into the ledger."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from tracker.collect import statuses
from tracker.collect.http import Answer, HttpClient
from tracker.collect.ledger import Ledger
from tracker.collect.robots import Robots, RobotsRefusal
from tracker.collect.statuses import Verdict
from tracker.errors import BlockedError, FetchError, ParseError
from tracker.model import Document, FetchState, Page, Payload, Request, Source, Window

_BIG = 1024 * 1024  # bodies above are read one at a time, because their trees take many times their size
_READING_BIG = threading.BoundedSemaphore(1)


class SourceKind(Protocol):
    """What collect needs of a kind (see `tracker.sources`)."""

    @property
    def name(self) -> str: ...
    @property
    def robots(self) -> bool: ...
    def first(self, source: Source, window: Window) -> Sequence[Request]: ...
    def read(self, source: Source, payload: Payload, request: Request) -> Page: ...


def reading(payload: Payload) -> AbstractContextManager[object]:
    """Held while a payload is read: large ones take turns, so that memory stays bounded."""
    return _READING_BIG if len(payload.body) > _BIG else nullcontext()


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a request. `verdict.status` None: read well; a failure may still have given documents."""

    verdict: Verdict
    page: Page
    answer: Answer | None = None


class Asker:
    """Makes the requests of one poll within the rules of its source."""

    def __init__(
        self,
        source: Source,
        state: FetchState,
        kind: SourceKind,
        http: HttpClient,
        robots: Robots,
        now: Callable[[], datetime],
        ledger: Ledger,
    ) -> None:
        self._source, self._state, self._kind, self._http = source, state, kind, http
        self._robots, self._now, self._ledger = robots, now, ledger
        self._html_due = kind.name in statuses.HTML_KINDS

    def fetch(self, request: Request, *, obey_robots: bool) -> Answer:
        """Fetch with this source's validators; every address asked passes robots.txt where that governs."""
        return self._http.fetch(
            request,
            operator_url=self._source.url,
            etag=self._state.etag,
            last_modified=self._state.last_modified,
            permit=self._permit if obey_robots else None,
        )

    def _permit(self, url: str) -> None:
        self._robots.permit(url, operator_url=self._source.url)

    def ask(self, request: Request) -> Asked:
        """Make a request over HTTP, judge and read its answer."""
        at = self._now()
        try:
            answer = self.fetch(request, obey_robots=self._kind.robots)
        except FetchError as error:
            verdict = Verdict("robots" if isinstance(error, RobotsRefusal) else "error", str(error))
            self._ledger.add(at, request, None, verdict)
            return Asked(verdict, Page())
        verdict, page = self._judged(request, answer)
        if answer.missing_keys and verdict.error:
            verdict = replace(verdict, error=f"{verdict.error} ({', '.join(answer.missing_keys)} is not set)")
        self._ledger.add(at, request, answer, verdict, page=page)
        return Asked(verdict, page, answer)

    def _judged(self, request: Request, answer: Answer) -> tuple[Verdict, Page]:
        verdict = statuses.judge(
            answer.payload,
            kind=self._kind.name,
            asked_conditionally=request.conditional,
            html_due=self._html_due,
            now=self._now(),
        )
        if answer.cut and verdict.status == "empty":
            return Verdict("error", answer.cut), Page()
        if verdict.status is not None:
            return verdict, Page()
        return self._read(answer.payload, request, cut=answer.cut)

    def ask_local(
        self, request: Request, *, cursor: str | None, since: datetime, enough: Callable[[int], bool]
    ) -> Asked:
        """Read a file or mailbox; a message that cannot be read is a remark, the others are kept."""
        from tracker.collect.local import payloads

        at, verdict, size = self._now(), Verdict(None), 0
        documents: list[Document] = []
        following: list[Request] = []
        problems: list[str] = []
        reached: str | None = None
        try:
            box = payloads(self._source, request, cursor=cursor, http=self._http, since=since)
            for payload in box:
                size += len(payload.body)
                verdict, page = self._read(payload, request, cut=None)
                documents += page.documents
                following += page.next
                problems += [verdict.error] if verdict.error else page.problems
                if enough(len(documents)):
                    break
            reached = box.cursor
            if verdict.status == "error" and reached is not None:
                verdict = Verdict(None)
        except FetchError as error:
            verdict = Verdict("error", self._clean(error))
        page = Page(tuple(documents), tuple(following), cursor=reached, problems=tuple(problems))
        self._ledger.add(at, request, None, verdict, page=page, size=size)
        return Asked(verdict, page)

    def _read(self, payload: Payload, request: Request, *, cut: str | None) -> tuple[Verdict, Page]:
        """What the kind makes of a payload, and the verdict on it."""
        try:
            with reading(payload):
                page = self._kind.read(self._source, payload, request)
        except BlockedError as error:
            return statuses.refused(self._clean(error), payload, self._now()), Page()
        except ParseError as error:
            return Verdict("error", f"{cut}; {self._clean(error)}" if cut else self._clean(error)), Page()
        if cut or not page.complete:
            return Verdict("error", cut or "the payload is cut off; the items before the cut were kept"), page
        if not page.documents and not page.next and not self._html_due and statuses.is_html(payload.body):
            return Verdict("error", f"an HTML page came where data for the kind {self._kind.name} was due"), page
        return Verdict(None), page

    def _clean(self, error: Exception) -> str:
        return self._http.redactor.text(str(error))
