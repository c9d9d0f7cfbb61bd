"""Tags rebuilt with today's lexicon: what is gained and lost is told before anything is replaced."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from tracker.archive import facts
from tracker.archive.identity import document_of
from tracker.archive.index import change_facts
from tracker.archive.store import tagset_row, write_tagsets
from tracker.archive.tagrows import DETAIL_TABLES, TagRows, read_tags

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    from tracker.archive.terms import Terms
    from tracker.model import Document, Tags

PAGE = 200  # revisions tagged and written at once


class SupportsTag(Protocol):
    """What is needed of `tracker.tag.Tagger`."""

    def tag(
        self, text: str, *, title: str | None, language: str | None, published: str | None, url: str | None,
        source_type: str | None,
    ) -> Tags: ...  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One tag of one document that today's lexicon gives or takes."""

    document: int
    kind: str  # substance, class, theme, candidate, relevant
    name: str
    gained: bool


@dataclass(slots=True)
class RetagReport:
    """What a retag found; `changes` in order of documents, only of current revisions."""

    revisions: int = 0
    changed: int = 0
    changes: list[Change] = field(default_factory=list)
    lexicon: str = ""

    def counts(self) -> dict[str, Counter[str]]:
        """How often each tag is gained and lost: {"gained": {"theme death": 3}, "lost": …}."""
        found = {"gained": Counter[str](), "lost": Counter[str]()}
        for change in self.changes:
            found["gained" if change.gained else "lost"][f"{change.kind} {change.name}"] += 1
        return found


def page_tagger(tagger: SupportsTag) -> Callable[[Sequence[tuple[Document, str | None]]], list[Tags]]:
    """Tags a page one by one in this process, as a collect does."""

    def tag(page: Sequence[tuple[Document, str | None]]) -> list[Tags]:
        return [
            tagger.tag(
                d.text or d.summary or "", title=d.title, language=d.language, published=d.published, url=d.url,
                source_type=d.doctype or source_type,
            )
            for d, source_type in page
        ]  # fmt: skip

    return tag


@dataclass(frozen=True, slots=True)
class Item:
    """One stored revision with the tags it has."""

    row: sqlite3.Row
    document: Document
    old: Tags


def pages(connection: sqlite3.Connection, terms: Terms) -> Iterator[list[Item]]:
    """All revisions that still have their text, oldest first, with their newest tags."""
    last = 0
    while True:
        rows = connection.execute(
            "SELECT r.id AS revision, r.document, r.title, r.text, r.summary, r.fields, r.known_until AS ended, "
            "s.num AS source, s.type AS source_type, s.keep, s.tier, d.first_seen, d.published AS d_published, t.*, "
            "l.version FROM revisions r JOIN documents d ON d.id = r.document JOIN sources s ON s.num = d.source "
            "JOIN tagsets t ON t.revision = r.id AND t.latest JOIN lexicons l ON l.id = t.lexicon "
            "WHERE r.id > ? AND r.pruned IS NULL ORDER BY r.id LIMIT ?",
            (last, PAGE),
        ).fetchall()
        if not rows:
            return
        last = rows[-1]["revision"]
        texts = {row["id"]: (row["title"] or "", row["text"] or "") for row in rows}
        tags = read_tags(connection, rows, terms, texts)
        yield [
            Item(row, document_of(row["fields"], row["title"], row["text"], row["summary"]), tags[row["id"]])
            for row in rows
        ]


def differences(item: Item, new: Tags) -> list[Change]:
    """Gained and lost tags of one document."""
    number, found = item.row["document"], []
    for kind, old_names, new_names in (
        ("substance", {f"{s.name} ({s.assertion})" for s in item.old.substances},
         {f"{s.name} ({s.assertion})" for s in new.substances}),
        ("class", set(item.old.classes), set(new.classes)),
        ("theme", {f"{t.theme} ({t.assertion})" for t in item.old.themes},
         {f"{t.theme} ({t.assertion})" for t in new.themes}),
        ("candidate", {c.surface for c in item.old.candidates}, {c.surface for c in new.candidates}),
        ("relevant", {"yes"} if item.old.relevant else set(), {"yes"} if new.relevant else set()),
    ):  # fmt: skip
        found += [Change(number, kind, name, True) for name in sorted(new_names - old_names)]
        found += [Change(number, kind, name, False) for name in sorted(old_names - new_names)]
    return found


def is_same(old: Tags, new: Tags) -> bool:
    """The same facts from the same lexicon; reasons are not stored."""
    return replace(old, reasons=()) == replace(new, reasons=())


def write(connection: sqlite3.Connection, terms: Terms, items: Sequence[tuple[Item, Tags]], *, now: str) -> None:
    """Replace the tags of these revisions. A set of another lexicon version stays, for reads as of a moment before;
    one of the same version is replaced. Inside a transaction."""
    next_id = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM tagsets").fetchone()[0]
    rows, heads, lines = TagRows(), [], []
    for number, (item, tags) in enumerate(items, next_id):
        row = item.row
        lexicon = terms.lexicon(tags.lexicon, now)
        known_from = _make_room(connection, row, lexicon, now)
        kept = tags.relevant or row["keep"] == "all"
        head = list(
            tagset_row(
                number, row["revision"], row["document"], lexicon, tags, made_at=now, known_from=known_from, kept=kept
            )
        )
        if row["ended"] is not None:  # never what a past moment knew
            head[6] = row["ended"] if known_from < row["ended"] else known_from
        heads.append(tuple(head))
        lines.append((item, number, kept, rows.add(number, tags, terms), tags))
    write_tagsets(connection, heads, rows)
    for item, number, kept, found, tags in lines:
        _show(connection, item, number, kept=kept, found=found, tags=tags)


def _make_room(connection: sqlite3.Connection, row: sqlite3.Row, lexicon: int, now: str) -> str:
    """End the old set, or take it away when the same lexicon made it; returns from when the new one counts."""
    if row["lexicon"] != lexicon:
        connection.execute(
            "UPDATE tagsets SET latest = 0, known_until = coalesce(known_until, ?) WHERE id = ?", (now, row["id"])
        )
        return now
    known_from = str(row["known_from"])
    _remove(connection, row["id"])
    return known_from


def _remove(connection: sqlite3.Connection, tagset: int) -> None:
    for table in DETAIL_TABLES:
        connection.execute(f"DELETE FROM {table} WHERE tagset = ?", (tagset,))
    connection.execute("DELETE FROM tagsets WHERE id = ?", (tagset,))


def _show(
    connection: sqlite3.Connection, item: Item, tagset: int, *, kept: bool, found: list[facts.Found], tags: Tags
) -> None:
    row = item.row
    current = row["ended"] is None
    line = facts.words(
        current=current, kept=kept, source=row["source"], tier=row["tier"], published=item.document.published,
        first_seen=row["first_seen"], doctype=tags.doctype,
        countries=sorted({*tags.countries, *item.document.countries}), terms=found,
    )  # fmt: skip
    change_facts(connection, row["document"] if current else -row["revision"], line)
    if current:
        connection.execute(
            "UPDATE documents SET tagset = ?, kept = ? WHERE id = ?", (tagset, int(kept), row["document"])
        )
        connection.execute("INSERT OR IGNORE INTO ungrouped VALUES (?)", (row["document"],))


def as_pages(items: Sequence[Item]) -> list[tuple[Document, str | None]]:
    """What a tagger of pages is given."""
    return [(item.document, item.row["source_type"]) for item in items]
