"""Undo Content-Encoding piece by piece, so that a bomb is stopped at the limit and not after it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from tracker.errors import FetchError

_PIECE = 64 * 1024
_MOST_LAYERS = 3


class _Inflate:
    """gzip (several members in a row too) or deflate (with or without zlib header)."""

    def __init__(self, encoding: str) -> None:
        self._gzip = encoding == "gzip"
        self._inflater: Any = None
        self._plain = False
        self._held = b""  # a first byte alone does not tell what follows
        self.finished = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        data, self._held = self._held + data, b""
        while data:
            if self._inflater is None:
                if len(data) < 2:
                    self._held = data
                    return
                self._begin(data)
            if self._plain:
                yield data
                return
            try:
                piece = self._inflater.decompress(data, _PIECE)
            except zlib.error as cause:
                raise FetchError(f"the compressed body is damaged ({cause})") from None
            if piece:
                yield piece
            if self._inflater.eof:
                data = self._after_member(self._inflater.unused_data)
            else:
                data = self._inflater.unconsumed_tail
                self.finished = False

    def _begin(self, data: bytes) -> None:
        if self._gzip:
            # Servers that promise gzip and send plain text exist; the text is then read as it stands.
            self._plain = not data.startswith(b"\x1f\x8b") and not self.finished
            self._inflater = zlib.decompressobj(31)
        else:
            zlib_header = len(data) > 1 and data[0] & 15 == 8 and (data[0] * 256 + data[1]) % 31 == 0
            self._inflater = zlib.decompressobj(15 if zlib_header else -15)

    def _after_member(self, rest: bytes) -> bytes:
        self.finished, self._inflater = True, None
        member = b"\x1f\x8b".startswith(rest[:2])
        return rest if self._gzip and member else b""  # padding after the end is dropped

    def whole(self) -> bool:
        return self._plain or self.finished or (self._inflater is None and not self._held)


class _Brotli:
    """br, where the `brotli` library is installed in a version that can stop at a limit."""

    def __init__(self) -> None:
        from importlib import import_module

        brotli: Any = import_module("brotli")
        self._decoder = brotli.Decompressor()
        self._error = brotli.error

    def feed(self, data: bytes) -> Iterator[bytes]:
        try:
            piece = self._decoder.process(data, output_buffer_limit=_PIECE)
            while piece or not self._decoder.can_accept_more_data():
                yield piece
                piece = self._decoder.process(b"", output_buffer_limit=_PIECE)
        except self._error as cause:
            raise FetchError(f"the compressed body is damaged ({cause})") from None

    def whole(self) -> bool:
        return bool(self._decoder.is_finished())


def brotli_works() -> bool:
    """Whether br bodies can be read within limits here."""
    from importlib import import_module

    try:
        brotli: Any = import_module("brotli")
        return hasattr(brotli.Decompressor(), "can_accept_more_data")
    except ImportError:
        return False


def _layers(header: str | None) -> list[Any]:
    names = [part.strip().lower() for part in (header or "").split(",")]
    names = [name.removeprefix("x-") for name in names if name not in ("", "identity", "none", "utf-8")]
    if len(names) > _MOST_LAYERS:
        raise FetchError(f"the body is compressed {len(names)} times over; at most {_MOST_LAYERS} are undone")
    layers: list[Any] = []
    for name in reversed(names):
        if name in ("gzip", "deflate"):
            layers.append(_Inflate(name))
        elif name == "br" and brotli_works():
            layers.append(_Brotli())
        else:
            raise FetchError(f"the body is encoded as {name[:30]!r}, which was not asked for and cannot be read")
    return layers


def read_bounded(chunks: Iterable[bytes], *, encoding: str | None, limit: int) -> tuple[bytes, bool]:
    """Return the decoded body and whether its compression ended properly.

    `limit` bytes are the most that is read before and after decompression; FetchError says so when there is more.
    """
    layers = _layers(encoding)
    pieces: list[bytes] = []
    size = sent = 0
    for chunk in chunks:
        sent += len(chunk)
        if sent > limit:
            raise _too_large(limit)
        for piece in _through(layers, chunk):
            size += len(piece)
            if size > limit:
                raise _too_large(limit)
            pieces.append(piece)
    return b"".join(pieces), sent == 0 or all(layer.whole() for layer in layers)


def _through(layers: list[Any], data: bytes) -> Iterator[bytes]:
    if not layers:
        yield data
        return
    for piece in layers[0].feed(data):
        yield from _through(layers[1:], piece)


def _too_large(limit: int) -> FetchError:
    return FetchError(
        f"the body is larger than {limit / 1024 / 1024:.3g} MB (after decompression); nothing of it was kept"
    )
