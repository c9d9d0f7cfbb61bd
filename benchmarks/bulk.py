"""Bulk tagging: a generated PubMed baseline in the true format, timed with one and two workers, killed and resumed.

    python -m benchmarks.bulk --files 20 --records 30000           # all tables, about half an hour
    python -m benchmarks.bulk --files 2 --records 3000 --kills 3   # a short look

Prints the runs with a hash of all that they wrote (equal hashes: equal bytes), where the time of one file goes, how
long the import of the relevant part takes, and how fast the questions of `docs/scale.md` are answered.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.baseline import generate

_PAGE = Path(__file__).parent.parent / "docs" / "scale.md"


class Run(NamedTuple):
    """One run of the verb, from its start to its end."""

    seconds: float
    peak: float  # MB, of the largest process of its session
    busy: float  # seconds that workers spent on parts, by the manifests
    content: str  # hash of all Parquet files


def command(source: Path, out: Path, *more: str) -> list[str]:
    """The verb as a user calls it."""
    tracker = [sys.executable, "-m", "tracker", "-q", "bulk"]
    return [*tracker, str(source / "pubmed26n*.xml.gz"), "--out", str(out), *more]


def timed(source: Path, out: Path, *more: str) -> Run:
    """One whole run into an empty folder."""
    shutil.rmtree(out, ignore_errors=True)
    seconds, peak = watched(command(source, out, *more))
    return Run(seconds, peak, busy(out), content(out))


def watched(arguments: list[str]) -> tuple[float, float]:
    """Seconds of a command and the peak memory in MB of the largest process of its session."""
    started = time.monotonic()
    process = subprocess.Popen(arguments, start_new_session=True)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, _largest(process.pid))
        time.sleep(0.2)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments[:5])} … ended with {process.returncode}")
    return time.monotonic() - started, peak


def _largest(group: int) -> float:
    """Resident memory in MB of the largest process of a session."""
    sizes = [0.0]
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(entry.name)) == group:
                sizes.append(int((entry / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6)
        except (OSError, ValueError, IndexError):
            continue
    return max(sizes)


def busy(out: Path) -> float:
    """Seconds that the workers spent on the parts of a folder."""
    return sum(json.loads(path.read_text())["seconds"] for path in (out / "manifest").glob("*.json"))


def content(out: Path) -> str:
    """A hash of all Parquet files by name and bytes."""
    digest = hashlib.sha256()
    for path in sorted(out.rglob("*.parquet")):
        digest.update(path.relative_to(out).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def killed(source: Path, out: Path, *, kills: int, whole: float, seed: int = 7) -> Run:
    """Start, kill -9 the whole session at a random moment, again and again; then let one run finish."""
    shutil.rmtree(out, ignore_errors=True)
    rng = random.Random(seed)
    arguments = command(source, out, "--workers", "2")
    for _ in range(kills):
        process = subprocess.Popen(arguments, start_new_session=True)
        try:
            process.wait(timeout=rng.uniform(0.5, max(1.0, whole * 0.3)))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    seconds, peak = watched(arguments)
    return Run(seconds, peak, busy(out), content(out))


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """A scheduler and workers as processes of their own on loopback; gives the scheduler's address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    dask = [sys.executable, "-m", "dask"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    place = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    started = [subprocess.Popen([*dask, "scheduler", *place], **quiet)]  # type: ignore[call-overload]
    one = [*dask, "worker", address, "--nworkers", "1", "--nthreads", "1", "--no-dashboard"]
    started += [subprocess.Popen(one, **quiet) for _ in range(workers)]  # type: ignore[call-overload]
    try:
        from distributed import Client

        with Client(address, timeout="60s", set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=60)
        yield address
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(timeout=30)


def shares(path: Path) -> dict[str, float]:
    """CPU seconds of reading, tagging and writing one file in this process."""
    from tracker.lexicon import load
    from tracker.scale.parts import find_parts
    from tracker.scale.readers import read_part
    from tracker.scale.work import Job, tag_part, tagger_for
    from tracker.tag.documents import tag_document

    lexicon = load()
    tagger_for(None)
    at = time.process_time()
    items = list(read_part(str(path), "pubmed"))
    reading, at = time.process_time() - at, time.process_time()
    tagger = tagger_for(None)
    for item in items:
        if not tagger.says_nothing(item.text or "", item.title, language=item.language):  # type: ignore[union-attr]
            tag_document(tagger, item)  # type: ignore[arg-type]
    tagging, at = time.process_time() - at, time.process_time()
    with tempfile.TemporaryDirectory() as out:
        tag_part(find_parts([str(path)])[0], Job(out, "pubmed", "relevant", lexicon.version))
    whole = time.process_time() - at
    return {"reading": reading, "tagging": tagging, "writing": max(0.0, whole - reading - tagging), "whole": whole}


