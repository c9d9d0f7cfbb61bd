"""Network exceptions in words: what happened, never what was sent."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator

import requests
from urllib3 import exceptions as lower

from tracker.collect.settings import Limits
from tracker.errors import FetchError

_UNREACHABLE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL})


def _chain(cause: BaseException) -> Iterator[BaseException]:
    """The exception, what it wraps and what caused it, outermost first."""
    seen: set[int] = set()
    waiting: list[BaseException] = [cause]
    while waiting:
        error = waiting.pop(0)
        if id(error) in seen:
            continue
        seen.add(id(error))
        yield error
        inner = [getattr(error, "reason", None), *error.args, error.__cause__, error.__context__]
        waiting += [e for e in inner if isinstance(e, BaseException)]


def translated(cause: BaseException, limits: Limits) -> FetchError | None:
    """Return our error for a network exception, None for what is a mistake of this program."""
    if isinstance(cause, FetchError):
        return cause
    if not isinstance(cause, (requests.RequestException, lower.HTTPError, OSError, UnicodeError)):
        return None
    for error in _chain(cause):
        if isinstance(error, FetchError):
            return error
        if words := _words(error, limits):
            return FetchError(words)
    return FetchError(f"the connection failed ({type(cause).__name__})")


def _words(error: BaseException, limits: Limits) -> str | None:
    if isinstance(error, (lower.NameResolutionError, socket.gaierror)):
        return "the host name is not known, or no name server answers"
    if isinstance(error, lower.ConnectTimeoutError) and not isinstance(error, lower.NewConnectionError):
        return f"no connection within {limits.connect:g} s"
    if isinstance(error, (lower.ReadTimeoutError, TimeoutError)):
        return f"no whole answer in time ({limits.read:g} s of silence or {limits.total:g} s in all)"
    if isinstance(error, (lower.SSLError, requests.exceptions.SSLError)):
        return f"the certificate or its connection was not accepted: {_short(error)}"
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)):
        return "the connection was dropped by the server"
    if isinstance(error, OSError) and error.errno in _UNREACHABLE:
        return "the host cannot be reached from here"
    if isinstance(error, lower.InvalidHeader):
        return "the answer has impossible headers"
    if isinstance(error, lower.ProxyError):
        return "the proxy could not be reached"
    return None


def _short(error: BaseException) -> str:
    for inner in _chain(error):
        reason = getattr(inner, "verify_message", None) or getattr(inner, "reason", None)
        if isinstance(reason, str):
            return reason[:120]
    return type(error).__name__


def is_worth_a_retry(cause: BaseException) -> bool:
    """Whether asking again can help: the connection was dropped (also an idle one that was used again)."""
    dropped = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)
    return any(isinstance(error, dropped) for error in _chain(cause))
