"""`Archive`: the one door to the file. Each method is a transaction or a consistent read; the work is in its
modules."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from tracker.archive import connection as _connection
from tracker.archive import ledger, store
from tracker.archive.index import add_to_search
from tracker.archive.polls import Poll, write_polls
from tracker.archive.store import Stored
from tracker.archive.terms import Terms
from tracker.archive.times import stamp
from tracker.errors import UsageError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from types import TracebackType
    from typing import Unpack

    from tracker.archive.export import Manifest
    from tracker.archive.ledger import SourceHealth
    from tracker.archive.question import How, Question
    from tracker.archive.read import Record, Revision, TagMode
    from tracker.archive.retag import RetagReport, SupportsTag
    from tracker.archive.search import Searcher, SearchResult, Sort
    from tracker.archive.stories import StoryView
    from tracker.model import Document, FetchState, Source, SourceResult, Tags


class Archive:
    """One archive file, opened by one thread; a context manager. Other threads and requests open their own."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db = connection
        self.path = path
        self._terms = Terms(connection)

    @classmethod
    def open(cls, path: Path | str, *, create: bool = False, timeout: float = _connection.BUSY_SECONDS) -> Archive:
        """Open the archive at `path`. Missing: UsageError, or made with `create`; unusable: ArchiveError."""
        path = Path(path)
        return cls(_connection.connect(path, create=create, timeout=timeout), path)

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Several reads of one and the same state, whatever is written meanwhile."""
        with _connection.snapshot(self._db, self.path):
            yield

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            with _connection.transaction(self._db, self.path):
                yield self._db
        except BaseException:
            self._terms.forget()
            raise

    # --- collecting ---

    def states(self) -> dict[str, FetchState]:
        """What is remembered of each source that was ever polled, by source id."""
        with self.reading():
            return ledger.read_states(self._db)

    def unchanged(self, source: Source | str, documents: Sequence[Document]) -> set[int]:
        """Places of the documents that are stored and tagged already with this content: they need no tagging."""
        with self.reading():
            return store.unchanged(self._db, source if isinstance(source, str) else source.id, documents)

    def store(self, result: SourceResult, tags: Sequence[Tags | None], *, now: datetime, lexicon: str) -> Stored:
        """Write one poll of one source in one transaction: documents, tags, ledger rows and its next state.

        `tags` is parallel to `result.documents`; None only for places that `unchanged` named. Raises ArchiveError.
        """
        return self.store_all([Poll(result, tags, now)], lexicon=lexicon)[0]

    def store_all(self, polls: Sequence[Poll], *, lexicon: str) -> list[Stored]:
        """Write the polls of several sources in one transaction: all of each or nothing of any. Costs less than one
        by one."""
        with self._writing() as db:
            stored = write_polls(db, self._terms, polls, lexicon=lexicon)
            self._group([number for one in stored for number in one.changed])
            return stored

    def store_import(
        self,
        source: Source,
        documents: Sequence[Document],
        tags: Sequence[Tags | None],
        *,
        now: datetime,
        lexicon: str,
        first_seen_published: bool = False,
        group: bool = True,
    ) -> Stored:
        """Write documents put in by hand, in one transaction. With `first_seen_published` a dated one counts as known
        from the end of its published period (never later than now) and is marked `backfilled`; undated ones keep now
        and are counted in `Stored.undated`. `group` False leaves stories to a later `group()`: for very many."""
        with self._writing() as db:
            batch = store.Batch(db, self._terms, source, now=stamp(now), lexicon=lexicon, backfill=first_seen_published)
            stored = batch.run(documents, tags)
            add_to_search(db, batch.search)
            if group:
                self._group(stored.changed)
            return stored

    def group(self) -> int:
        """Put into stories what was stored without it; returns how many documents. One transaction a thousand."""
        from tracker.archive.grouping import group

        done = 0
        while True:
            with self._writing() as db:
                some = group(db, limit=1000)
            if not some:
                return done
            done += some

    def _group(self, changed: Sequence[int]) -> None:
        if changed:
            from tracker.archive.grouping import group

            group(self._db, only=changed)  # a backlog of a bulk import is for `group()`

    def identifiers(
        self,
        field: Literal["pmid", "doi", "url"],
        source: str,
        *,
        after: int,
        limit: int,
        read_before: datetime,
        others: Sequence[str] | None,
    ) -> list[tuple[int, str, bool]]:
        """(document, identifier, whether it is the source's own) of kept documents with a number above `after`,
        smallest first, last read before a moment, that are neither notices nor retracted: of `source`, and unless
        `others` is None of every source that is not in it."""
        with self.reading():
            return ledger.identifiers(
                self._db, field, source, after=after, limit=limit, read_before=stamp(read_before), others=others
            )

    def health(self, *, now: datetime) -> list[SourceHealth]:
        """How each source does: last success, usual rhythm, silence, error."""
        with self.reading():
            return ledger.health(self._db, now)

    # --- reading ---

    def document(self, number: int, *, as_of: datetime | None = None, tags: TagMode = "then") -> Record | None:
        """One document as known at a moment; None where there is none of that number (or was none then)."""
        found = self.documents([number], as_of=as_of, tags=tags)
        return found[0] if found else None

    def documents(
        self, numbers: Sequence[int], *, as_of: datetime | None = None, tags: TagMode = "then", private: bool = False
    ) -> list[Record]:
        """Documents in the order of `numbers`; unknown ones are left out. `private` shows text that no output may."""
        from tracker.archive import read

        with self.reading():
            return read.records(self._db, self._terms, numbers, as_of=_stamp(as_of), tags=tags, private=private)

    def all_documents(
        self, *, as_of: datetime | None = None, tags: TagMode = "then", everything: bool = False
    ) -> Iterator[Record]:
        """Every kept document (with `everything` the others too), smallest number first, read in pages."""
        from tracker.archive import read

        for page in read.all_ids(self._db, as_of=_stamp(as_of), everything=everything):
            yield from self.documents(page, as_of=as_of, tags=tags)

    def revisions(self, number: int, *, as_of: datetime | None = None) -> list[Revision]:
        """All versions of a document, oldest first."""
        from tracker.archive import read

        with self.reading():
            return read.revisions(self._db, number, as_of)

    def changes(self, number: int, *, as_of: datetime | None = None) -> list[tuple[Revision, str]]:
        """Each version after the first with a readable line of what changed in title and text, oldest first."""
        from tracker.archive.diff import readable, word_diff

        versions = self.revisions(number, as_of=as_of)
        both = [f"{v.title or ''}\n{v.text or ''}" for v in versions]
        return [
            (version, readable(word_diff(old, new)))
            for version, old, new in zip(versions[1:], both, both[1:], strict=False)
        ]

    def story(self, number: int, *, as_of: datetime | None = None) -> StoryView | None:
        """The story that document `number` is in, with its links and voices; the number of a story that was joined
        to another leads there. None where there is no such document."""
        from tracker.archive import stories

        with self.reading():
            return stories.view(self._db, number, _stamp(as_of))

    def cut(self, a: int, b: int, *, now: datetime, who: str | None = None) -> None:
        """Part documents `a` and `b` for good: they are never in one story again."""
        from tracker.archive import stories

        if a == b or len(self.documents([a, b])) < 2:
            raise UsageError(f"a cut needs the numbers of two documents, got {a} and {b}")
        with self._writing() as db:
            stories.cut(db, a, b, at=stamp(now), who=who)

    # --- searching ---

    def search(
        self,
        query: str = "",
        *,
        sort: Sort = "relevance",
        limit: int = 20,
        offset: int = 0,
        before: tuple[str, int] | None = None,
        **how: Unpack[How],
    ) -> SearchResult:
        """One page of the hits of a query; what may stand beside it says `question.py`.

        `before` = (first_seen, document) leaves out what is newer or equal in that order: pages that start from it stay
        the same while documents arrive. `total` still counts all.
        Raises UsageError with one clear line for a value that cannot be meant, and for nothing else.
        """
        from tracker.archive.question import Question

        if limit < 0 or offset < 0:
            raise UsageError("limit and offset must not be negative")
        question = Question(query, **how)
        asked = question.asked(sort=sort, limit=limit, offset=offset, before=before)
        with self.reading():
            return self._searcher(question).search(asked)

    def found(self, query: str = "", **how: Unpack[How]) -> Iterator[Record]:
        """All hits of a query, newest first, read in pages: for export."""
        from tracker.archive.question import Question

        question = Question(query, **how)
        for page in self._searcher(question).documents(question.asked()):
            yield from self.documents(page, as_of=question.as_of, tags=question.tags)

    def _searcher(self, question: Question) -> Searcher:
        from tracker.archive.lookup import Lookup
        from tracker.archive.search import Searcher

        return Searcher(self._db, self._terms, Lookup(self._db, self._terms, question.lexicon))

    def export(self, format: str, out: BinaryIO, *, now: datetime, query: str = "", **how: Unpack[How]) -> Manifest:
        """Write all hits of a query to `out` (csv jsonl ris bibtex csl parquet), newest first; returns the manifest."""
        from tracker.archive.export import export
        from tracker.archive.question import Question

        said = Question(query, **how).said() | {"exported_at": stamp(now)}
        return export(self.found(query, **how), format, out, said=said)

    # --- upkeep ---

    def verify(self, tagger: SupportsTag | None = None) -> list[str]:
        """What is wrong, one line each: file, references, orphans, search index and hashes; with a tagger also whether
        tags made from the stored text with its lexicon equal those stored."""
        from tracker.archive import upkeep

        with _connection.translated(self.path):
            found = list(upkeep.verify(self._db))
            return found + (self._verify_tags(tagger) if tagger is not None else [])

    def _verify_tags(self, tagger: SupportsTag) -> list[str]:
        from tracker.archive import retag

        wrong, first = 0, 0
        tag = retag.page_tagger(tagger)
        for page in retag.pages(self._db, self._terms):
            for item, new in zip(page, tag(retag.as_pages(page)), strict=True):
                if new.lexicon == item.old.lexicon and not retag.is_same(item.old, new):
                    wrong, first = wrong + 1, first or item.row["document"]
        return (
            [f"{wrong} documents whose tags made anew differ from those stored (the first is {first})"] if wrong else []
        )

    def rebuild_search(self) -> int:
        """Make the search index anew from texts and tags; returns how many documents had wrong facts in it."""
        from tracker.archive import upkeep

        with self._writing() as db:
            return upkeep.rebuild_search(db)

    def backup(self, target: Path | str) -> None:
        """A consistent copy while others read and write; whole or not there."""
        from tracker.archive import upkeep

        upkeep.backup(self._db, Path(target))

    def prune(self, *, now: datetime, days: int = 180) -> int:
        """Empty the text of documents that are not kept and were first seen more than `days` ago; returns how many
        versions. Titles, dates, identities and hashes stay."""
        from tracker.archive import upkeep

        total = 0
        while True:
            with self._writing() as db:
                done = upkeep.prune(db, now=now, days=days)
            total += done
            if not done:
                return total

    def retag(
        self,
        tagger: SupportsTag | None = None,
        *,
        now: datetime,
        dry_run: bool = False,
        tag_page: Callable[[Sequence[tuple[Document, str | None]]], Sequence[Tags]] | None = None,
    ) -> RetagReport:
        """Tag every stored text again and tell what is gained and lost; unless `dry_run`, replace the tags, page by
        page. `tag_page` may tag a page in parallel; without it `tagger` does one by one."""
        from tracker.archive import retag

        if tag_page is None:
            if tagger is None:
                raise ValueError("retag needs a tagger")
            tag_page = retag.page_tagger(tagger)
        report = retag.RetagReport()
        for page in retag.pages(self._db, self._terms):
            new = tag_page(retag.as_pages(page))
            both = [(i, t) for i, t in zip(page, new, strict=True) if not retag.is_same(i.old, t)]
            report.revisions += len(page)
            report.lexicon = new[-1].lexicon
            changes = [retag.differences(item, tags) for item, tags in both if item.row["ended"] is None]
            report.changes += [change for found in changes for change in found]
            report.changed += sum(1 for found in changes if found)
            if not dry_run and both:
                with self._writing() as db:
                    retag.write(db, self._terms, both, now=stamp(now))
        if not dry_run:
            self.group()
        return report

    def count_documents(self, *, everything: bool = False) -> int:
        """How many documents are kept (with `everything`: held at all)."""
        with self.reading():
            where = "" if everything else "WHERE kept"
            return int(self._db.execute(f"SELECT count(*) FROM documents {where}").fetchone()[0])

    def quick_check(self) -> list[str]:
        """Findings of SQLite's quick check of the file; [] when it is sound. Lets SQLite tidy its statistics as
        well."""
        with _connection.translated(self.path):
            rows = [str(row[0]) for row in self._db.execute("PRAGMA quick_check(20)")]
            self._db.execute("PRAGMA optimize")
        return [] if rows == ["ok"] else rows

    def note(self, key: str) -> str | None:
        """A small fact that the archive keeps of itself, such as when a job was last done."""
        with self.reading():
            row = self._db.execute("SELECT value FROM notes WHERE key = ?", (key,)).fetchone()
            return str(row[0]) if row else None

    def set_note(self, key: str, value: str) -> None:
        """Keep such a fact."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO notes (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, value),
            )

    def __repr__(self) -> str:
        return f"Archive({str(self.path)!r})"


def _stamp(moment: datetime | None) -> str | None:
    return stamp(moment) if moment is not None else None
