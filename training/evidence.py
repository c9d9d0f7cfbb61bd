"""`python -m training.evidence`: refit which sentence is evidence, and what a document says of a theme.

    python -m training.evidence [FILE.jsonl …] [--folds 5] [--out PATH] [--no-write]

Without files those in `training/data/` are used. Cross-validated figures are printed before the weights are written:
for the themes that a document has by its label, how often the chosen sentence is the labelled one, and how often the
assertion is right. No document is judged by weights that have seen it, those of the sentence scores included.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from tracker.lexicon import load
from tracker.tag import Tagger
from tracker.tag.assertion import Verdict
from tracker.tag.concepts import THEMES
from tracker.tag.evidence import FEATURES, VERDICTS, WEIGHTS, Picker, Weights, says_features, shares
from training.fit import DATA
from training.labelled import Labelled, read
from training.sentences import fit_sentences

SMALL_SENTENCE = 3.0  # how strongly the weights of step one are kept small
C_SAYS = 0.1  # the smaller, the smaller the weights of step two
INNER = 5


@dataclass(frozen=True)
class Case:
    """A theme that a document has: its sentences in question, what they say, and the labels."""

    picker: Picker
    theme: int
    numbers: list[int]
    verdicts: list[Verdict]
    scores: list[float]
    features: np.ndarray
    labelled: np.ndarray  # for each of the sentences whether it is the labelled evidence
    sentences: frozenset[int]  # the labelled evidence
    assertion: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Cross-validate, print the figures, fit on everything, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--no-write", action="store_true")
    options = parser.parse_args(arguments)
    documents = cases(read(options.files or DATA.glob("*.jsonl"), Tagger(load())))
    if options.folds:
        print(json.dumps(cross_validate(documents, options.folds), indent=1))
    if not options.no_write:
        options.out.write_text(weights_json(fit(documents)), "utf-8")
        print(f"{options.out}: fitted on {len(documents)} documents", file=sys.stderr)
    return 0


def cases(documents: Sequence[Labelled]) -> list[list[Case]]:
    """For each document its themes, seen with sentence scores of weights that do not know the document."""
    found: dict[int, list[Case]] = {}
    for train, test in KFold(INNER, shuffle=True, random_state=3).split(documents):
        model = fit_sentences([documents[i] for i in train])
        for i in test:
            document = documents[i]
            scores = [model.sentence_scores(row, document.seen.vocabulary) for row in document.rows]
            picker = Picker(document.view, document.seen, document.rows, scores)
            found[i] = [_case(document, picker, THEMES.index(theme)) for theme in document.themes if picker.places]
    return [found[i] for i in range(len(documents))]


def _case(document: Labelled, picker: Picker, theme: int) -> Case:
    numbers = picker.candidates(theme)
    verdicts = [picker.verdict(theme, i) for i in numbers]
    features = picker.features(theme, numbers, verdicts)
    name = THEMES[theme]
    labelled = frozenset(n for n, themes in document.evidence.items() if name in themes)
    here = np.array([i in labelled for i in numbers])
    assertion = document.themes[name]
    scores = [picker.scores[i][theme] for i in numbers]
    return Case(picker, theme, numbers, verdicts, scores, np.array(features, float), here, labelled, assertion)


def cross_validate(documents: Sequence[Sequence[Case]], folds: int) -> dict[str, object]:
    """Figures for documents that the weights were not fitted to."""
    same, right = Counter[bool](), Counter[tuple[str, str]]()
    for train, test in KFold(folds, shuffle=True, random_state=4).split(documents):
        weights = fit([documents[i] for i in train])
        for case in (case for i in test for case in documents[i]):
            choice = case.picker.choose(weights, case.theme)
            same[choice.sentence in case.sentences] += 1
            right[case.assertion, choice.verdict.assertion] += 1
    return {
        "same_sentence_as_label": round(same[True] / max(1, same.total()), 4),
        "assertion_accuracy": round(sum(right[v, v] for v in VERDICTS) / max(1, right.total()), 4),
        "assertion": {v: _rates(right, v) for v in VERDICTS},
    }


def _rates(right: Counter[tuple[str, str]], verdict: str) -> dict[str, float]:
    labelled, given = (sum(n for pair, n in right.items() if pair[k] == verdict) for k in (0, 1))
    hits = right[verdict, verdict]
    return {
        "labels": labelled,
        "recall": round(hits / max(1, labelled), 4),
        "precision": round(hits / max(1, given), 4),
    }


def fit(documents: Sequence[Sequence[Case]]) -> Weights:
    """Both steps; step two learns from shares of evidence by weights that have not seen the document."""
    unseen = []
    for train, test in KFold(INNER, shuffle=True, random_state=5).split(documents):
        vector = _fit_sentence([case for i in train for case in documents[i]])
        unseen += [(case, shares(list(case.features @ vector))) for i in test for case in documents[i]]
    vector = _fit_sentence([case for document in documents for case in document])
    return Weights(tuple(vector.tolist()), _fit_says(unseen))


def _fit_sentence(found: Iterable[Case]) -> np.ndarray:
    """Weights that make the labelled sentence likely among those in question."""
    used = [case for case in found if case.labelled.any()]
    x = np.vstack([case.features for case in used])
    own = np.concatenate([case.labelled for case in used]).astype(float)
    sizes = [len(case.numbers) for case in used]
    starts = np.cumsum([0, *sizes[:-1]])
    group = np.repeat(np.arange(len(sizes)), sizes)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ weights
        power = np.exp(z - np.maximum.reduceat(z, starts)[group])
        share = power / np.add.reduceat(power, starts)[group]
        hit = np.add.reduceat(share * own, starts)
        gradient = x.T @ (share - share * own / hit[group])
        return float(-np.log(hit).sum() + SMALL_SENTENCE / 2 * weights @ weights), gradient + SMALL_SENTENCE * weights

    found_at: np.ndarray = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
    return found_at


def _fit_says(unseen: Sequence[tuple[Case, list[float]]]) -> dict[str, tuple[float, ...]]:
    """Weights of what the sentences say together, from documents whose sentences do not all say the same."""
    mixed = [(case, share) for case, share in unseen if len({v.assertion for v in case.verdicts}) > 1]
    found = [says_features(case.theme, share, case.verdicts, case.scores) for case, share in mixed]
    names = sorted({name for features in found for name in features} - {""})
    x = np.array([[features.get(name, 0.0) for name in names] for features in found])
    model = LogisticRegression(C=C_SAYS, max_iter=2000).fit(x, [case.assertion for case, _ in mixed])
    order = [list(model.classes_).index(v) for v in VERDICTS]
    rows = {name: tuple(model.coef_[order, k].tolist()) for k, name in enumerate(names)}
    return {"": tuple(model.intercept_[order].tolist()), **rows}


def weights_json(weights: Weights) -> str:
    """The weights as the file that `tracker.tag.evidence` reads."""
    raw = {
        "evidence": {name: round(w, 4) for name, w in zip(FEATURES, weights.step_one, strict=True)},
        "says": {name: [round(w, 4) for w in row] for name, row in weights.step_two.items()},
    }
    return json.dumps(raw, indent=0) + "\n"


if __name__ == "__main__":
    sys.exit(main())
