"""Search: hits, facets and snippets for a query, now or as of a moment.

Ranking is bounded: the newest `RANKED` hits are scored (BM25 with title weight, tier and recency), what is older
follows newest first; facets count the newest `FACETED`, totals stop at `COUNTED`. So a word that stands in half a
million documents costs no more than a rare one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tracker.archive import facts
from tracker.archive.compile import Conditions, as_match, refine, sought
from tracker.archive.lookup import Lookup
from tracker.archive.query import EVERYTHING, And, Dates, Fact, Not, Or, Words, split_dates
from tracker.archive.rank import rank
from tracker.archive.read import known_at, records
from tracker.archive.snippet import Snippet, snippet
from tracker.archive.terms import found_terms

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

    from tracker.archive.compile import Sought
    from tracker.archive.query import Node
    from tracker.archive.read import Record, TagMode
    from tracker.archive.terms import Terms

RANKED = 300  # hits scored
FACETED = 1000  # hits counted into facets
COUNTED = 10_000  # hits counted
FACET_VALUES = 50
Sort = Literal["relevance", "newest"]


@dataclass(frozen=True, slots=True)
class Hit:
    """One result: the document as known, where the words stand, and its score (0 where it was not ranked)."""

    record: Record
    snippet: Snippet | None  # None where the text may not be shown
    score: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits of one page. `total` is exact where `exact`, else there are more; facets count the newest `facets_over`
    hits."""

    total: int
    exact: bool
    results: tuple[Hit, ...]
    facets: Mapping[str, Mapping[str, int]]
    facets_over: int
    undated: int  # hits left out by a bound on `published` because they have none
    relaxed: bool  # nothing has all the words: these have some of them
    tags: TagMode
    as_of: str | None
    newest: tuple[str, int] | None = (
        None  # (first_seen, document) of the newest hit: where a page that is stable starts
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """One search, resolved: what to look for and how much of it to give."""

    node: Node
    bounds: tuple[Dates, ...]
    as_of: str | None = None
    tags: TagMode = "then"
    everything: bool = False
    sort: Sort = "relevance"
    limit: int = 20
    offset: int = 0
    before: tuple[str, int] | None = None  # only hits that follow this (first_seen, document), newest first


@dataclass(slots=True)
class Row:
    """One hit before its document is read."""

    document: int
    revision: int
    first_seen: str
    facts: str
    score: float = 0.0


_KEPT = Fact("raw", "zk")
_UNKEPT = Fact("raw", "zu")
_OLDER = Fact("raw", "zo")
_INDEX_THEN = (
    "FROM search CROSS JOIN search_rows x ON x.id = search.rowid CROSS JOIN revisions r ON r.id = x.revision "
    "CROSS JOIN tagsets t ON t.revision = r.id AND t.latest CROSS JOIN documents d ON d.id = x.document"
)
_YEARS_AHEAD = 40  # `after:` asks the index for so many years; a longer span is no help to it


class Searcher:
    """Answers searches on one connection."""

    def __init__(self, connection: sqlite3.Connection, terms: Terms, lookup: Lookup) -> None:
        self._db, self._terms, self._lookup = connection, terms, lookup

    def search(self, asked: Asked) -> SearchResult:
        """One page of results."""
        node = refine(asked.node, self._lookup)
        wanted = sought(node, self._lookup)
        hits, total = self._first(node, asked)
        relaxed = False
        for looser in _loosened(node, self._lookup) if total == 0 else ():
            node, relaxed = looser, True
            hits, total = self._first(node, asked)
            if total:
                break
        newest = hits[:RANKED]
        page = self._page(node, asked, newest, wanted)
        found = {r.id: r for r in records(
            self._db, self._terms, [row.document for row in page], as_of=asked.as_of, tags=asked.tags)}  # fmt: skip
        shown = tuple(
            Hit(found[row.document], self._snippet(found[row.document], wanted), round(row.score, 4))
            for row in page
            if row.document in found
        )
        return SearchResult(
            total=min(total, COUNTED),
            exact=total <= COUNTED,
            results=shown,
            facets=self._facets(node, asked, hits if asked.before is None else None),
            facets_over=min(total, FACETED),
            undated=self._undated(node, asked),
            relaxed=relaxed and bool(total),
            tags=asked.tags,
            as_of=asked.as_of,
            newest=(newest[0].first_seen, newest[0].document) if newest else None,
        )

    def documents(self, asked: Asked, page: int = 500) -> Iterator[list[int]]:
        """Numbers of all hits, newest first, in pages."""
        node = refine(asked.node, self._lookup)
        before: tuple[str, int] | None = None
        while True:
            rows = self._after(node, asked, before, page)
            if not rows:
                return
            yield [row.document for row in rows]
            before = (rows[-1].first_seen, rows[-1].document)

    # --- which ---

    def _page(self, node: Node, asked: Asked, newest: list[Row], wanted: list[Sought]) -> list[Row]:
        end = asked.offset + asked.limit
        ordered = rank(self._db, newest, wanted) if asked.sort == "relevance" else newest
        if end > len(ordered) and len(newest) == RANKED:  # beyond the ranked ones
            last = (newest[-1].first_seen, newest[-1].document)
            ordered = ordered + self._after(node, asked, last, end - len(ordered))
        return ordered[asked.offset : end]

    def _first(self, node: Node, asked: Asked) -> tuple[list[Row], int]:
        """The newest hits (or those after `asked.before`), and how many there are: in one pass of the index where the
        order of its numbers is that of time."""
        if asked.before is not None or asked.as_of is not None or self._any_backfilled():
            hits = self._after(node, asked, asked.before, FACETED)
            return hits, self._total(node, asked, hits)
        clause, values = self._indexed(node, asked, asked.bounds, rows=False)
        cursor = self._db.cursor()
        cursor.row_factory = None  # plain tuples: a thousand are read at once
        found = cursor.execute(
            f"WITH hits AS MATERIALIZED (SELECT search.rowid AS id {clause} ORDER BY search.rowid DESC "
            f"LIMIT {COUNTED + 1}) SELECT x.document, x.revision, x.first_seen, x.facts, (SELECT count(*) FROM hits) "
            f"FROM (SELECT id FROM hits LIMIT {FACETED}) n CROSS JOIN search_rows x ON x.id = n.id",
            values,
        ).fetchall()
        return [Row(*row[:4]) for row in found], int(found[0][4]) if found else 0

    def _after(self, node: Node, asked: Asked, before: tuple[str, int] | None, limit: int) -> list[Row]:
        """The newest hits, or those that follow `before` = (first_seen, document), newest first."""
        if not self._index_knows(asked):
            return self._known(node, asked, before, limit)
        if asked.as_of is None and not self._any_backfilled():
            rest = ["search.rowid < :last"] if before else []
            return self._rows(node, asked, rest, "search.rowid DESC", limit, before)
        order = "x.first_seen DESC, x.document DESC"
        rest = ["(x.first_seen, x.document) < (:seen, :last)"] if before else []
        if self._count(node, asked) <= COUNTED:
            return self._rows(node, asked, rest, order, limit, before)
        found: list[Row] = []
        for month in self._months(before[0] if before else asked.as_of):  # so many that sorting all would be slow
            part = And((node, Fact("raw", f"q{month}")))
            found += self._rows(part, asked, rest, order, limit - len(found), before)
            if len(found) >= limit:
                break
        return found

    def _rows(
        self, node: Node, asked: Asked, rest: list[str], order: str, limit: int, before: tuple[str, int] | None
    ) -> list[Row]:
        clause, values = self._indexed(node, asked, asked.bounds, rest)
        if before:
            values |= {"seen": before[0], "last": before[1]}
        rows = self._db.execute(
            f"SELECT x.document, x.revision, x.first_seen, x.facts {clause} ORDER BY {order} LIMIT {int(limit)}", values
        )
        return [Row(*row) for row in rows]

    def _known(self, node: Node, asked: Asked, before: tuple[str, int] | None, limit: int) -> list[Row]:
        clause, values = self._at_moment(node, asked, asked.bounds)
        if before:
            clause += " AND (d.first_seen, d.id) < (:seen, :last)"
            values |= {"seen": before[0], "last": before[1]}
        rows = self._db.execute(
            f"SELECT d.id, r.id, d.first_seen, t.id, s.num, s.tier, d.published, t.doctype, t.countries {clause} "
            f"ORDER BY d.first_seen DESC, d.id DESC LIMIT {int(limit)}",
            values,
        ).fetchall()
        terms = found_terms(self._db, [row[3] for row in rows if row[3] is not None])
        return [
            Row(row[0], row[1], row[2], facts.words(
                current=False, kept=True, source=row[4], tier=row[5], published=row[6], first_seen=row[2],
                doctype=row[7], countries=(row[8] or "").split(), terms=terms.get(row[3], ())))
            for row in rows
        ]  # fmt: skip

    def _indexed(
        self, node: Node, asked: Asked, bounds: Sequence[Dates], rest: Sequence[str] = (), *, rows: bool = True
    ) -> tuple[str, dict[str, Any]]:
        """FROM and WHERE of a search of what is current, or was at the moment where the index knows that. Without
        `rows` only the numbers of the index are at hand, which are those of documents."""
        if asked.as_of is not None:
            return self._indexed_then(node, asked, bounds, rest)
        build = Conditions(self._lookup)
        years = _years(bounds)
        match = build.bind(as_match(And((node, _shown(node, asked), *years)), self._lookup))
        edges = [b for b in bounds if not (years and b.bound in ("since", "until") and len(b.value) == 4)]
        clause = "FROM search"
        if rows:
            clause += " CROSS JOIN search_rows x ON x.id = search.rowid"
        if edges:  # whole years are known to the index
            clause += " CROSS JOIN documents d ON d.id = search.rowid"
        return " AND ".join([f"{clause} WHERE search MATCH {match}", *build.bounds(edges), *rest]), build.values

    def _indexed_then(
        self, node: Node, asked: Asked, bounds: Sequence[Dates], rest: Sequence[str]
    ) -> tuple[str, dict[str, Any]]:
        build = Conditions(self._lookup)
        build.values["as_of"] = asked.as_of
        match = build.bind(as_match(And((node, *_years(bounds))), self._lookup))
        where = [f"search MATCH {match}", "x.first_seen <= :as_of", "r.known_from <= :as_of",
                 "(r.known_until IS NULL OR r.known_until > :as_of)"]  # fmt: skip
        if not asked.everything:
            where.append("t.kept")
        where += [*build.bounds(bounds, at_moment=True), *rest]
        return f"{_INDEX_THEN} WHERE {' AND '.join(where)}", build.values

    def _index_knows(self, asked: Asked) -> bool:
        """The index has the newest tags of each revision: right for today's tags, and for those of then as long as
        nothing was tagged again since."""
        if asked.as_of is None or asked.tags == "now":
            return True
        again = "SELECT 1 FROM tagsets WHERE NOT latest AND known_until > ? LIMIT 1"
        return self._db.execute(again, (asked.as_of,)).fetchone() is None

    def _at_moment(self, node: Node, asked: Asked, bounds: Sequence[Dates]) -> tuple[str, dict[str, Any]]:
        """FROM and WHERE of a search of what was known."""
        build = Conditions(self._lookup)
        clause, values = known_at(asked.as_of, asked.tags)
        build.values.update(values)
        where = ["d.first_seen <= :as_of", build.tree(node), *build.bounds(bounds, at_moment=True)]
        if not asked.everything:
            where.append("coalesce(t.kept, d.kept)")
        return f"FROM {clause} WHERE {' AND '.join(where)}", build.values

    def _any_backfilled(self) -> bool:
        return self._db.execute("SELECT 1 FROM documents WHERE backfilled LIMIT 1").fetchone() is not None

    def _months(self, until: str | None) -> Iterator[str]:
        """Months in which anything was first seen, newest first, each found by one look at the index."""
        last = until + "~" if until else "~"
        while row := self._db.execute("SELECT max(first_seen) FROM documents WHERE first_seen < ?", (last,)).fetchone():
            if row[0] is None:
                return
            yield row[0][:4] + row[0][5:7]
            last = row[0][:7]

    # --- how many ---

    def _total(self, node: Node, asked: Asked, hits: list[Row]) -> int:
        """Known without counting where all hits are at hand."""
        return len(hits) if len(hits) < FACETED and asked.before is None else self._count(node, asked)

    def _count(self, node: Node, asked: Asked) -> int:
        """Hits, counted up to one more than COUNTED."""
        return self._counted(node, asked, asked.bounds, [])

    def _counted(self, node: Node, asked: Asked, bounds: Sequence[Dates], rest: list[str]) -> int:
        if self._index_knows(asked):
            clause, values = self._indexed(node, asked, bounds, rest, rows=False)
        else:
            clause, values = self._at_moment(node, asked, bounds)
            clause = " AND ".join([clause, *rest])
        row = self._db.execute(f"SELECT count(*) FROM (SELECT 1 {clause} LIMIT {COUNTED + 1})", values).fetchone()
        return int(row[0])

    def _undated(self, node: Node, asked: Asked) -> int:
        if not any(b.bound in ("since", "until") for b in asked.bounds):
            return 0
        if not self._any_undated():
            return 0
        others = [b for b in asked.bounds if b.bound not in ("since", "until")]
        if not self._index_knows(asked):
            return min(COUNTED, self._counted(node, asked, others, ["d.published IS NULL"]))
        return min(COUNTED, self._counted(And((node, Fact("raw", "yn"))), asked, others, []))

    def _any_undated(self) -> bool:
        word = "SELECT 1 FROM search WHERE search MATCH 'facts : yn' LIMIT 1"
        return self._db.execute(word).fetchone() is not None

    # --- what they are about ---

    def _facets(self, node: Node, asked: Asked, hits: list[Row] | None) -> dict[str, dict[str, int]]:
        """Counts of what the newest hits are about, most frequent first; `hits` are all where they are at hand."""
        if hits is not None:
            line = " ".join(row.facts for row in hits)
        elif asked.as_of is None:
            clause, values = self._indexed(node, asked, asked.bounds)
            lines = f"SELECT x.facts {clause} ORDER BY search.rowid DESC LIMIT {FACETED}"
            line = self._db.execute(f"SELECT group_concat(facts, ' ') FROM ({lines})", values).fetchone()[0] or ""
        else:
            line = " ".join(row.facts for row in self._after(node, asked, None, FACETED))
        found: dict[str, dict[str, int]] = {name: {} for name in facts.FACETS.values()}
        counted = [
            (-count, word)
            for word, count in Counter(line.split()).items()
            if word[0] in facts.FACETS and word != "yn" and not (word[0] in "sct" and word[-1] in "nh")
        ]
        for count, word in sorted(counted):
            name = facts.FACETS[word[0]]
            value = self._lookup.name_of(word[0], word[1:]) if len(found[name]) < FACET_VALUES else None
            if value is not None:
                found[name][value] = -count
        return found

    def _snippet(self, record: Record, wanted: list[Sought]) -> Snippet | None:
        if not record.quote:
            return None
        numbers = self._lookup.substances_tagged(w for s in wanted for w in s.facts)
        names = {self._terms.name(n)[1] for n in numbers}
        tagged = [
            (m.start, m.end)
            for tag in (record.tags.substances if record.tags else ())
            if tag.name in names
            for m in tag.mentions
            if m.field == "text"
        ]
        return snippet(record.document.text or "", [w for s in wanted for w in s.literals], tagged)


def _shown(node: Node, asked: Asked) -> Node:
    """What holds for every row shown. Said by what it is not, since most of what is searched for is kept; a query for
    everything needs something to go by."""
    if node == EVERYTHING:
        return Or((_KEPT, _UNKEPT)) if asked.everything else _KEPT
    return Not(_OLDER) if asked.everything else Not(Or((_UNKEPT, _OLDER)))


def _years(bounds: Sequence[Dates]) -> list[Node]:
    """The years in which a bounded date may lie, for the index."""
    since = [int(b.value[:4]) for b in bounds if b.bound == "since"]
    until = [int(b.value[:4]) for b in bounds if b.bound == "until"]
    if not since:
        return []
    first, last = max(since), min(until, default=max(since) + _YEARS_AHEAD)
    if last - first > _YEARS_AHEAD:
        return []
    return [Or(tuple(Fact("raw", f"y{year:04}") for year in range(first, max(first, last) + 1)))]


def _loosened(node: Node, lookup: Lookup) -> list[Node]:
    """What to look for where nothing has all the words, closest first: the names of substances and classes and all but
    one of the other words, the names and some, the names alone; without a name all but one of the words, then some.
    Facts and exclusions stay."""
    parts = node.parts if isinstance(node, And) else (node,)
    words = tuple(p for p in parts if isinstance(p, Words) or (isinstance(p, Or) and _all_words(p)))
    rest = tuple(p for p in parts if p not in words)
    names = tuple(p for p in words if isinstance(p, Or) or (isinstance(p, Words) and lookup.is_tagged(p.text)))
    others = tuple(p for p in words if p not in names)
    if len(words) < 2:
        return []
    if not others:
        return [And((*rest, Or(names)))]
    steps: list[Node] = [And((*rest, *names, Or(others)))]
    if len(others) > 2:
        fewer = tuple(And(tuple(p for p in others if p is not one)) for one in others)
        steps.insert(0, And((*rest, *names, Or(fewer))))
    return [*steps, And((*rest, *names))] if names else steps


def _all_words(node: Node) -> bool:
    return all(isinstance(p, Words) or (isinstance(p, And) and _all_words(p)) for p in node.parts)  # type: ignore[union-attr]


def make_asked(query: Node, options: Sequence[Node], **how: Any) -> Asked:
    """A search from a parsed query and options like --theme; bounds are taken out of both."""
    node, bounds = split_dates(And((*(query.parts if isinstance(query, And) else (query,)), *options)))
    return Asked(node=node, bounds=bounds, **how)
