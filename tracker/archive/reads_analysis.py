"""What analysis reads: documents of a period with their tags, findings in bulk, and the rolled-up weeks of large
archives.

Everything is as of a moment: a document first seen by then, with the revision, tag set and editorial marks known then.
Weeks are numbers: Mondays since 1970-01-05. Rows are plain dictionaries and tuples; `tracker.analysis` gives them
meaning.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from tracker.archive.given import given
from tracker.archive.identity import gravest
from tracker.archive.ledger import ALWAYS_LIST, arrivals, is_silent, rhythm_days
from tracker.archive.stories import stories_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tracker.archive import Archive
    from tracker.archive.lookup import Names

WEEK = "CAST((julianday({0}) - 2440591.5) / 7 AS INTEGER)"  # 2440591.5 is Monday 1970-01-05 00:00
KNOWN = "{0}.known_from <= :as_of AND ({0}.known_until IS NULL OR {0}.known_until > :as_of)"
_THEMES = ("death", "adulteration", "counterfeit")


class Finding(NamedTuple):
    """A substance that one kept, relevant document names; `finding` 1: at least once affirmed as a finding."""

    week: int
    document: int
    story: int
    source: int
    tier: str
    first_seen: str
    published: str | None
    countries: str
    name: str
    cls: str
    nps: int
    tagset: int
    voice: int
    finding: int


class Exposure(NamedTuple):
    """What one source gave in one week: all documents, and those relevant."""

    week: int
    source: int
    documents: int
    relevant: int


def sources(archive: Archive) -> list[dict[str, Any]]:
    """Number, id, tier, type and start of watching of each source: first successful poll, else its oldest document."""
    rows = archive._db.execute(
        # Numbers follow arrival, so the smallest one is the oldest, but for what was put in as known from long ago.
        "SELECT num, id, tier, type, publisher, coalesce(first_watched, "
        "CASE WHEN EXISTS (SELECT 1 FROM documents WHERE backfilled) "
        "AND EXISTS (SELECT 1 FROM documents b WHERE b.backfilled AND b.source = num) THEN "
        "(SELECT d.first_seen FROM documents d INDEXED BY documents_first_seen WHERE d.source = num "
        "ORDER BY d.first_seen LIMIT 1) ELSE "
        "(SELECT d.first_seen FROM documents d INDEXED BY documents_source WHERE d.source = num ORDER BY d.id LIMIT 1) "
        "END) AS since FROM sources ORDER BY num"
    )
    return [dict(row) for row in rows]


def archive_span(archive: Archive, as_of: str) -> tuple[str, str] | None:
    """First and last `first_seen` known at the moment; None for an empty archive."""
    row = archive._db.execute(
        "SELECT (SELECT min(first_seen) FROM documents), (SELECT max(first_seen) FROM documents WHERE first_seen <= ?)",
        (as_of,),
    ).fetchone()
    return (row[0], row[1]) if row[1] else None


def names() -> Names:
    """The packaged lexicon, for searches that are to find substances by any of their names."""
    from tracker.lexicon import load

    return load()


def weeks_with_documents(archive: Archive) -> list[int]:
    """Numbers of the weeks in which anything was first seen."""
    week = WEEK.format("first_seen")
    return [row[0] for row in archive._db.execute(f"SELECT DISTINCT {week} FROM documents ORDER BY 1")]


def lexicon_at(archive: Archive, as_of: str) -> str:
    """Version of the lexicon that was last put to use by the moment; "" before the first."""
    row = archive._db.execute(
        "SELECT version FROM lexicons WHERE first_used <= ? ORDER BY first_used DESC, id DESC LIMIT 1", (as_of,)
    ).fetchone()
    if row is None:  # a backfile: known from before the lexicon was there
        row = archive._db.execute("SELECT version FROM lexicons ORDER BY id LIMIT 1").fetchone()
    return row[0] if row else ""


_DOCUMENTS = f"""
SELECT d.id, coalesce(d.story, d.id) AS story, coalesce(d.witness, d.id) AS voice, s.id AS source,
  coalesce(d.publisher, s.publisher) AS publisher, coalesce(s.tier, 'B') AS tier, d.first_seen, d.published, d.url,
  d.doi, d.pmid, d.journal, d.quote, d.backfilled, hex(r.hash) AS hash, r.title, t.language, t.doctype, t.grade,
  t.countries, coalesce(t.relevant, 0) AS relevant, coalesce(t.kept, 0) AS kept, t.id AS tagset, s.type AS source_type,
  coalesce(json_extract(r.fields, '$.editorial_status'), 'ok') AS own_status,
  (SELECT group_concat(m.status) FROM editorial_marks m WHERE m.document = d.id AND m.at <= :as_of) AS marks
