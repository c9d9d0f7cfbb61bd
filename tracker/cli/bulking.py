"""`tracker bulk`: whole corpora on the distributed engine."""

from __future__ import annotations

import os
from pathlib import Path

import click

from tracker.cli.base import State, pass_state
from tracker.errors import UsageError


@click.command(
    epilog="""\b
Examples:
  tracker bulk 'baseline/pubmed26n*.xml.gz' --out corpus --workers 2
  tracker bulk openalex/part_*.gz --kind openalex --out corpus
  tracker bulk 's3://bucket/pubmed/*.xml.gz' --out corpus --scheduler tcp://10.0.0.5:8786
  tracker import corpus
"""
)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of the Parquet.")
@click.option("--kind", type=click.Choice(["pubmed", "crossref", "openalex", "europepmc", "jsonl", "parquet"]),
              help="What the inputs are; guessed from .xml, .jsonl and .parquet.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 1024), help="Local processes; default: one a core.")
@click.option("--scheduler", metavar="ADDRESS", help="A running Dask scheduler, tcp://host:8786.")
@click.option("--keep", type=click.Choice(["relevant", "all"]), default="relevant", show_default=True,
              help="Whose text to keep; everything read is counted.")  # fmt: skip
@pass_state
def bulk(
    state: State,
    inputs: tuple[str, ...],
    out: Path,
    kind: str | None,
    workers: int | None,
    scheduler: str | None,
    keep: str,
) -> int:
    """Tag whole corpora (files, globs, fsspec addresses) into Parquet under --out; safe to stop and start again."""
    from tracker.scale import require

    require()
    if workers and scheduler:
        raise UsageError("give --workers or --scheduler, not both")
    from tracker.cli.base import counting
    from tracker.scale.run import bulk as run

    with counting(state, "parts") as (start, step):
        report = run(
            inputs,
            out=out,
            kind=kind,
            keep=keep,
            workers=workers or os.cpu_count() or 1,
            scheduler=scheduler,
            lexicon_version=state.lexicon().version,
            lexicon_extra=state.own_lexicon(),
            on_start=start,
            on_part=step,
        )
    click.echo(
        f"{report.parts} parts ({report.done_before} done before), {report.read} records read, "
        f"{report.relevant} relevant, {report.kept} kept, {report.superseded} superseded states left out: {out}"
    )
    for line in [*report.failed, *report.refusals]:
        click.echo(f"tracker: {line}", err=True)
    return 1 if report.failed or report.refused else 0
