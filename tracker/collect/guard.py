"""Which addresses may be asked: what the operator wrote, always; what content named, only on the public internet.

The check is made on the address that is then connected to (see `wire`), so a name that resolves differently a moment
later gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from tracker.errors import GuardError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# What socket.getaddrinfo returns: (family, type, proto, canonical name, socket address).
Info = tuple[int, int, int, str, tuple[str | int, ...]]
Resolver = Callable[[str, int], list[Info]]
Origin = tuple[str, int]

_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _getaddrinfo(host: str, port: int) -> list[Info]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)  # type: ignore[return-value]


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet: not private, loopback, link-local, shared, reserved, multicast.

    IPv6 forms that carry an IPv4 address (mapped, 6to4, Teredo, NAT64) are judged by what they carry.
    """
    if isinstance(address, ipaddress.IPv6Address):
        carried = _carried(address)
        if carried is not None:
            return is_public(carried)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved and not address.is_unspecified


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def origin_of(url: str) -> Origin:
    """Host name (lower case) and port of a web address. Raises GuardError for anything that is not one."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip(".").lower(), parts.port
    except ValueError:
        raise GuardError(f"not a valid address: {url[:200]!r}") from None
    if parts.scheme.lower() not in _PORTS:
        raise GuardError(f"the scheme {parts.scheme[:20]!r} is not followed: only http and https are")
    if not host:
        raise GuardError(f"no host in the address {url[:200]!r}")
    return host, port or _PORTS[parts.scheme.lower()]


@dataclass(frozen=True, slots=True)
class Guard:
    """Resolves names and refuses what found addresses may not reach. Both parts can be replaced in tests."""

    resolve: Resolver = _getaddrinfo
    public: Callable[[Address], bool] = is_public

    def check(self, host: str, port: int) -> list[Info]:
        """Resolve `host`; GuardError when any of its addresses is not public, OSError when it has none."""
        infos = self.resolve(host, port)
        for address in _addresses(infos):
            if not self.public(address):
                raise GuardError(
                    f"{host}:{port} is {address}, which is not a public address; an address found in content is "
                    "followed there only on the same host and port as the source's own url"
                )
        return infos


def _addresses(infos: Iterable[Info]) -> Iterable[Address]:
    for info in infos:
        yield ipaddress.ip_address(str(info[4][0]).partition("%")[0])
