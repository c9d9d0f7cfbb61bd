"""Claims about passing over words that are none of a drug's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.lexicon import load
from tracker.tag.patterns import make_patterns
from tracker.tag.sieve import Sieve
from tracker.tag.spelling import Speller
from tracker.tag.words import WordReader

PATTERNS = make_patterns(load())
SPELLER = Speller(PATTERNS)
READER = WordReader(PATTERNS)
STEMS = """brom azolam azepam nitazen fentan yl il amfet amin en PVP aP α P THC HHC kokain proben ketamin s MDMA LSD in
e - ' , . 4 word ö""".split()


@pytest.mark.parametrize("word", ["patients", "(The", "however,", "well-known", "don't", "Straße.", "2019", "[12]"])
def test_ordinary_words_are_passed_over(word: str) -> None:
    assert Sieve(PATTERNS, SPELLER, set()).left([word]) == []


@pytest.mark.parametrize(
    "word", ["amfetaminerna", "bromazolamen,", "kokainproben", "LSD.", "flunitrazolan", "aPXP", "2C-XY"]
)
def test_what_may_be_a_name_is_left(word: str) -> None:
    assert Sieve(PATTERNS, SPELLER, set()).left([word]) == [word]


@given(st.lists(st.lists(st.sampled_from(STEMS), min_size=1, max_size=4).map("".join), max_size=6))
def test_nothing_is_passed_over_in_which_the_reader_finds_something(runs: list[str]) -> None:
    left = Sieve(PATTERNS, SPELLER, set()).left(runs)
    assert all(READER._look(run) == ((), ()) for run in runs if run not in left)


def test_what_was_seen_before_changes_nothing() -> None:
    reader = WordReader(PATTERNS)
    text = "THCX thcx Amfetamin amfetamin, KETAMINS ketamins aPXP apxp"
    first = reader.read(text)
    reader.read("thcx. APXP ketaminS. " + text.upper() + text.lower())
    assert reader.read(text) == first
