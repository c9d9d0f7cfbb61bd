"""The last metre below `requests`: sockets that obey a deadline, connections to checked addresses only.

A read time-out alone does not stop a server that sends a byte now and then, so every read asks what is left of the
request's total time. The address that the guard has checked is the one connected to; the certificate is still checked
against the host name.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

from requests.adapters import DEFAULT_CA_BUNDLE_PATH, HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

from tracker.collect.guard import Guard

_SLICE = 1.0  # seconds between looks at whether we are to stop


class _Exchange(threading.local):
    """What the request that this thread is making may still take."""

    deadline: float | None = None
    read: float = 20.0
    stopping: Callable[[], bool] | None = None
    heavy: bool = False  # it has brought megabytes; whoever has used them up says so by setting it back


EXCHANGE = _Exchange()


def _patiently(sock: socket.socket, receive: Callable[..., int], *args: Any) -> int:
    """Receive within the silence and total limits of this thread's exchange, looking up once a second."""
    if EXCHANGE.deadline is None:
        return receive(*args)
    silent_until = min(time.monotonic() + EXCHANGE.read, EXCHANGE.deadline)
    while True:
        left = silent_until - time.monotonic()
        if left <= 0 or (EXCHANGE.stopping is not None and EXCHANGE.stopping()):
            raise TimeoutError("timed out")
        sock.settimeout(min(left, _SLICE))
        try:
            return receive(*args)
        except TimeoutError:
            continue


class _Socket(socket.socket):
    def recv_into(self, *args: Any) -> int:
        return _patiently(self, super().recv_into, *args)


class _TLSSocket(ssl.SSLSocket):
    def recv_into(self, *args: Any) -> int:
        return _patiently(self, super().recv_into, *args)


def tls_context() -> ssl.SSLContext:
    """A context that checks certificates and host names, its authorities loaded once and not for each connection."""
    context = create_urllib3_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.check_hostname = True
    context.sslsocket_class = _TLSSocket
    authorities = (
        os.environ.get("REQUESTS_CA_BUNDLE") or DEFAULT_CA_BUNDLE_PATH
    )  # a company's own, as requests takes it
    if os.path.isdir(authorities):
        context.load_verify_locations(capath=authorities)
    else:
        context.load_verify_locations(cafile=authorities)
    return context


def _connect(connection: Any, guard: Guard, *, found: bool) -> socket.socket:
    host, port, limit = connection._dns_host, connection.port, connection.timeout
    try:
        infos = guard.check(host, port) if found else guard.resolve(host, port)
    except (OSError, UnicodeError) as cause:
        raise NameResolutionError(connection.host, connection, socket.gaierror(str(cause))) from cause
    problem: OSError | None = None
    for family, kind, proto, _, address in infos:
        sock = _Socket(family, kind, proto)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(limit)
            sock.connect(address)
            return sock
        except OSError as cause:
            problem = cause
            sock.close()
    if isinstance(problem, TimeoutError):
        raise ConnectTimeoutError(connection, f"no connection to {host} within {limit} s")
    raise NewConnectionError(connection, f"no connection to {host}:{port}: {problem or 'no address'}") from problem


def _connection_classes(guard: Guard, *, found: bool) -> tuple[type[HTTPConnectionPool], type[HTTPSConnectionPool]]:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, guard, found=found)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, guard, found=found)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return PlainPool, SecurePool


class GuardedAdapter(HTTPAdapter):
    """requests' adapter over the connections above. `found`: only checked, public addresses are connected to."""

    def __init__(self, guard: Guard, context: ssl.SSLContext, *, found: bool) -> None:
        self._guard, self._context, self._found = guard, context, found
        super().__init__(pool_connections=256, pool_maxsize=2, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        plain, secure = _connection_classes(self._guard, found=self._found)
        self.poolmanager.pool_classes_by_scheme = {"http": plain, "https": secure}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Certificates are always required; the context has the authorities already."""
        if url.lower().startswith("https"):
            conn.cert_reqs = "CERT_REQUIRED"
