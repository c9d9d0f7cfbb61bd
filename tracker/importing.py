"""Documents put in by hand: files are read by their kind, then tagged and stored like collected ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.analysis import rolled, weeks
from tracker.archive import given, rollup
from tracker.errors import TrackerError, UsageError
from tracker.model import Document, Source
from tracker.pipeline import tag_new

if TYPE_CHECKING:
    from tracker.archive import Archive
    from tracker.tag import Tagger

BATCH = 500  # documents stored in one transaction
_BY_SUFFIX = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".xml": "pubmed", ".ris": "ris", ".bib": "bibtex", ".csv": "csv",
    ".eml": "eml", ".html": "html", ".htm": "html", ".pdf": "pdf", ".parquet": "parquet", ".nbib": "medline",
    ".txt": "medline",
}  # fmt: skip


@dataclass(slots=True)
class ImportReport:
    """What an import came to; `problems` has a line for each file or entry that could not be read."""

    new: int = 0
    revised: int = 0
    unchanged: int = 0
    undated: int = 0
    problems: list[str] = field(default_factory=list)


def guess_kind(path: Path) -> str:
    """The kind a name suggests; UsageError asks for `--kind` otherwise."""
    if path.is_dir():
        return "parquet"
    if kind := _BY_SUFFIX.get(path.suffix.lower()):
        return kind
    raise UsageError(f"{path}: its name does not say what it is; give --kind")


def import_files(
    archive: Archive,
    files: Sequence[Path],
    tagger: Tagger,
    *,
    kind: str | None = None,
    source: Source | None = None,
    source_id: str = "import",
    first_seen_published: bool = False,
    now: Callable[[], datetime],
    on_batch: Callable[[str], None] = lambda _: None,
) -> ImportReport:
    """Read, tag and store each of `files`; one that cannot be read is a problem of the report and costs no other.

    Without `source` the documents stand under a source `source_id` of tier B whose relevant items are kept.
    """
    report = ImportReport()
    kinds = [(path, kind or guess_kind(path)) for path in files]  # all or nothing: a wrong call changes nothing
    for path, found in kinds:
        under = source or Source(id=source_id, kind=found, url="", name=source_id, tier="B")
        backfill = first_seen_published or path.is_dir()
        try:
            for batch in _batches(_documents(path, found, report)):
                tags = tag_new(archive, under, batch, tagger)
                stored = archive.store_import(
                    under, batch, tags, now=now(), lexicon=tagger.lexicon.version, first_seen_published=backfill,
                    group=False,
                )  # fmt: skip
                report.new += stored.new
                report.revised += stored.revised
                report.unchanged += stored.unchanged
                report.undated += stored.undated
                on_batch(path.name)
            if path.is_dir():
                _keep_counts(archive, path, under)
        except (TrackerError, OSError) as fault:
            report.problems.append(f"{path}: {fault}")
    archive.group()
    rolled.refresh(archive, before=weeks.number(now()))  # of a large archive: the next digest is quick
    return report


def _keep_counts(archive: Archive, folder: Path, source: Source) -> None:
    """Let what the corpus held in each week, relevant or not, be the measure of what was found in it."""
    from tracker.scale.load import week_counts

    rows = [(part, weeks.number(week), documents) for part, week, documents in week_counts(folder)]
    if given.keep_counts(archive, source.id, rows):
        rollup.forget(archive)  # sums that knew no such counts


def _documents(path: Path, kind: str, report: ImportReport) -> Iterator[Document]:
    if kind == "parquet":
        from tracker.scale.load import documents

        yield from documents(path)
        return
    from tracker.sources import parse_file

    page = parse_file(kind, path.read_bytes(), url="")
    report.problems += [f"{path}: {problem}" for problem in page.problems]
    if not page.complete and not page.problems:
        report.problems.append(f"{path}: is cut off; what stands before the cut was taken")
    yield from page.documents


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    stream = iter(documents)
    while batch := list(islice(stream, BATCH)):
        yield batch
