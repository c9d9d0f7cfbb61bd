"""The web page and API under load: search and document pages at a steady rate, then many connections at full speed.

    python benchmarks/archive.py --documents 100000 --folder /tmp/bench --skip search,plain,backup,process
    python benchmarks/web.py /tmp/bench/archive-100000.db

Starts `tracker serve` on the archive (which must be one that benchmarks/archive.py made: the words asked for are its
own), asks it from the same machine, and tells p50, p95 and p99 in milliseconds, errors and the server's memory. The
steady part is an open loop: a request is due at its time whether or not the one before was answered, and its time is
counted from then. With --writing `tracker collect` reads a feed of this machine meanwhile, again and again.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from benchmarks.archive import CLASSES, COUNTRIES, SUBSTANCES, THEMES, Generator
from tracker.analysis import rolled, weeks
from tracker.archive import Archive

SEED = 11


@dataclass
class Times:
    """Milliseconds and failures of one kind of request."""

    ms: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def line(self, name: str) -> str:
        found = sorted(self.ms) or [0.0]
        at = [found[min(len(found) - 1, int(len(found) * q))] for q in (0.5, 0.95, 0.99)]
        wrong = f", {len(self.errors)} ERRORS ({self.errors[0]})" if self.errors else ", no errors"
        return f"{name:22} {len(self.ms):6} answers, p50 {at[0]:7.1f}  p95 {at[1]:7.1f}  p99 {at[2]:7.1f} ms{wrong}"


class Connection:
    """One keep-alive connection; as little work as possible, for it shares the machine with the server."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> int:
        """Status of the answer, its body read to the end."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
        reader, writer = self._streams
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(row[15:]) for row in head.lower().split(b"\r\n") if row.startswith(b"content-length:"))
        await reader.readexactly(length)
        return int(head[9:12])

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


def searches(rng: random.Random, words: list[str]) -> str:
    """One search as people ask: a name, a name and a word, words, facts; common and rare ones."""
    name, word, rare = rng.choice(SUBSTANCES), rng.choice(words[:200]), rng.choice(words[5000:20000])
    return rng.choice(
        [
            f"q={name}", f"q={name}+{word}", f"q={word}+{rng.choice(words[:200])}", f"q={rare}",
            f"q={name}+theme:death",
            f"substance={name}&country={rng.choice(COUNTRIES)}", f"theme={rng.choice(THEMES)}&sort=newest",
            f"class={rng.choice(CLASSES)}&q={word}", f"q={name}&since=2024",
        ]
    )  # fmt: skip


async def steady(port: int, rate: float, seconds: float, path: Callable[[], str], times: Times) -> None:
    """An open loop."""
    free: list[Connection] = []
    begin = time.perf_counter()

    async def one(due: float) -> None:
        connection = free.pop() if free else Connection(port)
        await _timed(connection, path(), times, due)
        free.append(connection)

    tasks = []
    for n in range(int(rate * seconds)):
        due = begin + n / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.gather(*tasks)
    for connection in free:
        connection.close()


async def full_speed(port: int, connections: int, seconds: float, path: Callable[[], str], times: Times) -> float:
    """A closed loop; returns answers a second."""
    end = time.perf_counter() + seconds

    async def one() -> None:
        connection = Connection(port)
        while time.perf_counter() < end:
            await _timed(connection, path(), times, time.perf_counter())
        connection.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return len(times.ms) / seconds


async def _timed(connection: Connection, path: str, times: Times, due: float) -> None:
    try:
        status = await connection.get(path)
    except (OSError, asyncio.IncompleteReadError, StopIteration) as error:
        times.errors.append(repr(error))
        return
    times.ms.append((time.perf_counter() - due) * 1000)
    if status != 200:
        times.errors.append(f"{status} {path}")


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int, seconds: float = 30.0) -> None:
    """Until a server answers there."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"nothing listens on port {port}")


def memory(process: int) -> tuple[float, float]:
    """(resident, peak) MB of a process."""
    rows = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines() if ":" in line)
    return int(rows["VmRSS"].split()[0]) / 1024, int(rows["VmHWM"].split()[0]) / 1024


def cpu_seconds(process: int) -> float:
    """What a process has used so far."""
    parts = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


