"""The archive: the only room with SQL. `Archive` is its door; the views of `db/README.md` are for other tools."""

from tracker.archive.core import Archive
from tracker.archive.identity import prepare
from tracker.archive.store import Stored

__all__ = ["Archive", "Stored", "prepare"]