FROM documents d JOIN sources s ON s.num = d.source
  JOIN revisions r ON r.document = d.id AND {KNOWN.format("r")}
  LEFT JOIN tagsets t ON t.revision = r.id AND {KNOWN.format("t")}
WHERE d.first_seen <= :as_of AND {{where}} ORDER BY d.first_seen, d.id
"""


def documents_seen(archive: Archive, *, since: str, until: str, as_of: str) -> list[dict[str, Any]]:
    """Documents first seen in [since, until) that are kept or of tier A, with their tags."""
    where = "d.first_seen >= :since AND d.first_seen < :until AND (t.kept OR s.tier = 'A')"
    return _documents(archive, where, {"since": since, "until": until, "as_of": as_of})


def documents_by_id(archive: Archive, ids: Iterable[int], *, as_of: str) -> list[dict[str, Any]]:
    """These documents, where known at the moment, with their tags."""
    where = "d.id IN (SELECT value FROM json_each(:ids))"
    return _documents(archive, where, {"ids": json.dumps(sorted(set(ids))), "as_of": as_of})


def documents_in_stories(archive: Archive, stories: Iterable[int], *, as_of: str) -> list[dict[str, Any]]:
    """Kept documents of these stories, known at the moment, with their tags."""
    where = "d.story IN (SELECT value FROM json_each(:stories)) AND t.kept"
    return _documents(archive, where, {"stories": json.dumps(sorted(set(stories))), "as_of": as_of})


def stories_last_seen(archive: Archive, *, since: str, until: str, before: str, as_of: str) -> list[int]:
    """Stories of at least two kept documents that had one in [since, until) and none from then to `before`."""
    rows = archive._db.execute(
        "SELECT d.story FROM documents d WHERE d.story IN (SELECT story FROM documents WHERE first_seen >= :since "
        "AND first_seen < :until AND kept) AND d.kept AND d.first_seen <= :as_of AND d.first_seen < :before "
        "GROUP BY d.story HAVING count(*) > 1 AND max(d.first_seen) < :until ORDER BY d.story",
        {"since": since, "until": until, "before": before, "as_of": as_of},
    )
    return [row[0] for row in rows]


def texts(archive: Archive, ids: Iterable[int], *, as_of: str) -> dict[int, tuple[str, str]]:
    """(title, text) of the revisions known at the moment; the text is empty where it may not be shown or was pruned."""
    rows = archive._db.execute(
        f"SELECT d.id, coalesce(r.title, ''), CASE WHEN d.quote THEN coalesce(r.text, r.summary, '') ELSE '' END "
        f"FROM json_each(:ids) w JOIN documents d ON d.id = w.value JOIN revisions r ON r.document = d.id "
        f"AND {KNOWN.format('r')}",
        {"ids": json.dumps(sorted(set(ids))), "as_of": as_of},
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def notices_seen(archive: Archive, *, since: str, until: str, as_of: str) -> list[tuple[int, int, str]]:
    """(document, notice, status) of the editorial marks set in [since, until)."""
    rows = archive._db.execute(
        "SELECT document, notice, status FROM editorial_marks WHERE at >= ? AND at < ? AND at <= ? ORDER BY 1, 2",
        (since, until, as_of),
    )
    return [(row[0], row[1], row[2]) for row in rows]


def polls(archive: Archive, *, since: str, until: str) -> list[tuple[str, str]]:
    """(source id, status) of every row of the ledger in [since, until)."""
    rows = archive._db.execute(
        "SELECT s.id, f.status FROM fetches f JOIN sources s ON s.num = f.source WHERE f.at >= ? AND f.at < ? "
        "ORDER BY s.id, f.at, f.id",
        (since, until),
    )
    return [(row[0], row[1]) for row in rows]


def barren_sources(archive: Archive, *, since: str, until: str) -> list[str]:
    """Sources that list their items each time, gave none in [since, until) although they could be read, and did before:
    their layout has changed, most likely."""
    rows = archive._db.execute(
        "SELECT s.id FROM sources s WHERE s.kind IN (SELECT value FROM json_each(?)) "
        "AND EXISTS (SELECT 1 FROM fetches f WHERE f.source = s.num AND f.at >= ? AND f.at < ? AND f.status = 'empty') "
        "AND NOT EXISTS (SELECT 1 FROM fetches f WHERE f.source = s.num AND f.at >= ? AND f.at < ? AND f.items > 0) "
        "AND EXISTS (SELECT 1 FROM fetches f WHERE f.source = s.num AND f.at < ? AND f.items > 0) ORDER BY s.id",
        (json.dumps(ALWAYS_LIST), since, until, since, until, since),
    )
    return [row[0] for row in rows]


def silent_sources(archive: Archive, *, as_of: str) -> list[str]:
    """Sources that gave nothing new for much longer than usual, by the rule of `health`, as known at the moment."""
    now = datetime.fromisoformat(as_of)
    found = []
    for number, name in archive._db.execute("SELECT num, id FROM sources ORDER BY id").fetchall():
        moments = arrivals(archive._db, number, as_of)
        if is_silent(moments[0] if moments else None, rhythm_days(moments), now):
            found.append(name)
    return found


def candidates_before(archive: Archive, surfaces: Iterable[str], *, until: str, as_of: str) -> list[dict[str, Any]]:
    """Kept, relevant documents first seen before `until` that hold one of the surfaces (exact spelling) as
    candidate."""
    rows = archive._db.execute(
        f"SELECT c.surface, d.id AS document, coalesce(d.witness, d.id) AS voice, d.first_seen, s.tier "
        f"FROM json_each(:surfaces) w CROSS JOIN candidates c ON c.surface = w.value "
        f"JOIN tagsets t ON t.id = c.tagset AND t.relevant AND t.kept AND {KNOWN.format('t')} "
        f"JOIN documents d ON d.id = t.document JOIN sources s ON s.num = d.source "
        f"WHERE d.first_seen < :until AND d.first_seen <= :as_of ORDER BY d.first_seen, d.id",
        {"surfaces": json.dumps(sorted(set(surfaces))), "until": until, "as_of": as_of},
    )
    return [dict(row) for row in rows]


# --- findings and exposure in bulk -----------------------------------------------------------------------------------

_FINDINGS = f"""
SELECT {WEEK.format("d.first_seen")}, d.id, coalesce(d.story, d.id), d.source, coalesce(s.tier, 'B'),
  d.first_seen, d.published, t.countries, m.name, json_extract(m.detail, '$.class'), json_extract(m.detail, '$.nps'),
  t.id, coalesce(d.witness, d.id), max(n.assertion = 'affirmed' AND n.context = 'finding')
