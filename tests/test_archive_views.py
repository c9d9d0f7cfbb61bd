"""The views that other tools rely on: columns as described, spans that fit, examples of the README that run."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest
from archive_kit import MONDAY, days, doc, put, source

from tracker.archive import Archive
from tracker.archive.dictionary import BEGIN, END, HIDDEN, as_markdown, as_metadata
from tracker.archive.views import VIEWS

DB = Path(__file__).parent.parent / "db"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("views") / "tracker.db"
    with Archive.open(path, create=True) as archive:
        put(archive, doc(n=1), doc("Xylazine in Ohio. No bromazolam, and it is to be banned.", 2), doc("Gardening.", 3))
        put(archive, doc("Two deaths with bromazolam in Leeds.", 9), src=source("other"), at=MONDAY + days(1))
    return path


@pytest.fixture
def db(path):
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    yield connection
    connection.close()


@pytest.mark.parametrize("name", VIEWS)
def test_every_column_is_described_in_order(db, name):
    columns = [row["name"] for row in db.execute(f"PRAGMA table_info({name})")]
    assert columns == [column for column, _ in VIEWS[name].columns]
    assert all(meaning for _, meaning in VIEWS[name].columns)


def test_mentions_and_themes_are_cut_from_the_text(db):
    mentions = db.execute(
        "SELECT document, substance, surface, assertion, field, start, end FROM v_mentions"
    ).fetchall()
    assert {(m["document"], m["surface"], m["assertion"]) for m in mentions} == {
        (1, "bromazolam", "affirmed"),
        (2, "Xylazine", "affirmed"),
        (2, "bromazolam", "negated"),
        (4, "bromazolam", "affirmed"),
    }
    themes = db.execute("SELECT document, theme, evidence FROM v_themes ORDER BY document").fetchall()
    assert [tuple(t) for t in themes] == [
        (1, "death", "Two deaths with bromazolam in Leeds."),
        (2, "control", "No bromazolam, and it is to be banned."),
        (4, "death", "Two deaths with bromazolam in Leeds."),
    ]


def test_documents_stories_and_fetches(db):
    rows = db.execute("SELECT id, kept, substances, revisions FROM v_documents ORDER BY id").fetchall()
    assert [tuple(r) for r in rows] == [
        (1, 1, "bromazolam", 1), (2, 1, "bromazolam, xylazine", 1), (3, 0, None, 1), (4, 1, "bromazolam", 1),
    ]  # fmt: skip
    stories = db.execute("SELECT id, sources, documents, members FROM v_stories ORDER BY id").fetchall()
    assert [tuple(s) for s in stories] == [(1, 1, 2, "1 4"), (2, 1, 1, "2")]
    assert [f["source"] for f in db.execute("SELECT source FROM v_fetches ORDER BY id")] == ["news", "other"]


def test_the_data_dictionary_is_up_to_date():
    text = (DB / "README.md").read_text("utf-8")
    part = text[text.index(BEGIN) : text.index(END) + len(END)]
    assert part == as_markdown(), "run: python -m tracker.archive.dictionary db"
    assert json.loads((DB / "metadata.json").read_text("utf-8")) == as_metadata()


def test_metadata_names_every_table_and_its_queries_run(db):
    names = {row["name"] for row in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")}
    inner = {n for n in names if n.startswith(("search_", "sqlite_"))} - {"search_rows", "search_content"}
    assert names - inner == {*VIEWS, *HIDDEN}
    queries = as_metadata()["databases"]["tracker"]["queries"]
    found = db.execute(queries["search"]["sql"], {"words": "bromazolam OR xylazine"}).fetchall()
    assert [row["id"] for row in found] == [4, 2, 1]
    assert "<b>bromazolam</b>" in found[0]["snippet"]
    first = {row["substance"]: row["documents"] for row in db.execute(queries["first_mentions"]["sql"])}
    assert first == {"bromazolam": 2, "xylazine": 1}


def test_the_pandas_example_of_the_readme_runs(path, monkeypatch):
    code = re.search(r"```python\n(.*?)```", (DB / "README.md").read_text("utf-8"), re.DOTALL)[1]
    names: dict[str, object] = {}
    exec(code.replace("db/tracker.db", str(path)), names)
    weekly = names["weekly"]
    assert int(weekly.sum()) == 3  # type: ignore[attr-defined]
    names["db"].close()  # type: ignore[attr-defined]


def test_the_views_are_fast_enough_to_be_opened(db):
    plan = " ".join(row["detail"] for row in db.execute("EXPLAIN QUERY PLAN SELECT * FROM v_documents WHERE id = 1"))
    assert "SCAN d" not in plan
    plan = " ".join(
        row["detail"] for row in db.execute("EXPLAIN QUERY PLAN SELECT * FROM v_mentions WHERE document = 1")
    )
    assert "SCAN d" not in plan
