"""The one normaliser: markup, characters, addresses, dates, pages.

`plain`, `clean`, `title_line`, `canonical_url`, `absolute_url` and `parse_date` are offered here; spelling folds are in
`tracker.text.fold`, sentences in `tracker.text.sentences`, language in `tracker.text.language`, the main text of a
linked page in `tracker.text.page`. Heavy libraries are imported by the functions that need them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracker.text.chars import clean, title_line, unbreak
    from tracker.text.dates import ClaimedDate, parse_date
    from tracker.text.markup import plain
    from tracker.text.urls import absolute_url, canonical_url

__all__ = ["ClaimedDate", "absolute_url", "canonical_url", "clean", "parse_date", "plain", "title_line", "unbreak"]

_HOMES = {
    "ClaimedDate": "dates", "absolute_url": "urls", "canonical_url": "urls", "clean": "chars", "parse_date": "dates",
    "plain": "markup", "title_line": "chars", "unbreak": "chars",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """What is offered here is loaded when it is asked for: the tagger only folds, and must start quickly."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found = getattr(import_module(f"tracker.text.{_HOMES[name]}"), name)
    return found
