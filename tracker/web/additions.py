"""The analyst's additions to the knowledge base, `substances.local.csv`: rows merged, file written whole or not at all.

Its format is described beside the shipped data. A name that shall never come up again is written as a substance that is
not reported, so that the tagger knows it and raises it no more.
"""

from __future__ import annotations

import csv
import io
import os
import threading
from collections.abc import Callable
from pathlib import Path

from tracker.errors import TrackerError, UsageError

COLUMNS = ("name", "class", "nps", "reported", "aliases", "remove")
NEVER_CLASS = "other"
MOST_NAME = 120  # characters
_lock = threading.Lock()

Rows = list[dict[str, str]]


def add_alias(rows: Rows, name: str, alias: str) -> Rows:
    """One more way to write a known substance."""
    row = _row(rows, name)
    listed = _many(row["aliases"])
    if alias.casefold() not in (a.casefold() for a in listed):
        row = {**row, "aliases": " | ".join([*listed, alias])}
    return _put(rows, row)


def add_substance(rows: Rows, name: str, cls: str, *, nps: bool) -> Rows:
    """A substance that the shipped data do not have."""
    return _put(rows, {**_row(rows, name), "class": cls, "nps": "yes" if nps else "no", "reported": "yes"})


def add_never(rows: Rows, name: str) -> Rows:
    """A name that is no substance of interest."""
    return _put(rows, {**_row(rows, name), "class": NEVER_CLASS, "nps": "no", "reported": "no"})


def without_alias(rows: Rows, name: str, alias: str) -> Rows:
    """Undo of `add_alias`; a row that says nothing more goes too."""
    row = _row(rows, name)
    listed = [a for a in _many(row["aliases"]) if a.casefold() != alias.casefold()]
    row = {**row, "aliases": " | ".join(listed)}
    return _put(rows, row) if any(row[c] for c in COLUMNS[1:]) else without(rows, name)


def without(rows: Rows, name: str) -> Rows:
    """Undo of `add_substance` and `add_never`."""
    return [row for row in rows if row["name"].lower() != name.lower()]


def _row(rows: Rows, name: str) -> dict[str, str]:
    found = next((row for row in rows if row["name"].lower() == name.lower()), None)
    return dict(found) if found else {**dict.fromkeys(COLUMNS, ""), "name": name.lower()}


def _put(rows: Rows, row: dict[str, str]) -> Rows:
    names = [r["name"].lower() for r in rows]
    if row["name"].lower() not in names:
        return [*rows, row]
    return [row if name == row["name"].lower() else old for name, old in zip(names, rows, strict=True)]


def _many(cell: str) -> list[str]:
    return [part.strip() for part in cell.split("|") if part.strip()]


def checked_name(text: str) -> str:
    """A name as it may stand in the file: one line, no separator of ours. UsageError for others."""
    name = " ".join(text.split())
    if not name or len(name) > MOST_NAME or not name.isprintable() or "|" in name or name.startswith(("=", "+", "@")):
        raise UsageError(f"{name[:40]!r} cannot be a name: one line of up to {MOST_NAME} characters without |")
    return name


def read(path: Path) -> Rows:
    """The rows of the file, [] where there is none. Columns in any order, commas or semicolons, as the loader reads."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8-sig")
    head = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in head and "," not in head else ",")
    return [{column: (row.get(column) or "").strip() for column in COLUMNS} for row in reader if any(row.values())]


def change(path: Path, edit: Callable[[Rows], Rows], *, check: Callable[[Path], object]) -> None:
    """Rewrite the file with `edit`. `check` reads the new file before it takes the old one's place and raises where the
    knowledge base would not load."""
    with _lock:
        rows = edit(read(path))
        part = path.with_name(f".{path.name}.part")
        try:
            with part.open("w", encoding="utf-8", newline="") as stream:
                writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
                stream.flush()
                os.fsync(stream.fileno())
            check(part)
            part.replace(path)
        except OSError as error:
            raise TrackerError(f"{path} cannot be written: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)
