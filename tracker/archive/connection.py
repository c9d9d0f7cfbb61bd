"""One connection to the file: opened with the right settings, written in whole transactions, errors as one line."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tracker.archive import schema
from tracker.errors import ArchiveError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUSY_SECONDS = 20.0  # how long a writer waits for another one


def connect(path: Path, *, create: bool, timeout: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open (with `create`: make) the archive at `path` at the newest schema.

    Raises UsageError when it is missing, ArchiveError when it is no archive, newer than this program, or unreadable.
    """
    if not path.exists():
        if not create:
            raise UsageError(f"no archive at {path}: run `tracker collect` or name another with --db")
        _make_folder(path)
    elif path.is_dir():
        raise UsageError(f"{path} is a folder; --db needs the path of an archive file")
    with translated(path):
        connection = _configure(sqlite3.connect(path, timeout=timeout, isolation_level=None))
        try:
            _bring_up_to_date(connection, path, timeout)
        except BaseException:
            connection.close()
            raise
    return connection


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveError(f"cannot make the folder for {path}: {error.strerror}") from error


def _configure(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")  # in WAL: a power cut may cost the last batch, never the file
    connection.execute("PRAGMA cache_size = -65536")  # 64 MB
    connection.execute("PRAGMA mmap_size = 1073741824")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def _bring_up_to_date(connection: sqlite3.Connection, path: Path, timeout: float) -> None:
    known = [name for name, _ in schema.STEPS]
    done = schema.applied(connection)
    if unknown := done.difference(known):
        raise ArchiveError(f"{path} was written by a newer version ({max(unknown)}): update nps-tracker")
    if done.issuperset(known):
        return
    if not done and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise ArchiveError(f"{path} is an SQLite file but not an archive of this program; name another with --db")
    schema.migrate(str(path), timeout=timeout)


@contextmanager
def translated(path: Path | str = "the archive") -> Iterator[None]:
    """Turn what SQLite can refuse into one line that says what to do; programming mistakes pass through."""
    try:
        yield
    except sqlite3.OperationalError as error:
        message = str(error)
        if "full" in message:
            raise ArchiveError(f"disk full: {path} is intact and holds everything before this batch") from error
        if "locked" in message or "busy" in message:
            raise ArchiveError(f"{path} is being written by another run; try again when it has finished") from error
        if "readonly" in message:
            raise ArchiveError(f"{path} may not be written: check its permissions and those of its folder") from error
        if "disk I/O" in message:
            raise ArchiveError(
                f"{path} cannot be read or written ({message}): the disk is full, over its quota or failing; what was "
                f"stored before this batch is intact"
            ) from error
        if "unable to open" in message:
            raise ArchiveError(f"cannot open {path}: {message}") from error
        raise
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError):
            raise
        raise ArchiveError(f"{path} is damaged or no archive ({error}): restore a backup") from error


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path | str = "the archive") -> Iterator[None]:
    """All or nothing. IMMEDIATE: who reads and then writes must not be overtaken by another writer."""
    with translated(path):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextmanager
def snapshot(connection: sqlite3.Connection, path: Path | str = "the archive") -> Iterator[None]:
    """Several reads of one state of the file; nested use joins the outer one."""
    with translated(path):
        if connection.in_transaction:
            yield
            return
        connection.execute("BEGIN")
        try:
            yield
        finally:
            if connection.in_transaction:
                connection.execute("COMMIT")
