"""Time, CPU and memory of collecting over loopback, beside the `reader` library where one is at hand.

    python benchmarks/collect.py slow                      150 sources, half of them answer after 2 s
    python benchmarks/collect.py hostile                   what each hostile answer costs under the default limits
    python benchmarks/collect.py feeds [--reader PYTHON]   500 feeds of 20 entries: first update, then all 304

The server is a process of its own and listens on all of 127.0.0.0/8: every source has a host of its own, so that the
polite limits hold and do not decide the result. PYTHON is an interpreter that can import `reader`.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import unquote

MB = 1024 * 1024


def bomb() -> bytes:
    """A gigabyte of zeros, compressed twice over, made piece by piece."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    inner = b"".join(packer.compress(b"\0" * MB) for _ in range(1000)) + packer.flush()
    return gzip.compress(inner, 9)


def feed(number: int, entries: int = 20, title: str = "") -> bytes:
    """An RSS feed with entries of about 900 characters."""
    words = "Police seized tablets sold as alprazolam; the laboratory found bromazolam and metonitazene. " * 9
    items = "".join(
        f"<item><title>{title or f'Alert {number}-{n}'}</title><link>http://127.0.0.1/{number}/{n}</link>"
        f"<guid>{number}-{n}</guid><pubDate>Tue, {1 + n % 24:02d} Nov 2026 07:00:00 GMT</pubDate>"
        f"<description>{words}</description></item>"
        for n in range(entries)
    )
    head = (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed {number}</title><link>http://127.0.0.1/</link>'
    )
    return f"{head}{items}</channel></rss>".encode()


# --- the server ------------------------------------------------------------------------------------------------------


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            path = unquote(head.split(b" ", 2)[1].decode())
            known = b"if-none-match" in head.lower()
            if path == "/robots.txt":
                await _send(writer, b"", code="404 Not Found")
            elif path.startswith("/hostile/"):
                await _hostile(writer, path.removeprefix("/hostile/"))
                return
            else:
                if path.startswith("/slow/"):
                    await asyncio.sleep(2)
                number = int(path.rpartition("/")[2])
                await _send(writer, b"" if known else feed(number), code="304 Not Modified" if known else "200 OK")
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _send(writer: asyncio.StreamWriter, body: bytes, *, code: str = "200 OK") -> None:
    writer.write(
        f'HTTP/1.1 {code}\r\nETag: "1"\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n'.encode()
    )
    writer.write(body)
    await writer.drain()


async def _hostile(writer: asyncio.StreamWriter, what: str) -> None:
    def head(more: str = "") -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nConnection: close\r\n{more}\r\n".encode())

    if what == "200 MB announced":
        head(f"Content-Length: {200 * MB}\r\n")
    elif what == "200 MB":
        head()
        for _ in range(3200):
            writer.write(b"<item>" * 10923)
            await writer.drain()
    elif what == "gzip bomb of 1 GB":
        body = bomb()
        head(f"Content-Encoding: gzip, gzip\r\nContent-Length: {len(body)}\r\n")
        writer.write(body)
    elif what == "endless drip":
        head()
        while True:
            writer.write(b"a")
            await writer.drain()
            await asyncio.sleep(0.5)
    elif what == "endless headers":
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-A: b\r\n")
            await writer.drain()
            await asyncio.sleep(0.5)
    elif what == "redirect loop":
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /hostile/redirect%20loop\r\nContent-Length: 0\r\n\r\n")
    elif what == "redirect to 127.0.0.1:22":
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:22/\r\nContent-Length: 0\r\n\r\n")
    else:
        head()
        writer.write(PAYLOADS[what]())
    await writer.drain()


PAYLOADS = {
    "5 MB title": lambda: feed(1, 1, "word " * MB),
    "20,000 items": lambda: feed(1, 20_000)[: 19 * MB],
    "entity bomb": lambda: (
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a0 "aaaaaaaaaa">'
        + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
        + b"]><rss><channel><item><title>&a9;</title></item></channel></rss>"
    ),
    "deep XML": lambda: b'<?xml version="1.0"?><rss>' + b"<a>" * MB,
    "NULs": lambda: feed(1).replace(b"tablets", b"tab\0lets"),
    "HTML for XML": lambda: b"<!DOCTYPE html><html><head><title>News</title></head><body>" + b"<p>news</p>" * 1000,
    "truncated body": lambda: feed(1)[:7000],
    "wrong charset": lambda: feed(1).replace(b"?>", b' encoding="utf-16"?>', 1).replace(b"tablets", b"tabl\xe9ts"),
}
ATTACKS = (
    "200 MB announced", "200 MB", "gzip bomb of 1 GB", "endless drip", "endless headers", "redirect loop",
    "redirect to 127.0.0.1:22", *PAYLOADS,
)  # fmt: skip


def _serve(ready: Connection) -> None:
    async def main() -> None:
        server = await asyncio.start_server(_answer, "0.0.0.0", 0, backlog=1024)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


@contextmanager
def server() -> Iterator[int]:
    """Run the server beside this process; yields its port."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there,), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()


def host(number: int) -> str:
    """A loopback address of its own for each source."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


# --- the measured --------------------------------------------------------------------------------------------------


