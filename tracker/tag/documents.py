"""Tags of a document as its source gave it: the one way in which collect, import, re-tag and bulk call the tagger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker.model import Document, Tags

if TYPE_CHECKING:
    from tracker.tag import Tagger


def tag_document(tagger: Tagger, document: Document, *, source_type: str | None = None) -> Tags:
    """Tags of one document; `source_type` is what its source says of all its items; its own word goes first."""
    return tagger.tag(
        document.text or document.summary or "",
        title=document.title,
        language=document.language,
        published=document.published,
        url=document.url,
        source_type=document.doctype or source_type,
    )
