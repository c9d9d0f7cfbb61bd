"""How collect behaves: limits, pace and windows, with the polite defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one response may cost. Times in seconds, sizes in bytes after decompression."""

    connect: float = 10.0
    read: float = 20.0  # silence between two pieces of an answer
    total: float = 30.0  # from the first attempt to the last byte, redirects and retries included
    body: int = 20 * MEGABYTE
    redirects: int = 10
    retries: int = 2
    backoff: float = 1.0  # before the first retry; doubled for the next


@dataclass(frozen=True, slots=True)
class HostPace:
    """How one host name may be asked: seconds between the starts of two requests, and how many at once."""

    interval: float = 0.51  # at most 2 requests a second, a little slower so that jitter cannot make three
    at_once: int = 2


# What hosts ask for in their own documentation, where it differs from two requests a second.
KNOWN_HOSTS: Mapping[str, HostPace] = MappingProxyType(
    {
        "eutils.ncbi.nlm.nih.gov": HostPace(interval=0.34, at_once=2),  # 3 a second without a key
        "export.arxiv.org": HostPace(interval=3.0, at_once=1),  # one request every 3 seconds, one connection
        "api.gdeltproject.org": HostPace(interval=5.0, at_once=1),  # one request every 5 seconds
    }
)


@dataclass(frozen=True, slots=True)
class CollectSettings:
    """Everything a collect run may be told; the defaults are meant for other people's servers."""

    contact: str | None = None  # mail address or page, sent in the User-Agent
    limits: Limits = field(default_factory=Limits)
    pace: HostPace = field(default_factory=HostPace)
    hosts: Mapping[str, HostPace] = field(default_factory=lambda: KNOWN_HOSTS)
    first_window: timedelta = timedelta(days=30)  # how far back a source is read that was never read before
    overlap: timedelta = timedelta(hours=72)  # asked for again, because indexes fill late
    pages_per_poll: int = 60  # linked pages fetched for `full_text` in one poll


def user_agent(contact: str | None) -> str:
    """`nps-tracker/VERSION (+contact)`; without a contact only the name and version."""
    from tracker import __version__

    name = f"nps-tracker/{__version__}"
    cleaned = "".join(c for c in contact or "" if c.isprintable() and c.isascii() and c not in "()").strip()
    return f"{name} (+{cleaned})" if cleaned else name