FROM documents d INDEXED BY documents_first_seen CROSS JOIN sources s ON s.num = d.source
  CROSS JOIN tagsets t ON t.document = d.id AND t.relevant AND t.kept AND {KNOWN.format("t")}
  CROSS JOIN mentions n ON n.tagset = t.id
  CROSS JOIN terms m ON m.id = n.term AND m.kind = 'substance'
WHERE d.first_seen >= :since AND d.first_seen < :until AND d.first_seen <= :as_of
GROUP BY t.id, m.id
"""


def findings(archive: Archive, *, since: str, until: str, as_of: str) -> Iterator[Finding]:
    """Every substance of every document first seen in [since, until), in no order."""
    for row in archive._db.execute(_FINDINGS, {"since": since, "until": until, "as_of": as_of}):
        yield Finding(*row)


def theme_substances(archive: Archive, *, since: str, until: str, as_of: str) -> dict[int, list[tuple[str, list[str]]]]:
    """By tag set, (theme, substances) of the affirmed death, adulteration and counterfeit sentences of the period."""
    rows = archive._db.execute(
        f"SELECT t.id, m.name, h.substances FROM documents d INDEXED BY documents_first_seen "
        f"CROSS JOIN tagsets t ON t.document = d.id AND t.relevant AND t.kept AND {KNOWN.format('t')} "
        f"CROSS JOIN themes h ON h.tagset = t.id AND h.assertion = 'affirmed' AND h.substances IS NOT NULL "
        f"CROSS JOIN terms m ON m.id = h.term AND m.name IN {_THEMES} "
        f"WHERE d.first_seen >= :since AND d.first_seen < :until AND d.first_seen <= :as_of",
        {"since": since, "until": until, "as_of": as_of},
    )
    found: dict[int, list[tuple[str, list[str]]]] = defaultdict(list)
    for tagset, theme, names in rows:
        found[tagset].append((theme, json.loads(names)))
    return dict(found)


def exposure(archive: Archive, *, since: str, until: str, as_of: str) -> list[Exposure]:
    """What each source gave in each week of the period, kept or not; of a corpus that was sifted in bulk, all that was
    read and not only what is stored."""
    rows = archive._db.execute(
        f"SELECT {WEEK.format('d.first_seen')} AS week, d.source, count(*), sum(d.kept) "
        f"FROM documents d WHERE d.first_seen >= :since AND d.first_seen < :until AND d.first_seen <= :as_of "
        f"GROUP BY week, d.source",
        {"since": since, "until": until, "as_of": as_of},
    )
    found = {(week, source): (documents, relevant or 0) for week, source, documents, relevant in rows}
    first = archive._db.execute(f"SELECT {WEEK.format(':since')}", {"since": since}).fetchone()[0]
    for key, documents in given(archive._db, since=first, until=min(until, f"{as_of}~")).items():
        stored, relevant = found.get(key, (0, 0))
        found[key] = (max(documents, stored), relevant)
    return [Exposure(*key, *counts) for key, counts in sorted(found.items())]


def _documents(archive: Archive, where: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    documents = [dict(row) for row in archive._db.execute(_DOCUMENTS.format(where=where), values)]
    for document in documents:
        marks = (document.pop("marks") or "").split(",")
        document["editorial_status"] = gravest([document.pop("own_status"), *filter(None, marks)])
        document |= {"mentions": [], "themes": [], "candidates": []}
    told = stories_at(archive._db, {document["story"] for document in documents}, values["as_of"])
    for document in documents:  # as the stories were known then
        document["story"], document["voice"] = told.get(document["id"], (document["story"], document["voice"]))
    by_tagset = {document["tagset"]: document for document in documents if document["tagset"] is not None}
    wanted = json.dumps(list(by_tagset))
    for name, statement in _TAGS.items():
        for row in archive._db.execute(statement, (wanted,)):
            by_tagset[row["tagset"]][name].append(dict(row))
    return documents


_TAGS = {
    "mentions": """
SELECT n.tagset, m.name, json_extract(m.detail, '$.class') AS cls, json_extract(m.detail, '$.nps') AS nps, x.role,
  x.assertion AS overall, n.field, n.start, n.end, n.assertion, n.context
FROM json_each(?) w CROSS JOIN mentions n ON n.tagset = w.value
  CROSS JOIN terms m ON m.id = n.term AND m.kind = 'substance'
  CROSS JOIN tag_terms x ON x.term = n.term AND x.tagset = n.tagset ORDER BY n.tagset, n.seq
""",
    "themes": """
SELECT h.tagset, m.name, h.assertion, h.field, h.start, h.end, h.substances
FROM json_each(?) w CROSS JOIN themes h ON h.tagset = w.value CROSS JOIN terms m ON m.id = h.term
ORDER BY h.tagset, h.seq
""",
    "candidates": """
SELECT c.tagset, c.surface, c.field, c.start, c.end, c.class AS cls, c.why
FROM json_each(?) w CROSS JOIN candidates c ON c.tagset = w.value ORDER BY c.tagset, c.seq
""",
}
