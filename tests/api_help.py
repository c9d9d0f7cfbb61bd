"""What the tests of the literature and government interfaces share: a source, a window, one payload read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tracker.model import Document, Page, Payload, Request, Source, Window
from tracker.sources import kind, parse_file

NOW = datetime(2026, 11, 24, 7, 3, tzinfo=UTC)
WEEK = Window(NOW - timedelta(days=7), NOW)


def source(name: str, url: str = "https://api.example.org/search", **given: Any) -> Source:
    """A source of kind `name`; `options` and the other fields by name."""
    return Source(id=f"test_{name}", kind=name, url=url, **given)


def ask(src: Source, window: Window = WEEK) -> list[Request]:
    """The requests that open a poll."""
    return list(kind(src.kind).first(src, window))


def answer(src: Source, request: Request, body: object, *, status: int = 200) -> Page:
    """What a kind reads in `body` (anything but bytes is written as JSON) as the answer to `request`."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return kind(src.kind).read(src, Payload(data, request.url, status), request)


def read(name: str, body: object, **options: Any) -> Page:
    """What `tracker parse` reads in one recorded payload."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse_file(name, data, options=options)


def only(name: str, body: object, **options: Any) -> Document:
    """The one document of a payload."""
    page = read(name, body, **options)
    assert len(page.documents) == 1, page
    return page.documents[0]


def params(request: Request) -> dict[str, str]:
    """The parameters of a request; repeated ones keep the last."""
    return dict(request.params)


def counts(shared: Path, name: str, files: Sequence[str]) -> dict[str, int]:
    """Documents in each recorded payload."""
    samples = shared / "data/samples"
    return {f: len(parse_file(name, (samples / f).read_bytes()).documents) for f in files}
