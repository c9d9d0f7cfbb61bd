"""A mail message (.eml) or an mbox file, read as the mailbox kind does."""

from __future__ import annotations

from tracker.sources import mailbox
from tracker.sources._base import Kind

KIND = Kind(name="eml", options=mailbox.MailboxOptions, read=mailbox.read)
