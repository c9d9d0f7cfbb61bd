"""What is stored has no invisible letters, control characters or broken words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.text.chars import TITLE_LIMIT, clean, title_line, unbreak


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ("bro\u00adma\u200bzo\ufefflam", "bromazolam"),
        ("a\u00a0b\u2009c\td", "a b c d"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("a \n\n\n\n b", "a\n\nb"),
        ("nul\x00 and \x1bescape", "nul and escape"),
        ("e\u0301", "é"),
        ("\ud800 lone", "\ufffd lone"),
        ("\u202edesrever\u202c", "desrever"),
        ("eti\u200dzo\u200clam", "etizolam"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # between Persian letters the joiner is spelling
        ("  x  ", "x"),
        ("two  spaces", "two spaces"),
    ],
)
def test_invisible_and_control_characters_go_and_meaning_stays(raw: str, stored: str) -> None:
    assert clean(raw) == stored


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=200))
def test_cleaning_twice_changes_nothing_and_leaves_no_control_character(raw: str) -> None:
    once = clean(raw)
    assert clean(once) == once
    assert not any((ord(c) < 32 and c != "\n") or 0xD800 <= ord(c) < 0xE000 or c in "\u00ad\u200b\ufeff" for c in once)


def test_a_title_is_one_line_of_at_most_a_thousand_characters() -> None:
    assert title_line(" a\nb ") == "a b"
    assert len(title_line("x" * 5_000_000)) == TITLE_LIMIT == 1000


@pytest.mark.parametrize(
    ("raw", "joined"),
    [
        ("bromazo-\nlam was found", "bromazolam was found"),
        ("N-\npyrrolidino", "N-pyrrolidino"),
        ("para-\nfluorofentanyl", "para-fluorofentanyl"),
        ("drug-\nrelated deaths", "drug-related deaths"),
        ("Fluoro-\nMetonitazene", "Fluoro-Metonitazene"),
        ("xylazine-laced; the xylazine-\nlaced tablets", "xylazine-laced; the xylazine-laced tablets"),
        ("no break", "no break"),
        ("a list\n- item", "a list\n- item"),
    ],
)
def test_words_cut_by_a_line_break_are_joined_and_chemical_hyphens_kept(raw: str, joined: str) -> None:
    assert unbreak(raw) == joined
