"""Evidence: the sentence that says it, affirmed before denied before doubted, by weights that are checked when read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tracker.errors import LexiconError
from tracker.lexicon import load
from tracker.model import ThemeTag
from tracker.tag import Tagger, evidence
from tracker.tag.assertion import Verdict
from tracker.tag.concepts import THEMES, scan
from tracker.tag.evidence import FEATURES, Picker, Weights, shares
from tracker.tag.theme_model import model, rows

TAGGER = Tagger(load())


def theme(name: str, text: str, language: str = "en") -> ThemeTag:
    return next(t for t in TAGGER.tag(text, language=language).themes if t.theme == name)


@pytest.mark.parametrize(
    ("name", "text", "assertion", "sentence"),
    [
        ("death", "Metonitazene can be fatal. Three people died of metonitazene in May.", "affirmed", 1),
        ("death", "Bromazolam was found in two pills. Nobody has died of it so far.", "negated", 1),
        ("death", "Bromazolam was found in pills. A speck of it can kill. It is sold online.", "hypothetical", 1),
        ("control", "Bromazolam is new. It is not controlled in Germany. Police warn of it.", "negated", 1),
        ("control", "Etonitazene stays outside the law. It was banned in May 2020 as a class A drug.", "affirmed", 1),
        ("response", "Xylazine is a sedative. Naloxone does not reverse xylazine.", "negated", 1),
        ("polydrug", "Bromazolam is a benzodiazepine. Do not mix bromazolam with alcohol.", "hypothetical", 1),
        ("supply", "Is bromazolam sold here? Police seized 300 bromazolam tablets.", "affirmed", 1),
    ],
)
def test_the_sentence_that_says_it_is_the_evidence(name: str, text: str, assertion: str, sentence: int) -> None:
    found = theme(name, text)
    assert found.assertion == assertion
    assert found.evidence == [s.text for s in look(text).view.sentences][sentence]


def test_what_the_evidence_says_is_what_the_tag_says() -> None:
    text = "Bromazolam may be addictive. Nobody died. Police seized pills. Do not mix it with alcohol or other drugs."
    for tag in TAGGER.tag(text, language="en").themes:
        alone = look(tag.evidence)
        assert alone.picker.verdict(THEMES.index(tag.theme), 0).assertion == tag.assertion


class Look:
    """A text with its picker."""

    def __init__(self, text: str, title: str | None = None) -> None:
        self.view, _, _ = TAGGER.look(text, title=title, language="en")
        seen = scan(self.view)
        found = rows(self.view, seen)
        scores = [model().sentence_scores(row, seen.vocabulary) for row in found]
        self.picker = Picker(self.view, seen, found, scores)


def look(text: str, title: str | None = None) -> Look:
    return Look(text, title)


def test_a_sentence_that_decides_comes_into_question_however_low_it_scores() -> None:
    text = " ".join(["The court sees bromazolam under schedule I of the law."] * 12) + " Sun shines. It is unregulated."
    seen = look(text)
    control = THEMES.index("control")
    chosen = [seen.view.sentences[i].text for i in seen.picker.candidates(control)]
    assert "It is unregulated." in chosen
    assert len(chosen) <= evidence.CANDIDATES + evidence.DECIDING


def test_the_title_is_no_evidence_where_there_is_a_text() -> None:
    seen = look("Police found pills. Two men were taken to hospital.", title="Two men died of bromazolam")
    for t in range(len(THEMES)):
        assert all(seen.view.sentences[i].field == "text" for i in seen.picker.candidates(t))


def test_the_quick_sum_is_the_sum_of_weights_and_features() -> None:
    weights = Weights(tuple(0.1 * (k + 1) for k in range(len(FEATURES))), {})
    seen = look("Is it banned? Bromazolam is not banned in 3 states.\nIt may kill, and etizolam was seized by police.")
    for t in range(len(THEMES)):
        numbers = seen.picker.candidates(t)
        verdicts = [seen.picker.verdict(t, i) for i in numbers]
        features = seen.picker.features(t, numbers, verdicts)
        assert all(len(row) == len(FEATURES) for row in features)
        slow = [sum(w * x for w, x in zip(weights.step_one, row, strict=True)) for row in features]
        assert seen.picker._values(weights, t, numbers, verdicts) == pytest.approx(slow)


def test_shares_add_up_to_one_whatever_the_values() -> None:
    assert sum(shares([1000.0, -1000.0, 999.0])) == pytest.approx(1)
    assert shares([0.0, 0.0]) == [0.5, 0.5]


def test_step_two_chooses_among_what_is_said_alone() -> None:
    weights = Weights((), {"": (0.0, 0.0, 9.0)})  # would rather doubt
    verdicts = [Verdict("affirmed"), Verdict("negated", cue="negation")]
    assert evidence._says(weights, 0, [0.0, 0.0], verdicts, [1.0, 1.0]) == "affirmed"


@pytest.mark.parametrize("content", ["", "{}", '{"evidence": {}, "says": {}}', '{"evidence": [], "says": 1}'])
def test_damaged_weights_are_refused_with_what_to_do(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "WEIGHTS", tmp_path / "evidence.json")
    (tmp_path / "evidence.json").write_text(content, "utf-8")
    with pytest.raises(LexiconError, match=r"training\.evidence"):
        evidence.weights.__wrapped__()


def test_the_refit_gives_the_same_bytes_that_the_tagger_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn", reason="refitting needs scikit-learn, which only the development set-up has")
    from training import evidence as refit
    from training.labelled import read

    few = refit.cases(read(sorted(refit.DATA.glob("*.jsonl"))[:1], TAGGER)[:40])
    first = refit.weights_json(refit.fit(few))
    assert first == refit.weights_json(refit.fit(few))
    assert list(json.loads(first)["evidence"]) == list(FEATURES)
    (tmp_path / "evidence.json").write_text(first, "utf-8")
    monkeypatch.setattr(evidence, "WEIGHTS", tmp_path / "evidence.json")
    assert len(evidence.weights.__wrapped__().step_one) == len(FEATURES)
    figures = refit.cross_validate(few, folds=2)
    assert 0 < figures["same_sentence_as_label"] <= 1  # type: ignore[operator]
    assert set(figures["assertion"]) == {"affirmed", "negated", "hypothetical"}  # type: ignore[arg-type]
