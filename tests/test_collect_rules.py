"""The pure rules: due, windows, statuses, Retry-After, challenge pages, memory, redaction, pace."""

from __future__ import annotations

import itertools
import logging
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from collect_support import NOW, Clock, ask, make_client, source
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Response

from tracker.collect import HostPace, due, memory
from tracker.collect.decode import read_bounded
from tracker.collect.pace import Pacer
from tracker.collect.redact import Redactor, without_params
from tracker.collect.settings import KNOWN_HOSTS
from tracker.collect.statuses import is_challenge, retry_after
from tracker.errors import FetchError
from tracker.model import FetchState, Payload, Request, Source, Window

FEED = Source(id="s", kind="feed", url="https://example.org/feed", every=6 * 3600)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))


# --- due -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "hours", "is_due"),
    [
        ({}, 0, True),
        ({"status": "ok"}, 1, False),
        ({"status": "ok"}, 5.95, True),  # a job run on the hour is never early by seconds
        ({"status": "ok"}, 6, True),
        ({"status": "error", "failures": 1}, 1, True),
        ({"status": "error", "failures": 3}, 2, False),
        ({"status": "error", "failures": 3}, 4, True),
        ({"status": "error", "failures": 500}, 6, True),
        ({"status": "gone", "failures": 1}, 7, False),
        ({"status": "gone", "failures": 1}, 24, True),
        ({"status": "robots", "failures": 1}, 1, True),
    ],
)
def test_a_source_is_asked_at_its_interval_and_after_errors_sooner(state: dict, hours: float, is_due: bool) -> None:
    polled = NOW - timedelta(hours=hours) if state else None
    known = replace(FetchState("s"), last_polled=polled, **state)
    assert due.decide(FEED, known, now=NOW).due is is_due
    assert due.decide(FEED, known, now=NOW, force=True).due


def test_a_source_that_is_switched_off_is_asked_only_by_force() -> None:
    off = replace(FEED, enabled=False, why="terms")
    decision = due.decide(off, FetchState("s"), now=NOW)
    assert not decision.due
    assert "switched off (terms)" in str(decision.reason)
    assert due.decide(off, FetchState("s"), now=NOW, force=True).due


def test_clocks_that_were_wrong_hold_nothing_back() -> None:
    ahead = FetchState("s", last_polled=NOW + timedelta(days=400), not_before=NOW + timedelta(days=400))
    assert due.decide(FEED, ahead, now=NOW).due


def test_the_window_overlaps_and_a_first_one_reaches_back() -> None:
    spans = {"first_window": timedelta(days=30), "overlap": timedelta(hours=72)}
    asked = due.windows(seen_until=NOW - timedelta(days=21), todo=(), now=NOW, since=None, **spans)
    assert asked == [Window(NOW - timedelta(days=24), NOW)]
    assert due.windows(seen_until=None, todo=(), now=NOW, since=None, **spans) == [
        Window(NOW - timedelta(days=30), NOW)
    ]
    early = NOW - timedelta(days=400)
    assert due.windows(seen_until=NOW, todo=(), now=NOW, since=early, **spans) == [Window(early, NOW)]


@given(st.lists(st.tuples(moments, moments).map(sorted), max_size=8), moments)
def test_joined_windows_cover_the_same_moments_and_do_not_touch(pairs: list[list[datetime]], at: datetime) -> None:
    stretches = [Window(a, b) for a, b in pairs]
    joined = due.merged(stretches)
    assert any(w.since <= at <= w.until for w in stretches) == any(w.since <= at <= w.until for w in joined)
    assert all(later.since > earlier.until for later, earlier in itertools.pairwise(joined))


@given(moments, moments)
def test_halves_make_up_the_whole(a: datetime, b: datetime) -> None:
    window = Window(min(a, b), max(a, b))
    parts = due.halves(window)
    if parts is None:
        assert window.until - window.since <= timedelta(days=1)
        return
    newer, older = parts
    assert (older.since, older.until, newer.until) == (window.since, newer.since, window.until)
    assert older.since < older.until < newer.until


# --- statuses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("1.5", 1.5),
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("99999999999999999999", 30 * 86400),
        (format_datetime(NOW + timedelta(hours=1), usegmt=True), 3600),
        (format_datetime(NOW - timedelta(hours=1), usegmt=True), None),
        ("Tue, 24 Nov 2026 09:00:00 +0100", 3600),
        ("Tue, 99 Nov 2026 09:00:00 GMT", None),
        ("٣٠", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(header: str | None, wait: float | None) -> None:
    assert retry_after(header, now=NOW) == (None if wait is None else NOW + timedelta(seconds=wait))


@given(st.text(max_size=40))
def test_no_retry_after_header_raises_or_names_the_past(header: str) -> None:
    until = retry_after(header, now=NOW)
    assert until is None or NOW < until <= NOW + timedelta(days=30)


def _page(title: str, body: str = "", *, size: int = 0) -> Payload:
    html = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}{' ' * size}</body></html>"
    return Payload(html.encode())


