"""Delivery of the digest by SMTP: never lost, not repeated for an issue and recipient though killed at any moment.

The intent is stored before the mail leaves, the result after. A send that was cut off in between is in doubt: it is
made again with the same Message-ID, and `tracker status` says so. One process delivers at a time (the archive's
writer's lock).
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from tracker.archive import outbox
from tracker.archive.outbox import Delivery
from tracker.digest.message import compose, message_id
from tracker.digest.model import Digest
from tracker.errors import ConfigError

if TYPE_CHECKING:
    from tracker.archive import Archive

TIMEOUT = 60  # seconds for one answer of the mail server
Connect = Callable[[Mapping[str, Any], Mapping[str, str]], smtplib.SMTP]


def deliver(
    archive: Archive,
    digest: Digest,
    mail: Mapping[str, Any],
    *,
    now: Callable[[], datetime],
    environ: Mapping[str, str],
    dry_run: bool = False,
    connect: Connect | None = None,
) -> list[Delivery]:
    """Send the digest to everybody who has not got this week's issue; returns what became of each recipient.

    `mail`: host, port, security (starttls, tls, none), sender, user_env, password_env, unsubscribe, recipients. The
    caller holds the writer's lock. Mails that fail stay in the outbox for the next call; ConfigError for unusable
    settings. With `dry_run` nothing is stored or sent and every delivery that would be made has the status `dry_run`.
    """
    recipients = {str(one["address"]): one for one in mail.get("recipients") or ()}
    ids = {address: message_id(digest, address, mail["sender"]) for address in recipients}
    if dry_run:
        done = {row.recipient for row in outbox.deliveries(archive, digest.week) if row.status == "sent"}
        return [_dry(digest, one, mail, now()) for address, one in recipients.items() if address not in done]
    outbox.intend(archive, digest.week, ids.items(), now=now())
    waiting = [
        recipients[row.recipient]
        for row in outbox.deliveries(archive, digest.week)
        if row.status != "sent" and row.recipient in recipients
    ]
    if waiting:
        _send_all(archive, digest, waiting, mail, now=now, environ=environ, connect=connect or connect_smtp)
    return outbox.deliveries(archive, digest.week)


def _dry(digest: Digest, recipient: Mapping[str, Any], mail: Mapping[str, Any], now: datetime) -> Delivery:
    message = compose(digest, recipient, mail, now=now)
    return Delivery(digest.week, str(recipient["address"]), message["Message-ID"], "dry_run", 0, now.isoformat())


def _send_all(
    archive: Archive,
    digest: Digest,
    waiting: Iterable[Mapping[str, Any]],
    mail: Mapping[str, Any],
    *,
    now: Callable[[], datetime],
    environ: Mapping[str, str],
    connect: Connect,
) -> None:
    server: smtplib.SMTP | None = None
    try:
        for recipient in waiting:
            address = str(recipient["address"])
            message = compose(digest, recipient, mail, now=now())
            if server is None:
                try:
                    server = connect(mail, environ)
                except (OSError, smtplib.SMTPException) as error:
                    outbox.finish(archive, digest.week, address, status="failed", now=now(), error=_reason(error))
                    continue
            outbox.begin(archive, digest.week, address, now=now())
            status, reason = _send(server, message)
            outbox.finish(archive, digest.week, address, status=status, now=now(), error=reason)
            if status == "doubt":  # the session is not to be trusted any more
                _quit(server)
                server = None
    finally:
        if server is not None:
            _quit(server)


def _send(server: smtplib.SMTP, message: EmailMessage) -> tuple[str, str | None]:
    """(status, reason). A refusal is a failure; silence after the text has left is a doubt."""
    try:
        server.send_message(message)
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError) as error:
        _reset(server)
        return "failed", _reason(error)
    except (OSError, smtplib.SMTPException) as error:
        return "doubt", _reason(error)
    return "sent", None


def connect_smtp(mail: Mapping[str, Any], environ: Mapping[str, str]) -> smtplib.SMTP:
    """A session with the mail server, encrypted and logged in as the settings say. The certificate is checked."""
    host, port, security = mail["host"], int(mail.get("port") or 587), mail.get("security", "starttls")
    server: smtplib.SMTP
    if security == "tls":
        server = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT)
    try:
        if security == "starttls":
            server.starttls(context=ssl.create_default_context())
        user = _secret(mail, "user_env", environ)
        if user is not None:
            server.login(user, _secret(mail, "password_env", environ) or "")
    except BaseException:
        server.close()
        raise
    return server


def _secret(mail: Mapping[str, Any], field: str, environ: Mapping[str, str]) -> str | None:
    name = mail.get(field)
    if not name:
        return None
    if name not in environ:
        raise ConfigError(f"mail.{field}: the environment variable {name} is not set")
    return environ[name]


def _reason(error: Exception) -> str:
    """One line without the addresses and texts that a server may repeat."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return f"{error.smtp_code} {' '.join(str(said).split())}"[:200]
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
        return f"recipient refused: {code} {answer.decode('utf-8', 'replace')}"[:200]
    return f"{type(error).__name__}: {error}"[:200]


def _reset(server: smtplib.SMTP) -> None:
    try:
        server.rset()
    except (OSError, smtplib.SMTPException):
        server.close()


def _quit(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()
