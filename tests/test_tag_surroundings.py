"""Claims about the words beside the name of a place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import LexiconError
from tracker.tag import lookup, surroundings
from tracker.tag.surroundings import Surroundings


@pytest.mark.parametrize(
    ("text", "place", "marks"),
    [
        ("The parcel came from China by post.", "China", {"from", "supply"}),
        ("It is prescribed in Japan.", "Japan", {"in", "medical"}),
        ("In den Niederlanden verboten.", "Niederlanden", {"in", "deed"}),
        ("Two people died in hospital in Leeds.", "Leeds", {"in", "deed"}),
        ("Also seen in Europe and the United States.", "United States", {"world"}),
        ("Развился рынок: поставки из Китая.", "Китая", {"from", "supply"}),
    ],
)
def test_words_beside_a_place_tell_what_it_is_named_for(text: str, place: str, marks: set[str]) -> None:
    assert set(Surroundings(text).of([text.index(place)])) == marks


@pytest.mark.parametrize("between", [". ", "\n"])
def test_words_of_another_sentence_or_line_bear_on_no_place(between: str) -> None:
    text = f"A man was arrested{between}Leeds has shops."
    assert "deed" not in Surroundings(text).of([text.index("Leeds")])


def test_a_mark_counts_by_the_share_of_mentions_that_have_it() -> None:
    text = "Imported from India. " + "nothing more of note " * 6 + "India again."
    assert Surroundings(text).of([text.index("India"), text.rindex("India")]) == {"from": 0.5, "supply": 0.5}


@given(st.text(max_size=80), st.integers(0, 80))
def test_shares_are_between_nought_and_one(text: str, at: int) -> None:
    assert all(0 < share <= 1 for share in Surroundings(text).of([min(at, len(text))]).values())


def test_a_mark_that_is_unknown_is_named(tmp_path, monkeypatch) -> None:
    (tmp_path / "place_cues.csv").write_text("mark,word\nfuture,soon\n", encoding="utf-8")
    monkeypatch.setattr(lookup, "DATA", tmp_path)
    surroundings._words.cache_clear()
    try:
        with pytest.raises(LexiconError, match="mark 'future'"):
            surroundings._words()
    finally:
        surroundings._words.cache_clear()
