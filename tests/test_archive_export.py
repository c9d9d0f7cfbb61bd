"""Exports: read back by the tools they are for, round trips, defused cells, manifests that can be checked."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tempfile
from dataclasses import replace

import pytest
from archive_kit import MONDAY, Names, Tagger, days, doc, put, source
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.archive import Archive
from tracker.archive.filters import Filters
from tracker.archive.formats import CSV_COLUMNS
from tracker.errors import UsageError
from tracker.model import Document
from tracker.sources import parse_file

ARTICLE = Document(
    external_id="10.1000/abc",
    url="https://doi.org/10.1000/abc",
    title="Deaths with bromazolam & {braces}: 100% of $5_000 #cases ~ a\\b^c",
    text="Two deaths with bromazolam in Leeds.\nA second paragraph on 4-CMC.",
    authors=("O'Neil, Zoë", "Müller, Jörg", "European Union Drugs Agency"),
    published="2024-06-03",
    precision="day",
    language="en",
    doctype="journal_article",
    doi="10.1000/abc",
    pmid="38000001",
    journal="Forensic Science & Toxicology",
    pub_types=("Journal Article",),
    countries=("GB",),
    extra={"volume": "12"},
)
PLAIN = Document(
    external_id="guid-2", url="https://news.example.org/2?a=1&b=2", title="Xylazine in Ohio", text="Xylazine in Ohio."
)
MONTH = Document(external_id="guid-3", url="https://news.example.org/3", title="=HYPERLINK(\"x\")",
                 text="-Bromazolam: +1 @home",
                 published="2024-06", precision="month", doctype="news", editorial_status="retracted")  # fmt: skip
YEAR = Document(external_id="guid-4", title="Protonitazene yearbook", published="2023", precision="year")
DOCUMENTS = (ARTICLE, PLAIN, MONTH, YEAR)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    with Archive.open(tmp_path_factory.mktemp("export") / "a.db", create=True) as opened:
        put(opened, *DOCUMENTS, src=source("lib", tier="A", keep="all"))
        yield opened


def exported(archive: Archive, form: str, **how: object) -> bytes:
    out = io.BytesIO()
    manifest = archive.export(form, out, now=MONDAY + days(1), **how)  # type: ignore[arg-type]
    assert manifest.sha256 == hashlib.sha256(out.getvalue()).hexdigest()
    assert manifest.bytes == len(out.getvalue())
    return out.getvalue()


def test_the_manifest_says_what_was_asked_and_what_came_out(archive):
    out = io.BytesIO()
    said = archive.export(
        "jsonl", out, now=MONDAY + days(1), query="bromazolam", filters=Filters(tier=("A",), since="2024"),
        lexicon=Names(),
        as_of=MONDAY,
    ).as_json()  # fmt: skip
    assert said == {
        "format": "jsonl",
        "query": "bromazolam",
        "filters": {"tier": ["A"], "since": "2024"},
        "as_of": "2026-01-05T07:00:00Z",
        "tags": "then",
        "all": False,
        "exported_at": "2026-01-06T07:00:00Z",
        "lexicon": {"1": 2},
        "counts": {"documents": 2, "sources": {"lib": 2}},
        "sha256": hashlib.sha256(out.getvalue()).hexdigest(),
        "bytes": len(out.getvalue()),
    }


@pytest.mark.parametrize("form", ["csv", "jsonl", "ris", "bibtex", "csl", "parquet"])
def test_the_same_state_gives_the_same_bytes_and_nothing_gives_an_empty_file_of_the_format(archive, form):
    assert exported(archive, form) == exported(archive, form)
    assert exported(archive, form, query="unheardofium") is not None


def test_an_unknown_format_is_refused(archive):
    with pytest.raises(UsageError, match="'xml' is none of csv, jsonl"):
        archive.export("xml", io.BytesIO(), now=MONDAY)


def key(document: Document) -> tuple[object, ...]:
    """What must survive a round trip through RIS: line breaks may be spaces, addresses and types are what it knows."""
    text = " ".join((document.text or "").split())
    title = " ".join((document.title or "").split())
    return (title, text, document.published, document.doi, document.pmid, document.authors, document.journal)


def test_jsonl_has_whole_documents_and_comes_back_the_same(archive):
    lines = [json.loads(line) for line in exported(archive, "jsonl").decode().splitlines()]
    article = next(x for x in lines if x.get("doi"))
    for name in ("external_id", "url", "title", "text", "published", "precision", "doi", "pmid", "journal", "language"):
        assert article[name] == getattr(ARTICLE, name)
    assert article["authors"] == list(ARTICLE.authors)
    assert article["extra"] == {"volume": "12"}
    assert article["source"] == "lib"
    assert article["first_seen"] == "2026-01-05T07:00:00Z"
    assert all(
        value not in (None, "", [], {}) or name in ("substances", "classes", "themes")
        for name, value in article.items()
    )


def test_exported_jsonl_imported_into_an_empty_archive_is_the_same_documents(archive, tmp_path):
    page = parse_file("jsonl", exported(archive, "jsonl"), url=None, options={})
    with Archive.open(tmp_path / "b.db", create=True) as second:
        put(second, *page.documents, src=source("import", keep="all", publisher=None))
        back = {r.document.external_id: r.document for r in second.all_documents(everything=True)}
    declared = {d.external_id: d.language for d in DOCUMENTS}  # where none is, the export tells the detected one
    kept = {k: replace(d, publisher=None, language=declared[k] and d.language) for k, d in back.items()}
    assert kept == {d.external_id: d for d in DOCUMENTS}


def test_exported_ris_imported_into_an_empty_archive_is_the_same_documents(archive, tmp_path):
    page = parse_file("ris", exported(archive, "ris"), url=None, options={})
    with Archive.open(tmp_path / "b.db", create=True) as second:
        put(second, *page.documents, src=source("import", keep="all", publisher=None))
        back = {key(r.document) for r in second.all_documents(everything=True)}
    assert back == {key(d) for d in DOCUMENTS}


def test_rispy_reads_ris(archive):
    import rispy

    entries = {e["id"]: e for e in rispy.loads(exported(archive, "ris").decode())}
    assert len(entries) == 4
    article = entries["1"]
    assert article["type_of_reference"] == "JOUR"
    assert article["authors"] == list(ARTICLE.authors)
    assert article["date"] == "2024/06/03/"
    assert "bromazolam" in article["keywords"]
    assert entries["3"]["notes"] == ["Editorial status: retracted"]


def test_pybtex_reads_bibtex(archive):
    from pybtex.database import parse_string

    entries = parse_string(exported(archive, "bibtex").decode(), "bibtex").entries
    assert len(entries) == 4
    article = next(e for e in entries.values() if e.type == "article")
    people = article.persons["author"]
    assert people[0].last_names == ["O'Neil"]
    assert [str(p) for p in people][2] == "{European Union Drugs Agency}"
    assert article.fields["doi"] == "10.1000/abc"
    assert article.fields["year"] == "2024"
    assert r"\& \textbraceleft braces\textbraceright : 100\% of \$5\_000" in article.fields["title"]


def test_csl_is_json_with_names_split(archive):
    items = {i["id"]: i for i in json.loads(exported(archive, "csl"))}
    assert items["1"]["author"][0] == {"family": "O'Neil", "given": "Zoë"}
    assert items["1"]["author"][2] == {"literal": "European Union Drugs Agency"}
    assert items["1"]["issued"] == {"date-parts": [[2024, 6, 3]]}
    assert items["4"]["issued"] == {"date-parts": [[2023]]}
    assert json.loads(exported(archive, "csl", query="unheardofium")) == []


def test_pandas_reads_csv_and_no_cell_is_a_formula(archive):
    import pandas as pd

    frame = pd.read_csv(io.BytesIO(exported(archive, "csv")), dtype=str).set_index("id")
    assert ("id", *frame.columns) == CSV_COLUMNS
    assert frame.loc["3", "title"] == '\'=HYPERLINK("x")'
    assert frame.loc["3", "text"].startswith("'-Bromazolam")
    assert frame.loc["1", "substances"] == "bromazolam; 4-cmc"
    assert frame.loc["1", "text"] == ARTICLE.text


@settings(max_examples=40, deadline=None)
@given(title=st.text(min_size=1, max_size=30), text=st.text(max_size=60), author=st.text(min_size=1, max_size=12))
def test_any_text_gives_files_that_can_be_read(title, text, author):
    import rispy
    from pybtex.database import parse_string

    document = Document("x", title="T" + title, text=text, authors=(author,), published="2024", precision="year")
    with tempfile.TemporaryDirectory() as folder, Archive.open(folder + "/a.db", create=True) as archive:
        put(archive, document, src=source("lib", keep="all"))
        rows = list(csv.reader(io.StringIO(exported(archive, "csv").decode(), newline="")))
        assert len(rows) == 2
        assert not any(cell.lstrip(" \n\xa0").startswith(("=", "+", "-", "@", "\t", "\r")) for cell in rows[1])
        assert json.loads(exported(archive, "csl"))[0]["id"] == "1"
        assert len(rispy.loads(exported(archive, "ris").decode())) == 1
        assert len(parse_string(exported(archive, "bibtex").decode(), "bibtex").entries) == 1


@settings(max_examples=40, deadline=None)
@given(part=st.text(alphabet='{}\\\\%"@#x, ', min_size=1, max_size=8))
def test_no_brace_in_an_address_or_number_breaks_the_entries_after_it(part):
    from pybtex.database import parse_string

    broken = Document("x", url=f"https://example.org/{part}", doi=f"10.1000/{part}", pmid=part, text="Bromazolam.")
    with tempfile.TemporaryDirectory() as folder, Archive.open(folder + "/a.db", create=True) as archive:
        put(archive, broken, replace(ARTICLE, external_id="y"), src=source("lib", keep="all"))
        assert len(parse_string(exported(archive, "bibtex").decode(), "bibtex").entries) == 2


def test_a_language_that_was_detected_is_told_in_jsonl(tmp_path):
    with Archive.open(tmp_path / "a.db", create=True) as archive:
        put(archive, replace(ARTICLE, language=None), src=source("lib", keep="all"))
        (line,) = exported(archive, "jsonl").decode().splitlines()
        (csv_row,) = csv.DictReader(io.StringIO(exported(archive, "csv").decode(), newline=""))
    assert json.loads(line)["language"] == csv_row["language"] == "en"


def test_parquet_is_read_by_pandas_and_duckdb(archive, tmp_path):
    import duckdb
    import pandas as pd

    path = tmp_path / "documents.parquet"
    path.write_bytes(exported(archive, "parquet"))
    frame = pd.read_parquet(path).set_index("id")
    assert list(frame.loc[1, "substances"]) == ["bromazolam", "4-cmc"]
    rows = duckdb.sql(
        f"SELECT substance, count(*) FROM (SELECT unnest(substances) AS substance FROM '{path}') GROUP BY ALL "
        f"ORDER BY ALL"
    ).fetchall()
    assert rows == [("4-cmc", 1), ("bromazolam", 2), ("protonitazene", 1), ("xylazine", 1)]
    whole = json.loads(frame.loc[1, "document"])
    assert whole["extra"] == {"volume": "12"}


def test_forum_texts_are_in_no_export(tmp_path):
    with Archive.open(tmp_path / "a.db", create=True) as archive:
        put(archive, doc("My secret words on bromazolam.", title="Thread"), src=source("board", type="forum", tier="C"))
        for form in ("csv", "jsonl", "ris", "bibtex", "csl"):
            content = exported(archive, form).decode()
            assert "Thread" in content
            assert "secret" not in content
        assert archive.document(1, as_of=MONDAY + days(1)).tags.lexicon == Tagger().version
