"""Documents as JSON lines: what `tracker parse` prints, `tracker export` writes and `tracker tag` takes.

`id` is read as external_id, `source_type` as doctype, `country` as countries; unknown keys go to `extra`. Labels in the
file (substances, themes …) are never believed: they are dropped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast, get_args

from tracker.errors import ParseError
from tracker.model import DocType, Document, EditorialStatus, Page, Payload, Request, Source
from tracker.sources._base import Kind, Options, claimed, dated, doi_of, line_of, stable_id, text_of, title_of
from tracker.sources._codes import language_code

_RENAMED = {"id": "external_id", "source_type": "doctype", "country": "countries"}
_LABELS = frozenset(
    "substances candidates context_substances classes class_mentions themes grade relevant relevance lexicon story "
    "first_seen source file precision snippet score".split()
)


class NoOptions(Options):
    """JSON lines need none."""


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Return one document a line; a bad line is a problem with its number, the rest is read."""
    documents: list[Document] = []
    problems: list[str] = []
    for number, line in _lines(payload.body):
        try:
            documents.append(document_of(_object(line), source))
        except ValueError as error:
            problems.append(f"line {number}: {error}")
    if not documents and problems:
        raise ParseError(f"{source.id}: no line is a document; {problems[0]}")
    return Page(documents=tuple(documents), problems=tuple(problems), complete=not problems)


def _lines(body: bytes) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(body.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if raw.strip():
            yield number, raw.decode("utf-8", "surrogatepass" if b"\xed" in raw else "replace")


def _object(line: str) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"a JSON object was due, found a {type(found).__name__}")
    return found


def document_of(record: Mapping[str, Any], source: Source) -> Document:
    """Return the document of one JSON object; ValueError names the field that cannot be used."""
    given: dict[str, Any] = {}
    for key, value in sorted(record.items(), key=lambda item: item[0] in _RENAMED):  # external_id before id
        given.setdefault(_RENAMED.get(key, key), value)
    title, text, summary = (
        title_of(_text(given, "title")),
        text_of(_text(given, "text")),
        text_of(_text(given, "summary")),
    )
    if not (title or text or summary):
        raise ValueError("neither title nor text")
    url = _text(given, "url")
    doctype, status = _text(given, "doctype"), _text(given, "editorial_status") or "ok"
    document = Document(
        external_id=_text(given, "external_id") or url or stable_id(title, text),
        url=url,
        title=title,
        text=text or summary,
        summary=summary if text else None,
        publisher=line_of(given.get("publisher")) or source.publisher,
        language=language_code(_text(given, "language")) or source.language,
        doctype=cast(DocType, doctype) if doctype in get_args(DocType) else None,
        doi=doi_of(_text(given, "doi")),
        pmid=_text(given, "pmid"),
        journal=line_of(given.get("journal")),
        editorial_status=cast(EditorialStatus, status) if status in get_args(EditorialStatus) else "ok",
        extra=_extra(given),
        authors=_list(given, "authors"),
        pub_types=_list(given, "pub_types"),
        relates_to=_list(given, "relates_to"),
        countries=_list(given, "countries"),
    )
    return dated(document, claimed(given.get("published")), claimed(given.get("updated")))


def _text(given: Mapping[str, Any], key: str) -> str | None:
    value = given.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"{key} must be text, found a {type(value).__name__}")
    text = str(value)
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError(f"{key} has a lone surrogate")
    return text.strip() or None


def _list(given: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = given.get(key)
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,) if value.strip() else ()
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise ValueError(f"{key} must be a list of texts")
    return tuple(v for v in value if v.strip())


def _extra(given: Mapping[str, Any]) -> dict[str, Any]:
    known = set(Document.__dataclass_fields__) | _LABELS
    own = given.get("extra")
    extra = dict(own) if isinstance(own, dict) else {}
    return {**extra, **{k: v for k, v in given.items() if k not in known and v is not None}}


KIND = Kind(name="jsonl", options=NoOptions, read=read)
