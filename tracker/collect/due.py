"""When a source is asked, and for which stretch of time. Pure: source, state and clock in, decision out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker.model import FetchState, Source, Window

_FIRST_RETRY = timedelta(hours=1)  # after an error, doubled for each further one, up to the source's interval
_GONE_REST = timedelta(days=1)
_FARTHEST = timedelta(days=31)  # a hold beyond that comes from a clock that was wrong
_SHORTEST = timedelta(days=1)  # windows are not split finer: most servers know days only


@dataclass(frozen=True, slots=True)
class Due:
    """Whether to ask now; if not, why, and whether the server (and not our interval) holds us back."""

    due: bool
    reason: str | None = None
    held: bool = False


def decide(source: Source, state: FetchState, *, now: datetime, force: bool = False) -> Due:
    """`force` ignores the interval and `enabled: false`, never Retry-After nor the rest after a refusal."""
    if not source.enabled and not force:
        return Due(False, f"switched off ({source.why or 'no reason given'}); --force asks it all the same")
    hold = state.not_before
    if hold is not None and now < hold <= now + _FARTHEST:
        who = "it refused us" if state.status == "blocked" else "the server asked us to wait"
        return Due(False, f"held back until {hold:%Y-%m-%dT%H:%M:%SZ}: {who}", held=True)
    if force or state.last_polled is None or state.last_polled > now:
        return Due(True)
    due_at = state.last_polled + interval(source, state)
    if now >= due_at:
        return Due(True)
    return Due(False, f"not due until {due_at:%Y-%m-%dT%H:%M:%SZ}")


def interval(source: Source, state: FetchState) -> timedelta:
    """The time to the next poll: a little less than `every`, so that a job run on the hour is never early by seconds.

    After errors sooner (an hour, two hours, …), never later than `every`; an address that is gone at most daily.
    """
    every = timedelta(seconds=source.every)
    usual = every - min(every / 10, timedelta(minutes=5))
    if state.status == "gone":
        return max(usual, _GONE_REST)
    if state.status in ("error", "robots") and state.failures > 0:
        doublings: int = 2 ** min(state.failures - 1, 10)
        return min(usual, _FIRST_RETRY * doublings)
    return usual


def windows(
    *,
    seen_until: datetime | None,
    todo: Sequence[Window],
    now: datetime,
    since: datetime | None,
    first_window: timedelta,
    overlap: timedelta,
) -> list[Window]:
    """The windows to ask for, newest first: what is new since `seen_until` (with an overlap) and what was left over.

    `since` asks for everything from that moment on. Without any memory the last `first_window` is asked for.
    """
    start = now - first_window if seen_until is None else seen_until - overlap
    if since is not None:
        start = min(since, start) if seen_until is not None else since
    new = Window(since=min(start, now), until=now)
    return merged([new, *todo])


def merged(stretches: Iterable[Window]) -> list[Window]:
    """Join windows that touch or overlap; newest first."""
    ordered = sorted((w for w in stretches if w.since <= w.until), key=lambda w: w.since)
    joined: list[Window] = []
    for window in ordered:
        if joined and window.since <= joined[-1].until:
            joined[-1] = Window(joined[-1].since, max(joined[-1].until, window.until))
        else:
            joined.append(Window(window.since, window.until))
    return joined[::-1]


def halves(window: Window) -> tuple[Window, Window] | None:
    """Newer and older half of a window, None when it is a day or less.

    The cut is at a midnight where one lies between, because most servers take days.
    """
    length = window.until - window.since
    if length <= _SHORTEST:
        return None
    middle = window.since + length / 2
    midnight = middle.replace(hour=0, minute=0, second=0, microsecond=0)
    if window.since < midnight < window.until:
        middle = midnight
    return Window(middle, window.until, window.cursor), Window(window.since, middle, window.cursor)