@pytest.mark.parametrize(
    "payload",
    [
        _page("Just a moment..."),
        _page("Attention Required! | Cloudflare"),
        _page("Access Denied", "You don't have permission to access this server. Reference #18.2d"),
        _page("Pardon Our Interruption"),
        _page("", '<script>window._cf_chl_opt={cvId:"3"}</script>'),
        _page("", "<p>Enable JavaScript and cookies to continue</p>"),
        _page("reddit.com", "<h1>whoa there, pardner!</h1>"),
        Payload(b"", status=202, headers={"x-amzn-waf-action": "challenge"}),
        Payload(b"x", status=403, headers={"cf-mitigated": "challenge"}),
    ],
)
@pytest.mark.parametrize("html_due", [True, False])
def test_challenge_pages_are_told_from_content(payload: Payload, html_due: bool) -> None:
    assert is_challenge(payload, html_due=html_due)


@pytest.mark.parametrize(
    "payload",
    [
        _page("Drug alerts", "<script src=/cdn-cgi/scripts/email-decode.min.js></script><li>Alert</li>"),
        _page("Alerts", "<p>Access denied to naloxone, report says; captcha-protected markets</p>"),
        _page("Blocked shipments of nitazenes", size=70_000),
        Payload(b"<rss><channel><title>Just a moment...</title></channel></rss>"),
        Payload(b'{"title": "Access Denied"}'),
        Payload(b""),
    ],
)
def test_content_that_speaks_of_challenges_is_content(payload: Payload) -> None:
    assert not is_challenge(payload, html_due=True)


# --- memory ----------------------------------------------------------------------------------------------------------

words = st.text(max_size=10)
pairs = st.lists(st.tuples(words, words), max_size=3).map(tuple)
requests = st.builds(
    Request,
    url=words,
    params=pairs,
    secret_params=pairs,
    headers=pairs,
    step=words,
    state=st.dictionaries(words, words | st.integers() | st.none(), max_size=3),
    found=st.booleans(),
)
spans = st.builds(Window, moments, moments)


@given(
    st.builds(
        memory.Memory,
        fingerprint=st.none() | words,
        cursor=st.none() | words,
        planned_until=st.none() | moments,
        todo=st.lists(spans, max_size=3).map(tuple),
        current=st.none() | spans,
        pending=st.lists(requests, max_size=3).map(tuple),
        pages=st.dictionaries(words, words, max_size=3),
    )
)
def test_a_memory_comes_back_as_it_was(known: memory.Memory) -> None:
    assert memory.load(memory.dump(known)) == known


@given(st.text(max_size=60) | st.just('{"v":1,"todo":[["x"]]}') | st.just('{"v":1,"pending":[{}]}') | st.just("[1]"))
def test_a_damaged_memory_is_no_memory_and_a_bare_cursor_stays_one(text: str) -> None:
    known = memory.load(text)
    assert known.cursor in (None, text)
    assert known.pending == ()


def test_requests_with_what_cannot_be_written_down_cannot_wait() -> None:
    assert not memory.can_wait((Request("u", state={"a": object()}),))
    assert not memory.can_wait((Request("u"),) * 5000)
    assert memory.can_wait((Request("u", state={"a": [1, "b"]}),))


# --- secrets ---------------------------------------------------------------------------------------------------------

KEY = "s3cr+t/K&y=é99"


@given(st.text(min_size=6, max_size=20), st.text(max_size=10), st.text(max_size=10))
def test_no_spelling_of_a_secret_is_left_in_a_text(secret: str, before: str, after: str) -> None:
    from urllib.parse import quote, quote_plus

    redactor = Redactor()
    try:
        redactor.learn([secret])
    except UnicodeEncodeError:
        return
    for form in (secret, quote(secret), quote(secret, safe=""), quote_plus(secret)):
        assert form not in redactor.text(before + form + after) or form in "***" or form in before + "***" + after


def test_a_next_link_with_the_masked_key_is_sent_with_the_true_one_only() -> None:
    assert without_params("https://a/x?api_key=***&p=2&p=3", ["api_key"]) == "https://a/x?p=2&p=3"
    assert without_params("https://a/x?p=%zz", ["api_key"]) == "https://a/x?p=%zz"


def _echo(request: object) -> Response:
    full = request.url  # type: ignore[attr-defined]
    path = request.path  # type: ignore[attr-defined]
    if path == "/redirect":
        return Response(status=301, headers={"Location": f"/moved?{full.partition('?')[2]}"})
    if path == "/far":
        return Response(status=302, headers={"Location": f"http://10.0.0.1/?{full.partition('?')[2]}"})
    if path == "/scheme":
        return Response(status=302, headers={"Location": f"ftp://a/?{full.partition('?')[2]}"})
    if path == "/loop":
        return Response(status=302, headers={"Location": full})
    if path == "/refused":
        return Response(f"bad key in {full}", status=400)
    if path == "/parse":
        return Response(f"{KEY} {full}")
    if path == "/retry":
        return Response(status=429, headers={"Retry-After": "60", "X-Echo": full.encode("ascii", "ignore").decode()})
    return Response(f"lines\nitem {full} 2026-01-01 {full}")


