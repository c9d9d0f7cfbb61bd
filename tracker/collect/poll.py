"""One poll of one source: ask for what is new, page by page, and say what became of it.

    due? → windows to ask for → requests of the kind → answer → verdict → read → more requests … → next state

Documents read before a failure are kept. `seen_until` moves only when every window was read whole; what is missing is
remembered and asked for next time, so that neither an error nor weeks without power lose anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from tracker.collect import due, memory, statuses
from tracker.collect.exchange import Asker, SourceKind
from tracker.collect.http import HttpClient
from tracker.collect.ledger import Ledger
from tracker.collect.memory import Memory
from tracker.collect.robots import Robots
from tracker.collect.statuses import Verdict
from tracker.errors import FetchError
from tracker.model import (
    Document,
    Fetch,
    FetchState,
    Page,
    Request,
    Source,
    SourceResult,
    SourceStatus,
    Window,
)

if TYPE_CHECKING:
    from tracker.collect.fulltext import Known

_FAILURES_TO_STOP = 3
_SLICES_PER_POLL = 4  # a poll that reads window after window stops after so many times max_items


def recheck(
    source: Source,
    state: FetchState,
    requests: Sequence[Request],
    *,
    kind: SourceKind,
    http: HttpClient,
    now: Callable[[], datetime],
    robots: Robots | None = None,
) -> SourceResult:
    """Make the given requests (a kind's `recheck`: stored records asked again for corrections that came later).

    The state comes back as it was, but for a rest that the server asks for; a source at rest is skipped.
    """
    decision = due.decide(source, state, now=now(), force=True)
    run = Poll(source, state, kind, http, robots or Robots(http, now=now), now)
    if decision.due:
        run.make(requests)
        result = run.result()
        return replace(result, state=replace(state, not_before=result.state.not_before))
    row = Fetch(source.id, now(), http.redactor.url(source.url), "skipped", note=decision.reason)
    return SourceResult(source, "skipped", (), (row,), state, error=decision.reason)


Outcome = Literal["done", "failed", "time", "split"]


def poll(
    source: Source,
    state: FetchState,
    *,
    kind: SourceKind,
    http: HttpClient,
    now: Callable[[], datetime],
    force: bool = False,
    since: datetime | None = None,
    robots: Robots | None = None,
    known: Known | None = None,
) -> SourceResult:
    """Poll `source` if it is due and return its documents, ledger rows and next state.

    Failures of the network, the server or the payload are in the result, never raised. `force` ignores the interval,
    `since` reads back to a moment. `known(source, document)` may say that a linked page need not be fetched again.
    """
    decision = due.decide(source, state, now=now(), force=force)
    if not decision.due:
        row = Fetch(source.id, now(), http.redactor.url(source.url), "skipped", note=decision.reason)
        return SourceResult(source, "skipped", (), (row,), state, error=decision.reason if decision.held else None)
    run = Poll(source, state, kind, http, robots or Robots(http, now=now), now)
    run.read(since)
    if source.full_text and run.documents:
        from tracker.collect.fulltext import fill_in

        fill_in(run, known)
    return run.result()


class Poll:
    """The running poll: what it has read so far and what is left to do."""

    def __init__(
        self,
        source: Source,
        state: FetchState,
        kind: SourceKind,
        http: HttpClient,
        robots: Robots,
        now: Callable[[], datetime],
    ) -> None:
        self.source, self.state, self.kind, self.http, self.now = source, state, kind, http, now
        self.ledger = Ledger(source, http.redactor)
        self.asker = Asker(source, state, kind, http, robots, now, self.ledger)
        self.documents: list[Document] = []
        self.started_at, self._started = now(), http.clock()
        self.memory = memory.load(state.cursor)
        self._mark = memory.fingerprint(source)
        self._changed = self.memory.fingerprint not in (None, self._mark)
        self.pages = dict(self.memory.pages)
        self.keep_validators = True
        self._windowed = self._is_windowed()
        self._alone = False  # each request stands for itself: one address that is gone says nothing of the others
        self._since: datetime | None = None
        self._planned_until: datetime | None = self.started_at
        self._todo: list[Window] = []
        self._pending: list[Request] = []
        self._current: Window | None = None
        self._cursor: str | None = None
        self._failed: Verdict | None = None
        self._failures = 0
        self._items = 0
        self._not_modified = False
        self._validators: tuple[str | None, str | None] | None = None
        self._moved_to: str | None = None

    # --- windows -----------------------------------------------------------------------------------------------------

    def read(self, since: datetime | None) -> None:
        """Finish what an earlier poll left, then read the windows that are due, newest first."""
        self._since = since
        try:
            waiting = [] if self._changed else self._resumed()
            if waiting is None:
                return
            self._read_windows(self._plan(), after=waiting)
        except FetchError as error:  # a kind that cannot even say what to ask
            self._fail(Verdict("error", self.http.redactor.text(str(error))))

    def make(self, requests: Sequence[Request]) -> None:
        """Make just these requests and what follows from them."""
        self._windowed, self._alone = False, True
        self._drain([replace(r, conditional=False) for r in requests], Window(self.started_at, self.started_at))

    def _plan(self) -> list[Window]:
        settings, old = self.http.settings, self.memory
        frontier = old.planned_until if old.todo or old.current else self.state.seen_until
        if self._changed and frontier is not None:
            frontier = min(frontier, self.started_at - settings.first_window)
        stretches = due.windows(
            seen_until=frontier,
            todo=() if self._changed else old.todo,
            now=self.started_at,
            since=self._since,
            first_window=settings.first_window,
            overlap=settings.overlap,
        )
        return stretches if self._windowed else stretches[:1]

    def _read_windows(self, stretches: list[Window], *, after: list[Window]) -> None:
        stack = [*after, *stretches]
        while stack:
            if self.out_of_time() or len(self.documents) >= _SLICES_PER_POLL * self.source.max_items:
                break
            window = replace(stack[0], cursor=self.memory.cursor)
            outcome = self._drain(list(self.kind.first(self.source, window)), window)
            if outcome == "split":
                stack[:1] = due.halves(window) or ()
                continue
            if outcome == "failed":
                break
            stack.pop(0)
            if outcome == "time":
                break
        self._todo = stack

    def _resumed(self) -> list[Window] | None:
        """Make the requests left over; None: again not finished. A server that has forgotten gets the window anew."""
        old = self.memory
        if not old.pending:
            return []
        window = old.current or Window(self.started_at, self.started_at)
        outcome = self._drain(list(old.pending), window)
        if outcome == "done":
            return []
        if outcome == "time" or self.stopping() or (self._failed and self._failed.status in ("blocked", "robots")):
            self._todo = list(old.todo) + ([window] if outcome == "failed" else [])
            self._planned_until = old.planned_until
            return None
        self._failed, self._failures = None, 0
        return list(due.halves(window) or (window,)) if self._windowed else []

    def _drain(self, queue: list[Request], window: Window) -> Outcome:
        """Make requests until none is left. "done", "failed", "time" (the rest waits) or "split" (too many items)."""
        mine: list[Document] = []
        cursor: str | None = None
        asked: set[str] = set()
        total: int | None = None
        failed_before = self._failed
        while queue:
            if self.out_of_time():
                self._leave(queue, window)
                break
            request = queue.pop(0)
            if (mark := repr(request)) in asked:
                self.ledger.note_last("a page that was read already was named as the next one")
                continue
            asked.add(mark)
            page = self._ask(request)
            if page is None:
                if self._hopeless():
                    break
                continue
            total = page.total if total is None else total
            if self._splits(page, len(mine), window, more=bool(queue or page.next)):
                self.ledger.note_last("more items than max_items: asked again in two halves of the time")
                return "split"
            mine += page.documents
            queue += page.next
            cursor = page.cursor or cursor
            if len(mine) >= self.source.max_items:
                self._say_cut(len(mine), total, more=bool(queue))
                queue.clear()
        self.documents += _newest(mine, self.source.max_items)
        self._items += len(mine)
        self._cursor = self._cursor or cursor
        if self._current is not None:
            return "time"
        return "done" if self._failed is failed_before else "failed"

    def _splits(self, page: Page, have: int, window: Window, *, more: bool) -> bool:
        """Whether the window holds more than may be read at once and a smaller one would hold fewer."""
        if not self._windowed or due.halves(window) is None:
            return False
        if page.total is not None and page.total > self.source.max_items:
            return True
        return more and have + len(page.documents) >= self.source.max_items

    def _say_cut(self, have: int, total: int | None, *, more: bool) -> None:
        if have > self.source.max_items or more:
            of = f" of {total}" if total else f" of {have}" if not more else ""
            self.ledger.note_last(f"cut at max_items: {self.source.max_items}{of} items kept, newest first")

    def _leave(self, queue: list[Request], window: Window) -> None:
        self._current = Window(window.since, window.until)
        self._pending = list(queue) if memory.can_wait(tuple(queue)) else []
        self.ledger.note_last(f"max_time reached or stopped: {len(queue)} requests left for the next poll")

    def _is_windowed(self) -> bool:
        """Whether the kind asks differently for different windows (a feed does not)."""
        now = self.started_at
        here, there = Window(now - timedelta(days=7), now), Window(now - timedelta(days=700), now - timedelta(days=400))
        try:
            return list(self.kind.first(self.source, here)) != list(self.kind.first(self.source, there))
        except FetchError:
            return False

    def out_of_time(self) -> bool:
        """Whether this poll has had its `max_time`, or the run is to stop."""
        return self.stopping() or self.http.clock() - self._started >= self.source.max_time

    def stopping(self) -> bool:
        """Whether the run is to stop."""
        return self.http.stop.is_set()

    # --- one request -------------------------------------------------------------------------------------------------

    def _ask(self, request: Request) -> Page | None:
        """Make one request and read its answer; None when that failed and gave nothing (the failure is noted)."""
        first = not self.ledger.rows
        if urlsplit(request.url).scheme.lower() not in ("http", "https") and not request.found:
            since = self._since or self.started_at - self.http.settings.first_window
            asked = self.asker.ask_local(request, cursor=self.memory.cursor, since=since, enough=self._enough)
        else:
            conditional = request.conditional and first and self._may_be_conditional()
            asked = self.asker.ask(replace(request, conditional=conditional))
        if first and asked.answer is not None:
            self._moved_to = asked.answer.moved_to
        status = asked.verdict.status
        if status == "not_modified":
            self._not_modified = True
        elif status not in (None, "empty"):
            self._fail(asked.verdict, first=first)
            return asked.page if asked.page.documents else None
        elif first and asked.answer is not None:
            headers = asked.answer.payload.headers
            self._validators = (headers.get("etag"), headers.get("last-modified"))
        self._failures = 0
        return asked.page

    def _enough(self, items: int) -> bool:
        return self.out_of_time() or items >= self.source.max_items

    def _may_be_conditional(self) -> bool:
        known = self.state.etag or self.state.last_modified
        return bool(known) and not (self.memory.pending or self.memory.todo or self._changed or self._since)

    # --- failures and the result -------------------------------------------------------------------------------------

    def _fail(self, verdict: Verdict, *, first: bool = True) -> None:
        """Note the first failure; an address that is gone later than at the first request is only an error."""
        self._failures += 1
        if self._failed is None or verdict.status == "blocked":
            status: SourceStatus | None = "error" if verdict.status == "gone" and not first else verdict.status
            self._failed = replace(verdict, status=status)

    def _hopeless(self) -> bool:
        failed = self._failed
        if failed is None:
            return False
        if self._alone and failed.status in ("gone", "error") and failed.not_before is None:
            return self._failures >= 2 * _FAILURES_TO_STOP
        told = failed.status in ("blocked", "gone") or failed.not_before is not None
        return told or self._failures >= _FAILURES_TO_STOP

    def result(self) -> SourceResult:
        """The result and the state to keep."""
        failed = self._failed
        status = statuses.status_of(
            failed=failed.status if failed else None, not_modified=self._not_modified, items=self._items
        )
        error = failed.error if failed else None
        return SourceResult(
            source=self.source,
            status=status,
            documents=tuple(self.documents),
            fetches=tuple(self.ledger.rows),
            state=self._next_state(status, error),
            http=self.ledger.http,
            ms=int((self.http.clock() - self._started) * 1000),
            error=error,
        )

    def _next_state(self, status: SourceStatus, error: str | None) -> FetchState:
        old, failed = self.state, self._failed
        complete = failed is None and not self._todo and self._current is None
        etag, last_modified = (None, None) if self._changed else (old.etag, old.last_modified)
        if not self.keep_validators or not complete:
            etag, last_modified = (None, None) if self.documents else (etag, last_modified)
        elif self._validators is not None:
            etag, last_modified = self._validators
        return replace(
            old,
            last_polled=self.started_at,
            last_ok=old.last_ok if failed else self.started_at,
            etag=etag,
            last_modified=last_modified,
            not_before=failed.not_before if failed else None,
            cursor=memory.dump(self._next_memory(complete=complete)),
            seen_until=self.started_at if complete else old.seen_until,
            failures=old.failures + 1 if failed else 0,
            status=status,
            error=error,
            moved_to=self._moved_to,
        )

    def _next_memory(self, *, complete: bool) -> Memory:
        old = self.memory
        kept = Memory(fingerprint=self._mark, cursor=None if self._changed else old.cursor, pages=self.pages)
        if complete:
            return replace(kept, cursor=self._cursor or kept.cursor)
        if not self._windowed:
            return replace(kept, pending=tuple(self._pending), current=self._current)
        todo = due.merged(self._todo + ([self._current] if self._current and not self._pending else []))
        return replace(
            kept,
            planned_until=self._planned_until,
            todo=tuple(todo),
            current=self._current if self._pending else None,
            pending=tuple(self._pending),
        )


def _newest(documents: list[Document], limit: int) -> list[Document]:
    """At most `limit` documents: the newest by claimed date, in the order they were read; undated ones go first."""
    if len(documents) <= limit:
        return documents
    by_date = sorted(range(len(documents)), key=lambda i: documents[i].published or documents[i].updated or "")
    kept = sorted(by_date[len(documents) - limit :])
    return [documents[i] for i in kept]
