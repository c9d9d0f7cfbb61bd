"""Writing what a source said: one transaction a batch, first_seen set once, a changed item a new revision."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tracker.archive import facts
from tracker.archive.identity import (
    QUIET_TYPES,
    Keys,
    agree,
    content_hash,
    fields_json,
    gravest,
    keys_of,
    prepare,
    shared_links,
)  # fmt: skip
from tracker.archive.index import SearchRow, retire_from_search
from tracker.archive.notices import FLAGS, apply_flag, apply_flagged, apply_notice, apply_waiting
from tracker.archive.tagrows import TagRows
from tracker.archive.terms import Terms
from tracker.errors import ArchiveError
from tracker.text.urls import canonical_url

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from tracker.model import Document, Precision, Source, Tags


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch; `ids` is parallel to the documents given."""

    new: int = 0
    revised: int = 0
    unchanged: int = 0
    ids: tuple[int, ...] = ()
    undated: int = 0  # of a backfile: items without a date, first seen now
    changed: tuple[int, ...] = ()  # ids of new and revised documents


@dataclass(slots=True)
class Held:
    """What must be known of a stored document to decide about an item."""

    id: int
    doi: str | None
    pmid: str | None
    hash: bytes
    revision: int
    tagset: int | None
    updated: str | None
    first_seen: str
    external_id: str
    url: str | None
    backfilled: int
    published: str | None = None
    precision: Precision | None = None
    in_batch: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One document of a batch, prepared, with the stored one it is (None: new)."""

    place: int
    document: Document
    keys: Keys
    canonical: str | None
    hash: bytes
    held: Held | None


class Resolver:
    """Finds the stored document behind each item of one source's batch."""

    def __init__(self, connection: sqlite3.Connection, source: int, documents: Sequence[Document]) -> None:
        self._canonical = [canonical_url(d.url) if d.url else None for d in documents]
        self._keys = [keys_of(d, c) for d, c in zip(documents, self._canonical, strict=True)]
        self._documents = documents
        self.newly_shared = shared_links(self._keys)
        known = connection.execute("SELECT key FROM shared_links WHERE source = ?", (source,))
        self.shared = self.newly_shared.union(row[0] for row in known)
        self._owner = self._load(connection, source)

    def _load(self, connection: sqlite3.Connection, source: int) -> dict[int, Held]:
        wanted = json.dumps([k for keys in self._keys for k in keys.all()])
        rows = connection.execute(
            "SELECT i.key, d.id, d.doi, d.pmid, d.hash, d.revision, d.tagset, d.updated, d.first_seen, d.external_id, "
            "d.url, d.backfilled, d.published, d.precision FROM json_each(?) w "
            "CROSS JOIN identities i ON i.key = w.value AND i.source = ? "
            "JOIN documents d ON d.id = i.document",
            (wanted, source),
        )
        held: dict[int, Held] = {}
        owner = {}
        for row in rows:
            owner[row[0]] = held.setdefault(row[1], Held(*row[1:]))
        return owner

    def items(self) -> Iterator[Item]:
        for place, (document, keys, link) in enumerate(zip(self._documents, self._keys, self._canonical, strict=True)):
            held = self.find(document, keys)
            document = _with_date(document, held)
            yield Item(place, document, keys, link, content_hash(document), held)

    def find(self, document: Document, keys: Keys) -> Held | None:
        """DOI or PMID, else the link (with guid or title where a payload repeats it), else the guid."""
        for strong in (keys.pmid, keys.doi):
            held = self._owner.get(strong) if strong is not None else None
            if held and agree(held.doi, held.pmid, document.doi, document.pmid):
                return held
        if keys.link is None:
            weak: int | None = keys.guid
        else:
            weak = keys.own if keys.link in self.shared else keys.link
        held = self._owner.get(weak) if weak is not None else None
        return held if held and agree(held.doi, held.pmid, document.doi, document.pmid) else None

    def claim(self, keys: Keys, held: Held) -> list[int]:
        """Let `held` answer to the keys that nobody answers to yet; returns those."""
        usable = [k for k in keys.all() if not (k == keys.link and k in self.shared)]
        if keys.link is not None:  # a guid names a page only where there is no link
            usable = [k for k in usable if k != keys.guid]
        free = [k for k in usable if k not in self._owner]
        for k in free:
            self._owner[k] = held
        return free


