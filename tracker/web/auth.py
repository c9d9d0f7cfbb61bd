"""Logins: passwords by argon2, sessions in signed cookies, tokens against forged forms, a brake on guessing.

Nothing here is kept in the process but the brake's counts: a session holds until its time is over, the password is
changed or the user is removed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException, Request

from tracker.archive import people
from tracker.web.errors import LoginNeededError

if TYPE_CHECKING:
    from starlette.responses import Response

    from tracker.archive.people import User
    from tracker.web.desk import Desk

COOKIE, FORM_COOKIE = "tracker_session", "tracker_form"
SESSION_SECONDS = 7 * 86400
LEAST_PASSWORD = 10  # characters
WINDOW = 900.0  # seconds in which failures count
PER_NAME, PER_ADDRESS = 5, 20  # failures allowed in it
_hashing = threading.Semaphore(1)  # argon2 takes 64 MB a time


def hash_password(password: str) -> str:
    """An argon2id hash with its own salt and parameters."""
    from argon2 import PasswordHasher

    return str(PasswordHasher().hash(password))


def verify(found: User | None, password: str) -> bool:
    """Whether the password is the user's; takes as long for a user who does not exist."""
    from argon2 import PasswordHasher
    from argon2.exceptions import Argon2Error, InvalidHashError

    with _hashing:
        try:
            return PasswordHasher().verify(found.hash if found else _dummy(), password) and found is not None
        except (Argon2Error, InvalidHashError):
            return False


_made: list[str] = []


def _dummy() -> str:
    if not _made:
        _made.append(hash_password(secrets.token_hex(8)))
    return _made[0]


class Brake:
    """Counts failed logins by name and by address."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._failures: dict[str, deque[float]] = {}

    def wait(self, name: str, address: str) -> int:
        """Seconds until another try is allowed; 0: now."""
        with self._lock:
            return max(self._wait(f"n:{name}", PER_NAME), self._wait(f"a:{address}", PER_ADDRESS))

    def failed(self, name: str, address: str) -> None:
        with self._lock:
            if len(self._failures) > 10_000:  # somebody tries many names: the oldest counts go
                for key in list(self._failures)[:5000]:
                    del self._failures[key]
            for key in (f"n:{name}", f"a:{address}"):
                self._failures.setdefault(key, deque(maxlen=PER_ADDRESS)).append(self._clock())

    def _wait(self, key: str, allowed: int) -> int:
        times = self._failures.get(key)
        while times and self._clock() - times[0] > WINDOW:
            times.popleft()
        if not times or len(times) < allowed:
            return 0
        return int(WINDOW - (self._clock() - times[-allowed])) + 1


# --- sessions --------------------------------------------------------------------------------------------------------


def _signer(desk: Desk) -> Any:
    from itsdangerous import URLSafeTimedSerializer

    return URLSafeTimedSerializer(desk.secret, salt="session", signer_kwargs={"digest_method": hashlib.sha256})


def log_in(request: Request, response: Response, user: User) -> None:
    """Begin a session."""
    desk: Desk = request.app.state.desk
    value = _signer(desk).dumps({"u": user.name, "e": user.epoch, "s": secrets.token_urlsafe(12)})
    _set(request, response, COOKIE, value, SESSION_SECONDS)
    response.delete_cookie(FORM_COOKIE, path=_path(request))


def log_out(request: Request, response: Response) -> None:
    """Forget the session on this machine."""
    response.delete_cookie(COOKIE, path=_path(request), httponly=True, samesite="lax", secure=_is_secure(request))


def _set(request: Request, response: Response, name: str, value: str, age: int | None) -> None:
    response.set_cookie(
        name, value, max_age=age, path=_path(request), httponly=True, samesite="lax", secure=_is_secure(request)
    )


def _path(request: Request) -> str:
    return str(request.scope.get("root_path") or "/")


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"


def session(request: Request) -> dict[str, Any] | None:
    """The content of a valid session cookie."""
    raw = request.cookies.get(COOKIE)
    if not raw or len(raw) > 1000:
        return None
    from itsdangerous import BadData

    try:
        found = _signer(request.app.state.desk).loads(raw, max_age=SESSION_SECONDS)
    except BadData:
        return None
    return found if isinstance(found, dict) else None


def who(request: Request) -> User | None:
    """Who asks; looked up once a request."""
    if not hasattr(request.state, "user"):
        request.state.user = _who(request)
    found: User | None = request.state.user
    return found


def _who(request: Request) -> User | None:
    held = session(request)
    if held is None:
        return None
    found = people.user(request.app.state.desk.archive(), str(held.get("u")))
    return found if found and found.epoch == held.get("e") else None


def reading(request: Request) -> None:
    """Dependency of all that reads: raises where reading needs a login and nobody is logged in."""
    if request.app.state.desk.login == "required" and who(request) is None:
        raise LoginNeededError


def analyst(request: Request) -> User:
    """Who decides; HTTPException where that is nobody or a reader."""
    found = who(request)
    if found is None:
        raise HTTPException(401, "this needs a login")
    if found.role != "analyst":
        raise HTTPException(403, "your role is reader; deciding needs an analyst")
    return found


# --- forged forms ----------------------------------------------------------------------------------------------------


def form_token(request: Request, response: Response | None = None) -> str:
    """The token that a form of this browser must bring back. With `response` one is begun for who is not logged in."""
    held = session(request)
    seed = held["s"] if held and "s" in held else request.cookies.get(FORM_COOKIE)
    if not seed and response is not None:
        seed = secrets.token_urlsafe(12)
        _set(request, response, FORM_COOKIE, seed, 3600)
    if not seed:
        return ""
    desk: Desk = request.app.state.desk
    return hmac.new(desk.secret.encode(), f"form:{seed}".encode(), hashlib.sha256).hexdigest()


def check_form(request: Request, token: str) -> None:
    """HTTPException 403 for a form that did not come from our own page in this browser."""
    origin = request.headers.get("origin")
    if origin and origin != "null" and origin.partition("://")[2] != request.headers.get("host"):
        raise HTTPException(403, "the form came from another site")
    expected = form_token(request)
    if not expected or not hmac.compare_digest(expected.encode(), token.encode()):
        raise HTTPException(403, "the form is too old or came from elsewhere; load the page again")


def local_path(target: str) -> str:
    """An address on this site to go on to; "/" for any other."""
    if not target.startswith("/") or target.startswith(("//", "/\\")) or not target.isprintable() or "\\" in target:
        return "/"
    return target
