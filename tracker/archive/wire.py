"""Records as the JSON of the contract. Absent is absent in documents; search results have every key."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from tracker.archive.times import stamp

if TYPE_CHECKING:
    from tracker.archive.ledger import SourceHealth
    from tracker.archive.read import Record
    from tracker.archive.search import Hit, SearchResult


def document_json(record: Record) -> dict[str, Any]:
    """One document with the names that `parse` prints and `import` reads, and what the archive adds."""
    values: dict[str, Any] = {"id": record.id, "source": record.source}
    for f in fields(record.document):
        value = getattr(record.document, f.name)
        if value:
            values[f.name] = list(value) if isinstance(value, tuple) else dict(value) if f.name == "extra" else value
    if record.publisher:
        values["publisher"] = record.publisher
    if record.language:
        values["language"] = record.language
    values["editorial_status"] = record.editorial_status
    values["first_seen"] = stamp(record.first_seen)
    values["story"] = record.story
    if record.tags:
        values["substances"] = [tag.name for tag in record.tags.substances]
        values["classes"] = list(record.tags.classes)
        values["themes"] = [tag.theme for tag in record.tags.themes]
        values["lexicon"] = record.tags.lexicon
    return values


def hit_json(hit: Hit) -> dict[str, Any]:
    """One search result."""
    record = hit.record
    return {
        "id": record.id,
        "title": record.document.title,
        "url": record.document.url,
        "source": record.source,
        "publisher": record.publisher,
        "published": record.document.published,
        "first_seen": stamp(record.first_seen),
        "tier": record.tier,
        "doctype": record.doctype,
        "substances": [tag.name for tag in record.tags.substances] if record.tags else [],
        "themes": [tag.theme for tag in record.tags.themes] if record.tags else [],
        "story": record.story,
        "editorial_status": record.editorial_status,
        "notices": [{"status": n.status, "document": n.document, "url": n.url} for n in record.notices],
        "snippet": hit.snippet.marked() if hit.snippet is not None else None,
        "score": hit.score,
    }


def search_json(result: SearchResult) -> dict[str, Any]:
    """A page of results. `total_exact` false: there are at least `total`; `facets_over`: newest hits that were
    counted."""
    return {
        "total": result.total,
        "total_exact": result.exact,
        "undated": result.undated,
        "relaxed": result.relaxed,
        "tags": result.tags,
        "as_of": result.as_of,
        "facets": {name: dict(values) for name, values in result.facets.items()},
        "facets_over": result.facets_over,
        "results": [hit_json(hit) for hit in result.results],
    }


def health_json(row: SourceHealth) -> dict[str, Any]:
    """How a source does, as `status` and the API say it."""
    return {
        "id": row.id,
        "status": row.status,
        "last_ok": stamp(row.last_ok) if row.last_ok else None,
        "rhythm_days": row.rhythm_days,
        "silent": row.silent,
        "error": row.error,
        "last_item": stamp(row.last_item) if row.last_item else None,
        "documents": row.documents,
        "failures": row.failures,
        "moved_to": row.moved_to,
        "findings": list(row.findings),
        "not_before": stamp(row.not_before) if row.not_before else None,
    }
