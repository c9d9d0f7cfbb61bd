"""Which addresses may be asked."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from collect_support import Clock, ask, everywhere, make_client, raw_server, source
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from tracker.collect.guard import Guard, is_public, origin_of
from tracker.errors import GuardError


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "100.64.0.1",
        "224.0.0.1", "239.255.255.250", "255.255.255.255", "240.0.0.1", "192.0.2.7", "198.18.0.1", "::1",
        "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "fec0::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2001:0:4136:e378:8000:63bf:80ff:fffe", "2001:db8::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_on_the_public_internet_are_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "1.1.1.1", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(network="127.0.0.0/8") | st.ip_addresses(network="10.0.0.0/8"))
def test_no_spelling_in_ipv6_makes_a_private_address_public(address: ipaddress.IPv4Address) -> None:
    assert not is_public(ipaddress.ip_address(f"::ffff:{address}"))
    assert not is_public(ipaddress.IPv6Address((0x2002 << 112) | (int(address) << 80)))


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Example.org/a", ("example.org", 443)),
        ("http://example.org.:8080", ("example.org", 8080)),
        ("http://user@127.0.0.1/", ("127.0.0.1", 80)),
        ("http://[::1]:81/", ("::1", 81)),
    ],
)
def test_the_origin_is_host_and_port(url: str, origin: tuple[str, int]) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://a/b", "javascript:1", "http://", "http://[::1", "gopher://x", "a"]
)
def test_other_schemes_and_broken_addresses_are_refused(url: str) -> None:
    with pytest.raises(GuardError):
        origin_of(url)


def _resolves_to(*addresses: str) -> Guard:
    infos = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, 80)) for a in addresses]
    return Guard(resolve=lambda host, port: infos)  # type: ignore[arg-type, return-value]


def test_a_name_with_one_private_address_among_public_ones_is_refused() -> None:
    with pytest.raises(GuardError, match=r"127\.0\.0\.1"):
        _resolves_to("93.184.216.34", "127.0.0.1").check("a.example", 80)
    assert _resolves_to("93.184.216.34").check("a.example", 80)


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{other}/y", "http://2130706433:{other}/y", "http://0x7f.1:{other}/y", "http://localhost:{other}/y",
        "http://[::ffff:127.0.0.1]:{other}/y", "http://u@127.0.0.1:{other}/y", "http://169.254.169.254/latest/meta-data",
        "//127.0.0.1:{other}/y", "file:///etc/passwd", "ftp://127.0.0.1/y",
    ],
)  # fmt: skip
@pytest.mark.parametrize("how", ["redirect", "next page"])
def test_found_addresses_reach_no_private_host_and_no_other_port(httpserver: HTTPServer, target: str, how: str) -> None:
    reached: list[bytes] = []

    def answer(connection: socket.socket, request: bytes) -> None:
        reached.append(request)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nlines\nitem b")

    with raw_server(answer) as other:
        url = target.format(other=other.rpartition(":")[2])
        if how == "redirect":
            httpserver.expect_request("/x").respond_with_data("", status=302, headers={"Location": url})
        else:
            httpserver.expect_request("/x").respond_with_data(f"lines\nitem a\nnext {url}")
        result = ask(source(httpserver.url_for("/x")))
    assert result.status == "error"
    assert reached == []
    assert len(result.documents) == (0 if how == "redirect" else 1)


def test_a_redirect_on_the_operators_own_host_and_port_is_followed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/x").respond_with_data("", status=302, headers={"Location": httpserver.url_for("/y")})
    httpserver.expect_request("/y").respond_with_data("lines\nitem a")
    assert ask(source(httpserver.url_for("/x"))).status == "ok"


def test_a_redirect_to_a_public_address_is_followed_and_the_checked_address_is_the_one_connected_to() -> None:
    """A name that answers differently the second time (DNS rebinding) has nothing to gain: it is asked only once."""
    hosts: list[bytes] = []

    def answer(connection: socket.socket, request: bytes) -> None:
        hosts.append(request.partition(b"Host: ")[2].partition(b"\r\n")[0])
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nlines\nitem b")

    with raw_server(answer, host="127.0.0.2") as there:
        port = int(there.rpartition(":")[2])
        lookups: list[str] = []

        def resolve(host: str, number: int) -> list[object]:
            if host != "news.example":
                return list(socket.getaddrinfo(host, number, type=socket.SOCK_STREAM))
            lookups.append(host)
            address = "127.0.0.2" if len(lookups) == 1 else "127.0.0.3"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, number))]

        def redirect(connection: socket.socket, request: bytes) -> None:
            location = f"http://news.example:{port}/y"
            connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())

        with raw_server(redirect) as here:
            public = everywhere({"127.0.0.2"})
            guard = Guard(resolve=resolve, public=public.public)  # type: ignore[arg-type]
            clock = Clock()
            result = ask(source(f"{here}/x"), clock=clock, client=make_client(clock, guard=guard))
    assert result.status == "ok"
    assert lookups == ["news.example"]
    assert hosts == [f"news.example:{port}".encode()]


def test_an_address_found_in_content_may_lead_back_to_the_operators_host(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/y").respond_with_data("lines\nitem b")

    def redirect(connection: socket.socket, request: bytes) -> None:
        body = b"lines\nitem a\nnext " + httpserver.url_for("/y").encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    with raw_server(redirect) as here:
        result = ask(source(f"{here}/x"))
    assert result.status == "error"
    assert "not a public address" in str(result.error)
