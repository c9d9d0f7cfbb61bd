"""Search over HTTP: `tracker serve` beside Datasette with our metadata file, on the same archive and in the same run.

    python benchmarks/archive.py --documents 1000000 --folder /tmp/bench --skip search,plain,backup,process
    python benchmarks/datasette.py /tmp/bench/archive-1000000.db --datasette /path/to/venv/bin/datasette

Both servers are asked the same kinds of query in alternation over one kept connection each. Datasette gets time enough
(its limits of 1 s for a query and 0.2 s for a facet are lifted) and the words go to the search of the metadata file, or
to filters and facets of `v_documents` where that is what it offers. Told are median and 95th percentile in
milliseconds by the clock and by the server's CPU, and what the metadata file shows: tables, facets, search. The two do
not answer alike: ours ranks, counts, facets and tags; the metadata file's search gives the newest hundred hits.
"""

from __future__ import annotations

import argparse
import http.client
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.archive import SUBSTANCES, VOCABULARY, Generator
from benchmarks.web import cpu_seconds, free_port, memory, wait_for

METADATA = Path(__file__).parent.parent / "db" / "metadata.json"
LIMIT = 20  # seconds: what takes longer is told as so many


class Server:
    """One of the two, with a kept connection."""

    def __init__(self, command: list[str], port: int) -> None:
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(port)
        self._idle_since = 0.0
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)

    def get(self, path: str) -> tuple[int, Any, float, float]:
        """(status, JSON, milliseconds by the clock, by the server's CPU)."""
        if self._idle_since and time.monotonic() - self._idle_since > 2:  # it may have been closed meanwhile
            self._connection.close()
        begin, cpu = time.perf_counter(), cpu_seconds(self.process.pid)
        try:
            self._connection.request("GET", path, headers={"Host": "localhost"})
            answer = self._connection.getresponse()
            body = answer.read()
        except TimeoutError:
            self._connection.close()
            return 0, None, LIMIT * 1000.0, (cpu_seconds(self.process.pid) - cpu) * 1000
        self._idle_since = time.monotonic()
        spent = (time.perf_counter() - begin) * 1000
        is_json = "json" in (answer.getheader("content-type") or "")
        return answer.status, json.loads(body) if is_json else None, spent, (cpu_seconds(self.process.pid) - cpu) * 1000

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:  # in the midst of a query
            self.process.kill()
            self.process.wait()


@contextmanager
def servers(archive: Path, datasette: str) -> Iterator[tuple[Server, Server]]:
    """Ours and Datasette, which names a database after its file."""
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / "tracker.db"
        link.symlink_to(archive.resolve())
        port, other = free_port(), free_port()
        ours = Server([sys.executable, "-m", "tracker", "-q", "--db", str(archive), "serve", "--port", str(port)], port)
        limits = ("sql_time_limit_ms", "facet_time_limit_ms", "facet_suggest_time_limit_ms")
        settings = [
            part for name in limits for part in ("--setting", name, "600000" if "suggest" not in name else "50")
        ]
        peer = Server([datasette, "serve", str(link), "-m", str(METADATA), "--port", str(other), *settings], other)
        try:
            yield ours, peer
        finally:
            ours.stop()
            peer.stop()


def kinds() -> dict[str, list[tuple[str, str]]]:
    """By kind of query, (our address, Datasette's)."""
    g = Generator()
    common, frequent, rare = g._words[20], g._words[60], g._words[VOCABULARY - 5]

    def words(*asked: str) -> list[tuple[str, str]]:
        return [(_ours(q=q), _search(q)) for q in asked]

    return {
        "rare word": words(rare, f"isofentanyl {rare}"),
        "common word": words(common, frequent),
        "phrase": words(f'"{common} {frequent}"', f'"{frequent} {common}"'),
        "two words": words(f"{common} {frequent}", f"bromazolam {common}"),
        "prefix": words("brom*", rare[:3] + "*"),
        "filtered": [
            (_ours(tier="A", since="2024", country="IE"), _table(tier="A", countries="IE", published__gte="2024")),
            (_ours(source="s003", sort="newest"), _table(source="s003")),
        ],
        "newest": [(_ours(sort="newest"), _table())],
        "facet": [(_ours(substance=SUBSTANCES[0]), _table(_facet="source", substances__contains=SUBSTANCES[0]))],
    }


