"""Folding finds names however they are typed, and always knows where they stood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.text.fold import fold, key, separated


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("4-CMC", "4cmc"),
        ("4\u2011CMC", "4cmc"),
        ("4\u2013C\u00adMC", "4cmc"),
        ("α-PVP", "alphapvp"),
        ("4′-Fluor", "4'fluor"),
        ("4`-Fluor", "4'fluor"),
        ("Kétamine", "ketamine"),
        ("ＭＤＭＡ", "mdma"),
        ("mda\u200bi", "mdai"),
        ("ﬂualprazolam", "flualprazolam"),
        ("МДМА", "мдма"),
        ("N₂O", "n2o"),
    ],
)
def test_ways_of_writing_fold_to_one_key(written: str, folded: str) -> None:
    assert key(written) == folded


def test_separators_are_remembered_as_places_in_the_key() -> None:
    assert separated("4f-mdmb binaca") == ("4fmdmbbinaca", frozenset({2, 6}))


def test_a_trailing_separator_is_no_break() -> None:
    assert separated("mdma-") == ("mdma", frozenset())


@given(st.text(max_size=60))
def test_each_folded_character_points_to_its_original(text: str) -> None:
    folded = fold(text)
    starts = folded.starts()
    assert len(starts) == len(folded.text) + 1
    assert starts == sorted(starts)
    assert starts[-1] == len(text)
    for at, start in enumerate(starts[:-1]):
        assert folded.text[at] in key(text[start])


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=60))
def test_the_fast_path_of_plain_text_folds_as_the_slow_one(text: str) -> None:
    slow = fold(text + "é").text
    assert fold(text).text + "e" == slow


@given(st.text(max_size=40), st.text(max_size=40))
def test_folding_is_character_by_character(a: str, b: str) -> None:
    assert fold(a + b).text == fold(a).text + fold(b).text
