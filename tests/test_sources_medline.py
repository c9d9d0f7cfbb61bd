"""MEDLINE text, as PubMed's export gives it."""

from __future__ import annotations

from pathlib import Path

import pytest
from api_help import counts, only, read
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import ParseError

RECORD = """PMID- 101
OWN - NLM
STAT- MEDLINE
LR  - 20240801
IS  - 1467-5463 (Print)
DP  - 2024 Aug
TI  - Bromazolam in post-mortem blood: a
      case series.
LID - 10.1234/ABC.1 [doi]
AB  - BACKGROUND: One. RESULTS:
      Two.
FAU - Roe, Ann B
AU  - Roe AB
CN  - NPS Study Group
LA  - eng
PT  - Journal Article
DEP - 20240603
TA  - J Test
JT  - Journal of tests
RN  - 0 (Benzodiazepines)
MH  - *Forensic Toxicology
OT  - bromazolam
EDAT- 2024/06/04 06:00
PHST- 2024/05/01 00:00 [received]
PHST- 2024/06/04 06:00 [pubmed]
SO  - J Test. 2024 Aug;1(1):1-2.
"""


def test_a_record_is_read_with_its_continued_lines() -> None:
    found = only("medline", RECORD.encode())
    assert (found.external_id, found.pmid, found.doi) == ("101", "101", "10.1234/abc.1")
    assert found.title == "Bromazolam in post-mortem blood: a case series."
    assert found.text == "BACKGROUND: One. RESULTS: Two."
    assert found.authors == ("Roe, Ann B", "NPS Study Group")
    assert (found.published, found.updated, found.language) == ("2024-06-03", "2024-08-01", "en")
    assert (found.journal, found.pub_types) == ("Journal of tests", ("Journal Article",))
    assert (found.extra["chemicals"], found.extra["mesh"]) == (["Benzodiazepines"], ["Forensic Toxicology"])


@pytest.mark.parametrize(
    ("dropped", "dp", "published"),
    [
        (("DEP",), "2024 Aug", "2024-06-04"),
        (("DEP", "PHST"), "2024 Aug", "2024-06-04"),
        (("DEP", "PHST", "EDAT"), "2024 Aug 7", "2024-08-07"),
        (("DEP", "PHST", "EDAT"), "2024 Spring", "2024"),
        (("DEP", "PHST", "EDAT"), "2023 Jan-Feb", "2023-01"),
    ],
)
def test_dates_have_the_order_of_pubmed(dropped: tuple[str, ...], dp: str, published: str) -> None:
    lines = [line for line in RECORD.splitlines() if not line.startswith(dropped)]
    found = only("medline", "\n".join(lines).replace("2024 Aug\n", dp + "\n", 1).encode())
    assert found.published == published


@pytest.mark.parametrize(
    ("line", "status", "about"),
    [
        ("EIN - J Test. 2024;1:9. PMID: 9", "corrected", ()),
        ("RIN - J Test. 2024;1:9. PMID: 9", "retracted", ()),
        ("EFR - J Test. 2023;1:9. PMID: 9", "notice", ("pmid:9",)),
        ("ROF - J Test. 2023;1:9. doi: 10.1234/x", "notice", ("doi:10.1234/x",)),
        ("ECI - J Test. 2023;1:9.", "concern", ()),
        ("CIN - J Test. 2023;1:9. PMID: 9", "ok", ()),
    ],
)
def test_links_to_notices_give_the_standing(line: str, status: str, about: tuple[str, ...]) -> None:
    found = only("medline", RECORD.replace("SO  -", f"{line}\nSO  -").encode())
    assert (found.editorial_status, found.relates_to) == (status, about)


def test_records_follow_each_other_also_with_windows_line_ends() -> None:
    body = (RECORD + "\n" + RECORD.replace("101", "102")).replace("\n", "\r\n").encode()
    assert [d.pmid for d in read("medline", body).documents] == ["101", "102"]


def test_a_record_that_was_cut_off_is_not_taken_for_whole() -> None:
    page = read("medline", (RECORD + "\n" + RECORD.replace("101", "102")[:200]).encode())
    assert [d.pmid for d in page.documents] == ["101"]
    assert page.complete is False


@pytest.mark.parametrize("body", [b"<html><body/></html>", b"hello", b""])
def test_what_is_no_medline_text_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        read("medline", body)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(words: str) -> None:
    page = read("medline", b"PMID- 5\nTI  - T\n" + words.encode("utf-8", "replace"))
    assert len(page.documents) >= (1 if page.complete else 0)


def test_the_recorded_file_is_one_document(shared: Path) -> None:
    assert counts(shared, "medline", ["pubmed/medline_result1.txt"]) == {"pubmed/medline_result1.txt": 1}
