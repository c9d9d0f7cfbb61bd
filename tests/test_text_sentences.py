"""Sentence spans: exact, trimmed, in order, linear in time."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.text.sentences import LONGEST, sentences


def cut(text: str, language: str | None = "en") -> list[str]:
    return [text[start:end] for start, end in sentences(text, language)]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Two men died. Police seized tablets.", ["Two men died.", "Police seized tablets."]),
        ("en", "He took 0.5 mg. It worked.", ["He took 0.5 mg.", "It worked."]),
        ("en", "Dr. Smith of St. Mary's saw Mr. B, e.g. in Fig. 3. He died.", None),
        ("en", "Officers of U.S. Customs seized it in the U.S. The law says so.", None),
        ("en", "In short: no. By law it is legal.", ["In short: no.", "By law it is legal."]),
        ("en", "It is in Schedule I. The order runs.", ["It is in Schedule I.", "The order runs."]),
        ("en", 'He said "No." She left.', ['He said "No."', "She left."]),
        ("en", "Certain antidepressants.Both may interact.", ["Certain antidepressants.", "Both may interact."]),
        ("en", "See www.Example.Org for more.", ["See www.Example.Org for more."]),
        ("en", "It was found.[12] Others were not.", ["It was found.[12]", "Others were not."]),
        ("de", "Am 3. Mai starb z.B. ein Mann. Die Polizei warnt.", None),
        ("fr", "M. Dupont est mort. L'ANSM alerte.", ["M. Dupont est mort.", "L'ANSM alerte."]),
        ("pl", "Zatrzymano m.in. dwie osoby. Policja ostrzega.", ["Zatrzymano m.in. dwie osoby.", "Policja ostrzega."]),
        ("ru", "Умерли 3 человека. Полиция предупреждает.", ["Умерли 3 человека.", "Полиция предупреждает."]),
        ("ja", "男性が死亡した。警察が警告。", ["男性が死亡した。", "警察が警告。"]),
    ],
)
def test_cuts_where_a_reader_would(language: str, text: str, expected: list[str] | None) -> None:
    pieces = cut(text, language)
    if expected is None:
        assert len(pieces) == 2
    else:
        assert pieces == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Effects\n- agitation\n• slow breathing\n3) coma", ["Effects", "agitation", "slow breathing", "coma"]),
        ("Title\n\nBody text here.", ["Title", "Body text here."]),
        ("a) first\nb) second", ["first", "second"]),
        ("---\n***\n§", []),
        ("", []),
        ("   \n \t\n", []),
    ],
)
def test_layout_lines_and_list_items_stand_alone_without_their_marks(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_wrapped_prose_is_one_sentence() -> None:
    text = "Police chief Anthony Campbell told a press conference that tests had found it\nlaced with fubinaca."
    assert cut(text) == [text]


def test_heading_above_a_small_letter_line_is_not_joined() -> None:
    assert cut("Side effects\ndrowsiness") == ["Side effects", "drowsiness"]


@given(
    st.text(alphabet=st.sampled_from("aB1é. !?…;\n\t\r•-)(\"'。 \u00a0\u2028дЖ"), max_size=200),
    st.sampled_from(["en", "de", None]),
)
def test_spans_are_ordered_trimmed_bounded_and_lose_no_letter(text: str, language: str | None) -> None:
    spans = sentences(text, language)
    kept = 0
    for (start, end), following in pairwise([*spans, (len(text), len(text))]):
        assert 0 <= start < end <= following[0] <= len(text)
        assert text[start:end] == text[start:end].strip()
        assert end - start <= LONGEST
        assert any(c.isalnum() for c in text[start:end])
        kept += sum(c.isalpha() for c in text[start:end])
    assert kept == sum(c.isalpha() for c in text) - _marks(text, spans)


def _marks(text: str, spans: list[tuple[int, int]]) -> int:
    """Letters outside all spans: only list marks such as "a)" or "B." may be left out."""
    outside = [True] * len(text)
    for start, end in spans:
        outside[start:end] = [False] * (end - start)
    letters = [i for i, free in enumerate(outside) if free and text[i].isalpha()]
    assert all(text[i + 1 : i + 2] in (")", ".") for i in letters)
    return len(letters)


def test_text_without_any_stop_is_cut_at_spaces() -> None:
    pieces = cut("word " * 2000)
    assert all(len(p) <= LONGEST and not p.startswith("ord") for p in pieces)


@pytest.mark.parametrize("unit", [". ", "a. ", "..", ".)", "A.B", "x", "\n", '".', "1. ", "Dr. "])
def test_time_grows_linearly(unit: str) -> None:
    def spent(size: int) -> float:
        text = unit * (size // len(unit))
        start = time.process_time()
        sentences(text, "en")
        return time.process_time() - start

    small, large = spent(50_000), spent(400_000)
    assert large < 40 * small + 0.5  # eight times the text; a quadratic cut would take 64 times as long
