"""Files by hand: RIS, BibTeX, CSV, JSON lines, saved pages and PDF; and the registry that finds them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.errors import ParseError, UsageError
from tracker.sources import FILE_KINDS, KINDS, kind, parse_file

RIS = """TY  - JOUR
TI  - Bromazolam in <i>counterfeit</i> tablets
AU  - Smith, Jane
AU  - Doe, K
DA  - 2024/06/03/
PY  - 2024
DO  - https://doi.org/10.1234/ABC.5
AB  - First line
JO  - J Forensic Sci
KW  - bromazolam
LA  - eng
UR  - https://example.org/1
ER  -
"""
BIB = r"""@comment{by hand}
@article{key1,
  title = {The {NPS} of M{\"u}ller \& co},
  author = {M{\"u}ller, Hans and {World Health Organization} and Jane Q. Doe},
  year = 2024, month = jun, doi = {10.1234/AbC}, journal = "J", abstract = {About \emph{bromazolam}}
}
"""


def test_ris_gives_all_fields() -> None:
    (document,) = parse_file("ris", RIS.encode()).documents
    assert (document.external_id, document.doi) == ("10.1234/abc.5", "10.1234/abc.5")
    assert (document.title, document.text) == ("Bromazolam in counterfeit tablets", "First line")
    assert (document.published, document.precision, document.language) == ("2024-06-03", "day", "en")
    assert (document.authors, document.journal) == (("Smith, Jane", "Doe, K"), "J Forensic Sci")
    assert (document.doctype, document.url) == ("journal_article", "https://example.org/1")


@pytest.mark.parametrize(
    ("line", "published", "whole"),
    [
        ("DA  - 2024/06//", "2024-06", None),
        ("PY  - 2024///", "2024", None),
        ("PY  - 2024///Spring", "2024", None),
        ("Y1  - 2024/06/03", "2024-06-03", None),
        ("PY  - in press", None, None),
    ],
)
def test_ris_dates_keep_their_precision(line: str, published: str | None, whole: str | None) -> None:
    (document,) = parse_file("ris", f"TY  - JOUR\nTI  - t\n{line}\nER  - \n".encode()).documents
    assert (document.published, document.extra.get("published_as_stated")) == (published, whole)


def test_ris_from_medline_has_its_pmid() -> None:
    text = "TY  - JOUR\r\nTI  - t\r\nAN  - 38833988\r\nDB  - PubMed\r\nER  - \r\n"
    assert parse_file("ris", text.encode()).documents[0].pmid == "38833988"


def test_bibtex_gives_plain_words_and_ordered_names() -> None:
    (document,) = parse_file("bibtex", BIB.encode()).documents
    assert document.title == "The NPS of Müller & co"
    assert document.authors == ("Müller, Hans", "World Health Organization", "Doe, Jane Q.")
    assert (document.published, document.precision) == ("2024-06", "month")
    assert (document.doi, document.url, document.text) == (
        "10.1234/abc",
        "https://doi.org/10.1234/abc",
        "About bromazolam",
    )


@pytest.mark.parametrize(("name", "text"), [("ris", RIS + RIS[:80]), ("bibtex", BIB + "@misc{b, title = {cut")])
def test_a_cut_off_reference_file_gives_what_stood_before(name: str, text: str) -> None:
    page = parse_file(name, text.encode())
    assert (len(page.documents), page.complete) == (1, False)
    assert page.problems


def test_csv_columns_are_known_by_their_usual_names_or_a_map() -> None:
    body = b'Article Title,Abstract,Publication Date,DOI,Authors\nT,A,2024-06-03,10.1234/X,"Smith, J; Doe, K"\n'
    (document,) = parse_file("csv", body).documents
    assert (document.title, document.text, document.published, document.doi) == ("T", "A", "2024-06-03", "10.1234/x")
    assert document.authors == ("Smith, J", "Doe, K")
    assert parse_file("csv", b"x;y\nT;A\n", options={"columns": {"title": "x"}}).documents[0].title == "T"
    with pytest.raises(ParseError, match="it has: x, y"):
        parse_file("csv", b"x,y\n1,2\n")


def test_json_lines_are_mapped_and_labels_in_them_never_believed() -> None:
    line = {
        "id": 5,
        "text": "a <b>b</b>",
        "source_type": "news",
        "country": "GB",
        "published": "2024-06",
        "substances": ["x"],
        "mood": 3,
    }
    page = parse_file("jsonl", json.dumps(line).encode() + b'\n\nno json\n[1]\n{"title": ["x"]}\n{"url": "u"}\n')
    (document,) = page.documents
    assert (document.external_id, document.doctype, document.countries, document.text) == ("5", "news", ("GB",), "a b")
    assert (document.published, document.precision, document.extra) == ("2024-06", "month", {"mood": 3})
    assert [p.split(":")[0] for p in page.problems] == ["line 3", "line 4", "line 5", "line 6"]
    assert not page.complete


@settings(deadline=None, max_examples=50)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda c: st.lists(c, max_size=3), max_leaves=5
    )
)
def test_any_value_in_any_field_is_read_or_named(value: object) -> None:
    for field in ("title", "published", "authors", "doi", "extra", "language", "editorial_status"):
        page = parse_file("jsonl", json.dumps({"text": "t", field: value}).encode() + b'\n{"text": "second"}\n')
        assert page.documents[-1].text == "second"


PARAGRAPH = b"<p>Bromazolam was found in many counterfeit tablets this week, the laboratory reports today.</p>"


def test_a_saved_page_gives_main_text_date_and_canonical_link() -> None:
    body = (
        b'<html lang="en-GB"><head><title>Site | Alert</title><link rel="canonical" href="https://example.org/a">'
        b'<meta property="article:published_time" content="2024-06-03T10:00:00Z"></head><body><nav>Menu About</nav>'
        b"<article><h1>Alert</h1>" + PARAGRAPH * 5 + b"</article><footer>Cookies</footer></body></html>"
    )
    (document,) = parse_file("html", body).documents
    assert (document.url, document.external_id) == ("https://example.org/a", "https://example.org/a")
    assert (document.published, document.precision, document.language) == ("2024-06-03", "day", "en")
    assert "Bromazolam was found" in (document.text or "")
    assert "Menu" not in (document.text or "")


@pytest.mark.parametrize("name", sorted({"html", "pdf", "ris", "bibtex", "csv", "eml", "jsonl"}))
def test_what_is_not_of_the_format_is_refused_with_words(name: str) -> None:
    for body in (b"" if name != "jsonl" else b"\n[", b"\x00\x01\x02" * 50, b"plain words that are nothing"):
        with pytest.raises(ParseError):
            parse_file(name, body)


def test_kinds_are_the_modules_and_an_unknown_one_is_named_with_the_known() -> None:
    assert {"feed", "listing", "sitemap", "watch", "wordpress", "table", "mailbox"} <= set(KINDS)
    assert {"html", "pdf", "ris", "bibtex", "csv", "eml", "jsonl"} <= set(FILE_KINDS)
    with pytest.raises(UsageError, match=r"rss.*feed"):
        kind("rss")
    for name in ("feed", "listing", "sitemap", "watch", "wordpress", "table", "mailbox", "html", "ris"):
        assert kind(name).name == name


def test_asking_for_one_kind_loads_no_other() -> None:
    heavy = "('tracker.sources.listing', 'trafilatura', 'bs4', 'dateparser', 'feedparser')"
    code = (
        "import sys, tracker.sources as s; assert 'pydantic' not in sys.modules; s.kind('feed');"
        f"print([m for m in sys.modules if m in {heavy}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["html", "watch"])
@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0"?><rss version="2.0"><channel><title>a feed is no page</title></channel></rss>',
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>a feed is no page at all</title></feed>',
        b"<urlset><url><loc>https://a.example/</loc></url></urlset>",
    ],
)
def test_a_feed_is_not_taken_for_a_page(name: str, body: bytes) -> None:
    with pytest.raises(ParseError, match="found XML with the root"):
        parse_file(name, body)


def test_a_page_with_an_xml_declaration_is_a_page() -> None:
    body = (
        b'<?xml version="1.0" encoding="utf-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><head><title>XHTML</title>'
    )
    body += b"</head><body><p>" + b"Bromazolam was found in tablets. " * 9 + b"</p></body></html>"
    (document,) = parse_file("html", body).documents
    assert document.title == "XHTML"
