"""Linked pages of `full_text` sources."""

from __future__ import annotations

from dataclasses import replace

from collect_support import FAST, Clock, Lines, ask, make_client, source
from pytest_httpserver import HTTPServer

from tracker.model import Document, Page, Payload, Request, Source

TEXT = "Police seized tablets that contained bromazolam. The laboratory confirmed the finding on Monday morning. " * 8
PAGE = f"<!DOCTYPE html><html><head><title>Alert</title></head><body><article><p>{TEXT}</p></article></body></html>"


class Feed(Lines):
    """Lines whose documents have a short text of their own."""

    def read(self, source: Source, payload: Payload, request: Request) -> Page:
        page = super().read(source, payload, request)
        named = (replace(d, title=d.external_id, text="short text") for d in page.documents)
        return replace(page, documents=tuple(named))


def _feed(httpserver: HTTPServer, *links: str) -> Source:
    lines = "\n".join(f"item d{n} 2026-11-01 {link}" for n, link in enumerate(links))
    httpserver.expect_request("/x").respond_with_data(f"lines\n{lines}")
    return source(httpserver.url_for("/x"), full_text=True)


def _texts(documents: tuple[Document, ...]) -> list[str]:
    return [str(d.text) for d in documents]


def test_the_linked_page_gives_the_text_and_the_feeds_own_becomes_the_summary(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("")
    httpserver.expect_request("/a").respond_with_data(PAGE, content_type="text/html")
    result = ask(_feed(httpserver, httpserver.url_for("/a")), kind=Feed())
    assert "laboratory confirmed" in _texts(result.documents)[0]
    assert result.documents[0].summary == "short text"
    assert [f.status for f in result.fetches] == ["ok", "ok"]


def test_the_feeds_own_text_is_kept_when_the_page_fails_and_the_source_is_ok(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("User-agent: *\nDisallow: /no")
    httpserver.expect_request("/gone").respond_with_data("", status=404)
    httpserver.expect_request("/err").respond_with_data("", status=500)
    httpserver.expect_request("/img").respond_with_data(b"\x89PNG", content_type="image/png")
    httpserver.expect_request("/big").respond_with_data("a" * 3_000_000, content_type="text/html")
    httpserver.expect_request("/wall").respond_with_data(
        "<html><title>Just a moment...</title></html>", content_type="text/html"
    )
    links = [httpserver.url_for(p) for p in ("/gone", "/err", "/img", "/big", "/wall", "/no")]
    links += ["http://127.0.0.1:9/y", "http://169.254.169.254/"]
    clock = Clock()
    small = replace(FAST, limits=replace(FAST.limits, body=1_000_000))
    result = ask(_feed(httpserver, *links), kind=Feed(), clock=clock, client=make_client(clock, small))
    assert result.status == "ok"
    assert result.http == 200
    assert _texts(result.documents) == ["short text"] * len(links)
    assert [f.status for f in result.fetches[1:]] == [
        "gone", "error", "error", "error", "blocked", "robots", "error", "error",
    ]  # fmt: skip


def test_a_page_is_fetched_once_until_its_entry_changes(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("")
    httpserver.expect_request("/a").respond_with_data(PAGE, content_type="text/html")
    entry, clock = _feed(httpserver, httpserver.url_for("/a")), Clock()
    first = ask(entry, kind=Feed(), clock=clock)
    again = ask(entry, first.state, kind=Feed(), clock=clock, force=True)
    assert (again.status, again.documents) == ("ok", ())

    class Revised(Feed):
        def read(self, source: Source, payload: Payload, request: Request) -> Page:
            page = super().read(source, payload, request)
            return replace(page, documents=tuple(replace(d, title="revised") for d in page.documents))

    revised = ask(entry, again.state, kind=Revised(), clock=clock, force=True)
    assert [d.title for d in revised.documents] == ["revised"]
    assert sum(asked.path == "/a" for asked, _ in httpserver.log) == 2


def test_what_is_known_already_is_not_fetched(httpserver: HTTPServer) -> None:
    entry = _feed(httpserver, httpserver.url_for("/a"))
    result = ask(entry, kind=Feed(), known=lambda source, document: document.external_id == "d0")
    assert result.documents == ()
    assert all(asked.path != "/a" for asked, _ in httpserver.log)


def test_pages_beyond_the_budget_wait_for_the_next_poll(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("")
    paths = [f"/a{n}" for n in range(4)]
    for path in paths:
        httpserver.expect_request(path).respond_with_data(PAGE, content_type="text/html")
    entry, clock = _feed(httpserver, *map(httpserver.url_for, paths)), Clock()
    client = make_client(clock, replace(FAST, pages_per_poll=3))
    first = ask(entry, kind=Feed(), clock=clock, client=client)
    assert sum("laboratory" in t for t in _texts(first.documents)) == 3
    second = ask(entry, first.state, kind=Feed(), clock=clock, client=client, force=True)
    assert [d.external_id for d in second.documents] == ["d3"]
    assert "laboratory" in _texts(second.documents)[0]
