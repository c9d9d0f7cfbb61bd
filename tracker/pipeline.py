"""One run, written once in its order: due → fetch → parse → tag → store → ask some stored records again.

Import goes the same way without the fetch.

Contains no SQL and no rendering. A failure of one source is a row of the report; a failure of the archive ends the run.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tracker import rechecks
from tracker.errors import ArchiveError
from tracker.model import Document, Source, SourceResult, SourceStatus, Tags

if TYPE_CHECKING:
    from tracker.archive import Archive, Stored
    from tracker.archive.polls import Poll
    from tracker.collect import CollectSettings
    from tracker.lexicon import Lexicon
    from tracker.tag import Tagger

log = logging.getLogger(__name__)
Clock = Callable[[], datetime]
MOST_DOCUMENTS, MOST_POLLS, LONGEST = 200, 100, 1.0  # what may wait to be stored together; seconds
TagPage = Callable[[Sequence[tuple[Document, str | None]]], list[Tags]]


class LateTagger:
    """A tagger that is made when there is something to tag: most runs find nothing new and start sooner."""

    def __init__(self, load: Callable[[], Lexicon]) -> None:
        self._load = load

    @cached_property
    def lexicon(self) -> Lexicon:
        """The knowledge base it tags with."""
        return self._load()

    @cached_property
    def _made(self) -> Tagger:
        from tracker.tag import Tagger

        return Tagger(self.lexicon)

    def tag(self, text: str, **given: Any) -> Tags:
        """As `Tagger.tag`."""
        return self._made.tag(text, **given)


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What one poll of one source came to."""

    id: str
    status: SourceStatus
    new: int = 0
    revised: int = 0
    unchanged: int = 0
    http: int | None = None
    ms: int = 0
    error: str | None = None


@dataclass(slots=True)
class CollectReport:
    """What one collect came to; `sources` in the order in which they finished."""

    started: datetime
    finished: datetime | None = None
    sources: list[SourceReport] = field(default_factory=list)

    @property
    def new(self) -> int:
        """Documents seen for the first time."""
        return sum(s.new for s in self.sources)

    @property
    def revised(self) -> int:
        """Documents that their source has changed."""
        return sum(s.revised for s in self.sources)

    @property
    def nothing_could_be_read(self) -> bool:
        """Sources were asked and all of them failed."""
        asked = [s for s in self.sources if s.status != "skipped"]
        return bool(asked) and all(s.status in FAILED for s in asked)


READ: frozenset[SourceStatus] = frozenset({"ok", "empty", "not_modified"})
FAILED: frozenset[SourceStatus] = frozenset({"blocked", "robots", "gone", "error"})


