"""What the JSON and XML interfaces have in common: lists read also when cut off, XML without entities."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tracker.errors import BlockedError, ParseError
from tracker.model import Document, Page, Payload, Request, Source
from tracker.sources._base import read_json
from tracker.sources._walk import Move, Walk, advance, walk_in

CUT = "the payload is cut off; what stood before the cut was read"


@dataclass(frozen=True, slots=True)
class Listed:
    """A JSON answer with a list in it; `data` is what surrounds the list ({} when the payload was cut off)."""

    data: dict[str, Any]
    items: list[dict[str, Any]]
    complete: bool = True


def read_listed(source: Source, payload: Payload, wanted: str, *path: str) -> Listed:
    """Return the list at `path` of a JSON answer, and the whole of it.

    Of an answer that is cut off, the items before the cut. ParseError when the list is not there.
    """
    try:
        data = read_json(source, payload, wanted)
    except BlockedError:
        raise
    except ParseError:
        items = _before_the_cut(payload.body, path[-1])
        if items is None:
            raise
        return Listed({}, items, complete=False)
    found: Any = data
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, list):
        raise ParseError(f"{source.id}: {wanted} was due; the answer has no list {'.'.join(path)!r}")
    return Listed(data, [item for item in found if isinstance(item, dict)])


def _before_the_cut(body: bytes, name: str) -> list[dict[str, Any]] | None:
    """The whole items of the list called `name` in broken JSON, None when it does not even begin."""
    text = body.decode("utf-8-sig", "replace")
    opened = re.search(rf'"{re.escape(name)}"\s*:\s*\[', text)
    if not text.lstrip().startswith("{") or not opened:
        return None
    decoder = json.JSONDecoder(strict=False)
    items: list[dict[str, Any]] = []
    at = opened.end()
    while match := re.compile(r"\s*,?\s*(?=\{)").match(text, at):
        try:
            item, at = decoder.raw_decode(text, match.end())
        except (ValueError, RecursionError):
            break
        items.append(item)
    return items


def each(
    source: Source, items: Sequence[dict[str, Any]], make: Any, named: str
) -> tuple[tuple[Document, ...], tuple[str, ...]]:
    """Return the documents that `make` gives and a line for each item that it could not read."""
    documents: list[Document] = []
    problems: list[str] = []
    for number, item in enumerate(items, 1):
        try:
            document = make(source, item)
        except (AttributeError, TypeError, ValueError, LookupError, ArithmeticError, RecursionError) as cause:
            problems.append(f"{named} {number} was left out: {type(cause).__name__}: {cause}"[:300])
            continue
        if document is None:
            problems.append(f"{named} {number} was left out: it has neither an identifier nor a title")
        else:
            documents.append(document)
    return tuple(documents), tuple(problems)


def walked(
    request: Request,
    documents: Sequence[Document],
    ask: Callable[[Walk], Request],
    *,
    got: int,
    pos: str | None,
    total: int | None = None,
    ceiling: int = 0,
    max_pages: int | None = None,
    problems: Sequence[str] = (),
    complete: bool = True,
) -> Page:
    """Return the page of a search with what follows: the next page (`pos`) or the halves of its time, by `ask`.

    Nothing follows a recorded file (it has no walk) nor a payload that was cut off. One of several queries does not
    tell its total: it would be taken for that of all.
    """
    walk = walk_in(request.state)
    move = Move()
    if walk is not None and complete:
        move = advance(walk, got=got, pos=pos, total=total, ceiling=ceiling, max_pages=max_pages)
    return Page(
        documents=tuple(documents),
        next=tuple(ask(following) for following in move.walks),
        total=total if walk is None or walk.parts == 1 else None,
        problems=(*problems, *move.problems, *(() if complete else (CUT,))),
        complete=complete,
    )


def secrets(source: Source, name: str = "api_key") -> tuple[tuple[str, str], ...]:
    """Return the secret parameter of a source that has a key: the NAME of its environment variable."""
    return ((name, source.key_env),) if source.key_env else ()


def text_list(value: Any) -> list[Any]:
    """Return a JSON list as it is, one value as a list, nothing as []."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def mapping(value: Any) -> dict[str, Any]:
    """Return a JSON object as it is, {} for anything else."""
    return value if isinstance(value, dict) else {}


def number_of(value: Any) -> int | None:
    """Return a whole number that a server states as number or text, None for anything else or too large to be meant."""
    text = str(value).strip()
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) and not isinstance(value, bool) else None


def without_empty(extra: dict[str, Any]) -> dict[str, Any]:
    """Return `extra` without its empty values: absent is absent."""
    return {k: v for k, v in extra.items() if v not in (None, "", [], {}, ())}


def merged(documents: Sequence[Document]) -> tuple[Document, ...]:
    """Return `documents` without whole repetitions (pages of a moving list overlap)."""
    seen: dict[str, Document] = {}
    for document in documents:
        seen.setdefault(document.external_id, document)
    return tuple(seen.values())


def with_type(document: Document, source: Source, usual: Any) -> Document:
    """Return `document` with the source's document type, else what the kind usually has."""
    return replace(document, doctype=source.type or usual)


# --- XML -------------------------------------------------------------------------------------------------------------

_ROOT = re.compile(rb"<([A-Za-z][\w.-]*(?::[\w.-]+)?)")
_PROLOG = re.compile(rb"<!--.*?-->|<\?.*?\?>", re.DOTALL)


def root_name(body: bytes) -> str:
    """Return the name of an XML document's first element, "" when there is none near its beginning."""
    head = body[:65536]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "ignore").encode()
    match = _ROOT.search(_PROLOG.sub(b"", head))
    return match[1].decode("ascii", "replace").rsplit(":", 1)[-1] if match else ""


def refuse_entities(source: Source, body: bytes) -> None:
    """Raise ParseError for XML that declares entities: none of our sources does, an entity bomb must."""
    head = body[:65536]
    if b"<!ENTITY" in head or "<!ENTITY".encode("utf-16-le") in head or "<!ENTITY".encode("utf-16-be") in head:
        raise ParseError(f"{source.id}: the XML declares entities, which are never expanded; nothing was read")


def elements(chunks: Iterable[bytes], tags: Sequence[str]) -> Iterator[Any]:
    """Yield the elements called one of `tags` as they are closed, then forget them: memory stays that of one chunk.

    Without DTD, entities, network and huge trees. Raises lxml.etree.XMLSyntaxError at a cut or a fault, after the
    elements before it.
    """
    from lxml import etree

    parser = etree.XMLPullParser(
        events=("end",), tag=tuple(tags), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    for chunk in chunks:
        try:
            parser.feed(chunk)
        except etree.XMLSyntaxError:
            yield from _closed(parser)
            raise
        yield from _closed(parser)
    parser.close()


def _closed(parser: Any) -> Iterator[Any]:
    for _, element in parser.read_events():
        yield element
        element.clear()
        parent = element.getparent()
        if parent is not None:
            while element.getprevious() is not None:
                del parent[0]
