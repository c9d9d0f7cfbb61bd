"""One poll: statuses, windows, partial failures, what is remembered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from collect_support import FAST, NOW, Clock, Lines, Windowed, ask, make_client, source
from pytest_httpserver import HTTPServer
from werkzeug import Request as Asked
from werkzeug import Response

from tracker.collect import memory, recheck
from tracker.model import FetchState, Page, Request

BLOCK_PAGE = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>cf-chl-opt</body></html>"
WEB_PAGE = "<!DOCTYPE html><html><head><title>Our news</title></head><body><p>Welcome</p></body></html>"


@pytest.mark.parametrize(
    ("code", "body", "status"),
    [
        (200, "lines\nitem a", "ok"),
        (200, "lines\n", "empty"),
        (200, "", "empty"),
        (200, " \n", "empty"),
        (204, "", "empty"),
        (401, "", "blocked"),
        (403, "no", "blocked"),
        (200, BLOCK_PAGE, "blocked"),
        (503, BLOCK_PAGE, "blocked"),
        (404, "", "gone"),
        (410, "", "gone"),
        (200, WEB_PAGE, "error"),
        (200, "not ours", "error"),
        (304, "", "error"),
        (400, '{"error": "bad query"}', "error"),
        (429, "", "error"),
        (500, "", "error"),
        (503, "", "error"),
        (302, "", "error"),
    ],
)
def test_every_answer_has_its_status(httpserver: HTTPServer, code: int, body: str, status: str) -> None:
    httpserver.expect_request("/x").respond_with_data(body, status=code)
    result = ask(source(httpserver.url_for("/x")))
    assert (result.status, result.http) == (status, code)
    assert bool(result.error) == (status in ("blocked", "gone", "error"))
    assert result.fetches[-1].status == status
    assert result.state.failures == (1 if result.error else 0)


@pytest.mark.parametrize("kind", ["openfda", "federal_register"])
def test_404_of_services_that_mean_no_match_is_empty(httpserver: HTTPServer, kind: str) -> None:
    httpserver.expect_request("/x").respond_with_data('{"error": {"code": "NOT_FOUND"}}', status=404)
    assert ask(source(httpserver.url_for("/x")), kind=Lines(name=kind)).status == "empty"


def test_what_the_server_says_stands_in_the_error(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_json({"message": "limit must be below 100"}, status=400)
    assert "limit must be below 100" in str(ask(source(httpserver.url_for("/x"))).error)


def test_validators_are_kept_and_sent_back(httpserver: HTTPServer) -> None:
    stamp = "Mon, 23 Nov 2026 07:00:00 GMT"
    asked: list[dict[str, str]] = []

    def answer(request: Asked) -> Response:
        asked.append(dict(request.headers))
        if request.headers.get("If-None-Match") == '"1"':
            return Response(status=304)
        return Response("lines\nitem a", headers={"ETag": '"1"', "Last-Modified": stamp})

    httpserver.expect_request("/x").respond_with_handler(answer)
    clock, entry = Clock(), source(httpserver.url_for("/x"))
    first = ask(entry, clock=clock)
    assert (first.state.etag, first.state.last_modified) == ('"1"', stamp)
    second = ask(entry, first.state, clock=clock, force=True)
    assert second.status == "not_modified"
    assert second.error is None
    assert asked[1]["If-Modified-Since"] == stamp
    assert second.state.etag == '"1"'
    assert second.state.last_ok == clock.at


def test_a_changed_entry_is_not_asked_with_old_validators(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/new", headers={"If-None-Match": '"1"'}).respond_with_data(status=304)
    httpserver.expect_request("/new").respond_with_data("lines\nitem a")
    httpserver.expect_request("/x").respond_with_data("lines\nitem a", headers={"ETag": '"1"'})
    first = ask(source(httpserver.url_for("/x")))
    assert ask(source(httpserver.url_for("/new")), first.state, force=True).status == "ok"


def test_the_user_agent_names_us_and_a_contact(httpserver: HTTPServer) -> None:
    agents: list[str] = []
    httpserver.expect_request("/x").respond_with_handler(
        lambda r: (agents.append(r.headers["User-Agent"]), Response("lines\nitem a"))[1]
    )
    for contact in (None, "desk@example.org", "a\r\nb(c)"):
        ask(source(httpserver.url_for("/x")), client=make_client(Clock(), replace(FAST, contact=contact)))
    assert agents == ["nps-tracker/0.1.0", "nps-tracker/0.1.0 (+desk@example.org)", "nps-tracker/0.1.0 (+abc)"]


def test_pages_are_read_until_done(httpserver: HTTPServer) -> None:
    for n in range(3):
        following = f"\nnext {httpserver.url_for(f'/p{n + 1}')}" if n < 2 else ""
        httpserver.expect_request(f"/p{n}").respond_with_data(f"lines\nitem d{n}{following}")
    result = ask(source(httpserver.url_for("/p0")))
    assert [d.external_id for d in result.documents] == ["d0", "d1", "d2"]
    assert [f.items for f in result.fetches] == [1, 1, 1]
    assert result.state.seen_until == NOW


def test_a_page_that_names_itself_as_next_ends_the_poll(httpserver: HTTPServer) -> None:
    body = f"lines\nitem a\nnext {httpserver.url_for('/x')}"
    httpserver.expect_request("/x").respond_with_data(body)
    result = ask(source(httpserver.url_for("/x")))
    assert result.status == "ok"
    assert len(result.fetches) == 2


@pytest.mark.parametrize("code", [500, 404, 429, 403])
def test_documents_before_a_failing_page_are_kept_and_the_window_is_not_done(httpserver: HTTPServer, code: int) -> None:
    httpserver.expect_request("/x").respond_with_data(f"lines\nitem a\nnext {httpserver.url_for('/y')}")
    httpserver.expect_request("/y").respond_with_data("", status=code)
    result = ask(source(httpserver.url_for("/x")))
    assert result.status == ("blocked" if code == 403 else "error")
    assert [d.external_id for d in result.documents] == ["a"]
    assert result.state.seen_until is None
    assert result.state.last_ok is None


def test_one_failing_page_of_many_does_not_stop_the_others(httpserver: HTTPServer) -> None:
    urls = [httpserver.url_for(f"/c{n}") for n in range(3)]
    httpserver.expect_request("/x").respond_with_data("lines\n" + "\n".join(f"next {u}" for u in urls))
    httpserver.expect_request("/c0").respond_with_data("lines\nitem c0")
    httpserver.expect_request("/c1").respond_with_data("", status=500)
    httpserver.expect_request("/c2").respond_with_data("lines\nitem c2")
    result = ask(source(httpserver.url_for("/x")))
    assert result.status == "error"
    assert [d.external_id for d in result.documents] == ["c0", "c2"]


def test_a_cut_payload_gives_its_items_and_an_error(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("lines\nitem a\ncut", headers={"ETag": '"1"'})
    result = ask(source(httpserver.url_for("/x")))
    assert (result.status, len(result.documents), result.state.etag) == ("error", 1, None)


def test_max_items_keeps_the_newest_and_says_so(httpserver: HTTPServer) -> None:
    items = "\n".join(f"item d{n} 2026-11-{n:02d}" for n in range(1, 21))
    httpserver.expect_request("/x").respond_with_data(f"lines\n{items}")
    result = ask(source(httpserver.url_for("/x"), max_items=5))
    assert [d.external_id for d in result.documents] == [f"d{n}" for n in range(16, 21)]
    assert "cut at max_items: 5 of 20" in str(result.fetches[0].note)
    assert result.status == "ok"


def test_max_time_leaves_the_rest_for_the_next_poll(httpserver: HTTPServer) -> None:
    clock = Clock()

    def page(n: int) -> Response:
        clock.move(seconds=40)
        return Response(f"lines\nitem d{n}" + (f"\nnext {httpserver.url_for(f'/p{n + 1}')}" if n < 5 else ""))

    for n in range(6):
        httpserver.expect_request(f"/p{n}").respond_with_handler(lambda _, n=n: page(n))
    entry, state, got = source(httpserver.url_for("/p0"), max_time=60), FetchState("s"), []
    result = ask(entry, state, clock=clock)
    got += [d.external_id for d in result.documents]
    assert got == ["d0", "d1"]
    assert result.status == "ok"
    assert result.state.seen_until is None
    assert "left for the next poll" in str(result.fetches[-1].note)
    for _ in range(6):
        result = ask(entry, result.state, clock=clock, force=True)
        got += [d.external_id for d in result.documents]
        if result.state.seen_until is not None:
            break
    assert set(got) == {f"d{n}" for n in range(6)}


class Service:
    """A literature service: one record an hour, asked by window, a thousand at most and in pages of ten."""

    def __init__(self, server: HTTPServer, *, begin: object = NOW, with_total: bool = True) -> None:
        self.server, self.asked, self.broken, self.with_total = server, 0, False, with_total
        self.records = [NOW - timedelta(hours=h) for h in range(24 * 90)]
        server.expect_request("/find").respond_with_handler(self.find)

    def find(self, request: Asked) -> Response:
        from datetime import datetime

        self.asked += 1
        if self.broken:
            return Response(status=500)
        query = parse_qs(request.query_string.decode())
        since, until = (datetime.fromisoformat(query[k][0]) for k in ("since", "until"))
        start = int(query.get("start", ["0"])[0])
        found = [r for r in self.records if since <= r <= until]
        page = found[start : start + 10]
        lines = [f"item {r:%Y-%m-%dT%H} {r:%Y-%m-%d}" for r in page]
        if self.with_total:
            lines.append(f"total {len(found)}")
        if start + 10 < len(found):
            lines.append(f"next {self.server.url_for('/find')}?{request.query_string.decode()}&start={start + 10}")
        return Response("\n".join(["lines", *lines]))


class ServiceKind(Windowed):
    def read(self, source: object, payload: object, request: Request) -> Page:  # type: ignore[override]
        page = super().read(source, payload, request)  # type: ignore[arg-type]
        fixed = [replace(r, url=_last_start(r.url)) for r in page.next]
        return replace(page, next=tuple(fixed))


def _last_start(url: str) -> str:
    parts = url.split("&start=")
    return parts[0] + "&start=" + parts[-1]


def _ids(service: Service, since: object, until: object) -> set[str]:
    return {f"{r:%Y-%m-%dT%H}" for r in service.records if since <= r <= until}  # type: ignore[operator]


@pytest.mark.parametrize("with_total", [True, False])
def test_three_weeks_off_lose_nothing_even_beyond_max_items(httpserver: HTTPServer, with_total: bool) -> None:
    service, clock = Service(httpserver, with_total=with_total), Clock()
    entry = source(httpserver.url_for("/find"), max_items=200)
    state = FetchState("s", seen_until=NOW - timedelta(days=21), last_polled=NOW - timedelta(days=21))
    result = ask(entry, state, kind=ServiceKind(), clock=clock)
    assert result.status == "ok"
    assert _ids(service, NOW - timedelta(days=24), NOW) <= {d.external_id for d in result.documents}
    assert result.state.seen_until == NOW


def test_since_reads_back_over_several_polls_and_never_moves_seen_until_back(httpserver: HTTPServer) -> None:
    service, clock = Service(httpserver), Clock()
    entry = source(httpserver.url_for("/find"), max_items=100)
    state = FetchState("s", seen_until=NOW - timedelta(hours=6))
    got: set[str] = set()
    result = ask(entry, state, kind=ServiceKind(), clock=clock, since=NOW - timedelta(days=80), force=True)
    for _ in range(20):
        got |= {d.external_id for d in result.documents}
        assert result.state.seen_until is not None
        assert result.state.seen_until >= NOW - timedelta(hours=6)
        if not memory.load(result.state.cursor).todo:
            break
        clock.move(hours=7)
        result = ask(entry, result.state, kind=ServiceKind(), clock=clock)
    assert _ids(service, NOW - timedelta(days=80), NOW) <= got


def test_a_failed_window_is_asked_again_whole(httpserver: HTTPServer) -> None:
    service, clock = Service(httpserver), Clock()
    entry = source(httpserver.url_for("/find"))
    service.broken = True
    failed = ask(entry, FetchState("s", seen_until=NOW - timedelta(days=9)), kind=ServiceKind(), clock=clock)
    assert failed.status == "error"
    assert failed.state.seen_until == NOW - timedelta(days=9)
    service.broken = False
    clock.move(days=2)
    result = ask(entry, failed.state, kind=ServiceKind(), clock=clock)
    assert _ids(service, NOW - timedelta(days=12), NOW) <= {d.external_id for d in result.documents}
    assert result.state.seen_until == clock.at


def test_a_server_that_forgot_its_cursor_is_asked_for_smaller_windows(httpserver: HTTPServer) -> None:
    service, clock = Service(httpserver), Clock()
    entry = source(httpserver.url_for("/find"), max_time=60)
    state = FetchState("s", seen_until=NOW - timedelta(days=9))

    class Slow(ServiceKind):
        def read(self, source: object, payload: object, request: Request) -> Page:  # type: ignore[override]
            clock.move(seconds=13)
            return super().read(source, payload, request)

    result = ask(entry, state, kind=Slow(), clock=clock)
    waiting = memory.load(result.state.cursor)
    assert waiting.pending
    assert waiting.current is not None
    dead = replace(waiting, pending=(Request(httpserver.url_for("/forgotten")),))
    got = {d.external_id for d in result.documents}
    result = replace(result, state=replace(result.state, cursor=memory.dump(dead)))
    for _ in range(40):
        clock.move(hours=7)
        result = ask(entry, result.state, kind=Slow(), clock=clock)
        got |= {d.external_id for d in result.documents}
    assert _ids(service, NOW - timedelta(days=12), NOW) <= got


def test_a_permanent_redirect_is_a_suggestion_and_a_temporary_one_is_not(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/new").respond_with_data("lines\nitem a")
    for code in (301, 302, 307, 308):
        httpserver.expect_request(f"/r{code}").respond_with_data("", status=code, headers={"Location": "/new"})
        result = ask(source(httpserver.url_for(f"/r{code}")))
        assert result.status == "ok"
        assert result.state.moved_to == (httpserver.url_for("/new") if code in (301, 308) else None)
        assert ("moved for good" in str(result.fetches[0].note)) == (code in (301, 308))


def test_retry_after_holds_across_runs_and_force_does_not_break_it(httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request("/x").respond_with_data("", status=429, headers={"Retry-After": "7200"})
    httpserver.expect_request("/x").respond_with_data("lines\nitem a")
    clock, entry = Clock(), source(httpserver.url_for("/x"))
    held = ask(entry, clock=clock)
    assert held.status == "error"
    assert held.state.not_before == NOW + timedelta(hours=2)
    clock.move(hours=1.9)
    skipped = ask(entry, held.state, clock=clock, force=True)
    assert skipped.status == "skipped"
    assert "asked us to wait" in str(skipped.error)
    assert skipped.state == held.state
    clock.move(hours=0.2)
    assert ask(entry, held.state, clock=clock).status == "ok"


def test_a_refusing_source_is_asked_at_most_once_a_day(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("", status=403)
    clock, entry, state, asked = Clock(), source(httpserver.url_for("/x"), every=3600), FetchState("s"), 0
    for _ in range(72):
        result = ask(entry, state, clock=clock, force=True)
        asked += result.status != "skipped"
        state = result.state
        clock.move(hours=1)
    assert asked == 3


def test_a_source_not_due_is_skipped_with_its_reason() -> None:
    state = FetchState("s", last_polled=NOW - timedelta(hours=1), status="ok")
    result = ask(source("http://127.0.0.1:9/x", every=21600), state)
    assert (result.status, result.error, result.state) == ("skipped", None, state)
    assert "not due until" in str(result.fetches[0].note)


def test_the_first_cursor_of_a_kind_comes_back_to_it(httpserver: HTTPServer) -> None:
    seen: list[str | None] = []

    class WithCursor(Lines):
        def first(self, source: object, window: object) -> tuple[Request, ...]:  # type: ignore[override]
            seen.append(window.cursor)  # type: ignore[attr-defined]
            return (Request(source.url),)  # type: ignore[attr-defined]

        def read(self, source: object, payload: object, request: Request) -> Page:  # type: ignore[override]
            return replace(super().read(source, payload, request), cursor="c7")  # type: ignore[arg-type]

    httpserver.expect_request("/x").respond_with_data("lines\nitem a")
    first = ask(source(httpserver.url_for("/x")), kind=WithCursor())
    ask(source(httpserver.url_for("/x")), first.state, kind=WithCursor(), force=True)
    assert seen[-1] == "c7"


def test_a_recheck_makes_its_requests_and_leaves_the_state(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/r1").respond_with_data("lines\nitem a")
    httpserver.expect_request("/r2").respond_with_data("", status=429, headers={"Retry-After": "60"})
    clock, state = Clock(), FetchState("s", etag='"1"', last_polled=NOW - timedelta(hours=1), cursor="c")
    requests = [Request(httpserver.url_for(p), conditional=True) for p in ("/r1", "/r2")]
    entry, client = source(httpserver.url_for("/x")), make_client(clock)
    result = recheck(entry, state, requests, kind=Lines(), http=client, now=clock.now)
    assert (result.status, [d.external_id for d in result.documents]) == ("error", ["a"])
    assert result.state == replace(state, not_before=NOW + timedelta(seconds=60))
    again = recheck(entry, result.state, requests, kind=Lines(), http=client, now=clock.now)
    assert again.status == "skipped"
    assert len(httpserver.log) == 2
