"""Open data: CSV or JSON tables, each row a document, read with a map from document fields to columns.

A field may name several columns: they are joined, as lines "column: value" in the text. JSON columns and `records` are
dotted paths (`result.records`, `sample.date`).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from tracker.errors import ParseError
from tracker.model import Document, Page, Payload, Request, Source, Window
from tracker.sources._base import (
    Kind,
    Options,
    dated,
    doi_of,
    language_of,
    line_of,
    newest_first,
    options_of,
    read_json,
    refuse_html,
    stable_id,
    text_of,
    title_of,
    told_apart,
)
from tracker.text.dates import DateReader
from tracker.text.urls import absolute_url

FIELDS = frozenset(
    "external_id url title text summary authors publisher published updated language doi pmid journal countries".split()
)
_CELL_LIMIT = 1_000_000  # characters


class TableOptions(Options):
    """`columns` maps document fields, or `extra.NAME`, to a column or several.

    Paging: `offset_param` (rows to skip: `$offset`, `offset`) or `page_param` (1, 2, 3 …) is the parameter that moves
    on, `size_param` (`$limit`, `limit`) the one that takes `page_size`; reading ends at a page that is not full.
    """

    columns: dict[str, str | list[str]]
    format: Literal["csv", "json"] | None = None
    records: str | None = None
    delimiter: str | None = None
    date_format: str | list[str] | None = None
    offset_param: str | None = Field(default=None, min_length=1)
    page_param: str | None = Field(default=None, min_length=1)
    size_param: str | None = Field(default=None, min_length=1)
    page_size: int = Field(default=1000, ge=1, le=50_000)
    max_pages: int = Field(default=20, ge=1)

    @field_validator("columns")
    @classmethod
    def _known(cls, columns: dict[str, str | list[str]]) -> dict[str, str | list[str]]:
        unknown = [f for f in columns if f not in FIELDS and not f.startswith("extra.")]
        if unknown:
            known = ", ".join(sorted(FIELDS))
            raise ValueError(f"no such document field: {', '.join(unknown)} (known: {known}, extra.NAME)")
        return columns

    @model_validator(mode="after")
    def _says_something(self) -> TableOptions:
        if not {"title", "text"} & set(self.columns):
            raise ValueError("columns must name a column for title or text")
        if self.offset_param and self.page_param:
            raise ValueError("give offset_param or page_param, not both")
        if self.size_param and not self.paged:
            raise ValueError("size_param needs offset_param or page_param beside it")
        return self

    @property
    def paged(self) -> bool:
        """Whether the table is read page by page."""
        return bool(self.offset_param or self.page_param)

    @property
    def formats(self) -> Sequence[str]:
        """The strptime formats of the dates, tried in order."""
        return [self.date_format] if isinstance(self.date_format, str) else self.date_format or []


def first(source: Source, window: Window) -> Sequence[Request]:
    """The whole table, only when it changed; or its first page."""
    options = options_of(source, TableOptions)
    if options.paged:
        return (_ask(source, options, 0),)
    return (Request(url=source.url, step="table", conditional=True),)


def _ask(source: Source, options: TableOptions, page: int) -> Request:
    moves = (
        (options.offset_param, page * options.page_size),
        (options.page_param, page + 1),
        (options.size_param, options.page_size),
    )
    params = tuple((name, str(value)) for name, value in moves if name)
    return Request(url=source.url, params=params, step="table", state={"page": page})


def _next(source: Source, options: TableOptions, request: Request, rows: int) -> tuple[tuple[Request, ...], str | None]:
    """The request for the page after a full one, and the remark when there would be more than may be read."""
    if not options.paged or rows < options.page_size or "page" not in request.state:
        return (), None
    page = int(request.state["page"]) + 1
    if page >= options.max_pages:
        return (), f"stopped after {page} pages (max_pages): the table goes on"
    return (_ask(source, options, page),), None


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Return one document a row, the newest where `max_items` cuts."""
    options = options_of(source, TableOptions)
    refuse_html(source, payload, "a table")
    as_json = options.format == "json" or (options.format is None and payload.body.lstrip()[:1] in (b"{", b"["))
    find_rows = _json_rows if as_json else _csv_rows
    rows = list(find_rows(source, payload, options))
    _check_columns(rows, options, source)
    base = payload.url or source.url
    dates = DateReader(options.formats)
    found = [_document(row, options, source, base, dates) for row in rows]
    documents = told_apart(d for d in found if d is not None)
    kept, cut = newest_first(documents, source.max_items)
    empty = sum(d is None for d in found)
    problems = (f"{empty} of {len(rows)} rows have neither title nor text",) if empty else ()
    following, more = _next(source, options, request, len(rows))
    return Page(documents=kept, next=following, problems=(*cut, *problems, *((more,) if more else ())))


