"""Newsletters: the message as a document, without a trace of who received it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.errors import ParseError
from tracker.model import Document, Page, Payload, Request, Source
from tracker.sources import kind, parse_file

HEAD = (
    b"From: NPS Discovery <news@lab.example.org>\nTo: Bob Smith <bob.smith@agency.example>\nCc: eve@agency.example\n"
    b"Delivered-To: bob+nps@agency.example\nSubject: =?utf-8?q?New_alert_=E2=80=93_nitazene?=\n"
    b"Date: Tue, 3 Jun 2025 09:00:00 -0400\nMessage-ID: <abc@lab.example.org>\nList-Id: <nps.lab.example.org>\n"
)
HTML = b"""<html><body><p>Dear Bob Smith,</p><p>N-desethyl <b>isotonitazene</b> was found.
<a href="https://lab.example.org/a.pdf?utm_source=mail&amp;id=5">Report</a></p>
<p><a href="https://click.mailer.example/CL0/x?u=https%3A%2F%2Flab.example.org%2Fb">Second</a>
<a href="https://click.mailer.example/CL0/opaque">Hidden</a></p>
<p><a href="https://mailchi.mp/lab/issue?e=0123abc">View this email in your browser</a></p>
<p>This email was sent to bob.smith@agency.example</p>
<p><a href="https://lab.list-manage.com/unsubscribe?u=1">Unsubscribe</a></p>
<img src="https://lab.list-manage.com/track/open.php?u=1"></body></html>"""


def mail(body: bytes = HTML, kind_of: bytes = b"text/html; charset=utf-8", head: bytes = HEAD) -> bytes:
    return head + b"MIME-Version: 1.0\nContent-Type: " + kind_of + b"\n\n" + body


def only(raw: bytes) -> Document:
    (document,) = parse_file("mailbox", raw).documents
    return document


def test_a_newsletter_gives_subject_text_sender_and_moment() -> None:
    document = only(mail())
    assert (document.external_id, document.title) == ("abc@lab.example.org", "New alert – nitazene")
    assert (document.publisher, document.published) == ("NPS Discovery", "2025-06-03T13:00:00Z")
    assert document.text == "N-desethyl isotonitazene was found. Report\n\nSecond Hidden"
    assert document.extra["list"] == "nps.lab.example.org"


def test_links_are_kept_without_tracking_and_the_web_version_is_the_address() -> None:
    document = only(mail())
    assert document.extra["links"] == [
        {"url": "https://lab.example.org/a.pdf?id=5", "text": "Report"},
        {"url": "https://lab.example.org/b", "text": "Second"},
    ]
    assert document.url == "https://mailchi.mp/lab/issue"


def test_nothing_of_the_recipient_is_left() -> None:
    told = repr(only(mail())).lower()
    for trace in ("bob", "smith", "agency.example", "eve@", "unsubscribe", "track/open", "0123abc", "utm_"):
        assert trace not in told


def test_plain_text_mail_is_read_with_its_links() -> None:
    body = b"Dear Bob Smith,\n\nbromazo-\nlam found, see https://lab.example.org/x?utm_source=m.\n\nTo unsubscribe go\n"
    document = only(mail(body, b"text/plain; charset=us-ascii"))
    assert document.text == "bromazolam found, see https://lab.example.org/x."
    assert document.extra["links"] == [{"url": "https://lab.example.org/x", "text": ""}]


def test_multipart_prefers_html_and_names_attachments() -> None:
    body = (
        b"--B\nContent-Type: text/plain\n\nplain\n--B\nContent-Type: text/html; charset=iso-8859-1\n"
        b"Content-Transfer-Encoding: quoted-printable\n\n<p>caf=E9</p>\n--B\nContent-Type: application/pdf\n"
        b'Content-Disposition: attachment; filename="alert.pdf"\n\nx\n--B--\n'
    )
    document = only(mail(body, b'multipart/mixed; boundary="B"'))
    assert document.text == "café"
    assert document.extra["attachments"] == ["alert.pdf"]


def test_an_mbox_gives_one_document_a_message() -> None:
    separator = b"From news@lab.example.org Tue Jun  3 09:00:00 2025\n"
    box = separator + mail() + b"\n" + separator + mail(head=HEAD.replace(b"<abc@", b"<def@"))
    assert [d.external_id for d in parse_file("eml", box).documents] == ["abc@lab.example.org", "def@lab.example.org"]


def test_sender_and_subject_leave_other_mail_alone() -> None:
    source = Source(id="s", kind="mailbox", url="imaps://x@mail.example.org/INBOX", options={"sender": r"lab\.example"})
    read = kind("mailbox").read
    assert len(read(source, Payload(mail()), Request(source.url)).documents) == 1
    private = mail(head=HEAD.replace(b"news@lab.example.org", b"mum@home.example"))
    assert read(source, Payload(private), Request(source.url)).documents == ()


@pytest.mark.parametrize("raw", [b"", b"no mail at all", b"<html></html>", b"%PDF-1.4\n", b"key: value\n\nbody"])
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    with pytest.raises(ParseError):
        parse_file("eml", raw)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 500))
def test_damage_gives_a_page_or_a_clear_error(noise: bytes, at: int) -> None:
    raw = mail()
    try:
        page = parse_file("eml", raw[:at] + noise + raw[at + len(noise) :])
    except ParseError:
        return
    assert isinstance(page, Page)
