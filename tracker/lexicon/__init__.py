"""The knowledge base: what substances are called, which class they belong to, where they are controlled.

The data are CSV files in `data/` that an analyst edits in a spreadsheet (see `data/README.md`); this package loads,
checks and compares them. It matches nothing.
"""

from __future__ import annotations

from tracker.lexicon.check import check
from tracker.lexicon.diff import diff
from tracker.lexicon.load import Lexicon, load
from tracker.lexicon.records import Alias, ClassWord, Control, Substance

__all__ = ["Alias", "ClassWord", "Control", "Lexicon", "Substance", "check", "diff", "load"]
