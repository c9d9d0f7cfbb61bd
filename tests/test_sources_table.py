"""Open tables: CSV and JSON rows become documents by a map of columns."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tracker.errors import ConfigError, ParseError
from tracker.model import Payload, Request, Source, Window
from tracker.sources import kind, parse_file, validate_options

CSV = (
    'Sample ID;Substance;Found;Date;Link\nA1;bromazolam;"xylazine, caffeine";03.06.2024;/s/A1\nA2;;;;\nA3;MDMA;;soon;\n'
)
MAP: dict[str, Any] = {
    "external_id": "Sample ID",
    "title": "Substance",
    "text": ["Substance", "Found"],
    "published": "Date",
    "url": "Link",
    "extra.found": "Found",
}


@pytest.mark.parametrize(
    "encoded",
    [CSV.encode(), "\ufeff".encode() + CSV.encode(), CSV.encode("utf-16"), CSV.replace("\n", "\r\n").encode()],
)
def test_a_csv_table_is_read_by_its_map(encoded: bytes) -> None:
    page = parse_file("table", encoded, url="https://example.org/data.csv", options={"columns": MAP})
    first, last = page.documents
    assert (first.external_id, first.title, first.published) == ("A1", "bromazolam", "2024-06-03")
    assert first.text == "Substance: bromazolam\nFound: xylazine, caffeine"
    assert (first.url, first.extra["found"]) == ("https://example.org/s/A1", "xylazine, caffeine")
    assert (last.external_id, last.published) == ("A3", None)
    assert page.problems == ("1 of 3 rows have neither title nor text",)


def test_a_json_table_is_read_by_dotted_paths() -> None:
    rows = {"result": {"records": [{"sample": {"name": "x", "tags": ["a", "b"]}, "when": 20240603, "n": 5}, "no row"]}}
    columns = {"title": "sample.name", "text": "sample.tags", "published": "when", "external_id": "n"}
    (document,) = parse_file(
        "table", json.dumps(rows).encode(), options={"columns": columns, "records": "result.records"}
    ).documents
    assert (document.title, document.text, document.published, document.external_id) == ("x", "a, b", "2024-06-03", "5")


def test_rows_without_id_have_stable_ones_and_the_newest_stay_when_cut() -> None:
    body = ("t,d\n" + "".join(f"row {i},2024-06-{i:02}\n" for i in range(1, 21))).encode()
    options = {"columns": {"title": "t", "published": "d"}}
    assert parse_file("table", body, options=options) == parse_file("table", body, options=options)
    page = kind("table").read(
        Source(id="s", kind="table", url="", options=options, max_items=3), Payload(body), Request("")
    )
    assert [d.published for d in page.documents] == ["2024-06-20", "2024-06-19", "2024-06-18"]
    assert "3 of 20" in page.problems[0]


@pytest.mark.parametrize(
    ("body", "options", "words"),
    [
        (b"a,b\n1,2\n", {"columns": {"title": "c"}}, "no column 'c'; it has: a, b"),
        (b'{"x": {}}', {"columns": {"title": "c"}, "records": "x.y"}, "no list of rows at records 'x.y'"),
        (b'{"x": []}', {"columns": {"title": "c"}}, "name the path in `records`"),
        (b"<html><body>no</body></html>", {"columns": {"title": "c"}}, "HTML page"),
        (b"", {"columns": {"title": "c"}}, "found nothing"),
        (b'a\n"' + b"x" * 1_100_000, {"columns": {"title": "a"}}, "line 2"),
    ],
)
def test_what_cannot_be_read_is_named(body: bytes, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_file("table", body, options=options)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({}, "columns: Field required"),
        ({"columns": {"titel": "x"}}, "columns: no such document field: titel"),
        ({"columns": {"url": "x"}}, "columns must name a column for title or text"),
        ({"columns": {"title": "x"}, "format": "xls"}, "format: Input should be 'csv' or 'json'"),
    ],
)
def test_mistakes_in_the_map_are_named(options: dict[str, Any], line: str) -> None:
    (problem,) = validate_options("table", options)
    assert problem.startswith(line)
    with pytest.raises(ConfigError):
        parse_file("table", b"a\n1\n", options=options)


def test_paged_tables_are_read_to_the_page_that_is_not_full() -> None:
    options = {
        "columns": {"title": "t"}, "format": "json", "offset_param": "$offset", "size_param": "$limit", "page_size": 2,
        "max_pages": 3,
    }  # fmt: skip
    entry = Source("t", "table", "https://data.example/x.json", options=options)
    table, window = kind("table"), Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    (request,) = table.first(entry, window)
    assert (request.params, request.conditional) == ((("$offset", "0"), ("$limit", "2")), False)
    full, rest = Payload(b'[{"t": "a"}, {"t": "b"}]'), Payload(b'[{"t": "c"}]')
    (second,) = table.read(entry, full, request).next
    assert second.params == (("$offset", "2"), ("$limit", "2"))
    assert table.read(entry, rest, second).next == ()
    (third,) = table.read(entry, full, second).next
    last = table.read(entry, full, third)
    assert (last.next, last.problems) == ((), ("stopped after 3 pages (max_pages): the table goes on",))
    assert table.read(entry, full, Request("")).next == (), "a recorded file has no next page"


def test_page_numbers_count_from_one() -> None:
    entry = Source("t", "table", "https://data.example/x", options={"columns": {"title": "t"}, "page_param": "page"})
    window = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    (request,) = kind("table").first(entry, window)
    assert request.params == (("page", "1"),)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"offset_param": "o", "page_param": "p"}, "not both"),
        ({"size_param": "limit"}, "size_param needs"),
        ({"page_param": "p", "page_size": 0}, "page_size"),
    ],
)
def test_paging_that_cannot_be_meant_is_refused(options: dict[str, object], word: str) -> None:
    (problem,) = validate_options("table", {"columns": {"title": "t"}, **options})
    assert word in problem
