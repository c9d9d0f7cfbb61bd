"""Which sentences may be quoted, which place a statement's evidence is taken from, and the small words around it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.analysis.rows import DocumentRow, Span, SubstanceRow, ThemeRow
from tracker.digest import words
from tracker.digest.quotes import evidence, is_quotable, link_of, title_of


@pytest.mark.parametrize(
    "sentence",
    [
        "Police seized 50 kg of 3-MMC in Rotterdam.",
        "Blood held 12 ng/mL of bromazolam.",
        "The tablets contained between 1.4 and 2.3 mg of bromazolam.",
        "Two people died in Leeds on 5 May 2024.",
        "Isotonitazene is about 500 times as potent as morphine.",
        "The signal was seen in twelve samples.",
        "Bromazolam costs lives.",
    ],
)
def test_findings_are_quoted(sentence: str) -> None:
    assert is_quotable(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "A gram sells for €15.",
        "Tablets worth £2 million were seized.",
        "It costs 5 EUR a pill.",
        "Ett gram kostar 200 kronor.",
        "Order now at www.example.org.",
        "Write to seller@example.org for a list.",
        "Contact us on Telegram: @chemist.",
        "See https://example.org/shop for more.",
        "A usual dose is 1 to 2 mg.",
        "Take 20 mg and wait an hour.",
        "Users snort 50-100 mg at a time.",
        "One gram is about 2,000 doses.",
        "Die Dosierung liegt bei 5 mg.",
        "…",
        "",
    ],
)
def test_prices_addresses_and_amounts_to_take_are_passed_over(sentence: str) -> None:
    assert not is_quotable(sentence)


TEXT = "Newazolam sells for 5 EUR. Newazolam was found in Hull. Two people died."
PRICED, FOUND, DIED = Span("text", 0, 26), Span("text", 27, 55), Span("text", 56, 72)


def document(**changes: object) -> DocumentRow:
    places = (Span("text", 0, 9), Span("text", 27, 36))
    base = DocumentRow(
        id=1,
        story=1,
        voice=1,
        source="agency",
        publisher="Agency",
        tier="B",
        first_seen=datetime(2026, 9, 28, tzinfo=UTC),
        url="https://example.org/1",
        title="Newazolam in Hull",
        language="en",
        substances=(SubstanceRow("newazolam", "x", True, "primary", "affirmed", True, places),),
        themes=(ThemeRow("supply", "affirmed", PRICED, ("newazolam",)), ThemeRow("death", "affirmed", DIED)),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


TEXTS = {1: ("Newazolam in Hull", TEXT)}


def test_the_wanted_themes_sentence_comes_first() -> None:
    assert evidence(document(), TEXTS, themes=("death",)).text == "Two people died."


def test_the_next_best_sentence_stands_in_for_a_priced_one() -> None:
    assert evidence(document(), TEXTS, substance="newazolam", themes=("supply",)).text == "Newazolam was found in Hull."


def test_a_title_that_names_the_substance_is_better_than_a_sentence_that_does_not() -> None:
    row = SubstanceRow("newazolam", "x", True, "primary", "affirmed", True, (Span("title", 0, 9),))
    assert evidence(document(substances=(row,)), TEXTS, substance="newazolam", themes=()).text is not None
    only_death = document(substances=(row,), themes=(ThemeRow("death", "affirmed", DIED),))
    assert evidence(only_death, TEXTS, substance="newazolam").text == "Newazolam in Hull"


def test_of_two_sentences_of_the_wanted_theme_the_one_with_the_name_comes_first() -> None:
    both = (ThemeRow("death", "affirmed", DIED, ("newazolam",)), ThemeRow("death", "affirmed", FOUND, ("newazolam",)))
    found = evidence(document(themes=both), TEXTS, substance="newazolam", themes=("death",))
    assert found.text == "Newazolam was found in Hull."


def test_a_statement_about_a_name_quotes_a_sentence_with_the_name() -> None:
    told = document(themes=(ThemeRow("death", "affirmed", DIED, ("newazolam",)),))
    about = {"substance": "newazolam", "themes": ("death",)}
    assert evidence(told, TEXTS, **about).text == "Two people died."  # type: ignore[arg-type]
    assert evidence(told, TEXTS, naming=True, **about).text == "Newazolam was found in Hull."  # type: ignore[arg-type]


def test_the_title_is_the_last_resort() -> None:
    bare = document(substances=(), themes=())
    assert evidence(bare, TEXTS).text == "Newazolam in Hull"
    assert evidence(bare, {1: ("Newazolam for 5 EUR", "")}).text is None


@pytest.mark.parametrize("changes", [{"quote": False}, {"doctype": "forum"}, {"doctype": "marketing"}])
def test_forums_and_shops_give_no_words(changes: dict[str, object]) -> None:
    found = evidence(document(**changes), TEXTS, substance="newazolam")
    assert (found.text, found.document) == (None, 1)
    assert title_of(document(**changes)) is None


@pytest.mark.parametrize(
    ("changes", "link"),
    [
        ({}, "https://example.org/1"),
        ({"doctype": "marketing"}, None),
        ({"url": "javascript:alert(1)"}, None),
        ({"url": "file:///etc/passwd"}, None),
        ({"url": None}, None),
    ],
)
def test_only_web_addresses_outside_of_shops_are_linked(changes: dict[str, object], link: str | None) -> None:
    assert link_of(document(**changes)) == link


@given(st.text(), st.integers(min_value=2, max_value=80))
def test_clipped_text_is_one_line_within_its_limit(text: str, limit: int) -> None:
    clipped = words.clip(text, limit)
    assert len(clipped) <= limit
    assert "\n" not in clipped


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [(1, "story", "1 story"), (3, "story", "3 stories"), (1204, "independent source", "1,204 independent sources")],
)
def test_counts_agree_with_their_nouns(count: int, noun: str, said: str) -> None:
    assert words.number(count, noun) == said


def test_lists_are_told_in_words() -> None:
    assert [words.join("abc"[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert words.join("abcdef", 2) == "a, b and 4 more"


def test_days_are_said_in_utc() -> None:
    assert words.day(datetime(2026, 11, 19, 1, tzinfo=timezone(timedelta(hours=3)))) == "18 Nov 2026"


@pytest.mark.parametrize(
    ("claimed", "said"),
    [("2024", "2024"), ("2024-06", "Jun 2024"), ("2024-06-03T09:00:00Z", "3 Jun 2024"), (None, "no date")],
)
def test_claimed_dates_keep_their_precision(claimed: str | None, said: str) -> None:
    assert words.claimed(claimed) == said


@pytest.mark.parametrize(
    ("week", "said"),
    [
        ("2026-W47", "16 to 22 November 2026"),
        ("2026-W40", "28 September to 4 October 2026"),
        ("2026-W53", "28 December 2026 to 3 January 2027"),
    ],
)
def test_weeks_are_said_as_days(week: str, said: str) -> None:
    assert words.week_span(week) == said
