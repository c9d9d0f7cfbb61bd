"""Collect from a loopback server that plays recorded payloads: is anything lost, also when killed?

    python -m benchmarks.replay --kills 10

Needs the recorded payloads (TRACKER_SHARED, default ../shared). Prints documents per kind as parsed, as stored, and on
a second run, and whether runs killed with -9 at random moments and resumed hold the same documents as an unkilled one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import yaml

from tracker.errors import TrackerError
from tracker.sources import parse_file

SAMPLES = Path(os.environ.get("TRACKER_SHARED", "../shared")) / "data" / "samples"
HOSTS = 60  # loopback addresses the server listens on
_LISTING = {"item": "article", "title": "h2 a", "link": "h2 a", "date": "time", "date_format": "%d %B %Y"}


@dataclass
class Site:
    """What the server plays: path -> (content type, body), and the records behind each PubMed search."""

    pages: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    records: dict[str, dict[str, bytes]] = field(default_factory=dict)  # search -> pmid -> record XML
    sources: list[dict[str, object]] = field(default_factory=list)
    expected: Counter[str] = field(default_factory=Counter)

    def answer(self, target: str) -> tuple[int, str, bytes]:
        """Status, content type and body."""
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        name = parts.path.strip("/").split("/")[0]
        if parts.path.endswith("/esearch.fcgi"):
            ids = "".join(f"<Id>{i}</Id>" for i in self.records[name]) if query.get("retstart", ["0"]) == ["0"] else ""
            count = len(self.records[name])
            return (
                200,
                "text/xml",
                f"<eSearchResult><Count>{count}</Count><IdList>{ids}</IdList></eSearchResult>".encode(),
            )
        if parts.path.endswith("/efetch.fcgi"):
            wanted = query.get("id", [""])[0].split(",")
            body = b"".join(self.records[name][i] for i in wanted if i in self.records[name])
            return 200, "text/xml", b"<PubmedArticleSet>" + body + b"</PubmedArticleSet>"
        if parts.path in self.pages:
            content_type, body = self.pages[parts.path]
            if query.get("cursor", ["*"]) != ["*"]:
                body = b'{"status":"ok","message":{"items":[]}}'
            return 200, content_type, body
        return 404, "text/plain", b"not found"

    def add(self, kind: str, identifier: str, path: str, body: bytes, content_type: str, **options: object) -> None:
        """One source that plays one payload; what its parser finds in it is what must be stored."""
        try:
            page = parse_file(kind, body, url=f"http://127.0.0.1:1{path}", options=dict(options))
        except TrackerError:
            page = None
        self.expected[kind] += len({d.external_id for d in page.documents}) if page else 0
        self.pages[path] = (content_type, body)
        self.sources.append({"id": identifier, "kind": kind, "path": path, "options": options})


def recorded() -> Site:
    """The site of all recorded feeds, PubMed, Crossref and Federal Register payloads, and two listing pages."""
    site = Site()
    for path in sorted((SAMPLES / "feeds").rglob("*")):
        if path.is_file():
            name = "feed_" + re.sub(r"[^a-z0-9]+", "_", path.relative_to(SAMPLES / "feeds").as_posix().lower())
            kind = "application/json" if path.suffix == ".json" else "application/xml"
            site.add("feed", name, f"/{name}", path.read_bytes(), kind)
    for number, path in enumerate(sorted((SAMPLES / "crossref").glob("*.json"))):
        if b'"items"' in path.read_bytes():
            site.add(
                "crossref", f"crossref_{number}", f"/crossref{number}/works", path.read_bytes(), "application/json"
            )
    register = SAMPLES / "federal_register" / "documents_term.json"
    site.add("federal_register", "register", "/register/documents.json", register.read_bytes(), "application/json")
    for number in (1, 2):
        rows = "".join(
            f'<article><h2><a href="/alert/{number}-{i}">Alert {i}: nitazene found</a></h2>'
            f"<time>{i + 1:02} March 2026</time></article>"
            for i in range(25)
        )
        body = f"<html><body>{rows}</body></html>".encode()
        site.add("listing", f"listing_{number}", f"/listing{number}", body, "text/html", **_LISTING)
    for number, path in enumerate(sorted((SAMPLES / "pubmed").glob("*.xml"))):
        body = path.read_bytes()
        found = {
            m[1].decode(): m[0]
            for m in re.finditer(rb"<PubmedArticle>.*?<PMID[^>]*>(\d+)</PMID>.*?</PubmedArticle>", body, re.DOTALL)
        }
        if found:
            site.records[f"pubmed{number}"] = found
            site.expected["pubmed"] += len(found)
            site.sources.append({"id": f"pubmed_{number}", "kind": "pubmed", "path": f"/pubmed{number}/esearch.fcgi",
                                 "options": {"query": "x"}})  # fmt: skip
    return site


@contextmanager
def serving(site: Site) -> Iterator[str]:
    """Run the site on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            status, content_type, body = site.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Handler)]
    port = servers[0].server_address[1]
    servers += [ThreadingHTTPServer((f"127.0.0.{n}", port), Handler) for n in range(2, HOSTS + 1)]
    for server in servers:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield str(port)
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def write_sources(site: Site, folder: Path, port: str) -> Path:
    """A sources.yaml over many loopback addresses, so that the polite pace of one host does not count."""
    entries = [
        {"id": s["id"], "kind": s["kind"], "url": f"http://127.0.0.{n % HOSTS + 1}:{port}{s['path']}", "tier": "A",
         "keep": "all", "options": s["options"]}
        for n, s in enumerate(site.sources)
    ]  # fmt: skip
    path = folder / "sources.yaml"
    path.write_text(yaml.safe_dump({"sources": entries}))
    return path