def collect(
    archive: Archive,
    sources: Sequence[Source],
    tagger: Tagger | LateTagger,
    *,
    http: CollectSettings,
    now: Clock,
    force: bool = False,
    since: datetime | None = None,
    workers: int = 8,
    on_result: Callable[[SourceReport], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    robots_cache: MutableMapping[str, str] | None = None,
) -> CollectReport:
    """Poll the due ones of `sources`, tag and store what they gave, each source whole or not at all; then ask a few of
    the stored records again for corrections.

    Raises ArchiveError when the archive cannot be written; what was stored before stays.
    """
    from tracker.collect import collect as fetch
    from tracker.sources._query import asks_lexicon, with_contact, with_lexicon

    if asks_lexicon(sources):
        sources = with_lexicon(sources, tagger.lexicon)
    sources = with_contact(sources, http.contact)
    report = CollectReport(started=now())
    writer = _Writer(archive, tagger, report, on_result)
    states = archive.states()
    # Closed at once on an error: the generator then stops its threads instead of reading on for nobody.
    polled = cast(
        "Generator[SourceResult]",
        fetch(
            sources,
            states,
            settings=http,
            now=now,
            force=force,
            since=since,
            workers=workers,
            stop=stop,
            robots_cache=robots_cache,
            idle=writer.flush,
        ),
    )
    with closing(polled) as results:
        for result in results:
            writer.add(result, now())
    writer.flush()
    if not stop():
        read = {row.id for row in report.sources if row.status in READ}
        again = rechecks.ask(
            archive, sources, read, http=http, now=now, workers=workers, stop=stop, robots_cache=robots_cache
        )
        with closing(cast("Generator[SourceResult]", again)) as results:
            for result in results:
                poll = _tagged(archive, result, tagger, now())
                _add(report, _report(result, _stored(archive, [poll])[0]))
    report.finished = now()
    return report


class _Writer:
    """Stores polls a handful at a time: a transaction costs as much as a dozen documents.

    What waits is stored when it is many, when it has waited for a second, and when nothing more comes. A run that is
    killed loses what waits; its sources are asked the same again.
    """

    def __init__(
        self,
        archive: Archive,
        tagger: Tagger | LateTagger,
        report: CollectReport,
        on_result: Callable[[SourceReport], None],
    ) -> None:
        self._archive, self._tagger, self._report, self._on_result = archive, tagger, report, on_result
        self._waiting: list[Poll] = []
        self._documents = 0
        self._since = 0.0

    def add(self, result: SourceResult, moment: datetime) -> None:
        """Tag what is new in a result; store it now or soon."""
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append(_tagged(self._archive, result, self._tagger, moment))
        self._documents += len(result.documents)
        late = time.monotonic() - self._since > LONGEST
        if late or self._documents >= MOST_DOCUMENTS or len(self._waiting) >= MOST_POLLS:
            self.flush()

    def flush(self) -> None:
        """Store what waits."""
        polls, self._waiting, self._documents = self._waiting, [], 0
        if not polls:
            return
        for poll, stored in zip(polls, self._stored(polls), strict=False):
            row = _report(poll.result, stored)
            self._report.sources.append(row)
            self._on_result(row)

    def _stored(self, polls: Sequence[Poll]) -> Iterable[Stored]:
        """All in one transaction; where that fails one after the other, so that nothing is lost that can be kept."""
        try:
            return _stored(self._archive, polls)
        except ArchiveError:
            if len(polls) == 1:
                raise
        return (_stored(self._archive, [poll])[0] for poll in polls)


def _add(report: CollectReport, again: SourceReport) -> None:
    """Count what asking again has brought with its source; a failure of it is in the ledger and fails nothing."""
    for at, row in enumerate(report.sources):
        if row.id == again.id:
            report.sources[at] = replace(row, new=row.new + again.new, revised=row.revised + again.revised)


def _tagged(archive: Archive, result: SourceResult, tagger: Tagger | LateTagger, moment: datetime) -> Poll:
    from tracker.archive.polls import Poll

    return Poll(result, tag_new(archive, result.source, result.documents, tagger), moment)


def _stored(archive: Archive, polls: Sequence[Poll]) -> list[Stored]:
    version = next((tags.lexicon for poll in polls for tags in poll.tags if tags is not None), "")
    return archive.store_all(polls, lexicon=version)


def _report(result: SourceResult, stored: Stored) -> SourceReport:
    return SourceReport(
        id=result.source.id,
        status=result.status,
        new=stored.new,
        revised=stored.revised,
        unchanged=stored.unchanged,
        http=result.http,
        ms=result.ms,
        error=result.error,
    )


def tag_new(
    archive: Archive, source: Source, documents: Sequence[Document], tagger: Tagger | LateTagger
) -> Sequence[Tags | None]:
    """Tags for each of `documents`, None where the archive holds the very same revision already."""
    if not documents:
        return []
    from tracker.tag.documents import tag_document

    known = archive.unchanged(source.id, documents)
    return [
        None if at in known else tag_document(cast("Tagger", tagger), document, source_type=source.type)
        for at, document in enumerate(documents)
    ]


@contextmanager
def parallel_tagger(workers: int, own_lexicon: Path | None) -> Iterator[TagPage]:
    """A function that tags a page of (document, source type) on `workers` processes, in order, as one would."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:

        def tag_page(page: Sequence[tuple[Document, str | None]]) -> list[Tags]:
            plain = [(replace(document, extra={}), kind) for document, kind in page]  # a mapping proxy does not travel
            size = max(1, -(-len(page) // workers))
            pieces = [(own_lexicon, plain[at : at + size]) for at in range(0, len(plain), size)]
            return [tags for piece in pool.map(_tag_piece, pieces) for tags in piece]

        yield tag_page


def _tag_piece(piece: tuple[Path | None, Sequence[tuple[Document, str | None]]]) -> list[Tags]:
    """Runs in a worker process."""
    from tracker.tag.documents import tag_document

    own_lexicon, page = piece
    tagger = _tagger(own_lexicon)
    return [tag_document(tagger, document, source_type=source_type) for document, source_type in page]


@lru_cache(maxsize=1)
def _tagger(own_lexicon: Path | None) -> Tagger:
    from tracker.lexicon import load
    from tracker.tag import Tagger

    return Tagger(load(own_lexicon))


def as_contract(report: CollectReport) -> Mapping[str, Any]:
    """The report as `collect --format json` prints it."""
    return {
        "started": _iso(report.started),
        "finished": _iso(report.finished) if report.finished else None,
        "new": report.new,
        "revised": report.revised,
        "sources": [_row(s) for s in report.sources],
    }


def _row(source: SourceReport) -> dict[str, Any]:
    names = ("id", "status", "new", "revised", "unchanged", "http", "ms", "error")
    return {name: getattr(source, name) for name in names}


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def attention(report: CollectReport) -> Iterable[str]:
    """One line for each source that failed, for the person who reads cron's mail."""
    for source in report.sources:
        if source.status in FAILED:
            yield f"{source.id}: {source.status}" + (f": {source.error}" if source.error else "")
