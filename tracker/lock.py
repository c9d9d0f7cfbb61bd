"""One writer at a time: a lock file beside the archive, so that cron and scheduler do not collide.

The lock is the operating system's and ends with the process, however that ends: there is no stale lock to remove.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tracker.errors import TrackerError


@contextlib.contextmanager
def writing(db: Path, *, wait: float = 0.0, sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Hold the writer's lock of the archive `db`, waiting up to `wait` seconds for another run to finish.

    Raises TrackerError with one line when another run still holds it.
    """
    db.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(db.with_name(db.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        left = wait
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if left <= 0:
                    raise TrackerError(f"another run is writing {db}; try again when it has finished") from None
                sleep(0.2)
                left -= 0.2
        yield
    finally:
        os.close(handle)
