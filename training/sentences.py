"""The fit of step one: which sentence speaks for which theme.

One linear model for all themes, fitted to two things at once: labelled evidence (a sentence that is no evidence is a
"no" only where its document does not have the theme), and labelled documents, whose odds are the sum of the odds of
their sentences (multiple-instance learning), so that evidence nobody marked counts, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from tracker.tag.concepts import THEMES, Vocabulary, concepts
from tracker.tag.theme_model import FLAGS, UNIT, Model, Row, lanes_of, own_features, own_keys
from training.labelled import Labelled

CONCEPTS = tuple(concepts())
STRENGTH = 0.1  # the smaller, the smaller the weights
OF_DOCUMENTS = 0.3  # what the documents' labels weigh beside those of the sentences
STEPS = 80
_COLUMN: dict[object, int] = {concept: i for i, concept in enumerate(CONCEPTS)}
_OWN = {key: 3 * len(CONCEPTS) + i for i, key in enumerate(own_keys())}
_FLAGS_AT = 3 * len(CONCEPTS) + len(_OWN)
_WIDTH = _FLAGS_AT + len(FLAGS)
_TWO = FLAGS.index("two names")


class Units(NamedTuple):
    """The weights of step one in units, as the file has them."""

    concepts: dict[str, list[list[int]]]  # key -> plain, extra beside a drug, extra beside two
    weights: dict[str, list[list[int]]]  # own, flags, bias


def fit_sentences(documents: Sequence[Labelled]) -> Model:
    """Step one alone: a model that scores sentences and knows nothing of documents."""
    return step_one(fit_units(documents))


def step_one(units: Units) -> Model:
    """The model of these weights."""
    known = {c: units.concepts[c.key] for c in CONCEPTS}
    return Model(sentence=lanes_of(known, units.weights), document_bias=(), document=(), thresholds=())


def fit_units(documents: Sequence[Labelled]) -> Units:
    """The weights of step one, fitted on these documents."""
    used = [d for d in documents if d.rows]
    rows = [(row, d.seen.vocabulary) for d in used for row in d.rows]
    starts = np.cumsum([0, *(len(d.rows) for d in used)])
    evidence = np.array([[t in d.evidence.get(n, ()) for t in THEMES] for d in used for n in range(len(d.rows))])
    labels = np.array([[t in d.themes for t in THEMES] for d in used])
    weights, bias = _fitted(_matrix(rows), evidence, labels, starts)
    whole = np.round(weights / UNIT).astype(int).tolist()
    n = len(CONCEPTS)
    return Units(
        concepts={c.key: [whole[i], whole[n + i], whole[2 * n + i]] for i, c in enumerate(CONCEPTS)},
        weights={
            "own": whole[3 * n : _FLAGS_AT],
            "flags": whole[_FLAGS_AT:],
            "bias": [np.round(bias / UNIT).astype(int).tolist()],
        },
    )


def _fitted(
    x: csr_matrix, evidence: np.ndarray, labels: np.ndarray, starts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weights (feature, theme) and bias of the least loss: sentences and documents together."""
    width, themes = x.shape[1], len(THEMES)
    back = x.T.tocsr()
    of = np.repeat(np.arange(len(labels)), np.diff(starts))
    counts = (evidence | ~labels[of]).astype(float)
    wanted, has = evidence.astype(float), labels.astype(float)

    def loss(v: np.ndarray) -> tuple[float, np.ndarray]:
        w, b, more = v[: width * themes].reshape(width, themes), v[-2 * themes : -themes], v[-themes:]
        s = x @ w + b
        total = (counts * (np.logaddexp(0, s) - wanted * s)).sum()
        slope = counts * (1 / (1 + np.exp(-s)) - wanted)
        top = np.maximum.reduceat(s, starts[:-1], axis=0)
        odds = np.exp(s - top[of])
        sums = np.add.reduceat(odds, starts[:-1], axis=0)
        z = top + np.log(sums) + more
        total += OF_DOCUMENTS * (np.logaddexp(0, z) - has * z).sum()
        rest = OF_DOCUMENTS * (1 / (1 + np.exp(-z)) - has)
        slope += rest[of] * odds / sums[of]
        total += 0.5 * (w * w).sum() / STRENGTH + 0.05 * (more**2).sum()
        return float(total), np.concatenate(
            [(back @ slope + w / STRENGTH).ravel(), slope.sum(0), rest.sum(0) + 0.1 * more]
        )

    start = np.concatenate([np.zeros(width * themes), np.full(themes, -4.0), np.zeros(themes)])
    v = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS, "maxcor": 6}).x
    return v[: width * themes].reshape(width, themes), v[-2 * themes : -themes]


def _matrix(found: Sequence[tuple[Row, Vocabulary]]) -> csr_matrix:
    ends, columns = [0], []
    for row, words in found:
        known = [_COLUMN[c] for m in sorted(row.concepts) if (c := words.meanings[m]) in _COLUMN]
        for times in range(1 + row.drug + (row.drug and row.flags[_TWO])):
            columns += [times * len(CONCEPTS) + c for c in known]
        columns += [_OWN[key] for at, (most, _) in row.own.items() for key in own_features(at, most, row.drug)]
        columns += [_FLAGS_AT + i for i, flag in enumerate(row.flags) if flag]
        ends.append(len(columns))
    return csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(found), _WIDTH))
