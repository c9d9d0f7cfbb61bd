"""Killed with -9 in the middle of writing: whole batches or none, and the next run completes the same archive."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from archive_kit import Tagger

from tracker.archive import Archive

HERE = Path(__file__).parent
BATCHES, SIZE = 40, 25
WRITER = f"""
import sys
sys.path.insert(0, {str(HERE)!r})
from archive_kit import MONDAY, doc, put, source, days
from tracker.archive import Archive
with Archive.open(sys.argv[1], create=True) as archive:
    print("open", flush=True)
    for batch in range({BATCHES}):
        items = [doc(f"Bromazolam {{batch}} {{n}} in Leeds. Two deaths.", f"{{batch}}-{{n}}") for n in range({SIZE})]
        put(archive, *items, at=MONDAY + days(batch), src=source(f"s{{batch}}"))
print("done", flush=True)
"""


def content(archive: Archive) -> set[tuple[str, str, str]]:
    rows = archive._db.execute(
        "SELECT d.external_id, r.text, hex(d.hash) FROM documents d JOIN revisions r ON r.id = d.revision"
    )
    return {tuple(row) for row in rows}


def test_a_run_killed_again_and_again_ends_with_the_same_documents(tmp_path):
    whole, broken = tmp_path / "whole.db", tmp_path / "broken.db"
    subprocess.run([sys.executable, "-c", WRITER, str(whole)], check=True, capture_output=True)
    moments = random.Random(5)
    for _ in range(5):
        child = subprocess.Popen([sys.executable, "-c", WRITER, str(broken)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(moments.random() * 0.4)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        with Archive.open(broken) as archive:
            assert archive.verify(Tagger()) == []
            assert len(content(archive)) % SIZE == 0
    subprocess.run([sys.executable, "-c", WRITER, str(broken)], check=True, capture_output=True)
    with Archive.open(whole) as first, Archive.open(broken) as second:
        assert content(first) == content(second)
        assert len(content(first)) == BATCHES * SIZE
