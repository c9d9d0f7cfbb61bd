"""Cells of a CSV file that a spreadsheet must not run."""

from __future__ import annotations


def defused(cell: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet would take for a formula (=, +, -, @, tab, return)."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
