"""Seconds and memory of one digest of an archive, imports included, each run a process of its own.

    python -m benchmarks.digest ARCHIVE.db --as-of 2026-11-16T07:00:00Z [--runs 3]

The first run of a large archive sums its weeks up (once, unless an import did it); later runs are what Monday sees.
An archive of a million documents is made by `benchmarks.archive`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path


def run(archive: Path, as_of: str, zone: str) -> tuple[float, float, float, str]:
    """(seconds, CPU seconds, peak MB, SHA-256 of the page) of `tracker digest` in a time zone."""
    command = [sys.executable, "-m", "tracker", "--db", str(archive), "digest", "--as-of", as_of, "--format", "html"]
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"TZ": zone})
    assert process.stdout is not None
    page = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    seconds = time.monotonic() - started
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, sha256(page).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=Path)
    parser.add_argument("--as-of", required=True)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    print("| run | seconds | CPU seconds | peak MB | page |\n|---|---|---|---|---|")
    pages = set()
    for number in range(arguments.runs):
        zone = ("UTC", "Pacific/Kiritimati", "America/Los_Angeles")[number % 3]
        seconds, cpu, peak, page = run(arguments.archive, arguments.as_of, zone)
        pages.add(page)
        print(f"| {number + 1} ({zone}) | {seconds:.1f} | {cpu:.1f} | {peak:.0f} | {page[:12]} |", flush=True)
    print("\nthe same bytes in every run and time zone" if len(pages) == 1 else "\nTHE PAGES DIFFER")
    return 0 if len(pages) == 1 else 1


if __name__ == "__main__":
    raise SystemExit(main())
