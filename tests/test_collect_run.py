"""Many sources side by side: one result each, a clean stop, hosts that do not hold each other up."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack

import pytest
from collect_support import FAST, Clock, Lines, make_client, raw_server
from pytest_httpserver import HTTPServer

from tracker.collect import collect
from tracker.model import FetchState, Source

OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 12\r\n\r\nlines\nitem a"


def _collect(sources: list[Source], **options: object) -> list[object]:
    options = {"settings": FAST, "now": Clock().now, "kinds": lambda name: Lines(), "states": {}} | options
    return list(collect(sources, options.pop("states"), **options))  # type: ignore[arg-type]


def test_every_source_has_one_result_in_order_of_finishing(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("lines\nitem a")
    sources = [Source(f"s{n}", "lines", httpserver.url_for("/x")) for n in range(20)]
    seen: list[str] = []
    results = _collect(sources, on_result=lambda r: seen.append(r.source.id))
    assert sorted(seen) == sorted(s.id for s in sources)
    assert [r.source.id for r in results] == seen  # type: ignore[attr-defined]


def test_no_source_at_all_is_no_result() -> None:
    assert _collect([]) == []


def test_states_are_handed_to_their_sources(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("lines\nitem a")
    clock = Clock()
    states = {"a": FetchState("a", last_polled=clock.at), "b": FetchState("b")}
    sources = [Source(i, "lines", httpserver.url_for("/x")) for i in "abc"]
    results = _collect(sources, states=states, now=clock.now)
    assert {r.source.id: r.status for r in results} == {"a": "skipped", "b": "ok", "c": "ok"}  # type: ignore[attr-defined]


def test_an_unknown_kind_fails_alone(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("lines\nitem a")
    sources = [Source("a", "no_such_kind", httpserver.url_for("/x"))]
    (result,) = collect(sources, {}, settings=FAST, now=Clock().now)
    assert result.status == "error"
    assert "no_such_kind" in str(result.error)


def test_sources_of_a_slow_host_do_not_hold_up_the_others() -> None:
    order: list[str] = []

    def slow(connection: socket.socket, request: bytes) -> None:
        time.sleep(0.25)
        connection.sendall(OK)

    with raw_server(slow, host="127.0.2.1") as one, raw_server(lambda c, r: c.sendall(OK), host="127.0.2.2") as two:
        sources = [Source(f"slow{n}", "lines", one + "/x") for n in range(8)]
        sources += [Source("quick", "lines", two + "/x")]
        for result in collect(sources, {}, settings=FAST, now=Clock().now, kinds=lambda n: Lines(), workers=4):
            order.append(result.source.id)
    assert order.index("quick") <= 2


def test_slow_sources_on_distinct_hosts_are_waited_for_side_by_side() -> None:
    def slow(connection: socket.socket, request: bytes) -> None:
        time.sleep(0.3)
        connection.sendall(OK)

    with ExitStack() as servers:
        urls = [servers.enter_context(raw_server(slow, host=f"127.0.3.{n + 1}")) for n in range(8)]
        started = time.monotonic()
        _collect([Source(f"s{n}", "lines", url + "/x") for n, url in enumerate(urls)])
        spent = time.monotonic() - started
    assert spent < 1.5  # one after the other: 2.4


@pytest.mark.parametrize("how", ["silence", "turn"])
@pytest.mark.parametrize("called", [False, True])
def test_a_stop_ends_the_run_within_seconds_and_leaves_unfinished_sources_as_they_were(how: str, called: bool) -> None:
    stop, asked = threading.Event(), threading.Event()

    def silent(connection: socket.socket, request: bytes) -> None:
        asked.set()
        stop.wait(5)
        time.sleep(0.5)

    with raw_server(silent) as url:
        sources = [Source(f"s{n}", "lines", url + "/x") for n in range(4 if how == "turn" else 1)]
        threading.Thread(target=lambda: (asked.wait(5), stop.set()), daemon=True).start()
        started = time.monotonic()
        slow_limits = FAST.__class__(pace=FAST.pace, hosts={})  # 30 s for an answer
        results = _collect(sources, stop=stop.is_set if called else stop, settings=slow_limits)
        spent = time.monotonic() - started
    assert results == []
    assert spent < 5


def test_a_caller_who_walks_away_leaves_no_thread_behind(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("lines\nitem a")
    sources = [Source(f"s{n}", "lines", httpserver.url_for("/x")) for n in range(30)]
    running = collect(sources, {}, settings=FAST, now=Clock().now, kinds=lambda n: Lines(), workers=4)
    next(running)
    running.close()  # type: ignore[attr-defined]
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(t.name.startswith("collect-") for t in threading.enumerate()):
        time.sleep(0.01)
    assert not [t for t in threading.enumerate() if t.name.startswith("collect-")]
    assert len(httpserver.log) < 30


def test_one_client_can_serve_several_runs(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("lines\nitem a")
    client = make_client()
    for _ in range(3):
        (result,) = _collect([Source("a", "lines", httpserver.url_for("/x"))], http=client)
        assert result.status == "ok"  # type: ignore[attr-defined]
