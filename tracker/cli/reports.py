"""`tracker digest`, `signals`, `leadtime` and `backtest`: what the archive's counts mean."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from tracker.cli.base import Moment, State, as_json, output, pass_state, print_table, utc_now
from tracker.errors import ConfigError, UsageError


@click.command(
    epilog="""\b
Examples:
  tracker digest                                  the last complete week, as text
  tracker digest --week 2026-W46 --format html --out digest.html
  tracker digest --as-of 2026-06-01 --format json
  tracker digest --mail --dry-run
"""
)
@click.option("--week", metavar="2026-W47", help="An ISO week; default: the last complete one.")
@click.option("--as-of", type=Moment(), help="From what was known at this moment.")
@click.option("--format", "form", type=click.Choice(["html", "md", "text", "json", "feed", "pdf", "line"]),
              default="text", show_default=True)  # fmt: skip
@click.option("--out", metavar="PATH", help="A file; without it stdout.")
@click.option("--mail", is_flag=True, help="Send it to the recipients of tracker.yaml who have not got it.")
@click.option("--dry-run", is_flag=True, help="With --mail: say what would be sent.")
@pass_state
def digest(
    state: State, week: str | None, as_of: datetime | None, form: str, out: str | None, mail: bool, dry_run: bool
) -> int:
    """The weekly digest: same archive and as-of give the same bytes."""
    from tracker.digest import make_digest, render
    from tracker.runs import digest_settings

    if dry_run and not mail:
        raise UsageError("--dry-run goes with --mail")
    settings = state.settings()
    with state.archive() as archive:
        made = make_digest(archive, week=week, as_of=as_of or utc_now(), settings=digest_settings(settings))
        if mail:
            return _mail(state, archive, made, dry_run=dry_run)
        rendered = render(made, form)
    with output(out) as write:
        write(rendered)
    return 0


def _mail(state: State, archive: Any, made: Any, *, dry_run: bool) -> int:
    from tracker.digest.mail import deliver
    from tracker.lock import writing

    settings = state.settings()
    if not settings.mail:
        raise ConfigError("tracker.yaml has no `mail:`; it needs host, sender and recipients")
    if dry_run:
        sent = deliver(archive, made, settings.mail, now=utc_now, environ=os.environ, dry_run=True)
    else:
        with writing(Path(state.db), wait=5):
            sent = deliver(archive, made, settings.mail, now=utc_now, environ=os.environ)
    for row in sent:
        click.echo(f"{row.issue} {row.recipient}: {row.status}" + (f": {row.error}" if row.error else ""))
    return 0 if all(row.status in ("sent", "dry_run") for row in sent) else 1


@click.command()
@click.option("--week", metavar="2026-W47", help="An ISO week; default: the last complete one.")
@click.option("--as-of", type=Moment(), help="From what was known at this moment.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@pass_state
def signals(state: State, week: str | None, as_of: datetime | None, form: str) -> None:
    """What the past does not explain: first mentions, more than expected, unknown names."""
    from tracker.analysis.report import read_signals, signals_json

    moment = as_of or utc_now()
    with state.archive() as archive:
        found_week, found = read_signals(archive, week=week, as_of=moment, official=state.official())
    if form == "json":
        click.echo(as_json(signals_json(found, week=found_week, as_of=moment)))
        return
    rows = [
        (s.kind, s.name, s.observed, "" if s.expected is None else f"{s.expected:.2f}",
         "" if s.q is None else f"{s.q:.3g}", " ".join(map(str, s.documents[:8])))
        for s in found
    ]  # fmt: skip
    print_table(["kind", "name", "observed", "expected", "q", "documents"], rows)
    click.echo(f"{found_week}: {len(found)} signals" if found else f"{found_week}: nothing new")


@click.command()
@click.option("--as-of", type=Moment(), help="From what was known at this moment.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@pass_state
def leadtime(state: State, as_of: datetime | None, form: str) -> None:
    """Days from our first mention to the first official date, misses counted as misses."""
    from tracker.analysis.leadtime import as_mapping, read_ledger

    moment = as_of or utc_now()
    with state.archive() as archive:
        data = as_mapping(read_ledger(archive, as_of=moment, official=state.official()), as_of=moment)
    if form == "json":
        click.echo(as_json(data))
    elif form == "csv":
        click.echo(_csv(data["substances"]), nl=False)
    else:
        keys = list(data["substances"][0]) if data["substances"] else ["name"]
        simple = [k for k in keys if not isinstance(data["substances"][0][k], (dict,))] if data["substances"] else keys
        print_table(simple, [[_cell(row[k]) for k in simple] for row in data["substances"]])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return " to ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _csv(rows: list[dict[str, Any]]) -> str:
    import csv
    import io

    from tracker.text.csvcells import defused

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    if rows:
        writer.writerow(rows[0])
        writer.writerows([defused(_cell(value)) for value in row.values()] for row in rows)
    return stream.getvalue()


@click.command(
    epilog="""\b
Examples:
  tracker --db replay.db import items.jsonl --first-seen published
  tracker --db replay.db backtest --official first_reports.csv --format json
"""
)
@click.option("--official", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True,
              help="CSV with substance, event, date, country_or_body …; its substances are judged.")  # fmt: skip
@click.option("--as-of", type=Moment(), help="Replay up to this moment.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@pass_state
def backtest(state: State, official: Path, as_of: datetime | None, form: str) -> None:
    """Replay the archive Monday by Monday: what would have been raised when, against official dates."""
    from tracker.analysis.backtest import backtest as run
    from tracker.analysis.official import by_substance, read_file

    lexicon = state.lexicon()
    with state.archive() as archive:
        data = run(archive, by_substance(_canonical(read_file(official), lexicon)), as_of=as_of or utc_now())
    if form == "json":
        click.echo(as_json(data))
        return
    rows = [
        (s["name"], s["first_mention"] or "", s["first_raised"] or "", s["first_official"] or "", _cell(s["lead_days"]),
         _cell(s["lead_interval"]))
        for s in data["substances"]
    ]  # fmt: skip
    print_table(["substance", "first mention", "first raised", "first official", "lead days", "interval"], rows)
    for key, value in data["summary"].items():
        click.echo(f"{key}: {', '.join(value) if isinstance(value, list) else value}")


def _canonical(rows: Any, lexicon: Any) -> list[Any]:
    """The rows under the lexicon's names, where it knows them by another."""
    from dataclasses import replace

    def name(written: str) -> str:
        found = lexicon.find(written)
        return found.name if found else written

    return [replace(row, substance=name(row.substance)) for row in rows]