def imported(corpus: Path, archive: Path) -> tuple[float, float, int]:
    """Seconds, peak memory in MB and documents of the import of the relevant part."""
    for path in archive.parent.glob(archive.name + "*"):
        path.unlink()
    seconds, peak = watched([sys.executable, "-m", "tracker", "-q", "--db", str(archive), "import", str(corpus)])
    with sqlite3.connect(archive) as db:
        documents: int = db.execute("SELECT count(*) FROM v_documents").fetchone()[0]
    return seconds, peak, documents


def questions(corpus: Path, archive: Path) -> Iterator[tuple[str, float, int]]:
    """Each question of the page: its first words, milliseconds of the second asking, rows."""
    import duckdb

    with duckdb.connect() as db, sqlite3.connect(archive) as kept:
        # DuckDB fetches its SQLite reader when first used; the view is handed over so that nothing is fetched.
        db.execute("CREATE SCHEMA tracker; CREATE TABLE tracker.v_documents (id INT, pmid TEXT, first_seen TEXT)")
        rows = kept.execute("SELECT id, pmid, first_seen FROM v_documents").fetchall()
        import pyarrow as pa

        columns = dict(zip(("id", "pmid", "first_seen"), map(list, zip(*rows, strict=True)), strict=True))
        db.register("handed", pa.table(columns))
        db.execute("INSERT INTO tracker.v_documents SELECT * FROM handed")
        text = _PAGE.read_text(encoding="utf-8")
        for name, query in re.findall(r"\n([A-Z][^\n]*):\n\n```sql\n(.*?)```", text, re.DOTALL):
            asked = query.replace("'corpus/", f"'{corpus}/")
            db.execute(asked).fetchall()
            started = time.perf_counter()
            found = db.execute(asked).fetchall()
            yield name.split(" (")[0], (time.perf_counter() - started) * 1000, len(found)


def report(runs: dict[str, Run], total: int) -> None:
    """The table of runs."""
    print(f"{'run':<34}{'seconds':>9}{'records/s':>11}{'busy s':>8}{'largest MB':>12}  content")
    for name, run in runs.items():
        rate = f"{total / run.seconds:.0f}" if "killed" not in name else ""
        print(f"{name:<34}{run.seconds:>9.1f}{rate:>11}{run.busy:>8.1f}{run.peak:>12.0f}  {run.content}")
    one, two = runs["one worker"], runs["two workers"]
    print(f"two workers are {one.seconds / two.seconds:.2f} times one")
    for name, run, workers in (("one", one, 1), ("two", two, 2)):
        print(
            f"{name}: {1 - run.busy / workers / run.seconds:.1%} of the workers' time is start, schedule and settling"
        )


def main() -> None:
    """Print the tables."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--files", type=int, default=20)
    arguments.add_argument("--records", type=int, default=30_000)
    arguments.add_argument("--kills", type=int, default=10)
    arguments.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "tracker-bench-bulk")
    given = arguments.parse_args()
    folder: Path = given.folder
    source = folder / f"baseline-{given.files}x{given.records}"
    generate(source, files=given.files, records=given.records)
    runs = {
        "one worker": timed(source, folder / "one", "--workers", "1"),
        "two workers": timed(source, folder / "two", "--workers", "2"),
    }
    whole = runs["two workers"].seconds
    runs[f"killed {given.kills} times, last run"] = killed(source, folder / "killed", kills=given.kills, whole=whole)
    with cluster(2) as address:
        runs["scheduler and two workers apart"] = timed(source, folder / "apart", "--scheduler", address)
    report(runs, given.files * given.records)
    spent = shares(sorted(source.glob("*.xml.gz"))[0])
    print("one file, CPU: " + ", ".join(f"{name} {s:.1f} s ({s / spent['whole']:.0%})" for name, s in spent.items()))
    seconds, peak, documents = imported(folder / "two", folder / "archive.db")
    print(f"import: {documents} documents in {seconds:.1f} s ({documents / seconds:.0f} a second), {peak:.0f} MB")
    for name, milliseconds, rows in questions(folder / "two", folder / "archive.db"):
        print(f"DuckDB, {name}: {milliseconds:.0f} ms, {rows} rows")


if __name__ == "__main__":
    main()
