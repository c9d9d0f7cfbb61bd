"""Writing: identity, revisions, first_seen, notices, one transaction a source, states."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from archive_kit import MONDAY, Tagger, days, doc, put, source, tag_all
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.archive import Archive
from tracker.archive.identity import content_hash, document_of, fields_json, notice_status, prepare
from tracker.errors import ArchiveError, UsageError
from tracker.model import Document, FetchState, SourceResult


@pytest.fixture
def archive(tmp_path: Path):
    with Archive.open(tmp_path / "a.db", create=True) as opened:
        yield opened


def count(archive: Archive, table: str) -> int:
    return archive._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_the_same_batch_again_is_unchanged(archive):
    documents = (doc(n=1), doc(n=2, text="Xylazine seized in Ohio."))
    assert put(archive, *documents).new == 2
    again = put(archive, *documents, at=MONDAY + days(1))
    assert (again.new, again.revised, again.unchanged) == (0, 0, 2)
    assert archive.document(1).first_seen == MONDAY
    assert archive.document(1).fetched == MONDAY + days(1)


def test_unchanged_names_the_places_that_need_no_tagging(archive):
    put(archive, doc(n=1), doc(n=2))
    batch = [doc(n=3), doc(n=2), doc(n=1, text="Three deaths with bromazolam.")]
    assert archive.unchanged("news", batch) == {1}
    assert archive.unchanged("never_seen", batch) == set()


def test_none_is_accepted_as_tags_only_for_what_is_unchanged(archive):
    put(archive, doc(n=1))
    result = SourceResult(source(), "ok", (doc(n=1),), (), FetchState("news"))
    assert archive.store(result, [None], now=MONDAY, lexicon="1").unchanged == 1
    with pytest.raises(ArchiveError, match="news: guid-9 was changed by another run"):
        archive.store(replace(result, documents=(doc(n=9),)), [None], now=MONDAY, lexicon="1")
    assert count(archive, "documents") == 1


def test_a_changed_item_is_a_new_revision_and_the_old_one_stays(archive):
    put(archive, doc())
    assert put(archive, doc(text="Three deaths with bromazolam in Leeds."), at=MONDAY + days(1)).revised == 1
    assert [r.text for r in archive.revisions(1)] == [
        "Two deaths with bromazolam in Leeds.",
        "Three deaths with bromazolam in Leeds.",
    ]
    assert [line for _, line in archive.changes(1)] == ["Item 1 [-Two-] {+Three+} deaths with bromazolam in Leeds."]
    now = archive.document(1)
    assert (now.first_seen, now.revised) == (MONDAY, MONDAY + days(1))


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"n": 1}, {"n": 1, "external_id": "other-guid"}, True),  # same link, new guid
        ({"n": 1}, {"n": 1, "url": "https://news.example.org/1?utm_source=x"}, True),  # tracking
        ({"n": 1}, {"n": 1, "url": "http://www.news.example.org/1/"}, True),
        ({"n": 1}, {"n": 1, "url": "https://news.example.org/2"}, False),  # one guid, two links
        ({"n": 1, "doi": "10.1/a"}, {"n": 2, "doi": "10.1/A"}, True),  # DOI before link
        ({"n": 1, "doi": "10.1/a"}, {"n": 1, "doi": "10.1/b"}, False),
        ({"n": 1, "pmid": "7"}, {"n": 2, "pmid": "7"}, True),
        ({"n": 1, "pmid": "7", "doi": "10.1/a"}, {"n": 2, "pmid": "8", "doi": "10.1/a"}, False),  # a DOI used twice
        ({"n": 1}, {"n": 1, "doi": "10.1/a"}, True),  # the DOI came later
        ({"n": 1, "url": None}, {"n": 1, "url": None}, True),
        ({"n": 1, "url": None}, {"n": 2, "url": None}, False),
    ],
)
def test_identity(archive, first, second, same):
    put(archive, doc(**first))
    stored = put(archive, doc(**second), at=MONDAY + days(1))
    assert (stored.new == 0) is same


def test_the_same_item_of_another_source_is_a_second_document(archive):
    put(archive, doc(doi="10.1/a"))
    assert put(archive, doc(doi="10.1/a"), src=source("other")).new == 1
    assert archive.document(1).story == archive.document(2).story == 1


SHARED = (
    doc("Bulletin: bromazolam in Leeds.", n="a", url="https://x.example.org/list", title="A"),
    doc("Bulletin: xylazine in Ohio.", n="b", url="https://x.example.org/list", title="B"),
    doc("Bulletin: 4-CMC in Ireland.", n="c", url="https://x.example.org/list", title="C"),
)


@pytest.mark.parametrize("no_guid", [False, True])
def test_entries_that_share_a_link_are_told_apart_from_run_to_run(archive, no_guid):
    entries = tuple(replace(d, external_id=d.url) if no_guid else d for d in SHARED)
    assert put(archive, *entries).new == 3
    again = put(archive, *reversed(entries), at=MONDAY + days(1))
    assert (again.new, again.unchanged) == (0, 3)
    alone = put(archive, entries[1], at=MONDAY + days(2))  # the others have left the feed
    assert (alone.new, alone.ids) == (0, (2,))


def test_a_feed_that_reuses_one_guid_gives_one_document_a_link(archive):
    entries = tuple(doc(n=n, external_id="guid") for n in (1, 2, 3))
    assert put(archive, *entries).new == 3
    assert put(archive, *entries, at=MONDAY + days(1)).unchanged == 3


def test_of_two_states_in_one_batch_the_newer_counts(archive):
    old = doc("Version one on bromazolam.", doi="10.1/a", updated="2026-01-01")
    new = doc("Version two on bromazolam.", doi="10.1/a", updated="2026-01-03")
    stored = put(archive, old, new)
    assert (stored.new, stored.unchanged, stored.ids) == (1, 1, (1, 1))
    assert archive.document(1).document.text == "Version two on bromazolam."
    assert put(archive, old, at=MONDAY + days(1)).revised == 0  # an older state is no news


def test_a_flip_of_wording_is_two_revisions_and_two_more(archive):
    for day, text in enumerate(["A bromazolam.", "B bromazolam.", "A bromazolam."]):
        put(archive, doc(text), at=MONDAY + days(day))
    assert [r.text for r in archive.revisions(1)] == ["A bromazolam.", "B bromazolam.", "A bromazolam."]
    assert archive.verify(Tagger()) == []


@pytest.mark.parametrize("notice_first", [False, True])
@pytest.mark.parametrize("source_of_notice", ["news", "other"])
def test_a_notice_marks_its_original_whichever_came_first(archive, notice_first, source_of_notice):
    original = doc("A study of bromazolam.", n=1, doi="10.1/a")
    notice = doc(
        "The study of bromazolam is withdrawn.", n=2, title="Retraction of: a study", doi="10.1/b",
        editorial_status="notice", relates_to=("doi:10.1/A",),
    )  # fmt: skip
    batches = [(original, source()), (notice, source(source_of_notice))]
    for day, (document, src) in enumerate(reversed(batches) if notice_first else batches):
        put(archive, document, src=src, at=MONDAY + days(day))
    marked = archive.search("status:retracted").results
    assert [hit.record.document.doi for hit in marked] == ["10.1/a"]
    record = marked[0].record
    assert [(n.status, n.at) for n in record.notices] == [("retracted", MONDAY + days(1))]
    if not notice_first:
        then = MONDAY + days(0.5)
        assert archive.document(record.id, as_of=then).editorial_status == "ok"
        assert archive.search("status:retracted", as_of=then).total == 0
        assert archive.search("status:ok", as_of=then).total == 1
    assert archive.search("status:retracted", as_of=MONDAY + days(2)).total == 1
    other = archive.search("status:notice").results[0].record
    assert other.document.doi == "10.1/b"


@pytest.mark.parametrize(
    ("title", "types", "status"),
    [
        ("Retraction: x", (), "retracted"),
        ("Notice", ("Retraction Notice",), "retracted"),
        ("Withdrawn: x", (), "retracted"),
        ("Expression of Concern: x", (), "concern"),
        ("Erratum to: x", (), "corrected"),
        ("Corrigendum", ("Published Erratum",), "corrected"),
    ],
)
def test_what_a_notice_says(title, types, status):
    assert notice_status(doc(title=title, pub_types=types)) == status


def test_forum_sources_keep_no_people_and_show_no_text(archive):
    forum = source("board", type="forum", tier="C")
    document = doc(
        "u/SomeBody and @dealer99 took bromazolam. Two deaths.", authors=("SomeBody",), extra={"author_id": 1}
    )
    put(archive, document, src=forum)
    raw = archive._db.execute("SELECT text, fields FROM revisions").fetchone()
    assert "SomeBody" not in raw["text"] + raw["fields"]
    assert "dealer99" not in raw["text"]
    assert len(raw["text"]) == len(document.text)
    record = archive.document(1)
    assert record.document.text is None
    assert all(t.evidence == "" for t in record.tags.themes)
    assert archive.search("bromazolam").results[0].snippet is None
    row = archive._db.execute("SELECT text, summary FROM v_documents").fetchone()
    assert tuple(row) == (None, None)
    assert archive._db.execute("SELECT evidence FROM v_themes").fetchone()[0] is None
    assert archive.unchanged("board", [document]) == {0}
    assert archive.verify(Tagger()) == []


def test_handles_are_masked_not_addresses():
    kept = prepare(doc("Write to info@example.org about u/x_1"), quiet=True)
    assert kept.text == "Write to info@example.org about *****"


def test_a_backfile_is_first_seen_when_its_period_ended(archive):
    documents = (
        doc(n=1, published="2023", precision="year"),
        doc(n=2, published="2024-02", precision="month"),
        doc(n=3, published=None, precision=None),
        doc(n=4, published="2031-01-01"),
    )
    src = source()
    stored = archive.store_import(
        src, documents, tag_all(documents, src, Tagger()), now=MONDAY, lexicon="1", first_seen_published=True
    )
    assert (stored.new, stored.undated) == (4, 1)
    assert [archive.document(i).first_seen.isoformat()[:10] for i in (1, 2, 3, 4)] == [
        "2023-12-31", "2024-02-29", "2026-01-05", "2026-01-05",
    ]  # fmt: skip
    assert [archive.document(i).backfilled for i in (1, 2, 3, 4)] == [True, True, False, True]
    assert archive.document(1, as_of=MONDAY - days(400)).tags is not None


def test_states_and_ledger_come_back_as_given(archive):
    state = FetchState(
        "news",
        MONDAY,
        MONDAY,
        '"e"',
        "Mon",
        MONDAY + days(1),
        "cursor|1",
        MONDAY - days(1),
        2,
        "error",
        "HTTP 503",
        "https://n",
    )
    archive.store(SourceResult(source(), "error", (), (), state), [], now=MONDAY, lexicon="1")
    assert archive.states() == {"news": state}
    put(archive, doc())
    assert archive.states()["news"].failures == 0
    assert count(archive, "v_fetches") == 1


def test_a_failed_batch_leaves_nothing_behind(archive):
    put(archive, doc(n=1))
    before = list(archive._db.iterdump())
    bad = SourceResult(source("new_one"), "ok", (doc(n=2), doc(n=3)), (), FetchState("new_one", MONDAY))
    tags = tag_all(bad.documents, bad.source, Tagger())
    with pytest.raises(AttributeError):
        archive.store(bad, [tags[0], "no tags"], now=MONDAY, lexicon="1")  # type: ignore[list-item]
    assert list(archive._db.iterdump()) == before
    assert archive.store(bad, tags, now=MONDAY, lexicon="1").new == 2  # and the same connection goes on


def test_a_full_disk_is_one_line_and_an_intact_archive(archive):
    put(archive, doc(n=1))
    pages = archive._db.execute("PRAGMA page_count").fetchone()[0]
    archive._db.execute(f"PRAGMA max_page_count = {pages + 2}")
    many = tuple(doc("Bromazolam again. " * 400 + str(n), n=n) for n in range(2, 60))
    with pytest.raises(ArchiveError, match=r"disk full: .*intact"):
        put(archive, *many)
    archive._db.execute(f"PRAGMA max_page_count = {pages + 100_000}")
    assert count(archive, "documents") == 1
    assert archive.verify(Tagger()) == []
    assert put(archive, *many).new == 58


def test_a_locked_archive_is_one_line(archive, tmp_path):
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Archive.open(tmp_path / "a.db", timeout=0.05) as second, pytest.raises(ArchiveError, match="another run"):
        put(second, doc())
    other.close()


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to look like something " * 40])
def test_what_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "x.db"
    path.write_bytes(content)
    if content:
        with pytest.raises(ArchiveError, match="damaged or no archive"):
            Archive.open(path)
    else:  # an empty file is a new archive
        Archive.open(path).close()


def test_somebody_elses_database_and_a_newer_one_are_refused(tmp_path):
    with sqlite3.connect(tmp_path / "x.db") as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(ArchiveError, match="not an archive of this program"):
        Archive.open(tmp_path / "x.db")
    with Archive.open(tmp_path / "a.db", create=True) as archive:
        archive._db.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('tracker','m999','x')"
        )
    with pytest.raises(ArchiveError, match="newer version"):
        Archive.open(tmp_path / "a.db")
    with pytest.raises(UsageError, match="no archive at"):
        Archive.open(tmp_path / "missing.db")
    with pytest.raises(UsageError, match="is a folder"):
        Archive.open(tmp_path)


def test_health_knows_rhythm_and_silence(archive):
    for day in range(0, 10, 2):
        put(archive, doc(f"Bromazolam {day}.", n=day), at=MONDAY + days(day))
    soon, late = (archive.health(now=MONDAY + days(n))[0] for n in (10, 30))
    assert (soon.rhythm_days, soon.silent, late.silent) == (2.0, False, True)
    assert soon.documents == 5


texts = st.text(alphabet=st.characters(codec=None), max_size=60)


@settings(max_examples=60, deadline=None)
@given(title=texts, text=texts, guid=st.text(min_size=1, max_size=20))
def test_any_text_is_made_storable_at_the_same_length(title, text, guid):
    document = Document(external_id=guid, title=title, text=text)
    kept = prepare(document)
    assert len(kept.title or "") == len(title)
    back = document_of(fields_json(kept), kept.title, kept.text, kept.summary)
    assert content_hash(back) == content_hash(kept)
    connection = sqlite3.connect(":memory:")
    row = connection.execute("SELECT ?, ?, length(?1)", (kept.title, fields_json(kept))).fetchone()
    connection.close()
    assert row == (kept.title, fields_json(kept), len(title))


def test_nul_and_lone_surrogates_are_stored_without_moving_a_span(archive):
    put(archive, doc("A\x00 \ud800 bromazolam in Leeds.", n="\ud800"))
    record = archive.document(1)
    assert record.document.text == "A\ufffd \ufffd bromazolam in Leeds."
    assert [m.surface for s in record.tags.substances for m in s.mentions] == ["bromazolam"]
    assert archive.verify(Tagger()) == []
