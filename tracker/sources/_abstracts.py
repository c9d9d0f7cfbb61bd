"""Abstracts as the indexes send them (JATS, HTML with headings) to plain text with "Heading: text" lines."""

from __future__ import annotations

import html
import re

from tracker.text.markup import plain

_HEADING = re.compile(
    r"<(?P<tag>(?:jats:)?title|h[1-6])\b[^>]*>(?P<head>.{0,300}?)</(?P=tag)\s*>"
    r"(?P<open>\s*(?:<(?:jats:)?sec\b[^>]*>\s*)?<(?:jats:)?p\b[^>]*>)?",
    re.IGNORECASE | re.DOTALL,
)
_LIMIT = 200_000  # characters of markup; no abstract has more
_WORD = re.compile(r"(?:graphical |structured )?(?:abstract|summary)[.:]?", re.IGNORECASE)


def labelled(markup: str | None) -> str | None:
    """Return the text of an abstract: headings stand before their text with a colon, a lone "Abstract" is dropped.

    None when nothing is left: the bare placeholder "Abstract" is no text.
    """
    if not markup:
        return None
    markup = markup[:_LIMIT]
    lines = plain(_HEADING.sub(_heading, markup)).split("\n")
    while lines and (not lines[0] or _WORD.fullmatch(lines[0].strip())):
        del lines[0]
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip() or None


def _heading(match: re.Match[str]) -> str:
    head = " ".join(plain(match["head"]).split())
    if not head or _WORD.fullmatch(head):
        return "<p>" if match["open"] else ""
    mark = "" if head[-1] in ":.?!" else ":"
    return f"<br/>{html.escape(head)}{mark} "
