"""Bulk tagging: parts are whole or absent, a part done is not done again, the last state of a record holds."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="the extra `scale` is not installed")
import pyarrow.parquet as pq

from tracker.archive import Archive
from tracker.errors import UsageError
from tracker.importing import import_files
from tracker.lexicon import load
from tracker.model import Document
from tracker.scale.parts import find_parts
from tracker.scale.readers import Deleted, Refused, read_part
from tracker.scale.run import bulk
from tracker.scale.settle import settle
from tracker.scale.work import Job, is_done, read_manifest, tag_part
from tracker.tag import Tagger

NPS = "Bromazolam was detected in 12 post-mortem cases in Ireland together with fentanyl."
PLAIN = "Knee replacement was followed for two years in 300 adults."


def record(pmid: int, text: str, *, year: int = 2024) -> str:
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID><Article><Journal><JournalIssue><PubDate>'
        f"<Year>{year}</Year></PubDate></JournalIssue><Title>J</Title></Journal>"
        f"<ArticleTitle>Case {pmid}</ArticleTitle>"
        f"<Abstract><AbstractText>{text}</AbstractText></Abstract><Language>eng</Language>"
        f'<ArticleDate DateType="Electronic"><Year>{year}</Year><Month>03</Month><Day>05</Day></ArticleDate></Article>'
        "</MedlineCitation></PubmedArticle>"
    )


def deletion(*pmids: int) -> str:
    return "<DeleteCitation>" + "".join(f'<PMID Version="1">{p}</PMID>' for p in pmids) + "</DeleteCitation>"


def write(folder: Path, name: str, *records: str) -> Path:
    path = folder / name
    body = "<?xml version='1.0'?><PubmedArticleSet>" + "".join(records) + "</PubmedArticleSet>"
    path.write_bytes(gzip.compress(body.encode()) if name.endswith(".gz") else body.encode())
    return path


def job(out: Path, *, kind: str = "pubmed", keep: str = "relevant") -> Job:
    return Job(out=str(out), kind=kind, keep=keep, lexicon=load().version)


def tag_all(inputs: Sequence[Path], out: Path, **options: str) -> None:
    """Every part in this process, in the order given, then the last states."""
    for path in inputs:
        (part,) = find_parts([str(path)])
        assert "error" not in tag_part(part, job(out, **options))
    settle(out, find_parts([str(path) for path in inputs]))


def rows(out: Path, table: str) -> list[dict[str, object]]:
    found = [row for path in sorted((out / table).glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    return sorted(found, key=lambda row: json.dumps(row, default=str, sort_keys=True))


def test_everything_read_is_counted_and_the_relevant_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path, "n0001.xml.gz", record(1, NPS), record(2, PLAIN), record(3, PLAIN))
    tag_all([path], tmp_path / "out")
    assert [row["id"] for row in rows(tmp_path / "out", "documents")] == ["1"]
    counts = {(r["week"], r["series"], r["name"]): r["n"] for r in rows(tmp_path / "out", "counts")}
    assert counts["2024-W10", "all", ""] == 3
    assert counts["2024-W10", "relevant", ""] == 1
    assert counts["2024-W10", "substance", "bromazolam"] == 1
    assert {r["substance"] for r in rows(tmp_path / "out", "mentions")} == {"bromazolam", "fentanyl"}


def test_bulk_tags_are_those_of_the_tagger(tmp_path: Path) -> None:
    path = write(tmp_path, "n0001.xml", record(1, NPS))
    tag_all([path], tmp_path / "out")
    tags = Tagger(load()).tag(NPS, title="Case 1", language="en", url="https://pubmed.ncbi.nlm.nih.gov/1/")
    (document,) = rows(tmp_path / "out", "documents")
    assert document["countries"] == list(tags.countries)
    assert {str(r["theme"]) for r in rows(tmp_path / "out", "themes")} >= {"death"}
    for mention in rows(tmp_path / "out", "mentions"):
        start, end = mention["start"], mention["end"]
        assert isinstance(start, int)
        assert isinstance(end, int)
        assert NPS[start:end] == mention["surface"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_last_state_of_a_record_holds_whatever_the_order(tmp_path: Path, order: tuple[int, ...]) -> None:
    files = [
        write(tmp_path, "n0001.xml", record(1, NPS), record(2, NPS), record(3, NPS)),
        write(tmp_path, "n0002.xml", record(1, PLAIN), record(4, NPS)),
        write(tmp_path, "n0010.xml", deletion(2), record(4, NPS.replace("12", "13"))),
    ]
    tag_all([files[i] for i in order], tmp_path / "out")
    documents = {str(row["id"]): str(row["text"]) for row in rows(tmp_path / "out", "documents")}
    assert set(documents) == {"3", "4"}
    assert "13 post-mortem" in documents["4"]
    total = sum(int(str(r["n"])) for r in rows(tmp_path / "out", "counts") if r["series"] == "all")
    assert total == 3, "records 1, 3 and 4; the deleted one is not counted"


def test_settling_again_changes_nothing(tmp_path: Path) -> None:
    files = [write(tmp_path, "n1.xml", record(1, NPS)), write(tmp_path, "n2.xml", record(1, NPS + " Again."))]
    tag_all(files, tmp_path / "out")
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    settle(tmp_path / "out", find_parts([str(path) for path in files]))
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before


def test_a_part_that_is_done_is_known_until_input_or_lexicon_change(tmp_path: Path) -> None:
    path = write(tmp_path, "n0001.xml", record(1, NPS))
    (part,) = find_parts([str(path)])
    given = job(tmp_path / "out")
    assert not is_done(part, given)
    tag_part(part, given)
    assert is_done(part, given)
    assert not is_done(part, Job(given.out, given.kind, given.keep, "another lexicon"))
    write(tmp_path, "n0001.xml", record(1, NPS), record(2, NPS))
    (changed,) = find_parts([str(path)])
    assert not is_done(changed, given)


@pytest.mark.parametrize("damage", ["cut", "not gzip", "not xml"])
def test_a_poisoned_file_is_reported_and_leaves_nothing(tmp_path: Path, damage: str) -> None:
    path = write(tmp_path, "n0001.xml.gz", *(record(n, NPS) for n in range(500)))
    whole = path.read_bytes()
    path.write_bytes(
        {"cut": whole[: len(whole) // 2], "not gzip": b"hello", "not xml": gzip.compress(b"hello")}[damage]
    )
    (part,) = find_parts([str(path)])
    answer = tag_part(part, job(tmp_path / "out"))
    assert "n0001.xml.gz" in answer["error"]
    assert read_manifest(tmp_path / "out", part.name) is None
    assert list((tmp_path / "out").rglob("*.parquet")) == []


def test_a_bad_record_of_a_snapshot_costs_itself_alone(tmp_path: Path) -> None:
    work = {"DOI": "10.5555/a", "title": ["Bromazolam"], "type": "journal-article"}
    path = tmp_path / "works.jsonl.gz"
    lines = [json.dumps(work), "{broken", json.dumps({**work, "DOI": "10.5555/b"})]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    items = list(read_part(f"file://{path}", "crossref"))
    assert [item.external_id for item in items if isinstance(item, Document)] == ["10.5555/a", "10.5555/b"]
    assert [item.place for item in items if isinstance(item, Refused)] == ["line 2"]


def test_deletions_are_items_of_their_own(tmp_path: Path) -> None:
    path = write(tmp_path, "n0001.xml", deletion(7, 8))
    assert list(read_part(f"file://{path}", "pubmed")) == [Deleted("7"), Deleted("8")]


def test_files_are_ordered_by_the_numbers_in_their_names(tmp_path: Path) -> None:
    for name in ("pubmed26n0010.xml", "pubmed26n0009.xml", "pubmed26n1275.xml"):
        write(tmp_path, name)
    names = [part.path.rsplit("/", 1)[-1] for part in find_parts([str(tmp_path / "*.xml")])]
    assert names == ["pubmed26n0009.xml", "pubmed26n0010.xml", "pubmed26n1275.xml"]


def test_inputs_that_name_nothing_are_a_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such file"):
        find_parts([str(tmp_path / "none*.xml")])


def test_inputs_come_over_http_as_well(tmp_path: Path, httpserver: object) -> None:
    body = write(tmp_path, "n0001.xml", record(1, NPS)).read_bytes()
    httpserver.expect_request("/n0001.xml").respond_with_data(body, headers={"ETag": '"v1"'})  # type: ignore[attr-defined]
    (part,) = find_parts([httpserver.url_for("/n0001.xml")])  # type: ignore[attr-defined]
    assert part.fingerprint == "etag:v1"
    assert tag_part(part, job(tmp_path / "out"))["relevant"] == 1


@pytest.mark.filterwarnings("ignore")  # of the engine's own making, on shutting a cluster down
def test_a_run_on_two_workers_and_its_repetition(tmp_path: Path) -> None:
    good = [write(tmp_path, f"n000{n}.xml", record(n, NPS), record(n + 10, PLAIN)) for n in range(1, 4)]
    bad = tmp_path / "n0009.xml"
    bad.write_text("<PubmedArticleSet><Pubmed")
    given = [str(path) for path in [*good, bad]]
    first = bulk(given, out=tmp_path / "out", workers=2, lexicon_version=load().version)
    assert (first.parts, first.done_before, first.read, first.kept) == (4, 0, 6, 3)
    assert [line.split(":")[1].rsplit("/", 1)[-1] for line in first.failed] == ["n0009.xml"]
    again = bulk(given[:3], out=tmp_path / "out", workers=2, lexicon_version=load().version)
    assert (again.done_before, again.read) == (3, 6)


def test_what_bulk_kept_is_imported_as_known_from_its_publication(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    tag_all([write(tmp_path, "n0001.xml", record(1, NPS), record(2, PLAIN))], tmp_path / "out")
    with Archive.open(tmp_path / "a.db", create=True) as archive:
        report = import_files(
            archive, [tmp_path / "out"], Tagger(load()), now=lambda: datetime(2026, 11, 24, tzinfo=UTC)
        )
        assert (report.new, report.problems) == (1, [])
        (document,) = archive.all_documents()
        assert document.backfilled
        assert f"{document.first_seen:%Y-%m-%d}" == "2024-03-05"
        assert document.document.pmid == "1"


def test_all_that_a_corpus_held_is_the_measure_of_what_was_found_in_it(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from tracker.analysis.read import week_facts

    plain = [record(number, f"{PLAIN} Case {number}.") for number in range(2, 12)]
    old = record(12, NPS, year=2023)
    tag_all([write(tmp_path, "n0001.xml", old, record(1, f"{NPS} One died."), *plain)], tmp_path / "out")
    now = datetime(2026, 11, 24, tzinfo=UTC)
    with Archive.open(tmp_path / "a.db", create=True) as archive:
        for _ in range(2):  # importing again counts nothing twice
            import_files(archive, [tmp_path / "out"], Tagger(load()), now=lambda: now)
            assert week_facts(archive, week="2024-W10", as_of=now).new_documents == 11
        assert week_facts(archive, week="2024-W10", as_of=now).kept_documents == 1
        # eleven documents, of a corpus of which 2 in 12 are relevant
        assert week_facts(archive, week="2024-W10", as_of=now).exposure == pytest.approx(11 * (2 + 0.5) / (12 + 1))
        assert week_facts(archive, week="2024-W09", as_of=now).new_documents == 0
