"""Upkeep: verify finds what is broken, backup is whole, prune forgets only text, retag tells before it replaces."""

from __future__ import annotations

import sqlite3
import threading
import time

import pytest
from archive_kit import MONDAY, Names, Tagger, days, doc, put, source

from tracker.archive import Archive, schema
from tracker.errors import ArchiveError, UsageError


@pytest.fixture
def archive(tmp_path):
    with Archive.open(tmp_path / "a.db", create=True) as opened:
        put(opened, doc(n=1), doc("Xylazine in Ohio, and no bromazolam.", 2), doc("Gardening in Leeds.", 3))
        put(opened, doc("Three deaths with bromazolam in Leeds.", 1), at=MONDAY + days(1))
        yield opened


def test_a_sound_archive_has_no_findings(archive):
    assert archive.verify() == []
    assert archive.verify(Tagger()) == []


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        ("UPDATE revisions SET text = text || ' changed' WHERE id = 2", "search index differs from the texts"),
        ('UPDATE revisions SET fields = \'{"external_id":"x","journal":"J"}\' WHERE id = 2', "content is not what"),
        ("UPDATE documents SET revision = 77 WHERE id = 2", "1 documents without a current revision"),
        ("UPDATE documents SET tagset = 1 WHERE id = 2", "tag set is not one of"),
        ("DELETE FROM tag_terms WHERE tagset = 2", "1 documents whose facts in the search index differ"),
        ("UPDATE documents SET kept = 0 WHERE id = 2", "facts in the search index differ"),
        ("DELETE FROM identities WHERE document = 2", "nobody can find again"),
        ("UPDATE documents SET story = 99 WHERE id = 2", "story that does not exist"),
        ("DELETE FROM revisions WHERE id = 3", "refers to a row of revisions"),
        ("UPDATE revisions SET known_from = '2020' WHERE id = 2", "known before their document"),
    ],
)
def test_verify_finds(archive, damage, finding):
    archive._db.execute("PRAGMA foreign_keys = OFF")
    archive._db.execute(damage)
    found = archive.verify()
    assert any(finding in line for line in found), found
    assert all("\n" not in line for line in found)


def test_verify_tags_them_again(archive):
    assert archive.verify(Tagger(leave_out=("xylazine",))) == [
        "1 documents whose tags made anew differ from those stored (the first is 2)"
    ]
    assert archive.verify(Tagger("2", leave_out=("xylazine",))) == []  # another version may differ


def test_the_search_index_can_be_made_anew(archive):
    archive._db.execute("DELETE FROM search_data WHERE id > 10")
    archive._db.execute("UPDATE search_rows SET facts = 'zk' WHERE id = 2")
    assert archive.verify()
    assert archive.rebuild_search() == 1
    assert archive.verify(Tagger()) == []
    assert [h.record.id for h in archive.search("xylazine").results] == [2]


def test_a_damaged_file_is_one_line(archive, tmp_path):
    archive.backup(tmp_path / "b.db")
    content = bytearray((tmp_path / "b.db").read_bytes())
    content[len(content) // 2 :] = b"\xff" * (len(content) - len(content) // 2)
    (tmp_path / "b.db").write_bytes(content)
    with pytest.raises(ArchiveError, match="damaged or no archive"):
        read_all(tmp_path / "b.db")


def read_all(path):
    with Archive.open(path) as archive:
        list(archive.all_documents(everything=True))
        list(archive.search("bromazolam").results)


def test_a_backup_is_the_same_archive(archive, tmp_path):
    archive.backup(tmp_path / "copy.db")
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith("copy")) == ["copy.db"]
    with Archive.open(tmp_path / "copy.db") as copy:
        assert list(copy._db.iterdump()) == list(archive._db.iterdump())
        assert copy.verify(Tagger()) == []


def test_a_backup_taken_while_another_writes_is_whole(tmp_path):
    path = tmp_path / "a.db"
    with Archive.open(path, create=True) as archive:
        put(archive, *(doc(f"Bromazolam {n}. " + "Filler words. " * 60, n) for n in range(300)))
        stop, waits = threading.Event(), []

        def write() -> None:
            with Archive.open(path) as other:
                n = 1000
                while not stop.is_set():
                    begin = time.perf_counter()
                    put(other, doc(f"Bromazolam {n}.", n), doc(f"Xylazine {n}.", n + 1), src=source("w"))
                    waits.append(time.perf_counter() - begin)
                    n += 2

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for n in range(3):
                archive.backup(tmp_path / f"{n}.db")
        finally:
            stop.set()
            writer.join()
    assert waits
    for n in range(3):
        with Archive.open(tmp_path / f"{n}.db") as copy:
            assert copy.verify(Tagger()) == []
            written = copy._db.execute("SELECT count(*) FROM documents WHERE id > 300").fetchone()[0]
            assert written % 2 == 0  # whole batches


