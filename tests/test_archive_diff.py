"""Word diffs: readable, and nothing of either text is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.archive.diff import readable, word_diff


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("Two men died.", "Three men died.", "[-Two-] {+Three+} men died."),
        ("Two men died.", "Two men died. One was 24.", "Two men died. {+One was 24.+}"),
        ("Two old men died.", "Two men died.", "Two [-old-] men died."),
        ("It was two men there.", "It was three women there.", "It was [-two men-] {+three women+} there."),
        ("a b c d e f g h i j k l m n o X", "a b c d e f g h i j k l m n o Y", "… j k l m n o [-X-] {+Y+}"),
        ("same", "same", "same"),
        ("", "new", "{+new+}"),
    ],
)
def test_a_change_reads_like_an_edit(old, new, line):
    assert readable(word_diff(old, new)) == line


@given(st.text(alphabet="ab .\n-é", max_size=40), st.text(alphabet="ab .\n-é", max_size=40))
def test_both_texts_can_be_put_together_again(old, new):
    pieces = word_diff(old, new)
    assert "".join(p.text for p in pieces if p.kind != "added") == old
    assert "".join(p.text for p in pieces if p.kind != "removed") == new


def test_long_texts_are_compared_in_reasonable_time():
    old = " ".join(f"Sentence number {n} stands here." for n in range(3000))
    pieces = word_diff(old, old.replace("number 1500 ", "number fifteen hundred "))
    assert [p.kind for p in pieces] == ["same", "removed", "added", "same"]
