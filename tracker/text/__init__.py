"""The one normaliser: markup, characters, addresses, dates, pages.

`plain`, `clean`, `title_line`, `canonical_url`, `absolute_url` and `parse_date` are offered here; spelling folds are in
`tracker.text.fold`, sentences in `tracker.text.sentences`, language in `tracker.text.language`, the main text of a
linked page in `tracker.text.page`. Heavy libraries are imported by the functions that need them.
"""

from tracker.text.chars import clean, title_line, unbreak
from tracker.text.dates import ClaimedDate, parse_date
from tracker.text.markup import plain
from tracker.text.urls import absolute_url, canonical_url

__all__ = ["ClaimedDate", "absolute_url", "canonical_url", "clean", "parse_date", "plain", "title_line", "unbreak"]
