"""`python -m training.fit`: refit the shipped theme weights from labelled documents, the same bytes every time.

    python -m training.fit [FILE.jsonl …] [--folds 5] [--repeats 1] [--out PATH] [--no-write]

Without files those in `training/data/` are used. Cross-validated figures are printed before the weights are written:
each document is then judged by models, and by thresholds, that have never seen it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from tracker.lexicon import load
from tracker.tag import Tagger
from tracker.tag.concepts import THEMES
from tracker.tag.lexical import WORDS, Lexical, word_grams
from tracker.tag.theme_model import (
    FLAGS,
    MODEL,
    OF_DOCUMENT,
    Model,
    document_features,
    features_of,
    halves,
    lexical_scores,
)
from training.labelled import Labelled, read
from training.lexical import fit_lexical, lexical_json
from training.report import report
from training.sentences import fit_sentences, fit_units

DATA = Path(__file__).parent / "data"
C_DOCUMENT = 0.05  # the smaller, the smaller the weights of step two
PARTS = 0.3  # what all parts of documents weigh together, beside whole documents
INNER = 4  # folds inside a fit: step two learns from scores of sentences that step one has not seen
SHRINK = 0.25  # how far a threshold goes from PRIOR towards the best one found: few documents make it noisy
PRIOR = 0.42


def main(arguments: Sequence[str] | None = None) -> int:
    """Cross-validate, print the figures, fit on everything, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--out", type=Path, default=MODEL)
    parser.add_argument("--no-write", action="store_true")
    options = parser.parse_args(arguments)
    documents = read(options.files or DATA.glob("*.jsonl"), Tagger(load()))
    if options.folds:
        print(json.dumps(cross_validate(documents, options.folds, options.repeats), indent=1))
    if not options.no_write:
        options.out.write_text(fitted_json(documents), "utf-8")
        options.out.with_name(WORDS.name).write_text(lexical_json(documents), "utf-8")
        print(f"{options.out}: fitted on {len(documents)} documents", file=sys.stderr)
    return 0


def cross_validate(documents: Sequence[Labelled], folds: int, repeats: int) -> dict[str, object]:
    """Figures for documents that neither weights nor thresholds were fitted to."""
    predicted = []
    for seed in range(repeats):
        for train, test in KFold(folds, shuffle=True, random_state=seed).split(documents):
            model = fit([documents[i] for i in train])
            predicted += [(documents[i], model) for i in test]
    return report(predicted)


def fitted_json(documents: Sequence[Labelled]) -> str:
    """The weights as the file that `theme_model` reads."""
    model = fit(documents)
    units = fit_units(documents)
    weights = {
        **units.weights,
        "document_bias": [_round(model.document_bias)],
        "document": [_round([*own, *shared]) for own, shared in model.document],
        "thresholds": [_round(model.thresholds)],
    }
    raw = {
        "themes": THEMES, "flags": FLAGS, "of_document": OF_DOCUMENT, "documents": len(documents),
        "concepts": units.concepts, "weights": weights,
    }  # fmt: skip
    return json.dumps(raw, separators=(",", ":")).replace('],"', '],\n"') + "\n"


def _round(values: Sequence[float]) -> list[float]:
    return [round(float(v), 4) for v in values]


def fit(documents: Sequence[Labelled]) -> Model:
    """Both steps and the thresholds, fitted on these documents alone."""
    unseen: dict[int, list[list[float]]] = {}
    said: dict[int, Sequence[Sequence[float]]] = {}
    step_ones = {}
    for train, test in KFold(INNER, shuffle=True, random_state=1).split(documents):
        step_one, lexical = fit_sentences([documents[i] for i in train]), fit_lexical([documents[i] for i in train])
        for i in test:
            d = documents[i]
            unseen[i] = [step_one.sentence_scores(row, d.seen.vocabulary) for row in d.rows]
            said[i] = lexical_scores(lexical, d.view, d.rows, d.seen.vocabulary)
            step_ones[i] = lexical
    features = np.array([_document(d, unseen[i], said[i]) for i, d in enumerate(documents)])
    labels = np.array([[theme in d.themes for theme in THEMES] for d in documents])
    parts, part_labels = _parts(documents, unseen, step_ones)
    weight = PARTS * len(documents) / len(parts)
    model = fit_sentences(documents)
    bias, weights, thresholds = [], [], []
    for t in range(len(THEMES)):
        known = part_labels[:, t] >= 0
        x, y = np.vstack([features[:, t, :], parts[known][:, t, :]]), np.append(labels[:, t], part_labels[known, t] > 0)
        b, w = _fit_document(x, y, np.append(np.ones(len(documents)), np.full(int(known.sum()), weight)))
        bias.append(b)
        weights.append(w)
        thresholds.append(_threshold(features[:, t, :], labels[:, t]))
    return Model(
        sentence=model.sentence,
        document_bias=tuple(bias),
        document=halves(weights),
        thresholds=tuple(thresholds),
        lexical=fit_lexical(documents),
    )


