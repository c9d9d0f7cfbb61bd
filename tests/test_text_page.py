"""The main text of linked pages and PDF files, within bounds, never in place of what the source said better."""

from __future__ import annotations

import pytest

from tracker.errors import ParseError
from tracker.model import Document, Payload
from tracker.text.page import decode_html, fulltext, html_text, page_date, with_full_text

WORDS = "The laboratory found bromazolam in counterfeit tablets sold as alprazolam in three towns."
PAGE = (
    "<html lang='en'><head><title>T</title><link rel='canonical' href='/canon'>"
    "<meta property='article:published_time' content='2024-06-03T10:00:00Z'></head>"
    f"<body><article><h1>Alert</h1>{f'<p>{WORDS}</p>' * 6}</article></body></html>"
)


def pdf(text: str) -> bytes:
    """A PDF file with one line of text, as small as the format allows."""
    stream = (
        b"BT /F1 12 Tf 72 720 Td " + b" T* ".join(b"(" + part.encode() + b") Tj" for part in text.split("\n")) + b" ET"
    )
    stream = stream.replace(b"Td ", b"Td 14 TL ")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length " + str(len(stream)).encode() + b">>stream\n" + stream + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj".encode() + body + b"endobj\n"
    table = b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    return (
        out
        + b"xref\n0 6\n0000000000 65535 f \n"
        + table
        + f"trailer<</Size 6/Root 1 0 R>>\nstartxref\n{len(out)}\n%%EOF".encode()
    )


def test_a_page_gives_its_main_text_date_and_canonical_address() -> None:
    page = html_text(Payload(PAGE.encode(), url="https://example.org/x?utm_source=y"))
    assert page.text is not None
    assert WORDS in page.text
    assert page.published is not None
    assert (page.published.value, page.url, page.language) == ("2024-06-03", "https://example.org/canon", "en")


def test_a_pdf_gives_its_text_with_broken_words_joined() -> None:
    assert fulltext(Payload(pdf("bromazo-\nlam was found"))).text == "bromazolam was found"


@pytest.mark.parametrize("body", [b"%PDF-1.4 broken", b"\x00\x01", b'{"a": 1}', b""])
def test_what_is_neither_page_nor_pdf_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        fulltext(Payload(body))


def test_full_text_keeps_what_the_source_said() -> None:
    feed = Document(
        external_id="1",
        url="https://example.org/x",
        title="Title",
        text="Short",
        published="2024-06-01",
        precision="day",
    )
    filled = with_full_text(feed, Payload(PAGE.encode(), url="https://example.org/x"))
    assert (filled.title, filled.summary, filled.published) == ("Title", "Short", "2024-06-01")
    assert WORDS in (filled.text or "")
    assert filled.extra["canonical_url"] == "https://example.org/canon"
    undated = with_full_text(Document(external_id="1", text="x" * 5000), Payload(PAGE.encode()))
    assert (undated.text, undated.published, undated.precision) == ("x" * 5000, "2024-06-03", "day")


def test_a_page_without_a_stated_date_stays_undated() -> None:
    assert page_date("<html><body><p>Prices fell by 12 in 2019 and rose on 3 June.</p></body></html>") is None


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("café".encode(), None),
        ("café".encode("latin-1"), "text/html; charset=iso-8859-1"),
        (b"<meta charset=windows-1252>" + "café".encode("cp1252"), "text/html"),
        ("café".encode("utf-16"), None),
        (b"\xef\xbb\xbf" + "café".encode(), "text/html; charset=latin-1"),
        ("café".encode("cp1252") * 30, "text/html; charset=nonsense"),
    ],
)
def test_a_page_is_decoded_by_mark_header_declaration_or_likelihood(body: bytes, content_type: str | None) -> None:
    assert "café" in decode_html(body, content_type)
