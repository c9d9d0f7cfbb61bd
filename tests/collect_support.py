"""What several tests of collect use: tiny kinds, a clock that only moves when told, a server for raw bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from tracker.collect import CollectSettings, HostPace, HttpClient, Limits, poll
from tracker.collect.guard import Guard
from tracker.errors import ParseError
from tracker.model import Document, FetchState, Page, Payload, Request, Source, SourceResult, Window

NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
FAST = CollectSettings(
    pace=HostPace(interval=0.0, at_once=2),
    hosts={},
    limits=Limits(connect=2, read=2, total=3, backoff=0.0),
)


@dataclass
class Clock:
    """Wall and monotonic time for tests; `sleep` moves both and takes none."""

    at: datetime = NOW
    slept: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - NOW).total_seconds()

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.slept.append(seconds)
            self.at += timedelta(seconds=seconds)

    def move(self, **span: float) -> None:
        self.at += timedelta(**span)


class Lines:
    """A kind for tests: a line `item ID [DATE]` is a document, `next URL` the next page, `total N` the count."""

    def __init__(self, *, robots: bool = False, name: str = "lines") -> None:
        self.name, self.robots = name, robots

    def first(self, source: Source, window: Window) -> Sequence[Request]:
        secret = (("api_key", source.key_env),) if source.key_env else ()
        return (Request(source.url, secret_params=secret, conditional=True),)

    def read(self, source: Source, payload: Payload, request: Request) -> Page:
        text = payload.body.decode("utf-8", "replace")
        if not text.startswith("lines"):
            raise ParseError(f"{source.id}: lines were due, found {text[:20]!r} at {payload.url}")
        words = [line.split() for line in text.splitlines()[1:]]
        following = [Request(w[1], found=True, state={"page": w[1]}) for w in words if w[0] == "next"]
        total = next((int(w[1]) for w in words if w[0] == "total"), None)
        return Page(
            documents=tuple(
                Document(w[1], url=w[3] if len(w) > 3 else None, published=w[2] if len(w) > 2 else None)
                for w in words
                if w[0] == "item"
            ),
            next=tuple(following),
            total=total,
            complete=["cut"] not in words,
        )


class Windowed(Lines):
    """Lines asked for by day, as the literature services are."""

    def first(self, source: Source, window: Window) -> Sequence[Request]:
        span = (("since", window.since.isoformat()), ("until", window.until.isoformat()))
        return (Request(source.url, params=span),)


def make_client(clock: Clock | None = None, settings: CollectSettings = FAST, **parts: object) -> HttpClient:
    if clock is not None:
        parts = {"clock": clock.monotonic, "sleep": clock.sleep} | parts
    return HttpClient(settings, env=parts.pop("env", {}), **parts)  # type: ignore[arg-type]


def source(url: str, **fields: object) -> Source:
    return replace(Source(id="s", kind="lines", url=url), **fields)  # type: ignore[arg-type]


def ask(
    entry: Source,
    state: FetchState | None = None,
    *,
    kind: Lines | None = None,
    clock: Clock | None = None,
    client: HttpClient | None = None,
    **options: object,
) -> SourceResult:
    clock = clock or Clock()
    return poll(
        entry,
        state or FetchState(entry.id),
        kind=kind or Lines(),
        http=client or make_client(clock),
        now=clock.now,
        **options,  # type: ignore[arg-type]
    )


def everywhere(addresses: set[str]) -> Guard:
    """A guard for which these loopback addresses count as public."""
    return Guard(public=lambda address: str(address) in addresses)


@contextmanager
def raw_server(answer: Callable[[socket.socket, bytes], None], *, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve every connection by `answer(connection, request)`; yields the address."""
    listener = socket.create_server((host, 0))
    listener.settimeout(0.1)
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(10)
            data = b""
            try:
                while b"\r\n\r\n" not in data:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    data += piece
                answer(connection, data)
            except OSError:
                return  # the client left, as it should

    def accept() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                continue
            thread = threading.Thread(target=serve, args=(connection,), daemon=True)
            thread.start()
            threads.append(thread)

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        stop.set()
        accepting.join(2)
        listener.close()
        for thread in threads:
            thread.join(2)
