"""The fit: the same bytes every time, from labelled files, with clear words for a bad line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tracker.errors import TrackerError
from tracker.lexicon import load
from tracker.tag import Tagger
from tracker.tag.theme_model import MODEL, _built

pytest.importorskip("sklearn", reason="refitting needs scikit-learn, which only the development set-up has")

from training import fit, version
from training.labelled import read

DATA = sorted(fit.DATA.glob("*.jsonl"))


@pytest.fixture(scope="module")
def few() -> list:  # type: ignore[type-arg]
    """Twenty-four labelled documents of the shipped ones."""
    return read(DATA[-1:], Tagger(load()))[:24]


def test_evidence_is_found_in_nearly_every_labelled_document(few: list) -> None:  # type: ignore[type-arg]
    labelled = sum(len(d.themes) for d in few)
    placed = sum(len(themes) for d in few for themes in d.evidence.values())
    assert placed >= 0.97 * labelled


def test_the_same_documents_give_the_same_bytes_that_the_tagger_can_read(few: list) -> None:  # type: ignore[type-arg]
    first, second = fit.fitted_json(few), fit.fitted_json(few)
    assert first == second
    model = _built(json.loads(first))
    assert len(model.thresholds) == 17


def test_cross_validation_reports_each_theme_and_class_of_assertion(few: list) -> None:  # type: ignore[type-arg]
    figures = fit.cross_validate(few, folds=2, repeats=1)
    assert len(figures["per_theme"]) == 17  # type: ignore[arg-type]
    assert 0 < figures["micro"]["f1"] <= 1  # type: ignore[index]
    assert set(figures["assertion"]) <= {"affirmed", "negated", "hypothetical"}  # type: ignore[arg-type]


def test_shipped_weights_were_fitted_on_the_shipped_documents() -> None:
    documents = {json.loads(line)["id"] for path in DATA for line in path.read_text("utf-8").splitlines() if line}
    assert json.loads(MODEL.read_text("utf-8"))["documents"] >= 0.5 * len(documents)


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"id": "a"}', '{"id": "a", "themes": [{"theme": "x", "assertion": "y"}]}']
)
def test_a_bad_line_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(line + "\n", "utf-8")
    with pytest.raises(TrackerError, match=r"bad\.jsonl, line 1"):
        read([path], Tagger(load()))


def test_the_version_names_the_data_files_as_they_are() -> None:
    assert version.named() == (load().version, version.digest()), "run `python -m training.version --name YEAR.NUMBER`"