def _command(folder: Path, sources: Path, db: str) -> list[str]:
    return [sys.executable, "-m", "tracker", "-q", "--db", str(folder / db), "collect", "--sources", str(sources),
            "--force", "--format", "json"]  # fmt: skip


def collect(folder: Path, sources: Path, db: str) -> dict[str, object]:
    """One whole run; its JSON report."""
    done = subprocess.run(_command(folder, sources, db), capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or not done.stdout:
        raise SystemExit(f"a run ended with {done.returncode}: {done.stderr[-2000:]}")
    report: dict[str, object] = json.loads(done.stdout)
    return report


def held(folder: Path, db: str) -> Counter[tuple[str, str, str]]:
    """(source, external id, text hash) of every document in an archive."""
    with sqlite3.connect(folder / db) as connection:
        rows = connection.execute(
            "SELECT s.id, d.external_id, hex(r.hash) FROM documents d JOIN sources s ON s.num = d.source "
            "JOIN revisions r ON r.document = d.id"
        )
        return Counter(rows.fetchall())


def killed(folder: Path, sources: Path, *, kills: int, whole: float) -> Counter[tuple[str, str, str]]:
    """Kill -9 at random moments of one archive's runs, then let one finish."""
    rng = random.Random(3)
    for _ in range(kills):
        process = subprocess.Popen(
            _command(folder, sources, "killed.db"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            process.wait(timeout=rng.uniform(0.3, whole))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    collect(folder, sources, "killed.db")
    return held(folder, "killed.db")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    kills = parser.parse_args().kills
    site = recorded()
    folder = Path(tempfile.mkdtemp(prefix="tracker-replay-"))
    try:
        with serving(site) as port:
            sources = write_sources(site, folder, port)
            started = time.monotonic()
            first = collect(folder, sources, "whole.db")
            seconds = time.monotonic() - started
            second = collect(folder, sources, "whole.db")
            whole = held(folder, "whole.db")
            same = killed(folder, sources, kills=kills, whole=seconds) == whole
        kinds = {str(s["id"]): str(s["kind"]) for s in site.sources}
        stored = Counter(kinds[source] for source, _, _ in whole)
        print(f"{'kind':<18}{'sources':>8}{'parsed':>8}{'stored':>8}")
        for kind, count in Counter(kinds.values()).items():
            print(f"{kind:<18}{count:>8}{site.expected[kind]:>8}{stored[kind]:>8}")
        print(f"first run {first['new']} new in {seconds:.1f} s")
        print(f"second run {second['new']} new, {second['revised']} revised")
        print(f"killed {kills} times and run again: {'the same documents' if same else 'NOT the same documents'}")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