@pytest.mark.parametrize("path", ["/ok", "/redirect", "/far", "/scheme", "/loop", "/refused", "/parse", "/retry"])
def test_a_secret_is_sent_and_stands_nowhere_afterwards(
    httpserver: HTTPServer, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    from urllib.parse import quote, quote_plus

    caplog.set_level(logging.DEBUG)
    logging.getLogger("werkzeug").disabled = True  # the test server's own log of what it was asked
    for p in (path, "/moved"):
        httpserver.expect_request(p).respond_with_handler(_echo)
    clock = Clock()
    client = make_client(clock, env={"TRACKER_TEST_KEY": KEY})
    try:
        result = ask(source(httpserver.url_for(path), key_env="TRACKER_TEST_KEY"), clock=clock, client=client)
    finally:
        logging.getLogger("werkzeug").disabled = False
    assert httpserver.log[0][0].args["api_key"] == KEY
    everything = repr(result) + caplog.text
    for form in (KEY, quote(KEY), quote(KEY, safe=""), quote_plus(KEY)):
        assert form not in everything


def test_a_key_that_is_not_set_is_named_when_the_server_refuses(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("", status=403)
    result = ask(source(httpserver.url_for("/x"), key_env="TRACKER_TEST_KEY"))
    assert "TRACKER_TEST_KEY is not set" in str(result.error)
    assert "api_key" not in httpserver.log[0][0].args


def test_a_password_in_the_operators_address_is_not_shown(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("", status=404)
    url = httpserver.url_for("/x").replace("http://", "http://user:pass-word@")
    result = ask(source(url))
    assert "pass-word" not in repr((result.fetches, result.error, result.state))


# --- pace ------------------------------------------------------------------------------------------------------------


def test_two_requests_a_second_to_one_host_name_and_no_wait_between_hosts() -> None:
    clock, at = Clock(), []
    pacer = Pacer(HostPace(), {}, clock=clock.monotonic, sleep=clock.sleep, stopping=lambda: False)
    for _ in range(6):
        with pacer.turn("a.example"):
            at.append(clock.monotonic())
    assert all(sum(start <= t < start + 1 for t in at) <= 2 for start in at)
    before = clock.monotonic()
    with pacer.turn("b.example"):
        assert clock.monotonic() == before


def test_ncbi_may_be_asked_three_times_a_second() -> None:
    clock = Clock()
    pacer = Pacer(HostPace(), KNOWN_HOSTS, clock=clock.monotonic, sleep=clock.sleep, stopping=lambda: False)
    for _ in range(7):
        with pacer.turn("eutils.ncbi.nlm.nih.gov"):
            pass
    assert 2.0 <= clock.monotonic() < 2.1


@pytest.mark.parametrize(("host", "most"), [("a.example", 2), ("export.arxiv.org", 1)])
def test_no_more_than_two_requests_run_at_once_on_a_host(host: str, most: int) -> None:
    pacer = Pacer(HostPace(0.0), KNOWN_HOSTS, clock=lambda: 0.0, sleep=lambda s: None, stopping=lambda: False)
    running, highest, lock, go = 0, 0, threading.Lock(), threading.Barrier(6)

    def work() -> None:
        nonlocal running, highest
        go.wait()
        with pacer.turn(host):
            with lock:
                running += 1
                highest = max(highest, running)
            for _ in range(2000):
                pass
            with lock:
                running -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= highest <= most


def test_a_wait_for_a_turn_ends_when_the_run_is_to_stop() -> None:
    stopping = threading.Event()
    pacer = Pacer(HostPace(0.0, 1), {}, clock=lambda: 0.0, sleep=lambda s: None, stopping=stopping.is_set)
    with pacer.turn("a.example"):
        stopping.set()
        with pytest.raises(FetchError, match="stopped"), pacer.turn("a.example"):
            raise AssertionError("no turn is given")


# --- decoding --------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=300), st.integers(1, 50), st.sampled_from(["gzip", "deflate", "gzip, gzip"]))
def test_decoding_in_pieces_gives_the_whole(data: bytes, size: int, encoding: str) -> None:
    import gzip
    import zlib

    packed = zlib.compress(data) if encoding == "deflate" else gzip.compress(data)
    if encoding == "gzip, gzip":
        packed = gzip.compress(packed)
    chunks = [packed[i : i + size] for i in range(0, len(packed), size)]
    assert read_bounded(chunks, encoding=encoding, limit=10_000) == (data, True)


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", None]))
def test_damaged_bodies_raise_nothing_but_our_error(data: bytes, encoding: str | None) -> None:
    try:
        body, _ = read_bounded([data], encoding=encoding, limit=10_000)
    except FetchError:
        return
    assert len(body) <= 10_000
