"""Renderings of one digest: complete, escaped, stable to the byte, readable in every form."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from digest_archive import document, new_archive, poll, source, tags, watched, week

from tracker.digest import FORMATS, Digest, make_digest, render
from tracker.digest.charts import describe, plotted, png, specification, svg
from tracker.digest.html import mail
from tracker.digest.model import SECTION_IDS, Evidence
from tracker.digest.plain import LINE
from tracker.errors import UsageError

NASTY = 'Newazolam <script>alert(1)</script> & [x](javascript:1) *was* found\u202e in "Leeds".'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("digest")


@pytest.fixture(scope="module")
def digest(folder: Path) -> Iterator[Digest]:
    with new_archive(folder) as archive:
        agency, lab = source(), source("lab", tier="A", type="official_alert")
        watched(archive, agency, 40)
        watched(archive, lab, 40)
        poll(archive, agency, week(0), (document("1", NASTY, title="A <b>bold</b> title"), tags(NASTY, "newazolam")))
        for number in range(4):
            text = f"Protonitazene was found in case number {number}."
            when = week(0) + timedelta(hours=number + 1)
            poll(archive, agency, when, (document(f"p{number}", text), tags(text, "protonitazene", countries=("GB",))))
        text = "The laboratory warns of otherazolam."
        poll(
            archive, lab, week(0), (document("2", text, of="lab"), tags(text, "otherazolam", doctype="official_alert"))
        )
        yield make_digest(archive, as_of=week(1), settings={"sample": True, "searches": {"nitazenes": "protonitazene"}})


def page(digest: Digest) -> BeautifulSoup:
    return BeautifulSoup(render(digest, "html"), "html.parser")


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_digest_gives_the_same_bytes(digest: Digest, form: str) -> None:
    if form == "pdf":
        pytest.importorskip("weasyprint", reason="PDF needs the extra `pdf`")
    assert render(digest, form) == render(digest, form)


_MAKE = """
import sys
from datetime import UTC, datetime
from hashlib import sha256
from tracker.archive import Archive
from tracker.digest import make_digest, render
with Archive.open(sys.argv[1]) as archive:
    digest = make_digest(archive, as_of=datetime(2026, 10, 5, 7, tzinfo=UTC), settings={"sample": True})