def _with_date(document: Document, held: Held | None) -> Document:
    """A source that no longer states when it published has not taken it back: the date it gave stays."""
    if held is None or document.published or not held.published:
        return document
    return replace(document, published=held.published, precision=held.precision)


def is_unchanged(item: Item) -> bool:
    """The same content, or an older state of it than the one held."""
    held = item.held
    if held is None:
        return False
    stale = bool(held.updated and item.document.updated and item.document.updated < held.updated)
    return held.hash == item.hash or stale


def unchanged(connection: sqlite3.Connection, source_id: str, documents: Sequence[Document]) -> set[int]:
    """Places of the documents that need no tagging: stored already with this content."""
    row = connection.execute("SELECT num, type FROM sources WHERE id = ?", (source_id,)).fetchone()
    if row is None:
        return set()
    documents = [prepare(d, quiet=row["type"] in QUIET_TYPES) for d in documents]
    resolver = Resolver(connection, row["num"], documents)
    return {i.place for i in resolver.items() if is_unchanged(i) and i.held and i.held.tagset is not None}


_KEPT = 18  # place of `kept` in a row of `documents`


@dataclass(slots=True)
class _Rows:
    """What a batch writes, gathered first and written table by table."""

    documents: list[tuple[Any, ...]] = field(default_factory=list)
    revisions: list[tuple[Any, ...]] = field(default_factory=list)
    identities: list[tuple[int, int, int]] = field(default_factory=list)
    tagsets: list[tuple[Any, ...]] = field(default_factory=list)
    search: list[SearchRow] = field(default_factory=list)
    tags: TagRows = field(default_factory=TagRows)


