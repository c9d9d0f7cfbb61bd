"""`tracker run`, `collect` and `import`: what brings documents in."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from tracker.cli.base import Moment, State, as_json_lines, pass_state, print_table, progress, utc_now
from tracker.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from tracker.model import Source
    from tracker.pipeline import CollectReport


@contextmanager
def stopping(state: State) -> Iterator[Callable[[], bool]]:
    """SIGTERM and Ctrl-C ask the run to end after the current batch; yields the function that says so."""
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        state.say("stopping after the batch in hand; what was read is stored")

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def chosen(sources: Sequence[Source], only: Sequence[str]) -> list[Source]:
    """The enabled sources, or exactly those that were named."""
    if not only:
        return [s for s in sources if s.enabled]
    known = {s.id: s for s in sources}
    if missing := [name for name in only if name not in known]:
        raise ConfigError([f"--only {name}: there is no such source; see `tracker sources list`" for name in missing])
    return [known[name] for name in dict.fromkeys(only)]


def collect_once(
    state: State, sources: Sequence[Source], *, force: bool = False, since: datetime | None = None
) -> CollectReport:
    """One collect with a progress bar, under the writer's lock."""
    from tracker import runs
    from tracker.collect import CollectSettings
    from tracker.pipeline import LateTagger

    settings = state.settings()
    if not settings.contact:
        state.say("no `contact:` in tracker.yaml: publishers cannot write to you about these requests")
    tagger = LateTagger(state.lexicon)
    with stopping(state) as stop, progress(state, "sources", len(sources)) as step:
        return runs.collect_once(
            Path(state.db),
            sources,
            tagger,
            http=CollectSettings(contact=settings.contact),
            now=utc_now,
            force=force,
            since=since,
            wait=5,
            on_result=lambda row: step(row.id),
            stop=stop,
        )


@click.command(
    epilog="""\b
Examples:
  tracker collect
  tracker collect --only mhra_alerts --force
  tracker collect --since 2026-01-01 --only pubmed_nps
"""
)
@click.option("--sources", "sources_file", type=click.Path(dir_okay=False), help="As the option before the verb.")
@click.option("--only", multiple=True, metavar="ID", help="Only this source; may be repeated.")
@click.option("--since", type=Moment(), help="Backfill from this date.")
@click.option("--force", is_flag=True, help="Ignore intervals (never Retry-After).")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@pass_state
def collect(
    state: State, sources_file: str | None, only: tuple[str, ...], since: datetime | None, force: bool, form: str
) -> int:
    """Pull every due source, tag and store."""
    from tracker import pipeline

    if sources_file:
        state.sources = sources_file
    if since is not None and since > utc_now():
        raise UsageError("--since lies in the future")
    report = collect_once(state, chosen(state.load_sources(), only), force=force, since=since)
    if form == "json":
        click.echo(as_json_lines(pipeline.as_contract(report), "sources"))
    else:
        rows = [
            (s.id, s.status, s.new, s.revised, s.unchanged, s.http or "", s.ms, s.error or "") for s in report.sources
        ]
        print_table(["source", "status", "new", "revised", "unchanged", "http", "ms", "error"], rows)
        click.echo(f"{report.new} new, {report.revised} revised")
    for line in pipeline.attention(report):
        state.say(f"tracker: {line}")
    return 1 if report.nothing_could_be_read else 0


@click.command(
    epilog="""\b
Examples:
  tracker run --demo
  tracker -q run        (in cron)
"""
)
@click.option("--demo", is_flag=True, help="The packaged sample, offline, in ./tracker-demo/.")
@pass_state
def run(state: State, demo: bool) -> int:
    """The main job once: collect the due sources, tag, store, write the digests, say what needs attention."""
    from tracker import pipeline
    from tracker.runs import digest_settings, run_demo, write_digests

    if demo:
        with progress(state, "weeks", 8) as step:
            written = run_demo(Path("tracker-demo"), on_week=step)
        _say_where(written)
        return 0
    sources, settings = state.load_sources(), state.settings()
    report = collect_once(state, chosen(sources, ()))
    with state.archive() as archive:
        written = write_digests(
            archive, digest_settings(settings), folder=Path(settings.digest["folder"]), now=utc_now()
        )
    if state.verbosity >= 0:
        click.echo(f"{len(report.sources)} sources, {report.new} new, {report.revised} revised")
        _say_where(written)
    for line in pipeline.attention(report):
        click.echo(f"tracker: {line}", err=True)
    return 1 if report.nothing_could_be_read else 0


def _say_where(written: Sequence[Path]) -> None:
    for path in written:
        if path.suffix == ".html":
            click.echo(f"digest: {path}")


_IMPORT_KINDS = ("jsonl", "pubmed", "medline", "ris", "bibtex", "csv", "eml", "html", "pdf", "parquet")


@click.command(
    "import",
    epilog="""\b
Examples:
  tracker import library.ris
  tracker import items.jsonl --first-seen published
  tracker import corpus                              (a folder made by `tracker bulk`)
""",
)
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="FILE...")
@click.option("--kind", type=click.Choice(_IMPORT_KINDS), help="What the files are; guessed from their names.")
@click.option("--source", "source_id", default="import", show_default=True, metavar="ID", help="Under which source.")
@click.option(
    "--first-seen",
    type=click.Choice(["now", "published"]),
    default="now",
    show_default=True,
    help="`published`: a dated backfile counts as known from its publication.",
)
@pass_state
def import_(state: State, files: tuple[Path, ...], kind: str | None, source_id: str, first_seen: str) -> int:
    """Put documents in by hand: files of references, pages, mails, or a folder that `tracker bulk` has made."""
    from tracker.importing import import_files
    from tracker.lock import writing
    from tracker.tag import Tagger

    known = {s.id: s for s in state.load_sources()} if source_id != "import" else {}
    with (
        writing(Path(state.db), wait=5),
        state.archive(create=True) as archive,
        progress(state, "import", None) as step,
    ):
        report = import_files(
            archive,
            files,
            Tagger(state.lexicon()),
            kind=kind,
            source=known.get(source_id),
            source_id=source_id,
            first_seen_published=first_seen == "published",
            now=utc_now,
            on_batch=step,
        )
    click.echo(f"{report.new} new, {report.revised} revised, {report.unchanged} known already")
    if report.undated:
        click.echo(f"tracker: {report.undated} items without a date count as first seen now", err=True)
    for line in report.problems:
        click.echo(f"tracker: {line}", err=True)
    return 1 if report.problems else 0