@pytest.mark.parametrize(("target", "message"), [("", "is a folder"), ("no/such/x.db", "no folder")])
def test_a_backup_needs_a_place(archive, tmp_path, target, message):
    with pytest.raises(UsageError, match=message):
        archive.backup(tmp_path / target)


def test_prune_empties_old_unkept_texts_and_nothing_else(archive):
    assert archive.prune(now=MONDAY + days(100)) == 0
    assert archive.prune(now=MONDAY + days(200)) == 1
    assert archive.prune(now=MONDAY + days(200)) == 0
    record = archive.document(3)
    assert (record.document.title, record.document.text, record.pruned) == ("Item 3", None, True)
    assert archive.search("gardening", everything=True).total == 0
    assert archive.verify(Tagger()) == []
    again = put(archive, doc("Gardening in Leeds.", 3), at=MONDAY + days(201))
    assert again.unchanged == 1
    assert archive.retag(Tagger("2"), now=MONDAY + days(202)).revisions == 3


def test_retag_tells_before_it_replaces(archive):
    before = list(archive._db.iterdump())
    smaller = Tagger("2", leave_out=("xylazine",))
    report = archive.retag(smaller, now=MONDAY + days(9), dry_run=True)
    assert list(archive._db.iterdump()) == before
    assert report.counts() == {
        "gained": {},
        "lost": {"substance xylazine (affirmed)": 1, "class sedatives": 1},
    }
    assert (report.revisions, report.changed, report.lexicon) == (4, 1, "2")
    assert archive.retag(smaller, now=MONDAY + days(9)).changes == report.changes
    assert archive.search("substance:xylazine").total == 0
    assert archive.verify(smaller) == []
    assert archive.retag(smaller, now=MONDAY + days(10)).changes == []


def test_retag_and_back_gives_the_tags_of_before(archive):
    first = [r.tags for r in archive.all_documents(everything=True)]
    archive.retag(Tagger("2", leave_out=("bromazolam",)), now=MONDAY + days(9))
    archive.retag(Tagger("1"), now=MONDAY + days(10))
    assert [r.tags for r in archive.all_documents(everything=True)] == first
    assert archive.verify(Tagger("1")) == []
    at = [archive.document(1, as_of=MONDAY + days(n)).tags for n in (0.5, 5, 9.5, 11)]
    assert [t.lexicon for t in at] == ["1", "1", "2", "1"]


def test_retag_with_the_same_version_replaces_and_stays_known_from_then(archive):
    archive.retag(Tagger("1", leave_out=("xylazine",)), now=MONDAY + days(9))
    assert archive.document(2, as_of=MONDAY + days(1)).tags is not None
    assert archive._db.execute("SELECT count(*) FROM tagsets").fetchone()[0] == 4


def test_what_becomes_relevant_is_found_and_grouped(tmp_path):
    with Archive.open(tmp_path / "a.db", create=True) as archive:
        blind = Tagger("1", leave_out=("bromazolam",))
        put(archive, doc(n=1, doi="10.1/x"), src=source("a"), tagger=blind)
        put(archive, doc(n=2, doi="10.1/x"), src=source("b"), tagger=blind)
        assert archive.search("bromazolam").total == 0
        archive.retag(Tagger("2"), now=MONDAY + days(1))
        assert archive.search("bromazolam", lexicon=Names()).total == 2
        assert archive.document(2).story == 1
        archive.retag(Tagger("3", leave_out=("bromazolam",)), now=MONDAY + days(2))
        assert archive.search("").total == 0
        assert archive.document(2).story == 2
        assert archive.verify() == []


def test_a_page_tagger_gives_the_same_as_one_by_one(archive):
    pages = []

    def tag_page(page):
        pages.append(len(page))
        return [Tagger("2").tag(d.text or "", title=d.title, language=d.language, source_type=kind) for d, kind in page]

    report = archive.retag(now=MONDAY + days(3), tag_page=tag_page)
    assert (sum(pages), report.changed) == (4, 0)
    assert archive.verify(Tagger("2")) == []


def test_a_failed_step_of_the_schema_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    with Archive.open(tmp_path / "a.db", create=True) as archive:
        put(archive, doc())
        before = list(archive._db.iterdump())

    def half(connection: sqlite3.Connection) -> None:
        schema.run_script(connection, "CREATE TABLE extra (x);\nINSERT INTO nowhere VALUES (1);")

    def whole(connection: sqlite3.Connection) -> None:
        schema.run_script(connection, "CREATE TABLE extra (x);\nALTER TABLE documents ADD COLUMN extra TEXT;")
        schema.make_views(connection)

    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, ("m999_half", half)))
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        Archive.open(tmp_path / "a.db")
    monkeypatch.setattr(schema, "STEPS", schema.STEPS[:-1])
    with Archive.open(tmp_path / "a.db") as archive:
        assert list(archive._db.iterdump()) == before
    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, ("m999_whole", whole)))
    with Archive.open(tmp_path / "a.db") as archive:
        assert archive.document(1) is not None
        assert archive.verify(Tagger()) == []
