"""One part as a stream of documents, through the very parsers that `tracker.sources` has for single payloads.

Memory stays that of one batch, whatever the size of the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from tracker.errors import ParseError, UsageError
from tracker.model import Document

BULK_KINDS = ("pubmed", "crossref", "openalex", "europepmc", "jsonl", "parquet")
_BATCH = 500  # records handed to a parser at once
# A snapshot has one record a line; put back into the API's envelope it is a payload like any other.
_ENVELOPES: dict[str, tuple[bytes, bytes]] = {
    "crossref": (b'{"status":"ok","message-type":"work-list","message":{"items":[', b"]}}"),
    "openalex": (b'{"meta":{"count":0},"results":[', b"]}"),
    "europepmc": (b'{"hitCount":0,"resultList":{"result":[', b"]}}"),
}


@dataclass(frozen=True, slots=True)
class Deleted:
    """A record that the source has withdrawn from its set (PubMed's DeleteCitation)."""

    external_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that could not be read: its place and why. The rest of the part goes on."""

    place: str
    why: str


Item = Document | Deleted | Refused


def guess_kind(path: str) -> str:
    """The kind that a file name suggests; UsageError asks for `--kind` where it suggests none."""
    name = path.lower()
    for ending, kind in ((".xml", "pubmed"), (".xml.gz", "pubmed"), (".parquet", "parquet")):
        if name.endswith(ending):
            return kind
    if any(name.endswith(e) for e in (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")):
        return "jsonl"
    raise UsageError(f"{path}: its name does not say what it is; give --kind {'|'.join(BULK_KINDS)}")


def read_part(path: str, kind: str) -> Iterator[Item]:
    """The items of one part in file order.

    Raises ParseError with the place where a part is not of its kind or breaks off: a part is whole or absent.
    """
    import fsspec

    reader: Callable[[BinaryIO], Iterator[Item]] = _READERS[kind]
    with fsspec.open(path, "rb", compression=None if kind == "parquet" else "infer") as stream:
        count = 0
        try:
            for item in reader(stream):
                count += 1
                yield item
        except (OSError, EOFError, SyntaxError, ValueError) as cause:  # lxml's XMLSyntaxError is a SyntaxError
            raise ParseError(f"{path}: broken after {count} records: {cause}") from cause


def _pubmed(stream: BinaryIO) -> Iterator[Item]:
    from tracker.sources.pubmed import DELETED, documents

    for number, item in enumerate(documents(stream)):
        if isinstance(item, Document):
            yield item
        elif item.startswith(DELETED):
            for key in item.removeprefix(DELETED).split(", "):
                yield Deleted(key.removeprefix("pmid:").strip())
        else:
            yield Refused(f"record {number + 1}", item)


def _enveloped(kind: str) -> Callable[[BinaryIO], Iterator[Item]]:
    def read(stream: BinaryIO) -> Iterator[Item]:
        numbered = ((n, line.strip().rstrip(b",")) for n, line in enumerate(_records(stream), 1))
        full = ((n, line) for n, line in numbered if line)
        while batch := list(islice(full, _BATCH)):
            try:
                yield from _through_parser(kind, [line for _, line in batch])
            except ParseError:
                for number, line in batch:  # one bad record must not cost its neighbours
                    try:
                        yield from _through_parser(kind, [line])
                    except ParseError as fault:
                        yield Refused(f"line {number}", str(fault))

    return read


def _records(stream: BinaryIO) -> Iterator[bytes]:
    """Lines of a snapshot; a file that is one JSON object with a list of items is opened up first."""
    head = stream.readline()
    if head.lstrip().startswith((b'{"items"', b"[")) or head.strip() == b"{":
        whole = json.loads(head + stream.read())
        for record in whole if isinstance(whole, list) else whole.get("items", []):
            yield json.dumps(record).encode()
        return
    yield head
    yield from stream


def _through_parser(kind: str, lines: list[bytes]) -> list[Item]:
    from tracker.sources import parse_file

    before, after = _ENVELOPES[kind]
    page = parse_file(kind, before + b",".join(lines) + after)
    if not page.complete:
        raise ParseError(page.problems[0] if page.problems else "the record is cut off")
    items: list[Item] = list(page.documents)
    return items + [Refused("batch", problem) for problem in page.problems]


def _jsonl(stream: BinaryIO) -> Iterator[Item]:
    for number, line in enumerate(stream, 1):
        if line.strip():
            yield _from_json(f"line {number}", lambda line=line: json.loads(line))  # type: ignore[misc]


def _parquet(stream: BinaryIO) -> Iterator[Item]:
    import pyarrow.parquet as pq

    number = 0
    for batch in pq.ParquetFile(stream).iter_batches(batch_size=_BATCH):
        for row in batch.to_pylist():
            number += 1
            present = {key: value for key, value in row.items() if value not in (None, [], "")}
            yield _from_json(f"row {number}", lambda present=present: present)  # type: ignore[misc]


def _from_json(place: str, load: Callable[[], Any]) -> Item:
    from tracker.sources._wire import document_from_json

    try:
        return document_from_json(load())
    except (ValueError, ParseError) as fault:
        return Refused(place, str(fault))


_READERS: dict[str, Callable[[BinaryIO], Iterator[Item]]] = {
    "pubmed": _pubmed,
    "crossref": _enveloped("crossref"),
    "openalex": _enveloped("openalex"),
    "europepmc": _enveloped("europepmc"),
    "jsonl": _jsonl,
    "parquet": _parquet,
}
