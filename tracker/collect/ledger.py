"""The rows that say what was asked and what came back. No row has a secret in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode, urlsplit

from tracker.collect.http import Answer
from tracker.collect.redact import Redactor
from tracker.collect.statuses import Verdict
from tracker.model import Fetch, Page, Request, Source

_LONGEST = 500
FULL_TEXT = "full_text"  # the step of requests for linked pages, which do not decide about the source
_PROBLEMS_SHOWN = 3


class Ledger:
    """Collects the rows of one poll."""

    def __init__(self, source: Source, redactor: Redactor) -> None:
        self._source, self._redactor = source, redactor
        self.rows: list[Fetch] = []
        self.http: int | None = None

    def add(
        self,
        at: datetime,
        request: Request,
        answer: Answer | None,
        verdict: Verdict,
        *,
        page: Page | None = None,
        size: int = 0,
    ) -> None:
        """One row for one request made: address without secrets, status, sizes, cause, remarks."""
        items = len(page.documents) if page else 0
        status = verdict.status or ("ok" if items or (page and page.next) else "empty")
        if answer is not None and request.step != FULL_TEXT:
            self.http = answer.payload.status
        self.rows.append(
            Fetch(
                source=self._source.id,
                at=at,
                url=self._redactor.url(answer.url if answer else _address(request))[:2000],
                status=status,
                http=answer.payload.status if answer else None,
                ms=answer.ms if answer else 0,
                bytes=answer.size if answer else size,
                items=items,
                error=self._line(verdict.error),
                note=self._line(_remarks(answer, page)),
            )
        )

    def note_last(self, words: str) -> None:
        """Add a remark to the latest row."""
        if self.rows:
            last = self.rows[-1]
            self.rows[-1] = replace(last, note=self._line(f"{last.note}; {words}" if last.note else words))

    def _line(self, words: str | None) -> str | None:
        if not words:
            return None
        cleaned = "".join(c if c.isprintable() else " " for c in self._redactor.text(words))
        return cleaned if len(cleaned) <= _LONGEST else cleaned[: _LONGEST - 1] + "…"


def _address(request: Request) -> str:
    if not request.params:
        return request.url
    return f"{request.url}{'&' if urlsplit(request.url).query else '?'}{urlencode(request.params)}"


def _remarks(answer: Answer | None, page: Page | None) -> str:
    words = []
    if answer and answer.moved_to:
        words.append(f"moved for good to {answer.moved_to}: change the url of the entry")
    if page and page.problems:
        words += page.problems[:_PROBLEMS_SHOWN]
        if len(page.problems) > _PROBLEMS_SHOWN:
            words.append(f"and {len(page.problems) - _PROBLEMS_SHOWN} more remarks")
    return "; ".join(words)
