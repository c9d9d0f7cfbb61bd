"""Mails of the digest, to a real local mail server: headers, parts, TLS and login, and what a kill leaves behind."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from digest_archive import document, new_archive, poll, source, tags, watched, week

from tracker.archive import Archive
from tracker.archive.outbox import deliveries
from tracker.digest import Digest, make_digest
from tracker.digest.mail import connect_smtp, deliver
from tracker.digest.message import compose, for_recipient, message_id
from tracker.errors import ConfigError

NOW = datetime(2026, 10, 5, 7, 30, tzinfo=UTC)
PEOPLE = [{"address": f"analyst{n}@example.org", "searches": [], "size": "full"} for n in range(5)]


class Box:
    """A handler that keeps what it is given; `answers` can refuse a recipient or cut the line."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse: set[str] = set()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuse:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        return "250 OK"


@contextmanager
def mail_server(box: Box, **options: Any) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def settings(port: int, **changes: Any) -> dict[str, Any]:
    base = {
        "host": "127.0.0.1", "port": port, "security": "none", "sender": "NPS tracker <tracker@example.org>",
        "recipients": PEOPLE,
    }  # fmt: skip
    return base | changes


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with new_archive(tmp_path) as archive:
        agency = source()
        watched(archive, agency, 40)
        for n in range(4):
            text = f"Protonitazene was found in case number {n}."
            when = week(0) + timedelta(hours=n)
            poll(archive, agency, when, (document(f"p{n}", text), tags(text, "protonitazene")))
        yield archive


@pytest.fixture
def digest(archive: Archive) -> Digest:
    searches = {"nitazenes": "protonitazene", "benzos": "bromazolam"}
    return make_digest(archive, as_of=week(1), settings={"searches": searches})


def send(archive: Archive, digest: Digest, mail: dict[str, Any], **options: Any) -> dict[str, str]:
    rows = deliver(archive, digest, mail, now=lambda: NOW, environ=options.pop("environ", {}), **options)
    return {row.recipient: row.status for row in rows}


def test_a_mail_has_text_html_and_its_plots_inside(digest: Digest) -> None:
    mail = message_from_bytes(compose(digest, PEOPLE[0], settings(25), now=NOW).as_bytes(), policy=default)
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds[:2] == ["multipart/alternative", "text/plain"]
    assert "multipart/related" in kinds
    pictures = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    page = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert pictures
    for picture in pictures:
        assert f"cid:{picture['Content-ID'].strip('<>')}" in page
        assert picture.get_content().startswith(b"\x89PNG")
    assert "<svg" not in page
    assert "<script" not in page


def test_a_mail_says_how_to_leave_the_list(digest: Digest) -> None:
    mail = compose(digest, PEOPLE[0], settings(25), now=NOW)
    assert mail["List-Unsubscribe"] == "<mailto:tracker@example.org?subject=unsubscribe>"
    given = compose(digest, PEOPLE[0], settings(25, unsubscribe="https://example.org/leave"), now=NOW)
    assert given["List-Unsubscribe"] == "<https://example.org/leave>"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sender": "nobody"}, "mail.sender"),
        ({"sender": "a@b.org\r\nBcc: x@y.org"}, "mail.sender"),
        ({"unsubscribe": "javascript:1"}, "mail.unsubscribe"),
    ],
)
def test_unusable_addresses_are_named(digest: Digest, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigError, match=field):
        compose(digest, PEOPLE[0], settings(25, **changes), now=NOW)


def test_each_recipient_gets_the_searches_and_the_size_asked_for(digest: Digest) -> None:
    chosen = for_recipient(digest, {"address": "a@b.org", "searches": ["benzos"]})
    assert {item.group for item in chosen.section("saved_searches").items} == {"benzos"}
    assert {item.group for item in for_recipient(digest, PEOPLE[0]).section("saved_searches").items} == {
        "benzos",
        "nitazenes",
    }
    short = for_recipient(digest, {"address": "a@b.org", "size": "short"})
    assert len(short.sections) < len(digest.sections)


def test_the_message_id_depends_on_issue_and_recipient_only(digest: Digest) -> None:
    first = message_id(digest, "a@b.org", "t@example.org")
    assert message_id(replace(digest, snapshot="other"), "A@b.org", "t@example.org") == first
    assert message_id(digest, "c@b.org", "t@example.org") != first
    assert message_id(replace(digest, week="2026-W41"), "a@b.org", "t@example.org") != first


def test_everybody_gets_one_mail_and_a_second_call_sends_none(archive: Archive, digest: Digest) -> None:
    box = Box()
    with mail_server(box) as port:
        assert set(send(archive, digest, settings(port)).values()) == {"sent"}
        send(archive, digest, settings(port))
    assert Counter(mail["To"] for mail in box.mails) == {person["address"]: 1 for person in PEOPLE}


def test_a_dry_run_connects_to_nobody_and_stores_nothing(archive: Archive, digest: Digest) -> None:
    assert set(send(archive, digest, settings(1), dry_run=True).values()) == {"dry_run"}
    assert deliveries(archive) == []


