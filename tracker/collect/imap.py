"""A mailbox over IMAP, read-only: no flag is set, nothing is moved, only messages newer than the last UID are taken."""

from __future__ import annotations

import imaplib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tracker.collect.http import HttpClient
from tracker.collect.wire import tls_context
from tracker.errors import FetchError
from tracker.model import Payload, Source

if TYPE_CHECKING:
    from tracker.collect.local import Box

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def read_mailbox(source: Source, url: str, box: Box, *, http: HttpClient, since: datetime) -> Iterator[Payload]:
    """Yield the raw messages after `box.cursor` (`imap:UIDVALIDITY:UID`; without one: since `since`), oldest first.

    `imaps://USER@HOST/FOLDER`; the password is in the environment variable that `key_env` names. `imap://` must offer
    STARTTLS. Raises FetchError naming the server and the step that failed.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    user, password = _login(source, url, http.env)
    http.redactor.learn([password])
    folder = unquote(parts.path.strip("/")) or "INBOX"
    step = "connect"
    try:
        server = _connected(parts.scheme.lower(), host, parts.port, http)
        try:
            step = "log in"
            server.login(user, password)
            step = f"open the folder {folder!r}"
            yield from _new_messages(server, folder, box, host=host, since=since, limit=http.settings.limits.body)
        finally:
            _leave(server)
    except (imaplib.IMAP4.error, OSError) as cause:
        words = " ".join(str(cause).split())[:160]
        raise FetchError(f"{host}: could not {step}: {http.redactor.text(words)}") from None


def _login(source: Source, url: str, env: Mapping[str, str]) -> tuple[str, str]:
    user = unquote(urlsplit(url).username or "")
    if not user:
        raise FetchError(f"{source.id}: no user: write imaps://USER@HOST/FOLDER as url (an @ in the user as %40)")
    name = source.key_env
    password = env.get(name, "") if name else ""
    if not password:
        what = f"the environment variable {name} is not set" if name else "no key_env names the password's variable"
        raise FetchError(f"{source.id}: no password: {what}")
    return user, password


def _connected(scheme: str, host: str, port: int | None, http: HttpClient) -> imaplib.IMAP4:
    context, limit = tls_context(), http.settings.limits.read
    if scheme == "imaps":
        return imaplib.IMAP4_SSL(host, port or 993, ssl_context=context, timeout=limit)
    server = imaplib.IMAP4(host, port or 143, timeout=limit)
    if "STARTTLS" not in server.capabilities:
        _leave(server)
        raise FetchError(f"{host}: offers no encryption (STARTTLS); the password was not sent")
    server.starttls(context)
    return server


def _leave(server: imaplib.IMAP4) -> None:
    try:
        server.logout()
    except (imaplib.IMAP4.error, OSError):
        server.shutdown()


def _new_messages(
    server: imaplib.IMAP4, folder: str, box: Box, *, host: str, since: datetime, limit: int
) -> Iterator[Payload]:
    quoted = '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
    _ok(server.select(quoted, readonly=True))
    validity = str(int((server.response("UIDVALIDITY")[1] or [b"0"])[0] or 0))
    last = _last_uid(box.cursor, validity)
    found = _ok(server.uid("SEARCH", *_criteria(last, since)))
    uids = sorted(int(uid) for uid in (found[0] or b"").split() if uid.isdigit())
    for uid in uids:
        if last is not None and uid <= last:
            continue  # "n:*" always names the newest message, also when it is older than n
        message = _message(server, uid, limit)
        if message is not None:
            yield Payload(message, url=f"imap://{host}/{folder};UID={uid}", content_type="message/rfc822")
        box.cursor = f"imap:{validity}:{uid}"
    if box.cursor is None or not box.cursor.startswith(f"imap:{validity}:"):
        box.cursor = f"imap:{validity}:{uids[-1] if uids else 0}"


def _criteria(last: int | None, since: datetime) -> tuple[str, ...]:
    if last is not None:
        return ("UID", f"{last + 1}:*")
    day = since - timedelta(days=1)  # servers compare dates in their own time zone
    return ("SINCE", f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year}")


def _last_uid(cursor: str | None, validity: str) -> int | None:
    match = re.fullmatch(r"imap:(\d+):(\d+)", cursor or "")
    return int(match[2]) if match and match[1] == validity else None


def _message(server: imaplib.IMAP4, uid: int, limit: int) -> bytes | None:
    size = re.search(rb"RFC822\.SIZE (\d+)", _ok(server.uid("FETCH", str(uid), "(RFC822.SIZE)"))[0] or b"")
    if size is None or int(size[1]) > limit:
        return None
    for part in _ok(server.uid("FETCH", str(uid), "(BODY.PEEK[])")):
        if isinstance(part, tuple):
            return bytes(part[1])
    return None


def _ok(answer: tuple[str, Any]) -> list[Any]:
    status, data = answer
    if status != "OK":
        words = b" ".join(part for part in data if isinstance(part, bytes)).decode("utf-8", "replace")
        raise imaplib.IMAP4.error(words or status)
    return list(data)