class Feed(BaseHTTPRequestHandler):
    """A feed that has a hundred new items each time it is asked."""

    texts: ClassVar[list[str]] = []
    given: ClassVar[int] = 0

    def do_GET(self) -> None:
        if self.path != "/feed":
            self.send_error(404)
            return
        items = []
        for text in self.texts:
            Feed.given += 1
            link = f"http://127.0.0.1/{time.time_ns()}-{Feed.given}"
            items.append(f"<item><guid>{link}</guid><link>{link}</link><title>{text[:60]}</title>"
                         f"<description>{text}</description></item>")  # fmt: skip
        body = f"<rss version='2.0'><channel><title>t</title>{''.join(items)}</channel></rss>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def collecting(path: Path, stop: threading.Event) -> None:
    """`tracker collect` beside, as it is run: every few seconds a hundred new documents of a feed of this machine."""
    _, documents, _, _ = next(Generator(SEED).batches(100))
    Feed.texts = [document.text or "" for document in documents]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Feed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        sources = Path(folder) / "sources.yaml"
        sources.write_text(
            "sources:\n  - {id: loopback, kind: feed, keep: all, every: 1h, "
            f"url: 'http://127.0.0.1:{server.server_port}/feed'}}\n"
        )
        command = [sys.executable, "-m", "tracker", "-q", "--db", str(path), "--sources", str(sources), "collect"]
        done = 0
        while not stop.wait(2):
            subprocess.run([*command, "--force"], check=True, stdout=subprocess.DEVNULL)
            done += 1
    server.shutdown()
    print(f"collect beside         {done} times, {Feed.given} new documents")


async def first_loads(port: int, server: int) -> None:
    """Pages that sum up much, asked of a server that has just started, and once more."""
    for path in ("/", "/substances", "/signals", f"/substance/{SUBSTANCES[0]}", "/candidates", "/sources"):
        once, spent = Times(), []
        for _ in range(2):
            before = cpu_seconds(server)
            await _timed(Connection(port), path, once, time.perf_counter())
            spent.append((cpu_seconds(server) - before) * 1000)
        print(
            f"{path:22} first {once.ms[0]:8.0f} ms ({spent[0]:.0f} of CPU), again {once.ms[-1]:6.1f} ms"
            + "".join(f" {e}" for e in once.errors[:1])
        )


async def measure(port: int, options: argparse.Namespace, documents: int, server: int) -> None:
    rng = random.Random(SEED)
    words = Generator()._words
    pages: dict[str, Callable[[], str]] = {
        "search page": lambda: f"/search?{searches(rng, words)}",
        "document page": lambda: f"/document/{rng.randrange(1, documents + 1)}",
        "API documents": lambda: f"/api/documents?{searches(rng, words)}&limit=50",
    }
    await first_loads(port, server)
    for name, path in pages.items():
        if options.only not in name:
            continue
        warm, times = Times(), Times()
        await steady(port, options.rate, 3, path, warm)
        before = cpu_seconds(server)
        await steady(port, options.rate, options.seconds, path, times)
        spent = (cpu_seconds(server) - before) * 1000 / max(1, len(times.ms))
        print(times.line(f"{name}, {options.rate:g}/s") + f"; {spent:.1f} ms of CPU each")
    if options.only:
        print("server memory          {:.0f} MB, peak {:.0f} MB".format(*memory(server)))
        return
    mixed = Times()
    both = [pages["search page"], pages["document page"]]
    speed = await full_speed(port, 16, options.seconds, lambda: rng.choice(both)(), mixed)
    print(mixed.line("16 connections, mixed"))
    print(f"{'':22} {speed:.0f} answers a second")
    print("server memory          {:.0f} MB, peak {:.0f} MB".format(*memory(server)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second of the steady part")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of each part")
    parser.add_argument("--only", default="", help="the steady parts whose name has this; nothing else")
    parser.add_argument("--writing", action="store_true", help="store documents meanwhile")
    options = parser.parse_args()
    with Archive.open(options.archive) as archive:
        documents = archive.count_documents()
        begin = time.perf_counter()
        summed = rolled.refresh(archive, before=weeks.number(datetime.now(UTC)))  # as every import does at its end
    if summed:
        print(f"weeks summed up        {summed} in {time.perf_counter() - begin:.1f} s")
    port = free_port()
    command = [sys.executable, "-m", "tracker", "-q", "--db", str(options.archive), "serve", "--port", str(port)]
    server = subprocess.Popen(command, env={**os.environ})
    stop = threading.Event()
    beside = threading.Thread(target=collecting, args=(options.archive, stop))
    try:
        wait_for(port)
        if options.writing:
            beside.start()
        print(f"{documents:,} documents" + (", written to meanwhile" if options.writing else ""))
        asyncio.run(measure(port, options, documents, server.pid))
    finally:
        stop.set()
        if beside.is_alive():
            beside.join()
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    main()