def test_a_refused_recipient_does_not_keep_the_others_waiting_and_is_tried_again(
    archive: Archive, digest: Digest
) -> None:
    box = Box()
    box.refuse = {PEOPLE[1]["address"]}  # type: ignore[arg-type]
    with mail_server(box) as port:
        status = send(archive, digest, settings(port))
        assert status.pop(str(PEOPLE[1]["address"])) == "failed"
        assert set(status.values()) == {"sent"}
        row = next(row for row in deliveries(archive) if row.status == "failed")
        assert "550" in str(row.error)
        box.refuse = set()
        assert set(send(archive, digest, settings(port)).values()) == {"sent"}
    assert len(box.mails) == len(PEOPLE)


def test_an_unreachable_server_leaves_all_mails_waiting(archive: Archive, digest: Digest) -> None:
    assert set(send(archive, digest, settings(1)).values()) == {"failed"}
    box = Box()
    with mail_server(box) as port:
        assert set(send(archive, digest, settings(port)).values()) == {"sent"}


class _CutLine(smtplib.SMTP):
    """A session that breaks after the text has left: nobody knows whether it arrived."""

    def send_message(self, *args: Any, **options: Any) -> Any:
        super().send_message(*args, **options)
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")


def test_a_send_in_doubt_is_repeated_with_the_same_message_id(archive: Archive, digest: Digest) -> None:
    box = Box()
    mail = settings(0, recipients=PEOPLE[:1])
    with mail_server(box) as port:
        mail["port"] = port
        status = send(archive, digest, mail, connect=lambda mail, environ: _CutLine("127.0.0.1", port))
        assert status == {PEOPLE[0]["address"]: "doubt"}
        assert send(archive, digest, mail) == {PEOPLE[0]["address"]: "sent"}
    assert len(box.mails) == 2
    assert len({mail["Message-ID"] for mail in box.mails}) == 1
    assert deliveries(archive)[0].attempts == 2


def test_a_missing_password_is_said_by_the_name_of_its_variable() -> None:
    box = Box()
    with mail_server(box) as port, pytest.raises(ConfigError, match="TRACKER_MAIL_USER"):
        connect_smtp(settings(port, user_env="TRACKER_MAIL_USER"), {})


def _certificate(folder: Path) -> tuple[Path, Path]:
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, certificate


def test_it_logs_in_over_an_encrypted_line_and_trusts_no_unknown_certificate(
    archive: Archive, digest: Digest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    seen: list[bytes] = []

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        seen.append(data.login)
        return AuthResult(success=data.password == b"correct horse")

    box = Box()
    options = {"tls_context": context, "require_starttls": True, "authenticator": check, "auth_required": True}
    mail = {"security": "starttls", "user_env": "MAIL_USER", "password_env": "MAIL_PASSWORD"}
    environ = {"MAIL_USER": "tracker", "MAIL_PASSWORD": "correct horse"}
    with mail_server(box, **options) as port:
        assert set(send(archive, digest, settings(port, **mail), environ=environ).values()) == {"failed"}
        assert not seen
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert set(send(archive, digest, settings(port, **mail), environ=environ).values()) == {"sent"}
    assert set(seen) == {b"tracker"}
    assert len(box.mails) == len(PEOPLE)


_SENDER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from tracker.archive import Archive
from tracker.digest import make_digest
from tracker.digest.mail import deliver
from tracker.lock import writing
db, port = Path(sys.argv[1]), int(sys.argv[2])
people = [{"address": f"analyst{n}@example.org", "size": "short"} for n in range(20)]
mail = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "t@example.org", "recipients": people}
now = lambda: datetime(2026, 10, 5, 7, 30, tzinfo=UTC)
with writing(db, wait=10), Archive.open(db) as archive:
    digest = make_digest(archive, as_of=datetime(2026, 9, 28, 7, tzinfo=UTC))
    print("ready", flush=True)
    deliver(archive, digest, mail, now=now, environ={})
"""


def test_killed_ten_times_no_mail_is_lost_and_repeats_keep_their_message_id(archive: Archive, tmp_path: Path) -> None:
    box, db = Box(), archive.path
    archive.close()
    with mail_server(box) as port:
        command = [sys.executable, "-c", _SENDER, str(db), str(port)]
        for kill in range(10):
            sender = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            assert sender.stdout is not None
            sender.stdout.readline()  # it begins to send now
            arrived = len(box.mails)
            until = time.monotonic() + 5
            while sender.poll() is None and len(box.mails) <= arrived + kill % 2 and time.monotonic() < until:
                os.sched_yield()
            sender.send_signal(signal.SIGKILL)
            sender.communicate()
        assert subprocess.run(command, check=True, capture_output=True).returncode == 0
    with Archive.open(db) as again:
        assert {row.status for row in deliveries(again)} == {"sent"}
    ids = Counter(mail["Message-ID"] for mail in box.mails)
    assert {mail["To"] for mail in box.mails} == {f"analyst{n}@example.org" for n in range(20)}
    assert len(ids) == 20
    assert sum(count - 1 for count in ids.values()) <= 10
