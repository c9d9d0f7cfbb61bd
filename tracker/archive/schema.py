"""The schema as readable SQL and the steps that lead to it. Add steps; never edit one that was released.

Raw tables (`sources`, `documents`, `revisions`, `fetches`, `relations`) hold what sources said and are never
overwritten by derived facts. Derived tables (`tagsets` and what hangs on it, `search_rows`, `stories`) can be rebuilt.
Moments are UTC text `2026-11-24T07:00:00Z`, so that text order is time order. A span is code points, half-open, into
the
field of the revision that the tag set belongs to; its text is never stored a second time.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

RAW = """
CREATE TABLE sources (
  num INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,              -- as in sources.yaml
  name TEXT, kind TEXT, url TEXT, publisher TEXT, country TEXT, type TEXT, tier TEXT, keep TEXT,
  every INTEGER,                        -- seconds between polls
  first_watched TEXT,                   -- first successful poll: exposure of signals starts here
  state TEXT                            -- JSON of FetchState, null for sources never polled
);
CREATE TABLE documents (
  id INTEGER PRIMARY KEY,
  source INTEGER NOT NULL REFERENCES sources(num),
  external_id TEXT NOT NULL,
  url TEXT, canonical_url TEXT, doi TEXT, pmid TEXT,
  publisher TEXT, journal TEXT,
  published TEXT, precision TEXT,       -- what the source claims, cut to its precision
  updated TEXT,
  first_seen TEXT NOT NULL,             -- when we first held it; never rewritten
  fetched TEXT NOT NULL,                -- when it was last read from its source
  backfilled INTEGER NOT NULL DEFAULT 0,
  quote INTEGER NOT NULL DEFAULT 1,     -- 0: forum and marketing sources, text is never shown
  hash BLOB NOT NULL,                   -- content hash of the current revision
  editorial_status TEXT NOT NULL,       -- the gravest of its own word and the notices about it
  kept INTEGER NOT NULL DEFAULT 0,
  revision INTEGER,                     -- current revision
  tagset INTEGER,                       -- current tag set
  story INTEGER,
  witness INTEGER                       -- smallest document of the same voice in its story: one publisher, or copies
);
CREATE INDEX documents_first_seen ON documents(first_seen);  -- newest first, as of
CREATE INDEX documents_story ON documents(story);            -- documents of a story
CREATE INDEX documents_source ON documents(source);          -- rhythm of a source
CREATE INDEX documents_backfilled ON documents(id) WHERE backfilled;  -- are there any
CREATE TABLE identities (               -- 64-bit hashes of doi:, pmid:, link:, guid: … keys
  key INTEGER NOT NULL, source INTEGER NOT NULL, document INTEGER NOT NULL REFERENCES documents(id),
  PRIMARY KEY (key, source)
) WITHOUT ROWID;
CREATE TABLE shared_links (source INTEGER NOT NULL, key INTEGER NOT NULL, PRIMARY KEY (source, key)) WITHOUT ROWID;
CREATE TABLE revisions (
  id INTEGER PRIMARY KEY,
  document INTEGER NOT NULL REFERENCES documents(id),
  known_from TEXT NOT NULL,             -- seen at; first_seen for backfilled documents
  known_until TEXT,                     -- null: the current one
  hash BLOB NOT NULL,
  title TEXT, text TEXT, summary TEXT,
  fields TEXT NOT NULL,                 -- JSON: every other field as the source gave it
  pruned TEXT                           -- when the text was dropped by policy
);
CREATE INDEX revisions_document ON revisions(document);
CREATE TABLE relations (                -- a notice is about …
  notice INTEGER NOT NULL REFERENCES documents(id), key INTEGER NOT NULL, target TEXT NOT NULL, status TEXT NOT NULL,
  PRIMARY KEY (key, notice)
) WITHOUT ROWID;
CREATE TABLE editorial_marks (
  document INTEGER NOT NULL REFERENCES documents(id), notice INTEGER NOT NULL REFERENCES documents(id),
  status TEXT NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (document, notice)
) WITHOUT ROWID;
CREATE TABLE fetches (
  id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES sources(num),
  at TEXT NOT NULL, url TEXT NOT NULL, status TEXT NOT NULL, http INTEGER, ms INTEGER, bytes INTEGER, items INTEGER,
  error TEXT, note TEXT
);
CREATE INDEX fetches_source ON fetches(source, at);
"""

DERIVED = """
CREATE TABLE lexicons (id INTEGER PRIMARY KEY, version TEXT NOT NULL UNIQUE, first_used TEXT NOT NULL);
CREATE TABLE terms (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, detail TEXT, UNIQUE (kind, name));
CREATE TABLE tagsets (
  id INTEGER PRIMARY KEY,
  revision INTEGER NOT NULL REFERENCES revisions(id),
  document INTEGER NOT NULL REFERENCES documents(id),
  lexicon INTEGER NOT NULL REFERENCES lexicons(id),
  made_at TEXT NOT NULL,
  known_from TEXT NOT NULL,             -- this set was the document's from … until …
  known_until TEXT,                     -- null: the current one
  latest INTEGER NOT NULL DEFAULT 1,    -- newest set of its revision
  relevant INTEGER NOT NULL, relevance REAL NOT NULL, kept INTEGER NOT NULL,
  doctype TEXT NOT NULL, grade TEXT NOT NULL, language TEXT, countries TEXT NOT NULL
);
CREATE INDEX tagsets_revision ON tagsets(revision);
CREATE INDEX tagsets_document ON tagsets(document);
CREATE INDEX tagsets_older ON tagsets(revision) WHERE NOT latest;  -- was anything tagged again
CREATE TABLE tag_terms (                -- which tag sets have this substance, class, theme
  term INTEGER NOT NULL REFERENCES terms(id), tagset INTEGER NOT NULL REFERENCES tagsets(id),
  position INTEGER NOT NULL, a INTEGER, r INTEGER,
  assertion TEXT AS (CASE a WHEN 0 THEN 'affirmed' WHEN 1 THEN 'negated' WHEN 2 THEN 'hypothetical' END),
  role TEXT AS (CASE r WHEN 0 THEN 'primary' WHEN 1 THEN 'incidental' END),
  PRIMARY KEY (tagset, term)
) WITHOUT ROWID;
CREATE INDEX tag_terms_term ON tag_terms(term, tagset);
CREATE TABLE mentions (                 -- of substances, and of context substances
  tagset INTEGER NOT NULL REFERENCES tagsets(id), seq INTEGER NOT NULL, term INTEGER NOT NULL REFERENCES terms(id),
  start INTEGER NOT NULL, end INTEGER NOT NULL, historical INTEGER NOT NULL,
  f INTEGER NOT NULL, a INTEGER NOT NULL, c INTEGER NOT NULL,  -- small numbers, their words in the columns below
  field TEXT AS (CASE f WHEN 0 THEN 'title' ELSE 'text' END),
  assertion TEXT AS (CASE a WHEN 0 THEN 'affirmed' WHEN 1 THEN 'negated' ELSE 'hypothetical' END),
  context TEXT AS (CASE c WHEN 0 THEN 'finding' WHEN 1 THEN 'panel' WHEN 2 THEN 'schedule' WHEN 3 THEN 'reference'
    ELSE 'comparison' END),
  PRIMARY KEY (tagset, seq)
) WITHOUT ROWID;
CREATE TABLE themes (
  tagset INTEGER NOT NULL REFERENCES tagsets(id), seq INTEGER NOT NULL, term INTEGER NOT NULL REFERENCES terms(id),
  start INTEGER NOT NULL, end INTEGER NOT NULL, f INTEGER NOT NULL, a INTEGER NOT NULL,
  substances TEXT,                      -- JSON list of names
  rule INTEGER REFERENCES terms(id),    -- what fired
  field TEXT AS (CASE f WHEN 0 THEN 'title' ELSE 'text' END),
  assertion TEXT AS (CASE a WHEN 0 THEN 'affirmed' WHEN 1 THEN 'negated' ELSE 'hypothetical' END),
  PRIMARY KEY (tagset, seq)
) WITHOUT ROWID;
CREATE TABLE class_mentions (
  tagset INTEGER NOT NULL REFERENCES tagsets(id), seq INTEGER NOT NULL, term INTEGER NOT NULL REFERENCES terms(id),
  field TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
  PRIMARY KEY (tagset, seq)
) WITHOUT ROWID;
CREATE TABLE candidates (
  tagset INTEGER NOT NULL REFERENCES tagsets(id), seq INTEGER NOT NULL, surface TEXT NOT NULL,
  field TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL, class TEXT, why TEXT NOT NULL,
  PRIMARY KEY (tagset, seq)
) WITHOUT ROWID;
CREATE INDEX candidates_surface ON candidates(surface);
"""

SEARCH = """
CREATE TABLE search_rows (
  id INTEGER PRIMARY KEY,               -- document of the current revision; minus the revision for older ones, so that
                                        -- the order of numbers is the order of first_seen (but for backfilled ones)
  revision INTEGER NOT NULL REFERENCES revisions(id), document INTEGER NOT NULL REFERENCES documents(id),
  first_seen TEXT NOT NULL,
  facts TEXT NOT NULL                   -- facts as words, see facts.py
);
CREATE VIEW search_content AS
  SELECT s.id AS id, r.title AS title, r.text AS text, s.facts AS facts
  FROM search_rows s JOIN revisions r ON r.id = s.revision;
