"""`tracker search`, `export`, `substance` and `stories`: reading the archive."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import click

from tracker.cli.base import (
    ClaimedDate,
    Moment,
    State,
    as_json,
    pass_state,
    print_table,
    printable,
    utc_now,
    write_jsonl,
)
from tracker.errors import UsageError

if TYPE_CHECKING:
    from tracker.archive import Archive
    from tracker.archive.filters import Filters

F = TypeVar("F", bound=Callable[..., Any])
NO_MANIFEST: dict[str, Any] = {"filters": {}, "as_of": None, "tags": "then", "everything": False, "exported_at": ""}
TEXT_FORMATS = ("csv", "ris", "bibtex", "csl")


def filter_options(command: F) -> F:
    """The filters that `search` and `export` take; several values of one are alternatives."""
    options = [
        click.option("--substance", multiple=True, metavar="S", help="Tagged with it, by any of its names."),
        click.option("--theme", multiple=True, metavar="T"),
        click.option("--class", "cls", multiple=True, metavar="C"),
        click.option("--source", multiple=True, metavar="ID"),
        click.option("--tier", multiple=True, metavar="A|B|C"),
        click.option("--country", multiple=True, metavar="GB"),
        click.option("--since", type=ClaimedDate(), help="Published on or after this date (2026, 2026-11 …)."),
        click.option("--until", type=ClaimedDate(), help="Published up to and including this date."),
        click.option("--as-of", type=Moment(), help="What was known at this moment."),
        click.option("--tags", "tag_mode", type=click.Choice(["then", "now"]), default="then", show_default=True,
                     help="With --as-of: the tags of that time, or today's."),
        click.option("--all", "everything", is_flag=True, help="Also what was not kept as relevant."),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def _filters(given: dict[str, Any]) -> Filters:
    from tracker.archive.filters import Filters

    names = ("substance", "theme", "cls", "source", "tier", "country", "since", "until")
    return Filters(**{name: given[name] for name in names})


def _asked(state: State, given: dict[str, Any]) -> dict[str, Any]:
    return {
        "filters": _filters(given),
        "lexicon": state.lexicon(),
        "searches": state.searches(),
        "as_of": given["as_of"],
        "tags": cast(Literal["then", "now"], given["tag_mode"]),
        "everything": given["everything"],
    }


@click.command(
    epilog="""\b
Examples:
  tracker search bromazolam
  tracker search '"drug checking" nitazene -protonitazene' --since 2025
  tracker search --substance "street valium" --theme death --country GB --format json
  tracker search 'theme:counterfeit class:designer_benzodiazepine' --as-of 2026-06-01 --sort newest
"""
)
@click.argument("query", nargs=-1)
@filter_options
@click.option("--sort", type=click.Choice(["relevance", "newest"]), default="relevance", show_default=True)
@click.option("--limit", type=click.IntRange(0, 10_000), default=20, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0)
@click.option("--format", "form", type=click.Choice(["table", "json", "jsonl", *TEXT_FORMATS]), default="table",
              show_default=True)  # fmt: skip
@pass_state
def search(
    state: State, /, query: tuple[str, ...], sort: str, limit: int, offset: int, form: str, **given: Any
) -> None:
    """Search the archive with words, "phrases", OR, -not, prefix* and field:value; no QUERY is everything."""
    from tracker.archive.wire import document_json, search_json

    with state.archive() as archive:
        result = archive.search(
            " ".join(query), **_asked(state, given), sort=cast(Any, sort), limit=limit, offset=offset
        )
        if form == "json":
            click.echo(as_json(search_json(result)))
        elif form == "jsonl":
            write_jsonl(document_json(hit.record) for hit in result.results)
        elif form in TEXT_FORMATS:
            from tracker.archive.export import export as write

            records = [hit.record for hit in result.results]
            write(records, form, sys.stdout.buffer, said={**NO_MANIFEST, "query": " ".join(query)})
        else:
            _table(result)


def _table(result: Any) -> None:
    rows = []
    for hit in result.results:
        record = hit.record
        names = ", ".join(tag.name for tag in record.tags.substances[:4]) if record.tags else ""
        mark = "" if record.editorial_status == "ok" else f" [{record.editorial_status}]"
        rows.append(
            (record.id, f"{record.first_seen:%Y-%m-%d}", record.document.published or "undated", record.source,
             (record.document.title or "")[:70] + mark, names)
        )  # fmt: skip
    print_table(["id", "first seen", "published", "source", "title", "substances"], rows)
    more = "" if result.exact else "at least "
    notes = [f"{more}{result.total} found"]
    if result.undated:
        notes.append(f"{result.undated} without a date left out")
    if result.relaxed:
        notes.append("nothing has all the words; these have some of them")
    if result.as_of:
        notes.append(f"as of {result.as_of}, tags of {'that time' if result.tags == 'then' else 'now'}")
    click.echo("; ".join(notes))
    for name, values in result.facets.items():
        if values:
            shown = ", ".join(f"{value} {count}" for value, count in list(values.items())[:6])
            click.echo(f"{name}: {printable(shown)}")


@click.command(
    epilog="""\b
Examples:
  tracker export --format ris --substance bromazolam --out bromazolam.ris
  tracker export --format csv --theme death --since 2025 > deaths.csv
  tracker export --format parquet --all --out everything.parquet
