"""The digest as the JSON of the contract, with more fields than it asks for, none fewer."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from tracker.analysis.weeks import stamp
from tracker.digest.model import Digest, Item, Section


def as_mapping(digest: Digest) -> dict[str, Any]:
    """Plain data, in the order of the contract."""
    return {
        "week": digest.week,
        "as_of": stamp(digest.as_of),
        "issue": digest.issue,
        "snapshot": digest.snapshot,
        "lexicon": digest.lexicon,
        "finished": digest.finished,
        "sample": digest.sample,
        "sources": {
            "read": digest.sources_read,
            "failed": digest.sources_failed,
            "silent": list(digest.silent),
            "failed_ids": list(digest.failed),
            "barren": list(digest.barren),
        },
        "counts": dict(digest.counts),
        "bottom_line": list(digest.bottom_line),
        "sections": [_section(section) for section in digest.sections],
    }


def render(digest: Digest) -> str:
    """Indented JSON with a final line end."""
    return json.dumps(as_mapping(digest), ensure_ascii=False, indent=1) + "\n"


def _section(section: Section) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": section.id,
        "title": section.title,
        "items": [_item(item) for item in section.items],
    }
    if not section.items:
        row["quiet"] = section.quiet
    if section.note:
        row["note"] = section.note
    if section.more:
        row["more"] = section.more
    return row


def _item(item: Item) -> dict[str, Any]:
    row: dict[str, Any] = {}
    if item.substance:
        row["substance"] = item.substance
    if item.title:
        row["title"] = item.title
    row |= {"text": item.text, "grade": item.grade, "sources": item.sources}
    if item.known:
        row["known"] = True
    row |= {
        "first_seen": _moment(item.first_seen),
        "evidence": {"text": item.evidence.text, "document": item.evidence.document, "url": item.evidence.url},
        "documents": list(item.documents),
    }
    for name in ("mark", "publisher", "published", "group"):
        if getattr(item, name):
            row[name] = getattr(item, name)
    return row | _plain(dict(item.extra))


def _plain(extra: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in extra.items() if value is not None and name not in ("name",)} | (
        {"name": extra["name"]} if "name" in extra else {}
    )


def _moment(moment: datetime | None) -> str | None:
    return stamp(moment) if moment else None
