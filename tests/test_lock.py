"""One writer at a time; the lock ends with the process, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tracker.errors import TrackerError
from tracker.lock import writing

HOLD = "import sys; from pathlib import Path; from tracker.lock import writing\nwith writing(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"  # noqa: E501


def holder(db: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock until its stdin closes."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(db)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_writer_gets_one_line(tmp_path: Path) -> None:
    with holder(tmp_path / "a.db") as other:
        with pytest.raises(TrackerError, match="another run is writing"), writing(tmp_path / "a.db"):
            pass
        other.communicate()


def test_a_second_writer_that_waits_goes_on_when_the_first_is_done(tmp_path: Path) -> None:
    with holder(tmp_path / "a.db") as other:
        naps: list[float] = []

        def nap(seconds: float) -> None:
            naps.append(seconds)
            if len(naps) == 2:
                other.communicate()

        with writing(tmp_path / "a.db", wait=60, sleep=nap):
            assert len(naps) == 2


def test_a_killed_writer_leaves_no_lock(tmp_path: Path) -> None:
    with holder(tmp_path / "a.db") as other:
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
        with writing(tmp_path / "a.db"):
            pass


def test_the_lock_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        with writing(tmp_path / "deep" / "a.db"):
            pass
