"""Claims about finding phrases in one pass."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import LexiconError
from tracker.tag import lookup
from tracker.tag.lookup import Table, folded, longest

WORDS = Table([("us", 1), ("new york", 2), ("york", 3), ("schwed*", 4), ("l'ansm", 5)])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("russia and Belarus", []),
        ("US-based, (US)", [1, 1]),
        ("in New York", [2]),
        ("York, new", [3]),
        ("schwedische Schweden", [4, 4]),
        ("unschwedisch", []),
        ("selon l'ANSM.", [5]),
        ("", []),
    ],
)
def test_only_whole_words_count_and_the_longest_stands(text: str, values: list[int]) -> None:
    assert [found.value for found in WORDS.find(text)] == values


def test_a_stem_takes_the_whole_word() -> None:
    found = WORDS.find("die schwedischen Behörden")[0]
    assert (found.start, found.end) == (4, 16)


@given(st.text(max_size=60), st.text(max_size=60))
def test_spans_are_spans_of_the_text_as_given(before: str, after: str) -> None:
    text = f"{before} New York {after}"
    spans = [(f.start, f.end) for f in WORDS.find(text) if f.value == 2]
    assert (len(before) + 1, len(before) + 9) in spans
    assert all(text[s:e].lower() == "new york" for s, e in spans)


@given(st.text(max_size=80))
def test_the_fold_keeps_every_place(text: str) -> None:
    assert len(folded(text)) == len(text) + 2


@given(st.text(alphabet="us newyork-", max_size=60))
def test_found_phrases_never_overlap(text: str) -> None:
    found = WORDS.find(text)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert longest(found) == found


def test_an_empty_phrase_is_refused() -> None:
    with pytest.raises(LexiconError, match="empty once folded"):
        Table([("…", 1)])


def test_no_phrases_find_nothing() -> None:
    assert Table([]).find("New York") == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\nx,y\n", "header"),
        ("cue,phrase\n,x\n", "line 2"),
        ("cue,phrase\nx\n", "line 2"),
        ("cue,phrase\nx,y,z\n", "line 2"),
    ],
)
def test_a_broken_data_file_is_named_with_its_line(tmp_path, monkeypatch, content: str, message: str) -> None:
    (tmp_path / "cues.csv").write_text(content, encoding="utf-8")
    monkeypatch.setattr(lookup, "DATA", tmp_path)
    with pytest.raises(LexiconError, match=message):
        list(lookup.rows("cues.csv", ("cue", "phrase")))
