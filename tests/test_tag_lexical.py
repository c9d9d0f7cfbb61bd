"""Weights of words: bytes side by side in one integer add up as the numbers they stand for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker.errors import LexiconError
from tracker.lexicon import load
from tracker.tag import Tagger, lexical
from tracker.tag.concepts import THEMES, scan
from tracker.tag.theme_model import rows


def test_packed_weights_add_up_over_the_length_of_the_vector() -> None:
    row = [lexical.BIAS] * len(THEMES)
    first, second = bytes([*[lexical.BIAS + 10, *row[1:]], 9]), bytes([*[lexical.BIAS - 4, *row[1:]], 16])
    model = lexical.built(lexical.packed({"a": first, "b": second}, 0.5, [1.0] * len(THEMES), 1.0))
    scores = model.scores(["a", "b", "unknown"])
    assert scores[0] == pytest.approx(1.0 + (10 - 4) * 0.5 / (9 + 16) ** 0.5)
    assert scores[1:] == [1.0] * (len(THEMES) - 1)
    assert model.scores(["unknown"]) == [1.0] * len(THEMES)


def test_words_are_folded() -> None:
    assert lexical.word_grams("New drüg, new 3-MMC") == {"new", "drug", "3", "mmc"}


def test_words_of_other_languages_do_not_meet_english_ones() -> None:
    row = bytes([*[lexical.BIAS + 10] * len(THEMES), 9])
    model = lexical.built(lexical.packed({"de\tdie": row}, 0.5, [1.0] * len(THEMES), 1.0))
    nothing = [1.0] * len(THEMES)
    assert model.scores(["die"], "de")[0] > 1.0
    assert model.scores(["die"], "en") == nothing
    assert model.scores(["die"], "fr") == nothing


def test_signs_by_number_score_as_signs_by_name() -> None:
    tagger, (_, signs) = Tagger(load()), lexical.lexical()
    view = tagger.look("Two men died of bromazolam.\nPolice seized fake pills sold as Xanax.", language="en")[0]
    seen = scan(view)
    found = rows(view, seen)
    for shown in (view, None):
        by_name = signs.scores(lexical.sign_grams(found, seen.vocabulary, shown))
        assert signs.sign_scores(found, seen.vocabulary, shown) == pytest.approx(by_name)


@pytest.mark.parametrize("content", ["", "{}", '{"words": {"themes": []}}'])
def test_damaged_weights_are_refused_with_what_to_do(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexical, "WORDS", tmp_path / "words.json")
    (tmp_path / "words.json").write_text(content, "utf-8")
    with pytest.raises(LexiconError, match=r"training\.fit"):
        lexical.lexical.__wrapped__()
