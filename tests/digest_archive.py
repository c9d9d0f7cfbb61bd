"""Archives for the tests of analysis and digest: documents with tags written by hand, seen at chosen moments."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tracker.archive import Archive
from tracker.model import (
    Candidate,
    Document,
    Fetch,
    FetchState,
    Mention,
    Source,
    SourceResult,
    SubstanceTag,
    Tags,
    ThemeTag,
)

MONDAY = datetime(2026, 9, 28, 7, tzinfo=UTC)  # 2026-W40
CLASSES = {
    "bromazolam": "designer_benzodiazepine",
    "flualprazolam": "designer_benzodiazepine",
    "protonitazene": "nitazene",
    "metonitazene": "nitazene",
    "xylazine": "sedative",
    "mdmb-4en-pinaca": "synthetic_cannabinoid",
    "3-mmc": "synthetic_cathinone",
    "diazepam": "benzodiazepine",
    "fentanyl": "opioid",
}
ESTABLISHED = ("diazepam", "fentanyl")


def source(name: str = "agency", **changes: Any) -> Source:
    """A source of tier B that publishes under its own name."""
    base = Source(id=name, kind="feed", url=f"https://{name}.example.org/feed", publisher=name.title(), tier="B")
    return replace(base, **changes)


def week(count: int) -> datetime:
    """Monday 07:00 of the week `count` weeks after the first."""
    return MONDAY + timedelta(weeks=count)


def document(number: str, text: str, *, of: str = "agency", **changes: Any) -> Document:
    """A document with a title and an address of its own."""
    title = changes.pop("title", f"Report {number}")
    url = changes.pop("url", f"https://{of}.example.org/{number}")
    return Document(external_id=number, url=url, title=title, text=text, language="en", **changes)


def tags(
    text: str,
    *substances: str,
    themes: dict[str, str] | None = None,
    candidates: tuple[str, ...] = (),
    context: str = "finding",
    assertion: str = "affirmed",
    **changes: Any,
) -> Tags:
    """Tags whose spans are found in the text; a theme is given as name -> its sentence."""
    found = tuple(
        SubstanceTag(
            name=name,
            cls=CLASSES.get(name, "other"),
            nps=name not in ESTABLISHED,
            role="primary",
            assertion=assertion,  # type: ignore[arg-type]
            mentions=(_mention(text, name, context, assertion),),
        )
        for name in substances
    )
    rows = tuple(
        ThemeTag(
            theme=theme,  # type: ignore[arg-type]
            assertion="affirmed",
            evidence=sentence,
            field="text",
            start=text.index(sentence),
            end=text.index(sentence) + len(sentence),
            substances=tuple(name for name in substances if name in sentence.casefold()),
        )
        for theme, sentence in (themes or {}).items()
    )
    names = tuple(
        Candidate(name, "text", text.index(name), text.index(name) + len(name), "nitazene", "ends in -nitazene")
        for name in candidates
    )
    values: dict[str, Any] = {
        "language": "en", "relevant": True, "relevance": 0.9, "doctype": "news", "countries": (), "lexicon": "2026.1",
    }  # fmt: skip
    return Tags(**(values | changes), substances=found, themes=rows, candidates=names)


def _mention(text: str, name: str, context: str, assertion: str) -> Mention:
    start = text.casefold().index(name)
    end = start + len(name)
    return Mention(text[start:end], "text", start, end, assertion, context)  # type: ignore[arg-type]


def poll(archive: Archive, where: Source, when: datetime, *pairs: tuple[Document, Tags], status: str = "ok") -> None:
    """Store what one poll of one source gave."""
    good = status in ("ok", "empty")
    result = SourceResult(
        source=where,
        status=status,  # type: ignore[arg-type]
        documents=tuple(document for document, _ in pairs),
        fetches=(Fetch(where.id, when, where.url, status, items=len(pairs)),),  # type: ignore[arg-type]
        state=FetchState(where.id, last_polled=when, last_ok=when if good else None, status=status),  # type: ignore[arg-type]
    )
    archive.store(result, [made for _, made in pairs], now=when, lexicon="2026.1")


def watched(archive: Archive, where: Source, weeks: int = 5, *, until: int = 0) -> None:
    """Let the source be watched for some weeks before week `until`, one document without substances in each."""
    for count in range(until - weeks, until):
        text = f"Nothing of note in week {count} at {where.id}."
        poll(archive, where, week(count), (document(f"quiet{count}", text, of=where.id), tags(text)))


def new_archive(folder: Path) -> Archive:
    """An empty archive."""
    return Archive.open(folder / "tracker.db", create=True)
