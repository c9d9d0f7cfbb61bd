"""A loopback server that offers the sample as it stood in a given week."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from urllib.parse import parse_qs, urlsplit

import yaml

from tracker.demo import formats
from tracker.demo.formats import Item


def load_items() -> dict[str, list[Item]]:
    """The sample's items by source, in order of time."""
    text = resources.files("tracker.demo").joinpath("items.yaml").read_text(encoding="utf-8")
    items: dict[str, list[Item]] = yaml.safe_load(text)
    return items


class SampleSite:
    """Answers a path with what that source offered by `week` (0 to 7)."""

    def __init__(self) -> None:
        self._items = load_items()
        self.week = 0

    def _by_now(self, source: str) -> list[Item]:
        return [item for item in self._items[source] if item["week"] <= self.week]

    def answer(self, target: str) -> tuple[int, str, bytes]:
        """Status, content type and body for a request target."""
        parts = urlsplit(target)
        name = parts.path.strip("/")
        if name in formats.FEEDS:
            title, write, content_type = formats.FEEDS[name]
            return 200, content_type, write(name, title, self._by_now(name))
        if name == "pubmed/esearch.fcgi":
            return 200, "text/xml", formats.esearch(self._by_now("pubmed"))
        if name == "pubmed/efetch.fcgi":
            wanted = set(parse_qs(parts.query).get("id", [""])[0].split(","))
            return 200, "text/xml", formats.efetch([i for i in self._by_now("pubmed") if i["pmid"] in wanted])
        if name == "crossref/works":
            ended = parse_qs(parts.query).get("cursor") == ["sample-end"]
            return 200, "application/json", formats.crossref([] if ended else self._by_now("crossref"))
        if name == "register/documents.json":
            return 200, "application/json", formats.federal_register(self._by_now("register"))
        if name == "board":
            return 200, "text/html; charset=utf-8", formats.listing(self._by_now("board"))
        return 404, "text/plain", b"not found"


@contextmanager
def serve() -> Iterator[tuple[SampleSite, str]]:
    """Run the sample site on a free loopback port; yields the site and its address, and stops it afterwards."""
    site = SampleSite()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: no waiting for a delayed acknowledgement

        def do_GET(self) -> None:
            status, content_type, body = site.answer(self.path)
            etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            if status == 200 and self.headers.get("If-None-Match") == etag:
                status, body = 304, b""
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            if status != 404:
                self.send_header("ETag", etag)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: the ledger of fetches says what was asked."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield site, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
