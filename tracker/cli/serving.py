"""`tracker serve` and `tracker user`: the web page and API, and who may log in."""

from __future__ import annotations

import ipaddress
import os
import secrets
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tracker.cli.base import OFFICIAL_FILE, State, as_json, pass_state, print_table, utc_now
from tracker.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from tracker.web import Desk


@click.command(
    epilog="""\b
Examples:
  tracker serve                                   http://127.0.0.1:8710
  tracker user add anna --role analyst            triage needs a login
  tracker serve --host 0.0.0.0                    needs a user and the secret of tracker.yaml's `web:`
"""
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8710, show_default=True)
@pass_state
def serve(state: State, host: str, port: int) -> None:
    """The web page and the API; stop it with Ctrl-C."""
    import uvicorn

    from tracker.web.app import create_app

    settings = state.settings()
    secret = _secret(state, settings.web["secret_env"], host)
    made = desk(state, secret=secret, hosts=_hosts(settings.web, host))
    made.lexicon()  # read once now, not while the first reader waits
    if not is_loopback(host) and made.login == "open":
        state.say(f"reading is open to everybody who reaches {host}; `web: {{login: required}}` closes it")
    config = uvicorn.Config(
        create_app(made), log_level="info" if state.verbosity > 0 else "warning",
        access_log=state.verbosity > 0, server_header=False, proxy_headers=settings.web["forwarded"],
        forwarded_allow_ips="*" if settings.web["forwarded"] else None, timeout_keep_alive=15, limit_concurrency=200,
    )  # fmt: skip
    with _listening(host, port) as listener:
        shown = f"[{host}]" if ":" in host else host
        state.say(f"http://{shown}:{listener.getsockname()[1]}{made.root_path}/ — stop with Ctrl-C")
        signal.signal(signal.SIGTERM, lambda *_: None)  # the server ends by itself, then raises it again: no fault
        uvicorn.Server(config).run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family)
        # Head and body are two writes: without this the second waits for the reader's delayed word on the first, 40 ms.
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what it accepts has it too
        return made
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host}, port {port}: {os.strerror(error.errno or 0)}; choose another --port"
        ) from error


def desk(state: State, *, secret: str, hosts: frozenset[str] = frozenset()) -> Desk:
    """What the web needs of a deployment. Raises UsageError where there is no archive."""
    from tracker.lexicon import load
    from tracker.lexicon.load import LOCAL_FILE
    from tracker.runs import digest_settings
    from tracker.tag.wire import tags_json
    from tracker.web import Desk

    state.archive().close()  # a missing or newer archive is said now
    settings = state.settings()
    own, official = state.folder() / LOCAL_FILE, state.folder() / OFFICIAL_FILE
    return Desk(
        db=Path(state.db),
        secret=secret,
        now=utc_now,
        lexicon=state.lexicon,
        official=_Once(state.official, (own, official)),
        tags_json=tags_json,
        additions=own,
        check_additions=lambda path: load(path),
        watched=_Once(state.load_sources, (state.sources_file(),)),
        searches=settings.searches,
        digest=digest_settings(settings),
        login=settings.web["login"],
        hosts=hosts,
        root_path=_root_path(settings.web["root_path"]),
    )


class _Once:
    """What is read from files, read again when one of them changes."""

    def __init__(self, make: Any, files: tuple[Path, ...]) -> None:
        self._make, self._files = make, files
        self._stamp: object = None
        self._made: Any = None

    def __call__(self) -> Any:
        stamp = [path.stat().st_mtime_ns if path.exists() else 0 for path in self._files]
        if self._made is None or stamp != self._stamp:
            self._made, self._stamp = self._make(), stamp
        return self._made


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _secret(state: State, name: str, host: str) -> str:
    """What signs the sessions. Listening beyond this machine needs it set, and somebody who can log in."""
    from tracker.archive import people
    from tracker.config import secret

    found = secret(name)
    if found is not None and len(found) < 16:
        raise ConfigError(f"{name} is too short to sign sessions: write 32 random characters or more into it")
    if is_loopback(host):
        return found or secrets.token_urlsafe(32)
    with state.archive() as archive:
        users = people.users(archive)
    problems = [] if found else [f"the environment variable {name} is not set: write 32 random characters into it"]
    problems += [] if users else ["nobody can log in: `tracker user add NAME --role analyst`"]
    if problems:
        raise ConfigError([f"not listening on {host}: {problem}" for problem in problems])
    return found or ""


def _hosts(web: Any, host: str) -> frozenset[str]:
    """Names that requests may ask for: those of the settings, and the address listened on."""
    return frozenset([*web["hosts"], *([] if host in ("0.0.0.0", "::") else [f"[{host}]" if ":" in host else host])])


def _root_path(given: str) -> str:
    path = given.strip().rstrip("/")
    if path and (not path.startswith("/") or "//" in path or not path.isascii()):
        raise ConfigError(f"tracker.yaml: field web.root_path: {given!r} is no path; write /nps")
    return path


# --- users -----------------------------------------------------------------------------------------------------------


@click.group()
def user() -> None:
    """Who may log in to the web page: add, list, remove, password."""


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(["reader", "analyst"]), default="analyst", show_default=True,
              help="Readers read, analysts also decide.")  # fmt: skip
@pass_state
def add(state: State, name: str, role: str) -> None:
    """Let NAME log in; asks for a password (or reads one line of stdin)."""
    from tracker.archive import people
    from tracker.web.auth import hash_password

    with state.archive() as archive:
        if people.user(archive, name) is not None:
            raise UsageError(f"there is a user {name!r} already; `tracker user password {name}` sets a new password")
        people.add_user(archive, name, role=role, hash=hash_password(_password()), now=utc_now(), who="command line")
    click.echo(f"{name.strip().casefold()} may log in as {role}")


@user.command("list")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@pass_state
def list_(state: State, form: str) -> None:
    """Everybody who may log in."""
    from tracker.archive import people

    with state.archive() as archive:
        rows = people.users(archive)
    if form == "json":
        click.echo(as_json([{"name": u.name, "role": u.role, "created_at": u.created_at} for u in rows]))
        return
    print_table(["name", "role", "since", "changed"], [(u.name, u.role, u.created_at, u.changed_at) for u in rows])
    if not rows:
        click.echo("nobody; `tracker user add NAME --role analyst`")


@user.command("remove")
@click.argument("name")
@pass_state
def remove(state: State, name: str) -> None:
    """Take NAME's login away; what NAME decided stays."""
    from tracker.archive import people

    with state.archive() as archive:
        people.remove_user(archive, name, now=utc_now(), who="command line")
    click.echo(f"{name.strip().casefold()} can no longer log in")


@user.command("password")
@click.argument("name")
@pass_state
def password(state: State, name: str) -> None:
    """Give NAME a new password; sessions begun with the old one end."""
    from tracker.archive import people
    from tracker.web.auth import hash_password

    with state.archive() as archive:
        if people.user(archive, name) is None:
            raise UsageError(f"there is no user {name!r}; see `tracker user list`")
        people.set_password(archive, name, hash=hash_password(_password()), now=utc_now(), who="command line")
    click.echo(f"{name.strip().casefold()} has a new password")


def _password() -> str:
    """Asked twice on a terminal, else one line of stdin."""
    from tracker.web.auth import LEAST_PASSWORD

    if sys.stdin.isatty():
        found = str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    else:
        found = sys.stdin.readline().rstrip("\r\n")
    if len(found) < LEAST_PASSWORD:
        raise UsageError(f"a password has at least {LEAST_PASSWORD} characters")
    return found