def csv_rows(body: bytes, name: str, delimiter: str | None = None) -> Iterable[Mapping[str, Any]]:
    """Yield the rows of a CSV table with a head; ParseError names the line that cannot be read."""
    reader = _reader(body, name, delimiter)
    try:
        for row in reader:
            yield {(k or "").strip(): v for k, v in row.items() if isinstance(v, str)}
    except csv.Error as error:
        raise ParseError(f"{name}: line {reader.line_num + 1} of the table cannot be read: {error}") from None


def csv_head(body: bytes, name: str, delimiter: str | None = None) -> list[str]:
    """Return the column names of a CSV table."""
    try:
        return [head.strip() for head in _reader(body, name, delimiter).fieldnames or ()]
    except csv.Error as error:
        raise ParseError(f"{name}: the head of the table cannot be read: {error}") from None


def _reader(body: bytes, name: str, delimiter: str | None) -> csv.DictReader[str]:
    text = _decoded(body).replace("\x00", "")
    if not text.strip():
        raise ParseError(f"{name}: a table was due, found nothing")
    csv.field_size_limit(_CELL_LIMIT)
    return csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter or _delimiter(text))


def _csv_rows(source: Source, payload: Payload, options: TableOptions) -> Iterable[Mapping[str, Any]]:
    return csv_rows(payload.body, source.id, options.delimiter)


def _decoded(body: bytes) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _delimiter(text: str) -> str:
    head = text.split("\n", 1)[0]
    return max(",;\t|", key=head.count)


def _json_rows(source: Source, payload: Payload, options: TableOptions) -> Iterable[Mapping[str, Any]]:
    data = read_json(source, payload, "a table")
    for part in options.records.split(".") if options.records else ():
        data = data.get(part) if isinstance(data, dict) else None
    if not isinstance(data, list):
        where = f"at records {options.records!r}" if options.records else "at the top; name the path in `records`"
        raise ParseError(f"{source.id}: no list of rows {where}")
    return [row for row in data if isinstance(row, dict)]


def _names(columns: str | list[str]) -> list[str]:
    return [columns] if isinstance(columns, str) else columns


def _check_columns(rows: Sequence[Mapping[str, Any]], options: TableOptions, source: Source) -> None:
    """A column that no row has is a mistake in the map, or a table that changed."""
    if not rows:
        return
    wanted = [name for columns in options.columns.values() for name in _names(columns)]
    missing = [n for n in wanted if all(_cell(row, n) is None for row in rows)]
    absent = [n for n in missing if not any(n in row for row in rows)]
    if absent:
        known = ", ".join(list(dict.fromkeys(k for row in rows[:50] for k in row))[:40])
        raise ParseError(f"{source.id}: the table has no column {', '.join(map(repr, absent))}; it has: {known}")


def _cell(row: Mapping[str, Any], column: str) -> Any:
    if column in row:
        return row[column]
    value: Any = row
    for part in column.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _words(value: Any) -> str | None:
    """Return a cell as words: a list joined, numbers as written, objects and empty cells as absent."""
    if isinstance(value, list):
        return ", ".join(w for w in map(_words, value) if w) or None
    if value is None or isinstance(value, (dict, bool)):
        return None
    return str(value).strip() or None


def _joined(row: Mapping[str, Any], columns: str | list[str] | None, *, labelled: bool = False) -> str | None:
    if columns is None:
        return None
    if isinstance(columns, str):
        return _words(_cell(row, columns))
    cells = [(name, _words(_cell(row, name))) for name in columns]
    lines = [f"{name.rsplit('.', 1)[-1]}: {words}" if labelled else words for name, words in cells if words]
    return ("\n" if labelled else ", ").join(lines) or None


def _document(
    row: Mapping[str, Any], options: TableOptions, source: Source, base: str, dates: DateReader
) -> Document | None:
    got = {f: _joined(row, c, labelled=f in ("text", "summary")) for f, c in options.columns.items()}
    title, text = title_of(got.get("title")), text_of(got.get("text"))
    if not (title or text):
        return None
    url = absolute_url(got.get("url"), base)
    stated = line_of(got.get("external_id"))
    document = Document(
        external_id=stated or url or stable_id(title, text, got.get("published")),
        url=url,
        title=title,
        text=text,
        summary=text_of(got.get("summary")),
        authors=tuple(a for a in (line_of(p) for p in (got.get("authors") or "").split(";")) if a),
        publisher=line_of(got.get("publisher")) or source.publisher,
        language=language_of(source, got.get("language")),
        doi=doi_of(got.get("doi")),
        pmid=got["pmid"] if (got.get("pmid") or "").isdigit() else None,
        journal=line_of(got.get("journal")),
        countries=tuple(re.findall(r"\b[A-Z]{2}\b", (got.get("countries") or "").upper())),
        extra={f.removeprefix("extra."): v for f, v in got.items() if f.startswith("extra.") and v},
    )
    return dated(document, dates(got.get("published")), dates(got.get("updated")))


KIND = Kind(name="table", options=TableOptions, first=first, read=read)