print([sha256(render(digest, form)).hexdigest() for form in ("html", "md", "text", "json", "feed", "line")])
"""


def test_two_processes_in_two_time_zones_give_the_same_bytes(digest: Digest, folder: Path) -> None:
    def made(zone: str, seed: str) -> bytes:
        environment = os.environ | {"TZ": zone, "PYTHONHASHSEED": seed, "LC_ALL": "C.UTF-8"}
        command = [sys.executable, "-c", _MAKE, str(folder / "tracker.db")]
        return subprocess.run(command, check=True, capture_output=True, env=environment).stdout

    assert made("Pacific/Kiritimati", "1") == made("America/Los_Angeles", "2")


def test_an_unknown_format_is_refused(digest: Digest) -> None:
    with pytest.raises(UsageError, match="html, md, text, json, feed, pdf, line"):
        render(digest, "docx")


def test_the_json_is_that_of_the_contract(digest: Digest) -> None:
    made = json.loads(render(digest, "json"))
    head = ["week", "as_of", "snapshot", "lexicon", "sources", "counts", "bottom_line", "sections"]
    assert set(head) <= set(made)
    assert made["as_of"] == "2026-10-05T07:00:00Z"
    assert {"read", "failed", "silent"} <= set(made["sources"])
    assert [section["id"] for section in made["sections"]] == list(SECTION_IDS)
    for section in made["sections"]:
        assert section["title"]
        for item in section["items"]:
            assert {"text", "grade", "sources", "first_seen", "evidence", "documents"} <= set(item)
            assert set(item["evidence"]) == {"text", "document", "url"}
            assert isinstance(item["sources"], int)


def test_the_page_is_self_contained_and_without_script(digest: Digest) -> None:
    made = page(digest)
    assert made.find_all(["script", "link", "iframe", "img"]) == []
    assert made.find(src=True) is None
    assert "<script>alert(1)</script>" in made.text  # shown as characters
    assert "\u202e" not in made.text  # nothing turns the line round
    assert "url(" not in str(made.style)


def test_the_page_can_be_read_by_ear_and_by_keyboard(digest: Digest) -> None:
    made = page(digest)
    assert made.html is not None
    assert made.html["lang"] == "en"
    assert len(made.find_all("h1")) == 1
    assert made.find("main") is not None
    for section in made.find_all("section"):
        assert made.find(id=section["aria-labelledby"]) is not None
    for link in made.select("nav a"):
        assert made.find(id=str(link["href"])[1:]) is not None
    for figure in made.find_all("figure"):
        assert "expected" in str(figure["aria-label"])
    for table in made.find_all("table"):
        assert table.find("caption") is not None
        assert all(cell.get("scope") == "col" for cell in table.find_all("th"))


def test_every_section_stands_in_every_long_rendering(digest: Digest) -> None:
    markdown, text, html = (render(digest, form).decode() for form in ("md", "text", "html"))
    for section in digest.sections:
        assert f"## {section.title}\n" in markdown
        assert f"\n{section.title.upper()}\n" in text
        assert f'id="{section.id}"' in html
        assert section.note in html
        assert section.note.split(";")[0] in " ".join(text.split())


def test_every_statement_has_its_evidence_grade_and_link(digest: Digest) -> None:
    made = page(digest)
    for section in digest.sections:
        if section.id in ("annex", "places", "method", "saved_searches"):
            continue
        shown = made.find(id=section.id)
        assert shown is not None
        articles = shown.find_all("article")
        assert len(articles) == len(section.items)
        for article, item in zip(articles, section.items, strict=True):
            assert article.find("blockquote") is not None
            assert "independent source" in article.text or "official date" in article.text
            assert "first seen" in article.text
            assert any(link["href"] == item.evidence.url for link in article.find_all("a"))


@pytest.mark.parametrize("form", ["html", "md", "text"])
def test_a_sample_and_an_unfinished_week_are_said(digest: Digest, form: str) -> None:
    assert "sample" in render(digest, form).decode().lower()
    plain = render(replace(digest, sample=False), form).decode().lower()
    assert "invented" not in plain
    assert "unfinished" in render(replace(digest, finished=False), form).decode().lower()
    assert "unfinished" not in plain


def test_markup_of_others_is_only_text_in_markdown(digest: Digest) -> None:
    made = render(digest, "md").decode()
    assert "<script>" not in made
    assert "[x](javascript" not in made


def test_only_web_addresses_are_linked(digest: Digest) -> None:
    made = render(digest, "html").decode()
    assert "javascript:1" not in [link["href"] for link in BeautifulSoup(made, "html.parser").find_all("a", href=True)]


def test_the_text_fits_a_mail(digest: Digest) -> None:
    long = [line for line in render(digest, "text").decode().splitlines() if len(line) > 78 and "://" not in line]
    assert long == []


def test_the_line_fits_its_length(digest: Digest) -> None:
    wordy = replace(digest, bottom_line=("word " * 100,))
    for made in (digest, wordy):
        line = render(made, "line").decode().rstrip("\n")
        assert "\n" not in line
        assert len(line) <= LINE
        assert digest.week in line


def test_the_feed_is_well_formed_atom_with_one_entry(digest: Digest) -> None:
    atom = "{http://www.w3.org/2005/Atom}"
    feed = ElementTree.fromstring(render(digest, "feed"))
    (entry,) = feed.findall(f"{atom}entry")
    assert entry.findtext(f"{atom}id") == "urn:nps-tracker:digest:2026-W40"
    assert entry.findtext(f"{atom}updated") == "2026-10-05T07:00:00Z"
    content = entry.find(f"{atom}content")
    assert content is not None
    assert content.get("type") == "html"
    assert BeautifulSoup(content.text or "", "html.parser").find("script") is None


def test_characters_that_xml_forbids_do_not_break_the_feed(digest: Digest) -> None:
    first = digest.sections[0]
    item = replace(first.items[0], evidence=Evidence("a\x0bb\ud800c", 1, None))
    broken = replace(digest, sections=(replace(first, items=(item,)), *digest.sections[1:]))
    ElementTree.fromstring(render(broken, "feed"))
    for form in ("html", "md", "text", "json"):
        assert render(broken, form)


def test_a_plot_is_stable_and_has_words_and_a_picture(digest: Digest) -> None:
    (item,) = plotted(digest)
    assert svg(item) == svg(item)
    assert svg(item).startswith("<svg")
    assert png(item).startswith(b"\x89PNG")
    assert describe(item).startswith("Stories a week on protonitazene: 0 in the 25 weeks before, 4 this week")


def test_altair_accepts_the_description_of_a_plot() -> None:
    import altair
    from jsonschema import ValidationError

    described = specification((0, 1, 0), 4, 0.5, 0.0, 2.0)
    described["$schema"] = altair.LayerChart().to_dict(validate=False)["$schema"]
    altair.Chart.from_dict(described, validate=True)
    described["layer"][0]["mark"]["type"] = "pie in the sky"
    with pytest.raises(ValidationError):
        altair.Chart.from_dict(described, validate=True)


def test_the_mail_page_has_its_styles_in_place(digest: Digest) -> None:
    made = BeautifulSoup(mail(digest, {0: "plot0@example.org"}), "html.parser")
    assert made.find("style") is None
    assert made.find("svg") is None
    assert made.find("nav") is None
    assert "font" in str(made.body["style"])  # type: ignore[index]
    (picture,) = made.find_all("img")
    assert picture["src"] == "cid:plot0@example.org"
    assert picture["alt"]


def test_the_pdf_has_the_bottom_line(digest: Digest) -> None:
    pytest.importorskip("weasyprint", reason="PDF needs the extra `pdf`")
    from io import BytesIO

    from pypdf import PdfReader

    reader = PdfReader(BytesIO(render(digest, "pdf")))
    text = " ".join(page.extract_text() for page in reader.pages)
    assert "Bottom line" in text
    assert "newazolam" in text
