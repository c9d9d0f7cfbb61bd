"""The client: redirects, retries, encodings, certificates, headers."""

from __future__ import annotations

import gzip
import shutil
import socket
import ssl
import subprocess
import zlib
from pathlib import Path

import pytest
from collect_support import FAST, Clock, ask, make_client, raw_server, source
from pytest_httpserver import HTTPServer
from werkzeug import Request as Asked
from werkzeug import Response

from tracker.errors import FetchError
from tracker.model import Request

BODY = b"lines\nitem a"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("x-gzip", gzip.compress(BODY, mtime=0)),
        ("gzip", gzip.compress(BODY[:5], mtime=0) + gzip.compress(BODY[5:], mtime=0)),
        ("gzip", gzip.compress(BODY, mtime=0) + b"\0" * 20),
        ("deflate", zlib.compress(BODY)),
        ("deflate", zlib.compress(BODY)[2:-4]),
        ("gzip, deflate", zlib.compress(gzip.compress(BODY, mtime=0))),
        ("identity", BODY),
        ("gzip", BODY),
    ],
)
def test_encoded_bodies_are_read(httpserver: HTTPServer, encoding: str, body: bytes) -> None:
    httpserver.expect_request("/x").respond_with_data(body, headers={"Content-Encoding": encoding})
    assert ask(source(httpserver.url_for("/x"))).status == "ok"


def test_brotli_is_read_where_it_is_asked_for(httpserver: HTTPServer) -> None:
    brotli = pytest.importorskip("brotli")
    httpserver.expect_request("/x", headers={"Accept-Encoding": "gzip, deflate, br"}).respond_with_data(
        brotli.compress(BODY), headers={"Content-Encoding": "br"}
    )
    assert ask(source(httpserver.url_for("/x"))).status == "ok"


@pytest.mark.parametrize("encoding", ["zstd", "gzip, gzip, gzip, gzip"])
def test_encodings_not_asked_for_are_an_error(httpserver: HTTPServer, encoding: str) -> None:
    httpserver.expect_request("/x").respond_with_data(BODY, headers={"Content-Encoding": encoding})
    result = ask(source(httpserver.url_for("/x")))
    assert result.status == "error"


@pytest.mark.parametrize(("failures", "ends"), [(1, "ok"), (2, "ok"), (3, "error")])
@pytest.mark.parametrize("how", [502, 504, "reset"])
def test_what_may_pass_is_asked_again_twice_with_growing_rests(failures: int, ends: str, how: object) -> None:
    asked: list[bytes] = []

    def answer(connection: socket.socket, request: bytes) -> None:
        asked.append(request)
        if len(asked) > failures:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\nlines\nitem a")
        elif how == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        else:
            connection.sendall(f"HTTP/1.1 {how} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

    with raw_server(answer) as url:
        clock = Clock()
        settings = FAST.__class__(pace=FAST.pace, hosts={})
        result = ask(source(url + "/x"), clock=clock, client=make_client(clock, settings))
    assert result.status == ends
    assert clock.slept == [1.0, 2.0][: min(failures, 2)]
    assert len(asked) == min(failures, 2) + 1
    assert len(result.fetches) == 1


@pytest.mark.parametrize("code", [400, 403, 404, 429, 500, 503])
def test_answers_that_a_second_time_cannot_help_are_asked_once(httpserver: HTTPServer, code: int) -> None:
    httpserver.expect_request("/x").respond_with_data("", status=code)
    ask(source(httpserver.url_for("/x")))
    assert len(httpserver.log) == 1


def test_a_redirect_loop_ends(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a").respond_with_data("", status=302, headers={"Location": "/b"})
    httpserver.expect_request("/b").respond_with_data("", status=302, headers={"Location": "/a"})
    result = ask(source(httpserver.url_for("/a")))
    assert "redirect loop" in str(result.error)
    assert len(httpserver.log) == 2


def test_an_endless_chain_of_redirects_ends(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/r").respond_with_handler(
        lambda r: Response(status=302, headers={"Location": f"/r?n={int(r.args.get('n', 0)) + 1}"})
    )
    result = ask(source(httpserver.url_for("/r")))
    assert "more than 10 redirects" in str(result.error)
    assert len(httpserver.log) == 11


def test_nothing_private_crosses_to_another_host(httpserver: HTTPServer) -> None:
    got: list[Asked] = []
    httpserver.expect_request("/y").respond_with_handler(lambda r: (got.append(r), Response("lines"))[1])
    target = httpserver.url_for("/y").replace("localhost", "127.0.0.1")
    httpserver.expect_request("/x").respond_with_data("", status=302, headers={"Location": target})
    request = Request(httpserver.url_for("/x"), headers=(("Authorization", "Bearer t"),), conditional=True)
    client = make_client(Clock())
    client.fetch(request, operator_url=target, etag='"1"')
    assert "Authorization" not in got[0].headers
    assert "If-None-Match" not in got[0].headers


def test_cookies_are_neither_kept_nor_sent(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("lines", headers={"Set-Cookie": "a=b"})
    client, entry = make_client(Clock()), Request(httpserver.url_for("/x"))
    for _ in range(2):
        answer = client.fetch(entry, operator_url=entry.url)
    assert "set-cookie" not in answer.payload.headers
    assert all("Cookie" not in asked.headers for asked, _ in httpserver.log)


def test_connections_are_used_again(httpserver: HTTPServer) -> None:
    peers: list[int] = []

    def answer(connection: socket.socket, request: bytes) -> None:
        peers.append(connection.getpeername()[1])
        for _ in range(3):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlines")
            connection.recv(65536)

    with raw_server(answer) as url:
        client = make_client(Clock())
        for _ in range(3):
            client.fetch(Request(url + "/x"), operator_url=url)
        client.close()
    assert len(peers) == 1


@pytest.mark.parametrize("url", ["http://exa mple/\x00", "http://\udcff/", "http://a..b/", "http://x:99999/"])
def test_impossible_addresses_are_errors_not_tracebacks(url: str) -> None:
    with pytest.raises(FetchError):
        make_client(Clock()).fetch(Request(url), operator_url=url)


def test_an_unknown_host_and_a_closed_port_are_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "refused" in str(ask(source(f"http://127.0.0.1:{port}/x")).error)
    assert "host name" in str(ask(source("http://no-such-host.invalid/x")).error)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that nobody vouches for, with its key, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed; it makes the certificate of the test server")
    path = tmp_path_factory.mktemp("tls") / "cert.pem"
    subprocess.run(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split()
        + f"-addext subjectAltName=DNS:localhost -keyout {path} -out {path}.crt".split(),
        check=True,
        capture_output=True,
    )
    path.write_text(path.read_text() + Path(str(path) + ".crt").read_text())
    return path


def _secure_server(certificate: Path) -> HTTPServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return HTTPServer(host="localhost", ssl_context=context)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    with _secure_server(certificate) as server:
        server.expect_request("/x").respond_with_data("lines\nitem a")
        result = ask(source(server.url_for("/x")))
    assert result.status == "error"
    assert "certificate" in str(result.error)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_certificate_for_another_name_is_refused(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate) + ".crt")
    with _secure_server(certificate) as server:
        server.expect_request("/x").respond_with_data("lines\nitem a")
        assert ask(source(server.url_for("/x"))).status == "ok"
        assert ask(source(server.url_for("/x").replace("localhost", "127.0.0.1"))).status == "error"
