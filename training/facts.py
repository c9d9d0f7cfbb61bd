"""Fit the small models behind document type, relevance, countries and roles.

    python -m training.facts LABELLED.jsonl… [--only countries …] [--check]

Reads documents with the fields of the label rules (text, title, url, language, doctype, relevant, countries,
substances with role), prints cross-validated figures as JSON (folds by document) and writes the weights to
tracker/tag/data/facts/. With --check nothing is written, with --only the other models stay as they are. The same files
give the same bytes. Needs the extra `dev`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # same sums in the same order, and no threads that wait for each other

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from tracker.errors import UsageError
from tracker.lexicon import load
from tracker.tag import Tagger, _Input, countries, cues, doctype, relevance, roles
from tracker.tag.linear import dump, dump_packed
from tracker.tag.lookup import DATA
from tracker.tag.view import View

Features = Mapping[str, float]
MODELS = ("doctype", "relevance", "countries", "roles")
FOLDS = 10
SEEDS = (0, 1, 2)  # the figures are means over these shuffles
# Inverse strength of the penalty on large weights, chosen by cross-validation among 0.1, 0.3, 1, 3, 10 and 30.
STRENGTH = {"doctype": 10.0, "relevance": 0.3, "countries": 1.0, "roles": 0.3}
# Added to the fitted bias: a country is named from a chance of 0.43 on, which gave the best F1 in cross-validation, and
# a document is kept from one of 0.45 on, since missing one costs more than reading one.
SHIFT = {"countries": 0.3, "relevance": 0.2}
PACKED = ("doctype",)  # a thousand times the weights of the others, of which a hundredth is exact enough
RAREST = {"doctype": 3, "relevance": 2}  # features that fewer documents have are left out


@dataclass(frozen=True)
class Example:
    """One labelled document with what the finders saw in it."""

    label: Mapping[str, Any]
    view: View
    candidate: bool


@dataclass(frozen=True)
class Rows:
    """What one model is fitted to: features, the right answers, and the number of the document of each row."""

    features: list[Features]
    answers: np.ndarray
    document: np.ndarray


def read(paths: Sequence[Path]) -> list[Mapping[str, Any]]:
    """The labelled documents of all files, in order; a line that is no such document is an error that names it."""
    out: list[Mapping[str, Any]] = []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                document = json.loads(line)
                out.append(
                    {key: document[key] for key in ("id", "text", "doctype", "relevant", "countries")} | document
                )
            except (ValueError, KeyError, TypeError) as e:
                raise UsageError(f"{path} line {number}: not a labelled document ({e!r}); see the label rules") from e
    return out


def look(documents: Iterable[Mapping[str, Any]]) -> list[Example]:
    """The documents as the taggers see them, found by the very steps of a run."""
    tagger = Tagger(load())
    out = []
    for d in documents:
        given = _Input(
            d["text"], d.get("title") or "", d.get("language"), d.get("published"), d.get("url"), source_type=None
        )
        view, candidates = tagger._look(given)
        out.append(Example(d, view, bool(candidates)))
    return out


def doctype_rows(examples: Sequence[Example]) -> Rows:
    """Marks of addresses that lead to one document alone may have been listed for its sake: there they do not count, so
    that no more is expected of the lists than they do for documents not seen."""
    answers = np.array([e.label["doctype"] for e in examples])
    marks = [cues.address_marks(e.view.url) for e in examples]
    known = Counter(part for found in marks for part in found)
    rows: list[Features] = []
    for e, found in zip(examples, marks, strict=True):
        features = doctype.features(e.view)
        alone = set(found.values()) - {cue for part, cue in found.items() if known[part] > 1}
        rows.append({name: value for name, value in features.items() if name.removeprefix("address:") not in alone})
    return Rows(rows, answers, np.arange(len(examples)))


def relevance_rows(examples: Sequence[Example], types: Sequence[str]) -> Rows:
    """`types` are document types predicted for documents that the predictor was not fitted to, as at run time."""
    features = [
        relevance.features(e.view, {h.name: h.nps for h in e.view.hits if h.reported}, t, e.candidate)
        for e, t in zip(examples, types, strict=True)
    ]
    return Rows(features, np.array([bool(e.label["relevant"]) for e in examples]), np.arange(len(examples)))


def country_rows(examples: Sequence[Example]) -> Rows:
    rows = [
        (f, code in e.label["countries"], i)
        for i, e in enumerate(examples)
        for code, f in countries.candidates(e.view).items()
    ]
    return Rows([r[0] for r in rows], np.array([r[1] for r in rows]), np.array([r[2] for r in rows]))


def role_rows(examples: Sequence[Example]) -> Rows:
    """Found substances are matched to labelled ones by a shared surface."""
    rows: list[tuple[Features, bool, int]] = []
    for i, e in enumerate(examples):
        labelled = {surface: s["role"] for s in e.label.get("substances", ()) for surface in s["surface"]}
        surfaces: dict[str, list[str]] = {}
        for h in e.view.hits:
            surfaces.setdefault(h.name, []).append(h.surface)
        for name, features in roles.features(e.view).items():
            given = [labelled[s] for s in surfaces[name] if s in labelled]
            if given:
                rows.append((features, given[0] == "primary", i))
    return Rows([r[0] for r in rows], np.array([r[1] for r in rows]), np.array([r[2] for r in rows]))


def fit(name: str, rows: Rows, chosen: np.ndarray | None = None) -> Callable[[Sequence[Features]], np.ndarray]:
    """A predictor fitted to the chosen rows (all without a choice)."""
    vectors, model, _ = _fit(name, rows, np.ones(len(rows.answers), bool) if chosen is None else chosen)
    if name in SHIFT:
        return lambda features: model.decision_function(vectors.transform(features)) > -SHIFT[name]
    return lambda features: model.predict(vectors.transform(features))


def _fit(name: str, rows: Rows, chosen: np.ndarray) -> tuple[DictVectorizer, LogisticRegression, set[str]]:
    features = [f for f, c in zip(rows.features, chosen, strict=True) if c]
    frequent = {n for n, times in Counter(n for f in features for n in f).items() if times >= RAREST.get(name, 1)}
    vectors = DictVectorizer()
    matrix = vectors.fit_transform([{n: v for n, v in f.items() if n in frequent} for f in features])
    model = LogisticRegression(C=STRENGTH[name], max_iter=5000)
    model.fit(matrix, rows.answers[chosen])
    return vectors, model, frequent


def cross_validate(name: str, rows: Rows, documents: int, seed: int) -> np.ndarray:
    """For each row the answer of a model fitted to the documents of the other folds."""
    fold = np.random.RandomState(seed).permutation(documents) % FOLDS
    out = np.empty(len(rows.answers), dtype=object)
    for k in range(FOLDS):
        test = fold[rows.document] == k
        if test.any():
            out[test] = fit(name, rows, ~test)([f for f, t in zip(rows.features, test, strict=True) if t])
    return out


def accuracy(name: str, rows: Rows, documents: int) -> float:
    return float(np.mean([(cross_validate(name, rows, documents, s) == rows.answers).mean() for s in SEEDS]))


def country_f1(rows: Rows, examples: Sequence[Example]) -> dict[str, float]:
    """Micro precision, recall and F1; countries that no place in the text leads to count as missed."""
    wanted = sum(len(set(e.label["countries"])) for e in examples)
    right = said = 0.0
    for seed in SEEDS:
        got = cross_validate("countries", rows, len(examples), seed).astype(bool)
        right += (got & rows.answers).sum() / len(SEEDS)
        said += got.sum() / len(SEEDS)
    precision, recall = right / said, right / wanted
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / (precision + recall)}


def write(name: str, rows: Rows) -> None:
    vectors, model, _ = _fit(name, rows, np.ones(len(rows.answers), bool))
    names = vectors.get_feature_names_out()
    labels = [str(c) for c in model.classes_] if len(model.classes_) > 2 else ["yes"]
    weights = {n: row for n, row in zip(names, model.coef_.T, strict=True) if np.abs(row).max() >= 0.00005}
    written = dump_packed if name in PACKED else dump
    text = written(labels, model.intercept_ + SHIFT.get(name, 0.0), weights)
    (DATA / f"{name}.json").write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--check", action="store_true", help="print the figures, write nothing")
    parser.add_argument("--only", nargs="+", choices=MODELS, default=MODELS, help="the models to fit (default: all)")
    given = parser.parse_args(arguments)
    try:
        examples = look(read(given.files))
    except (UsageError, OSError) as e:
        print(e, file=sys.stderr)
        return 2
    figures, rows = judged(examples, given.only)
    print(json.dumps({"documents": len(examples), **figures}, indent=1))
    if not given.check:
        for name in given.only:
            write(name, rows[name])
    return 0


def judged(examples: Sequence[Example], names: Sequence[str]) -> tuple[dict[str, Any], dict[str, Rows]]:
    """Cross-validated figures of the models of these names, and what each is fitted to."""
    count = len(examples)
    figures: dict[str, Any] = {}
    rows: dict[str, Rows] = {}
    if "doctype" in names or "relevance" in names:
        rows["doctype"] = doctype_rows(examples)
    if "doctype" in names:
        figures["doctype_accuracy"] = accuracy("doctype", rows["doctype"], count)
    if "relevance" in names:
        types = list(cross_validate("doctype", rows["doctype"], count, SEEDS[0]))
        rows["relevance"] = relevance_rows(examples, types)
        figures["relevant_accuracy"] = accuracy("relevance", rows["relevance"], count)
    if "countries" in names:
        rows["countries"] = country_rows(examples)
        figures["countries"] = country_f1(rows["countries"], examples)
    if "roles" in names:
        rows["roles"] = role_rows(examples)
        figures["roles_accuracy"] = accuracy("roles", rows["roles"], count)
    return figures, rows


if __name__ == "__main__":
    sys.exit(main())
