"""What does not come over HTTP: a file, a folder of messages, an mbox, a mailbox over IMAP. Nothing is changed there.

Each message is one payload. `cursor` says how far was read, so that the next poll takes what came after.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from tracker.collect.http import HttpClient
from tracker.errors import FetchError
from tracker.model import Payload, Request, Source

MAIL = "message/rfc822"
_HEAD = 1024  # bytes by whose hash an mbox is known again


@dataclass
class Box:
    """Payloads in the order they arrived; `cursor` grows while they are taken."""

    cursor: str | None
    _payloads: Callable[[Box], Iterator[Payload]]

    def __iter__(self) -> Iterator[Payload]:
        return self._payloads(self)


def payloads(source: Source, request: Request, *, cursor: str | None, http: HttpClient, since: datetime) -> Box:
    """Open what `request.url` names (file:, imaps:). Raises FetchError with the path or server and the cause."""
    scheme = urlsplit(request.url).scheme.lower()
    limit = http.settings.limits.body
    if scheme in ("imap", "imaps"):
        from tracker.collect.imap import read_mailbox

        return Box(cursor, lambda box: read_mailbox(source, request.url, box, http=http, since=since))
    if scheme != "file":
        raise FetchError(f"the scheme {scheme!r} is not known; write https://, http://, imaps:// or file:")
    path = Path(unquote(urlsplit(request.url).path))
    try:
        if path.is_dir():
            return Box(cursor, lambda box: _folder(path, box, limit))
        with path.open("rb") as file:
            is_mbox = file.read(5) == b"From "
    except OSError as cause:
        raise FetchError(f"{path} cannot be read: {cause.strerror}") from None
    if is_mbox:
        return Box(cursor, lambda box: _mbox(path, box, limit))
    return Box(None, lambda box: iter([_whole(path, limit)]))


def _whole(path: Path, limit: int) -> Payload:
    size = path.stat().st_size
    if size > limit:
        raise FetchError(f"{path} has {size:,} bytes; the limit is {limit:,}")
    kind = MAIL if path.suffix.lower() == ".eml" else None
    return Payload(path.read_bytes(), url=path.absolute().as_uri(), content_type=kind)


def _folder(path: Path, box: Box, limit: int) -> Iterator[Payload]:
    """A Maildir (`new` and `cur`) or a folder of .eml files, oldest change first, from where the last poll ended.

    Files that changed in the same moment as the last one read are read again: a copy more costs nothing.
    """
    maildir = (path / "cur").is_dir() or (path / "new").is_dir()
    places = [path / "new", path / "cur"] if maildir else [path]
    pattern = "*" if maildir else "*.eml"
    known = (box.cursor or "").removeprefix("folder:")
    start = int(known) if known.isdigit() else 0
    found = []
    for file in (file for place in places for file in place.glob(pattern)):
        try:
            found.append((file.stat().st_ctime_ns, file))
        except OSError:
            continue  # the mail program moved it meanwhile: it will be found under its new name
    for changed, file in sorted(found):
        if changed < start or not file.is_file() or file.stat().st_size > limit:
            continue
        yield Payload(file.read_bytes(), url=file.absolute().as_uri(), content_type=MAIL)
        box.cursor = f"folder:{changed}"


def _mbox(path: Path, box: Box, limit: int) -> Iterator[Payload]:
    """The messages of an mbox; only what was appended, when it still begins as it did."""
    url = path.absolute().as_uri()
    with path.open("rb") as file:
        file.seek(_offset(file, box.cursor))
        start = file.tell()
        for message, size in _messages(file, limit):
            yield Payload(message, url=url, content_type=MAIL)
            box.cursor = _mbox_cursor(path, start + size)


def _mbox_cursor(path: Path, end: int) -> str:
    head = min(_HEAD, end)
    with path.open("rb") as file:
        return f"mbox:{head}:{_hash(file, head)}:{end}"


def _offset(file: BinaryIO, cursor: str | None) -> int:
    match = re.fullmatch(r"mbox:(\d+):(\w+):(\d+)", cursor or "")
    if match and file.seek(0, 2) >= int(match[3]) and _hash(file, int(match[1])) == match[2]:
        return int(match[3])
    return 0


def _hash(file: BinaryIO, size: int) -> str:
    file.seek(0)
    return hashlib.sha256(file.read(size)).hexdigest()[:16]


def _messages(lines: Iterable[bytes], limit: int) -> Iterator[tuple[bytes, int]]:
    """Cut an mbox at its "From " lines: each message and where it ends; messages over the limit are left out."""
    message: list[bytes] = []
    size, end, blank = 0, 0, True
    for line in lines:
        if blank and line.startswith(b"From "):
            if message and size <= limit:
                yield b"".join(message), end
            message, size = [], 0
        else:
            size += len(line)
            if size <= limit:
                message.append(line[1:] if line.startswith(b">From ") else line)
        end += len(line)
        blank = not line.strip()
    if message and size <= limit:
        yield b"".join(message), end
