"""Documents put in by hand: kinds by name, problems told, the same item found again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tracker.archive import Archive
from tracker.errors import UsageError
from tracker.importing import ImportReport, guess_kind, import_files
from tracker.lexicon import load
from tracker.tag import Tagger

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ITEM = {
    "id": "a", "title": "Bromazolam found", "text": "Bromazolam was found in tablets in Cork.", "published": "2024-03",
    "language": "en", "country": "IE", "source_type": "news", "substances": ["aspirin"], "colour": "blue",
}  # fmt: skip


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger(load())


def put(archive: Archive, tagger: Tagger, *files: Path, published: bool = False) -> ImportReport:
    return import_files(archive, files, tagger, now=lambda: NOW, first_seen_published=published)


def lines(path: Path, *items: object) -> Path:
    path.write_text("\n".join(json.dumps(item) if isinstance(item, dict) else str(item) for item in items) + "\n")
    return path


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.jsonl", "jsonl"),
        ("A.RIS", "ris"),
        ("x.bib", "bibtex"),
        ("p.xml", "pubmed"),
        ("m.eml", "eml"),
        ("d.pdf", "pdf"),
    ],
)
def test_the_kind_is_guessed_from_the_name(name: str, kind: str) -> None:
    assert guess_kind(Path(name)) == kind


def test_a_name_that_says_nothing_is_refused_before_anything_is_stored(tmp_path: Path, tagger: Tagger) -> None:
    good, odd = lines(tmp_path / "a.jsonl", ITEM), lines(tmp_path / "b.data", ITEM)
    with Archive.open(tmp_path / "a.db", create=True) as archive:
        with pytest.raises(UsageError, match="give --kind"):
            put(archive, tagger, good, odd)
        assert archive.count_documents(everything=True) == 0


def test_labels_in_a_file_are_never_believed(tmp_path: Path, tagger: Tagger) -> None:
    with Archive.open(tmp_path / "a.db", create=True) as archive:
        put(archive, tagger, lines(tmp_path / "a.jsonl", ITEM))
        (record,) = archive.all_documents()
        assert record.tags is not None
        assert [s.name for s in record.tags.substances] == ["bromazolam"]
        assert record.document.extra["colour"] == "blue"


def test_a_bad_line_is_told_and_the_others_are_stored(tmp_path: Path, tagger: Tagger) -> None:
    with Archive.open(tmp_path / "a.db", create=True) as archive:
        report = put(archive, tagger, lines(tmp_path / "a.jsonl", ITEM, "{broken", {**ITEM, "id": "b"}))
        assert report.new == 2
        assert len(report.problems) == 1
        assert "line 2" in report.problems[0]


def test_a_backfile_counts_as_known_from_its_publication(tmp_path: Path, tagger: Tagger) -> None:
    undated = {key: value for key, value in ITEM.items() if key != "published"} | {"id": "c"}
    with Archive.open(tmp_path / "a.db", create=True) as archive:
        report = put(archive, tagger, lines(tmp_path / "a.jsonl", ITEM, undated), published=True)
        assert report.undated == 1
        seen = {r.document.external_id: (r.first_seen, r.backfilled) for r in archive.all_documents()}
        assert seen["a"] == (datetime(2024, 3, 31, 23, 59, 59, tzinfo=UTC), True)
        assert seen["c"][0] == NOW


def test_importing_again_changes_nothing(tmp_path: Path, tagger: Tagger) -> None:
    path = lines(tmp_path / "a.jsonl", ITEM)
    with Archive.open(tmp_path / "a.db", create=True) as archive:
        put(archive, tagger, path)
        report = put(archive, tagger, path)
        assert (report.new, report.revised, report.unchanged) == (0, 0, 1)


def test_a_file_that_cannot_be_read_costs_no_other(tmp_path: Path, tagger: Tagger) -> None:
    broken = tmp_path / "b.pdf"
    broken.write_bytes(b"no pdf")
    with Archive.open(tmp_path / "a.db", create=True) as archive:
        report = put(archive, tagger, broken, lines(tmp_path / "a.jsonl", ITEM))
        assert report.new == 1
        assert [line.split(":")[0] for line in report.problems] == [str(broken)]
