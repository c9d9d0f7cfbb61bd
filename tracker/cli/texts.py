"""`tracker parse` and `tracker tag`: from files to JSONL, nothing stored."""

from __future__ import annotations

import gc
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from tracker.cli.base import State, pass_state
from tracker.model import Document


@click.command(
    epilog="""\b
Examples:
  tracker tag documents.jsonl > tags.jsonl
  echo '{"id": 1, "text": "Bromazolam was found in two of four tablets."}' | tracker tag -
  tracker tag --explain documents.jsonl
"""
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--explain", is_flag=True, help="Show in colour every span, rule and cue that led to each tag.")
@pass_state
def tag(state: State, file: str, explain: bool) -> int:
    """Tag JSONL documents from FILE (or - for stdin), one JSON object a line out, in order."""
    gc.disable()  # what is loaded stays: to look for rubbish in it on the way costs a tenth of the start
    from tracker.tag import Tagger

    if explain:
        from tracker.tag.explain import explain_stream as answers
    else:
        from tracker.tag.wire import tag_stream as answers
    tagger = Tagger(state.lexicon())
    gc.freeze()
    gc.set_threshold(500_000)  # tagging leaves no cycles behind, and to look for them costs a tenth of the time
    gc.enable()
    refused = 0
    with click.open_file(file, "rb") as lines:
        for answer in answers(lines, tagger):
            if not isinstance(answer, str):
                refused += 1
                click.echo(f"tracker: {file}: {answer}", err=True)
            elif explain:
                click.echo(answer)
            else:
                sys.stdout.write(answer + "\n")
    return 1 if refused else 0


@click.command(
    epilog="""\b
Examples:
  tracker parse feed alerts.xml
  tracker parse listing page.html --url https://example.org/alerts --options '{"item": "article", "title": "h2"}'
"""
)
@click.argument("kind")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--url", help="The address that the payload came from, for relative links.")
@click.option("--options", "options_json", default="{}", help="Options of the kind, as in sources.yaml, as JSON.")
def parse(kind: str, files: tuple[Path, ...], url: str | None, options_json: str) -> int:
    """Show what recorded payloads of KIND would yield: JSONL documents; nothing is stored."""
    from tracker.errors import TrackerError
    from tracker.sources import parse_file
    from tracker.sources._wire import document_json

    options = _options(kind, options_json)
    status = 0
    for file in files:
        try:
            page = parse_file(kind, file.read_bytes(), url=url or "", options=options)
        except TrackerError as error:
            click.echo(f"tracker: {file}: {error}", err=True)
            status = 1
            continue
        for document in page.documents:
            row: dict[str, Any] = document_json(_with_language(document))
            if len(files) > 1:
                row = {"file": str(file), **row}
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        for problem in page.problems:
            click.echo(f"tracker: {file}: {problem}", err=True)
        if not page.complete:
            click.echo(f"tracker: {file}: the payload is cut off; the entries before the cut were read", err=True)
            status = 1
    return status


def _with_language(document: Document) -> Document:
    """The document with the language of its text where its source declares none."""
    text = document.text or document.summary or document.title
    if document.language or not text:
        return document
    from tracker.text.language import detect_language

    return replace(document, language=detect_language(text))


def _options(kind: str, text: str) -> dict[str, Any]:
    from tracker.errors import ConfigError
    from tracker.sources import FILE_KINDS, KINDS, validate_options

    if kind not in (known := {*KINDS, *FILE_KINDS}):
        raise ConfigError(f"{kind!r} is not a kind; write one of {' '.join(sorted(known))}")
    try:
        options = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"--options is not JSON: {error}") from None
    if not isinstance(options, dict):
        raise ConfigError("--options must be a JSON object")
    if faults := validate_options(kind, options):
        raise ConfigError([f"--options: {fault}" for fault in faults])
    return options
