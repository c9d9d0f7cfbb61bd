"""`tracker lexicon`: the knowledge base."""

from __future__ import annotations

from pathlib import Path

import click

from tracker.cli.base import State, as_json, pass_state


@click.group(
    epilog="""\b
Examples:
  tracker lexicon check
  tracker lexicon show "street valium"
  tracker lexicon diff old-folder new-folder
"""
)
def lexicon() -> None:
    """The knowledge base of substances: check it, look a name up, compare two versions."""


@lexicon.command()
@pass_state
def check(state: State) -> int:
    """Look for clashes, missing and wrong entries; exit status 1 when there are findings."""
    from tracker.lexicon import check as find

    knowledge = state.lexicon()
    findings = find(knowledge)
    for line in findings:
        click.echo(line)
    state.say(f"lexicon {knowledge.version}: {len(knowledge.substances)} substances, {len(findings)} findings")
    return 1 if findings else 0


@lexicon.command()
@click.argument("name")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@pass_state
def show(state: State, name: str, form: str) -> None:
    """What the knowledge base holds on NAME (any alias, brand or street name)."""
    from tracker.analysis.profile import identity
    from tracker.errors import UsageError

    substance = state.lexicon().find(name)
    if substance is None:
        raise UsageError(f"{name!r} is not in the lexicon; try another spelling, or `tracker search` for the word")
    record = identity(substance)
    if form == "json":
        click.echo(as_json(record))
        return
    for key, value in record.items():
        if value not in (None, "", [], {}):
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            click.echo(f"{key:<22} {shown}")


@lexicon.command()
@click.argument("old", type=click.Path(exists=True, path_type=Path))
@click.argument("new", type=click.Path(exists=True, path_type=Path))
def diff(old: Path, new: Path) -> None:
    """What changed between two folders of lexicon files."""
    from tracker.lexicon import diff as compare
    from tracker.lexicon import load

    for line in compare(load(data=old), load(data=new)):
        click.echo(line)