class Batch:
    """One source's batch inside one open transaction."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        terms: Terms,
        source: Source,
        *,
        now: str,
        lexicon: str,
        backfill: bool = False,
    ) -> None:
        self._db, self._terms, self._source = connection, terms, source
        self._now, self._lexicon, self._backfill = now, lexicon, backfill
        self._num = terms.source(source)
        self._rows = _Rows()
        self._next = {t: _next_id(connection, t) for t in ("documents", "revisions", "tagsets")}
        self._notices: list[tuple[int, Document, str]] = []
        self._fresh_keys: list[tuple[int, int]] = []  # key, document
        self._strong_keys: list[tuple[int, int]] = []  # those of DOIs and PMIDs of new documents
        self._flags: list[tuple[Held, Item, bool]] = []  # what says of itself that it is retracted …; revised?
        self._touched: list[tuple[Any, ...]] = []
        self._revised: list[tuple[Held, Item, Tags | None]] = []
        self._undated = 0

    def run(self, documents: Sequence[Document], tags: Sequence[Tags | None]) -> Stored:
        """Write the batch. `tags` may hold None for what `unchanged` named; anything else untagged is refused.

        The rows of the search index are left in `search`, for whoever writes several batches in one transaction: it
        then costs one piece of the index instead of many.
        """
        if len(documents) != len(tags):
            raise ValueError("tags must be parallel to documents")
        quiet = self._source.type in QUIET_TYPES
        prepared = [prepare(d, quiet=quiet) for d in documents]
        resolver = Resolver(self._db, self._num, prepared)
        ids, changed, counts = [0] * len(prepared), [], defaultdict[str, int](int)
        for item in _newest_states(resolver, prepared):
            outcome, held = self._take(resolver, item, tags[item.place])
            counts[outcome] += 1
            ids[item.place] = held.id
            if outcome != "unchanged":
                changed.append(held.id)
        self._write(resolver)
        return Stored(
            counts["new"],
            counts["revised"],
            counts["unchanged"],
            tuple(ids),
            self._undated,
            tuple(dict.fromkeys(changed)),
        )

    @property
    def search(self) -> list[SearchRow]:
        """What is still to be given to `add_to_search`, in the same transaction."""
        return self._rows.search

    # --- deciding ---

    def _take(self, resolver: Resolver, item: Item, tags: Tags | None) -> tuple[str, Held]:
        held = resolver.find(item.document, item.keys)  # again: an earlier item of the batch may have become its owner
        item = replace(item, held=held)
        if held is None:
            outcome, held = "new", self._new(item, self._tagged(item, tags))
        elif held.in_batch or is_unchanged(item):
            outcome = "unchanged"
            self._touch(item, held)
        else:
            outcome = "revised"
            self._revised.append((held, item, self._tagged(item, tags)))
            held.hash, held.in_batch = item.hash, True
            self._touch(item, held)
        strong = [k for k in (item.keys.doi, item.keys.pmid) if k is not None]
        if outcome == "new":
            self._strong_keys += [(k, held.id) for k in strong]
        status = item.document.editorial_status
        if (outcome == "revised" and status != "notice") or (outcome == "new" and status in FLAGS):
            self._flags.append((held, item, outcome == "revised"))
        for k in resolver.claim(item.keys, held):
            self._rows.identities.append((k, self._num, held.id))
            self._fresh_keys.append((k, held.id))
        if outcome != "unchanged" and item.document.relates_to and item.document.editorial_status == "notice":
            self._notices.append((held.id, item.document, held.first_seen))
        return outcome, held

    def _tagged(self, item: Item, tags: Tags | None) -> Tags:
        if tags is None:
            raise ArchiveError(
                f"{self._source.id}: {item.document.external_id} was changed by another run while this one read "
                f"it; run again"
            )
        return tags

    def _new(self, item: Item, tags: Tags) -> Held:
        document = item.document
        first_seen = self._first_seen(document)
        held = Held(
            self._take_id("documents"), document.doi, document.pmid, item.hash, self._take_id("revisions"), None,
            document.updated, first_seen, document.external_id, document.url, int(first_seen != self._now),
            document.published, document.precision, True,
        )  # fmt: skip
        kept = self._is_kept(tags)
        held.tagset = self._tag(held, document, tags, known_from=first_seen, kept=kept)
        self._rows.revisions.append(_revision_row(held.revision, held.id, document, item.hash, first_seen))
        self._rows.documents.append(
            (held.id, self._num, document.external_id, document.url, item.canonical, document.doi, document.pmid,
             document.publisher, document.journal, document.published, document.precision, document.updated, first_seen,
             self._now, int(self._backfill and bool(document.published)), int(self._source.type not in QUIET_TYPES),
             item.hash, document.editorial_status, int(kept), held.revision, held.tagset, held.id, held.id)
        )  # fmt: skip
        return held

    def _first_seen(self, document: Document) -> str:
        from tracker.archive.times import period

        if not self._backfill:
            return self._now
        if document.published is None:
            self._undated += 1
            return self._now
        return min(period(document.published)[1], self._now)

    def _is_kept(self, tags: Tags) -> bool:
        return tags.relevant or self._source.keep == "all"

    def _tag(self, held: Held, document: Document, tags: Tags, *, known_from: str, kept: bool) -> int:
        tagset = self._take_id("tagsets")
        lexicon = self._terms.lexicon(tags.lexicon or self._lexicon, self._now)
        self._rows.tagsets.append(
            tagset_row(
                tagset, held.revision, held.id, lexicon, tags, made_at=self._now, known_from=known_from, kept=kept
            )
        )
        found = self._rows.tags.add(tagset, tags, self._terms)
        line = facts.words(
            current=True, kept=kept, source=self._num, tier=self._source.tier, published=document.published,
            first_seen=held.first_seen, doctype=tags.doctype,
            countries=sorted({*tags.countries, *document.countries}), terms=found,
        )  # fmt: skip
        self._rows.search.append((held.id, held.revision, held.first_seen, document.title, document.text, line))
        return tagset

    def _touch(self, item: Item, held: Held) -> None:
        """Read again: when, and under which address now. Never first_seen, never the text."""
        document = item.document
        newer = not (held.updated and document.updated and document.updated < held.updated)
        if newer:
            self._touched.append(
                (self._now, document.updated, document.external_id, document.url, item.canonical, document.doi,
                 document.pmid, held.id)
            )  # fmt: skip
        else:
            self._touched.append((self._now, None, None, None, None, None, None, held.id))

    def _take_id(self, table: str) -> int:
        self._next[table] += 1
        return self._next[table] - 1

    # --- writing ---

    def _write(self, resolver: Resolver) -> None:
        db = self._db
        for held, item, tags in self._revised:
            self._revise(held, item, tags)  # type: ignore[arg-type]
        rows = self._rows
        db.executemany(f"INSERT INTO documents VALUES ({','.join('?' * 23)})", rows.documents)
        db.executemany("INSERT INTO revisions VALUES (?,?,?,?,?,?,?,?,?,NULL)", rows.revisions)
        db.executemany("INSERT OR IGNORE INTO identities VALUES (?,?,?)", sorted(rows.identities))
        db.executemany(
            "INSERT OR IGNORE INTO shared_links VALUES (?,?)", [(self._num, k) for k in resolver.newly_shared]
        )
        write_tagsets(db, rows.tagsets, rows.tags)
        db.executemany(
            "UPDATE documents SET fetched = ?, updated = coalesce(?, updated), external_id = coalesce(?, external_id), "
            "url = coalesce(?, url), canonical_url = coalesce(?, canonical_url), doi = coalesce(?, doi), "
            "pmid = coalesce(?, pmid) WHERE id = ?",
            self._touched,
        )
        self._mark()
        db.executemany(
            "INSERT OR IGNORE INTO ungrouped VALUES (?)",
            [(row[0],) for row in rows.documents if row[_KEPT]] + [(held.id,) for held, _, _ in self._revised],
        )

    def _revise(self, held: Held, item: Item, tags: Tags) -> None:
        """Close the current revision and its tag set, open the next."""
        db, document = self._db, item.document
        db.execute("UPDATE revisions SET known_until = ? WHERE id = ?", (self._now, held.revision))
        db.execute("UPDATE tagsets SET known_until = ? WHERE id = ?", (self._now, held.tagset))
        retire_from_search(db, held.id)
        held.revision = self._take_id("revisions")
        kept = self._is_kept(tags)
        held.tagset = self._tag(held, document, tags, known_from=self._now, kept=kept)
        self._rows.revisions.append(_revision_row(held.revision, held.id, document, item.hash, self._now))
        marks = [r[0] for r in db.execute("SELECT status FROM editorial_marks WHERE document = ?", (held.id,))]
        db.execute(
            "UPDATE documents SET hash = ?, revision = ?, tagset = ?, kept = ?, publisher = ?, journal = ?, "
            "published = ?, precision = ?, editorial_status = ? WHERE id = ?",
            (item.hash, held.revision, held.tagset, int(kept), document.publisher, document.journal,
             document.published, document.precision, gravest([document.editorial_status, *marks]), held.id),
        )  # fmt: skip

    def _mark(self) -> None:
        for notice, document, seen in self._notices:
            apply_notice(self._db, notice, document, seen)
        if self._fresh_keys:
            apply_waiting(self._db, self._fresh_keys)
        if self._strong_keys:
            apply_flagged(self._db, self._strong_keys, self._now)
        for held, item, revised in self._flags:
            strong = [k for k in (item.keys.doi, item.keys.pmid) if k is not None]
            at = self._now if revised else held.first_seen
            apply_flag(self._db, held.id, strong, item.document.editorial_status, at, revised=revised)


def _newest_states(resolver: Resolver, documents: Sequence[Document]) -> Iterable[Item]:
    """Items so that of several states of one document in a batch the newest comes first (the others count as read)."""
    items = list(resolver.items())
    groups: dict[tuple[str, int], list[Item]] = defaultdict(list)
    for item in items:
        strong = item.keys.pmid or item.keys.doi
        weak = item.keys.own if item.keys.link in resolver.shared else item.keys.link
        groups["s" if strong else "w", strong or weak or item.keys.guid].append(item)
    for group in groups.values():
        group.sort(key=lambda i: i.document.updated or i.document.published or "", reverse=True)
        yield from group


def tagset_row(
    tagset: int, revision: int, document: int, lexicon: int, tags: Tags, *, made_at: str, known_from: str, kept: bool
) -> tuple[Any, ...]:
    """A row of `tagsets` for a current tag set."""
    return (
        tagset, revision, document, lexicon, made_at, known_from, None, 1, int(tags.relevant), tags.relevance,
        int(kept),
        tags.doctype, tags.grade, tags.language, " ".join(tags.countries),
    )  # fmt: skip


def write_tagsets(connection: sqlite3.Connection, heads: Sequence[tuple[Any, ...]], rows: TagRows) -> None:
    connection.executemany("INSERT INTO tagsets VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", heads)
    rows.write(connection)


def _revision_row(
    revision: int, document_id: int, document: Document, hash_: bytes, known_from: str
) -> tuple[Any, ...]:
    return (
        revision, document_id, known_from, None, hash_, document.title, document.text, document.summary,
        fields_json(document),
    )  # fmt: skip


def _next_id(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").fetchone()[0])


__all__ = ["Batch", "Resolver", "Stored", "unchanged"]
