"""Gives memory back to the system after a large payload.

What a thread has freed stays with the process otherwise: eight threads that each read 20 MB once would hold it to the
end of the run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from tracker.collect.wire import EXCHANGE


def give_back() -> None:
    """Return what is free to the system if this thread's last exchange was a large one. Where the C library has no such
    call, nothing happens."""
    if EXCHANGE.heavy:
        EXCHANGE.heavy = False
        _trim()(0)


@cache
def _trim() -> Callable[[int], object]:
    import ctypes

    try:
        trim: Callable[[int], object] = ctypes.CDLL(None).malloc_trim  # glibc's
    except (OSError, AttributeError, TypeError):
        return lambda _: None
    return trim