def _ours(**asked: str) -> str:
    return "/api/documents?" + urlencode({**asked, "limit": "20"})


def _search(words: str) -> str:
    return "/tracker/search.json?" + urlencode({"words": words, "_shape": "array"})


def _table(**asked: str) -> str:
    plain = {"_size": "20", "_sort_desc": "first_seen", "_nocount": "1", "_nosuggest": "1"}
    if "_facet" not in asked:
        plain["_nofacet"] = "1"
    return "/tracker/v_documents.json?" + urlencode({**plain, **asked})


def compare(ours: Server, peer: Server, repeat: int, slow: float) -> None:
    """A line a kind. A query that takes longer than `slow` seconds is asked once only."""
    for kind, pairs in kinds().items():
        times: dict[str, list[tuple[float, float]]] = {"tracker": [], "datasette": []}
        wrong: list[str] = []
        for pair in pairs:
            for n in range(repeat + 1):  # the first is to warm up
                for (name, server), path in zip((("tracker", ours), ("datasette", peer)), pair, strict=True):
                    if n and times[name] and times[name][-1][0] > slow * 1000:
                        continue
                    status, _, clock, cpu = server.get(path)
                    if status != 200:
                        wrong.append(f"{name} {status or f'gave nothing in {LIMIT} s'}")
                    if n or clock > slow * 1000:
                        times[name].append((clock, cpu))
        for name, found in times.items():
            print(
                f"{kind:12} {name:10}{_quantiles(found)}" + (f"  {set(wrong)}" if wrong and name in str(wrong) else "")
            )


def _quantiles(found: list[tuple[float, float]]) -> str:
    parts = []
    for place, clock in enumerate(("", " CPU")):
        values = sorted(t[place] for t in found)
        p95 = values[max(0, int(len(values) * 0.95) - 1)]
        parts.append(f"p50 {statistics.median(values):9.1f} p95 {p95:9.1f} ms{clock}")
    return "  ".join(parts) + f"  ({len(found)} asked)"


def check(peer: Server) -> None:
    """Whether the metadata file does what it says: views shown, tables hidden or closed, facets, search."""
    _, database, _, _ = peer.get("/tracker.json")
    shown = [t["name"] for t in database["tables"] if not t["hidden"]]
    views = [v["name"] for v in database["views"]]
    closed, *_ = peer.get("/tracker/users.json")
    _, table, spent, _ = peer.get("/tracker/v_fetches.json?_size=1")
    facets = list(table.get("facet_results", {}))
    status, rows, _, _ = peer.get(_search(SUBSTANCES[0]))
    print(f"metadata: views {', '.join(sorted(views))}; tables beside them: {', '.join(shown) or 'none'}; "
          f"logins {closed}; facets of v_fetches {', '.join(facets)} in {spent:.0f} ms; search {status}, "
          f"{len(rows)} rows, {sum('<b>' in (row['snippet'] or '') for row in rows)} with the word marked")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument(
        "--datasette", default=shutil.which("datasette") or "", help="its command, from the extra bench"
    )
    parser.add_argument("--repeat", type=int, default=10, help="times each query is asked")
    parser.add_argument("--slow", type=float, default=3.0, help="seconds from which a query is asked once only")
    options = parser.parse_args()
    if not options.datasette:
        parser.error("there is no datasette: install the extra `bench`, or name its command with --datasette")
    with servers(options.archive, options.datasette) as (ours, peer):
        check(peer)
        ours.get("/api/substances?limit=1")  # what a server of a large archive makes ready at its start is ready then
        compare(ours, peer, options.repeat, options.slow)
        for name, server in (("tracker", ours), ("datasette", peer)):
            print(f"{name:10} {{:.0f}} MB, peak {{:.0f}} MB".format(*memory(server.process.pid)))


if __name__ == "__main__":
    main()
