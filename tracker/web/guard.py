"""What holds for every answer: known Host, bounded body, security headers, ETag and 304, HEAD. Plain ASGI."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from hashlib import blake2b
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MOST_BODY = 64 * 1024  # bytes of a form
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_TAGGED = (b"text/html", b"application/json", b"application/atom+xml", b"application/feed+json")


class Guard:
    """Stands before the application."""

    def __init__(self, app: Any, *, hosts: Iterable[str] = (), root_path: str = "") -> None:
        self._app = app
        self._root = root_path
        self._hosts = {*LOOPBACK, *(host.lower() for host in hosts)}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if not self._knows(headers.get(b"host", b"")):
            await _refuse(send, 400, "bad_host", "this Host is not served here; the setting web.hosts names others")
            return
        if _length(headers.get(b"content-length")) > MOST_BODY:
            await _refuse(send, 413, "too_large", f"a request may carry {MOST_BODY} bytes")
            return
        answer = _Answer(send, headers.get(b"if-none-match"), head=scope["method"] == "HEAD")
        scope = {**scope, "method": "GET" if scope["method"] == "HEAD" else scope["method"], **self._place(scope)}
        bounded = _Bounded(receive)
        try:
            await self._app(scope, bounded, answer)
        except _TooLargeError:
            if not answer.started:
                await _refuse(send, 413, "too_large", f"a request may carry {MOST_BODY} bytes")

    def _place(self, scope: Message) -> dict[str, Any]:
        """Below which path we are served, whether or not the proxy takes it off."""
        path = scope["path"]
        inside = path == self._root or path.startswith(self._root + "/")
        return {"root_path": self._root, "path": path if inside or not self._root else self._root + path}

    def _knows(self, host: bytes) -> bool:
        name = host.decode("latin-1").lower()
        if name.startswith("["):
            name = name[: name.find("]") + 1]
        else:
            name = name.partition(":")[0]
        return name in self._hosts


def _length(value: bytes | None) -> int:
    return int(value) if value and value.isdigit() and len(value) < 16 else 0


class _TooLargeError(Exception):
    pass


class _Bounded:
    """Counts what comes in, for bodies that do not say their length."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._size = receive, 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self._size > MOST_BODY:
            raise _TooLargeError
        return message


class _Answer:
    """Adds headers; holds a one-piece answer until its hash is known."""

    def __init__(self, send: Send, known: bytes | None, *, head: bool) -> None:
        self._send, self._known, self._head = send, known, head
        self._start: Message | None = None
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            names = {name for name, _ in message["headers"]}
            extra = [(name, value) for name, value in HEADERS if name not in names]
            if b"cache-control" not in names:
                extra.append((b"cache-control", b"private, no-cache"))
            self._start = {**message, "headers": [*message["headers"], *extra]}
            return
        if self._start is not None:
            start, self._start = self._start, None
            if message["type"] == "http.response.body" and not message.get("more_body") and _is_tagged(start):
                tag = b'"' + blake2b(message.get("body", b""), digest_size=12).hexdigest().encode() + b'"'
                start["headers"].append((b"etag", tag))
                if self._known and _matches(self._known, tag):
                    kept = [h for h in start["headers"] if h[0] not in (b"content-length", b"content-type")]
                    await self._send({**start, "status": 304, "headers": kept})
                    await self._send({"type": "http.response.body", "body": b""})
                    return
            await self._send(start)
        await self._send({**message, "body": b""} if self._head else message)


def _is_tagged(start: Message) -> bool:
    kind = dict(start["headers"]).get(b"content-type", b"")
    return bool(start["status"] == 200 and kind.startswith(_TAGGED))


def _matches(known: bytes, tag: bytes) -> bool:
    return known.strip() == b"*" or tag in {part.strip().removeprefix(b"W/") for part in known.split(b",")}


async def _refuse(send: Send, status: int, code: str, message: str) -> None:
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
