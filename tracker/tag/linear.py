"""Small fitted models as plain numbers: features in, score out. Fitting them is no business of the running program."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from operator import mul

from tracker.errors import LexiconError
from tracker.tag.lookup import DATA


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear model: one row of weights a feature, one column a label (one column alone: yes against no)."""

    labels: tuple[str, ...]
    bias: tuple[float, ...]
    weights: Mapping[str, tuple[float, ...]]
    _under: dict[str, dict[str, tuple[float, ...]]] = field(default_factory=dict, repr=False, compare=False)

    def scores(self, features: Mapping[str, float]) -> list[float]:
        """The raw score of each label; features that the model does not know count nothing."""
        weights = self.weights
        if len(self.bias) == 1:
            total = self.bias[0]
            for name, value in features.items():
                if name in weights:
                    total += weights[name][0] * value
            return [total]
        known = [(weights[name], value) for name, value in features.items() if name in weights]
        if not known:
            return list(self.bias)
        rows, values = zip(*known, strict=True)
        return [sum(map(mul, column, values), b) for b, column in zip(self.bias, zip(*rows, strict=True), strict=True)]

    def under(self, prefix: str) -> Mapping[str, tuple[float, ...]]:
        """The rows of the features that begin with `prefix`, by the rest of their names."""
        if prefix not in self._under:
            size = len(prefix)
            self._under[prefix] = {name[size:]: row for name, row in self.weights.items() if name.startswith(prefix)}
        return self._under[prefix]

    def best(self, features: Mapping[str, float]) -> str:
        """The label with the highest score; the first of equal ones."""
        scores = self.scores(features)
        return self.labels[scores.index(max(scores))]

    def chance(self, features: Mapping[str, float]) -> float:
        """The probability of yes, for a model with one column."""
        return logistic(self.scores(features)[0])


def logistic(x: float) -> float:
    """1 / (1 + e^-x), without overflow at either end."""
    if x >= 0:
        return 1 / (1 + math.exp(-min(x, 700)))
    e = math.exp(max(x, -700))
    return e / (1 + e)


def squash(count: int) -> float:
    """A count as a feature: 0, 1, 1.6, 2 …, so that long texts do not shout."""
    return math.log2(1 + count)


@cache
def model(name: str) -> Linear:
    """The shipped model `name`, checked when it is read."""
    path = DATA / f"{name}.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        labels, bias, weights = tuple(raw["labels"]), tuple(map(float, raw["bias"])), raw["weights"]
        table = {str(k): tuple(map(float, v)) for k, v in weights.items()}
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise LexiconError(f"{name}.json: not a readable model ({e}); refit it with python -m training.facts") from e
    if any(len(row) != len(bias) for row in table.values()) or len(labels) != len(bias):
        raise LexiconError(
            f"{name}.json: a row of weights has not one number a label; refit it with python -m training.facts"
        )
    return Linear(labels, bias, table)


def dump(labels: Iterable[str], bias: Iterable[float], weights: Mapping[str, Iterable[float]]) -> str:
    """The model as the text that `model` reads: sorted, four digits, one feature a line, so that diffs can be read."""
    lines = [
        f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps([round(float(x), 4) for x in row])}"
        for name, row in sorted(weights.items())
    ]
    head = {"labels": list(labels), "bias": [round(float(x), 4) for x in bias]}
    return json.dumps(head, ensure_ascii=False)[:-1] + ', "weights": {\n' + ",\n".join(lines) + "\n}}\n"