def usage() -> tuple[float, float, float]:
    """Wall seconds, CPU seconds of this process, peak memory in MB."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.monotonic(), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


ROBOTS: dict[str, str] = {}  # kept between the first and the second run, as the program does


def measure(urls: dict[str, str], states: dict | None = None, workers: int = 8) -> tuple[dict, str]:
    """Collect `urls` once; returns the results by id and a line of figures."""
    from tracker.collect import CollectSettings, collect
    from tracker.model import Source

    sources = [Source(name, "feed", url) for name, url in urls.items()]
    wall, cpu, _ = usage()
    results = {}
    items = 0
    for result in collect(
        sources,
        states or {},
        settings=CollectSettings(),
        now=lambda: datetime.now(UTC),
        force=True,
        workers=workers,
        robots_cache=ROBOTS,
    ):
        items += len(result.documents)
        results[result.source.id] = (result.status, result.state, result.ms, result.error, len(result.documents))
    wall_end, cpu_end, peak = usage()
    statuses = dict(Counter(status for status, *_ in results.values()))
    return (
        results,
        f"{wall_end - wall:6.1f} s wall {cpu_end - cpu:6.2f} s CPU {peak:5.0f} MB peak  {items} items {statuses}",
    )


def slow() -> None:
    with server() as port:
        urls = {f"s{n}": f"http://{host(n)}:{port}/{'slow' if n % 2 else 'fast'}/{n}" for n in range(150)}
        results, line = measure(urls)
        print("150 sources, cold:", line)
        _, line = measure(urls, {name: state for name, (_, state, *_) in results.items()})
        print("150 sources, warm:", line)


def hostile() -> None:
    with server() as port:
        urls = {what: f"http://{host(n)}:{port}/hostile/{what.replace(' ', '%20')}" for n, what in enumerate(ATTACKS)}
        urls |= {f"good {n}": f"http://{host(200 + n)}:{port}/fast/{n}" for n in range(10)}
        results, line = measure(urls)
        for what in ATTACKS:
            status, _, ms, error, items = results[what]
            print(f"{what:26} {status:8} {ms / 1000:6.1f} s {items:6} items  {(error or '')[:110]}")
        good = Counter(results[name][0] for name in urls if name.startswith("good"))
        print("all at once, with 10 good sources:", line, "good:", dict(good))
        sources = {f"s{n}": url for n, url in enumerate(urls.values())}
        with deployment(sources) as folder:
            report, line = program(folder)
            statuses = dict(Counter(row["status"] for row in report["sources"]))
            print("tracker collect over the same:", line, f"{report['new']} new", statuses)


READER = """
import json, resource, sys, time
from reader import make_reader
urls, path = json.load(sys.stdin), sys.argv[1]
reader = make_reader(path)
for url in urls: reader.add_feed(url)
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
for label in ("first", "304"):
    wall, start = time.monotonic(), cpu()
    reader.update_feeds(workers=8, scheduled=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"reader, {label}: {time.monotonic() - wall:6.1f} s wall {cpu() - start:6.2f} s CPU {peak:5.0f} MB peak  "
          f"{reader.get_entry_counts().total} entries")
"""


@contextmanager
def deployment(urls: dict[str, str]) -> Iterator[str]:
    """A folder with a `sources.yaml` of these feeds."""
    with tempfile.TemporaryDirectory() as folder:
        entries = "\n".join(f"  - {{id: {name}, kind: feed, url: '{url}'}}" for name, url in urls.items())
        (Path(folder) / "sources.yaml").write_text(f"sources:\n{entries}\n")
        yield folder


def program(folder: str) -> tuple[dict, str]:
    """The whole program once, from its start to its end: collect, tag, store. Its report and a line of figures."""
    tracker = Path(sys.executable).with_name("tracker")
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [str(tracker), "-q", "collect", "--force", "--format", "json"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
    )
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    # The largest child so far: of several runs the first is the largest, for it has the most to do.
    line = f"{time.monotonic() - wall:6.1f} s wall {cpu:6.2f} s CPU {used.ru_maxrss / 1024:5.0f} MB peak"
    return json.loads(done.stdout), line


def feeds(reader: str | None) -> None:
    with server() as port:
        urls = {f"s{n}": f"http://{host(n)}:{port}/fast/{n}" for n in range(500)}
        results, line = measure(urls)
        print("collect, first:", line)
        _, line = measure(urls, {name: state for name, (_, state, *_) in results.items()})
        print("collect, 304:  ", line)
        with deployment(urls) as folder:
            for label in ("first", "304"):
                report, line = program(folder)
                print(f"tracker collect, {label}: {line}  {report['new']} new")
        if reader is not None:
            with tempfile.TemporaryDirectory() as folder:
                command = [reader, "-c", READER, str(Path(folder) / "reader.db")]
                subprocess.run(command, input=json.dumps(list(urls.values())), text=True, check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("slow", "hostile", "feeds"))
    parser.add_argument("--reader", metavar="PYTHON", help="an interpreter that can import reader")
    given = parser.parse_args()
    if given.what == "feeds":
        feeds(given.reader)
    else:
        {"slow": slow, "hostile": hostile}[given.what]()
    sys.exit(0)