CREATE VIRTUAL TABLE search USING fts5(
  title, text, facts, content='search_content', content_rowid='id', columnsize=0,
  tokenize="unicode61 remove_diacritics 2"
);
INSERT INTO search (search, rank) VALUES ('hashsize', 33554432);  -- one segment a batch instead of many to merge
INSERT INTO search (search, rank) VALUES ('automerge', 8);  -- merge half as often: quicker writing, searches as quick
"""

STORIES = """
CREATE TABLE sketches (                 -- what documents are compared by, of the current revision of kept ones
  document INTEGER PRIMARY KEY REFERENCES documents(id),
  minhash BLOB NOT NULL,                -- 48 values of 16 bits
  size INTEGER NOT NULL,                -- distinct shingles
  day INTEGER NOT NULL,                 -- of publication, else first seen; days since 1970
  subjects TEXT NOT NULL, places TEXT NOT NULL, names TEXT NOT NULL, numbers TEXT NOT NULL,
  dated INTEGER NOT NULL                -- the day is that of publication
);
CREATE TABLE buckets (                  -- documents that may be copies or tell of one event share a key
  key INTEGER NOT NULL, document INTEGER NOT NULL, PRIMARY KEY (key, document)
) WITHOUT ROWID;
CREATE TABLE links (                    -- why two documents stand in one story; a < b
  a INTEGER NOT NULL REFERENCES documents(id), b INTEGER NOT NULL REFERENCES documents(id),
  relation TEXT NOT NULL,               -- same_item, copy, event
  why TEXT NOT NULL,
  PRIMARY KEY (a, b)
) WITHOUT ROWID;
CREATE INDEX links_b ON links(b);
CREATE TABLE cuts (                     -- joins cut by hand stay cut; a < b
  a INTEGER NOT NULL REFERENCES documents(id), b INTEGER NOT NULL REFERENCES documents(id),
  at TEXT NOT NULL, who TEXT, PRIMARY KEY (a, b)
) WITHOUT ROWID;
CREATE INDEX cuts_b ON cuts(b);
CREATE TABLE ungrouped (document INTEGER PRIMARY KEY REFERENCES documents(id));  -- stored or changed, not yet compared
"""

PEOPLE = """
CREATE TABLE decisions (                -- triage by people; a row is never changed, the newest counts
  id INTEGER PRIMARY KEY, document INTEGER REFERENCES documents(id), subject TEXT NOT NULL, verdict TEXT NOT NULL,
  note TEXT, who TEXT, at TEXT NOT NULL
);
CREATE INDEX decisions_subject ON decisions(subject, at);
CREATE TABLE deliveries (               -- outbox of the digest: the intent is stored before, the result after
  id INTEGER PRIMARY KEY, issue TEXT NOT NULL, recipient TEXT NOT NULL, message_id TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL,                 -- intended, sending, sent, failed, doubt
  attempts INTEGER NOT NULL DEFAULT 0, intended_at TEXT NOT NULL, changed_at TEXT NOT NULL, error TEXT,
  UNIQUE (issue, recipient)
);
CREATE TABLE signals (                  -- cache of what analysis concluded as of a moment
  id INTEGER PRIMARY KEY, as_of TEXT NOT NULL, week TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
  observed INTEGER NOT NULL, expected REAL, low REAL, high REAL, p REAL, q REAL,
  documents TEXT NOT NULL, detail TEXT NOT NULL, lexicon TEXT NOT NULL
);
CREATE INDEX signals_week ON signals(week, as_of);
CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL);  -- small facts of the archive itself
"""


def _tables(connection: sqlite3.Connection) -> None:
    for script in (RAW, DERIVED, SEARCH, STORIES, PEOPLE):
        run_script(connection, script)
    make_views(connection)


def make_views(connection: sqlite3.Connection) -> None:
    """(Re)create the public views; called by every step that changes what they read."""
    from tracker.archive.views import VIEWS

    for name, view in VIEWS.items():
        connection.execute(f"DROP VIEW IF EXISTS {name}")
        connection.execute(view.sql)


def run_script(connection: sqlite3.Connection, script: str) -> None:
    """Statement by statement inside the open transaction; `executescript` would commit it and could not be rolled
    back."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
    if statement.strip():
        raise ValueError(f"unfinished SQL statement: {statement.strip()[:60]}")


def _people(connection: sqlite3.Connection) -> None:
    from tracker.archive import people

    run_script(connection, people.TABLES)


STEPS: tuple[tuple[str, Callable[[sqlite3.Connection], None]], ...] = (
    ("m001_tables", _tables),
    ("m002_people", _people),
)


def migrate(path: str, *, timeout: float) -> None:
    """Bring the file at `path` to the newest schema; each step and its log entry are one transaction."""
    import sqlite_utils

    connection = sqlite3.connect(path, timeout=timeout)
    try:
        connection.execute("PRAGMA page_size = 16384")  # a dozen documents of 1 kB fit, and little is left over
        connection.execute("PRAGMA journal_mode = WAL")
        database = sqlite_utils.Database(connection)
        steps = sqlite_utils.Migrations("tracker")
        for name, step in STEPS:

            def run(db: sqlite_utils.Database, step: Callable[[sqlite3.Connection], None] = step) -> None:
                step(db.conn)

            steps(name=name)(run)
        steps.apply(database)
    finally:
        connection.close()


def applied(connection: sqlite3.Connection) -> set[str]:
    """Names of the steps already in this file; empty for a new file."""
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone()
    if not known:
        return set()
    rows = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'tracker'")
    return {name for (name,) in rows}