def _document(document: Labelled, scores: list[list[float]], said: Sequence[Sequence[float]]) -> list[list[float]]:
    """Theme by theme the features OF_DOCUMENT."""
    own, shared = document_features(document.view, document.seen, document.rows, scores, said)
    return [[*mine, *shared] for mine in own]


def _parts(
    documents: Sequence[Labelled],
    scores: dict[int, list[list[float]]],
    lexical: dict[int, tuple[Lexical, Lexical]],
) -> tuple[np.ndarray, np.ndarray]:
    """Single sentences and pairs as documents of their own, so that short texts are judged well, too.

    Labels: 1 where the evidence lies in the part, 0 where the document does not have the theme, else -1 (not known).
    """
    features, labels = [], []
    for i, d in enumerate(documents):
        first = sum(s.field == "title" for s in d.view.sentences)
        for size in (1, 2):
            for at in range(first, len(d.rows) - size + 1):
                rows = d.rows[at : at + size]
                if not any(row.drug for row in rows):
                    continue
                names = min(4, max(row.names for row in rows))
                text = "\n".join(s.text for s in d.view.sentences[at : at + size])
                said = (
                    lexical[i][0].scores(word_grams(text), d.language),
                    lexical[i][1].sign_scores(rows, d.seen.vocabulary, None),
                )
                own, shared = features_of(
                    rows, scores[i][at : at + size], said, 0, names, d.language, d.seen.vocabulary
                )
                features.append([[*mine, *shared] for mine in own])
                here = {theme for n in range(at, at + size) for theme in d.evidence.get(n, ())}
                labels.append([1 if t in here else -1 if t in d.themes else 0 for t in THEMES])
    return np.array(features), np.array(labels)


def _fit_document(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> tuple[float, tuple[float, ...]]:
    """Step two for one theme, on standardised features; the scaling is folded into the weights."""
    mean, spread = x.mean(0), x.std(0) + 1e-6
    if y.all() or not y.any():
        return (9.0 if y.any() else -9.0), (0.0,) * x.shape[1]
    intercept, coefficients = _logistic((x - mean) / spread, y, C_DOCUMENT, weight)
    weights = coefficients / spread
    return float(intercept - weights @ mean), tuple(map(float, weights))


def _logistic(x: Any, y: np.ndarray, strength: float, weight: np.ndarray | None = None) -> tuple[float, np.ndarray]:
    """Intercept and weights of a logistic regression, the smaller `strength` the smaller the weights."""
    fitted = LogisticRegression(C=strength, solver="liblinear", max_iter=300, intercept_scaling=5.0, random_state=0)
    fitted.fit(x, y, sample_weight=weight)
    return float(fitted.intercept_[0]), fitted.coef_[0]


def _threshold(x: np.ndarray, y: np.ndarray) -> float:
    """The probability that gives the best F1 on documents left out in turn, drawn towards PRIOR."""
    chance = np.zeros(len(y))
    for train, test in KFold(5, shuffle=True, random_state=2).split(x):
        bias, weights = _fit_document(x[train], y[train])
        chance[test] = 1 / (1 + np.exp(-(bias + x[test] @ np.array(weights))))
    best, value = PRIOR, -1.0
    for candidate in np.arange(0.1, 0.85, 0.025):
        given = chance >= candidate
        f1 = 2 * (given & y).sum() / max(1, given.sum() + y.sum())
        if f1 > value:
            best, value = float(candidate), f1
    return PRIOR + SHRINK * (best - PRIOR)


if __name__ == "__main__":
    sys.exit(main())
