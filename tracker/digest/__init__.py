"""The weekly digest: one content object, its renderings, its delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker.digest.make import current_week, last_complete_week, make_digest
from tracker.digest.model import Digest, Evidence, Item, Section
from tracker.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

FORMATS = ("html", "md", "text", "json", "feed", "pdf", "line")

__all__ = [
    "FORMATS", "Digest", "Evidence", "Item", "Section", "current_week", "last_complete_week", "make_digest", "render",
]  # fmt: skip


def render(digest: Digest, form: str) -> bytes:
    """One rendering of the digest, UTF-8 but for PDF. `form` is one of FORMATS."""
    if form == "pdf":
        from tracker.digest import pdf

        return pdf.render(digest)
    return _renderer(form)(digest).encode("utf-8", "replace")


def _renderer(form: str) -> Callable[[Digest], str]:
    if form == "json":
        from tracker.digest import as_json

        return as_json.render
    if form == "html":
        from tracker.digest import html

        return html.page
    if form == "feed":
        from tracker.digest import feed

        return feed.atom
    from tracker.digest import plain

    renderers: dict[str, Callable[[Digest], str]] = {
        "md": plain.markdown,
        "text": plain.text,
        "line": lambda digest: plain.one_line(digest) + "\n",
    }
    if form not in renderers:
        raise UsageError(f"unknown format {form!r}; use one of {', '.join(FORMATS)}")
    return renderers[form]
