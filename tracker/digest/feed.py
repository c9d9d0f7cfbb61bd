"""The digest as an Atom feed of one entry."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from tracker.analysis.weeks import stamp
from tracker.digest import html, plain
from tracker.digest.model import Digest

_UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def atom(digest: Digest) -> str:
    """RFC 4287. The entry's id is the week's; a later snapshot of the week is an update of it."""
    updated = stamp(digest.as_of)
    identity = f"urn:nps-tracker:digest:{digest.week}"
    return "\n".join(
        [
            '<?xml version="1.0" encoding="utf-8"?>',
            '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">',
            "<id>urn:nps-tracker:digest</id>",
            "<title>NPS tracker: weekly digest</title>",
            f"<updated>{updated}</updated>",
            "<author><name>nps-tracker</name></author>",
            "<entry>",
            f"<id>{identity}</id>",
            f"<title>{_text(plain.headline(digest))}</title>",
            f"<updated>{updated}</updated>",
            f"<category term={quoteattr(digest.week)}/>",
            f"<summary>{_text(' '.join(digest.bottom_line))}</summary>",
            f'<content type="html">{_text(html.body(digest))}</content>',
            "</entry>",
            "</feed>",
            "",
        ]
    )


def _text(content: str) -> str:
    return escape(_UNPRINTABLE.sub("", content))
