"""Mailboxes and files: read-only, each message once, from where the last poll ended."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from collect_support import Clock, Lines, ask, make_client, source

from tracker.model import Document, Page, Payload, Request, Source


class Mail(Lines):
    """One document a message, by its subject."""

    def first(self, source: Source, window: object) -> tuple[Request, ...]:  # type: ignore[override]
        return (Request(source.url),)

    def read(self, source: Source, payload: Payload, request: Request) -> Page:
        subject = payload.body.partition(b"Subject: ")[2].partition(b"\n")[0].strip().decode()
        return Page(documents=(Document(subject, text=payload.body.decode()),))


def _message(n: int) -> bytes:
    return f"From: a@example.org\nSubject: m{n}\n\nbody {n}\nFrom here on\n".encode()


def _subjects(result: object) -> list[str]:
    return [d.external_id for d in result.documents]  # type: ignore[attr-defined]


def _mbox(*numbers: int) -> bytes:
    return b"".join(
        b"From a@example.org Tue Nov 24 07:00:00 2026\n" + _message(n).replace(b"\nFrom", b"\n>From") + b"\n"
        for n in numbers
    )


def test_an_mbox_is_read_on_from_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes(_mbox(1, 2))
    entry = source(path.as_uri())
    first = ask(entry, kind=Mail())
    assert _subjects(first) == ["m1", "m2"]
    assert first.documents[0].text == "From: a@example.org\nSubject: m1\n\nbody 1\nFrom here on\n\n"
    again = ask(entry, first.state, kind=Mail(), force=True)
    assert (again.status, _subjects(again)) == ("empty", [])
    with path.open("ab") as file:
        file.write(_mbox(3))
    assert _subjects(ask(entry, again.state, kind=Mail(), force=True)) == ["m3"]


@pytest.mark.parametrize("rewritten", [(7,), (9, 1, 2, 3)])
def test_an_mbox_that_was_rewritten_is_read_from_its_start(tmp_path: Path, rewritten: tuple[int, ...]) -> None:
    path = tmp_path / "box"
    path.write_bytes(_mbox(1, 2))
    first = ask(source(path.as_uri()), kind=Mail())
    path.write_bytes(_mbox(*rewritten))
    result = ask(source(path.as_uri()), first.state, kind=Mail(), force=True)
    assert _subjects(result) == [f"m{n}" for n in rewritten]


def test_a_maildir_gives_each_message_and_is_left_as_it_was(tmp_path: Path) -> None:
    for name in ("new", "cur", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "cur" / "1:2,S").write_bytes(_message(1))
    (tmp_path / "new" / "2").write_bytes(_message(2))
    (tmp_path / "tmp" / "3").write_bytes(_message(3))
    before = sorted(str(p) for p in tmp_path.rglob("*"))
    first = ask(source(tmp_path.as_uri()), kind=Mail())
    assert sorted(_subjects(first)) == ["m1", "m2"]
    assert sorted(str(p) for p in tmp_path.rglob("*")) == before
    (tmp_path / "new" / "4").write_bytes(_message(4))
    os.utime(tmp_path / "new" / "4", (0, 0))  # copied with its old time: it is new here all the same
    assert "m4" in _subjects(ask(source(tmp_path.as_uri()), first.state, kind=Mail(), force=True))


def test_a_folder_of_eml_files_and_a_single_one_are_read(tmp_path: Path) -> None:
    (tmp_path / "a b.eml").write_bytes(_message(1))
    (tmp_path / "note.txt").write_text("no mail")
    assert _subjects(ask(source(tmp_path.as_uri()), kind=Mail())) == ["m1"]
    assert _subjects(ask(source((tmp_path / "a b.eml").as_uri()), kind=Mail())) == ["m1"]


def test_a_file_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    result = ask(source((tmp_path / "none").as_uri()), kind=Mail())
    assert result.status == "error"
    assert f"{tmp_path / 'none'} cannot be read" in str(result.error)


def test_a_file_address_found_in_content_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("lines\nitem secret")
    (tmp_path / "list").write_text(f"lines\nitem a\nnext {(tmp_path / 'secret').as_uri()}")
    result = ask(source((tmp_path / "list").as_uri()))
    assert (result.status, _subjects(result)) == ("error", ["a"])


# --- IMAP ------------------------------------------------------------------------------------------------------------


class FakeImap:
    """Enough of an IMAP server for a read-only client; notes every command."""

    def __init__(self, context: ssl.SSLContext, messages: dict[int, bytes]) -> None:
        self.context, self.messages, self.commands, self.validity = context, messages, [], 7
        self.listener = socket.create_server(("localhost", 0))
        self.url = f"imaps://desk%40example.org@localhost:{self.listener.getsockname()[1]}/News"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
                with self.context.wrap_socket(connection, server_side=True) as secure:
                    self._talk(secure)
            except OSError:
                if self.listener.fileno() < 0:
                    return

    def _talk(self, connection: ssl.SSLSocket) -> None:
        stream = connection.makefile("rwb")
        stream.write(b"* OK ready\r\n")
        stream.flush()
        for line in stream:
            tag, _, command = line.decode().strip().partition(" ")
            self.commands.append(command)
            for part in self._answer(command):
                stream.write(part)
            failed = command.startswith("LOGIN") and "right-password" not in command
            stream.write(f"{tag} {'NO wrong password' if failed else 'OK done'}\r\n".encode())
            stream.flush()
            if command == "LOGOUT":
                return

    def _answer(self, command: str) -> Iterator[bytes]:
        words = command.split()
        if words[0] == "CAPABILITY":
            yield b"* CAPABILITY IMAP4rev1\r\n"
        elif words[0] in ("SELECT", "EXAMINE"):
            yield b"* %d EXISTS\r\n* OK [UIDVALIDITY %d] ok\r\n" % (len(self.messages), self.validity)
        elif words[:2] == ["UID", "SEARCH"]:
            start = int(words[3].partition(":")[0]) if words[2] == "UID" else 1
            found = [u for u in self.messages if u >= start] or [max(self.messages)]
            yield b"* SEARCH %s\r\n" % " ".join(map(str, found)).encode()
        elif words[:2] == ["UID", "FETCH"]:
            uid, body = int(words[2]), self.messages[int(words[2])]
            if "SIZE" in command:
                yield b"* 1 FETCH (UID %d RFC822.SIZE %d)\r\n" % (uid, len(body))
            else:
                yield b"* 1 FETCH (UID %d BODY[] {%d}\r\n%s)\r\n" % (uid, len(body), body)


@contextmanager
def _imap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, messages: dict[int, bytes]) -> Iterator[FakeImap]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed; it makes the certificate of the test server")
    key = tmp_path / "key.pem"
    subprocess.run(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split()
        + f"-addext subjectAltName=DNS:localhost -keyout {key} -out {key}.crt".split(),
        check=True,
        capture_output=True,
    )
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", f"{key}.crt")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{key}.crt", key)
    server = FakeImap(context, messages)
    try:
        yield server
    finally:
        server.listener.close()


def test_a_mailbox_is_read_by_uid_and_nothing_in_it_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _imap(tmp_path, monkeypatch, {4: _message(4), 9: _message(9)}) as server:
        clock = Clock()
        client = make_client(clock, env={"TRACKER_MAIL": "right-password"})
        entry = source(server.url, key_env="TRACKER_MAIL")
        first = ask(entry, kind=Mail(), clock=clock, client=client)
        assert (first.status, first.error, _subjects(first)) == ("ok", None, ["m4", "m9"])
        again = ask(entry, first.state, kind=Mail(), clock=clock, client=client, force=True)
        assert _subjects(again) == []
        server.messages[11] = _message(11)
        assert _subjects(ask(entry, again.state, kind=Mail(), clock=clock, client=client, force=True)) == ["m11"]
        server.validity = 8  # the server numbers anew
        assert _subjects(ask(entry, again.state, kind=Mail(), clock=clock, client=client, force=True)) == [
            "m4", "m9", "m11",
        ]  # fmt: skip
    verbs = {" ".join(c.split()[:2]) if c.startswith("UID") else c.split()[0] for c in server.commands}
    assert verbs <= {"CAPABILITY", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH", "LOGOUT", "CLOSE"}
    assert "right-password" not in repr(first)


@pytest.mark.parametrize(
    ("env", "words"), [({}, "TRACKER_MAIL is not set"), ({"TRACKER_MAIL": "wrong-password"}, "could not log in")]
)
def test_a_login_that_fails_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, env: dict[str, str], words: str
) -> None:
    with _imap(tmp_path, monkeypatch, {4: _message(4)}) as server:
        entry = source(server.url, key_env="TRACKER_MAIL")
        result = ask(entry, kind=Mail(), client=make_client(Clock(), env=env))
    assert result.status == "error"
    assert words in str(result.error)
    assert "wrong-password" not in repr(result)
