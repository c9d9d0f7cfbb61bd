"""Hostile input costs its source at most its limits, and the others nothing."""

from __future__ import annotations

import gzip
import socket
import time
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

import pytest
from collect_support import FAST, Clock, Lines, make_client, raw_server
from pytest_httpserver import HTTPServer

from tracker.collect import Limits, collect
from tracker.collect.decode import read_bounded
from tracker.errors import FetchError
from tracker.model import Source, SourceResult

MB = 1024 * 1024
SMALL = replace(FAST, limits=Limits(connect=1, read=0.6, total=1.0, body=2 * MB, backoff=0.0))


def _send(head: str, *pieces: bytes, pause: float = 0.0, times: int = 1) -> Callable[[socket.socket, bytes], None]:
    def answer(connection: socket.socket, request: bytes) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\nConnection: close\r\n{head}\r\n".encode())
        for _ in range(times):
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)

    return answer


def _header_drip(connection: socket.socket, request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for n in range(200):
        connection.sendall(b"X-%d: a\r\n" % n)
        time.sleep(0.05)


def _header_flood(connection: socket.socket, request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for n in range(100_000):
        connection.sendall(b"X-%d: %s\r\n" % (n, b"a" * 900))


def _silence(connection: socket.socket, request: bytes) -> None:
    time.sleep(3)


def _nonsense(connection: socket.socket, request: bytes) -> None:
    connection.sendall(bytes(range(256)) * 20)


def _smuggled(connection: socket.socket, request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://a\x00b/\r\nContent-Length: 0\r\n\r\n")


BOMB = gzip.compress(b"\0" * (60 * MB))
ATTACKS: dict[str, tuple[Callable[[socket.socket, bytes], None], str]] = {
    "200 MB announced": (_send(f"Content-Length: {200 * MB}\r\n", b"lines\n" * 1000), "limit"),
    "200 MB without a length": (_send("", b"item a\n" * 10_000, times=3000), "larger than"),
    "200 MB in chunks": (
        _send("Transfer-Encoding: chunked\r\n", b"10000\r\n" + b"a" * 65536 + b"\r\n", times=3000),
        "larger than",
    ),
    "gzip bomb": (_send(f"Content-Encoding: gzip\r\nContent-Length: {len(BOMB)}\r\n", BOMB), "larger than"),
    "gzip bomb in gzip": (_send("Content-Encoding: gzip, gzip\r\n", gzip.compress(BOMB)), "larger than"),
    "deflate bomb": (_send("Content-Encoding: deflate\r\n", zlib.compress(b"\0" * (60 * MB))), "larger than"),
    "body drip": (_send("Content-Length: 100000\r\n", b"a", pause=0.05, times=200), "in time"),
    "chunk drip": (_send("Transfer-Encoding: chunked\r\n", b"1\r\na\r\n", pause=0.05, times=200), "in time"),
    "header drip": (_header_drip, "in time"),
    "header flood": (_header_flood, "failed"),
    "silence": (_silence, "in time"),
    "no HTTP at all": (_nonsense, "dropped|failed"),
    "redirect to nonsense": (_smuggled, "address"),
    "body cut off": (_send("Content-Length: 5000\r\n", b"nothing"), "ended before the whole body"),
    "gzip cut off": (_send("Content-Encoding: gzip\r\n", gzip.compress(b"x" * 999_999)[:500]), "ends early"),
    "gzip damaged": (_send("Content-Encoding: gzip\r\n", BOMB[:300] + b"\xff" * 300), "damaged"),
    "false chunks": (_send("Transfer-Encoding: chunked\r\n", b"zz\r\nabc"), "broke"),
    "false encoding": (_send("Content-Encoding: made-up\r\n", b"lines"), "made-up"),
}


def _run(sources: list[Source], **options: object) -> dict[str, SourceResult]:
    clock = Clock()
    client = make_client(settings=SMALL)
    results = collect(
        sources,
        {},
        settings=SMALL,
        now=clock.now,
        kinds=lambda name: Lines(),
        http=client,
        **options,  # type: ignore[arg-type]
    )
    return {result.source.id: result for result in results}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_an_error_with_its_cause_within_the_limits(attack: str) -> None:
    answer, words = ATTACKS[attack]
    with raw_server(answer) as url:
        started = time.monotonic()
        result = _run([Source("bad", "lines", url + "/x")])["bad"]
        spent = time.monotonic() - started
    assert result.status == "error"
    assert result.documents == ()
    assert any(word in str(result.error) for word in words.split("|")), result.error
    assert "\n" not in str(result.error)
    assert spent < 1.0 + 0.9  # the total time, and what a loaded machine adds


def test_all_attacks_at_once_cost_the_good_sources_nothing(httpserver: HTTPServer) -> None:
    good = []
    with ExitStack() as servers:
        bad = [
            Source(f"bad{n}", "lines", servers.enter_context(raw_server(answer, host=f"127.0.1.{n + 1}")) + "/x")
            for n, (answer, _) in enumerate(ATTACKS.values())
        ]
        for n in range(5):
            httpserver.expect_request(f"/g{n}").respond_with_data(f"lines\nitem g{n}")
            good.append(Source(f"good{n}", "lines", httpserver.url_for(f"/g{n}")))
        results = _run([*bad, *good], workers=8)
    assert len(results) == len(bad) + len(good)
    assert {results[s.id].status for s in good} == {"ok"}
    assert {results[s.id].status for s in bad} == {"error"}


def test_a_bomb_is_stopped_before_it_takes_its_size_in_memory() -> None:
    bomb = gzip.compress(gzip.compress(b"\0" * (60 * MB)))
    tracemalloc.start()
    try:
        with pytest.raises(FetchError, match="larger than 2 MB"):
            read_bounded([bomb], encoding="gzip, gzip", limit=2 * MB)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6 * MB


def test_a_body_within_the_limit_is_whole(httpserver: HTTPServer) -> None:
    body = "lines\nitem " + "a" * (2 * MB - 100)
    httpserver.expect_request("/x").respond_with_data(body)
    result = _run([Source("big", "lines", httpserver.url_for("/x"))])["big"]
    assert result.status == "ok"
    assert result.fetches[0].bytes == len(body)


def test_a_mistake_in_a_kind_costs_its_source_one_poll(
    httpserver: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Lines):
        def read(self, *args: object) -> object:  # type: ignore[override]
            raise RecursionError("nested too deeply")

    httpserver.expect_request("/x").respond_with_data("lines\nitem a")
    sources = [Source("a", "broken", httpserver.url_for("/x")), Source("b", "lines", httpserver.url_for("/x"))]
    kinds = {"broken": Broken(), "lines": Lines()}
    client = make_client(settings=SMALL)
    found = collect(sources, {}, settings=SMALL, now=Clock().now, kinds=kinds.__getitem__, http=client)
    results = {r.source.id: r for r in found}
    assert results["a"].status == "error"
    assert "RecursionError" in str(results["a"].error)
    assert results["a"].state.failures == 1
    assert results["b"].status == "ok"
    assert "nested too deeply" in caplog.text


@pytest.mark.filterwarnings("ignore::bs4.XMLParsedAsHTMLWarning")
@pytest.mark.parametrize("kind", ["feed", "crossref", "pubmed", "listing", "federal_register"])
@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html><head><title>Hello</title></head><body>no data</body></html>",
        b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">'
        + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%s;" % (b"" if n == 0 else b"%d" % (n - 1)) * 10) for n in range(9))
        + b"]><rss><channel><title>&a8;</title><item><title>&a8;</title></item></channel></rss>",
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        b"<rss><channel><item><title>&x;</title><guid>1</guid></item></channel></rss>",
        b"\0" * 5000,
        b"[" * 100_000,
        b"<a>" * 100_000,
        b'<?xml version="1.0" encoding="no-such-charset"?><rss><channel>\xff\xfe</channel></rss>',
    ],
    ids=["html", "entity bomb", "external entity", "NULs", "deep JSON", "deep XML", "wrong charset"],
)
def test_hostile_payloads_of_real_kinds_end_in_a_status(httpserver: HTTPServer, kind: str, body: bytes) -> None:
    from tracker.sources import KINDS

    if kind not in KINDS:
        pytest.skip(f"the kind {kind} is not there")
    httpserver.expect_request("/robots.txt").respond_with_data("")
    for path in ("/x", "/esearch.fcgi", "/efetch.fcgi"):
        httpserver.expect_request(path).respond_with_data(body, content_type="text/xml")
    url = httpserver.url_for("/esearch.fcgi" if kind == "pubmed" else "/x")
    options = (
        {"item": "li", "title": "a"} if kind == "listing" else {"query": "x"} if kind in ("crossref", "pubmed") else {}
    )
    client = make_client(settings=SMALL)
    entry = Source("s", kind, url, options=options)
    (result,) = collect([entry], {}, settings=SMALL, now=Clock().now, http=client)
    assert result.status in ("error", "empty", "blocked", "ok")
    assert "a mistake of this program" not in str(result.error)
    assert "root:" not in repr(result.documents)
    assert sum(len(d.title or "") for d in result.documents) < 10_000
