"""The questions that docs/scale.md asks of a tagged corpus are asked here, word for word."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from test_scale import NPS, PLAIN, record, tag_all, write

from tracker.archive import Archive
from tracker.importing import import_files
from tracker.lexicon import load
from tracker.tag import Tagger

PAGE = Path(__file__).parent.parent / "docs" / "scale.md"
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `corpus/` as `tracker bulk` leaves it, and an archive that has taken its finds."""
    folder = tmp_path_factory.mktemp("scale")
    files = [write(folder, "n0001.xml", record(1, NPS), record(2, PLAIN)), write(folder, "n0002.xml", record(3, NPS))]
    tag_all(files, folder / "corpus")
    with Archive.open(folder / "tracker.db", create=True) as archive:
        import_files(archive, [folder / "corpus"], Tagger(load()), now=lambda: datetime(2026, 11, 24, tzinfo=UTC))
    return folder


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.split()[1])
def test_every_question_of_the_page_has_an_answer(corpus: Path, query: str) -> None:
    with duckdb.connect() as db, sqlite3.connect(corpus / "tracker.db") as archive:
        # DuckDB's own SQLite reader is fetched at run time; the view is handed over row by row instead.
        db.execute("CREATE SCHEMA tracker; CREATE TABLE tracker.v_documents (id INT, pmid TEXT, first_seen TEXT)")
        rows = archive.execute("SELECT id, pmid, first_seen FROM v_documents").fetchall()
        db.executemany("INSERT INTO tracker.v_documents VALUES (?, ?, ?)", rows)
        found = db.execute(query.replace("'corpus/", f"'{corpus}/corpus/")).fetchall()
    assert len(found) >= 1


def test_the_page_asks_the_four_questions() -> None:
    assert len(QUERIES) == 4
