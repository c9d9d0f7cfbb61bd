"""Claims about folding whole texts by table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.text import charset
from tracker.text.fold import fold, key, keys


@pytest.mark.parametrize("text", ["Plain words", "Bromazolam – „Größe“ café…", "бромазолам", "α-PVP, 25 µg", ""])
def test_common_text_comes_back_in_lower_case(text: str) -> None:
    encoded = charset.encode(text)
    assert encoded is not None
    assert charset.decode(encoded) == text.lower()


@pytest.mark.parametrize("text", ["毒品", "İstanbul", "Ωμέγα", "e\u0301", "\u200d", "½"])
def test_what_needs_a_closer_look_is_left_to_others(text: str) -> None:
    assert charset.encode(text) is None


@pytest.mark.parametrize("text", ["→ 4-MMC", "⚠ drug", "💊 pills"])
def test_symbols_keep_their_place(text: str) -> None:
    encoded = charset.encode(text)
    assert encoded is not None
    assert charset.decode(encoded)[1:] == text[1:].lower()


def test_a_table_folds_character_by_character() -> None:
    encoded = charset.encode("Éß x")
    assert encoded is not None
    assert charset.decode(encoded.translate(charset.table(lambda c: "e" if c == "é" else c))) == "eß x"


@given(st.text(max_size=40))
def test_texts_fold_as_their_characters_do(text: str) -> None:
    assert fold(text).text == "".join(map(key, text))


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=8), max_size=6))
def test_many_names_fold_as_each_does(names: list[str]) -> None:
    assert keys(names) == list(map(key, names))


def test_a_rare_character_changes_nothing_elsewhere_in_a_long_text() -> None:
    text = "4-MMC – „Größe“ α-PVP 毒品 bromazolam\n" * 800
    assert len(charset.parts(text)) > 10
    assert "".join(charset.parts(text)) == text
    line = fold(text.split("\n")[0] + "\n")
    whole = fold(text)
    assert whole.text == line.text * 800
    assert whole.starts()[: len(line.text)] == line.starts()[:-1]
    assert whole.starts()[-1] == len(text)
