"""`tracker init`, `backup`, `verify`, `prune`, `retag` and `schedule`: keeping a deployment well."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import FrameType

import click

from tracker.cli.base import State, pass_state, print_table, utc_now, write_whole
from tracker.errors import UsageError

_SETTINGS = """\
# Settings of this deployment; every field is optional. See docs/operator.md.
# contact: nps-desk@example.org     # sent in the User-Agent, so that a publisher can write to you
# timezone: Europe/Dublin
# digest: {day: monday, hour: 7}
# searches:
#   counterfeit_benzos: 'theme:counterfeit class:designer_benzodiazepine'
"""


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> None:
    """Set up FOLDER to run the tracker in: sources.yaml, tracker.yaml, db/, digests/; what is there is left alone."""
    from tracker.config import packaged_sources

    for name in ("db", "digests"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    files = {"sources.yaml": packaged_sources().read_bytes(), "tracker.yaml": _SETTINGS.encode()}
    for name, content in files.items():
        if (folder / name).exists():
            click.echo(f"{folder / name} is there already and was left alone")
        else:
            write_whole(folder / name, content)
            click.echo(f"{folder / name} written")
    click.echo(f"next: set `contact:` in {folder / 'tracker.yaml'}, then `cd {folder}` and `tracker run`")


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@pass_state
def backup(state: State, path: Path) -> None:
    """Copy the archive to PATH, consistent also while it is written."""
    if path.resolve() == Path(state.db).resolve():
        raise UsageError(f"{path} is the archive itself")
    if path.is_dir():
        path = path / f"tracker-{utc_now():%Y%m%dT%H%M%SZ}.db"
    elif not path.parent.is_dir():
        raise UsageError(f"{path}: the folder {path.parent} does not exist")
    with state.archive() as archive:
        archive.backup(path)
    click.echo(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


@click.command()
@click.option("--tags/--no-tags", default=True, help="Also make tags anew and compare (slow on large archives).")
@click.option("--rebuild-search", is_flag=True, help="Make the search index anew.")
@pass_state
def verify(state: State, tags: bool, rebuild_search: bool) -> int:
    """Check the archive's integrity, its search index, and that tags made anew equal those stored."""
    from tracker.tag import Tagger

    with state.archive() as archive:
        if rebuild_search:
            click.echo(f"search index made anew; {archive.rebuild_search()} documents had wrong facts in it")
        findings = archive.verify(Tagger(state.lexicon()) if tags else None)
    for line in findings:
        click.echo(line)
    click.echo(f"{len(findings)} findings" if findings else "all is well")
    return 1 if findings else 0


@click.command()
@click.option("--days", type=click.IntRange(1), default=180, show_default=True)
@pass_state
def prune(state: State, days: int) -> None:
    """Empty the text of items that are not kept and older than --days; titles, dates and identities stay."""
    from tracker.lock import writing

    with writing(Path(state.db), wait=5), state.archive() as archive:
        click.echo(f"{archive.prune(now=utc_now(), days=days)} texts emptied")


@click.command(
    epilog="""\b
Examples:
  tracker retag --dry-run
  tracker retag --workers 2
"""
)
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes that tag.")
@click.option("--limit", type=click.IntRange(0), default=40, show_default=True, help="Changed tags shown.")
@pass_state
def retag(state: State, dry_run: bool, workers: int, limit: int) -> None:
    """Rebuild tags with today's lexicon; prints the tags gained and lost."""
    from contextlib import ExitStack

    from tracker.analysis import rolled, weeks
    from tracker.lock import writing
    from tracker.pipeline import parallel_tagger
    from tracker.tag import Tagger

    state.archive().close()  # a missing archive is told before a lock is made beside it
    with ExitStack() as stack:
        if not dry_run:
            stack.enter_context(writing(Path(state.db), wait=5))
        archive = stack.enter_context(state.archive())
        tag_page = stack.enter_context(parallel_tagger(workers, state.own_lexicon())) if workers > 1 else None
        tagger = None if tag_page else Tagger(state.lexicon())
        report = archive.retag(tagger, now=utc_now(), dry_run=dry_run, tag_page=tag_page)
        if not dry_run:
            rolled.refresh(archive, before=weeks.number(utc_now()))  # of a large archive: the next digest is quick
    counts = report.counts()
    rows = sorted(
        ((what, counts["gained"][what], counts["lost"][what]) for what in counts["gained"] | counts["lost"]),
        key=lambda row: (-(row[1] + row[2]), row[0]),
    )
    print_table(["tag", "gained", "lost"], rows[:limit])
    if len(rows) > limit:
        click.echo(f"… and {len(rows) - limit} more tags")
    would = "would change" if dry_run else "changed"
    click.echo(f"{report.revisions} texts tagged, {report.changed} documents {would}, lexicon {report.lexicon}")


@click.command()
@pass_state
def schedule(state: State) -> None:
    """The long-running scheduler: sources at their intervals, the digest on its day, upkeep at night."""
    from tracker.schedule import FreshTagger, Keeper, run

    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)

    def say(line: str) -> None:
        click.echo(f"{utc_now():%Y-%m-%dT%H:%M:%SZ} {line}", err=True)

    state.load_sources()  # a mistake in the list or the lexicon is told now, not at the first tick
    tagger = FreshTagger(state.lexicon, say)
    tagger()
    keeper = Keeper(
        db=Path(state.db),
        load=lambda: (state.load_sources(), state.settings()),
        tagger=tagger,
        now=utc_now,
        say=say,
        stop=stop,
    )
    run(keeper)