"""
)
@click.argument("query", nargs=-1)
@filter_options
@click.option("--format", "form", type=click.Choice(["csv", "jsonl", "ris", "bibtex", "csl", "parquet"]), required=True)
@click.option("--out", metavar="PATH", help="A file; without it stdout.")
@click.option("--manifest", metavar="FILE", help="The manifest, where the export goes to stdout.")
@pass_state
def export(
    state: State, /, query: tuple[str, ...], form: str, out: str | None, manifest: str | None, **given: Any
) -> None:
    """Export every hit with a manifest (query, filters, lexicon version, counts, SHA-256) beside it."""
    from tracker.cli.base import write_whole

    if form == "parquet":
        from tracker.scale import require

        require("pyarrow")
    asked = _asked(state, given)
    with state.archive() as archive:
        if out is None or out == "-":
            stream = sys.stdout.buffer
            said = archive.export(form, stream, now=utc_now(), query=" ".join(query), **asked)
            stream.flush()
            target = manifest
        else:
            said = _export_file(archive, form, Path(out), " ".join(query), asked)
            target = manifest or f"{out}.manifest.json"
    if target:
        write_whole(Path(target), (as_json(said.as_json()) + "\n").encode())
    state.say(f"{said.documents} documents" + (f": {out}" if out else ""))


def _export_file(archive: Archive, form: str, path: Path, query: str, asked: dict[str, Any]) -> Any:
    if not path.parent.is_dir():
        raise UsageError(f"{path}: the folder {path.parent} does not exist")
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as stream:
            said = archive.export(form, stream, now=utc_now(), query=query, **asked)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return said


@click.command(
    epilog="""\b
Examples:
  tracker substance bromazolam
  tracker substance "street valium" --format json
"""
)
@click.argument("name")
@click.option("--as-of", type=Moment(), help="What was known at this moment.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@pass_state
def substance(state: State, name: str, as_of: datetime | None, form: str) -> None:
    """Profile of a substance: identity, aliases, first mentions, timeline, co-mentions, official dates, lead."""
    from tracker.analysis.profile import profile

    with state.archive() as archive:
        found = profile(archive, state.lexicon(), name, as_of=as_of or utc_now(), official=state.official())
    if form == "json":
        click.echo(as_json(found))
        return
    for line in _profile_lines(found):
        click.echo(printable(line))


def _profile_lines(found: dict[str, Any]) -> list[str]:
    def mention(seen: dict[str, Any]) -> str:
        return f"{seen['first_seen'][:10]} {seen['publisher'] or ''} (document {seen['document']})"

    kind = "new psychoactive substance" if found["nps"] else "medicine or classical drug"
    lines = [f"{found['name']}  ({found['class']}, {kind})"]
    lines.append("also: " + ", ".join(found["aliases"][:24]) if found["aliases"] else "no other names")
    identity = [f"{key} {found[key]}" for key in ("cas", "inchikey") if found.get(key)]
    lines += [", ".join(identity)] if identity else []
    lines.append(f"documents: {found['documents']}, findings: {found['findings']}")
    lines.append(f"first finding: {mention(found['first'])}" if found["first"] else "never found in this archive")
    for what in ("by_tier", "by_country"):
        lines += [f"  first in {key}: {mention(seen)}" for key, seen in found[what].items()]
    for pair in found["pairs"][:8]:
        partner = pair["b"] if pair["a"] == found["name"] else pair["a"]
        lines.append(f"  with {partner} ({pair['theme']}): {pair['stories']} stories since {pair['first_seen'][:10]}")
    lines += [f"  official: {o['date']} {o['event']} ({o['body']})" for o in found["official"]]
    lines += [f"  control: {c['date'] or 'no date'} {c['country']} {c['status']}" for c in found["control"]]
    if found.get("lead_days") is not None:
        lines.append(f"lead: {found['lead_days']} days")
    return lines


@click.command(
    epilog="""\b
Examples:
  tracker stories --explain 42
  tracker stories --cut 42 57
"""
)
@click.option("--explain", type=int, metavar="ID", help="Why the documents of this document's story were joined.")
@click.option("--cut", nargs=2, type=int, metavar="ID ID", help="Part two documents for good.")
@pass_state
def stories(state: State, explain: int | None, cut: tuple[int, int] | None) -> None:
    """Stories: why documents were joined; cut a wrong join, and it stays cut."""
    if (explain is None) == (cut is None):
        raise UsageError("say --explain ID or --cut ID ID")
    with state.archive() as archive:
        if cut is not None:
            archive.cut(*cut, now=utc_now())
            click.echo(f"{cut[0]} and {cut[1]} are parted and stay so")
            return
        assert explain is not None
        view = archive.story(explain)
        if view is None:
            raise UsageError(f"there is no document {explain}")
        click.echo(f"story {view.id}: {len(view.documents)} documents, {view.sources} independent sources")
        for record in archive.documents(view.documents):
            title = printable(record.document.title or "")
            click.echo(f"  {record.id}  {record.first_seen:%Y-%m-%d}  {record.publisher or record.source}: {title}")
        for link in view.links:
            click.echo(f"  {link.a} - {link.b}  {link.relation.replace('_', ' ')}: {printable(link.why)}")
        for a, b in view.cuts:
            click.echo(f"  {a} - {b}  parted by hand")
