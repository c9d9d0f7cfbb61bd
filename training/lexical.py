"""The fit of words and signs (`tracker.tag.lexical`): logistic regressions on TF-IDF, rounded to bytes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from tracker.tag.concepts import THEMES
from tracker.tag.lexical import BIAS, Lexical, built, packed, sign_grams, table_of, word_grams
from training.labelled import Labelled

RAREST = 3  # documents a gram must occur in
C_WORDS, C_SIGNS = 3.0, 1.0
_MOST = 127


def fit_lexical(documents: Sequence[Labelled]) -> tuple[Lexical, Lexical]:
    """The weights of words and of signs, fitted on these documents."""
    words, signs = _tables(documents)
    return built(words), built(signs)


def lexical_json(documents: Sequence[Labelled]) -> str:
    """The weights as the file that `tracker.tag.lexical` reads."""
    words, signs = _tables(documents)
    return json.dumps({"words": words, "signs": signs}, ensure_ascii=False, separators=(",", ":")) + "\n"


def _tables(documents: Sequence[Labelled]) -> tuple[dict[str, object], dict[str, object]]:
    labels = np.array([[theme in d.themes for theme in THEMES] for d in documents])
    words = [_words(d) for d in documents]
    signs = [sign_grams(d.rows, d.seen.vocabulary, d.view) for d in documents]
    return _table(words, labels, C_WORDS), _table(signs, labels, C_SIGNS)


def _words(document: Labelled) -> set[str]:
    table = table_of(document.view.language)
    found = {word for word in word_grams(f"{document.view.title}\n{document.view.text}") if word.isalpha()}
    return {f"{table}\t{word}" for word in found} if table else found


def _table(found: Sequence[set[str]], labels: np.ndarray, strength: float) -> dict[str, object]:
    counts = Counter(gram for grams in found for gram in grams)
    known = sorted(gram for gram, n in counts.items() if n >= RAREST)
    column = {gram: i for i, gram in enumerate(known)}
    rarity = np.log((len(found) + 1) / (np.array([counts[gram] for gram in known] or [1]) + 1)) + 0.01
    unit = float(f"{(rarity**2).max() / 255:.6g}")
    squares = np.maximum(1, np.round(rarity**2 / unit))
    rows = [sorted(column[gram] for gram in grams if gram in column) for grams in found]
    values = [rarity[row] / np.sqrt(squares[row].sum() * unit) if row else [] for row in rows]
    shape = (len(found), max(1, len(known)))
    at = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    columns = np.array([c for row in rows for c in row], dtype=int)
    x = csr_matrix((np.concatenate([np.asarray(v, float) for v in values]), (at, columns)), shape=shape)
    bias, weights = [], np.zeros((shape[1], len(THEMES)))
    for t in range(len(THEMES)):
        y = labels[:, t]
        if y.all() or not y.any():
            bias.append(9.0 if y.any() else -9.0)
            continue
        model = LogisticRegression(C=strength, solver="liblinear", max_iter=300, intercept_scaling=5.0, random_state=0)
        model.fit(x, y)
        bias.append(round(float(model.intercept_[0]), 4))
        weights[:, t] = model.coef_[0] * rarity
    scale = float(f"{max(1e-6, np.abs(weights).max() / _MOST):.6g}")
    whole = np.clip(np.round(weights / scale), -_MOST, _MOST).astype(int) + BIAS
    table = {gram: bytes([*whole[i].tolist(), int(squares[i])]) for gram, i in column.items()}
    return packed(table, scale, bias, unit)
