"""The whole program against loopback servers: killed, run twice at once, on a full disk, fed with hostile payloads.

Nothing may be lost, nothing stored twice, and what goes wrong is one clear line.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pytest_httpserver import HTTPServer
from werkzeug import Request as Asked
from werkzeug import Response

from tracker.archive import Archive

ITEMS, MOST = 25, 100
TEXT = "Police seized tablets sold as alprazolam; the laboratory found bromazolam. " * 20


def feed(name: str, items: int = ITEMS) -> bytes:
    entries = "".join(
        f"<item><title>Bromazolam {name}-{n}</title><link>https://{name}.example/{n}</link>"
        f"<description>{TEXT}</description></item>"
        for n in range(items)
    )
    return f'<rss version="2.0"><channel><title>x</title><language>en</language>{entries}</channel></rss>'.encode()


class Site:
    """Feeds `/NAME`; answers may be held until they are let go, and each first answer is told."""

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.held: set[str] = set()
        self.go, self.asked = threading.Event(), threading.Event()
        server.expect_request("/robots.txt").respond_with_data("", status=404)

    def add(self, name: str, body: bytes | None = None) -> None:
        def answer(request: Asked) -> Response:
            if name in self.held:
                self.asked.set()
                self.go.wait(20)
            return Response(feed(name) if body is None else body, content_type="text/xml")

        self.server.expect_request(f"/{name}").respond_with_handler(answer)

    def write(self, folder: Path, *names: str) -> None:
        entries = [  # each on a host of its own, so that the polite pace of one host takes no time
            {"id": name, "kind": "feed", "url": f"http://127.0.1.{n}:{self.server.port}/{name}", "keep": "all",
             "max_items": MOST}
            for n, name in enumerate(names, 1)
        ]  # fmt: skip
        (folder / "sources.yaml").write_text(yaml.safe_dump({"sources": entries}))


@pytest.fixture
def site() -> Iterator[Site]:
    with HTTPServer(host="0.0.0.0", threaded=True) as server:  # all of 127.0.0.0/8
        made = Site(server)
        yield made
        made.go.set()


def start(folder: Path, *options: str, limit: int | None = None) -> subprocess.Popen[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TRACKER_")}

    def small_files() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        [sys.executable, "-m", "tracker", "-q", "collect", "--force", "--format", "json", *options], cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, preexec_fn=small_files,
    )  # fmt: skip


def finish(process: subprocess.Popen[str]) -> tuple[int, dict[str, object], list[str]]:
    out, err = process.communicate(timeout=60)
    return process.returncode, json.loads(out) if out else {}, err.splitlines()


def titles(folder: Path) -> Counter[str | None]:
    with Archive.open(folder / "db" / "tracker.db") as archive:
        assert archive.verify() == []
        return Counter(record.document.title for record in archive.all_documents())


def expected(*names: str) -> Counter[str | None]:
    return Counter(f"Bromazolam {name}-{n}" for name in names for n in range(ITEMS))


def test_a_run_that_is_killed_loses_nothing_and_stores_nothing_twice(site: Site, tmp_path: Path) -> None:
    for name in ("first", "second", "third"):
        site.add(name)
    site.held = {"third"}
    site.write(tmp_path, "first", "second", "third")
    process = start(tmp_path)
    assert site.asked.wait(20)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    site.held = set()
    site.go.set()
    code, report, _ = finish(start(tmp_path))
    assert code == 0
    assert titles(tmp_path) == expected("first", "second", "third")
    code, report, _ = finish(start(tmp_path))
    assert (code, report["new"], report["revised"]) == (0, 0, 0)


def test_a_run_that_is_asked_to_end_keeps_what_it_read(site: Site, tmp_path: Path) -> None:
    for name in ("first", "last"):
        site.add(name)
    site.held = {"last"}
    site.write(tmp_path, "first", "last")
    process = start(tmp_path)
    assert site.asked.wait(20)
    process.send_signal(signal.SIGTERM)
    code, report, _ = finish(process)
    assert code == 0
    assert {row["id"] for row in report["sources"]} <= {"first"}  # type: ignore[attr-defined]
    site.go.set()
    site.held = set()
    finish(start(tmp_path))
    assert titles(tmp_path) == expected("first", "last")


def test_two_runs_at_once_store_each_item_once(site: Site, tmp_path: Path) -> None:
    names = ("one", "two", "three")
    for name in names:
        site.add(name)
    site.write(tmp_path, *names)
    runs = [start(tmp_path), start(tmp_path)]
    ends = [finish(run) for run in runs]
    done = [report for code, report, _ in ends if code == 0]
    assert sum(int(str(report["new"])) for report in done) == ITEMS * len(names)
    for code, _, said in ends:  # the second one waited, or left with one line
        assert code == 0 or (code == 1 and len(said) == 1 and "another run is writing" in said[0])
    assert titles(tmp_path) == expected(*names)


def test_a_full_disk_is_one_line_and_the_archive_stays_whole(site: Site, tmp_path: Path) -> None:
    names = [f"s{n}" for n in range(12)]
    for name in names:
        site.add(name)
    site.write(tmp_path, *names)
    code, _, said = finish(start(tmp_path, limit=1_300_000))
    assert code == 1
    assert len(said) == 1, said
    assert "disk" in said[0]
    assert "full" in said[0]
    before = titles(tmp_path)
    assert set(before.values()) <= {1}
    assert all(sum(t.startswith(f"Bromazolam {n}-") for t in before if t) in (0, ITEMS) for n in names), "whole batches"
    assert finish(start(tmp_path))[0] == 0
    assert titles(tmp_path) == expected(*names)


HOSTILE: dict[str, tuple[bytes, str]] = {
    "html": (b"<!DOCTYPE html><html><head><title>News</title></head><body>" + b"<p>x</p>" * 99, "error"),
    "challenge": (b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>", "blocked"),
    "bomb": (
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
        b"]><rss><channel><item><title>&b;</title></item></channel></rss>",
        "error",
    ),
    "external": (
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        b"<rss><channel><item><title>&x;</title><link>https://x.example/1</link></item></channel></rss>",
        "ok",
    ),
    "nothing": (b"", "empty"),
    "cut": (feed("cut")[:9000], "error"),
    "nul": (feed("nul", 2).replace(b"tablets", b"tab\0lets"), "ok"),
    "charset": (b'<?xml version="1.0" encoding="utf-16"?>' + feed("charset", 2), "ok"),
    "title": (feed("title", 1).replace(b"<title>Bromazolam", b"<title>" + b"word " * 200_000, 1), "ok"),
    "deep": (b"<rss>" + b"<a>" * 200_000, "error"),
    "many": (feed("many", 3000).replace(TEXT.encode(), b"bromazolam"), "ok"),
}


def test_hostile_payloads_cost_their_source_alone(site: Site, tmp_path: Path) -> None:
    for name, (body, _) in HOSTILE.items():
        site.add(name, body)
    site.add("good")
    site.write(tmp_path, *HOSTILE, "good")
    code, report, said = finish(start(tmp_path))
    assert code == 0, "\n".join(said)
    rows = {row["id"]: row for row in report["sources"]}  # type: ignore[attr-defined]
    assert code == 0
    assert {name: rows[name]["status"] for name in HOSTILE} == {name: status for name, (_, status) in HOSTILE.items()}
    assert (rows["good"]["status"], rows["good"]["new"]) == ("ok", ITEMS)
    assert rows["many"]["new"] == MOST, "cut at max_items"
    assert rows["cut"]["new"] > 0, "what stands before the cut is kept"
    assert all(row["error"] for row in rows.values() if row["status"] in ("error", "blocked"))
    assert not any("Traceback" in line for line in said)
    found = titles(tmp_path)
    assert max(len(title or "") for title in found) <= 1000
    assert not any("root:" in (title or "") for title in found)
