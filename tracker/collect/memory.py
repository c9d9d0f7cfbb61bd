"""What a source must be remembered by between polls, packed into the one `cursor` field of its fetch state.

Besides the kind's own cursor it holds what a poll could not finish: windows still to be asked, requests still to be
made (with their keys by name only), and which linked pages were fetched for `full_text`.
A `Request.state` comes back from it as JSON gives it: tuples as lists.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tracker.model import Request, Source, Window

_MOST_PENDING = 2000
_MOST_PAGES = 2000


@dataclass(frozen=True, slots=True)
class Memory:
    """`fingerprint` tells whether the entry still asks the same; `pages` maps a link's hash to its entry's hash."""

    fingerprint: str | None = None
    cursor: str | None = None
    planned_until: datetime | None = None  # everything up to here is read or stands in `todo` and `current`
    todo: tuple[Window, ...] = ()
    current: Window | None = None  # the window that `pending` belongs to
    pending: tuple[Request, ...] = ()
    pages: Mapping[str, str] = field(default_factory=dict)


def fingerprint(source: Source) -> str:
    """A short hash of what decides the answers: kind, address, options."""
    asked = {name: value for name, value in source.options.items() if name != "mailto"}
    words = json.dumps([source.kind, source.url, asked], sort_keys=True, default=str)
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:12]


def load(text: str | None) -> Memory:
    """Read a memory back; what is not one is taken as a kind's bare cursor."""
    if not text:
        return Memory()
    try:
        values = json.loads(text)
        if not isinstance(values, dict) or values.get("v") != 1:
            return Memory(cursor=text)
        return Memory(
            fingerprint=values.get("for"),
            cursor=values.get("cursor"),
            planned_until=datetime.fromisoformat(values["planned"]) if "planned" in values else None,
            todo=tuple(_window(w) for w in values.get("todo", ())),
            current=_window(values["current"]) if "current" in values else None,
            pending=tuple(_request(r) for r in values.get("pending", ())),
            pages=dict(values.get("pages", {})),
        )
    except (ValueError, TypeError, KeyError):
        return Memory(cursor=None if text.startswith('{"v":1') else text)


def dump(memory: Memory) -> str:
    """Write a memory down; requests whose state cannot be written are left out by the caller (`can_wait`)."""
    values: dict[str, Any] = {"v": 1, "for": memory.fingerprint}
    if memory.cursor is not None:
        values["cursor"] = memory.cursor
    if memory.planned_until is not None:
        values["planned"] = memory.planned_until.isoformat()
    if memory.todo:
        values["todo"] = [[w.since.isoformat(), w.until.isoformat()] for w in memory.todo]
    if memory.current is not None:
        values["current"] = [memory.current.since.isoformat(), memory.current.until.isoformat()]
    if memory.pending:
        values["pending"] = [_plain(r) for r in memory.pending]
    if memory.pages:
        values["pages"] = dict(list(memory.pages.items())[-_MOST_PAGES:])
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def can_wait(requests: tuple[Request, ...]) -> bool:
    """Whether requests can be written down and made in a later run."""
    if len(requests) > _MOST_PENDING:
        return False
    try:
        json.dumps([_plain(r) for r in requests])
    except (TypeError, ValueError):
        return False
    return True


def _window(pair: Any) -> Window:
    since, until = pair
    return Window(datetime.fromisoformat(since), datetime.fromisoformat(until))


def _plain(request: Request) -> dict[str, Any]:
    return {
        "url": request.url,
        "params": [list(p) for p in request.params],
        "secret_params": [list(p) for p in request.secret_params],  # names of environment variables, no values
        "headers": [list(h) for h in request.headers],
        "step": request.step,
        "state": dict(request.state),
        "found": request.found,
        "conditional": False,
    }


def _request(values: Mapping[str, Any]) -> Request:
    return Request(
        url=str(values["url"]),
        params=tuple((str(a), str(b)) for a, b in values["params"]),
        secret_params=tuple((str(a), str(b)) for a, b in values["secret_params"]),
        headers=tuple((str(a), str(b)) for a, b in values["headers"]),
        step=str(values["step"]),
        state=dict(values["state"]),
        found=bool(values["found"]),
        conditional=bool(values["conditional"]),
    )
