"""`tracker sources` and `tracker status`: what is watched and how it does."""

from __future__ import annotations

from typing import Any

import click

from tracker.cli.base import State, as_json, pass_state, print_table, utc_now
from tracker.errors import UsageError


@click.group()
def sources() -> None:
    """What is watched: list it, probe it, look at one entry."""


@sources.command("list")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@pass_state
def list_(state: State, form: str) -> None:
    """Every entry of the list, those that are off with the reason."""
    entries = state.load_sources()
    if form == "json":
        click.echo(as_json([_entry(source) for source in entries]))
        return
    print_table(
        ["id", "kind", "tier", "type", "country", "on", "publisher / why off"],
        [
            (s.id, s.kind, s.tier, s.type or "", s.country or "", "yes" if s.enabled else "no",
             (s.publisher or s.name) if s.enabled else s.why or "")
            for s in entries
        ],
    )  # fmt: skip
    on = sum(s.enabled for s in entries)
    click.echo(f"{len(entries)} entries, {on} on, {len(entries) - on} off: {state.sources_file()}")


def _entry(source: Any) -> dict[str, Any]:
    from dataclasses import fields

    row = {f.name: getattr(source, f.name) for f in fields(source)}
    return {**row, "options": dict(source.options)}


@sources.command()
@click.argument("identifier", metavar="ID")
@pass_state
def show(state: State, identifier: str) -> None:
    """One entry with its defaults filled in, and what is remembered of it."""
    from pathlib import Path

    entry = next((s for s in state.load_sources() if s.id == identifier), None)
    if entry is None:
        raise UsageError(f"there is no source {identifier!r}; see `tracker sources list`")
    for key, value in _entry(entry).items():
        if value not in (None, "", {}):
            click.echo(f"{key:<14} {value}")
    if Path(state.db).exists():
        from tracker.archive.wire import health_json

        with state.archive() as archive:
            for row in archive.health(now=utc_now()):
                if row.id == identifier:
                    for key, value in health_json(row).items():
                        click.echo(f"{key:<14} {_shown(value)}")


@sources.command()
@click.option("--only", multiple=True, metavar="ID")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@pass_state
def check(state: State, only: tuple[str, ...], form: str) -> int:
    """Probe every enabled entry once, store nothing, say what was found; exit status 1 when something is wrong."""
    from tracker.cli.base import progress
    from tracker.cli.running import chosen, stopping
    from tracker.collect import CollectSettings
    from tracker.runs import probe

    entries = chosen(state.load_sources(), only)
    settings = CollectSettings(contact=state.settings().contact)
    with stopping(state) as stop, progress(state, "probing", len(entries)) as step:
        found = probe(entries, http=settings, now=utc_now, stop=stop, on_result=step)
    if form == "json":
        click.echo(as_json(found))
    else:
        columns = ["id", "status", "http", "items", "undated", "newest", "error"]
        print_table(columns, [["" if row[c] is None else row[c] for c in columns] for row in found])
        if not entries:
            click.echo("no source is enabled")
    return 1 if any(row["finding"] for row in found) else 0


@click.command(
    epilog="""\b
Examples:
  tracker status
  tracker status --format json
"""
)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@pass_state
def status(state: State, form: str) -> None:
    """Health of every source: last success, usual rhythm, silent, blocked, errors; and mails in doubt."""
    from tracker.archive import outbox
    from tracker.archive.wire import health_json

    with state.archive() as archive:
        rows = archive.health(now=utc_now())
        documents = archive.count_documents()
        doubtful = [d for d in outbox.deliveries(archive) if d.status not in ("sent",)]
    version = state.lexicon().version
    if form == "json":
        data = {
            "sources": [health_json(row) for row in rows],
            "documents": documents,
            "lexicon": version,
            "mail": [
                {"issue": d.issue, "recipient": d.recipient, "status": d.status, "error": d.error} for d in doubtful
            ],
        }  # fmt: skip
        click.echo(as_json(data))
        return
    print_table(
        ["source", "status", "last ok", "rhythm days", "silent", "documents", "error or finding"],
        [
            (h.id, h.status or "", f"{h.last_ok:%Y-%m-%d %H:%M}" if h.last_ok else "never",
             "" if h.rhythm_days is None else f"{h.rhythm_days:.1f}", "SILENT" if h.silent else "", h.documents,
             "; ".join(line for line in (h.error, *h.findings) if line))
            for h in rows
        ],
    )  # fmt: skip
    for d in doubtful:
        click.echo(f"mail {d.issue} to {d.recipient}: {d.status}" + (f": {d.error}" if d.error else ""))
    click.echo(f"{documents} documents, lexicon {version}")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return "" if value is None else str(value)
