"""Newsletters by mail: IMAP, a Maildir, an mbox or a folder of .eml files. Each payload is one message (or an mbox)."""

from __future__ import annotations

from collections.abc import Sequence

from tracker.errors import ParseError
from tracker.model import Document, Page, Payload, Request, Source, Window
from tracker.sources._base import Expression, Kind, Options, newest_first, options_of
from tracker.sources._mail import read_message, split_mbox


class MailboxOptions(Options):
    """`sender` and `subject` are regular expressions: other messages of the mailbox are left alone, unstored."""

    sender: Expression | None = None
    subject: Expression | None = None


def first(source: Source, window: Window) -> Sequence[Request]:
    """The mailbox as a whole (`imaps://USER@HOST/FOLDER`, `file:///…`); the collector hands over its new messages."""
    return (Request(url=source.url, step="list"),)


def read(source: Source, payload: Payload, request: Request) -> Page:
    """Return the document of a message, or those of an mbox; a message that is none is a problem of its own."""
    options = options_of(source, MailboxOptions)
    messages = split_mbox(payload.body) if payload.body.startswith(b"From ") else [payload.body]
    documents: list[Document] = []
    problems: list[str] = []
    for number, raw in enumerate(messages, 1):
        if not _wanted(raw, options):
            continue
        try:
            documents.append(read_message(raw, source))
        except ParseError as error:
            if len(messages) == 1:
                raise
            problems.append(f"message {number}: {error}")
    kept, cut = newest_first(documents, source.max_items)
    return Page(documents=kept, problems=(*cut, *problems))


def _wanted(raw: bytes, options: MailboxOptions) -> bool:
    import re
    from email import message_from_bytes, policy

    if options.sender is None and options.subject is None:
        return True
    head = raw.split(b"\n\n", 1)[0].split(b"\r\n\r\n", 1)[0]
    message = message_from_bytes(head + b"\n\n", policy=policy.default)
    checks = ((options.sender, "from"), (options.subject, "subject"))
    return all(p is None or re.search(p, str(message.get(name, "")), re.IGNORECASE) for p, name in checks)


KIND = Kind(name="mailbox", options=MailboxOptions, first=first, read=read)
