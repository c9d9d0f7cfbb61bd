"""Bulk tagging on a distributed engine: whole corpora to Parquet with the parsers and the tagger used everywhere.

Reads files (local or by fsspec address), never the archive. What it needs beyond the base installation is the extra
`scale`; `require` says so in one line where it is absent.
"""

from __future__ import annotations

from importlib.util import find_spec

from tracker.errors import UsageError

NEEDED = ("distributed", "pyarrow", "fsspec", "duckdb")


def require(*modules: str) -> None:
    """Raise UsageError with the installing command where one of `modules` (default: all of the extra) is absent."""
    if missing := [name for name in modules or NEEDED if find_spec(name) is None]:
        raise UsageError(
            f"this needs {', '.join(missing)}: install the extra with `pip install 'nps-tracker[scale]'` and run again"
        )
