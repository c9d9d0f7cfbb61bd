"""Claims about how good the evidence of a claim is."""

import csv

import pytest
from facts_views import theme, view

from tracker.errors import LexiconError
from tracker.model import Grade, ThemeTag
from tracker.tag import grade, lookup

LAB = "Toxicology tests on femoral blood confirmed bromazolam at 20 ng/mL."
HOSPITAL = "Four patients were admitted to hospital after taking what they believed was bromazolam."
SEIZED = "Customs officers seized two kilograms of bromazolam."
TOLD = "On Reddit users describe blackouts after bromazolam."
OFFERED = "Bromazolam is advertised and sold online by vendors."


@pytest.mark.parametrize(
    ("text", "themes", "expected"),
    [
        (LAB, [theme("analytics", evidence=LAB), theme("death")], "lab_confirmed"),
        (HOSPITAL, [theme("poisoning", evidence=HOSPITAL)], "clinical_suspected"),
        (SEIZED, [theme("supply", evidence=SEIZED)], "seizure"),
        (OFFERED, [theme("supply", evidence=OFFERED)], "market"),
        ("Bromazolam is a controlled substance.", [theme("control")], "legal"),
        (f"{HOSPITAL} {LAB} {SEIZED}", [theme("analytics"), theme("poisoning"), theme("supply")], "lab_confirmed"),
        (f"{SEIZED} {HOSPITAL}", [theme("poisoning"), theme("supply")], "clinical_suspected"),
        ("Bromazolam resembles alprazolam.", [], "none"),
        ("The committee met on Monday.", [theme("control")], "none"),
    ],
)
def test_the_best_evidence_decides(text: str, themes: list[ThemeTag], expected: Grade) -> None:
    assert grade.of(view(text), themes=themes, doctype="news") == expected


def test_accounts_of_users_are_self_reports() -> None:
    assert grade.of(view(TOLD), themes=[theme("prevalence")], doctype="forum") == "self_report"


def test_a_legal_act_is_legal_whatever_it_cites() -> None:
    assert grade.of(view(LAB), themes=[theme("analytics"), theme("control")], doctype="legal_notice") == "legal"


@pytest.mark.parametrize(
    "text",
    [
        "Toxicology for the two who took bromazolam is still awaited.",
        "Bromazolam is suspected; laboratory results are pending.",
        "The blood tests were negative for bromazolam.",
    ],
)
def test_what_is_awaited_or_denied_is_not_confirmed(text: str) -> None:
    assert (
        grade.of(view(text), themes=[theme("death"), theme("analytics", evidence=text)], doctype="news")
        != "lab_confirmed"
    )


def test_a_hypothetical_theme_bears_nothing_out() -> None:
    assert grade.of(view(HOSPITAL), themes=[theme("poisoning", "hypothetical")], doctype="news") == "none"


def test_every_grade_of_the_table_is_known_and_used() -> None:
    with (lookup.DATA / "evidence.csv").open(encoding="utf-8", newline="") as handle:
        assert {row["grade"] for row in csv.DictReader(handle)} == set(grade.ORDER)


def test_a_wrong_grade_in_the_table_is_named(tmp_path, monkeypatch) -> None:
    (tmp_path / "evidence.csv").write_text("phrase,grade\nautopsy,certain\n", encoding="utf-8")
    monkeypatch.setattr(lookup, "DATA", tmp_path)
    grade._evidence.cache_clear()
    try:
        with pytest.raises(LexiconError, match="grade 'certain'"):
            grade._evidence()
    finally:
        grade._evidence.cache_clear()
